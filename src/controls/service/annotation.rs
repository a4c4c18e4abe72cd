//! Annotations of a workload or, where it has none, of its namespace.

use crate::engine::control::Context;
use crate::engine::parameters::ParameterError;
use crate::facts::{Text, Workload};

/// Where links to threat models stand by default.
pub(super) const THREAT_MODEL: &str = "stanchion.dev/threat-model";

/// The first of these annotations that the workload has, or else its namespace, and what it says; empty ones don't count.
pub(super) fn declared<'a>(
    workload: &'a Workload,
    context: &Context<'a>,
    keys: &'a [String],
) -> Option<(&'a str, &'a Text)> {
    let namespace = context.inventory.namespace(workload.meta.namespace.as_deref().unwrap_or_default());
    let metas = [Some(&workload.meta), namespace.map(|namespace| &namespace.metadata)];
    metas.into_iter().flatten().find_map(|meta| {
        let said = |key: &'a String| Some((key.as_str(), meta.annotations.get(key)?));
        keys.iter().filter_map(said).find(|(_, value)| !value.trim().is_empty())
    })
}

/// Whether a text is a link that people can follow.
pub(super) fn is_link(text: &str) -> bool {
    let address = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    address
        .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace))
}

/// A list of annotations needs at least one, and none that is empty.
pub(super) fn check(field: &str, keys: &[String]) -> Vec<ParameterError> {
    if keys.is_empty() || keys.iter().any(|key| key.trim().is_empty()) {
        return vec![ParameterError::new(
            field,
            "an annotation is missing; write one such as `example.com/runbook`",
        )];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_can_be_followed() {
        assert!(is_link("https://wiki.example.com/shop"));
        assert!(is_link("http://wiki/shop"));
        for text in
            ["", "TODO", "wiki.example.com/shop", "https://", "https:///shop", "https://a b", "ftp://a"]
        {
            assert!(!is_link(text), "{text}");
        }
    }
}
