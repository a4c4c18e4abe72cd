//! Laws that the engine keeps for whatever it is given.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic, and so may its helpers"
)]

#[path = "laws/scene.rs"]
mod scene;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use scene::{NOW, Scene, scene};
use serde_json::{Value, json};
use stanchion::engine::catalogue;
use stanchion::engine::control::{self, Check, Subject, Verdict};
use stanchion::engine::evaluate::{Assessment, Outcome};
use stanchion::engine::exception::Life;
use stanchion::facts::object::{Object, ObjectKind};
use stanchion::facts::{Inventory, WorkloadKind};
use stanchion::relations::Relations;

/// The findings of an assessment, excused or not, by what tells them apart.
fn findings(assessment: &Assessment) -> BTreeSet<String> {
    let details = assessment.subjects.values().flat_map(|subject| &subject.details);
    details
        .flat_map(|detail| {
            detail.findings.iter().map(move |it| format!("{} {}", detail.standard, it.fingerprint))
        })
        .collect()
}

fn outcomes(assessment: &Assessment) -> BTreeMap<String, Vec<Outcome>> {
    assessment.subjects.iter().map(|(key, subject)| (format!("{key:?}"), subject.outcomes.to_vec())).collect()
}

/// Whether a stricter word was replaced by a milder one only where something was excused.
fn only_excused(without: Outcome, with: Outcome) -> bool {
    without == with || (without == Outcome::Fail && with == Outcome::Excepted)
}

