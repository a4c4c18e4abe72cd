//! Volumes of a pod.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::decode::{list, null_as_default};
use super::image::Image;
use super::list::List;
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
    pub sources: List<&'static str>,
    /// The path on the node, for a `hostPath`.
    pub host_path: Option<HostPath>,
    /// The image whose files it holds, for an `image`.
    pub image: Option<ImageSource>,
    /// The config maps whose keys it holds, by a `configMap` or in a `projected` one.
    pub config_maps: List<Text>,
    /// The Secrets whose keys it holds, by a `secret` or in a `projected` one.
    pub secrets: List<Text>,
    /// The claim that it is, for a `persistentVolumeClaim`.
    pub claim: Option<Text>,
    /// Whether a `projected` one holds a token of the service account, and for whom: absent for the API server.
    pub tokens: List<Option<Text>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Named {
    name: Option<Text>,
    secret_name: Option<Text>,
    claim_name: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Projected {
    #[serde(deserialize_with = "list")]
    sources: Vec<ProjectedSource>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ProjectedSource {
    config_map: Option<Named>,
    secret: Option<Named>,
    service_account_token: Option<ProjectedToken>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ProjectedToken {
    audience: Option<Text>,
}

impl Volume {
    fn project(&mut self, projected: Projected) {
        for source in projected.sources {
            self.config_maps.extend(source.config_map.and_then(|it| it.name));
            self.secrets.extend(source.secret.and_then(|it| it.name));
            let audience = |token: ProjectedToken| token.audience.filter(|it| !it.is_empty());
            self.tokens.extend(source.service_account_token.map(audience));
        }
    }

    /// Reads one field of a volume.
    fn read<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let named = |map: &mut A| map.next_value::<Option<Named>>();
        let present = match key {
            "name" => {
                self.name = map.next_value::<Option<Text>>()?.unwrap_or_default();
                return Ok(());
            }
            "hostPath" => {
                self.host_path = map.next_value()?;
                self.host_path.is_some()
            }
            "image" => {
                self.image = map.next_value()?;
                self.image.is_some()
            }
            "configMap" => named(map)?.map(|it| self.config_maps.extend(it.name)).is_some(),
            "secret" => named(map)?.map(|it| self.secrets.extend(it.secret_name)).is_some(),
            "persistentVolumeClaim" => named(map)?.map(|it| self.claim = it.claim_name).is_some(),
            "projected" => map.next_value::<Option<Projected>>()?.map(|it| self.project(it)).is_some(),
            _ => map.next_value::<Option<IgnoredAny>>()?.is_some(),
        };
        self.sources.extend(SOURCES.iter().copied().filter(|known| present && key == *known));
        Ok(())
    }
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
    pub reference: Option<Image>,
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
                    volume.read(&key, &mut map)?;
                }
                if volume.sources.is_empty() {
                    volume.sources.extend([DEFAULT_SOURCE]);
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
    fn what_a_volume_shows_is_known_by_name() {
        let written = r#"{"name": "all", "projected": {"sources": [
            {"configMap": {"name": "settings"}}, {"secret": {"name": "keys"}},
            {"serviceAccountToken": {"path": "token"}}, {"serviceAccountToken": {"audience": "vault"}}]}}"#;
        let volume: Volume = serde_json::from_str(written).unwrap();
        assert_eq!(volume.sources, ["projected"]);
        assert_eq!((&*volume.config_maps[0], &*volume.secrets[0]), ("settings", "keys"));
        assert_eq!(volume.tokens, [None, Some("vault".into())]);
        let secret: Volume =
            serde_json::from_str(r#"{"name": "a", "secret": {"secretName": "keys"}}"#).unwrap();
        assert_eq!(secret.sources, ["secret"]);
        assert_eq!(&*secret.secrets[0], "keys");
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
        assert_eq!(&*volume.image.unwrap().reference.unwrap(), "ghcr.io/acme/model:1");
    }
}
