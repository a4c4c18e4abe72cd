//! Volumes of a pod.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::decode::null_as_default;
use super::text::Text;

/// The volume sources of core/v1 `VolumeSource`, as their fields are named.
pub const SOURCES: &[&str] = &[
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
];

/// What the API server sets for a volume without a source.
const DEFAULT_SOURCE: &str = "emptyDir";

/// One entry of `spec.volumes`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volume {
    /// The volume's name.
    pub name: Text,
    /// The sources that are set, by their field name in [`SOURCES`]; a valid volume has exactly one. A volume that
    /// names none is an `emptyDir`, as the API server has it.
    pub sources: Vec<&'static str>,
    /// The path on the node, for a `hostPath`.
    pub host_path: Option<HostPath>,
    /// The image whose files it holds, for an `image`.
    pub image: Option<ImageSource>,
}

/// core/v1 `HostPathVolumeSource`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostPath {
    /// The path on the node.
    #[serde(deserialize_with = "null_as_default")]
    pub path: Text,
    /// What must be there: `Directory`, `Socket`, …
    #[serde(rename = "type")]
    pub kind: Option<Text>,
}

/// core/v1 `ImageVolumeSource`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ImageSource {
    /// The image reference; may be absent in a template that something else completes.
    pub reference: Option<Text>,
    /// `Always`, `IfNotPresent` or `Never`; the API server's default depends on the tag.
    pub pull_policy: Option<Text>,
}

impl<'de> Deserialize<'de> for Volume {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct VolumeVisitor;

        impl<'de> Visitor<'de> for VolumeVisitor {
            type Value = Volume;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a volume")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Volume, A::Error> {
                let mut volume = Volume::default();
                while let Some(key) = map.next_key::<Text>()? {
                    if key == "name" {
                        volume.name = map.next_value::<Option<Text>>()?.unwrap_or_default();
                    } else if key == "hostPath" {
                        volume.host_path = map.next_value()?;
                        volume.sources.extend(volume.host_path.as_ref().map(|_| "hostPath"));
                    } else if key == "image" {
                        volume.image = map.next_value()?;
                        volume.sources.extend(volume.image.as_ref().map(|_| "image"));
                    } else {
                        let present = map.next_value::<Option<IgnoredAny>>()?.is_some();
                        volume
                            .sources
                            .extend(SOURCES.iter().copied().filter(|known| present && key == *known));
                    }
                }
                if volume.sources.is_empty() {
                    volume.sources.push(DEFAULT_SOURCE);
                }
                Ok(volume)
            }
        }

        deserializer.deserialize_map(VolumeVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_without_a_source_is_an_empty_dir() {
        let volume: Volume = serde_json::from_str(r#"{"name": "tmp", "hostPath": null}"#).unwrap();
        assert_eq!(volume.sources, ["emptyDir"]);
    }

    #[test]
    fn a_host_path_keeps_its_path() {
        let volume: Volume =
            serde_json::from_str(r#"{"name": "sock", "hostPath": {"path": "/var/run/docker.sock"}}"#)
                .unwrap();
        assert_eq!(volume.sources, ["hostPath"]);
        assert_eq!(volume.host_path.unwrap().path, "/var/run/docker.sock");
    }

    #[test]
    fn an_image_volume_keeps_its_reference() {
        let volume: Volume =
            serde_json::from_str(r#"{"name": "model", "image": {"reference": "ghcr.io/acme/model:1"}}"#)
                .unwrap();
        assert_eq!(volume.sources, ["image"]);
        assert_eq!(volume.image.unwrap().reference.unwrap(), "ghcr.io/acme/model:1");
    }
}
