//! Paths of a node as parameters name them.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// What a path looks like; no part of it may be `..`, which a pattern can't say simply.
const PATTERN: &str = "^/";

/// An absolute path on a node, and everything below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct NodePath(String);

impl NodePath {
    fn new(path: &str) -> Result<Self, String> {
        match parts(path) {
            Some(_) => Ok(Self(path.to_owned())),
            None => Err(format!(
                "`{path}` is no path of a node; write it from the root and without `..`: `/var/log`"
            )),
        }
    }

    /// Whether a path is this one or below it. One that goes back (`..`) never is.
    pub(super) fn covers(&self, path: &str) -> bool {
        match (parts(&self.0), parts(path)) {
            (Some(mut ours), Some(mut theirs)) => ours.all(|part| theirs.next() == Some(part)),
            _ => false,
        }
    }
}

/// The names on the way from the root; nothing for a path that doesn't begin there or goes back.
fn parts(path: &str) -> Option<impl Iterator<Item = &str>> {
    let below = path.strip_prefix('/')?;
    let parts = below.split('/').filter(|part| !part.is_empty() && *part != ".");
    if parts.clone().any(|part| part == "..") { None } else { Some(parts) }
}

impl<'de> Deserialize<'de> for NodePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for NodePath {
    fn schema_name() -> Cow<'static, str> {
        "NodePath".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": PATTERN})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_covers_whole_names_below_it() {
        let covers = |prefix: &str, path: &str| NodePath::new(prefix).unwrap().covers(path);
        assert!(covers("/var/log", "/var/log"));
        assert!(covers("/var/log/", "/var//log/./pods"));
        assert!(covers("/", "/etc"));
        assert!(!covers("/var/log", "/var/logs"));
        assert!(!covers("/var/log", "/var"));
        assert!(!covers("/var/log", "/var/log/../lib/kubelet"));
        assert!(!covers("/", "etc"));
        assert!(!covers("/", ""));
    }

    #[test]
    fn a_path_begins_at_the_root() {
        for wrong in ["", "var/log", "/var/../etc", "~"] {
            assert!(NodePath::new(wrong).is_err(), "{wrong}");
        }
    }
}
