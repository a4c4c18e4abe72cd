//! The values: their schema, their defaults, and the table of both in the chart's README.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::copies;
use crate::helm::{chart, check, read, run};

const README: &str = "charts/stanchion/README.md";
const BEGIN: &str = "<!-- values: made by a test -->\n";
const END: &str = "<!-- end of values -->\n";

fn schema() -> Value {
    serde_json::from_str(&read("charts/stanchion/values.schema.json")).unwrap()
}

fn defaults() -> Value {
    serde_saphyr::from_str(&read("charts/stanchion/values.yaml")).unwrap()
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema["properties"].as_object()
}

/// Every value below one: its path, its default, and what it says.
fn rows(path: &str, schema: &Value, value: &Value) -> Vec<(String, String, String)> {
    let Some(properties) = properties(schema) else {
        let text = schema["description"].as_str();
        let text = text.unwrap_or_else(|| unreachable!("{path} has no description in values.schema.json"));
        return vec![(path.to_owned(), value.to_string(), text.to_owned())];
    };
    let below = properties.iter().filter(|(name, _)| *name != "global");
    let dot = if path.is_empty() { "" } else { "." };
    below.flat_map(|(name, schema)| rows(&format!("{path}{dot}{name}"), schema, &value[name])).collect()
}

/// Values that one has and the other hasn't.
fn differences(path: &str, schema: &Value, value: &Value) -> Vec<String> {
    let (Some(properties), Some(values)) = (properties(schema), value.as_object()) else { return Vec::new() };
    let mut found = Vec::new();
    for name in values.keys().filter(|name| !properties.contains_key(*name)) {
        found.push(format!("{path}{name} is in values.yaml alone"));
    }
    for (name, schema) in properties.iter().filter(|(name, _)| *name != "global") {
        match values.get(name) {
            Some(value) => found.extend(differences(&format!("{path}{name}."), schema, value)),
            None => found.push(format!("{path}{name} is in values.schema.json alone")),
        }
    }
    found
}

#[test]
fn every_value_has_a_default_and_a_description() {
    assert_eq!(differences("", &schema(), &defaults()), [""; 0]);
}

#[test]
fn the_table_of_values_is_fresh() {
    let text = read(README);
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let mut table = "\n| value | default | what it says |\n| --- | --- | --- |\n".to_owned();
    for (path, value, text) in rows("", &schema(), &defaults()) {
        writeln!(table, "| `{path}` | `{value}` | {} |", text.replace('|', "\\|")).unwrap();
    }
    check(README, &format!("{before}{BEGIN}{table}\n{END}{after}"));
}

#[test]
fn the_chart_is_of_the_program_and_knows_its_presets() {
    let chart: Value = serde_saphyr::from_str(&read("charts/stanchion/Chart.yaml")).unwrap();
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(schema()["properties"]["presets"]["items"]["enum"], serde_json::json!(copies::presets()));
}

#[test]
fn helm_finds_nothing_wrong_with_the_chart() {
    let chart = chart();
    let home = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let output = run(home, None, &["lint", "--strict", chart.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}
