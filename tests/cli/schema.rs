//! Checks a document against a committed schema, as strictly as can be: nothing may be there that it doesn't name.

use std::path::Path;

use serde_json::{Map, Value};

/// What is wrong with an audit, by docs/reference/audit.schema.json.
pub(crate) fn problems(document: &Value) -> Vec<String> {
    problems_by("audit", document)
}

/// What is wrong with a document, by the schema of this name in docs/reference.
#[expect(clippy::disallowed_methods, reason = "the schema is a file")]
pub(crate) fn problems_by(name: &str, document: &Value) -> Vec<String> {
    let file = format!("docs/reference/{name}.schema.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut problems = Vec::new();
    check(&schema, &schema, document, "", &mut problems);
    problems
}

fn check(root: &Value, schema: &Value, value: &Value, path: &str, problems: &mut Vec<String>) {
    let Some(schema) = schema.as_object() else { return };
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#'));
        return match target {
            Some(target) => check(root, target, value, path, problems),
            None => problems.push(format!("{path}: {reference} leads nowhere")),
        };
    }
    if let Some(choices) = ["anyOf", "oneOf"].iter().find_map(|it| schema.get(*it)).and_then(Value::as_array)
    {
        let fits = |choice: &&Value| {
            let mut found = Vec::new();
            check(root, choice, value, path, &mut found);
            found.is_empty()
        };
        if !choices.iter().any(|choice| fits(&choice)) {
            problems.push(format!("{path}: {value} is none of the choices"));
        }
        return;
    }
    if schema.get("const").is_some_and(|wanted| wanted != value)
        || schema.get("enum").and_then(Value::as_array).is_some_and(|allowed| !allowed.contains(value))
    {
        problems.push(format!("{path}: {value} is not allowed"));
    }
    if !has_type(schema, value) {
        problems.push(format!("{path}: {value} is of another type"));
    }
    check_parts(root, schema, value, path, problems);
}

fn check_parts(
    root: &Value,
    schema: &Map<String, Value>,
    value: &Value,
    path: &str,
    problems: &mut Vec<String>,
) {
    match value {
        Value::Object(fields) => {
            let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
            for (name, field) in fields {
                let path = format!("{path}/{name}");
                match properties.get(name) {
                    Some(property) => check(root, property, field, &path, problems),
                    None => problems.push(format!("{path}: the schema doesn't name it")),
                }
            }
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            let missing = required.filter_map(Value::as_str).filter(|name| !fields.contains_key(*name));
            problems.extend(missing.map(|name| format!("{path}/{name}: missing")));
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            for (index, item) in items.iter().enumerate() {
                check(root, schema, item, &format!("{path}/{index}"), problems);
            }
        }
        _ => {}
    }
}

fn has_type(schema: &Map<String, Value>, value: &Value) -> bool {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match schema.get("type") {
        None => true,
        Some(Value::String(name)) => is(name),
        Some(names) => names.as_array().into_iter().flatten().filter_map(Value::as_str).any(is),
    }
}
