//! The operator on a real API server with a cluster of any size: how long it takes to begin, what it holds, how soon it is
//! right, and what it asks for.
//!
//! `cargo bench --bench cluster [-- WORKLOADS]`
//!
//! Objects are made through the API, first those of a quarter of the workloads: each a Deployment with its `ReplicaSet`
//! and three running Pods, an account and a Service; each tenth has a Role and a `RoleBinding`; a hundred share a
//! namespace. API server, etcd and operator share the machine with this program. 20,000 workloads take 204,000 requests.

#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock, at files and at processes")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark may panic, and prints"
)]
#![expect(clippy::cast_precision_loss, reason = "figures are for reading")]

#[path = "cluster/bare.rs"]
mod bare;
#[path = "cluster/changes.rs"]
mod changes;
#[path = "../tests/support/controlplane.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod controlplane;
#[path = "support/objects.rs"]
mod objects;
#[path = "../tests/cluster/operator.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod operator;
#[path = "cluster/plane.rs"]
mod plane;
#[path = "cluster/process.rs"]
mod process;
#[path = "cluster/setup.rs"]
mod setup;

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use bare::Way;
use jiff::Timestamp;
use operator::Operator;
use plane::{Cluster, eventually};

const WORKLOADS: usize = 20_000;
const PAIRS: usize = 5;
const CHANGES: usize = 200;
const A_SECOND: u32 = 20;
const MINUTE: Duration = Duration::from_secs(60);

/// How long the operator is left alone before its memory is looked at, or its rest.
const SETTLE: Duration = Duration::from_secs(10);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some([_, way, kubeconfig]) = arguments.get(..3).filter(|it| it[0] == bare::FLAG) {
        bare::run(way, Path::new(kubeconfig));
        return;
    }
    let workloads: usize = arguments.iter().find_map(|it| it.parse().ok()).unwrap_or(WORKLOADS);
    let cluster = Cluster::start();
    setup::decide(&cluster);
    let quarter = (workloads / 4).next_multiple_of(setup::TOGETHER).min(workloads);
    setup::workloads(&cluster, 0..quarter);
    let (few, operator) = begin(&cluster, quarter, 2);
    assert!(operator.terminate().success());
    setup::workloads(&cluster, quarter..workloads);
    let (many, operator) = begin(&cluster, workloads, PAIRS);
    let more = (workloads - quarter).max(1) as f64;
    println!("resident per workload, from the two: {:.2} kB", (many - few) * 1048.576 / more);
    rest(&cluster, &operator);

    eprintln!("{CHANGES} changes one by one");
    let times = changes::one_by_one(&cluster, workloads, CHANGES);
    for (what, times) in ["the request of a change", "until it is in every status"].iter().zip(&times) {
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        println!("{what}: median {:.2?}, p99 {:.2?}, longest {:.2?}", at(50), at(99), at(100));
    }
    load(&cluster, &operator, workloads);
    assert!(operator.terminate().success());
}

/// Starts the operator a few times, each beside processes that only read what it reads. What it holds, in MiB, and the
/// last one.
fn begin(cluster: &Cluster, workloads: usize, pairs: usize) -> (f64, Operator) {
    println!("\n{workloads} workloads");
    println!("wall time, and in brackets that of the process on processors");
    println!("| pair | bare list | bare watch | ready | by list | by watch | statuses | resident | peak |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let (mut ratios, mut residents, mut running) = ([Vec::new(), Vec::new()], Vec::new(), None);
    // The first of all fills the caches of the API server, and is not counted.
    for pair in 0..=pairs {
        running.take().into_iter().for_each(|operator: Operator| assert!(operator.terminate().success()));
        let [list, watch] = [Way::List, Way::Watch].map(|way| bare::measure(cluster, way));
        assert_eq!(list.objects, watch.objects, "the same objects");
        cluster.forget();
        let began = Instant::now();
        let operator = Operator::start_by(&cluster.kubeconfig(), &format!("bench-{pair}"), &[]);
        eventually("readyz of the operator", || operator.answers("/readyz", "200"));
        let (ready, busy) = (began.elapsed(), process::busy(operator.id()));
        changes::await_failing(cluster, 0);
        let written = began.elapsed();
        sleep(SETTLE);
        let [resident, peak] = ["VmRSS", "VmHWM"].map(|line| process::memory(operator.id(), line));
        if pair == 0 {
            let held = operator.metric("stanchion_facts");
            eprintln!("{} objects are read; the operator holds facts of {held}", list.objects);
        } else {
            let of = [&list, &watch].map(|bare| ready.as_secs_f64() / bare.took.as_secs_f64());
            println!(
                "| {pair} | {list} | {watch} | {ready:.2?} ({busy:.2?}) | {:.2} | {:.2} | {written:.2?} | {resident:.0} MiB | {peak:.0} MiB |",
                of[0], of[1]
            );
            ratios.iter_mut().zip(of).for_each(|(ratios, of)| ratios.push(of));
            residents.push(resident);
        }
        running = Some(operator);
    }
    let [by_list, by_watch] = ratios.map(median);
    let resident = median(residents);
    println!("median: {by_list:.2} by list, {by_watch:.2} by watch; resident {resident:.0} MiB");
    (resident, running.unwrap())
}

/// Leaves the operator alone for a minute.
fn rest(cluster: &Cluster, operator: &Operator) {
    sleep(SETTLE);
    let of_core = minute(cluster, operator, "at rest", || sleep(MINUTE));
    println!(
        "at rest: {of_core:.2} % of a core; resident {:.0} MiB",
        process::memory(operator.id(), "VmRSS")
    );
}

/// Changes something all the time for a minute.
fn load(cluster: &Cluster, operator: &Operator, workloads: usize) {
    eprintln!("{A_SECOND} changes a second");
    let evaluations = operator.metric("stanchion_evaluations_total");
    let of_core = minute(cluster, operator, "under load", || {
        let made = changes::many(cluster, workloads, A_SECOND, MINUTE);
        println!("{made} changes");
    });
    let evaluations = operator.metric("stanchion_evaluations_total") - evaluations;
    let late = changes::await_failing(cluster, 0);
    println!(
        "under load: {of_core:.1} % of a core, {evaluations} evaluations; right {late:.2?} after the last change; resident {:.0} MiB",
        process::memory(operator.id(), "VmRSS")
    );
}

/// What the operator asks for in a minute, and how much of a core it takes, in percent.
fn minute(cluster: &Cluster, operator: &Operator, what: &str, happens: impl FnOnce()) -> f64 {
    let (busy, from, began) = (process::busy(operator.id()), Timestamp::now(), Instant::now());
    happens();
    let (busy, took) = (process::busy(operator.id()).saturating_sub(busy), began.elapsed());
    let counted = process::requests(cluster, from, Timestamp::now());
    let requests: usize = counted.values().sum();
    println!("{what}: {requests} requests in {took:.0?}: {counted:?}");
    busy.as_secs_f64() / took.as_secs_f64() * 100.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
