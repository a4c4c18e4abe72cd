//! `image.untrusted-registry`

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::declared;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::engine::pattern::RepositoryPattern;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// The image of every container (init, sidecar and ephemeral ones included) and of every `image` volume comes
    /// from one of `registries`, and from none of `denied`; what is denied stays denied if both lists have it. With
    /// neither list there is nothing to judge and the control is not applicable, as nobody but you knows which
    /// registries you trust.
    ///
    /// An entry is a registry (`ghcr.io`, `localhost:5000`), a repository or the path above it (`ghcr.io/acme`), or a
    /// glob over the whole name, in which `*` stops at a slash and `**` doesn't (`*.example.com`, `ghcr.io/acme-*`).
    /// It covers what stands below it, at whole parts of the path: `ghcr.io/acme` never covers `ghcr.io/acme-evil`.
    /// Names are completed first: `nginx` is `docker.io/library/nginx`, and `index.docker.io` and
    /// `registry-1.docker.io` are `docker.io`. Case doesn't matter in a host, port 443 is no port, and any other
    /// port is another registry. For a reference that can't be parsed the answer is unknown.
    ///
    /// ## Why it matters
    ///
    /// Whoever can publish where you pull from can run code in your cluster. Public registries hold images with
    /// malware, and names that differ from a known one by a letter. A short list of registries that your own
    /// pipeline fills is the base that scanning and signatures stand on.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/shop-mirror/app:1.0
    /// ---
    /// apiVersion: stanchion.dev/v1alpha1
    /// kind: SecurityStandard
    /// metadata: {name: example}
    /// spec:
    ///   controls:
    ///     - id: image.untrusted-registry
    ///       parameters:
    ///         registries: [registry.example.com/shop, registry.k8s.io]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/shop/app:1.0
    /// ---
    /// apiVersion: stanchion.dev/v1alpha1
    /// kind: SecurityStandard
    /// metadata: {name: example}
    /// spec:
    ///   controls:
    ///     - id: image.untrusted-registry
    ///       parameters:
    ///         registries: [registry.example.com/shop, registry.k8s.io]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Copy the image to a trusted registry, or pull it through a cache there, and name it by its place in that
    /// registry.
    pub static UNTRUSTED_REGISTRY = {
        id: "image.untrusted-registry",
        title: "Image comes from an untrusted registry",
        severity: High,
        subject: Workload,
        parameters: UntrustedRegistry,
        references: [
            Framework::CisKubernetes.clause("5.5.1"),
            Framework::Nist80053.clause("CM-7(5)"),
            Framework::Nist80053.clause("SR-3"),
            Framework::NsaCisa.clause("Building secure container images"),
            Framework::MitreAttack.clause("T1204.003"),
            Framework::Soc2.clause("CC6.8"),
            Framework::Iso27001.clause("5.21"),
            Framework::Iso27001.clause("8.19"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Where images may come from.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct UntrustedRegistry {
    /// The only registries, repositories or paths that images may come from. Default: none, which leaves everything
    /// that isn't denied. Example: `[ghcr.io/acme, registry.k8s.io]`.
    registries: Vec<RepositoryPattern>,
    /// Registries, repositories or paths that images must not come from, even if `registries` covers them. Default:
    /// none. Example: `[docker.io]`.
    denied: Vec<RepositoryPattern>,
}

impl Parameters for UntrustedRegistry {}

fn evaluate(workload: &Workload, parameters: &UntrustedRegistry, context: &Context<'_>) -> Verdict {
    let UntrustedRegistry { registries, denied } = parameters;
    if registries.is_empty() && denied.is_empty() {
        return Verdict::NotApplicable;
    }
    declared::judge(workload, context, |image| {
        let parsed = image.parse()?;
        let message = if let Some(entry) = denied.iter().find(|entry| entry.covers(&parsed)) {
            format!("`{}` is denied by `{}`", parsed.name(), entry.as_str())
        } else if registries.is_empty() || registries.iter().any(|entry| entry.covers(&parsed)) {
            return Ok(None);
        } else {
            format!("`{}` is from no trusted registry", parsed.name())
        };
        Ok(Some(image.finding(message).fix(advice(registries))))
    })
}

/// Names the one trusted registry if there is one, and if that is short enough to be read.
fn advice(registries: &[RepositoryPattern]) -> Cow<'static, str> {
    const LONGEST: usize = 40;
    match registries {
        [only] if only.as_str().len() <= LONGEST => {
            Cow::Owned(format!("use an image of `{}`", only.as_str()))
        }
        _ => Cow::Borrowed("use an image of a trusted registry"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::declared::testing::running;
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    fn found(parameters: &Value, image: &str) -> Vec<String> {
        messages(judge_with(&UNTRUSTED_REGISTRY, parameters, &running(image)))
    }

    #[test]
    fn without_a_list_there_is_nothing_to_judge() {
        assert_eq!(judge(&UNTRUSTED_REGISTRY, &running("nginx")), Verdict::NotApplicable);
        let empty = json!({"registries": [], "denied": []});
        assert_eq!(judge_with(&UNTRUSTED_REGISTRY, &empty, &running("nginx")), Verdict::NotApplicable);
    }

    #[test]
    fn only_listed_registries_are_trusted() {
        let list = json!({"registries": ["ghcr.io/acme", "registry.k8s.io"]});
        assert!(found(&list, "ghcr.io/acme/app:1").is_empty());
        assert!(found(&list, "registry.k8s.io/pause:3.10").is_empty());
        assert_eq!(
            found(&list, "nginx:1"),
            [
                "app: `docker.io/library/nginx` is from no trusted registry; use an image of a trusted registry"
            ]
        );
        assert_eq!(found(&list, "ghcr.io/acme-evil/app:1").len(), 1);
        assert_eq!(found(&list, "ghcr.io.evil.example/acme/app:1").len(), 1);
        assert_eq!(found(&list, "ghcr.io:5000/acme/app:1").len(), 1);
    }

    #[test]
    fn a_denial_wins_over_trust() {
        let lists = json!({"registries": ["ghcr.io"], "denied": ["ghcr.io/acme/legacy"]});
        assert!(found(&lists, "ghcr.io/acme/app").is_empty());
        assert_eq!(
            found(&lists, "GHCR.io/acme/legacy/app"),
            ["app: `GHCR.io/acme/legacy/app` is denied by `ghcr.io/acme/legacy`; use an image of `ghcr.io`"]
        );
    }

    #[test]
    fn a_denied_docker_hub_is_denied_by_all_its_names() {
        let denied = json!({"denied": ["docker.io"]});
        for image in [
            "nginx",
            "acme/app:1",
            "index.docker.io/acme/app",
            "registry-1.docker.io/acme/app",
            "DOCKER.io/a",
        ] {
            assert_eq!(found(&denied, image).len(), 1, "{image}");
        }
        assert!(found(&denied, "quay.io/acme/app").is_empty());
    }

    #[test]
    fn an_unreadable_image_is_unknown() {
        let list = json!({"registries": ["ghcr.io"]});
        let verdict = judge_with(&UNTRUSTED_REGISTRY, &list, &running("ghcr.io/Acme/app"));
        assert!(matches!(verdict, Verdict::Unknown(_)), "{verdict:?}");
    }

    #[test]
    fn a_wrong_entry_is_refused_at_its_place() {
        let given = json!({"registries": ["ghcr.io", "https://quay.io"]});
        let errors = (UNTRUSTED_REGISTRY.compile)(given.as_object().unwrap()).unwrap_err();
        assert_eq!(errors[0].path, "registries[1]");
    }
}
