//! One corpus, several ways in: what a case of `conformance/cases` expects, the engine, the command line and (in
//! `cluster.rs`) the operator must all say, and say alike.
//!
//! A case is a file in the users' own format. `expect` states what the case is about and nothing else; the ways in are
//! compared with each other in full.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test may panic, and so may its helpers"
)]

#[path = "conformance/case.rs"]
#[expect(dead_code, reason = "an API server is asked in the cluster tests")]
mod case;
#[path = "conformance/command_line.rs"]
mod command_line;
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
use stanchion::api::Kind;
use stanchion::api::schema::{unknown_fields, validate};
use stanchion::engine::catalogue;
use stanchion::engine::control::{Heading, Scene, Subject};
use stanchion::engine::evaluate::{Ledger, Preview};
use stanchion::engine::needs::looks_at;
use stanchion::facts::Inventory;
use stanchion::facts::object::{Object, ObjectKind, Recognition, recognize};
use stanchion::manifest::{Limits, read};
use stanchion::relations::Relations;

/// The fewest cases that the corpus has: a folder that isn't found must not pass.
const CASES: usize = 60;

/// When scenes are judged for which no case gives a time.
const NOW: jiff::Timestamp = jiff::Timestamp::constant(1_795_435_200, 0);

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
fn what_a_control_does_not_look_at_makes_no_difference() {
    let mut compared = 0;
    for (name, objects) in scenes() {
        let inventory = inventory(&objects, None);
        let kinds: BTreeSet<ObjectKind> = objects.iter().map(Object::kind).collect();
        for kind in kinds {
            let rest: Vec<&Object> = objects.iter().filter(|it| it.kind() != kind).collect();
            let without = self::inventory(&objects, Some(kind));
            let (all, less) = (Relations::new(&inventory), Relations::new(&without));
            for control in catalogue::all().iter().filter(|it| !looks_at(it, kind)) {
                let Ok(check) = (control.compile)(&serde_json::Map::new()) else { continue };
                for subject in rest.iter().filter_map(|it| Subject::of(it)) {
                    let judge = |facts| check.judge(subject, &Scene::new(facts, NOW));
                    let id = control.id;
                    assert_eq!(
                        judge(&less),
                        judge(&all),
                        "{name}: {id} looks at {kind}: see engine/needs.rs"
                    );
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 10_000, "only {compared} judgements were compared");
}

/// The objects of every case, and those of all examples of a control together.
fn scenes() -> Vec<(String, Vec<Object>)> {
    let cases = Case::all().into_iter().map(|case| {
        let texts: Vec<String> = case.manifests.into_iter().map(|(_, text)| text).collect();
        (case.name, texts)
    });
    let examples = catalogue::all().iter().map(|control| {
        let of = |heading| control.examples(heading);
        (control.id.to_owned(), [of(Heading::Violating), of(Heading::Compliant)].concat())
    });
    let facts = |text: &String| {
        let reading = read("a scene", text.as_bytes(), &Limits::default());
        let decoded = reading.documents.into_iter().filter_map(|document| {
            match recognize(&document.api_version, &document.kind) {
                Recognition::Facts(kind) => Object::decode(kind, &document.node).ok(),
                _ => None,
            }
        });
        decoded.filter(|it| it.meta().is_some()).collect::<Vec<_>>()
    };
    cases.chain(examples).map(|(name, texts)| (name, texts.iter().flat_map(facts).collect())).collect()
}

fn inventory(objects: &[Object], without: Option<ObjectKind>) -> Inventory {
    let mut inventory = Inventory::default();
    objects.iter().filter(|it| Some(it.kind()) != without).for_each(|it| drop(inventory.add(it.clone())));
    inventory
}

#[test]
fn a_review_says_what_the_engine_says() {
    let mut compared = 0;
    for case in &Case::all() {
        let objects = Objects::of(case);
        let inventory = objects.inventory.clone();
        let judged = objects.judge(case.now);
        let ledger = Ledger::new(&judged.policy, &inventory, case.now);
        let preview = Preview::new(&judged.policy, &inventory, &ledger, case.now);
        // Files may hold an object twice; an API server never does.
        let twice = judged.assessment.subjects.keys().any(|key| key.instance > 0);
        for (key, assessed) in judged.assessment.subjects.iter().filter(|_| !twice) {
            let object = match inventory.workload(key) {
                Some(workload) => Object::Workload(Box::new(workload.clone())),
                None => inventory.get(key.kind, &key.namespace, &key.name).unwrap().clone(),
            };
            let expected = Some(&**assessed);
            assert_eq!(preview.again(key).as_ref(), expected, "{}: {key} as it is", case.name);
            assert_eq!(preview.judge(&object).as_ref(), expected, "{}: {key} as it is wanted", case.name);
            compared += 1;
        }
    }
    assert!(compared > 200, "only {compared} subjects were compared");
}

#[test]
fn the_command_line_says_what_the_engine_says() {
    let cases = Case::all();
    let mut wrong = Vec::new();
    for case in &cases {
        let folder = tempfile::tempdir().unwrap();
        let judged = Objects::of(case).judge(case.now);
        let (report, resources) = command_line::audit(case, folder.path());
        let mut ours = command_line::expected(&judged);
        let theirs = command_line::reported(&report);
        let problems = told(&report["problems"]);
        // Like an API server, the command line doesn't let in what a rule refuses; the engine takes it, and doesn't count it.
        let (refused, problems): (Vec<&str>, Vec<&str>) =
            problems.into_iter().partition(|it| is_refused_by_a_rule_alone(case, &judged.tree, it));
        if let Some(exceptions) = ours["exceptions"].as_object_mut() {
            exceptions.retain(|name, _| {
                let object = format!("RiskException {name}: ");
                !refused.iter().any(|problem| problem.starts_with(&object))
            });
        }
        let mut differences = compare::disagreements(("the engine", &ours), ("the command line", &theirs));
        differences.extend(untold(&judged.tree, &problems));
        let written = command_line::statuses(&resources);
        let made = shown_in(&written, case, &judged.tree);
        differences.extend(compare::disagreements(("the engine's status", &made), ("-o yaml", &written)));
        differences.extend(refused_by_schemas(&resources));
        if !differences.is_empty() {
            wrong.push((case.name.clone(), differences));
        }
    }
    compare::report("the command line", cases.len(), &wrong);
}

/// The statuses of the engine. Of what the files' own schema refuses there is no resource to be written.
fn shown_in(written: &Value, case: &Case, tree: &Value) -> Value {
    let refused = tree["refused"].as_object().unwrap();
    let part = |part: &str| -> Value {
        let is_refused = |name: &String| {
            case.refused.is_some() || refused.keys().any(|it| it.ends_with(&format!(" {name}")))
        };
        let all = tree[part].as_object().unwrap().clone().into_iter();
        Value::Object(all.filter(|(name, _)| !written[part][name].is_null() || !is_refused(name)).collect())
    };
    ["standards", "tiers", "exceptions"].into_iter().map(|it| (it.to_owned(), part(it))).collect()
}

/// What our own definitions say against resources.
fn refused_by_schemas(resources: &[Value]) -> Vec<String> {
    let errors = |it: &Value| {
        let kind = Kind::of(it).unwrap();
        let unknown = unknown_fields(kind, it).into_iter().map(|it| it.path);
        let told: Vec<String> = validate(kind, it).iter().map(ToString::to_string).chain(unknown).collect();
        told.into_iter().map(move |error| format!("{}: {error}", it["metadata"]["name"])).collect::<Vec<_>>()
    };
    resources.iter().flat_map(errors).collect()
}

/// The messages of a report.
fn told(problems: &Value) -> Vec<&str> {
    problems.as_array().unwrap().iter().filter_map(|it| it["message"].as_str()).collect()
}

/// Whether a problem is in the words with which an API server refuses an object of the case that the engine can use.
fn is_refused_by_a_rule_alone(case: &Case, tree: &Value, problem: &str) -> bool {
    let can_use_all = ["refused", "unreadable"].iter().all(|it| tree[*it].as_object().unwrap().is_empty());
    can_use_all && case.refused.as_ref().is_some_and(|words| problem.contains(words))
}

/// Objects that the engine could not use and the command line says nothing of, and the other way round.
fn untold(tree: &Value, problems: &[&str]) -> Vec<String> {
    let listed = |field: &str| tree[field].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let unused = [listed("refused"), listed("unreadable")].concat();
    // Where no namespace is written none is told.
    let named = |object: &str, problem: &str| {
        let (kind, name) = object.split_once(' ').unwrap();
        problem.starts_with(kind) && problem.contains(name.rsplit('/').next().unwrap())
    };
    let mut differences = Vec::new();
    for object in &unused {
        if !problems.iter().any(|problem| named(object, problem)) {
            differences
                .push(format!("{object}: the engine can't use it, the command line tells {problems:?}"));
        }
    }
    for problem in problems {
        if !unused.iter().any(|object| named(object, problem)) {
            differences.push(format!("only the command line has a problem: {problem}"));
        }
    }
    differences
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
