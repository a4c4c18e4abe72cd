//! Secrets: by name and type alone. Their data is never read.

use serde::Deserialize;

use super::decode::null_as_default;
use super::meta::Meta;
use super::text::Text;

/// A Secret (core/v1), without its data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Secret {
    /// Name, namespace, labels, annotations.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Meta,
    /// What it is for, such as `kubernetes.io/service-account-token`; absent means `Opaque`.
    #[serde(rename = "type")]
    pub kind: Option<Text>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_not_kept() {
        let written = r#"{"metadata": {"name": "a"}, "type": "Opaque", "data": {"k": "aHVzaA=="}, "stringData": {"k": "hush"}}"#;
        let secret: Secret = serde_json::from_str(written).unwrap();
        assert_eq!(secret.kind.as_deref(), Some("Opaque"));
        let known = format!("{secret:?}");
        assert!(!known.contains("hush") && !known.contains("aHVzaA"), "{known}");
    }
}
