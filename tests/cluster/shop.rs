//! A small shop to look at: two workloads, and a standard that asks one thing of them.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::operator::Operator;
use crate::plane::{Cluster, HOME, eventually};

const NAMESPACE: &str = "shop";

/// The shop, in a cluster.
pub(crate) struct Shop<'a> {
    cluster: &'a Cluster,
}

impl<'a> Shop<'a> {
    /// Creates it, with nothing wrong.
    pub(crate) fn open(cluster: &'a Cluster) -> Self {
        let shop = Self { cluster };
        cluster.namespace(NAMESPACE, &json!({"shop": "open"}), &json!({}));
        for name in ["cart", "till"] {
            cluster.create(&shop.workload(name));
        }
        cluster.create(&shop.standard());
        shop
    }

    /// One of its workloads.
    #[expect(clippy::unused_self, reason = "it is of the shop")]
    pub(crate) fn workload(&self, name: &str) -> Value {
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [container(name, false)]},
                },
            },
        })
    }

    /// Its standard.
    #[expect(clippy::unused_self, reason = "it is of the shop")]
    pub(crate) fn standard(&self) -> Value {
        json!({
            "apiVersion": "stanchion.dev/v1alpha1",
            "kind": "SecurityStandard",
            "metadata": {"name": "shop"},
            "spec": {
                "scope": {"namespaceSelector": {"matchLabels": {"shop": "open"}}},
                "controls": [{"id": "pod.privileged"}],
            },
        })
    }

    /// A tier that all of it is in.
    #[expect(clippy::unused_self, reason = "it is of the shop")]
    pub(crate) fn tier(&self) -> Value {
        json!({
            "apiVersion": "stanchion.dev/v1alpha1",
            "kind": "ServiceTier",
            "metadata": {"name": "retail"},
            "spec": {"level": 1, "selectors": [{"namespaceSelector": {"matchLabels": {"shop": "open"}}}]},
        })
    }

    /// An approved exception for one of its workloads.
    #[expect(clippy::unused_self, reason = "it is of the shop")]
    pub(crate) fn exception(&self, workload: &str, until: Timestamp) -> Value {
        json!({
            "apiVersion": "stanchion.dev/v1alpha1",
            "kind": "RiskException",
            "metadata": {"name": "for-a-while", "namespace": NAMESPACE},
            "spec": {
                "controls": ["pod.privileged"],
                "target": {"names": [workload]},
                "reason": "The driver needs the node's devices until it is replaced.",
                "owner": "team-shop",
                "expiresAt": Timestamp::from_second(until.as_second()).unwrap().to_string(),
                "approvals": [{"by": "ana"}],
            },
        })
    }

    /// The operator's lease.
    #[expect(clippy::unused_self, reason = "it is of the shop's operator")]
    pub(crate) fn lease(&self) -> Value {
        json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": "stanchion", "namespace": HOME},
        })
    }

    /// Makes a workload right or wrong.
    pub(crate) fn set_privileged(&self, name: &str, privileged: bool) {
        let patch = json!({"spec": {"template": {"spec": {"containers": [container(name, privileged)]}}}});
        self.cluster.patch(&self.workload(name), &patch);
    }

    /// The status of the standard.
    pub(crate) fn status(&self) -> Value {
        self.cluster.get(&self.standard())["status"].take()
    }

    /// Waits until so many workloads fail.
    pub(crate) fn await_failing(&self, wanted: u64) {
        self.await_count("failing", wanted);
    }

    /// Waits until so many workloads are excepted.
    pub(crate) fn await_excepted(&self, wanted: u64) {
        self.await_count("excepted", wanted);
    }

    fn await_count(&self, which: &str, wanted: u64) {
        eventually(&format!("{wanted} {which}"), || {
            let status = self.status();
            let found = status["posture"][which].as_u64();
            if found == Some(wanted) { Ok(()) } else { Err(status.to_string()) }
        });
    }

    /// Waits until a condition has a reason.
    pub(crate) fn await_condition(&self, object: &Value, type_: &str, reason: &str) {
        eventually(&format!("{type_} {reason}"), || {
            let found = condition(&self.cluster.get(object)["status"], type_);
            if found["reason"] == reason { Ok(()) } else { Err(found.to_string()) }
        });
    }

    /// Waits until somebody has the lease.
    pub(crate) fn await_leader(&self, identity: &str) {
        eventually(&format!("{identity} to lead"), || {
            let lease = self.cluster.get(&self.lease());
            if lease["spec"]["holderIdentity"] == identity { Ok(()) } else { Err(lease["spec"].to_string()) }
        });
    }

    /// Waits until the operator has evaluated its own last write, so that it has nothing left to do: two looks in a
    /// row, more than its own pause apart, find the same.
    pub(crate) fn await_quiet(&self, operator: &Operator) {
        let look = || {
            let numbers = ["stanchion_evaluations_total", "stanchion_api_writes_total"];
            (numbers.map(|name| operator.metric(name).to_string()), self.versions())
        };
        let mut last = (look(), crate::plane::now());
        eventually("the operator to come to rest", || {
            let found = look();
            if found != last.0 {
                last = (found, crate::plane::now());
            }
            let rested = last.1.elapsed();
            if rested > std::time::Duration::from_secs(1) {
                Ok(())
            } else {
                Err(format!("quiet for {rested:?}"))
            }
        });
    }

    /// The resource versions of what the operator writes.
    pub(crate) fn versions(&self) -> BTreeMap<String, Value> {
        let objects = [self.standard(), self.tier(), self.exception("cart", Timestamp::UNIX_EPOCH)];
        let version = |object: &Value| {
            let found = self.cluster.get(object);
            (name(&object["kind"]), found["metadata"]["resourceVersion"].clone())
        };
        objects.iter().map(version).collect()
    }
}

fn name(value: &(impl Display + ?Sized)) -> String {
    value.to_string()
}

fn container(name: &str, privileged: bool) -> Value {
    json!({
        "name": "app",
        "image": format!("registry.example.com/{name}:1.0"),
        "securityContext": {"privileged": privileged},
    })
}

/// A condition of a status; null if it isn't there.
pub(crate) fn condition(status: &Value, type_: &str) -> Value {
    let mut conditions = status["conditions"].as_array().into_iter().flatten();
    conditions.find(|it| it["type"] == type_).cloned().unwrap_or_default()
}
