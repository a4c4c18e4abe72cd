//! The parameters of a control as their schema describes them.

use serde_json::{Map, Value};
use stanchion::engine::control::Control;

/// What is wrong with a control's parameters.
pub(crate) fn problems(control: &Control) -> Vec<String> {
    let schema = (control.parameters)().to_value();
    let mut problems = Vec::new();
    describe("", &schema, &mut problems);
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    problems.extend(required.map(|name| {
        format!("the parameter {name} has no default: add `#[serde(default)]` to the parameters")
    }));
    if let Err(errors) = (control.compile)(&Map::new()) {
        let first = errors.first().map_or("", |error| &error.message);
        problems.push(format!("the default parameters are refused: {first}"));
    }
    problems
}

/// Finds properties, at any depth, without a description that is a whole sentence.
fn describe(path: &str, schema: &Value, problems: &mut Vec<String>) {
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("{path}{name}");
        let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
        if description.is_empty() {
            problems.push(format!("the parameter `{path}` has no doc comment"));
        } else if !is_sentence(description) {
            problems.push(format!("`{path}` is described as {description:?}: write whole sentences"));
        }
        describe(&format!("{path}."), property, problems);
    }
    if let Some(items) = schema.get("items") {
        describe(path, items, problems);
    }
    for branch in ["anyOf", "oneOf"] {
        for schema in schema.get(branch).and_then(Value::as_array).into_iter().flatten() {
            describe(path, schema, problems);
        }
    }
}

fn is_sentence(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first.is_uppercase() || first == '`' || first.is_numeric());
    starts && text.ends_with('.') && text.contains(' ')
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use stanchion::declare_control;
    use stanchion::engine::control::{Context, Verdict};
    use stanchion::engine::parameters::{ParameterError, Parameters};
    use stanchion::facts::Workload;

    use super::*;

    #[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
    struct FalseParameters {
        /// ports
        ports: Vec<Port>,
    }

    #[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
    struct Port {
        number: u16,
    }

    impl Parameters for FalseParameters {
        fn check(&self) -> Vec<ParameterError> {
            vec![ParameterError::new("ports", "no port is given")]
        }
    }

    declare_control! {
        /// ## What it checks
        static FALSE = {
            id: "pod.false",
            title: "False",
            severity: Low,
            subject: Workload,
            parameters: FalseParameters,
            references: [],
            since: "0.1.0",
            evaluate: pass,
        }
    }

    fn pass(_: &Workload, _: &FalseParameters, _: &Context<'_>) -> Verdict {
        Verdict::Pass
    }

    #[test]
    fn parameters_without_description_or_default_are_found() {
        assert_eq!(
            problems(&FALSE),
            [
                "`ports` is described as \"ports\": write whole sentences",
                "the parameter `ports.number` has no doc comment",
                "the parameter \"ports\" has no default: add `#[serde(default)]` to the parameters",
                "the default parameters are refused: no port is given",
            ]
        );
    }
}
