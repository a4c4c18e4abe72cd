//! Statuses of the three kinds, as far as they don't depend on when they were written.

use serde_json::{Map, Value, json};

/// A standard's status.
pub(crate) fn standard(status: &Value) -> Value {
    json!({
        "conditions": conditions(status),
        "posture": status["posture"],
        "controls": by(&status["controls"], "id"),
        "tiers": by(&status["tiers"], "name"),
        "topFailures": status["topFailures"],
    })
}

/// A tier's status.
pub(crate) fn tier(status: &Value) -> Value {
    without(status, &["observedGeneration"])
}

/// An exception's status.
pub(crate) fn exception(status: &Value) -> Value {
    without(status, &["observedGeneration", "lastUsed", "unusedSince"])
}

fn without(status: &Value, fields: &[&str]) -> Value {
    let mut kept: Map<String, Value> = status.as_object().cloned().unwrap_or_default();
    kept.retain(|field, _| !fields.contains(&field.as_str()));
    kept.insert("conditions".to_owned(), conditions(status));
    Value::Object(kept)
}

/// Conditions by type, without their times.
fn conditions(status: &Value) -> Value {
    let listed = status["conditions"].as_array().into_iter().flatten();
    let one = |it: &Value| {
        let name = it["type"].as_str().unwrap_or_default().to_owned();
        (name, json!({"status": it["status"], "reason": it["reason"], "message": it["message"]}))
    };
    Value::Object(listed.map(one).collect())
}

/// A list as a map by one of its fields.
fn by(list: &Value, field: &str) -> Value {
    let listed = list.as_array().into_iter().flatten();
    Value::Object(listed.map(|it| (it[field].as_str().unwrap_or_default().to_owned(), it.clone())).collect())
}