/// Laws about nothing hold easily.
#[test]
fn scenes_hold_what_the_laws_are_about() {
    let mut runner = TestRunner::deterministic();
    let mut outcomes_seen = BTreeSet::new();
    let mut lives = BTreeSet::new();
    let (mut overbroad, mut suspended) = (false, false);
    for _ in 0..300 {
        let scene = scene().new_tree(&mut runner).unwrap().current();
        let assessment = scene.judge();
        for subject in assessment.subjects.values() {
            outcomes_seen.extend(subject.outcomes.iter().copied());
        }
        for exception in &assessment.exceptions {
            lives.insert(exception.life);
            overbroad |= exception.overbroad;
            suspended |= !exception.failed_compensations.is_empty();
        }
    }
    let outcomes =
        [Outcome::NotApplicable, Outcome::Pass, Outcome::Excepted, Outcome::Unknown, Outcome::Fail];
    assert_eq!(outcomes_seen, BTreeSet::from(outcomes));
    let wanted = [Life::OutOfBounds, Life::Expired, Life::NotApproved, Life::ExpiringSoon, Life::Active];
    assert!(wanted.iter().all(|life| lives.contains(life)), "{lives:?}");
    assert!(overbroad && suspended, "overbroad {overbroad}, suspended {suspended}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_exception_adds_no_finding_and_changes_nothing_but_a_failure(scene in scene()) {
        let with = scene.judge();
        let without = Scene { exceptions: Vec::new(), ..scene }.judge();
        prop_assert_eq!(findings(&with), findings(&without));
        let (with, without) = (outcomes(&with), outcomes(&without));
        for (subject, outcomes) in &without {
            for (without, with) in outcomes.iter().zip(&with[subject]) {
                prop_assert!(only_excused(*without, *with), "{subject}: {without:?} became {with:?}");
            }
        }
    }

    #[test]
    fn an_exception_excuses_nothing_outside_of_its_namespace(scene in scene()) {
        let without = Scene { exceptions: Vec::new(), ..scene.clone() }.judge();
        let mut one = scene;
        one.exceptions.retain(|it| it.metadata.namespace.as_deref() == Some("shop"));
        let with = one.judge();
        for (key, subject) in without.subjects.iter().filter(|(key, _)| key.namespace != "shop") {
            prop_assert_eq!(&subject.outcomes, &with.subjects[key].outcomes, "{:?}", key);
        }
    }

    #[test]
    fn an_expired_exception_is_as_good_as_none(scene in scene()) {
        let later = scene::END;
        let expired = scene.judge_at(later);
        let absent = Scene { exceptions: Vec::new(), ..scene }.judge_at(later);
        prop_assert_eq!(outcomes(&expired), outcomes(&absent));
    }

    #[test]
    fn the_order_of_what_is_given_does_not_matter(scene in scene(), by in 1_usize..5) {
        let mut turned = scene.clone();
        turned.workloads.rotate_left(by % scene.workloads.len());
        turned.standards.reverse();
        turned.tiers.reverse();
        let half = turned.exceptions.len() / 2;
        turned.exceptions.rotate_left(half);
        prop_assert_eq!(scene.statuses(), turned.statuses());
        prop_assert_eq!(scene.judge(), turned.judge());
    }

    #[test]
    fn a_more_critical_tier_removes_no_finding(scene in scene()) {
        let mut raised = scene.clone();
        for workload in &mut raised.workloads {
            workload["metadata"]["labels"]["stanchion.dev/tier"] = json!("0");
        }
        let (before, after) = (findings(&scene.judge()), findings(&raised.judge()));
        prop_assert!(before.is_subset(&after), "{:?} are gone", before.difference(&after));
    }

    #[test]
    fn a_more_critical_tier_excuses_nothing_more(scene in scene()) {
        // The bounds of exceptions get narrower with each tier here, as they do where tiers make sense.
        let mut raised = scene.clone();
        for workload in &mut raised.workloads {
            workload["metadata"]["labels"]["stanchion.dev/tier"] = json!("0");
        }
        let (before, after) = (outcomes(&scene.judge()), outcomes(&raised.judge()));
        for (subject, outcomes) in &before {
            for (before, after) in outcomes.iter().zip(&after[subject]) {
                prop_assert!(*before != Outcome::Fail || *after == Outcome::Fail, "{subject} is excused");
            }
        }
    }

    #[test]
    fn the_same_gives_the_same_bytes(scene in scene()) {
        prop_assert_eq!(scene.statuses().to_string(), scene.clone().statuses().to_string());
    }

    #[test]
    fn a_status_that_was_written_stays_as_it_is(scene in scene()) {
        let written = scene.with_statuses();
        prop_assert_eq!(written.with_statuses(), written);
    }

    #[test]
    fn every_subject_is_counted_once(scene in scene()) {
        for posture in scene.measure().standards {
            let counts = posture.counts;
            prop_assert_eq!(
                counts.evaluated,
                counts.compliant + counts.excepted + counts.failing + counts.unknown
            );
            let tiers: u64 = posture.tiers.values().map(|counts| counts.evaluated).sum();
            prop_assert_eq!(counts.evaluated, tiers);
        }
    }

    #[test]
    fn a_deployment_is_judged_as_a_pod_of_its_template(template in scene::template()) {
        // What these look at is no part of a template.
        let of_the_kind = ["pod.bare", "pod.no-disruption-budget", "pod.single-replica"];
        let pod = json!({"metadata": template["metadata"], "spec": template["spec"]});
        let deployment = json!({"metadata": {"name": "it"}, "spec": {"template": template}});
        for control in catalogue::all().iter().filter(|control| !of_the_kind.contains(&control.id)) {
            let check = (control.compile)(&serde_json::Map::new()).unwrap();
            let [pod, deployment] = [(WorkloadKind::Pod, &pod), (WorkloadKind::Deployment, &deployment)]
                .map(|(kind, object)| verdict(&check, kind, object));
            prop_assert_eq!(pod, deployment, "{}", control.id);
        }
    }

    #[test]
    fn nothing_that_is_json_makes_the_engine_panic(object in scene::anything(), scene in scene()) {
        for kind in ObjectKind::all() {
            let Ok(decoded) = Object::decode(kind, &object) else { continue };
            let mut inventory = Inventory::default();
            inventory.put(decoded.clone());
            let relations = Relations::new(&inventory);
            for control in catalogue::all() {
                let check = (control.compile)(&serde_json::Map::new()).unwrap();
                if let Some(subject) = Subject::of(&decoded) {
                    let _ = check.judge(subject, &control::Scene::new(&relations, NOW));
                }
            }
        }
        let mut scene = scene;
        scene.workloads.push(object);
        let _ = scene.statuses();
    }

    #[test]
    fn no_parameter_makes_a_control_panic(value in scene::anything(), template in scene::template()) {
        let pod = json!({"metadata": template["metadata"], "spec": template["spec"]});
        for control in catalogue::all() {
            let schema = Value::from((control.parameters)());
            let names = schema["properties"].as_object().cloned().unwrap_or_default();
            for name in names.keys() {
                let given = serde_json::Map::from_iter([(name.clone(), value.clone())]);
                if let Ok(check) = (control.compile)(&given) {
                    let _ = verdict(&check, WorkloadKind::Pod, &pod);
                }
            }
        }
    }
}

/// The verdict, with the findings told apart by container, place within the pod, and message.
fn verdict(check: &Check, kind: WorkloadKind, object: &Value) -> (String, Vec<String>) {
    let Object::Workload(workload) = Object::decode(ObjectKind::Workload(kind), object).unwrap() else {
        panic!("{kind} is a workload")
    };
    let inventory = Inventory::default();
    let relations = Relations::new(&inventory);
    let verdict = check.judge(Subject::Workload(&workload), &control::Scene::new(&relations, NOW));
    let template = workload.template_path().to_string();
    let place =
        |path: String| path.strip_prefix(&template).unwrap_or(&path).trim_start_matches('.').to_owned();
    match verdict {
        Verdict::Fail(findings) => {
            let one = |it: stanchion::engine::control::Finding| {
                let place = place(it.path.to_string());
                format!("{:?} {place} {:?} {:?} {}", it.container, it.discriminator, it.value, it.message)
            };
            ("fail".to_owned(), findings.into_iter().map(one).collect())
        }
        other => (format!("{other:?}"), Vec::new()),
    }
}
