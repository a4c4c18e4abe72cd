//! Our reading of selectors, nodes, network policies and RBAC against upstream's.
//!
//! Upstream's answers come from `upstream`, a program of `tests/controlplane` around the code that the API server, the
//! scheduler and the controllers run. The questions are made at random, but the same in every run; one that is answered
//! in two ways is made smaller until it is easy to read.

// What clippy spares in tests it spares in all of this file.
#![cfg(test)]

#[path = "upstream/conversation.rs"]
mod conversation;
#[path = "support/go.rs"]
mod go;
#[path = "upstream/json.rs"]
mod json;
#[path = "upstream/nodes.rs"]
mod nodes;
#[path = "upstream/policies.rs"]
mod policies;
#[path = "upstream/scenes.rs"]
mod scenes;
#[path = "upstream/selectors.rs"]
mod selectors;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use conversation::{Answer, Conversation};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde::Deserialize as _;
use serde_json::Value;
use stanchion::facts::scheduling::{Taint, Toleration};
use stanchion::facts::{
    BindingKind, Direction, Inventory, NetworkPolicy, Node, Object, ObjectKind, PodSpec, RoleKind, Selector,
    Text, TextMap,
};
use stanchion::relations::rbac::{Identity, Rbac, Request};
use stanchion::relations::scheduling::{may_run_on, tolerates};

/// How many questions of a kind are asked.
const QUESTIONS: u32 = 12_000;
/// How many scenes of roles and bindings, with ten requests each.
const SCENES: u32 = 10_000;
/// So many of a hundred questions have to be answered.
const ANSWERED: u32 = 85;
/// So many of a hundred answers have to be yes, and as many no, for agreement to mean something.
const SHARE: usize = 15;

#[test]
fn label_selectors_match_alike() {
    ask("match", QUESTIONS, &selectors::questions(), |question, answer| {
        let Answer::Match(theirs) = answer else { return Ok(()) };
        // No selector is one that matches nothing.
        let selector = Option::<Selector>::deserialize(&question["selector"]);
        let labels = Option::<TextMap>::deserialize(&question["labels"]).unwrap().unwrap_or_default();
        let ours = selector.map(|selector| selector.is_some_and(|selector| selector.matches(&labels)));
        prop_assert_eq!(ours.as_ref().ok(), Some(theirs), "{:?}", ours);
        Ok(())
    });
}

#[test]
fn taints_are_tolerated_alike() {
    ask("match", QUESTIONS, &nodes::tolerations(), |question, answer| {
        let Answer::Match(theirs) = answer else { return Ok(()) };
        let tolerations = Option::<Vec<Toleration>>::deserialize(&question["tolerations"]).unwrap();
        let taints = Option::<Vec<Taint>>::deserialize(&question["taints"]).unwrap();
        let ours = tolerates(&tolerations.unwrap_or_default(), &taints.unwrap_or_default());
        prop_assert_eq!(ours, *theirs);
        Ok(())
    });
}

#[test]
fn nodes_are_required_alike() {
    ask("match", QUESTIONS, &nodes::affinities(), |question, answer| {
        let pod = PodSpec::deserialize(&question["pod"]).unwrap();
        let node = Node::deserialize(&serde_json::json!({"metadata": question["node"]})).unwrap();
        // A term that can't be read is an error unless another one matches: no node either way.
        let theirs = matches!(answer, Answer::Match(true));
        prop_assert_eq!(may_run_on(&pod, &node), theirs);
        Ok(())
    });
}

#[test]
fn network_policies_isolate_alike() {
    ask("match", QUESTIONS, &policies::questions(), |question, answer| {
        let Answer::PolicyTypes(theirs) = answer else { return Ok(()) };
        let policy = NetworkPolicy::deserialize(&question["policy"]).unwrap();
        for direction in [Direction::Ingress, Direction::Egress] {
            let theirs = theirs.iter().any(|one| one == direction.as_str());
            prop_assert_eq!(policy.isolates(direction), theirs, "{}", direction.as_str());
        }
        Ok(())
    });
}

