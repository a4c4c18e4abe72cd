//! Whatever changes, one after the other, a ledger that is kept up to date says what a fresh assessment of the end says.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic, and so may its helpers"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use stanchion::api::{RiskException, SecurityStandard, ServiceTier};
use stanchion::engine::catalogue;
use stanchion::engine::control::Heading;
use stanchion::engine::evaluate::{Assessment, Decided, Ledger, assess};
use stanchion::engine::policy::{Policy, Settings};
use stanchion::engine::posture::measure;
use stanchion::facts::object::{Object, ObjectKind, Recognition, recognize};
use stanchion::facts::{Change, Inventory};

const POOL: &str = include_str!("incremental/pool.yaml");
const DECISIONS: &str = include_str!("incremental/decisions.yaml");

/// 2026-11-23T12:00:00Z.
const BEGINNING: Timestamp = Timestamp::constant(1_795_435_200, 0);

fn documents(text: &str) -> Vec<Document> {
    let values: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    values.into_iter().map(Document).collect()
}

/// What a cluster may hold: the pool, several times, and every object of every example.
fn pool() -> Vec<Document> {
    let own = documents(POOL);
    let controls = catalogue::all().iter();
    let examples =
        controls.flat_map(|it| [it.examples(Heading::Violating), it.examples(Heading::Compliant)].concat());
    let ours = |document: &Document| document.0["apiVersion"] == "stanchion.dev/v1alpha1";
    let theirs: Vec<Document> = examples.flat_map(|it| documents(&it)).filter(|it| !ours(it)).collect();
    // Examples stand mostly alone; half of what happens should happen among objects that know each other.
    let times = theirs.len() / own.len() + 1;
    theirs.into_iter().chain(std::iter::repeat_n(own, times).flatten()).collect()
}

/// An object, in one line.
#[derive(Clone)]
struct Document(Value);

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// An object of the pool is there as it is written.
    Put(Document),
    /// It is not there.
    Remove(Document),
    /// Somebody decides something.
    Decide(Document),
    /// Somebody takes it back.
    Revoke(Document),
    /// Hours go by, or a clock is set back.
    Wait(i64),
    /// What changed up to here is evaluated.
    Evaluate,
}

fn step(objects: Vec<Document>, decisions: Vec<Document>) -> impl Strategy<Value = Step> {
    let (objects, decisions) = (select(objects), select(decisions));
    prop_oneof![
        8 => objects.clone().prop_map(Step::Put),
        3 => objects.prop_map(Step::Remove),
        2 => decisions.clone().prop_map(Step::Decide),
        1 => decisions.prop_map(Step::Revoke),
        1 => (-5_i64..30).prop_map(Step::Wait),
        6 => Just(Step::Evaluate),
    ]
}

/// A cluster, and what people decided.
struct Cluster {
    /// Whether it is one, or a set of files.
    is_live: bool,
    inventory: Inventory,
    decisions: BTreeMap<(String, String, String), Value>,
    now: Timestamp,
    changes: Vec<Change>,
    decided: Decided,
}

impl Cluster {
    fn new(is_live: bool) -> Self {
        let all: Vec<Value> = catalogue::all().iter().map(|it| json!({"id": it.id})).collect();
        let standard = json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": "all"},
            "spec": {"title": "everything", "owner": "security", "controls": all},
        });
        let mut cluster = Self {
            is_live,
            inventory: Inventory::default(),
            decisions: BTreeMap::new(),
            now: BEGINNING,
            changes: Vec::new(),
            decided: Decided::default(),
        };
        cluster.decide(&standard);
        if is_live {
            cluster.put(&documents(POOL).last().unwrap().0);
        }
        cluster
    }

    fn decode(&self, document: &Value) -> Option<Object> {
        let mut document = document.clone();
        if self.is_live {
            document["metadata"]["uid"] = json!("of-the-api-server");
            document["metadata"]["resourceVersion"] = json!("1");
        }
        let known = recognize(document["apiVersion"].as_str()?, document["kind"].as_str()?);
        let Recognition::Facts(kind) = known else { return None };
        Object::decode(kind, &document).ok()
    }

    fn put(&mut self, document: &Value) {
        if let Some(object) = self.decode(document) {
            self.changes.extend(self.inventory.put(object));
        }
    }

    fn remove(&mut self, document: &Value) {
        let Some(object) = self.decode(document) else { return };
        let Some(meta) = object.meta() else { return };
        let kind: ObjectKind = object.kind();
        let namespace = meta.namespace.clone().filter(|_| kind.is_namespaced()).unwrap_or_default();
        // What makes it a cluster stays, as it does in every cluster.
        if self.is_live && meta.name == "system:basic-user" {
            return;
        }
        self.changes.extend(self.inventory.remove(kind, &namespace, &meta.name));
    }

    fn note(&mut self, document: &Value) -> (String, String, String) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let meta = &document["metadata"];
        let key = (text(&document["kind"]), text(&meta["namespace"]), text(&meta["name"]));
        if key.0 == "RiskException" {
            self.decided.exceptions.insert((key.1.as_str().into(), key.2.as_str().into()));
        } else {
            self.decided.rules = true;
        }
        key
    }

    fn decide(&mut self, document: &Value) {
        let key = self.note(document);
        self.decisions.insert(key, document.clone());
    }

    fn revoke(&mut self, document: &Value) {
        let key = self.note(document);
        self.decisions.remove(&key);
    }

    fn policy(&self) -> Policy {
        fn of<T: serde::de::DeserializeOwned>(
            all: &BTreeMap<(String, String, String), Value>,
            kind: &str,
        ) -> Vec<T> {
            let own = all.iter().filter(|(key, _)| key.0 == kind);
            own.map(|(_, document)| serde_json::from_value(document.clone()).unwrap()).collect()
        }
        let standards: Vec<SecurityStandard> = of(&self.decisions, "SecurityStandard");
        let tiers: Vec<ServiceTier> = of(&self.decisions, "ServiceTier");
        let exceptions: Vec<RiskException> = of(&self.decisions, "RiskException");
        let (policy, refused) = Policy::compile(&standards, &tiers, &exceptions, Settings::default());
        assert_eq!(refused, []);
        policy
    }
}

