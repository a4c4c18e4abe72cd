//! Whatever the bytes of a review are, they are answered or refused, and what is said keeps to its bounds.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stanchion::admission::message::{LONGEST, LONGEST_TOGETHER};
use stanchion::admission::request::{Request, respond};
use stanchion::admission::stages::Stages;
use stanchion::admission::{Answer, Known, Prepared};
use stanchion::api::Action;
use stanchion::engine::evaluate::Ledger;
use stanchion::engine::rollout::Record;
use stanchion::engine::status::Findings;
use stanchion::facts::object::{Object, Recognition, recognize};
use stanchion::facts::{CustomKinds, Inventory};
use stanchion::manifest::{Limits, read};

use crate::mutate::Source;
use crate::{INPUTS, NOW, corpus, everything, number};

/// A review of each object of the corpus, created and updated from the one before; and the objects as a cluster has them.
fn reviews() -> (Vec<Vec<u8>>, Inventory) {
    let (mut bodies, mut inventory, mut before) = (Vec::new(), Inventory::default(), Value::Null);
    let written = corpus();
    let documents = written.iter().flat_map(|bytes| read("it", bytes, &Limits::default()).documents);
    for document in documents {
        let Recognition::Facts(kind) = recognize(&document.api_version, &document.kind) else { continue };
        if let Ok(object) = Object::decode(kind, &document.node) {
            inventory.put(object);
        }
        let (group, version) = document.api_version.split_once('/').unwrap_or(("", &document.api_version));
        let object = document.node.to_json();
        for (operation, old) in [("CREATE", &Value::Null), ("UPDATE", &before)] {
            let review = json!({
                "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
                    "uid": "7", "operation": operation, "namespace": object["metadata"]["namespace"],
                    "kind": {"group": group, "version": version, "kind": document.kind},
                    "userInfo": {"username": "ana", "groups": ["system:masters"]},
                    "object": object, "oldObject": old,
                },
            });
            bodies.push(serde_json::to_vec(&review).unwrap());
        }
        before = object;
    }
    (bodies, inventory)
}

#[test]
fn whatever_the_bytes_of_a_review_are_it_is_answered_within_bounds() {
    let (bodies, inventory) = reviews();
    assert!(bodies.len() > 300, "{}", bodies.len());
    let mut policy = everything();
    let names: Vec<_> = policy.standards.iter().map(|it| it.name.clone()).collect();
    for name in names {
        let record = Record { action: Action::Deny, since: NOW, watch: None, tripped: None };
        policy.stages.insert((name, "unclassified".into()), record);
    }
    let mut ledger = Ledger::new(&policy, &inventory, NOW);
    let findings = Findings { policy: &policy, assessment: ledger.assessment(), posture: ledger.posture() };
    let (stages, tripped) = (Stages::of(&findings), BTreeSet::new());
    let known = Known {
        policy: &policy,
        inventory: &inventory,
        stages: &stages,
        tripped: &tripped,
        breaks_glass: true,
    };
    let kinds = CustomKinds::default();
    let mut source = Source::new(number("STANCHION_FUZZ_SEED", 1));
    let (mut judged, mut refused, mut said) = (0_u64, 0_u64, 0_u64);
    for round in 0..number("STANCHION_FUZZ", INPUTS) {
        let input = source.input(&bodies);
        let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let request = Request::read(&input).ok()?;
            Some(match Prepared::new(request, &kinds, &policy.settings) {
                Ok(prepared) if prepared.is_about_rights() => prepared.judge_rights(known, &mut ledger, NOW),
                Ok(prepared) => prepared.judge(known, &ledger, NOW),
                Err(_) => Answer::silent(),
            })
        }));
        let Ok(answer) = answer else {
            panic!("input {round} of this seed: {:?}", String::from_utf8_lossy(&input));
        };
        let Some(answer) = answer else {
            refused += 1;
            continue;
        };
        judged += 1;
        said += u64::from(!answer.warnings.is_empty() || !answer.allowed);
        let together: usize = answer.warnings.iter().map(|it| it.chars().count()).sum();
        assert!(together <= LONGEST_TOGETHER, "{:?}", answer.warnings);
        for warning in &answer.warnings {
            let is_fit = warning.chars().count() <= LONGEST && !warning.contains(char::is_control);
            assert!(is_fit, "{warning:?}");
        }
        let message = answer.message.as_ref().map_or(0, |it| it.chars().count());
        assert!(message <= 2 * LONGEST_TOGETHER, "{message}");
        let answered: Value = serde_json::from_slice(&respond("7", answer)).unwrap();
        assert_eq!(answered["response"]["uid"], "7");
    }
    println!("{judged} reviews judged, {said} with something to say, {refused} refused");
    assert!(judged > 100 && refused > 100 && said > 50, "{judged} judged, {said} said, {refused} refused");
}
