//! Manifests that want to write to the terminal, and readers that go away.

use std::io::Read as _;
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;

use crate::program::{STANDARD, privileged, stanchion};

/// Whether a text holds anything that a terminal acts on, or that turns text around.
fn is_harmless(text: &str) -> bool {
    text.chars().all(|it| it == '\n' || !(it.is_control() || matches!(it, '\u{202a}'..='\u{202e}')))
}

#[test]
fn no_escape_sequence_of_a_manifest_reaches_the_terminal() {
    let name = "\\e]0;owned\\a\\e[2J\\x9b31m\\u202Egpj\\r";
    let pod = privileged("a").replace("\"a\"", &format!("\"{name}\"")).replace("app", "\"\\e[1mapp\"");
    let input = format!("{pod}---\n{STANDARD}---\n{}", pod.replace("v1\nkind", "example.com/v1\nkind"));
    for args in [&["audit", "-"][..], &["audit", "-", "-v"], &["audit", "-", "-o", "json"]] {
        let run = stanchion(args).stdin(input.clone()).run();
        assert!(is_harmless(&run.stdout) || args.contains(&"json"), "{:?}", run.stdout);
        assert!(!run.stdout.contains(['\u{1b}', '\u{7}', '\u{9b}', '\r']), "{:?}", run.stdout);
        assert!(is_harmless(&run.stderr), "{:?}", run.stderr);
        assert!(run.stdout.contains("owned"), "the name is still there to be seen: {}", run.stdout);
    }
}

#[test]
fn nor_of_a_problem() {
    let pod = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: \"\\e[2Jx\"}\nspec: {replicas: \"\\e[2J\"}\n";
    let run = stanchion(&["audit", "-"]).stdin(pod).run();
    assert!(is_harmless(&run.stderr), "{:?}", run.stderr);
    assert!(run.stderr.contains("spec.replicas"), "{}", run.stderr);
}

#[test]
fn nor_of_a_policy() {
    let exception = "apiVersion: stanchion.dev/v1alpha1\nkind: RiskException\nmetadata: {name: \"\\e[2Jname\"}\n\
        spec: {controls: [\"\\e[2Jowned\", pod.privileged], target: {names: [a], kind: \"\\u202Eowned\"}, \
        reason: \"twenty characters \\e[2J\", owner: \"\\e]0;owned\\a\", expiresAt: 2030-01-01T00:00:00Z}\n";
    let input = format!("{}---\n{exception}", privileged("a"));
    for args in [&["lint", "-"][..], &["exception", "list", "-"], &["exception", "verify", "-"]] {
        let run = stanchion(args).stdin(input.clone()).run();
        assert!(is_harmless(&run.stdout) && is_harmless(&run.stderr), "{args:?}: {:?}", run.stdout);
        assert!(format!("{}{}", run.stdout, run.stderr).contains("owned"), "{}", run.stderr);
    }
    let exception = exception.replace("\"\\e[2Jname\"", "a").replace("\"\\e[2Jowned\", ", "");
    let usable = exception.replace("kind: \"\\u202Eowned\"", "kind: Pod");
    let run =
        stanchion(&["audit", "-", "-o", "yaml"]).stdin(format!("{}---\n{usable}", privileged("a"))).run();
    assert!(is_harmless(&run.stdout) && run.stdout.contains("0;owned"), "{:?}", run.stdout);
}

#[test]
fn nor_of_an_owner_in_the_posture() {
    let owned = "labels: {owner: \"\\e[2Jowned\\x9b\\u202E\"}, name";
    let input = format!("{}---\n{STANDARD}", privileged("a").replace("{name:", &format!("{{{owned}:")));
    for format in ["table", "json"] {
        let run = stanchion(&["posture", "-", "-o", format]).stdin(input.clone()).run();
        assert!(is_harmless(&run.stdout) || format == "json", "{:?}", run.stdout);
        assert!(!run.stdout.contains(['\u{1b}', '\u{9b}']), "{:?}", run.stdout);
        assert!(run.stdout.contains("owned"), "{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn wide_names_keep_the_columns() {
    let input = format!("{}---\n{STANDARD}", privileged("名前").replace("name: app", "name: 容器"));
    let run = stanchion(&["audit", "-"]).stdin(input).run();
    assert!(run.stdout.starts_with("Pod default/名前 "), "{}", run.stdout);
    assert!(run.stdout.contains("pod.privileged  容器: runs privileged"), "{}", run.stdout);
}

#[test]
fn a_reader_that_goes_away_ends_it_silently() {
    let mut child = Command::new(cargo_bin("stanchion"))
        .args(["explain", "pod"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((said.as_str(), child.wait().unwrap().code()), ("", Some(0)));
}
