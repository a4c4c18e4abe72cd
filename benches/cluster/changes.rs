//! Changes that people make, and how long it takes until the statuses say what came of them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::StreamExt;
use kube::Client;
use kube::api::{Patch, PatchParams};
use kube::core::Request;
use kube::runtime::watcher::{Config, Event, watcher};
use serde::de::IgnoredAny;
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::objects::objects_of;
use crate::plane::{Cluster, STANDARDS, eventually, failing};
use crate::setup::path;

/// How long a status may take to be right.
const PATIENCE: Duration = Duration::from_secs(60);

/// Makes a workload fail, or pass again.
async fn flip(client: &Client, number: usize, fails: bool) {
    let deployment = objects_of(number).swap_remove(0);
    let name = deployment["metadata"]["name"].as_str().unwrap();
    let patch = Patch::Merge(json!({"spec": {"template": {"spec": {"hostPID": fails}}}}));
    let request = Request::new(path(&deployment)).patch(name, &PatchParams::default(), &patch).unwrap();
    let patched: Result<IgnoredAny, _> = client.request(request).await;
    patched.unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// Makes changes one after the other, each once the one before is in every status: how long each request took by itself,
/// and how long it was from its beginning to the last status; both sorted.
pub(crate) fn one_by_one(cluster: &Cluster, workloads: usize, changes: usize) -> [Vec<Duration>; 2] {
    cluster.runtime.block_on(async {
        let mut events = Box::pin(watcher(cluster.standards(), Config::default()));
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        let mut await_failing = async |wanted: u64| {
            while seen.len() < STANDARDS.len() || seen.values().any(|it| *it != wanted) {
                let event = timeout(PATIENCE, events.next()).await;
                let event = event.unwrap_or_else(|_| panic!("{wanted} to fail: {seen:?}"));
                if let Event::InitApply(standard) | Event::Apply(standard) = event.unwrap().unwrap() {
                    seen.insert(standard.metadata.name.clone().unwrap(), failing(&standard).unwrap());
                }
            }
        };
        await_failing(0).await;
        let mut times = [Vec::new(), Vec::new()];
        for number in 0..changes {
            let fails = number.is_multiple_of(2);
            let workload = number / 2 * (workloads * 2 / changes).max(1) % workloads;
            let began = Instant::now();
            flip(&cluster.client, workload, fails).await;
            times[0].push(began.elapsed());
            await_failing(fails.into()).await;
            times[1].push(began.elapsed());
        }
        for it in &mut times {
            it.sort();
        }
        times
    })
}

/// Makes so many changes a second for a while: each workload of a few hundred is made to fail and to pass again in turn.
/// How many were made.
pub(crate) fn many(cluster: &Cluster, workloads: usize, a_second: u32, span: Duration) -> usize {
    let few = workloads.min(300);
    let changes = usize::try_from(span.as_secs()).unwrap() * a_second as usize / (2 * few) * 2 * few;
    cluster.runtime.block_on(async {
        let mut ticks = interval(Duration::from_secs(1) / a_second);
        // None is left out: those that are late come closer together.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut made = Vec::new();
        for number in 0..changes {
            ticks.tick().await;
            let client = cluster.client.clone();
            let fails = (number / few).is_multiple_of(2);
            made.push(tokio::spawn(async move { flip(&client, number % few, fails).await }));
        }
        futures::future::join_all(made).await.into_iter().for_each(Result::unwrap);
    });
    changes
}

/// Waits until the statuses say that so many fail, and says how long that took.
pub(crate) fn await_failing(cluster: &Cluster, wanted: u64) -> Duration {
    let began = Instant::now();
    eventually("the statuses to be right", || {
        let found = cluster.failing();
        if found.iter().all(|it| *it == Some(wanted)) { Ok(()) } else { Err(format!("{found:?}")) }
    });
    began.elapsed()
}
