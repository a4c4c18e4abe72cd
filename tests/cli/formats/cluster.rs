//! Every output of a cluster, whose objects stand in no file.

use serde_json::{Value, json};

use super::junit;
use crate::cluster::{broken, on};

fn written(format: &str) -> String {
    on(&broken(), &["audit", "-o", format]).stdout
}

#[test]
fn sarif_has_objects_in_the_place_of_files() {
    let log: Value = serde_json::from_str(&written("sarif")).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for result in results {
        let place = &result["locations"][0];
        assert_eq!(place["physicalLocation"], Value::Null);
        let objects = place["logicalLocations"].as_array().unwrap();
        assert_eq!(objects.last().unwrap()["fullyQualifiedName"], "shop/Deployment/cart");
    }
    let problem = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert!(problem["message"]["text"].as_str().unwrap().starts_with("Deployment shop/till: "), "{problem}");
    assert_eq!(problem["locations"], Value::Null);
}

#[test]
fn forges_and_ci_servers_get_what_they_ask_for() {
    let issues: Vec<Value> = serde_json::from_str(&written("gitlab")).unwrap();
    let places: Vec<&Value> = issues.iter().map(|issue| &issue["location"]).collect();
    assert_eq!(places[0], &json!({"path": "<cluster>", "lines": {"begin": 1}}));
    assert!(places.len() > 2);
    for place in places.iter().skip(1) {
        assert_eq!(*place, &json!({"path": "shop/Deployment/cart", "lines": {"begin": 1}}));
    }
    let commands = written("github");
    assert!(
        commands.starts_with("::error title=stanchion%3A not judged::Deployment shop/till: "),
        "{commands}"
    );
    assert!(
        commands.contains("::error title=pod.privileged%3A ") && !commands.contains("file="),
        "{commands}"
    );
    let xml = written("junit");
    assert_eq!(junit::problems(&xml), [""; 0]);
    assert!(xml.contains("name=\"Deployment shop/cart\"") && !xml.contains("file=\""), "{xml}");
}

#[test]
fn people_are_told_the_object_and_no_line() {
    let markdown = written("markdown");
    assert!(markdown.contains("| `Deployment shop/cart` |"), "{markdown}");
    assert!(markdown.contains("- `<cluster>` Deployment shop/till: invalid type"), "{markdown}");
    let wide = written("wide");
    assert!(wide.lines().skip(1).all(|line| line.contains("Deployment shop/cart  ")), "{wide}");
    let html = written("html");
    assert!(html.contains("3 objects in the cluster at http://127.0.0.1:"), "{html}");
    assert!(html.contains(" from a cluster, for "), "{html}");
    assert!(!html.contains("from files"), "{html}");
}

#[test]
fn reports_of_clusters_name_objects() {
    for format in ["policyreport", "openreports"] {
        let reports: Vec<Value> = serde_saphyr::from_multiple(&written(format)).unwrap();
        let [report] = &reports[..] else { panic!("{reports:?}") };
        assert_eq!(report["metadata"]["namespace"], "shop");
        let resource = &report["results"][0]["resources"][0];
        assert_eq!((&resource["kind"], &resource["name"]), (&json!("Deployment"), &json!("cart")));
    }
}
