//! The CRDs as the API server gets them.

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;
use serde::Serialize;
use serde_json::Value;

use super::{API_VERSION, RiskException, SecurityStandard, ServiceTier};

/// One of our kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// [`SecurityStandard`]
    SecurityStandard,
    /// [`ServiceTier`]
    ServiceTier,
    /// [`RiskException`]
    RiskException,
}

impl Kind {
    /// Every kind, in the order in which people meet them.
    pub const ALL: [Self; 3] = [Self::SecurityStandard, Self::ServiceTier, Self::RiskException];

    /// The kind as manifests write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecurityStandard => "SecurityStandard",
            Self::ServiceTier => "ServiceTier",
            Self::RiskException => "RiskException",
        }
    }

    /// Which of our kinds a document is, or nothing where it is none.
    #[must_use]
    pub fn of(document: &Value) -> Option<Self> {
        let text = |field: &str| document.get(field).and_then(Value::as_str);
        if text("apiVersion") != Some(API_VERSION) {
            return None;
        }
        Self::ALL.into_iter().find(|kind| text("kind") == Some(kind.as_str()))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

static CRDS: LazyLock<[CustomResourceDefinition; 3]> = LazyLock::new(|| {
    [finish(SecurityStandard::crd()), finish(ServiceTier::crd()), finish(RiskException::crd())]
});

/// The definition of one kind, as the API server gets it.
#[must_use]
pub fn crd(kind: Kind) -> &'static CustomResourceDefinition {
    let [standard, tier, exception] = &*CRDS;
    match kind {
        Kind::SecurityStandard => standard,
        Kind::ServiceTier => tier,
        Kind::RiskException => exception,
    }
}

/// The definitions of all kinds, in the order of [`Kind::ALL`].
#[must_use]
pub fn crds() -> Vec<CustomResourceDefinition> {
    CRDS.to_vec()
}

/// The schema of one kind: `spec` and `status` with everything in them.
#[must_use]
pub fn schema_of(kind: Kind) -> Option<&'static JSONSchemaProps> {
    crd(kind).spec.versions.first()?.schema.as_ref()?.open_api_v3_schema.as_ref()
}

/// The definition of one kind as YAML, the same bytes every time.
pub fn crd_yaml(kind: Kind) -> Result<String, YamlError> {
    let mut document = serde_json::to_value(crd(kind)).map_err(|error| YamlError(error.to_string()))?;
    whole_numbers(&mut document);
    to_yaml(&document)
}

/// Writes anything as YAML that YAML 1.1 and 1.2 readers understand alike: what either would take for something else
/// than a text is quoted.
pub fn to_yaml(value: &impl Serialize) -> Result<String, YamlError> {
    serde_saphyr::to_string(value).map_err(|error| YamlError(error.to_string()))
}

/// The same of several, as one stream of documents.
pub fn to_yaml_stream<T: Serialize>(values: impl IntoIterator<Item = T>) -> Result<String, YamlError> {
    let mut text = String::new();
    for value in values {
        let yaml = to_yaml(&value)?;
        text.push_str("---\n");
        text.push_str(yaml.strip_prefix("---\n").unwrap_or(&yaml));
    }
    Ok(text)
}

/// A value that can't be written as YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("can't be written as YAML: {0}")]
pub struct YamlError(String);

/// Bounds are floats in the type, and whole numbers in what the API server gives back: written alike, nothing differs.
fn whole_numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let whole =
                number.as_f64().filter(|number| number.fract() == 0.0).map(|number| format!("{number:.0}"));
            if let Some(whole) = whole.and_then(|digits| digits.parse::<i64>().ok()) {
                *value = whole.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        _ => {}
    }
}

/// What derive macros can't say.
fn finish(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    let pairs = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    crd.metadata.labels =
        Some(pairs(&[("app.kubernetes.io/name", "stanchion"), ("app.kubernetes.io/part-of", "stanchion")]));
    // Uninstalling the chart must not delete every exception on record.
    crd.metadata.annotations = Some(pairs(&[("helm.sh/resource-policy", "keep")]));
    for version in &mut crd.spec.versions {
        if let Some(schema) = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut()) {
            tidy(schema);
        }
    }
    crd
}

/// Takes what would change a manifest out of a schema, everywhere in it.
///
/// - `default`: the API server would write it into every object, and GitOps would see a difference that nobody made.
///   What absence means is said in the description instead.
/// - line breaks in a description: they are those of the source.
/// - `nullable`: people leave a field out; `null` is a mistake to be told about.
fn tidy(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    schema.title = None;
    schema.description = schema.description.take().map(|text| unwrapped(&text));
    if let (Some(default), Some(description)) = (schema.default.take(), schema.description.as_mut())
        && matches!(default.0, Value::String(_) | Value::Number(_) | Value::Bool(_))
        && !description.contains("Absent:")
    {
        let shown = default.0.as_str().map_or_else(|| default.0.to_string(), ToOwned::to_owned);
        description.extend([" Absent: `", &shown, "`."]);
    }
    for property in schema.properties.iter_mut().flat_map(BTreeMap::values_mut) {
        tidy(property);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        tidy(values);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        tidy(items);
    }
}

