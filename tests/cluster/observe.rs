//! What can be seen of the operator from outside: its metrics, and what it says where it may not look.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use stanchion::operator::metrics::TABLE;

use crate::openmetrics::{self, Family};
use crate::operator::Operator;
use crate::plane::{self, Cluster, cluster, eventually, eventually_within};
use crate::shop::{Shop, condition};

fn scrape(operator: &Operator) -> BTreeMap<String, Family> {
    let (_, body) = operator.http("/metrics");
    openmetrics::parse(&body).unwrap_or_else(|wrong| panic!("{wrong}\n{body}"))
}

/// The value of the one sample whose labels hold these.
fn value(families: &BTreeMap<String, Family>, family: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let of = |found: &openmetrics::Labels| {
        labels.iter().all(|(name, value)| found.get(*name).map(String::as_str) == Some(*value))
    };
    let mut found =
        families[family].samples.iter().filter(|(name, found, _)| !name.ends_with("_bucket") && of(found));
    let value = found.next().map(|(.., value)| *value);
    assert_eq!(found.next(), None, "{family} {labels:?} is more than one series");
    value
}

fn is(value: Option<f64>, wanted: f64) -> bool {
    value.is_some_and(|value| (value - wanted).abs() < 1e-9)
}

#[test]
fn what_is_documented_is_what_is_scraped() {
    let cluster = cluster();
    let operator = Operator::ready(&cluster, "observed");
    let shop = Shop::open(&cluster);
    let mut tier = shop.tier();
    tier["spec"]["targets"] = json!({"compliance": 90});
    cluster.create(&tier);
    shop.set_privileged("cart", true);
    cluster.create(&shop.exception("cart", plane::clock() + Duration::from_secs(86_400)));
    shop.await_excepted(1);
    shop.set_privileged("till", true);
    shop.await_failing(1);
    shop.await_quiet(&operator);

    let families = scrape(&operator);
    let documented: BTreeSet<String> = TABLE.iter().map(|row| row.name()).collect();
    assert_eq!(families.keys().cloned().collect::<BTreeSet<_>>(), documented);
    for row in TABLE {
        let family = &families[&row.name()];
        assert_eq!(family.kind, row.kind.as_str());
        // Of these there is nothing while nothing is wrong, or nobody looks.
        let may_be_empty = [
            "stanchion_watch_denied",
            "stanchion_malformed_objects",
            "stanchion_rule_faults",
            "stanchion_admission_acts",
            "stanchion_admission_availability_ratio",
            "stanchion_admission_watched_ratio",
            "stanchion_admission_gap",
            "stanchion_admission_certificate_end_seconds",
        ]
        .contains(&row.name().as_str());
        assert!(may_be_empty || !family.samples.is_empty(), "{} has no sample", row.name());
        let labels: BTreeSet<&str> = row.labels.iter().map(|(name, _)| *name).collect();
        for (_, found, _) in &family.samples {
            let found: BTreeSet<&str> =
                found.keys().map(String::as_str).filter(|name| *name != "le").collect();
            assert_eq!(found, labels, "{}", row.name());
        }
    }

    let shop_in = |outcome| [("standard", "shop"), ("tier", "retail"), ("outcome", outcome)];
    let subjects = |outcome| value(&families, "stanchion_standard_subjects", &shop_in(outcome));
    assert!(is(subjects("failing"), 1.0) && is(subjects("excepted"), 1.0) && is(subjects("compliant"), 0.0));
    let stage = |action| {
        let labels = [("standard", "shop"), ("tier", "retail"), ("action", action)];
        value(&families, "stanchion_standard_stage", &labels)
    };
    assert!(is(stage("Audit"), 1.0) && is(stage("Deny"), 0.0));
    let compliance = [("tier", "retail"), ("measure", "compliance")];
    assert!(is(value(&families, "stanchion_tier_measured_ratio", &compliance), 0.0));
    assert!(is(value(&families, "stanchion_tier_target_ratio", &compliance), 0.9));
    let exception = [("life", "expiring_soon"), ("tier", "retail"), ("age", "under_7d")];
    assert!(is(value(&families, "stanchion_exceptions", &exception), 1.0));
    assert!(is(value(&families, "stanchion_facts", &[("kind", "SecurityStandard")]), 1.0));
    let read = value(&families, "stanchion_read_bytes", &[("kind", "Deployment")]).unwrap();
    assert!((500.0..1e6).contains(&read), "{read} bytes of two Deployments");
    assert!(is(value(&families, "stanchion_statuses_waiting", &[]), 0.0));
    // A write that had to be tried again is not timed; another one will be.
    let mut privileged = true;
    eventually("a status that is timed", || {
        if operator.metric("stanchion_status_latency_seconds_count") >= 1.0 {
            return Ok(());
        }
        privileged = !privileged;
        shop.set_privileged("till", privileged);
        Err("none yet")
    });
    for latency in ["stanchion_reconcile_latency_seconds", "stanchion_status_latency_seconds"] {
        let seen = operator.metric(&format!("{latency}_count"));
        let sum = operator.metric(&format!("{latency}_sum"));
        assert!(seen >= 1.0 && sum > 0.0 && sum / seen < 30.0, "{latency}: {sum} s in {seen}");
    }
    let resident = value(&families, "process_resident_memory_bytes", &[]).unwrap();
    assert!((1e6..1e9).contains(&resident), "{resident} bytes");

    cluster.delete(&shop.standard());
    eventually("the standard to be gone from the metrics", || {
        let text = operator.http("/metrics").1;
        if text.contains("standard=\"shop\"") { Err("it is there") } else { Ok(()) }
    });
}

