//! What can't be read or used: each is named with its place and a remedy, and the rest goes on.

use crate::program::{STANDARD, folder, privileged, snapshot, stanchion};

#[test]
fn every_problem_is_named_with_its_place() {
    let run = stanchion(&["audit", "broken"]).run();
    snapshot!("broken", format!("{}---\n{}", run.stdout, run.stderr));
    assert_eq!(run.code, 2);
}

#[test]
fn the_rest_is_judged_all_the_same() {
    let run = stanchion(&["audit", "broken/syntax.yaml", "--standards", "company/policy"]).run();
    assert!(run.stdout.contains("Pod default/good"), "{}", run.stdout);
    assert!(run.stderr.starts_with("broken/syntax.yaml:11:"), "{}", run.stderr);
    assert!(run.stderr.ends_with("stanchion: 1 problem: the audit is not complete\n"), "{}", run.stderr);
    assert_eq!(run.code, 2);
}

#[test]
fn a_path_that_is_not_there_is_a_problem() {
    let run = stanchion(&["audit", "nowhere", "company"]).run();
    assert!(run.stderr.starts_with("nowhere: no such file or folder: check the path\n"), "{}", run.stderr);
    assert!(run.stdout.contains("Deployment payments/ledger"), "{}", run.stdout);
    assert_eq!(run.code, 2);
}

#[test]
fn nothing_to_audit_is_no_clean_result() {
    let folder = folder(&[
        ("values.yaml", b"replicas: 3\n"),
        ("empty/readme.txt", b""),
        ("chart/pod.yaml", b"kind: {{ .Values.kind }}\n"),
    ]);
    for (path, said) in [
        ("values.yaml", "values.yaml: nothing to audit: no Kubernetes object in it\n"),
        ("empty", "empty: no .yaml, .yml or .json file in this folder; hidden files"),
        ("chart", "chart/pod.yaml: nothing to audit but Helm templates: render them, `helm template CHART |"),
    ] {
        let run = stanchion(&["audit", path]).within(&folder).run();
        assert!(run.stderr.contains(said), "{path}: {}", run.stderr);
        assert!(
            run.stdout.starts_with("Nothing was judged: no Kubernetes object was read."),
            "{}",
            run.stdout
        );
        assert_eq!(run.code, 2, "{path}");
    }
}

#[test]
fn policy_without_any_policy_in_it_is_a_problem() {
    let run = stanchion(&["audit", "company/shop", "--standards", "company/shop/chart"]).run();
    let said = "company/shop/chart: no SecurityStandard, ServiceTier or RiskException in it to judge by";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert_eq!(run.code, 2);
}

#[test]
fn other_people_s_json_in_a_folder_is_left_aside() {
    let pod = privileged("a");
    let folder = folder(&[
        ("odd.json", b"{\"compilerOptions\": {} \"files\": []}"),
        ("broken.json", b"{\"apiVersion\": \"v1\" \"kind\": \"Pod\"}"),
        ("pod.yaml", pod.as_bytes()),
        ("standard.yaml", STANDARD.as_bytes()),
    ]);
    let run = stanchion(&["audit", ".", "-v"]).within(&folder).run();
    assert!(run.stdout.contains("  odd.json:1: no manifest, and not readable: "), "{}", run.stdout);
    assert!(run.stderr.starts_with("broken.json:1:"), "{}", run.stderr);
    assert_eq!(run.code, 2);
    let named = stanchion(&["audit", "odd.json"]).within(&folder).run();
    assert!(named.stderr.contains("odd.json:1:"), "a file that is named is meant: {}", named.stderr);
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_place() {
    let latin = b"apiVersion: v1\nkind: Pod\nmetadata: {name: caf\xe9}\n";
    let run = stanchion(&["audit", "-"]).stdin(latin).run();
    assert!(run.stderr.contains("<stdin>:3:21: byte 45 of the file is not UTF-8"), "{}", run.stderr);
    let wide = stanchion(&["audit", "-"]).stdin(b"\xff\xfea\0").run();
    assert!(wide.stderr.contains("the file is UTF-16; convert it to UTF-8"), "{}", wide.stderr);
    assert_eq!((run.code, wide.code), (2, 2));
}

#[test]
fn a_wrong_time_says_what_to_write() {
    let run = stanchion(&["audit", "company", "--at", "tomorrow"]).run();
    assert!(run.stderr.contains("write a day such as 2027-01-15, or a time with its zone"), "{}", run.stderr);
    assert_eq!(run.code, 2);
}
