//! What the YAML configurations have in common.

use serde_json::Value;

/// Reads YAML or JSON; nothing for what is neither, or grows beyond measure.
pub(super) fn parse(text: &str) -> Option<Value> {
    serde_saphyr::from_str(text).ok()
}

/// The value below some keys.
pub(super) fn at<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().try_fold(value, |value, key| value.get(key))
}

/// A list of texts, or the one that is written in place of a list.
pub(super) fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The items of a list; none for what is no list.
pub(super) fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The entries of a map; none for what is no map.
pub(super) fn entries(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// A truth, as YAML or as text.
pub(super) fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(truth)) => *truth,
        Some(Value::String(text)) => ["true", "on", "yes", "1"].contains(&text.to_lowercase().as_str()),
        _ => false,
    }
}
