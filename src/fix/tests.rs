//! Every style of writing, and what each becomes.

use serde_json::{Value, json};

use super::{Edit, Refusal, Wanted, edits, fix};
use crate::engine::control::{Patch, Safety};
use crate::facts::Path;
use crate::manifest::{Limits, read};

const HEAD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";

/// A path such as `spec/containers/0/securityContext`.
fn path(text: &str) -> Path {
    text.split('/').fold(Path::root(), |path, step| match step.parse() {
        Ok(index) => path.index(index),
        Err(_) => path.key(step.to_owned()),
    })
}

/// The text with a value set in its last object; what was refused stays as it is.
fn set(text: &str, at: &str, value: Value) -> Result<String, Refusal> {
    let patch = Patch { path: path(at), value, safety: Safety::Safe };
    let objects = read("", text.as_bytes(), &Limits::default()).documents;
    let start = objects.last().unwrap().node.position;
    let wanted = [Wanted { start, patch: &patch }];
    let fixed = fix(text.as_bytes(), &wanted, &Limits::default());
    let after = String::from_utf8(fixed.bytes).unwrap();
    match edits(text.as_bytes(), &wanted, &Limits::default()).as_slice() {
        [Ok(edits)] => assert_eq!(edited(text, edits), after, "the same, line by line"),
        [Err(refusal)] => assert_eq!(fixed.results, [Err(*refusal)]),
        other => panic!("{other:?}"),
    }
    match fixed.results.as_slice() {
        [Ok(changed)] => {
            assert_eq!(*changed, after != text);
            Ok(after)
        }
        [Err(refusal)] => {
            assert_eq!(after, text, "what is refused changes nothing");
            Err(*refusal)
        }
        other => panic!("{other:?}"),
    }
}

/// The text with lines replaced, as an editor does it.
fn edited(text: &str, edits: &[Edit]) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    for edit in edits.iter().rev() {
        let first = usize::try_from(edit.first).unwrap() - 1;
        let after = first + usize::try_from(edit.lines).unwrap();
        assert_eq!(edit.open_end, after > first && !lines[after - 1].ends_with('\n'));
        lines.splice(first..after, [edit.text.as_str()]);
    }
    lines.concat()
}

/// A pod's text with a value set, without its head.
fn pod(spec: &str, at: &str, value: Value) -> Result<String, Refusal> {
    set(&format!("{HEAD}{spec}"), at, value).map(|text| text.strip_prefix(HEAD).unwrap().to_owned())
}

const CONTEXT: &str = "spec/securityContext";
const NON_ROOT: &str = "spec/securityContext/runAsNonRoot";
const DROP: &str = "spec/securityContext/capabilities/drop";

#[test]
fn a_key_is_put_behind_the_last_of_its_map() {
    let cases = [
        ("spec:\n  a: 1\n", "spec:\n  a: 1\n  securityContext:\n    runAsNonRoot: true\n"),
        ("spec:\n  a: 1", "spec:\n  a: 1\n  securityContext:\n    runAsNonRoot: true"),
        (
            "spec:\n  securityContext:\n    a: 1 # why\n\n  b: 2\n",
            "spec:\n  securityContext:\n    a: 1 # why\n    runAsNonRoot: true\n\n  b: 2\n",
        ),
        (
            "spec:\n    a: 1\n    b:\n        c: 1\n",
            "spec:\n    a: 1\n    b:\n        c: 1\n    securityContext:\n        runAsNonRoot: true\n",
        ),
        (
            "spec:\n  a: |\n    text\n\nstatus: {}\n",
            "spec:\n  a: |\n    text\n  securityContext:\n    runAsNonRoot: true\n\nstatus: {}\n",
        ),
        ("spec:\n  a:\n", "spec:\n  a:\n  securityContext:\n    runAsNonRoot: true\n"),
        (
            "spec:\n  a: [1,\n    2] # end\n",
            "spec:\n  a: [1,\n    2] # end\n  securityContext:\n    runAsNonRoot: true\n",
        ),
        ("spec:\n  a: 'x\n    y'\n", "spec:\n  a: 'x\n    y'\n  securityContext:\n    runAsNonRoot: true\n"),
    ];
    for (before, after) in cases {
        assert_eq!(pod(before, NON_ROOT, json!(true)).as_deref(), Ok(after), "{before}");
    }
}

