//! `stanchion exception`

use serde_json::Value;

use crate::program::{AT, content, folder, snapshot, stanchion};
use crate::schema;

const REASON: &str = "The vendor ships a release without root in May.";
const LEDGER: [&str; 8] =
    ["exception", "new", "company", "--workload", "deployment/ledger", "-n", "payments", AT];

/// The arguments of a new exception for what runs as root in the ledger.
fn new<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&LEDGER[..], &["--control", "pod.runs-as-root", "--reason", REASON, "--owner", "team-payments"], more]
        .concat()
}

#[test]
fn a_new_exception_names_what_fails_and_ends() {
    let run = stanchion(&new(&["--ticket", "https://tickets.example.com/SEC-1"])).run();
    snapshot!("exception-new", run.stdout);
    assert_eq!(
        run.stderr,
        "it counts once it has 1 approval by somebody else in spec.approvals, and ends 2026-12-23 00:00 UTC\n"
    );
    assert_eq!(run.code, 0);
}

#[test]
fn a_fingerprint_is_one_finding() {
    let args = ["exception", "new", "company", AT, "--fingerprint", "9fdefeece24b4c5b"];
    let run =
        stanchion(&[&args[..], &["--reason", REASON, "--owner", "team-payments", "--days", "7"]].concat())
            .run();
    let written: Value = serde_saphyr::from_str(&run.stdout).unwrap();
    assert_eq!(written["spec"]["controls"], serde_json::json!(["pod.privileged"]));
    assert_eq!(written["spec"]["target"]["containers"], serde_json::json!(["sidecar"]));
    assert_eq!(written["spec"]["expiresAt"], "2026-11-30T00:00:00Z");
    let unknown = stanchion(&["exception", "new", "company", AT, "--fingerprint", "00"]).run();
    assert!(unknown.stderr.contains("no finding has the fingerprint `00`"), "{}", unknown.stderr);
    assert_eq!(unknown.code, 2);
}

#[test]
fn once_it_is_approved_it_excepts_what_it_was_written_for() {
    let run = stanchion(&new(&[])).run();
    let approved = format!("{}  approvals: [{{by: ines@example.com}}]\n", run.stdout);
    let files = folder(&[("new.yaml", approved.as_bytes())]);
    let path = files.path().join("new.yaml");
    let audit = stanchion(&["audit", "company", &path.to_string_lossy(), AT, "-o", "json"]).run();
    let audit: Value = serde_json::from_str(&audit.stdout).unwrap();
    let all = audit["exceptions"].as_array().unwrap();
    let it = all.iter().find(|it| it["name"] == "ledger-runs-as-root-2026-11").unwrap();
    assert_eq!((&it["effect"], &it["findings"]), (&Value::from("Effective"), &Value::from(4)));
}

#[test]
fn nothing_is_written_that_would_be_refused_or_is_not_needed() {
    let refused = |args: &[&str], words: &str| {
        let run = stanchion(args).run();
        assert!(run.stderr.contains(words), "{args:?}: {}", run.stderr);
        assert_eq!((run.stdout.as_str(), run.code), ("", 2), "{args:?}");
    };
    refused(&new(&["--days", "91"]), "lasts at most 90d: give --days 90 or fewer");
    refused(&new(&["--days", "0"]), "give --days 1 or more");
    refused(&new(&["--ticket", "SEC-1"]), "spec.ticket: `SEC-1` must match");
    refused(&new(&["--name", "legacy-root"]), "another one has this name");
    refused(&[&LEDGER[..], &["--control", "pod.runs-as-root"]].concat(), "give --reason and --owner");
    refused(&[&LEDGER[..], &["--control", "pod.rot-user"]].concat(), "did you mean `pod.root-user`?");
    refused(&[&LEDGER[..], &["--control", "pod.host-namespaces"]].concat(), "no exception is needed");
    let at = |workload| {
        [
            "exception",
            "new",
            "company",
            "-n",
            "payments",
            AT,
            "--control",
            "pod.runs-as-root",
            "--workload",
            workload,
        ]
    };
    refused(&at("deployment/ledgr"), "did you mean `deployment/ledger in payments`?");
    refused(&at("ledger"), "write a kind and a name, such as deployment/ledger");
    refused(&at("deployment/legacy"), "payments/legacy-root excepts this already: give --renews legacy-root");
}

