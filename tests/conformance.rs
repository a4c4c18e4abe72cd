//! One corpus, several ways in: what a case of `conformance/cases` expects, the engine, the command line and (in
//! `cluster.rs`) the operator must all say, and say alike.
//!
//! A case is a file in the users' own format. `expect` states what the case is about and nothing else; the ways in are
//! compared with each other in full.

#[path = "conformance/case.rs"]
mod case;
#[path = "conformance/compare.rs"]
mod compare;
#[path = "conformance/engine.rs"]
mod engine;
#[path = "conformance/status.rs"]
mod status;

use std::collections::BTreeSet;

use case::Case;
use engine::Objects;
use serde_json::Value;
use stanchion::engine::catalogue;

/// The fewest cases that the corpus has: a folder that isn't found must not pass.
const CASES: usize = 60;

#[test]
fn the_engine_says_what_every_case_expects() {
    let cases = Case::all();
    assert!(cases.len() >= CASES, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let judged = Objects::of(case).judge(case.now);
        let unmet = compare::unmet(&case.expect, &judged.tree);
        if !unmet.is_empty() {
            wrong.push((case.name.clone(), unmet));
        }
    }
    compare::report("the engine", cases.len(), &wrong);
}

#[test]
fn every_control_has_a_case_that_it_fails_and_one_that_it_passes() {
    let mut failed = BTreeSet::new();
    let mut passed = BTreeSet::new();
    for case in Case::all() {
        for (id, outcome) in stated(&case.expect) {
            match outcome.as_str() {
                "Fail" | "Excepted" => drop(failed.insert(id)),
                "Pass" => drop(passed.insert(id)),
                _ => {}
            }
        }
    }
    let lacking = |has: &BTreeSet<String>| -> Vec<&str> {
        catalogue::all().iter().map(|control| control.id).filter(|id| !has.contains(*id)).collect()
    };
    assert_eq!(lacking(&failed), Vec::<&str>::new(), "no case shows these controls fail");
    assert_eq!(lacking(&passed), Vec::<&str>::new(), "no case shows these controls pass");
}

/// The outcomes that a case states: control and outcome.
fn stated(expect: &Value) -> Vec<(String, String)> {
    let objects = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let subjects = objects(&expect["subjects"]);
    let standards = subjects.values().flat_map(|subject| objects(&subject["outcomes"]));
    let controls = standards.flat_map(|(_, controls)| objects(&controls));
    let outcome = |it: &Value| it.as_str().or(it["outcome"].as_str()).unwrap_or_default().to_owned();
    controls.map(|(id, it)| (id, outcome(&it))).collect()
}
