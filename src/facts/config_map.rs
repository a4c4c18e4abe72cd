//! Config maps: what is in them is looked at while it is read, and not kept.

use serde::Deserialize;
use std::collections::BTreeMap;

use super::collector_config::CollectorConfig;
use super::decode::null_as_default;
use super::meta::Meta;
use super::text::Text;

/// A `ConfigMap` (core/v1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMap {
    /// Name, namespace, labels, annotations.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Meta,
    /// Its entries, by key.
    #[serde(deserialize_with = "null_as_default")]
    pub data: BTreeMap<Text, Entry>,
}

/// What is known of the value of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its length in bytes.
    pub size: usize,
    /// What it says of container logs, if it is a log collector's configuration.
    pub collector: Option<Box<CollectorConfig>>,
}

impl Entry {
    /// Looks at a value, and keeps what controls need of it.
    fn read(value: &str) -> Self {
        Self { size: value.len(), collector: CollectorConfig::read(value).map(Box::new) }
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;

        impl serde::de::Visitor<'_> for EntryVisitor {
            type Value = Entry;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Entry, E> {
                Ok(Entry::read(value))
            }
        }

        deserializer.deserialize_str(EntryVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_are_not_kept() {
        let map: ConfigMap =
            serde_json::from_str(r#"{"metadata": {"name": "a"}, "data": {"app.conf": "hush"}}"#).unwrap();
        assert_eq!(map.data.get("app.conf").unwrap().size, 4);
        assert!(!format!("{map:?}").contains("hush"));
    }
}
