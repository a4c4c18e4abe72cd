//! `pod.restricted-volume-type`

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::quoted::Quoted;
use super::security_context::is_exempt;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::engine::suggest::did_you_mean;
use crate::facts::volume::SOURCES;
use crate::facts::{Text, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// Every volume is of one of these types: `configMap`, `csi`, `downwardAPI`, `emptyDir`, `ephemeral`, `image`,
    /// `persistentVolumeClaim`, `projected`, `secret`. A volume that names no type is an `emptyDir`.
    ///
    /// ## Why it matters
    ///
    /// Other types reach storage past the `PersistentVolume`s that the platform hands out: a directory of the node, a
    /// server on the network with credentials of the pod's own choosing, drivers that run as root on the node. Many
    /// of them have been taken out of Kubernetes since.
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
    ///       image: registry.example.com/app:1.0
    ///   volumes:
    ///     - name: data
    ///       nfs: {server: nfs.example.com, path: /export}
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
    ///       image: registry.example.com/app:1.0
    ///   volumes:
    ///     - name: data
    ///       persistentVolumeClaim: {claimName: data}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Use a `persistentVolumeClaim` for storage that lasts, whatever is behind it, and `emptyDir` for what doesn't.
    pub static RESTRICTED_VOLUME_TYPE = {
        id: "pod.restricted-volume-type",
        title: "Volume is of a type that is not for everybody",
        severity: Low,
        subject: Workload,
        parameters: VolumeTypeParameters,
        references: [
            Framework::PodSecurityRestricted.clause("Volume Types"),
            Framework::Nist80053.clause("CM-7"),
            Framework::Iso27001.clause("8.9"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Parameters of `pod.restricted-volume-type`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct VolumeTypeParameters {
    /// The types that a volume may have; this list replaces the default one. Absent: the nine of the Pod Security
    /// Standards. Example: `[configMap, secret, emptyDir, nfs]`.
    allowed_types: Vec<VolumeType>,
}

impl Default for VolumeTypeParameters {
    fn default() -> Self {
        let types = [
            "configMap",
            "csi",
            "downwardAPI",
            "emptyDir",
            "ephemeral",
            "image",
            "persistentVolumeClaim",
            "projected",
            "secret",
        ];
        Self { allowed_types: types.into_iter().map(VolumeType).collect() }
    }
}

impl Parameters for VolumeTypeParameters {}

/// A type of volume, by the name of its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct VolumeType(&'static str);

impl<'de> Deserialize<'de> for VolumeType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Text::deserialize(deserializer)?;
        let known = SOURCES.iter().copied().find(|known| name == *known);
        known.map(Self).ok_or_else(|| {
            let hint = did_you_mean(&name, SOURCES.iter().copied());
            serde::de::Error::custom(format!("no volume type `{name}`{hint}"))
        })
    }
}

impl JsonSchema for VolumeType {
    fn schema_name() -> Cow<'static, str> {
        "VolumeType".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "enum": SOURCES})
    }
}

fn evaluate(workload: &Workload, parameters: &VolumeTypeParameters, context: &Context<'_>) -> Verdict {
    if is_exempt(workload, context) {
        return Verdict::NotApplicable;
    }
    workload
        .spec()
        .volumes
        .iter()
        .enumerate()
        // The API server takes one source; of several, an allowed one decides, as in the upstream check.
        .filter(|(_, volume)| {
            !volume.sources.iter().any(|source| parameters.allowed_types.contains(&VolumeType(source)))
        })
        .filter_map(|(place, volume)| Some((place, volume, *volume.sources.first()?)))
        .map(|(place, volume, source)| {
            let path = workload.spec_path().key("volumes").index(place).key(source);
            Finding::new(path, format!("volume {} is of type `{source}`", Quoted(&volume.name)))
                .discriminator(&volume.name)
                .value(source)
                .fix("use a `persistentVolumeClaim`")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    const VOLUMES: &str = "
volumes:
  - {name: tmp}
  - {name: data, nfs: {server: s, path: /}}
  - {name: logs, hostPath: {path: /var/log}, secret: null}
  - {name: both, hostPath: {path: /var/log}, emptyDir: {}}
";

    #[test]
    fn a_volume_without_a_type_is_an_empty_dir_and_an_allowed_type_decides() {
        let found = judge(&RESTRICTED_VOLUME_TYPE, &pod(VOLUMES));
        let Verdict::Fail(findings) = &found else { panic!("{found:?}") };
        assert_eq!(findings[0].path.to_string(), "spec.volumes[1].nfs");
        assert_eq!(
            messages(found),
            [
                "volume `data` is of type `nfs`; use a `persistentVolumeClaim`",
                "volume `logs` is of type `hostPath`; use a `persistentVolumeClaim`",
            ]
        );
    }

    #[test]
    fn types_are_a_parameter_and_slips_are_refused() {
        let allowed = serde_json::json!({"allowedTypes": ["nfs", "hostPath"]});
        let found = messages(judge_with(&RESTRICTED_VOLUME_TYPE, &allowed, &pod(VOLUMES)));
        assert_eq!(found, ["volume `tmp` is of type `emptyDir`; use a `persistentVolumeClaim`"]);
        let slip = serde_json::json!({"allowedTypes": ["configmap"]});
        let errors = (RESTRICTED_VOLUME_TYPE.compile)(slip.as_object().unwrap()).unwrap_err();
        assert_eq!(errors[0].message, "no volume type `configmap`; did you mean `configMap`?");
    }
}
