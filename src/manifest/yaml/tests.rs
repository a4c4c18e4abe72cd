use serde_json::json;

use super::*;
use crate::manifest::{Segment, Value};

fn read(text: &str) -> Node<'_> {
    parse(text, &Limits::default()).unwrap().unwrap()
}

fn refuse(text: &str) -> String {
    refuse_within(text, &Limits::default())
}

fn refuse_within(text: &str, limits: &Limits) -> String {
    let error = parse(text, limits).unwrap_err();
    format!("{} {error}", error.position())
}

#[test]
fn every_key_and_value_knows_its_place() {
    let node = read("a: 1\nb:\n  - x: é ü\n    z: [q, \"r\"]\n  - |\n    text\nc: {d: e}\nf:\n");
    let places: Vec<String> = node
        .as_map()
        .unwrap()
        .iter()
        .map(|(key, value)| format!("{}@{} {}", key.text, key.position, value.position))
        .collect();
    assert_eq!(places, ["a@1:1 1:4", "b@2:1 3:3", "c@7:1 7:4", "f@8:1 8:2"]);
    for (path, place) in [
        (vec![Segment::Key("b"), Segment::Index(0)], "3:5"),
        (vec![Segment::Key("b"), Segment::Index(0), Segment::Key("x")], "3:8"),
        (vec![Segment::Key("b"), Segment::Index(0), Segment::Key("z"), Segment::Index(1)], "4:12"),
        (vec![Segment::Key("b"), Segment::Index(1)], "6:5"),
        (vec![Segment::Key("c"), Segment::Key("d")], "7:8"),
    ] {
        assert_eq!(node.at(&path).unwrap().position.to_string(), place, "{path:?}");
    }
}

#[test]
fn columns_count_characters() {
    assert_eq!(
        read("é: [ü, b]").at(&[Segment::Key("é"), Segment::Index(1)]).unwrap().position.to_string(),
        "1:8"
    );
}

#[test]
fn every_kind_of_line_break_counts_as_one_line() {
    for text in ["a: 1\nb: 2\n\nc: 3", "a: 1\r\nb: 2\r\n\r\nc: 3", "a: 1\rb: 2\r\rc: 3"] {
        let node = read(text);
        assert_eq!(node.to_json(), json!({"a": 1, "b": 2, "c": 3}));
        assert_eq!(node.entry("c").unwrap().0.position.line, 4, "{text:?}");
    }
}

#[test]
fn a_document_without_values_is_none() {
    for text in ["", "# note\n", "\n\n", "---\n"] {
        let parsed = parse(text, &Limits::default()).unwrap();
        assert!(parsed.is_none_or(|node| node.is_null()), "{text:?}");
    }
}

#[test]
fn a_key_set_twice_is_refused_with_both_places() {
    assert_eq!(
        refuse("a:\n  b: 1\n  c: 2\n  b: 3\n"),
        "4:3 the key `b` is set twice in one map, first at line 2, column 3; keep one"
    );
    assert_eq!(
        refuse("1: a\n'1': b"),
        "2:1 the key `1` is set twice in one map, first at line 1, column 1; keep one"
    );
    assert_eq!(
        refuse("on: a\ntrue: b").split(',').next(),
        Some("2:1 the key `true` is set twice in one map")
    );
    let many = (0..100).map(|n| format!("k{n}: 1")).collect::<Vec<_>>().join("\n");
    assert!(
        refuse(&format!("{many}\nk7: 2\n"))
            .starts_with("101:1 the key `k7` is set twice in one map, first at line 8,")
    );
}

#[test]
fn what_an_alias_repeats_keeps_its_place() {
    let node = read("a: &x\n  b: 1\nc: *x\n");
    assert_eq!(node.at(&[Segment::Key("c"), Segment::Key("b")]).unwrap().position.to_string(), "2:6");
}

#[test]
fn a_map_shows_merged_keys_where_the_merge_puts_them() {
    let node = read("base: &b {p: 1, q: 2}\nuse: {a: 0, <<: *b, z: 9, p: 3}\n");
    let keys: Vec<&str> =
        node.get("use").unwrap().as_map().unwrap().iter().map(|(key, _)| &*key.text).collect();
    assert_eq!(keys, ["a", "p", "q", "z"]);
    assert_eq!(node.get("use").unwrap().get("p").unwrap().value, Value::Int(3));
}

