use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::manifest::{Limits, yaml};

fn read(text: &str) -> Node<'_> {
    yaml::parse(text, &Limits::default()).unwrap().unwrap()
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Workload<'a> {
    #[serde(borrow)]
    name: &'a str,
    replicas: Option<i32>,
    host_network: bool,
    weight: f64,
    labels: BTreeMap<String, String>,
    containers: Vec<Container>,
    policy: Option<Policy>,
    port: Option<Port>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Container {
    name: String,
    #[serde(default)]
    args: Vec<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Policy {
    Always,
    Never,
    After { seconds: u8 },
    Only(String),
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Port {
    Number(u16),
    Name(String),
}

fn error(text: &str) -> String {
    let node = read(text);
    let error = decode::<Workload<'_>>(&node).unwrap_err();
    format!("{} {error}", error.position)
}

#[test]
fn a_struct_decodes_and_borrows_its_strings() {
    let node = read(
        "name: web\nreplicas: 3\nhostNetwork: yes\nweight: 2\nunknown: {a: [1]}\nlabels: {app: web}\n\
         containers: [{name: a, args: [x, null]}]\npolicy: Always\nport: http\n",
    );
    let workload: Workload<'_> = decode(&node).unwrap();
    assert_eq!(
        workload,
        Workload {
            name: "web",
            replicas: Some(3),
            host_network: true,
            weight: 2.0,
            labels: BTreeMap::from([("app".to_owned(), "web".to_owned())]),
            containers: vec![Container { name: "a".to_owned(), args: vec!["x".to_owned(), String::new()] }],
            policy: Some(Policy::Always),
            port: Some(Port::Name("http".to_owned())),
        }
    );
}

#[test]
fn a_null_value_counts_as_absent() {
    let node = read("name:\nreplicas: ~\nhostNetwork: null\ncontainers:\nlabels: {a: null, b: c}\n");
    let workload: Workload<'_> = decode(&node).unwrap();
    assert_eq!(workload.labels.len(), 1);
    assert_eq!(Workload { labels: BTreeMap::new(), ..workload }, Workload::default());
}

#[test]
fn enums_decode_from_their_name_or_a_map_of_one_key() {
    for (text, policy) in [
        ("policy: Never", Policy::Never),
        ("policy: {Only: x}", Policy::Only("x".to_owned())),
        ("policy: {After: {seconds: 9}}", Policy::After { seconds: 9 }),
    ] {
        assert_eq!(decode::<Workload<'_>>(&read(text)).unwrap().policy, Some(policy), "{text}");
    }
}

#[test]
fn whole_floats_are_whole_numbers() {
    for text in ["replicas: 2.0", "replicas: 2e0", "replicas: 0b10"] {
        assert_eq!(decode::<Workload<'_>>(&read(text)).unwrap().replicas, Some(2), "{text}");
    }
    let node = Node { value: Value::Float(2.0), position: Position::START };
    assert_eq!(decode::<u8>(&node), Ok(2));
}

#[test]
fn an_error_names_field_place_expectation_and_finding() {
    for (text, expected) in [
        ("replicas: \"three\"", r#"1:11 replicas: expected a whole number, found `"three"`"#),
        ("name: 3", "1:7 name: expected a string, found `3`"),
        ("a: 1\nname: [x]", "2:7 name: expected a string, found a list"),
        ("replicas: 1.5", "1:11 replicas: expected a whole number, found `1.5`"),
        (
            "replicas: 3000000000",
            "1:11 replicas: expected a whole number from -2147483648 to 2147483647, found `3000000000`",
        ),
        ("hostNetwork: 'true'", r#"1:14 hostNetwork: expected true or false, found `"true"`"#),
        ("weight: heavy", r#"1:9 weight: expected a number, found `"heavy"`"#),
        ("labels: {a.b/c: 5}", r#"1:17 labels["a.b/c"]: expected a string, found `5`"#),
        ("containers: {}", "1:13 containers: expected a list, found a map"),
        (
            "containers:\n- name: a\n- args: []\n",
            "3:3 containers[1]: the field `name` is required, and missing",
        ),
        (
            "containers:\n- name: a\n  args: [x, 1]\n",
            "3:13 containers[0].args[1]: expected a string, found `1`",
        ),
        ("containers: [a]", r#"1:14 containers[0]: expected a map, found `"a"`"#),
        (
            "policy: Maybe",
            r#"1:9 policy: expected one of `Always`, `Never`, `After`, `Only`, found `"Maybe"`"#,
        ),
        ("policy: 5", "1:9 policy: expected one of `Always`, `Never`, `After`, `Only`, found `5`"),
        (
            "policy: {After: {seconds: 300}}",
            "1:27 policy.After.seconds: expected a whole number from 0 to 255, found `300`",
        ),
        (
            "policy: After",
            "1:9 policy: expected a map with `After` and what belongs to it, found `After` alone",
        ),
        ("port: []", "1:7 port: the value has none of the shapes that are accepted here"),
        (
            "name: [x]\nreplicas: aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee",
            "1:7 name: expected a string, found a list",
        ),
        (
            "replicas: aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee",
            r#"1:11 replicas: expected a whole number, found `"aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd"…`"#,
        ),
        ("[a]", "1:1 expected a map, found a list"),
    ] {
        assert_eq!(error(text), expected, "{text}");
    }
}

#[test]
fn no_message_names_a_type_of_the_program() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Odd {
        #[serde(default)]
        pair: Option<(u8, u8)>,
        #[serde(default)]
        letter: Option<char>,
        #[serde(default)]
        nothing: Option<()>,
    }
    for (text, expected) in [
        ("pair: [1]", "pair: expected a list, found 1 items"),
        ("pair: [1, 2, 3]", "pair: expected a list of 2 items, found 3"),
        ("letter: ab", "letter: expected a character, found `\"ab\"`"),
        ("nothing: 1", "nothing: expected nothing, found `1`"),
    ] {
        let message = decode::<Odd>(&read(text)).unwrap_err().to_string();
        assert!(message.starts_with(expected.split(", found").next().unwrap()), "{text}: {message}");
    }
}

#[test]
fn a_whole_tree_decodes_to_json_with_its_nulls() {
    let node = read("a: [1, 2.5, null, {b: ~}]\nc: 18446744073709551615\n");
    assert_eq!(decode::<serde_json::Value>(&node).unwrap(), node.to_json());
}

#[test]
fn the_types_of_kubernetes_decode() {
    let node = read(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, creationTimestamp: null}\nspec:\n  containers:\n  - name: a\n    \
         image: b\n    ports: [{containerPort: 80}]\n    livenessProbe: {httpGet: {port: http}}\n    resources: {limits: {cpu: \
         '1', memory: 1Gi}}\n",
    );
    let pod: k8s_openapi::api::core::v1::Pod = decode(&node).unwrap();
    assert_eq!(pod.spec.unwrap().containers[0].image.as_deref(), Some("b"));
}
