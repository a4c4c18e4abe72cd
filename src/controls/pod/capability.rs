//! Linux capabilities as parameters name them.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::facts::Text;

/// What a name looks like; the schema says the same.
const PATTERN: &str = "^[A-Z][A-Z0-9_]*$";

/// A capability by the name that Kubernetes knows it by, `NET_ADMIN` and not `CAP_NET_ADMIN`; `ALL` is every one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Capability(Text);

impl Capability {
    /// A capability of this name.
    ///
    /// # Errors
    /// In words, if it is no such name.
    pub(super) fn new(name: &str) -> Result<Self, String> {
        if let Some(short) = name.strip_prefix("CAP_") {
            return Err(format!("`{name}` is written without `CAP_` in Kubernetes; write `{short}`"));
        }
        let first = name.chars().next().is_some_and(|first| first.is_ascii_uppercase());
        let rest = name.chars().all(|one| one.is_ascii_uppercase() || one.is_ascii_digit() || one == '_');
        if first && rest {
            Ok(Self(Text::from(name)))
        } else {
            Err(format!("`{name}` is no capability; write a name such as `NET_ADMIN`, or `ALL`"))
        }
    }

    /// The name.
    #[must_use]
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the name is one of these, letter by letter as the API server has it.
pub(super) fn is_among(name: &str, capabilities: &[Capability]) -> bool {
    capabilities.iter().any(|capability| capability.as_str() == name)
}

/// Those of these names that are known to be good.
pub(super) fn named(names: &[&str]) -> Vec<Capability> {
    names.iter().map(|name| Capability(Text::from(*name))).collect()
}

/// The entries of `capabilities.add` that are not allowed, each once, with their places.
pub(super) fn forbidden<'a>(
    added: &'a [Text],
    allowed: &'a [Capability],
) -> impl Iterator<Item = (usize, &'a Text)> {
    let repeats = |place: usize, name: &Text| added.iter().take(place).any(|earlier| earlier == name);
    added.iter().enumerate().filter(move |(place, name)| !is_among(name, allowed) && !repeats(*place, name))
}

impl<'de> Deserialize<'de> for Capability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&Text::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Capability {
    fn schema_name() -> Cow<'static, str> {
        "Capability".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": PATTERN})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_is_named_as_kubernetes_names_it() {
        assert_eq!(Capability::new("NET_ADMIN").unwrap().as_str(), "NET_ADMIN");
        let error = |name: &str| Capability::new(name).unwrap_err();
        assert_eq!(error("CAP_CHOWN"), "`CAP_CHOWN` is written without `CAP_` in Kubernetes; write `CHOWN`");
        assert!(error("chown").starts_with("`chown` is no capability"));
        assert!(error("").starts_with("`` is no capability"));
    }
}
