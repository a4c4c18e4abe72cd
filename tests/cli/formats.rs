//! `stanchion audit -o sarif`, `junit`, `github`, `gitlab`, `markdown`, `policyreport`, `openreports`.
//!
//! That they keep to what others publish is for `tests/published.rs`; JUnit's schema needs no network and is here.

#[cfg(feature = "operator")]
#[path = "formats/cluster.rs"]
mod cluster;
#[path = "formats/documents.rs"]
mod documents;
#[path = "formats/hostile.rs"]
mod hostile;
#[path = "formats/junit.rs"]
mod junit;
#[path = "formats/markdown.rs"]
mod markdown;

use serde_json::Value;

use crate::program::{AT, privileged, snapshot, stanchion};

/// What the program writes of the company in this form.
fn company(format: &str) -> String {
    stanchion(&["audit", "company", AT, "-o", format]).run().stdout
}

#[test]
fn sarif_is_what_it_was() {
    let mut log: Value = serde_json::from_str(&company("sarif")).unwrap();
    let driver = &mut log["runs"][0]["tool"]["driver"];
    driver["version"] = "[version]".into();
    driver["semanticVersion"] = "[version]".into();
    // A rule's help is its control's page, which has a test of its own.
    for rule in driver["rules"].as_array_mut().unwrap() {
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("\n## How to fix\n"));
        assert!(rule["help"]["text"].as_str().unwrap().contains("\nHow to fix\n"));
        rule["help"] = "[help]".into();
    }
    snapshot!("company-sarif", serde_json::to_string_pretty(&log).unwrap());
}

#[test]
fn junit_is_what_it_was() {
    snapshot!("company-junit", company("junit"));
}

#[test]
fn workflow_commands_are_what_they_were() {
    snapshot!("company-github", company("github"));
}

#[test]
fn code_quality_is_what_it_was() {
    snapshot!("company-gitlab", company("gitlab"));
}

#[test]
fn the_comment_is_what_it_was() {
    snapshot!("company-markdown", company("markdown"));
}

#[test]
fn reports_are_what_they_were() {
    snapshot!("company-policyreport", company("policyreport"));
    let other = company("openreports");
    let alike = company("policyreport")
        .replace("wgpolicyk8s.io/v1alpha2", "openreports.io/v1alpha1")
        .replace("kind: PolicyReport", "kind: Report")
        .replace("summary:\n", "source: stanchion\nsummary:\n");
    assert_eq!(other, alike, "both dialects say the same");
}

#[test]
fn github_shows_ten_of_a_level_so_the_tenth_says_how_many_more() {
    let pods: Vec<String> = (10..23).map(|number| privileged(&format!("pod-{number}"))).collect();
    let run = stanchion(&["audit", "-", "--preset", "pod-security-baseline", "-o", "github"])
        .stdin(pods.join("---\n"))
        .run();
    let errors: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(errors.len(), 10, "{}", run.stdout);
    assert!(errors[0].contains("title=pod.privileged%3A Container is privileged::Pod default/pod-10: "));
    assert!(errors[9].contains("::4 more of this level"), "{}", errors[9]);
    assert!(!run.stdout.contains("file="), "standard input is no file: {}", run.stdout);
}

#[test]
fn files_are_named_from_where_the_program_runs() {
    let folder = crate::program::folder(&[("shop/pod.yaml", privileged("a").as_bytes())]);
    let absolute = folder.path().canonicalize().unwrap().join("shop/pod.yaml");
    for format in ["github", "gitlab", "junit"] {
        let args = ["audit", absolute.to_str().unwrap(), "-o", format, "--preset", "pod-security-baseline"];
        let text = stanchion(&args).within(&folder).run().stdout;
        assert!(text.contains("shop/pod.yaml") && !text.contains("/shop/pod.yaml"), "{format}: {text}");
    }
}

#[test]
fn what_could_not_be_read_fails_in_every_form() {
    for (format, wanted) in [
        ("sarif", "\"executionSuccessful\": false"),
        ("junit", "<error type=\"error\" message="),
        ("github", "::error file=broken/"),
        ("gitlab", "\"check_name\": \"stanchion.problem\""),
        ("markdown", "## Stanchion: the audit is not complete"),
    ] {
        let run = stanchion(&["audit", "broken", "-o", format]).run();
        assert_eq!(run.code, 2);
        assert!(run.stdout.contains(wanted), "{format}: {}", run.stdout);
    }
}