#[test]
fn a_mistake_is_named_with_its_place_and_its_remedy() {
    for (text, message) in [
        ("a:\n\tb: 1", "2:2 a tab stands where YAML wants spaces; indent with spaces"),
        ("a: 'b\nc: d", "1:4 the quote that opens here is never closed; add the closing quote"),
        ("a: [b\nc", "1:4 the `[` that opens here is never closed; close it"),
        ("a: [b}", "1:4 `}` closes what `[` opened; use the matching bracket"),
        (
            "a: [b, c\nd: e",
            "2:2 a `: ` where none fits; check the indentation and the brackets above, or quote the value that holds it",
        ),
        (
            "a: b: c",
            "1:5 a `: ` where none fits; check the indentation and the brackets above, or quote the value that holds it",
        ),
        (
            "a:\n  b: 1\n c: 2",
            "3:2 the line fits neither the map nor the list around it; align it with its siblings",
        ),
        (
            "a: *b",
            "1:4 the alias names no anchor of this document; define it with `&` before, or quote a value that begins with `*`",
        ),
        ("a: @b", "1:4 a value can't begin with '@' here; quote it"),
        ("a: {{ b }}", "1:5 a map can't be a key; use a string"),
        ("[a]: b", "1:1 a list can't be a key; use a string"),
        ("~: b", "1:1 null can't be a key; use a string"),
        ("18446744073709551615: b", "1:1 a number beyond 63 bits can't be a key; use a string"),
        ("a: !!int b", "1:10 `b` is not a whole number, as its tag says; change the value or drop the tag"),
        ("a: .inf", "1:4 `.inf` is no number in JSON; quote it if a string is meant"),
        ("<<: 1", "1:5 `<<` merges a map or a list of maps, and finds neither"),
        ("a: &x [*x]", "1:8 the alias is part of the value that it stands for; write the value out"),
    ] {
        assert_eq!(refuse(text), message, "{text:?}");
    }
}

#[test]
fn json_escapes_of_characters_outside_the_basic_plane_are_read() {
    assert_eq!(read(r#"a: "\ud83d\ude00 \/""#).to_json(), json!({"a": "😀 /"}));
}

#[test]
fn nesting_stops_at_the_limit_however_deep_the_text_goes() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("[{a: ", "}]")] {
        let per_round = if open.len() > 4 { 2 } else { 1 };
        let rounds = 100 / per_round;
        let limits = Limits { depth: 100, ..Limits::default() };
        assert!(
            parse(&format!("{}1{}", open.repeat(rounds), close.repeat(rounds)), &limits).is_ok(),
            "{open}"
        );
        let message =
            refuse_within(&format!("{}1{}", open.repeat(rounds + 1), close.repeat(rounds + 1)), &limits);
        assert!(message.contains("more than 100 deep"), "{message}");
        assert!(refuse(&open.repeat(100_000)).contains("more than 128 deep"));
    }
    let limits = Limits { depth: usize::MAX, ..Limits::default() };
    assert!(refuse_within(&"[".repeat(100_000), &limits).contains("more than 250 deep"));
}

#[test]
fn aliases_count_against_depth_values_and_text() {
    let limits = Limits { depth: 4, nodes: 100, document_bytes: 1000, ..Limits::default() };
    assert!(refuse_within("a: &x [[1]]\nb: [[*x]]", &limits).contains("more than 4 deep"));
    assert!(
        refuse_within("a: &x [1,2,3,4,5,6,7,8,9]\nb: [*x,*x,*x,*x,*x,*x,*x,*x,*x]", &limits)
            .contains("more than 100 values")
    );
    let text = format!("a: &x {}\nb: [*x, *x, *x]", "y".repeat(400));
    assert!(refuse_within(&text, &limits).contains("more than 1000 bytes"));
}

#[test]
fn a_billion_laughs_are_stopped() {
    let mut lines = vec!["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]".to_owned()];
    for n in 1..30 {
        let before = format!("*a{}", n - 1);
        lines.push(format!("a{n}: &a{n} [{}]", [before.as_str(); 9].join(", ")));
    }
    let text = lines.join("\n");
    assert!(refuse(&text).contains("more than 2000000 values"));
}

#[test]
fn anchors_within_anchors_are_stopped_too() {
    let depth = 100;
    let text = format!("{}{}{}", "[&a ".repeat(depth), "x, ".repeat(100_000), "]".repeat(depth));
    assert!(refuse(&text).contains("more than 2000000 values"));
}

#[test]
fn a_line_separator_that_readers_disagree_about_is_refused_outside_quotes() {
    for text in [
        "a: b # c\u{2028}d: e",
        "a: b\u{85}# c",
        "a: |\n  b\u{2029}c",
        "\u{2028}a: b",
        "a: 'b'\nc\u{2028}d: 'e'",
    ] {
        assert!(refuse(text).contains("stands outside quotes"), "{text:?}");
    }
    assert_eq!(
        refuse("a: 1\nb: 'é\u{2028}'\nc: é # \u{2028}"),
        "3:8 the line separator '\\u{2028}' stands outside quotes, and not every reader ends a line there; remove it"
    );
    for text in ["a: 'b\u{2028}c'", "a: \"b\u{85}c\"\nb: 'é\u{2029}'"] {
        assert!(parse(text, &Limits::default()).is_ok(), "{text:?}");
    }
}
