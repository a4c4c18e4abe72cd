//! Of several replicas one writes, whatever becomes of processes, of the API server and of clocks.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;

use crate::audit::{Mark, Request, requests};
use crate::operator::Operator;
use crate::plane::{clock, cluster, eventually};
use crate::shop::Shop;

/// Longer than a lease lasts.
const LONG: Duration = Duration::from_secs(18);

/// What was written since then, the lease aside.
fn written(cluster: &crate::plane::Cluster, since: Mark) -> Vec<Request> {
    requests(cluster, since).into_iter().filter(|it| it.writes() && it.resource != "leases").collect()
}

#[test]
fn an_operator_that_slept_through_the_end_of_its_lease_writes_nothing_when_it_wakes() {
    let cluster = cluster();
    let first = Operator::ready(&cluster, "sleeper");
    let shop = Shop::open(&cluster);
    shop.await_failing(0);
    shop.await_quiet(&first);
    let second = Operator::ready(&cluster, "watcher");
    // It is stopped with something to write, and wakes when that is old news.
    cluster.plane.command("pause kube-apiserver");
    first.freeze();
    cluster.plane.command("resume kube-apiserver");
    shop.set_privileged("cart", true);
    shop.await_leader("watcher");
    shop.await_failing(1);
    shop.await_quiet(&second);
    let (mark, versions) = (Mark::here(&cluster), shop.versions());
    first.thaw();
    eventually("the sleeper to see the change", || {
        let seen =
            first.metric("stanchion_standard_subjects") > 0.0 && first.metric("stanchion_leader") < 1.0;
        seen.then_some(()).ok_or("it still thinks that it leads")
    });
    assert_eq!(written(&cluster, mark), [], "two wrote");
    assert_eq!(shop.versions(), versions);
}

#[test]
fn when_the_api_server_stood_still_for_longer_than_the_lease_one_of_two_writes() {
    let cluster = cluster();
    let first = Operator::ready(&cluster, "before");
    let shop = Shop::open(&cluster);
    shop.await_failing(0);
    shop.await_leader("before");
    let second = Operator::ready(&cluster, "after");
    shop.await_quiet(&first);
    let wrote = |operator: &Operator| operator.metric("stanchion_api_writes_total");
    cluster.plane.command("pause kube-apiserver");
    std::thread::sleep(LONG);
    let mark = Mark::here(&cluster);
    let counted = [wrote(&first), wrote(&second)];
    cluster.plane.command("resume kube-apiserver");
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    shop.await_quiet(&first);
    shop.await_quiet(&second);
    let writers = [wrote(&first) > counted[0], wrote(&second) > counted[1]];
    assert!(writers[0] != writers[1], "{writers:?} {:?}", written(&cluster, mark));
    let leads = |operator: &Operator| operator.metric("stanchion_leader") > 0.0;
    assert_eq!([leads(&first), leads(&second)], writers, "it is the one that leads");
}

#[test]
fn whose_lease_is_taken_by_a_clock_that_is_ahead_writes_no_more() {
    let cluster = cluster();
    let operator = Operator::ready(&cluster, "punctual");
    let shop = Shop::open(&cluster);
    shop.await_failing(0);
    shop.await_leader("punctual");
    shop.await_quiet(&operator);
    // To one whose clock is ahead the lease has ended.
    let later = |seconds| {
        (clock() + SignedDuration::from_secs(seconds)).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
    };
    let taken = json!({"holderIdentity": "early", "acquireTime": later(40), "renewTime": later(40), "leaseTransitions": 2});
    cluster.patch(&shop.lease(), &json!({"spec": taken}));
    // For a second what it was shown last is good.
    std::thread::sleep(Duration::from_secs(1));
    let mark = Mark::here(&cluster);
    shop.set_privileged("cart", true);
    eventually("it to see the change", || {
        let seen = operator.metric("stanchion_standard_subjects") > 0.0
            && operator.metric("stanchion_statuses_waiting") > 0.0;
        seen.then_some(()).ok_or("nothing waits")
    });
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(written(&cluster, mark), [], "it writes beside its successor");
}

#[test]
fn who_takes_the_lease_from_a_clock_that_is_behind_waits_until_that_one_has_ceased() {
    let cluster = cluster();
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    // One that lives and writes, and whose clock is a minute behind.
    let ago = |seconds| {
        (clock() - SignedDuration::from_secs(seconds)).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
    };
    let mut lease = shop.lease();
    lease["spec"] = json!({
        "holderIdentity": "late", "acquireTime": ago(70), "renewTime": ago(60), "leaseDurationSeconds": 15, "leaseTransitions": 1,
    });
    cluster.create(&lease);
    let mark = Mark::here(&cluster);
    let _operator = Operator::ready(&cluster, "hasty");
    shop.await_leader("hasty");
    let asked = |cluster: &crate::plane::Cluster| requests(cluster, mark);
    shop.await_failing(1);
    let all = asked(&cluster);
    let first = all.iter().position(|it| it.writes() && it.resource.ends_with("/status")).unwrap();
    let took =
        all.iter().rposition(|it| it.writes() && it.resource == "leases" && it.verb == "patch").unwrap();
    let looks =
        all[took.min(first)..first].iter().filter(|it| it.resource == "leases" && it.verb == "get").count();
    assert!(looks >= 3, "it looked {looks} times, a second apart, before it wrote");
}
