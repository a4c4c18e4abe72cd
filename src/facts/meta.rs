//! What every object has: a name, a namespace, labels, annotations, owners.

use serde::{Deserialize, Deserializer};

use super::credential::{self, CredentialKind};
use super::decode::{list, null_as_default};
use super::list::List;
use super::shared;
use super::text::{Text, TextMap};
use super::uid::Uid;

/// Annotations longer than this are dropped while decoding: no control reads them, and a tenant could fill
/// memory with them (the API server allows 256 KiB an object). Those of `AppArmor` are cut to this length instead.
pub const LONGEST_ANNOTATION: usize = 1024;

/// The beginning of keys whose values are judged by how they begin: dropped, a long one would pass unseen.
const CUT: &str = "container.apparmor.security.beta.kubernetes.io/";

/// Written by `kubectl apply`: a copy of the whole object, which controls never look at.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The part of `metadata` that controls may look at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, remote = "Self")]
pub struct Meta {
    /// The name; empty where `generateName` makes one.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// The prefix that the API server completes to a name.
    pub generate_name: Option<Text>,
    /// The namespace; absent for cluster-scoped objects, and in files that leave it to `kubectl -n`.
    pub namespace: Option<Text>,
    /// Labels.
    #[serde(deserialize_with = "shared::whole")]
    pub labels: TextMap,
    /// Annotations; those longer than [`LONGEST_ANNOTATION`] are dropped or cut.
    #[serde(deserialize_with = "null_as_default")]
    pub annotations: TextMap,
    /// The keys of the annotations, long ones included, whose values look like credentials.
    #[serde(skip)]
    pub annotation_credentials: List<(Text, CredentialKind)>,
    /// The owners; the one with `controller: true` made this object.
    #[serde(deserialize_with = "list")]
    pub owner_references: List<OwnerReference>,
    /// Set once the object is being deleted.
    pub deletion_timestamp: Option<Text>,
    /// What an API server tells it by; manifests have none.
    pub uid: Uid,
}

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The inherent function that `remote` derives.
        let mut meta = Self::deserialize(deserializer)?;
        meta.annotation_credentials = annotation_credentials(&meta.annotations);
        meta.annotations = bounded_annotations(meta.annotations);
        Ok(meta)
    }
}

impl Meta {
    /// Whether it comes from an API server.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.uid.is_present()
    }

    /// The name, or the prefix of the name that is to be made: `job-*`.
    #[must_use]
    pub fn display_name(&self) -> Text {
        match (&self.generate_name, self.name.is_empty()) {
            (Some(prefix), true) => Text::from(format!("{prefix}*")),
            _ => self.name.clone(),
        }
    }

    /// The owner that made this object and keeps it as it is.
    #[must_use]
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller == Some(true))
    }
}

/// One entry of `metadata.ownerReferences`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// Group and version, such as `apps/v1`.
    #[serde(deserialize_with = "null_as_default")]
    pub api_version: Text,
    /// The owner's kind.
    #[serde(deserialize_with = "null_as_default")]
    pub kind: Text,
    /// The owner's name.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
    /// Whether the owner controls this object.
    pub controller: Option<bool>,
}

impl OwnerReference {
    /// The owner's API group; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

fn annotation_credentials(all: &TextMap) -> List<(Text, CredentialKind)> {
    let judged = all.iter().filter(|(key, _)| *key != LAST_APPLIED);
    judged.filter_map(|(key, value)| Some((key.clone(), credential::spot(key, value)?))).collect()
}

fn bounded_annotations(all: TextMap) -> TextMap {
    if all.iter().all(|(key, value)| value.len() <= LONGEST_ANNOTATION && key != LAST_APPLIED) {
        return all;
    }
    all.iter().filter_map(|(key, value)| Some((key.clone(), bounded(key, value)?))).collect()
}

/// What is kept of an annotation.
fn bounded(key: &str, value: &Text) -> Option<Text> {
    if key == LAST_APPLIED {
        None
    } else if value.len() <= LONGEST_ANNOTATION {
        Some(value.clone())
    } else if key.starts_with(CUT) {
        (0..=LONGEST_ANNOTATION).rev().find_map(|end| value.get(..end)).map(Text::from)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_annotations_are_not_kept() {
        let long = "x".repeat(LONGEST_ANNOTATION + 1);
        let meta: Meta = serde_json::from_value(serde_json::json!({
            "name": "a", "creationTimestamp": null, "labels": null,
            "annotations": {"big": long, "owner": "payments", LAST_APPLIED: "{}"},
        }))
        .unwrap();
        assert_eq!(meta.annotations.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["owner"]);
    }

    #[test]
    fn long_annotations_that_a_control_judges_by_their_beginning_are_cut() {
        let key = format!("{CUT}app");
        let meta: Meta = serde_json::from_value(serde_json::json!({
            "annotations": {key.clone(): format!("x{}", "ä".repeat(LONGEST_ANNOTATION))},
        }))
        .unwrap();
        assert_eq!(meta.annotations.get(&key).map(|value| value.len()), Some(LONGEST_ANNOTATION - 1));
    }

    #[test]
    fn annotations_that_look_like_credentials_are_known() {
        let long = format!("{}\npassword: hush-hush-7\n", "# note\n".repeat(LONGEST_ANNOTATION));
        let meta: Meta = serde_json::from_value(serde_json::json!({
            "annotations": {
                "example.com/api-token": "hush-hush-7", "example.com/config": long,
                "owner": "payments", LAST_APPLIED: "{\"password\": \"hush-hush-7\"}",
            },
        }))
        .unwrap();
        let found: Vec<_> = meta.annotation_credentials.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(found, ["example.com/api-token", "example.com/config"]);
    }

    #[test]
    fn a_generated_name_shows_its_prefix() {
        let meta = Meta { generate_name: Some("job-".into()), ..Meta::default() };
        assert_eq!(meta.display_name(), "job-*");
    }
}
