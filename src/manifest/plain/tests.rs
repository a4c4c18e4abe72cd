use proptest::prelude::*;

use super::*;
use crate::manifest::yaml::parse_any;

/// The tree of a text, which must be plain, and the one of the library.
fn assert_plain(text: &str) {
    let limits = Limits::default();
    let found = read(text, 7, &limits).unwrap_or_else(|| panic!("not plain: {text}"));
    assert_eq!(Some(found), parse_any(text, 7, &limits).unwrap().root, "{text}");
}

#[test]
fn manifests_as_people_write_them_are_plain() {
    for text in [
        "---\n# A comment.\nkind: Pod # and another\nmetadata:\n  name: a\n  labels: {}\nspec:\n  containers:\n    - name: app\n      \
         image: \"nginx:1.25\"\n      args: ['--listen=:8080', -v, \"\", a/b]\n      \
         resources: {limits: {cpu: 1, memory: \"1Gi\" }, requests: {}, claims: [ {name: x}, [ ] ]} # All in one.\n\n      ports: []\n  # Below its key.\n  \
         volumes:\n  - emptyDir: {}\n    name: x\n  - hostPath: # nothing\n  nodeName:\nstatus:\n",
        "- a\n- - b\n  -   c\n-  d: 1\n   e: 0644\n- http://x:80/#y z\n",
        "a:   yes   \nb: ~\nc: -1\nd: --flag\ne: 'it'\nf: a, [b] {c} 'd' \"e\"\n1: x\non: y\n",
        "\n\n---   \n\n  a:\n    b:\n    - c:\n    - d\n  e: .5",
    ] {
        assert_plain(text);
    }
}

#[test]
fn what_is_not_plain_is_left_to_the_library() {
    for text in [
        "",
        "a",
        "- ",
        "-",
        "a: |\n  b\n",
        "a: &x b\n",
        "a: *x",
        "a: !!str b",
        "a: {b}",
        "a: {b: }",
        "a: {b:c}",
        "a: {'b': c}",
        "a: {b: c,}",
        "a: [b, [c]",
        "a: [b",
        "a: b\n  c",
        "a:\n  b",
        "a: b: c",
        "a: b:",
        "\"a\": b",
        "? a",
        "<<: b",
        "a: \"b\n",
        "a: \"\\n\"",
        "a: 'b''c'",
        "a: \"b\" c",
        "a: \"b\"#c",
        "a: é",
        "a:\tb",
        "a: b\r\n",
        "a: {{ b }}",
        "--- a",
        "a: b\n---\n",
        "a: b\n...\n",
        "%YAML 1.1\n---\na: b",
        "a: b\n c: d",
        "a:\n  b: c\n d: e",
        "- a\nb: c",
        "a: b\na: c",
        "a: .nan",
        "null: a",
        "a: - b",
        "a: @b",
        "a: %b",
        "a: `b",
        "a: ,b",
        "a: [,]",
        "a: [b,]",
        "a: [b c]",
        "-a: b",
    ] {
        assert_eq!(read(text, 1, &Limits::default()), None, "{text}");
    }
}

#[test]
fn limits_hold() {
    let deep: String = (0..10).map(|depth| " ".repeat(depth) + "a:\n").collect();
    let limits = |depth, nodes| Limits { depth, nodes, ..Limits::default() };
    assert!(read(&deep, 1, &limits(10, 11)).is_some());
    assert!(read(&deep, 1, &limits(9, 11)).is_none());
    assert!(read(&deep, 1, &limits(10, 10)).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Whatever is taken for plain, the library reads alike.
    #[test]
    fn the_library_reads_alike_what_is_plain(lines in prop::collection::vec(line(), 1..9)) {
        let text = lines.join("\n");
        if let Some(found) = read(&text, 1, &Limits::default()) {
            let expected = parse_any(&text, 1, &Limits::default());
            prop_assert_eq!(Some(found), expected.map_err(|error| error.to_string()).unwrap().root, "{}", text);
        }
    }
}

/// Lines of bits that mean something to YAML, most of them fitting together.
fn line() -> impl Strategy<Value = String> {
    let spaces = prop::sample::select(vec!["", "", "", "  ", "  ", "    ", " ", "   "]);
    let dash = prop::sample::select(vec!["", "", "", "", "- ", "- ", "-   ", "- - ", "-"]);
    let key = prop::sample::select(vec![
        "a:", "b:", "c.d/e-f:", "on:", "1:", "_:", "", "", "a", "-a:", "<<:", "'a':",
    ]);
    let value = prop_oneof![
        3 => Just(String::new()),
        3 => prop::sample::select(vec![
            " x", " 0644", " yes", " ~", " \"x\"", " 'x: #y'", " []", " {}", " [a, \"b\", 'c' ]", " [a,b]", " -x", " --",
            " ---", " - x", "x", " x y", " x:y", " x: y", " x:", " x #y", " x#y", " #y", "#y", " \"x\" #y", " {a: b}", " {a: [b, c], d: {}}", " {a: b, c : d}", " {a: {b: 'c'} , -: x}", " [a, {b: [c]}]", " {a}", " {a:b}", " {a: ,}",
            " [a]]", " [{a: b]}", " {a: b}: c",
            " &x y", " *x", " !x", " |", " >-", " \"x", " 'x''y'", " %x", " ..", " ...", " [", " [a: b]", " [-]", " [-v, --, -1]", " [.., /]", " x\\y",
            " \"x\\n\"", "  x  ", " ]", " }", " ,", " =", " <<", " ?", " ? x", " :x", " (x)", " [a]x", " {} #", " .inf",
        ]).prop_map(str::to_owned),
        1 => "[ -~]{0,8}".prop_map(|text| format!(" {text}")),
    ];
    let whole = prop::sample::select(vec!["---", "", "#", "  # x", "...", "%YAML 1.1", "--- x", "- #", "  "]);
    prop_oneof![
        9 => (spaces, dash, key, value).prop_map(|(spaces, dash, key, value)| format!("{spaces}{dash}{key}{value}")),
        1 => whole.prop_map(str::to_owned),
    ]
}
