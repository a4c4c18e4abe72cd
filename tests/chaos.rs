//! Two operators on a real API server, while everything goes wrong that can: whatever happened, at rest the statuses are
//! what a fresh audit of the cluster says, and nobody wrote who did not lead.
//!
//! `STANCHION_CHAOS_SECONDS=3600` goes on for longer, `STANCHION_CHAOS_SEED` repeats what a run drew. Time and the machine
//! are no part of a seed: a run is alike, not the same.

#![cfg(feature = "operator")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic, and so may its helpers"
)]

#[path = "support/controlplane.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod controlplane;
#[path = "chaos/history.rs"]
mod history;
#[path = "cluster/operator.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod operator;
#[path = "chaos/people.rs"]
mod people;
#[path = "cluster/plane.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod plane;
#[path = "chaos/proxy.rs"]
mod proxy;
#[path = "chaos/scene.rs"]
mod scene;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use history::History;
use people::People;
use plane::{Cluster, cluster, eventually_within, now};
use scene::{EVENTS, Scene};
use serde_json::Value;
use stanchion::manifest::{Limits, read};

/// How long things go wrong; longer, until everything has happened once.
const SECONDS: u64 = 75;

/// How long it may take to come to rest: a watch that failed often is begun again half a minute later at most.
const REST: Duration = Duration::from_secs(240);

#[test]
fn whatever_went_wrong_the_statuses_are_what_a_fresh_audit_says_and_only_the_leader_wrote() {
    let seed = number("STANCHION_CHAOS_SEED").unwrap_or_else(|| plane::clock().as_second().unsigned_abs());
    println!("STANCHION_CHAOS_SEED={seed}");
    let cluster = cluster();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut people = runtime.block_on(People::by(&cluster.plane.kubeconfig("admin"), seed));
    runtime.block_on(people.settle());

    let history = Arc::new(History::default());
    let mut scene = Scene::open(&cluster, seed, &history);
    scene.disturb(true);
    let changes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&changes);
    let busy = runtime.spawn(async move {
        people.go_on(|| _ = counted.fetch_add(1, Ordering::Relaxed)).await;
    });
    let begun = now();
    let seconds = Duration::from_secs(number("STANCHION_CHAOS_SECONDS").unwrap_or(SECONDS));
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut left = Vec::new();
    let mut happened = 0;
    while happened < EVENTS.len() || begun.elapsed() < seconds {
        if left.is_empty() {
            left = EVENTS.to_vec();
            dice.shuffle(&mut left);
        }
        let event = left.pop().unwrap();
        println!("{:>6.1} s  {event:?}", begun.elapsed().as_secs_f32());
        scene.happen(event);
        happened += 1;
    }
    busy.abort();
    scene.disturb(false);
    let changes = changes.load(Ordering::Relaxed);
    println!("{:>6.1} s  {changes} changes, {}", begun.elapsed().as_secs_f32(), scene.disturbed());

    scene.install();
    let mut people = runtime.block_on(People::by(&cluster.plane.kubeconfig("admin"), seed + 1));
    runtime.block_on(people.decide());
    let rest = now();
    let known = eventually_within(REST, "rest", &mut || at_rest(&cluster));
    println!("{:>6.1} s  to rest", rest.elapsed().as_secs_f32());
    assert_eq!(scene.leaders(), 1);
    scene.close();

    println!("{known} statuses, {} writes by {:?}", history.writes(), history.holders());
    assert!(known > 20 && changes > 200, "{known} statuses after {changes} changes show little");
    assert!(history.holders().len() > 1 && history.writes() > 50, "{:?}", history.holders());
    assert_eq!(scene.wrongs, [""; 0], "seed {seed}");
    assert_eq!(history.wrongs(), [""; 0], "seed {seed}");
}

#[expect(clippy::disallowed_methods, reason = "tests have an environment")]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|value| value.parse().unwrap())
}

type Statuses = BTreeMap<String, Value>;

fn statuses(objects: &[Value]) -> Statuses {
    let name =
        |it: &Value| format!("{} {} {}", it["kind"], it["metadata"]["namespace"], it["metadata"]["name"]);
    objects.iter().map(|it| (name(it), it["status"].clone())).collect()
}

/// How many statuses there are, if each is what an audit says, byte for byte.
fn at_rest(cluster: &Cluster) -> Result<usize, String> {
    let kinds = "securitystandards,servicetiers,riskexceptions";
    let printed = cluster.plane.kubectl(&["get", kinds, "-A", "-o", "json"]);
    let mut printed: Value = serde_json::from_str(&printed).unwrap();
    let there = statuses(printed["items"].as_array_mut().unwrap());
    let said = statuses(&audit(cluster)?);
    let different = |(name, status): (&String, &Value)| {
        let (said, status) =
            (said.get(name).map(ToString::to_string).unwrap_or_default(), status.to_string());
        (said != status).then(|| format!("{name}: the operator says\n{status}\nand an audit\n{said}"))
    };
    let differences: Vec<String> = there.iter().filter_map(different).collect();
    match differences.first() {
        None if said.len() == there.len() => Ok(there.len()),
        None => Err(format!("{} statuses, and an audit says {}", there.len(), said.len())),
        Some(first) => Err(format!("{} of {} differ; {first}", differences.len(), there.len())),
    }
}

/// The policy of the cluster with the statuses that a fresh audit gives it.
fn audit(cluster: &Cluster) -> Result<Vec<Value>, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_stanchion"))
        .args(["audit", "--cluster", "--no-config", "-o", "yaml", "--kubeconfig"])
        .arg(cluster.plane.kubeconfig("admin"))
        .output()
        .unwrap();
    if !output.stderr.is_empty() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let reading = read("the audit", &output.stdout, &Limits::default());
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    Ok(reading.documents.iter().map(|it| it.node.to_json()).collect())
}
