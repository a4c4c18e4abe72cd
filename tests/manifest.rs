//! The manifest reader, from outside: against the library that `kubectl` uses, and against texts that nobody wrote.

use std::sync::Arc;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use stanchion::manifest::{Keys, Limits, Node, Positions, Segment, decode, json, read, yaml};

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

/// Any JSON, with keys and texts that tempt a reader of YAML.
fn any_json() -> impl Strategy<Value = Json> {
    let text = prop_oneof![
        any::<String>(),
        "[ -~]{0,12}",
        Just("yes".to_owned()),
        Just("0644".to_owned()),
        Just("<<".to_owned()),
        Just("---".to_owned()),
        Just("{{ .Values.x }}".to_owned()),
        Just("a\u{2028}b\u{85}".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_filter("JSON has only finite numbers", |n| n.is_finite()).prop_map(Json::from),
        text.clone().prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Json::from),
            prop::collection::btree_map(text.clone(), inner, 0..8)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

/// Bytes that are nearly YAML.
fn nearly_yaml() -> impl Strategy<Value = Vec<u8>> {
    let token = prop::sample::select(vec![
        "a",
        "b: ",
        "- ",
        "\n",
        "\n  ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "'",
        "\"",
        "#",
        "|\n",
        ">-\n",
        "&x ",
        "*x",
        "!!int ",
        "? ",
        "---",
        "...",
        "%YAML 1.1",
        "\t",
        "\r",
        "<<: ",
        "\\u",
        "{{ ",
        "}}",
        "\u{feff}",
        "\u{2028}",
        "\0",
        "é",
        "apiVersion: v1\n",
        "kind: List\n",
        "items:\n",
        "metadata: {}\n",
        "\"a\":",
        "1e9",
        "0x",
        "~",
    ]);
    prop::collection::vec(prop_oneof![20 => token.prop_map(|t| t.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..4)], 0..60)
        .prop_map(|tokens| tokens.concat())
}

/// Every path into a tree, with the node at its end.
fn visit<'n>(
    node: &'n Node<'n>,
    path: &mut Vec<Segment<'n>>,
    see: &mut impl FnMut(&[Segment<'n>], &'n Node<'n>),
) {
    see(path, node);
    for (index, item) in node.as_list().unwrap_or_default().iter().enumerate() {
        path.push(Segment::Index(index));
        visit(item, path, see);
        path.pop();
    }
    for (key, value) in node.as_map().unwrap_or_default() {
        path.push(Segment::Key(&key.text));
        visit(value, path, see);
        path.pop();
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_reported(bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), nearly_yaml()]) {
        let reading = read("a.yaml", &bytes, &Limits::default());
        let lines = u32::try_from(bytes.iter().filter(|b| matches!(b, b'\n' | b'\r')).count()).unwrap() + 1;
        for problem in &reading.problems {
            prop_assert!((1..=lines).contains(&problem.position.line), "{problem}");
            prop_assert!(!problem.to_string().contains('\n'), "{problem}");
        }
        for document in &reading.documents {
            prop_assert_eq!(decode::<Json>(&document.node).unwrap(), document.node.to_json());
        }
    }

    #[test]
    fn json_reads_back_as_it_was(value in any_json()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(&json::parse(&text, &Limits::default()).unwrap().to_json(), &value);
        }
    }

    #[test]
    fn json_means_the_same_to_the_reader_of_yaml(value in any_json()) {
        let text = value.to_string();
        // YAML has limits that JSON hasn't: a key of a thousand characters, and control characters as they are.
        prop_assume!(!text.chars().any(|c| c.is_control() || c == '\u{feff}'));
        let node = yaml::parse(&text, &Limits::default()).unwrap();
        prop_assert!(same(&node.map_or(Json::Null, |node| node.to_json()), &value), "{text}");
    }

    #[test]
    fn every_document_of_a_stream_is_read(
        data in prop::collection::vec(any_json(), 1..6),
        separator in prop::sample::select(vec!["---\n", "--- # next\n", "...\n---\n", "---\n# nothing\n---\n", "...\n"]),
    ) {
        let documents: Vec<String> = data
            .iter()
            .map(|data| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": data}).to_string())
            .collect();
        prop_assume!(!documents.iter().any(|text| text.chars().any(|c| c.is_control() || c == '\u{feff}')));
        let text = format!("# a file\n{}\n", documents.join(&format!("\n{separator}")));
        let reading = read("a.yaml", text.as_bytes(), &Limits::default());
        prop_assert_eq!(reading.documents.len(), data.len(), "{:?}", reading.problems);
        let indices: Vec<usize> = reading.documents.iter().map(|document| document.index).collect();
        prop_assert_eq!(indices, (0..data.len()).collect::<Vec<_>>());
    }

    #[test]
    fn an_index_knows_the_place_of_everything_in_its_tree(value in any_json()) {
        let text = serde_json::to_string_pretty(&value).unwrap();
        let node = json::parse(&text, &Limits::default()).unwrap();
        let positions = Positions::new(&node, &Arc::<Keys>::default());
        let mut result = Ok(());
        visit(&node, &mut Vec::new(), &mut |path, node| {
            // In this notation a key and the beginning of its value share a line.
            let place = node.position.line;
            if result.is_ok() && positions.lookup(path).line != place {
                result = Err(TestCaseError::fail(format!("{path:?}: {} is not {place}", positions.lookup(path))));
            }
        });
        result?;
    }
}
