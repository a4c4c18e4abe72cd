//! `stanchion lint`

use serde_json::Value;

use crate::program::{AT, STANDARD, folder, privileged, snapshot, stanchion};
use crate::schema;

fn invalid() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/invalid");
    let names = crate::program::names(&folder);
    names.into_iter().map(|name| (name.clone(), crate::program::content(&folder.join(name)))).collect()
}

/// Words that are the API server's own; ours say the same of the same place.
const OF_THE_API_SERVER: [&str; 6] = [
    " in body",
    ": Duplicate value",
    ": Required value",
    "Unsupported value",
    ": Too many",
    "unknown field \"",
];

#[test]
fn every_invalid_example_is_refused_with_the_words_that_it_expects_or_at_their_place() {
    let run = stanchion(&["lint", "../../../examples/invalid", "-o", "json"]).run();
    assert_eq!(run.code, 1, "{}", run.stderr);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let mut in_the_same_words = 0;
    for (name, yaml) in invalid() {
        let expected = yaml.lines().next().unwrap().strip_prefix("# expect: ").unwrap();
        let of_the_server = OF_THE_API_SERVER.iter().find(|words| expected.contains(*words));
        let wanted = match of_the_server {
            None => expected,
            Some(&"unknown field \"") => expected.trim_start_matches("unknown field ").trim_matches('"'),
            Some(&"Unsupported value") => "is not one of",
            // Of a map the server names the key, and we its place.
            Some(words) => {
                let place = expected.split(words).next().unwrap();
                place.split_once("matchLabels.").map_or(place, |_| "matchLabels[app]")
            }
        };
        in_the_same_words += usize::from(of_the_server.is_none());
        let here: Vec<&str> = findings
            .iter()
            .filter(|it| {
                it["file"].as_str().unwrap().ends_with(&format!("/{name}")) && it["level"] == "error"
            })
            .map(|it| it["message"].as_str().unwrap())
            .collect();
        assert!(here.iter().any(|message| message.contains(wanted)), "{name} expects {wanted}: {here:#?}");
        assert_eq!(here.len(), 1, "{name} has one defect: {here:#?}");
    }
    assert!(in_the_same_words > 20, "only {in_the_same_words} files were about a rule");
}

#[test]
fn valid_examples_presets_and_the_shop_have_no_errors() {
    for folder in ["valid", "presets", "shop"] {
        let path = format!("../../../examples/{folder}");
        let run = stanchion(&["lint", &path, "--at", "2026-11-23T12:00:00Z", "-o", "json"]).run();
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(
            (&report["summary"]["errors"], run.code),
            (&Value::from(0), 0),
            "{folder}: {}",
            run.stdout
        );
    }
}

#[test]
fn the_table_has_a_line_for_each_with_its_place_its_name_and_what_to_do() {
    let run = stanchion(&["lint", "company", "broken", AT]).run();
    snapshot!("lint", run.stdout);
    assert_eq!((run.stderr.as_str(), run.code), ("", 1));
}

#[test]
fn json_is_what_its_schema_says() {
    for path in ["company", "broken"] {
        let run = stanchion(&["lint", path, AT, "-o", "json"]).run();
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(schema::problems_by("lint", &report), Vec::<String>::new(), "{path}");
        assert_eq!(report["summary"]["exitCode"], run.code, "{path}");
    }
}

#[test]
fn warnings_fail_only_where_they_are_asked_to() {
    let files = folder(&[("a.yaml", STANDARD.as_bytes()), ("tier.yaml", TWO_DEFAULTS.as_bytes())]);
    let run = |args: &[&str]| stanchion(args).within(&files).run();
    let lax = run(&["lint", "."]);
    assert!(lax.stdout.contains("[tier-two-defaults]"), "{}", lax.stdout);
    assert_eq!((lax.code, run(&["lint", ".", "--strict"]).code), (0, 1));
    let clean = run(&["lint", "a.yaml", "--strict"]);
    assert_eq!(clean.stdout, "1 standard, tier or exception in 1 file: nothing is wrong\n");
    assert_eq!(clean.code, 0);
}

const TWO_DEFAULTS: &str = "apiVersion: stanchion.dev/v1alpha1\nkind: ServiceTier\nmetadata: {name: one}\n\
    spec: {level: 1, default: true}\n---\napiVersion: stanchion.dev/v1alpha1\nkind: ServiceTier\n\
    metadata: {name: two}\nspec: {level: 2, default: true}\n";

#[test]
fn what_is_not_there_or_holds_nothing_to_lint_ends_with_2() {
    let files = folder(&[("pod.yaml", privileged("app").as_bytes())]);
    let nothing = stanchion(&["lint", "pod.yaml"]).within(&files).run();
    assert!(nothing.stdout.contains("nothing to lint: no SecurityStandard"), "{}", nothing.stdout);
    let missing = stanchion(&["lint", "gone.yaml"]).within(&files).run();
    assert!(missing.stdout.contains("gone.yaml: error: no such file or folder"), "{}", missing.stdout);
    assert_eq!((nothing.code, missing.code), (2, 2));
}

#[test]
fn context_is_read_and_not_warned_about() {
    let alone = stanchion(&["lint", "company/payments/exceptions.yaml", AT]).run();
    assert!(!alone.stdout.contains("exception-matches-nothing"), "no workload is known: {}", alone.stdout);
    let args = ["lint", "company/payments", "--standards", "company/policy", AT];
    let run = stanchion(&args).run();
    assert!(run.stdout.contains("RiskException payments/gone: spec.target"), "{}", run.stdout);
    assert!(!run.stdout.contains("company/policy"), "{}", run.stdout);
}

#[test]
fn an_audit_refuses_what_a_rule_refuses_in_the_same_words() {
    let file = "../../../examples/invalid/standard-starts-at-deny.yaml";
    let lint = stanchion(&["lint", file]).run().stdout;
    let audit = stanchion(&["audit", "company/shop", "--standards", file]).run();
    let problem = audit.stderr.lines().find(|line| line.contains("the first stage must be Audit")).unwrap();
    assert_eq!(lint.lines().next().unwrap().replace("error: ", "").replace(" [rule]", ""), problem);
    assert_eq!(audit.code, 2);
}