#[test]
fn comments_stay_with_what_they_are_about() {
    let before = "# head\nspec: # s\n  a: 1 # one\n  # more of spec\n# foot\n";
    let after = "# head\nspec: # s\n  a: 1 # one\n  # more of spec\n  securityContext:\n    runAsNonRoot: true\n# foot\n";
    assert_eq!(pod(before, NON_ROOT, json!(true)).unwrap(), after);
    let before = "spec:\n  containers:\n  - name: a\n    resources:\n      limits: {}\n      # requests: {}\n  # - name: b\n  x: 1\n";
    let after = "spec:\n  containers:\n  - name: a\n    resources:\n      limits: {}\n      # requests: {}\n    tty: true\n  # - name: b\n  x: 1\n";
    assert_eq!(pod(before, "spec/containers/0/tty", json!(true)).unwrap(), after);
}

#[test]
fn a_pull_policy_stands_beside_its_image() {
    let before = "spec:\n  containers:\n  - image: a:1 # pinned soon\n    # the name\n    name: a\n";
    let after = "spec:\n  containers:\n  - image: a:1 # pinned soon\n    imagePullPolicy: Always\n    # the name\n    name: a\n";
    assert_eq!(pod(before, "spec/containers/0/imagePullPolicy", json!("Always")).unwrap(), after);
}

#[test]
fn what_is_written_as_nothing_is_filled() {
    for nothing in ["", " {}", " null", " ~", " { }", " # none yet", " {} # none yet", " null # none yet"] {
        let before = format!("spec:\n  securityContext:{nothing}\n  b: 2\n");
        let note = nothing.find('#').map_or("", |_| " # none yet");
        let after = format!("spec:\n  securityContext:{note}\n    runAsNonRoot: true\n  b: 2\n");
        assert_eq!(pod(&before, NON_ROOT, json!(true)).unwrap(), after, "{nothing:?}");
    }
    let before = "spec:\n  securityContext:\n    # runAsUser: 1\n  b:\n";
    let after = "spec:\n  securityContext:\n    # runAsUser: 1\n    runAsNonRoot: true\n  b:\n";
    assert_eq!(pod(before, NON_ROOT, json!(true)).unwrap(), after);
    assert_eq!(pod("spec:\n  b: # why\n", "spec/b", json!(false)).unwrap(), "spec:\n  b: false # why\n");
    assert_eq!(pod("spec:\n  b: ~\n", "spec/b", json!(false)).unwrap(), "spec:\n  b: false\n");
    assert_eq!(
        pod("spec:\n  securityContext:\n    {}\n", NON_ROOT, json!(true)).unwrap(),
        "spec:\n  securityContext:\n    {runAsNonRoot: true}\n"
    );
}

#[test]
fn a_scalar_keeps_its_quotes_and_its_comment() {
    let cases = [
        ("spec: {p: a}\n", "spec: {p: Always}\n"),
        ("spec:\n  p: IfNotPresent # why\n", "spec:\n  p: Always # why\n"),
        ("spec:\n  p: 'IfNotPresent'\n", "spec:\n  p: 'Always'\n"),
        ("spec:\n  \"p\":   \"IfNotPresent\"\n", "spec:\n  \"p\":   \"Always\"\n"),
        ("spec:\n  p: ''\n", "spec:\n  p: 'Always'\n"),
        ("spec:\n  p: &x a\n", "spec:\n  p: &x Always\n"),
    ];
    for (before, after) in cases {
        assert_eq!(pod(before, "spec/p", json!("Always")).as_deref(), Ok(after), "{before}");
    }
    assert_eq!(pod("spec:\n  p: yes\n", "spec/p", json!(false)).unwrap(), "spec:\n  p: false\n");
    assert_eq!(pod("spec:\n  p: a\n", "spec/p", json!("yes")).unwrap(), "spec:\n  p: \"yes\"\n");
}

#[test]
fn lists_are_indented_as_the_others_are() {
    let all = || json!(["ALL"]);
    let new = "  securityContext:\n    capabilities:\n      drop:\n";
    for (before, dash) in [
        ("spec:\n  args:\n  - a\n", "      - ALL\n"),
        ("spec:\n  args:\n    - a\n", "        - ALL\n"),
        ("spec:\n  args: [a]\n", "        - ALL\n"),
    ] {
        assert_eq!(pod(before, DROP, all()).unwrap(), format!("{before}{new}{dash}"));
    }
}

