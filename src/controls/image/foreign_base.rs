//! `image.foreign-base`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::engine::pattern::RepositoryPattern;
use crate::facts::{ContainerRef, ImageRef, Path, Text, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// Images are built on one of the `bases`. What an image is built on stands in the image, which is not pulled here;
    /// pipelines that know it write it on the pods: the annotation `org.opencontainers.image.base.name` of the pod template
    /// or the workload, for all containers, or `org.opencontainers.image.base.name/CONTAINER` for one of them. Its value is
    /// the reference of the base image, as the OCI image specification defines it.
    ///
    /// With no `bases` there is nothing to judge and the control is not applicable. With `bases`, the answer is unknown
    /// where nothing is written, and where the value is no image reference. An entry is a registry, a repository or the
    /// path above it, or a glob, as for `image.untrusted-registry`. What is written is believed: a signed provenance is
    /// better evidence.
    ///
    /// ## Why it matters
    ///
    /// Most of an image is its base. Bases that somebody keeps patched make a fix for a hundred services one rebuild; an
    /// image on a base of its own is found and mended by hand, if anybody does.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: example
    ///   annotations: {org.opencontainers.image.base.name: "docker.io/library/ubuntu:18.04"}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: stanchion.dev/v1alpha1
    /// kind: SecurityStandard
    /// metadata: {name: example}
    /// spec:
    ///   controls:
    ///     - id: image.foreign-base
    ///       parameters: {bases: [registry.example.com/bases]}
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: example
    ///   annotations: {org.opencontainers.image.base.name: "registry.example.com/bases/static:2026-11"}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: stanchion.dev/v1alpha1
    /// kind: SecurityStandard
    /// metadata: {name: example}
    /// spec:
    ///   controls:
    ///     - id: image.foreign-base
    ///       parameters: {bases: [registry.example.com/bases]}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Build on one of the listed bases, and let the pipeline write its name on the pod template. Where another base is
    /// needed, have it added to the bases that are kept patched.
    pub static FOREIGN_BASE = {
        id: "image.foreign-base",
        title: "Image is built on a base that nobody keeps",
        severity: Medium,
        subject: Workload,
        parameters: ForeignBase,
        references: [
            Framework::Nist80053.clause("CM-2"),
            Framework::Nist80053.clause("SR-3"),
            Framework::NsaCisa.clause("Building secure container images"),
            Framework::Soc2.clause("CC6.8"),
            Framework::Iso27001.clause("5.21"),
            Framework::Iso27001.clause("8.19"),
            Framework::PciDss.clause("6.3.2"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// What the OCI image specification calls the reference of the base image ("Annotations", pre-defined keys).
const BASE_NAME: &str = "org.opencontainers.image.base.name";

/// Which bases are kept.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct ForeignBase {
    /// The only images, repositories or paths that images may be built on. Default: none, and then nothing is judged.
    /// Example: `[registry.example.com/bases, gcr.io/distroless]`.
    bases: Vec<RepositoryPattern>,
    /// The annotation that names the base image. Default: `org.opencontainers.image.base.name`.
    annotation: String,
}

impl Default for ForeignBase {
    fn default() -> Self {
        Self { bases: Vec::new(), annotation: BASE_NAME.to_owned() }
    }
}

impl Parameters for ForeignBase {
    fn check(&self) -> Vec<ParameterError> {
        let error = || {
            ParameterError::new("annotation", "an annotation is missing; leave the field out for the default")
        };
        self.annotation.is_empty().then(error).into_iter().collect()
    }
}

fn evaluate(workload: &Workload, parameters: &ForeignBase, context: &Context<'_>) -> Verdict {
    if parameters.bases.is_empty() {
        return Verdict::NotApplicable;
    }
    let mut findings: Vec<Finding> = Vec::new();
    let mut told_for_all = false;
    let mut unknown = None;
    for container in context.containers(workload) {
        let Some(base) = Base::of(workload, container, &parameters.annotation) else {
            unknown.get_or_insert_with(|| {
                format!("nothing says what the image of `{}` is built on", container.name)
            });
            continue;
        };
        let Ok(image) = ImageRef::parse(base.name) else {
            unknown.get_or_insert_with(|| format!("`{}` is no image reference", base.name));
            continue;
        };
        if parameters.bases.iter().any(|known| known.covers(&image)) {
            continue;
        }
        // The one for all containers is told once.
        if base.of_one_container || !std::mem::replace(&mut told_for_all, true) {
            findings.push(base.finding(workload, container));
        }
    }
    match unknown {
        Some(why) if findings.is_empty() => Verdict::Unknown(why.into()),
        _ => findings.into_iter().collect(),
    }
}

/// What is written of a container's base image.
struct Base<'a> {
    name: &'a Text,
    key: String,
    of_one_container: bool,
    in_template: bool,
}

impl<'a> Base<'a> {
    /// The annotation for this container, else the one for all; on the pod template, else on the workload.
    fn of(workload: &'a Workload, container: ContainerRef<'_>, annotation: &str) -> Option<Self> {
        let own = (true, format!("{annotation}/{}", container.name));
        let places = [(true, &workload.template.metadata), (false, &workload.meta)];
        [own, (false, annotation.to_owned())].into_iter().find_map(|(of_one_container, key)| {
            let (in_template, name) = places
                .into_iter()
                .find_map(|(in_template, meta)| Some((in_template, meta.annotations.get(&key)?)))?;
            Some(Self { name, key, of_one_container, in_template })
        })
    }

    fn finding(&self, workload: &Workload, container: ContainerRef<'_>) -> Finding {
        let home = if self.in_template { workload.template_path() } else { Path::root() };
        let path = home.keys(&["metadata", "annotations"]).key(self.key.clone());
        let finding =
            Finding::new(path, format!("the base image `{}` is none of those that are kept", self.name));
        let container = self.of_one_container.then(|| container.name.clone());
        Finding { container, ..finding.value(self.name).fix("build on one of the listed bases") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controls::testing::{judge_with, messages};

    fn pod(annotations: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: a, annotations: {annotations}}}, \
             spec: {{containers: [{{name: app, image: app}}, {{name: proxy, image: proxy}}]}}}}"
        )
    }

    fn verdict(annotations: &str) -> Verdict {
        let bases: Value = json!({"bases": ["registry.example.com/bases"]});
        judge_with(&FOREIGN_BASE, &bases, &pod(annotations))
    }

    #[test]
    fn one_annotation_is_good_for_all_containers() {
        assert_eq!(
            verdict("{org.opencontainers.image.base.name: registry.example.com/bases/java}"),
            Verdict::Pass
        );
        assert_eq!(
            messages(verdict("{org.opencontainers.image.base.name: 'debian:12'}")),
            ["the base image `debian:12` is none of those that are kept; build on one of the listed bases"]
        );
    }

    #[test]
    fn a_container_can_have_a_base_of_its_own() {
        let both = "{org.opencontainers.image.base.name: registry.example.com/bases/java, \
            org.opencontainers.image.base.name/proxy: 'debian:12'}";
        assert_eq!(
            messages(verdict(both)),
            [
                "proxy: the base image `debian:12` is none of those that are kept; build on one of the listed bases"
            ]
        );
    }

    #[test]
    fn what_is_not_written_is_unknown() {
        let one = "{org.opencontainers.image.base.name/app: registry.example.com/bases/java}";
        assert_eq!(
            verdict(one),
            Verdict::Unknown("nothing says what the image of `proxy` is built on".into())
        );
        assert!(matches!(verdict("{org.opencontainers.image.base.name: '!'}"), Verdict::Unknown(_)));
        assert_eq!(judge_with(&FOREIGN_BASE, &json!({}), &pod("{}")), Verdict::NotApplicable);
    }
}
