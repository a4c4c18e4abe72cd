//! `stanchion why`

use serde_json::Value;

use crate::program::{AT, snapshot, stanchion};
use crate::schema;

const LEDGER: [&str; 6] = ["why", "deployment/ledger", "company", "-n", "payments", AT];

fn report(args: &[&str]) -> Value {
    let run = stanchion(&[args, &["-o", "json"]].concat()).run();
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn it_says_of_every_control_what_it_says_and_what_comes_of_it() {
    let run = stanchion(&LEDGER).run();
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 100), "{}", run.stdout);
    snapshot!("why", run.stdout);
    assert_eq!((run.stderr.as_str(), run.code), ("", 0), "findings are not its business");
}

#[test]
fn it_finds_what_the_audit_finds_and_leaves_no_control_out() {
    let why = report(&LEDGER);
    let audit = stanchion(&["audit", "company", AT, "-o", "json"]).run().stdout;
    let audit: Value = serde_json::from_str(&audit).unwrap();
    let subjects = audit["subjects"].as_array().unwrap();
    let ledger = subjects.iter().find(|it| it["name"] == "ledger" && it["kind"] == "Deployment").unwrap();
    let standards = why["standards"].as_array().unwrap();
    let controls = || standards.iter().flat_map(|it| it["controls"].as_array().unwrap());
    let found: Vec<&Value> = controls().flat_map(|it| it["findings"].as_array().unwrap()).collect();
    for finding in ledger["findings"].as_array().unwrap() {
        assert!(found.contains(&finding), "{finding}");
    }
    assert!(found.len() >= 4, "{found:?}");
    let passing = controls().filter(|it| it["outcome"] == "pass").count();
    assert_eq!(ledger["passes"], passing);
    for (key, of) in [("tier", "tier"), ("owner", "owner"), ("level", "level")] {
        assert_eq!(why["subject"][key], ledger[of], "{key}");
    }
    assert_eq!(why["outcome"], ledger["outcome"]);
}

#[test]
fn json_keeps_to_its_schema() {
    assert_eq!(schema::problems_by("why", &report(&LEDGER)), Vec::<String>::new());
}

#[test]
fn an_object_is_named_as_kubectl_names_it() {
    for name in ["deploy/ledger", "deployments/ledger", "Deployment/ledger"] {
        let args = ["why", name, "company", "-n", "payments", AT];
        assert_eq!(report(&args)["subject"]["name"], "ledger", "{name}");
    }
    let refused = |name, namespace, words: &str| {
        let run = stanchion(&["why", name, "company", "-n", namespace, AT]).run();
        assert!(run.stderr.contains(words), "{}", run.stderr);
        assert_eq!((run.stdout.as_str(), run.code), ("", 2));
    };
    refused("ledger", "payments", "write a kind and a name, such as deployment/ledger");
    refused("deploy/ledge", "payments", "did you mean `deployment/ledger in payments`?");
    refused("deploy/coredns", "kube-system", "nothing in kube-system is judged");
}