#[test]
fn a_list_changes_by_items() {
    let list = |list: &str| format!("spec:\n  securityContext:\n    capabilities:\n      drop:{list}\n");
    let cases = [
        (" [NET_RAW]", json!(["ALL"]), " [ALL]"),
        (" [NET_RAW, KILL] # why", json!(["ALL"]), " [ALL] # why"),
        ("\n      - NET_RAW\n      - KILL", json!(["ALL"]), "\n      - ALL"),
        ("\n      - KILL # why", json!(["KILL", "ALL"]), "\n      - KILL # why\n      - ALL"),
        (" [KILL]", json!(["KILL", "ALL"]), " [KILL, ALL]"),
        (" []", json!(["ALL"]), "\n        - ALL"),
        ("", json!(["ALL"]), "\n        - ALL"),
        (" [\n        KILL,\n      ]", json!(["KILL", "ALL"]), " [\n        KILL,\n        ALL,\n      ]"),
    ];
    for (before, value, after) in cases {
        assert_eq!(pod(&list(before), DROP, value).unwrap(), list(after), "{before}");
    }
    let kept = pod(&list("\n      - NET_RAW\n      - KILL # why"), DROP, json!(["ALL"]));
    assert_eq!(kept, Err(Refusal::Comment));
}

#[test]
fn an_entry_too_many_is_taken_out() {
    let wanted = || json!({"type": "RuntimeDefault"});
    let before = "spec:\n  p:\n    type: Localhost\n    localhostProfile: a.json\n  b: 1\n";
    assert_eq!(pod(before, "spec/p", wanted()).unwrap(), "spec:\n  p:\n    type: RuntimeDefault\n  b: 1\n");
    let before = "spec:\n  p: {localhostProfile: a.json, type: Localhost}\n";
    assert_eq!(pod(before, "spec/p", wanted()).unwrap(), "spec:\n  p: {type: RuntimeDefault}\n");
    let before = "spec:\n  p:\n    type: Localhost\n    localhostProfile: a.json # ours\n";
    assert_eq!(pod(before, "spec/p", wanted()), Err(Refusal::Comment));
    assert_eq!(pod("spec:\n  a: 1\n  b: 2\n", "spec/a", Value::Null).unwrap(), "spec:\n  b: 2\n");
}

#[test]
fn braces_take_an_entry_in_their_own_style() {
    let context = || json!(false);
    let at = "spec/securityContext/privileged";
    let cases = [
        ("spec: {a: 1}\n", "spec: {a: 1, securityContext: {privileged: false}}\n"),
        ("spec: {a: 1, securityContext: {}}\n", "spec: {a: 1, securityContext: {privileged: false}}\n"),
        ("spec: {securityContext: null, a: 1}\n", "spec: {securityContext: {privileged: false}, a: 1}\n"),
        ("spec: {a: 1,}\n", "spec: {a: 1, securityContext: {privileged: false},}\n"),
        ("spec: {\"a\":1}\n", "spec: {\"a\":1,\"securityContext\":{\"privileged\":false}}\n"),
        (
            "spec: {\n  a: 1 # one\n}\n",
            "spec: {\n  a: 1, # one\n  securityContext: {\n    privileged: false\n  }\n}\n",
        ),
        (
            "spec: {\n  a: 1, # one\n  # two\n}\n",
            "spec: {\n  a: 1, # one\n  securityContext: {\n    privileged: false\n  },\n  # two\n}\n",
        ),
    ];
    for (before, after) in cases {
        assert_eq!(pod(before, at, context()).as_deref(), Ok(after), "{before}");
    }
}

