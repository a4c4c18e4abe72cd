//! Differences, in words.

use serde_json::Value;

/// Texts of which a case states a part.
const IN_PART: [&str; 3] = ["message", "why", "blockedBy"];

/// What differs from what a case states. What it doesn't state is not looked at; of texts for people it states a part.
pub(crate) fn unmet(expected: &Value, found: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    hold(&mut Vec::new(), expected, found, &mut differences);
    differences
}

fn hold(path: &mut Vec<String>, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(fields)) => {
            for (key, expected) in expected {
                path.push(key.clone());
                match fields.get(key) {
                    Some(found) => hold(path, expected, found, differences),
                    None if expected.is_null() => {}
                    None => differences.push(format!(
                        "{}: is missing; there is {}",
                        path.join(" › "),
                        keys(fields)
                    )),
                }
                path.pop();
            }
        }
        // `pod.privileged: Pass` and `Active: Expired` are short for the whole.
        (Value::String(_), Value::Object(fields)) if short(fields).is_some() => {
            hold(path, expected, short(fields).unwrap(), differences);
        }
        (Value::Array(expected), Value::Array(items)) if expected.len() == items.len() => {
            for (at, (expected, found)) in expected.iter().zip(items).enumerate() {
                path.push(format!("{at}"));
                hold(path, expected, found, differences);
                path.pop();
            }
        }
        (Value::String(part), Value::String(whole)) if in_part(path) && whole.contains(part.as_str()) => {}
        (expected, found) if same(expected, found) => {}
        (expected, found) => {
            differences.push(format!("{}: expected {expected}, found {found}", path.join(" › ")));
        }
    }
}

fn short(fields: &serde_json::Map<String, Value>) -> Option<&Value> {
    fields.get("outcome").or_else(|| fields.get("reason"))
}

fn in_part(path: &[String]) -> bool {
    let named = path.iter().rev().find(|step| step.parse::<usize>().is_err());
    let listed = path.first().is_some_and(|first| first == "refused" || first == "unreadable");
    listed || named.is_some_and(|name| IN_PART.contains(&name.as_str()))
}

fn same(expected: &Value, found: &Value) -> bool {
    match (expected.as_f64(), found.as_f64()) {
        (Some(expected), Some(found)) => (expected - found).abs() < f64::EPSILON,
        _ => expected == found,
    }
}

fn keys(fields: &serde_json::Map<String, Value>) -> String {
    let keys: Vec<&str> = fields.keys().map(String::as_str).collect();
    if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") }
}

/// Everything that differs between two ways in.
pub(crate) fn disagreements(ours: (&str, &Value), theirs: (&str, &Value)) -> Vec<String> {
    let mut differences = Vec::new();
    equal(&mut Vec::new(), ours, theirs, &mut differences);
    differences
}

fn equal(
    path: &mut Vec<String>,
    ours: (&str, &Value),
    theirs: (&str, &Value),
    differences: &mut Vec<String>,
) {
    let (our_name, our) = ours;
    let (their_name, their) = theirs;
    match (our, their) {
        (Value::Object(our), Value::Object(their)) => {
            for key in our.keys().chain(their.keys().filter(|key| !our.contains_key(*key))) {
                path.push(key.clone());
                let of =
                    |fields: &serde_json::Map<String, Value>| fields.get(key).cloned().unwrap_or(Value::Null);
                equal(path, (our_name, &of(our)), (their_name, &of(their)), differences);
                path.pop();
            }
        }
        (Value::Array(our), Value::Array(their)) if our.len() == their.len() => {
            for (at, (our, their)) in our.iter().zip(their).enumerate() {
                path.push(format!("{at}"));
                equal(path, (our_name, our), (their_name, their), differences);
                path.pop();
            }
        }
        (our, their) if same(our, their) => {}
        (our, their) => {
            let place = path.join(" › ");
            differences.push(format!("{place}: {our_name} says {our}, {their_name} says {their}"));
        }
    }
}

/// Fails once for all cases, with what differs in each.
pub(crate) fn report(what: &str, cases: usize, wrong: &[(String, Vec<String>)]) {
    let lines: Vec<String> = wrong
        .iter()
        .map(|(name, differences)| format!("{name}\n    {}", differences.join("\n    ")))
        .collect();
    assert!(wrong.is_empty(), "{what}: {} of {cases} cases are wrong\n  {}", wrong.len(), lines.join("\n  "));
}
