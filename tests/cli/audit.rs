//! `stanchion audit`: what is found, and how it is shown.

use crate::program::{AT, STANDARD, folder, privileged, snapshot, stanchion};

#[test]
fn the_table_shows_the_worst_first_and_what_to_do() {
    let run = stanchion(&["audit", "company", AT]).run();
    snapshot!("company", run.stdout);
    assert_eq!((run.stderr.as_str(), run.code), ("", 1));
}

#[test]
fn verbose_shows_everything() {
    snapshot!("company-verbose", stanchion(&["audit", "company", AT, "-v"]).run().stdout);
}

#[test]
fn the_exit_code_follows_fail_on_and_findings_that_are_not_excused() {
    let code = |fail_on: &str| stanchion(&["audit", "company", AT, "--fail-on", fail_on]).run().code;
    assert_eq!(code("low"), 1);
    assert_eq!(code("critical"), 1);
    assert_eq!(code("never"), 0);
    let code = |fail_on: &str| {
        let args =
            ["audit", "company/shop/more.yaml", "--standards", "company/policy", AT, "--fail-on", fail_on];
        stanchion(&args).run().code
    };
    assert_eq!(code("high"), 0, "what is found there is medium at most");
    assert_eq!(code("medium"), 1);
}

#[test]
fn low_findings_are_listed_where_they_fail_the_run() {
    let run = stanchion(&["audit", "company", AT, "--fail-on", "low"]).run();
    assert!(run.stdout.contains("  low       pod.no-seccomp"), "{}", run.stdout);
    assert!(!run.stdout.contains("shown with -v"), "{}", run.stdout);
}

#[test]
fn an_exception_excuses_until_it_ends() {
    let files = ["audit", "company/payments", "--standards", "company/policy"];
    let at = |time: &str| stanchion(&[&files[..], &["--at", time]].concat()).run().stdout;
    let excepted = at("2026-12-19T23:59:59Z");
    assert!(excepted.contains("excepted by legacy-root (1 day left)"), "{excepted}");
    assert!(excepted.contains("payments/legacy-root  Ends 2026-12-20 00:00 UTC"), "{excepted}");
    let ended = at("2026-12-20");
    assert!(!ended.contains("excepted by"), "{ended}");
    assert!(ended.contains("payments/legacy-root  Ended 2026-12-20 00:00 UTC."), "{ended}");
}

#[test]
fn policy_files_say_what_must_hold_and_are_not_judged() {
    let args = ["audit", "company/shop/cart.yaml", "--standards", "company/policy", AT];
    let run = stanchion(&args).run();
    assert!(run.stdout.contains("No findings in 1 workload."), "{}", run.stdout);
    assert!(run.stdout.contains("  tier-1          1          1"), "{}", run.stdout);
    assert_eq!((run.stderr.as_str(), run.code), ("", 0));
}

#[test]
fn without_a_standard_the_pod_security_standards_judge_and_it_says_so() {
    let run = stanchion(&["audit", "company/payments/ledger.yaml"]).run();
    let note =
        "no SecurityStandard given: judging by the presets pod-security-baseline and pod-security-restricted";
    assert!(run.stderr.starts_with(note), "{}", run.stderr);
    assert!(run.stdout.contains("critical  pod.privileged"), "{}", run.stdout);
    assert_eq!(run.code, 1);
}

#[test]
fn a_preset_judges_beside_the_standards_given() {
    let args = ["audit", "-", "--preset", "pod-security-baseline", "-o", "json"];
    let both = stanchion(&args).stdin(format!("{}---\n{STANDARD}", privileged("a"))).run();
    let report: serde_json::Value = serde_json::from_str(&both.stdout).unwrap();
    let standards = report["subjects"][0]["findings"][0]["standards"].as_array().unwrap();
    let names: Vec<&str> = standards.iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["one", "pod-security-baseline"], "one finding, asked for by both");
    assert_eq!(report["summary"]["findings"], 1);
}

#[test]
fn standard_input_and_a_namespace_for_what_names_none() {
    let input = format!("{}---\n{STANDARD}", privileged("a"));
    let run = stanchion(&["audit", "-", "-n", "tools"]).stdin(input).run();
    assert!(run.stdout.starts_with("Pod tools/a "), "{}", run.stdout);
    assert!(run.stdout.contains(" <stdin>:1\n"), "{}", run.stdout);
}

#[test]
fn hidden_and_ignored_files_are_passed_over_and_named_ones_are_read() {
    let pod = |name: &str| privileged(name).into_bytes();
    let (plain, hidden, ignored, named) = (pod("plain"), pod("hidden"), pod("ignored"), pod("named"));
    let folder = folder(&[
        (".gitignore", b"build/\n"),
        (".cache/pod.yaml", &hidden),
        ("build/pod.yaml", &ignored),
        ("notes.txt", &named),
        ("pod.YML", &plain),
        ("standard.yaml", STANDARD.as_bytes()),
    ]);
    let run = stanchion(&["audit", "."]).within(&folder).run();
    assert!(run.stdout.contains("Pod default/plain"), "{}", run.stdout);
    assert!(run.stdout.contains(" pod.YML:1\n"), "the path is short: {}", run.stdout);
    for passed_over in ["hidden", "ignored", "named"] {
        assert!(!run.stdout.contains(passed_over), "{}", run.stdout);
    }
    let named = stanchion(&["audit", "notes.txt", "build", "standard.yaml"]).within(&folder).run();
    assert!(named.stdout.contains("Pod default/named"), "{}", named.stdout);
    assert!(named.stdout.contains("Pod default/ignored"), "{}", named.stdout);
}

#[test]
fn a_file_that_is_met_twice_counts_once() {
    let args = ["audit", "company", "company/payments", "./company/payments/ledger.yaml", AT];
    let twice = stanchion(&[&args[..], &["--standards", "company/policy"]].concat()).run();
    assert_eq!(twice.stdout.matches("Deployment payments/ledger").count(), 2, "{}", twice.stdout);
    assert!(twice.stdout.contains("Read 15 objects in 12 files"), "{}", twice.stdout);
}

#[test]
fn the_same_files_give_the_same_bytes() {
    for args in [&["audit", "company", AT][..], &["audit", "company", AT, "-o", "json"]] {
        let (one, other) = (stanchion(args).run(), stanchion(args).run());
        assert_eq!(one.stdout, other.stdout);
    }
}

#[test]
fn colours_are_for_terminals_and_for_those_who_insist() {
    let plain = stanchion(&["audit", "company", AT]).run().stdout;
    assert!(!plain.contains('\u{1b}'));
    let forced = stanchion(&["audit", "company", AT]).env("CLICOLOR_FORCE", "1").run().stdout;
    assert!(forced.contains("\u{1b}[1m\u{1b}[31mcritical"), "{forced:?}");
    let refused =
        stanchion(&["audit", "company", AT]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").run().stdout;
    assert_eq!(refused, plain);
    assert_eq!(anstream::adapter::strip_str(&forced).to_string(), plain, "nothing is said by colour alone");
}