#[test]
fn json_stays_json() {
    let head = "\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {}";
    let before = format!("{{\n  {head},\n  \"spec\": {{\n    \"a\": [\n      1\n    ]\n  }}\n}}\n");
    let after = format!(
        "{{\n  {head},\n  \"spec\": {{\n    \"a\": [\n      1\n    ],\n    \"securityContext\": {{\n      \
         \"capabilities\": {{\n        \"drop\": [\n          \"ALL\"\n        ]\n      }}\n    }}\n  }}\n}}\n"
    );
    let fixed = set(&before, DROP, json!(["ALL"])).unwrap();
    assert_eq!(fixed, after);
    assert!(serde_json::from_str::<Value>(&fixed).is_ok());
    let before = format!("{{\n\t{head},\n\t\"spec\": {{\n\t\t\"a\": 1\n\t}}\n}}\n");
    let fixed = set(&before, NON_ROOT, json!(true)).unwrap();
    assert!(
        fixed.contains("\t\t\"a\": 1,\n\t\t\"securityContext\": {\n\t\t\t\"runAsNonRoot\": true\n\t\t}\n\t}"),
        "{fixed}"
    );
    let before = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{},\"spec\":{\"a\":\"\\u00e9\"}}";
    let fixed = set(before, NON_ROOT, json!(true)).unwrap();
    assert!(fixed.ends_with("\"\\u00e9\",\"securityContext\":{\"runAsNonRoot\":true}}}"), "{fixed}");
    assert_eq!(set(&format!("{before}\n{before}\n"), NON_ROOT, json!(true)), Err(Refusal::Unread));
}

#[test]
fn line_breaks_and_a_byte_order_mark_stay() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let before = format!("\u{feff}{HEAD}spec:\n  a: 1\n");
    let after = format!("{before}  securityContext:\n    capabilities:\n      drop:\n        - ALL\n");
    assert_eq!(set(&before, DROP, json!(["ALL"])).unwrap(), after);
    assert_eq!(set(&crlf(&before), DROP, json!(["ALL"])).unwrap(), crlf(&after));
}

#[test]
fn one_document_of_many_changes_alone() {
    let first = format!("# one\n{HEAD}spec:\n  a: 1\n");
    let last = format!("---\n# two\n{HEAD}spec:\n  a: 1\n...\n");
    let fixed = set(&format!("{first}{last}"), NON_ROOT, json!(true)).unwrap();
    let rest = fixed.strip_prefix(&first).expect("the first stays");
    assert!(rest.ends_with("  a: 1\n  securityContext:\n    runAsNonRoot: true\n...\n"), "{rest}");
    let items = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {}\n  spec:\n    a: 1\n- \
                apiVersion: v1\n  kind: Pod\n  metadata: {}\n  spec:\n    a: 1\n";
    let fixed = set(items, NON_ROOT, json!(true)).unwrap();
    assert_eq!(fixed, format!("{items}    securityContext:\n      runAsNonRoot: true\n"));
}

#[test]
fn what_is_shared_with_another_place_is_left_alone() {
    let aliased = "spec:\n  a: &x {b: 1}\n  securityContext: *x\n";
    assert_eq!(pod(aliased, NON_ROOT, json!(true)), Err(Refusal::Shared));
    let anchored = "spec:\n  securityContext: &x {b: 1}\n  a: *x\n";
    assert_eq!(pod(anchored, NON_ROOT, json!(true)), Err(Refusal::Shared));
    let merged = "x: &x {p: 1, q: 2}\nspec:\n  <<: *x\n";
    assert_eq!(pod(merged, "spec/p", json!(3)), Err(Refusal::Shared));
    // What nobody repeats is nobody else's.
    assert_eq!(
        pod("spec:\n  securityContext: &x\n    b: 1\n", NON_ROOT, json!(true)).unwrap(),
        "spec:\n  securityContext: &x\n    b: 1\n    runAsNonRoot: true\n"
    );
}

#[test]
fn what_cannot_be_edited_exactly_is_left_alone() {
    let cases = [
        ("spec:\n  p: |\n    a\n", "spec/p", json!("b"), Refusal::Unlike),
        ("spec:\n  p: a\n    b\n", "spec/p", json!("c"), Refusal::Unlike),
        ("spec:\n  p: !!str a\n", "spec/p", json!("b"), Refusal::Tagged),
        ("spec: a\n", NON_ROOT, json!(true), Refusal::NoPlace),
        ("spec: {a: [1]}\n", "spec/a/3/b", json!(true), Refusal::NoPlace),
        ("spec:\n  p: [1]\n", "spec/p", json!("b"), Refusal::Unlike),
        ("spec:\n  - a: 1\n    b: |+\n      x\n\n", "spec/0/c", json!(1), Refusal::Unlike),
    ];
    for (before, at, value, why) in cases {
        assert_eq!(pod(before, at, value), Err(why), "{before}");
    }
}

