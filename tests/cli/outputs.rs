//! Where reports go.

use std::path::Path;

use serde_json::{Value, json};

use crate::program::{AT, STANDARD, content, folder, names, privileged, snapshot, stanchion};

#[test]
#[expect(clippy::disallowed_methods, reason = "the program writes files")]
fn one_audit_writes_several_reports() {
    let files = folder(&[("a.yaml", format!("{}---\n{STANDARD}", privileged("a")).as_bytes())]);
    let args = ["audit", "a.yaml", AT, "-o", "wide", "-o", "json=a.json", "-o", "table=a.txt"];
    let run = stanchion(&args).within(&files).env("CLICOLOR_FORCE", "1").run();
    let read = |name: &str| std::fs::read_to_string(files.path().join(name)).unwrap();
    assert_eq!(run.code, 1);
    assert!(run.stdout.starts_with("SEVERITY"), "{}", run.stdout);
    assert!(read("a.json").contains("\"audit.stanchion.dev/v1\""));
    assert!(read("a.txt").starts_with("Pod default/a"), "a file has no colours: {}", read("a.txt"));
}

#[test]
fn reports_that_would_overwrite_one_another_are_refused() {
    let files = folder(&[("a.yaml", privileged("a").as_bytes())]);
    for (args, said) in [
        (["-o", "json", "-o", "table"], "two outputs go to standard output"),
        (["-o", "json=x", "-o", "table=x"], "two outputs go to x"),
        (["-o", "json=nowhere/x", "-o", "table"], "nowhere/x can't be written"),
        (["-o", "json=", "-o", "table"], "name a file after `json=`"),
        (["-o", "yml", "-o", "table"], "no format `yml`"),
    ] {
        let run = stanchion(&[&["audit", "a.yaml"][..], &args].concat()).within(&files).run();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains(said), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn wide_is_a_finding_a_line() {
    snapshot!("company-wide", stanchion(&["audit", "company", AT, "-o", "wide"]).run().stdout);
}

#[test]
fn yaml_is_the_policy_with_its_statuses() {
    let run = stanchion(&["audit", "company", AT, "-o", "yaml"]).run();
    snapshot!("company-yaml", run.stdout);
    assert_eq!((run.stderr.as_str(), run.code), ("", 1));
}

#[test]
fn yaml_is_written_with_every_spec_as_it_was_read() {
    let yaml = stanchion(&["audit", "company", AT, "-o", "yaml"]).run().stdout;
    let written: Vec<Value> = serde_saphyr::from_multiple(&yaml).unwrap();
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/fixtures/company/policy");
    let mut compared = 0;
    for name in names(&policy) {
        for read in serde_saphyr::from_multiple::<Value>(&content(&policy.join(name))).unwrap() {
            let same = |it: &&Value| {
                it["kind"] == read["kind"] && it["metadata"]["name"] == read["metadata"]["name"]
            };
            let Some(it) = written.iter().find(same) else { continue };
            assert_eq!((&it["spec"], &it["metadata"]), (&read["spec"], &read["metadata"]));
            compared += 1;
        }
    }
    assert!(compared >= 3, "{compared} objects were compared");
}

#[test]
fn yaml_says_of_a_standard_that_can_t_be_used_why_not() {
    let standard = STANDARD.replace("pod.privileged", "pod.privileges");
    let run = stanchion(&["audit", "-", "-o", "yaml"]).stdin(standard).run();
    let written: Value = serde_saphyr::from_str(&run.stdout).unwrap();
    let conditions = written["status"]["conditions"].as_array().unwrap();
    let accepted = conditions.iter().find(|it| it["type"] == "Accepted").unwrap();
    assert_eq!(
        (&accepted["status"], &accepted["reason"]),
        (&json!("False"), &json!("InvalidSpec")),
        "{accepted}"
    );
    assert!(accepted["message"].as_str().unwrap().contains("pod.privileges"));
    assert_eq!(run.code, 2);
}

#[test]
fn yaml_has_the_presets_that_judge_and_nothing_that_a_server_set() {
    let cluster = STANDARD.replace("{name: one}", "{name: one, uid: u, resourceVersion: '7', generation: 3}");
    let input = format!("{}---\n{cluster}", privileged("a"));
    let args = ["audit", "-", "--preset", "image-integrity", "-o", "yaml"];
    let yaml = stanchion(&args).stdin(input).run().stdout;
    let written: Vec<Value> = serde_saphyr::from_multiple(&yaml).unwrap();
    let names: Vec<&Value> = written.iter().map(|it| &it["metadata"]["name"]).collect();
    assert_eq!(names, ["image-integrity", "one"]);
    assert_eq!(written[1]["metadata"], json!({"name": "one", "generation": 3}));
    assert_eq!(written[1]["status"]["observedGeneration"], 3);
    assert_eq!(written[1]["status"]["posture"]["failing"], 1);
}

#[test]
fn yaml_of_a_part_is_refused() {
    for filter in ["--tier=tier-0", "--family=pod", "--severity=high", "--namespace=shop"] {
        let run = stanchion(&["audit", "company", filter, "-o", "table", "-o", "yaml=nowhere/x"]).run();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{filter}");
        assert!(run.stderr.contains("leave out the filters"), "{}", run.stderr);
    }
}
