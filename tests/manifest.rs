//! The manifest reader, from outside: against the library that `kubectl` uses, and against texts that nobody wrote.

use serde::Deserialize;
use serde_json::Value as Json;
use stanchion::manifest::{Limits, yaml};

/// A text and what the YAML library of `kubectl` makes of it; `manifest/reference/main.go` writes the answers.
#[derive(Deserialize)]
struct Reference {
    yaml: String,
    #[serde(default)]
    json: Json,
    error: Option<String>,
}

#[test]
fn yaml_means_what_it_means_to_kubectl() {
    for line in include_str!("manifest/reference.jsonl").lines() {
        let reference: Reference = serde_json::from_str(line).unwrap();
        let found = yaml::parse(&reference.yaml, &Limits::default());
        match (found, reference.error) {
            (Err(_), Some(_)) => {}
            (Ok(node), None) => {
                let json = node.map_or(Json::Null, |node| node.to_json());
                assert!(
                    same(&json, &reference.json),
                    "{:?}: {json} is not {}",
                    reference.yaml,
                    reference.json
                );
            }
            (found, error) => panic!("{:?}: {found:?}, and kubectl says {error:?}", reference.yaml),
        }
    }
}

/// Equality of JSON in which `-0` equals `0`, because only the text tells them apart.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