#[test]
fn patches_of_many_objects_are_made_together_and_one_that_is_refused_stops_no_other() {
    let item = |context: &str| {
        format!("- apiVersion: v1\n  kind: Pod\n  metadata: {{}}\n  spec:\n    a: 1\n{context}")
    };
    let list = |items: &[String]| format!("apiVersion: v1\nkind: List\nitems:\n{}", items.concat());
    let context = |name: &str| format!("    securityContext:\n      {name}: true\n");
    let shared = ["    b: &x {c: 1}\n    securityContext: *x\n".to_owned(), String::new(), String::new()];
    let before = list(&shared.each_ref().map(|it| item(it)));
    let patches = ["b", "d"].map(|name| Patch {
        path: path(CONTEXT).key(name),
        value: json!(true),
        safety: Safety::Safe,
    });
    let objects = read("", before.as_bytes(), &Limits::default()).documents;
    let wanted: Vec<Wanted<'_>> = objects
        .iter()
        .flat_map(|object| patches.iter().map(|patch| Wanted { start: object.node.position, patch }))
        .collect();
    let fixed = fix(before.as_bytes(), &wanted, &Limits::default());
    let made = format!("{}      d: true\n", context("b"));
    let after = list(&[item(&shared[0]), item(&made), item(&made)]);
    assert_eq!(String::from_utf8(fixed.bytes).unwrap(), after);
    let refused = Err(Refusal::Shared);
    assert_eq!(fixed.results, [refused, refused, Ok(true), Ok(true), Ok(true), Ok(true)]);
}

#[test]
fn a_second_time_changes_nothing() {
    let text = format!("{HEAD}spec:\n  a: 1\n");
    let once = set(&text, DROP, json!(["ALL"])).unwrap();
    assert_eq!(set(&once, DROP, json!(["ALL"])).unwrap(), once);
}

#[test]
fn what_is_not_there_any_more_is_said() {
    let patch = Patch { path: path(CONTEXT), value: json!({"a": 1}), safety: Safety::Safe };
    let start = crate::manifest::Position { line: 7, column: 1 };
    for text in [&b"a: 1\n"[..], b"\xff", b""] {
        let fixed = fix(text, &[Wanted { start, patch: &patch }], &Limits::default());
        assert_eq!((fixed.bytes.as_slice(), fixed.results), (text, vec![Err(Refusal::Lost)]));
    }
}

#[test]
fn a_text_of_several_lines_is_written_line_by_line_and_replaced_in_its_place() {
    let approval = |text: &str| json!({"by": "ana", "signature": text});
    let spec = "spec:\n  approvals: # by whom\n    - by: bo\n      signature: |\n        one\n        two\n  owner: us\n";
    let added = pod(
        spec,
        "spec/approvals",
        json!([
            approval("one\ntwo\n").as_object().map(|it| json!({"by": "bo", "signature": it["signature"]})),
            approval("three\nfour\n")
        ]),
    );
    assert_eq!(
        added.unwrap(),
        "spec:\n  approvals: # by whom\n    - by: bo\n      signature: |\n        one\n        two\n    \
         - by: ana\n      signature: |\n        three\n        four\n  owner: us\n"
    );
    let replaced = pod(spec, "spec/approvals/0/signature", json!("three\nfour\nfive\n"));
    assert_eq!(
        replaced.unwrap(),
        "spec:\n  approvals: # by whom\n    - by: bo\n      signature: |\n        three\n        four\n        five\n  owner: us\n"
    );
    let first = pod("spec:\n  owner: us # ours\n", "spec/approvals", json!([approval("one\ntwo")]));
    assert_eq!(
        first.unwrap(),
        "spec:\n  owner: us # ours\n  approvals:\n    - by: ana\n      signature: |-\n        one\n        two\n"
    );
    let flow = pod("spec: {owner: us}\n", "spec/approvals", json!([approval("one\ntwo\n")]));
    let quoted = r#"spec: {owner: us, approvals: [{by: ana, signature: "one\ntwo\n"}]}"#;
    assert_eq!(flow.unwrap().trim_end(), quoted);
}
