//! A control's parameters as its schema describes them, in words.

use serde_json::Value;

use crate::engine::control::Control;

/// A parameter that a control takes, described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    /// The name; a field of a structured parameter follows a dot: `limits.memory`, `ports[].number`.
    pub(super) name: String,
    /// What values it takes: "a list of strings".
    pub(super) type_name: String,
    /// The default as JSON, if there is one.
    pub(super) default: Option<String>,
    /// What it means.
    pub(super) description: String,
}

/// Every parameter of a control, its own first and in the order of their names.
pub(super) fn parameters(control: &Control) -> Vec<Parameter> {
    let mut found = Vec::new();
    collect("", &(control.parameters)().to_value(), &mut found);
    found
}

fn collect(prefix: &str, schema: &Value, found: &mut Vec<Parameter>) {
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let name = format!("{prefix}{name}");
        let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
        found.push(Parameter {
            type_name: type_name(property),
            default: property.get("default").filter(|it| !it.is_null()).map(ToString::to_string),
            // A doc comment is wrapped where its source is.
            description: description.split_whitespace().collect::<Vec<_>>().join(" "),
            name: name.clone(),
        });
        collect(&format!("{name}."), property, found);
        if let Some(items) = property.get("items") {
            collect(&format!("{name}[]."), items, found);
        }
    }
}

fn type_name(schema: &Value) -> String {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return one_of(values.iter());
    }
    if let Some(value) = schema.get("const") {
        return one_of([value].into_iter());
    }
    if let Some(branches) = schema.get("oneOf").or(schema.get("anyOf")).and_then(Value::as_array) {
        let constants: Option<Vec<&Value>> = branches.iter().map(|branch| branch.get("const")).collect();
        if let Some(constants) = constants {
            return one_of(constants.into_iter());
        }
        let names = branches.iter().map(type_name).filter(|name| name != "nothing");
        return names.collect::<Vec<_>>().join(" or ");
    }
    match schema.get("type") {
        Some(Value::String(name)) => named(name, schema),
        // `Option` is a type or null, and null is absence.
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            names.map(|name| named(name, schema)).collect::<Vec<_>>().join(" or ")
        }
        _ => "any value".to_owned(),
    }
}

fn named(name: &str, schema: &Value) -> String {
    match name {
        "array" => format!("list of {}", plural(schema.get("items"))),
        "object" => match schema.get("additionalProperties") {
            Some(values @ Value::Object(_)) => format!("map of strings to {}", plural(Some(values))),
            _ => "object".to_owned(),
        },
        "null" => "nothing".to_owned(),
        other => other.to_owned(),
    }
}

fn plural(schema: Option<&Value>) -> String {
    let name = schema.map_or_else(|| "any value".to_owned(), type_name);
    match name.as_str() {
        "any value" => "any values".to_owned(),
        "string" | "integer" | "number" | "boolean" | "object" => format!("{name}s"),
        _ => name,
    }
}

fn one_of<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    let values = values.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    values.map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_in_words() {
        for (schema, expected) in [
            (serde_json::json!({"type": "string"}), "string"),
            (serde_json::json!({"type": ["integer", "null"], "format": "int32"}), "integer"),
            (serde_json::json!({"type": "array", "items": {"type": "string"}}), "list of strings"),
            (
                serde_json::json!({"type": "object", "additionalProperties": {"type": "integer"}}),
                "map of strings to integers",
            ),
            (serde_json::json!({"enum": ["Always", "Never"]}), "`Always` or `Never`"),
            (serde_json::json!({"oneOf": [{"const": "Yes"}, {"const": "No"}]}), "`Yes` or `No`"),
            (serde_json::json!({"anyOf": [{"type": "string"}, {"type": "null"}]}), "string"),
            (serde_json::json!(true), "any value"),
        ] {
            assert_eq!(type_name(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn fields_of_structured_parameters_follow_them() {
        let number = serde_json::json!({"type": "integer", "description": "The\nnumber."});
        let ports = serde_json::json!({
            "type": "array", "default": [], "description": "Ports.",
            "items": {"type": "object", "properties": {"number": number}},
        });
        let mut found = Vec::new();
        collect("", &serde_json::json!({"properties": {"ports": ports}}), &mut found);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].default.as_deref(), Some("[]"));
        assert_eq!(
            (found[1].name.as_str(), found[1].description.as_str()),
            ("ports[].number", "The number.")
        );
        assert_eq!(found[1].default, None);
    }
}