#[test]
fn requests_are_allowed_alike() {
    ask("authorize", SCENES, &scenes::questions(), |question, answer| {
        let Answer::Allowed(theirs) = answer else { return Ok(()) };
        let rbac = rbac(question);
        let requests = question["requests"].as_array().into_iter().flatten();
        for (request, theirs) in requests.zip(theirs) {
            prop_assert_eq!(is_allowed(&rbac, request), *theirs, "{}", request);
        }
        Ok(())
    });
}

/// The roles and bindings of a scene, as we join them.
fn rbac(scene: &Value) -> Rbac {
    let mut inventory = Inventory::default();
    for (field, kind) in [
        ("clusterRoles", ObjectKind::Role(RoleKind::ClusterRole)),
        ("roles", ObjectKind::Role(RoleKind::Role)),
        ("clusterRoleBindings", ObjectKind::Binding(BindingKind::ClusterRoleBinding)),
        ("roleBindings", ObjectKind::Binding(BindingKind::RoleBinding)),
    ] {
        for (number, written) in scene[field].as_array().into_iter().flatten().enumerate() {
            let mut object = Object::decode(kind, written).unwrap();
            // A scene gives several bindings one name, which no cluster does.
            if let Object::Binding(binding) = &mut object {
                binding.metadata.name = number.to_string().into();
            }
            inventory.put(object);
        }
    }
    Rbac::plain(&inventory)
}

fn is_allowed(rbac: &Rbac, asked: &Value) -> bool {
    let text = |field: &str| asked[field].as_str().unwrap_or_default();
    let groups = asked["groups"].as_array().into_iter().flatten().filter_map(Value::as_str).map(Text::from);
    let who = Identity::user(text("user"), groups);
    let request = if asked["nonResource"] == true {
        Request::Path { verb: text("verb"), path: text("path") }
    } else {
        Request::Resource {
            verb: text("verb"),
            group: text("apiGroup"),
            resource: text("resource"),
            subresource: text("subresource"),
            namespace: text("namespace"),
            name: text("name"),
        }
    };
    rbac.allows(&who, &request).is_some()
}

/// Asks upstream, and has each answer compared. An error is no answer: the API server refuses what it is about.
fn ask(
    command: &str,
    count: u32,
    questions: &BoxedStrategy<Value>,
    compare: impl Fn(&Value, &Answer) -> Result<(), TestCaseError>,
) {
    let conversation = RefCell::new(Conversation::start(command));
    let counts = RefCell::new(BTreeMap::<&str, [usize; 2]>::new());
    let answered = Cell::new(0);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(count) };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let asked = runner.run(questions, |question| {
        let answer = conversation.borrow_mut().ask(&question);
        answered.set(answered.get() + u32::from(!matches!(answer, Answer::Error(_))));
        let mut counts = counts.borrow_mut();
        for (what, yes) in outcomes(&answer) {
            counts.entry(what).or_default()[usize::from(!yes)] += 1;
        }
        compare(&question, &answer)
    });
    conversation.into_inner().end();
    if let Err(failure) = asked {
        panic!("{failure}");
    }
    let counts = counts.into_inner();
    let answered = answered.get();
    println!("{answered} of {count} questions are answered, [yes, no]: {counts:?}");
    assert!(answered >= count * ANSWERED / 100, "only {answered} of {count} questions are answered");
    for (what, [yes, no]) in &counts {
        let share = (yes + no) * SHARE / 100;
        assert!(*yes.min(no) >= share, "{what}: {yes} yes and {no} no say little");
    }
}

/// What counts as an answer of its own: yes or no to what.
fn outcomes(answer: &Answer) -> Vec<(&'static str, bool)> {
    match answer {
        Answer::Match(yes) => vec![("match", *yes)],
        Answer::Allowed(allowed) => allowed.iter().map(|yes| ("allowed", *yes)).collect(),
        Answer::PolicyTypes(types) => {
            let is_about = |direction: &str| types.iter().any(|one| one == direction);
            vec![("ingress", is_about("Ingress")), ("egress", is_about("Egress"))]
        }
        Answer::Error(_) => vec![],
    }
}