/// The role as it is, to be given back.
struct Rights<'a> {
    cluster: &'a Cluster,
    before: Value,
}

impl<'a> Rights<'a> {
    /// Takes away one verb for one resource.
    fn without(cluster: &'a Cluster, verb: &str, resource: &str) -> Self {
        let before = cluster.get(&role());
        let mut rules = before["rules"].as_array().unwrap().clone();
        let of = |rule: &&mut Value| rule["resources"].as_array().unwrap().contains(&json!(resource));
        let rule = rules.iter_mut().find(of).unwrap();
        let mut rest = rule.clone();
        rule["resources"].as_array_mut().unwrap().retain(|it| it != resource);
        rest["resources"] = json!([resource]);
        rest["verbs"].as_array_mut().unwrap().retain(|it| it != verb);
        rules.push(rest);
        cluster.patch(&role(), &json!({"rules": rules}));
        Self { cluster, before }
    }
}

impl Drop for Rights<'_> {
    fn drop(&mut self) {
        self.cluster.patch(&role(), &json!({"rules": self.before["rules"]}));
    }
}

fn role() -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "stanchion"}})
}

#[test]
fn a_permission_that_is_denied_is_said_and_the_rest_goes_on_until_it_is_back() {
    let cluster = cluster();
    let rights = Rights::without(&cluster, "watch", "configmaps");
    let operator = Operator::ready(&cluster, "denied");
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    shop.await_condition(&shop.standard(), "Evaluated", "PermissionDenied");
    let evaluated = condition(&shop.status(), "Evaluated");
    assert_eq!(evaluated["status"], "False");
    let message = evaluated["message"].as_str().unwrap();
    assert!(
        message.contains("may not watch configmaps") && message.contains("kubectl auth can-i"),
        "{message}"
    );
    let denied = [("resource", "configmaps"), ("verb", "watch")];
    assert!(is(value(&scrape(&operator), "stanchion_watch_denied", &denied), 1.0));
    let (_, ready) = operator.http("/readyz");
    assert!(ready.contains("may not watch configmaps"), "{ready}");
    shop.await_quiet(&operator);

    drop(rights);
    shop.await_condition(&shop.standard(), "Evaluated", "Evaluated");
    assert_eq!(value(&scrape(&operator), "stanchion_watch_denied", &denied), None);
    assert_eq!(operator.http("/readyz").1, "ok\n");
    let said = |outcome: &str| {
        let mut lines = operator.log();
        lines.retain(|line| line["kind"] == "ConfigMap" && line["outcome"] == outcome);
        lines.len()
    };
    assert_eq!((said("unknown"), said("listed")), (1, 1), "{:#?}", operator.log());
}

#[test]
fn a_permission_that_is_withdrawn_shows_when_the_watch_ends_that_is_open() {
    let cluster = cluster();
    let operator = Operator::ready(&cluster, "withdrawn");
    let shop = Shop::open(&cluster);
    shop.await_failing(0);
    // Of all watches this one is open for the shortest time, which is a minute.
    let rights = Rights::without(&cluster, "watch", "cronjobs");
    let denied = [("resource", "cronjobs"), ("verb", "watch")];
    eventually_within(Duration::from_secs(100), "the metric", &mut || {
        let seen = value(&scrape(&operator), "stanchion_watch_denied", &denied);
        if is(seen, 1.0) { Ok(()) } else { Err(format!("{seen:?}")) }
    });
    shop.await_condition(&shop.standard(), "Evaluated", "PermissionDenied");
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    drop(rights);
    shop.await_condition(&shop.standard(), "Evaluated", "Evaluated");
}

#[test]
fn without_our_own_kinds_it_is_not_ready_and_says_why() {
    let cluster = cluster();
    let rights = Rights::without(&cluster, "watch", "servicetiers");
    let operator = Operator::start(&cluster, "unready");
    eventually("the reason", || {
        let (line, body) = operator.http("/readyz");
        if line.contains("503") && body.contains("may not watch servicetiers") { Ok(()) } else { Err(body) }
    });
    drop(rights);
    eventually("ready", || operator.answers("/readyz", "200"));
}
