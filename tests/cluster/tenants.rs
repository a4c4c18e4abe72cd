//! Tenants who mean harm, with write access to a namespace of their own.

use std::time::Duration;

use serde_json::{Value, json};

use crate::audit::{Mark, requests};
use crate::operator::Operator;
use crate::plane::{self, Cluster, cluster, eventually};
use crate::shop::Shop;

/// Exceptions of the crowd: a minute's work for an operator that writes five statuses a second.
const CROWD: usize = 300;

/// An exception that covers nothing, with words that want to be more than words.
fn broken(shop: &Shop<'_>, number: usize) -> Value {
    let mut exception = shop.exception("nothing", plane::clock() + Duration::from_secs(20 * 86_400));
    exception["metadata"] = json!({"name": format!("crowd-{number}"), "namespace": "crowd"});
    exception["spec"]["reason"] =
        json!("It\u{1b}[31m is <script>alert(1)</script>\n{\"level\":\"ERROR\"} so.");
    exception["spec"]["owner"] = json!("o\"} 1 stanchion_leader 7");
    exception
}

fn crowd(cluster: &Cluster, shop: &Shop<'_>) {
    cluster.namespace("crowd", &json!({}), &json!({}));
    (0..CROWD).for_each(|number| drop(cluster.create(&broken(shop, number))));
}

#[test]
fn a_namespace_full_of_broken_exceptions_keeps_no_other_waiting() {
    let cluster = cluster();
    let operator = Operator::ready(&cluster, "fair");
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    crowd(&cluster, &shop);
    let mark = Mark::here(&cluster);
    let exception = shop.exception("cart", plane::clock() + Duration::from_secs(86_400));
    cluster.create(&exception);
    shop.await_condition(&exception, "Active", "ExpiringSoon");
    shop.await_excepted(1);
    let told = eventually("the event of the quiet one", || {
        let asked = requests(&cluster, mark);
        let told = crate::events::on(&cluster, &exception);
        if told.is_empty() { Err("none") } else { Ok(asked) }
    });
    let statuses: Vec<_> = told.iter().filter(|it| it.writes() && it.resource.ends_with("/status")).collect();
    let place = statuses.iter().position(|it| it.name == "for-a-while").unwrap();
    assert!(place < 20, "{place} others were written before it");
    let waiting = operator.metric("stanchion_statuses_waiting");
    assert!(waiting > 1.0, "the crowd was to be waiting: {waiting}");
    let written = operator.written();
    assert!(!written.contains('\u{1b}'), "no escape reaches the log");
    assert!(operator.log().iter().all(|line| line["level"] != "ERROR"), "no line is made up");
    let (_, metrics) = operator.http("/metrics");
    crate::openmetrics::parse(&metrics).unwrap();
    assert!(operator.metric("stanchion_leader") < 2.0);
}

#[test]
fn a_tenant_excuses_nothing_outside_of_its_namespace() {
    let cluster = cluster();
    let operator = Operator::ready(&cluster, "fence");
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    cluster.namespace("next-door", &json!({}), &json!({}));
    let end = plane::clock() + Duration::from_secs(86_400);
    let mut exception = shop.exception("cart", end);
    exception["metadata"]["namespace"] = json!("next-door");
    cluster.create(&exception);
    shop.await_condition(&exception, "Effective", "MatchesNothing");
    shop.await_quiet(&operator);
    shop.await_failing(1);
    shop.await_excepted(0);
}