/// Joins the lines of each paragraph.
fn unwrapped(text: &str) -> String {
    text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts that some YAML reader would take for something else.
    const TRICKY: &[&str] = &[
        "y",
        "n",
        "Y",
        "yes",
        "No",
        "on",
        "OFF",
        "true",
        "null",
        "Null",
        "~",
        "",
        "=",
        "<<",
        "0644",
        "0o17",
        "0x1F",
        "1_000",
        "1e3",
        "12:30:45",
        "190:20:30",
        "2026-12-07",
        "2026-12-20T00:00:00Z",
        "1.5",
        ".5",
        "-1",
        "+1",
        ".inf",
        ".NaN",
        "- a",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "!a",
        "&a",
        "*a",
        "@a",
        "`a",
        "%a",
        "|",
        ">",
        "?",
        "-",
        "[a",
        "{a",
        "a\nb",
        " a",
        "a ",
        "'a'",
        "\"a\"",
        "\\d",
        "\t",
        "---",
        "...",
        "é",
        "\u{85}",
        "\u{feff}",
    ];

    #[test]
    fn texts_that_look_like_something_else_are_quoted() {
        for text in TRICKY {
            let yaml = to_yaml(&serde_json::json!({ "key": text, *text: "value" })).unwrap();
            let back: Value = serde_saphyr::from_str(&yaml).unwrap();
            assert_eq!(back["key"], *text, "{yaml}");
            let ambiguous = ["y", "on", "0644", "=", "12:30:45", "2026-12-07", "1_000", "<<"].contains(text);
            assert!(!ambiguous || !yaml.contains(&format!("key: {text}\n")), "{yaml}");
        }
    }

    /// Calls `look` with every schema of every kind, and the path to it.
    fn everywhere(look: &mut impl FnMut(&str, &JSONSchemaProps)) {
        fn visit(schema: &JSONSchemaProps, path: &str, look: &mut impl FnMut(&str, &JSONSchemaProps)) {
            look(path, schema);
            for (name, field) in schema.properties.iter().flatten() {
                visit(field, &format!("{path}.{name}"), look);
            }
            if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
                visit(items, &format!("{path}[]"), look);
            }
            if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
                visit(values, &format!("{path}[*]"), look);
            }
        }
        for kind in Kind::ALL {
            visit(schema_of(kind).unwrap(), kind.as_str(), look);
        }
    }

    #[test]
    fn no_schema_defaults_anything_or_takes_null() {
        everywhere(&mut |path, schema| {
            assert!(schema.default.is_none() && schema.nullable.is_none(), "{path}");
        });
    }

    #[test]
    fn every_field_has_a_description_of_whole_sentences() {
        everywhere(&mut |path, schema| {
            let text = schema.description.as_deref().unwrap_or_default();
            let part_of_another = path.ends_with(']');
            let whole = text.ends_with('.')
                && text.starts_with(|c: char| c.is_uppercase() || c == '`')
                && !text.contains('\n');
            assert!(part_of_another || whole, "{path}: {text}");
        });
    }

    #[test]
    fn every_list_text_and_map_is_bounded() {
        everywhere(&mut |path, schema| {
            let closed = schema.enum_.is_some() || schema.format.as_deref() == Some("date-time");
            let bounded = match schema.type_.as_deref() {
                Some("array") => schema.max_items.is_some(),
                Some("string") => closed || schema.max_length.is_some(),
                Some("object") => schema.properties.is_some() || schema.max_properties.is_some(),
                _ => true,
            };
            assert!(bounded, "{path}");
        });
    }

    #[test]
    fn every_rule_says_what_to_do() {
        everywhere(&mut |path, schema| {
            for rule in schema.x_kubernetes_validations.iter().flatten() {
                let message = rule.message.as_deref().unwrap_or_default();
                assert!(message.len() > 20 && !message.ends_with('.'), "{path}: {}", rule.rule);
            }
        });
    }

    #[test]
    fn the_kind_of_a_document_is_told_by_group_version_and_kind() {
        let document = |api, kind| serde_json::json!({ "apiVersion": api, "kind": kind });
        assert_eq!(Kind::of(&document("stanchion.dev/v1alpha1", "RiskException")), Some(Kind::RiskException));
        assert_eq!(Kind::of(&document("stanchion.dev/v2", "RiskException")), None);
        assert_eq!(Kind::of(&document("v1", "Pod")), None);
        assert_eq!(Kind::of(&Value::Null), None);
    }
}
