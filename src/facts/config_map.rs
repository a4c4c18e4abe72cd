//! Config maps: what is in them is looked at while it is read, and not kept.

use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;

use super::collector_config::CollectorConfig;
use super::credential::{self, CredentialKind};
use super::decode::null_as_default;
use super::list::List;
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
    #[serde(deserialize_with = "entries")]
    pub data: BTreeMap<Text, Entry>,
}

/// What is known of the value of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its length in bytes.
    pub size: usize,
    /// What it says of container logs, if it is a log collector's configuration.
    pub collector: Option<Box<CollectorConfig>>,
    /// The credentials in it.
    pub credentials: List<Spotted>,
}

/// A credential in an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spotted {
    /// The line, from 1.
    pub line: u32,
    /// The key before the value in the text of the entry; empty if there is none, or if the whole entry is the value.
    pub key: Text,
    /// What it looks like.
    pub kind: CredentialKind,
}

impl Entry {
    /// Looks at a value, and keeps what controls need of it.
    fn read(value: &str) -> Self {
        let collector = CollectorConfig::read(value).map(Box::new);
        Self { size: value.len(), collector, ..Self::default() }
    }
}

/// The credentials in the value of an entry. Where one line is the value, the entry's key is its name.
fn spotted(key: &str, value: &str) -> Vec<Spotted> {
    let inside = || credential::spot_in_text(value).into_iter();
    let one_line = !value.trim().contains('\n');
    let whole = credential::spot(key, value).filter(|_| one_line);
    if one_line && whole.is_none() {
        return Vec::new();
    }
    let mut all: Vec<Spotted> = inside()
        .map(|spot| Spotted { line: spot.line, key: Text::from(spot.key), kind: spot.kind })
        .collect();
    if let (Some(kind), true) = (whole, all.is_empty()) {
        all.push(Spotted { line: 1, key: Text::default(), kind });
    }
    all
}

fn entries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Text, Entry>, D::Error> {
    Ok(null_as_default::<_, Entries>(deserializer)?.0)
}

/// The entries, each looked at with its key at hand.
#[derive(Default)]
struct Entries(BTreeMap<Text, Entry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some(key) = map.next_key::<Text>()? {
                    let entry = map.next_value_seed(EntryOf(&key))?;
                    entries.insert(key, entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// The key whose entry is read.
struct EntryOf<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for EntryOf<'_> {
    type Value = Entry;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Entry, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for EntryOf<'_> {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Entry, E> {
        Ok(Entry { credentials: spotted(self.0, value).into(), ..Entry::read(value) })
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

    #[test]
    fn what_a_value_looks_like_is_known() {
        let map: ConfigMap = serde_json::from_value(serde_json::json!({"data": {
            "db-password": "hush-hush-7\n",
            "app.properties": "db.user=shop\ndb.password=hush-hush-7\n",
            "one.properties": "db.password=hush-hush-7",
            "log-level": "debug",
        }}))
        .unwrap();
        let found: Vec<_> = map
            .data
            .iter()
            .flat_map(|(key, entry)| {
                entry.credentials.iter().map(move |it| (key.as_str(), it.line, it.key.as_str()))
            })
            .collect();
        let expected = [
            ("app.properties", 2, "db.password"),
            ("db-password", 1, ""),
            ("one.properties", 1, "db.password"),
        ];
        assert_eq!(found, expected);
        assert!(!format!("{map:?}").contains("hush"));
        let empty: ConfigMap = serde_json::from_str(r#"{"data": null}"#).unwrap();
        assert!(empty.data.is_empty());
    }
}