fn outcomes(assessment: &Assessment) -> Vec<String> {
    assessment
        .subjects
        .iter()
        .map(|(key, it)| format!("{key} {:?} {:?} {:?} {:?}", it.tier, it.owner, it.outcomes, it.uses))
        .collect()
}

fn check(ledger: &Ledger, cluster: &Cluster) -> Result<(), TestCaseError> {
    let policy = cluster.policy();
    let mut fresh = assess(&policy, &cluster.inventory, cluster.now);
    let posture = measure(&policy, &fresh);
    for assessed in fresh.subjects.values_mut() {
        Arc::make_mut(assessed).details.clear();
    }
    // Outcomes first: they are shorter to read.
    let (kept, anew) = (outcomes(ledger.assessment()), outcomes(&fresh));
    for (kept, anew) in kept.iter().zip(&anew) {
        if kept != anew {
            let ids: Vec<&str> =
                policy.standards.iter().flat_map(|it| &it.controls).map(|it| it.control.id).collect();
            let subject = ledger.assessment().subjects.iter().zip(&fresh.subjects).find(|(a, b)| a != b);
            let ((key, kept), (_, anew)) = subject.unwrap();
            let differing: BTreeSet<_> = ids
                .iter()
                .zip(kept.outcomes.iter().zip(&anew.outcomes))
                .filter(|(_, (a, b))| a != b)
                .collect();
            prop_assert!(false, "{key} is kept as {kept:?}, and is {anew:?}: {differing:?}");
        }
    }
    prop_assert_eq!(kept.len(), anew.len());
    prop_assert_eq!(&ledger.assessment().exceptions, &fresh.exceptions);
    prop_assert_eq!(ledger.assessment(), &fresh);
    prop_assert_eq!(ledger.posture(), &posture);
    Ok(())
}

/// How many subjects were judged, and how many would have been by judging everything each time.
fn follow(is_live: bool, steps: &[Step]) -> Result<(usize, usize), TestCaseError> {
    let mut cluster = Cluster::new(is_live);
    let mut ledger = Ledger::new(&cluster.policy(), &cluster.inventory, cluster.now);
    cluster.changes.clear();
    cluster.decided = Decided::default();
    let (mut judged, mut all) = (0, 0);
    for step in steps.iter().chain([&Step::Evaluate]) {
        match step {
            Step::Put(document) => cluster.put(&document.0),
            Step::Remove(document) => cluster.remove(&document.0),
            Step::Decide(document) => cluster.decide(&document.0),
            Step::Revoke(document) => cluster.revoke(&document.0),
            Step::Wait(hours) => cluster.now += SignedDuration::from_hours(*hours),
            Step::Evaluate => {
                let changes = std::mem::take(&mut cluster.changes);
                let decided = std::mem::take(&mut cluster.decided);
                judged +=
                    ledger.update(&cluster.policy(), &cluster.inventory, &changes, &decided, cluster.now);
                all += ledger.assessment().subjects.len();
                check(&ledger, &cluster)?;
            }
        }
    }
    Ok((judged, all))
}

#[expect(
    clippy::disallowed_methods,
    reason = "how many cases are tried is a setting of whoever runs the tests"
)]
fn run(is_live: bool) {
    let (pool, decisions) = (pool(), documents(DECISIONS));
    let cases = std::env::var("STANCHION_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(16);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let steps = vec(step(pool, decisions), 1..120);
    let seen = std::cell::Cell::new((0, 0));
    let result = runner.run(&steps, |steps| {
        let (judged, all) = follow(is_live, &steps)?;
        seen.set((seen.get().0 + judged, seen.get().1 + all));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let (judged, all) = seen.get();
    assert!(
        !is_live || judged * 10 < all * 9,
        "{judged} judged of {all}: nearly everything, nearly every time"
    );
}

#[test]
fn a_cluster_followed_change_by_change_is_judged_as_it_stands() {
    run(true);
}

#[test]
fn files_followed_change_by_change_are_judged_as_they_stand() {
    run(false);
}