#[test]
fn a_file_is_written_once() {
    let files = folder(&[]);
    let path = files.path().join("ledger.yaml");
    let path_text = path.to_string_lossy();
    let first = stanchion(&new(&["--write", &path_text])).run();
    assert_eq!((first.stdout.as_str(), first.code), ("", 0), "{}", first.stderr);
    let written = content(&path);
    assert!(written.starts_with("apiVersion: stanchion.dev/v1alpha1\nkind: RiskException\n"), "{written}");
    let second = stanchion(&new(&["--write", &path_text, "--days", "7"])).run();
    assert!(second.stderr.contains("it must not be there yet"), "{}", second.stderr);
    assert_eq!((second.code, content(&path)), (2, written));
}

#[test]
fn the_list_is_by_ending_and_says_what_does_nothing() {
    let run =
        stanchion(&["exception", "list", "../../../examples/shop", "--at", "2026-11-23T12:00:00Z"]).run();
    snapshot!("exception-list", run.stdout);
    assert_eq!((run.stderr.as_str(), run.code), ("", 0));
    let json = stanchion(&["exception", "list", "company", AT, "-o", "json"]).run();
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(schema::problems_by("exceptions", &json), Vec::<String>::new());
    assert_eq!(json["exceptions"][1]["holds"], true);
}

#[test]
fn verify_fails_if_one_exception_does_not_hold_and_says_why() {
    let verify = |args: &[&str]| stanchion(&[&["exception", "verify"], args].concat()).run();
    let failing = verify(&["company", AT]);
    assert!(
        failing.stdout.contains(
            "exceptions.yaml:15:1: RiskException payments/gone: not effective (MatchesNothing): No workload"
        ),
        "{}",
        failing.stdout
    );
    let ended = verify(&["company", "--at", "2027-01-15"]);
    assert!(ended.stdout.contains("payments/legacy-root: not active (Expired): Ended"), "{}", ended.stdout);
    let alone = verify(&["company/payments/exceptions.yaml", AT]);
    assert!(alone.stderr.contains("give the manifests too"), "{}", alone.stderr);
    assert_eq!((failing.code, ended.code, alone.code), (1, 1, 1));
    let missing = verify(&["gone", AT]);
    assert_eq!(missing.code, 2, "{}", missing.stdout);
    let both = content(
        &std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/cli/fixtures/company/payments/exceptions.yaml"),
    );
    let holds = both.split("---").next().unwrap();
    let files = folder(&[("legacy.yaml", holds.as_bytes())]);
    let path = files.path().join("legacy.yaml");
    let args = ["company/payments/ledger.yaml", "--standards", "company/policy", "--standards"];
    let good = verify(&[&args[..], &[&path.to_string_lossy(), AT]].concat());
    assert_eq!(
        (good.stdout.as_str(), good.code),
        ("1 exception accepted, approved, active and effective\n", 0),
        "{}",
        good.stderr
    );
}

#[test]
fn a_request_is_for_all_that_fails_and_is_not_excepted_and_ends_with_it() {
    let asked = ["deployment/ledger", "company", "-n", "payments", AT];
    let answers = ["--reason", REASON, "--owner", "team-payments"];
    let run = stanchion(&[&["request"], &asked[..], &answers].concat()).run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    let written: Value = serde_saphyr::from_str(&run.stdout).unwrap();
    let why = |more: &[&str]| {
        let run = stanchion(&[&["why", "-o", "json"], &asked[..], more].concat()).run();
        let why: Value = serde_json::from_str(&run.stdout).unwrap();
        let standards = why["standards"].as_array().unwrap().clone();
        let controls = standards.iter().flat_map(|it| it["controls"].as_array().unwrap().clone());
        let failing =
            controls.filter(|it| it["outcome"] == "fail").map(|it| it["id"].as_str().unwrap().to_owned());
        failing.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(written["spec"]["controls"], Value::from(why(&[])));
    let approved = format!("{}  approvals: [{{by: ines@example.com}}]\n", run.stdout);
    let files = folder(&[("new.yaml", approved.as_bytes())]);
    let path = files.path().join("new.yaml");
    let path = path.to_string_lossy();
    assert_eq!(why(&[&path]), Vec::<String>::new());
    let again = stanchion(&[&["request"], &asked[..], &[&path], &answers].concat()).run();
    assert!(again.stderr.contains("no exception is needed"), "{}", again.stderr);
}
