//! Everybody who changes the cluster: teams, the platform, and those who decide. What they do is drawn from a seed.

use std::path::Path;
use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::plane;

/// Workloads at the beginning.
pub(crate) const WORKLOADS: u32 = 2_000;
const NAMESPACES: u32 = 20;

/// How long somebody waits for the API server before doing something else.
const PATIENCE: Duration = Duration::from_secs(3);

/// The pause between two changes.
const PAUSE: Duration = Duration::from_millis(15);

/// How often, and with which pauses, is tried what must be there in the end.
const TRIES: u32 = 120;
const BETWEEN: Duration = Duration::from_millis(500);

/// How many create objects at a time, at the beginning.
const AT_ONCE: usize = 16;

const CONTROLS: &[&str] = &[
    "iam.cluster-admin-binding",
    "iam.path-to-cluster-admin",
    "iam.wildcard-verbs",
    "image.latest-tag",
    "network.no-default-deny",
    "network.not-isolated",
    "pod.host-namespaces",
    "pod.privileged",
];

/// People, and what they will do.
pub(crate) struct People {
    dice: fastrand::Rng,
    client: Client,
}

impl People {
    /// With all rights of a kubeconfig.
    pub(crate) async fn by(kubeconfig: &Path, seed: u64) -> Self {
        let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
        Self { dice: fastrand::Rng::with_seed(seed), client: Client::try_from(config).unwrap() }
    }

    /// Makes a cluster of it.
    pub(crate) async fn settle(&mut self) {
        for number in 0..NAMESPACES {
            let namespace = self.namespace(number);
            insist(&self.client, &namespace).await;
        }
        let mut objects: Vec<Value> = (0..WORKLOADS).map(|number| self.workload(number)).collect();
        for number in 0..60 {
            objects.extend(self.rights(number));
        }
        objects.extend((0..100).map(|_| self.exception()));
        objects.extend((0..5).map(|number| self.standard(number)));
        objects.extend((0..4).map(|number| self.tier(number)));
        let client = &self.client;
        let applied: Vec<bool> =
            stream::iter(&objects).map(|it| is_applied(client, it)).buffer_unordered(AT_ONCE).collect().await;
        let done = applied.iter().filter(|done| **done).count();
        assert!(done + 20 > objects.len(), "{done} of {} objects are there", objects.len());
    }

    /// Changes one thing after the other, for ever. `changed` hears of each.
    pub(crate) async fn go_on(&mut self, changed: impl Fn()) {
        loop {
            if self.change().await {
                changed();
            }
            sleep(PAUSE).await;
        }
    }

    /// Writes again what there has to be for the end to mean something.
    pub(crate) async fn decide(&mut self) {
        for number in 0..5 {
            let mut standard = self.standard(number);
            standard["spec"]["controls"] = json!([{"id": "pod.privileged"}, {"id": "iam.wildcard-verbs"}]);
            insist(&self.client, &standard).await;
        }
        for number in 0..4 {
            let tier = self.tier(number);
            insist(&self.client, &tier).await;
        }
        for _ in 0..20 {
            let exception = self.exception();
            insist(&self.client, &exception).await;
        }
    }

    async fn change(&mut self) -> bool {
        let deletes = self.dice.u32(0..100) < 15;
        let object = match self.dice.u32(0..100) {
            0..55 => {
                let number = self.dice.u32(0..WORKLOADS);
                self.workload(number)
            }
            55..70 => {
                let number = self.dice.u32(0..60);
                let mut all = self.rights(number);
                let place = self.dice.usize(0..all.len());
                all.swap_remove(place)
            }
            70..75 => {
                let number = self.dice.u32(0..NAMESPACES);
                let namespace = self.namespace(number);
                return is_applied(&self.client, &namespace).await;
            }
            75..82 => {
                let number = self.dice.u32(0..5);
                self.standard(number)
            }
            82..86 => {
                let number = self.dice.u32(0..4);
                self.tier(number)
            }
            _ => self.exception(),
        };
        if deletes { delete(&self.client, &object).await } else { is_applied(&self.client, &object).await }
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        self.dice.choice(all).copied().unwrap()
    }

    fn often(&mut self, percent: u32) -> bool {
        self.dice.u32(0..100) < percent
    }

    fn namespace(&mut self, number: u32) -> Value {
        let labels =
            json!({"team": format!("t{}", self.dice.u32(0..4)), "stage": self.one_of(&["open", "closed"])});
        object("v1", "Namespace", "", &format!("n{number}"), json!({})).with("labels", labels)
    }

    fn workload(&mut self, number: u32) -> Value {
        let (namespace, name) = (format!("n{}", number % NAMESPACES), format!("w{number}"));
        let app = json!({"app": name});
        let mut labels = app.clone();
        if self.often(20) {
            labels["critical"] = json!("yes");
        }
        let container = json!({
            "name": "app",
            "image": self.one_of(&["registry.example.com/a:1.0", "registry.example.com/a:latest", "b"]),
            "securityContext": {"privileged": self.often(30)},
        });
        let pod = json!({
            "hostNetwork": self.often(10),
            "serviceAccountName": format!("a{}", self.dice.u32(0..3)),
            "containers": [container],
        });
        let template = json!({"metadata": {"labels": app}, "spec": pod});
        let selector = json!({"matchLabels": app});
        let (api_version, kind, spec) = match number % 10 {
            0..6 => ("apps/v1", "Deployment", json!({"selector": selector, "template": template})),
            6..8 => (
                "apps/v1",
                "StatefulSet",
                json!({"serviceName": name, "selector": selector, "template": template}),
            ),
            8 => ("apps/v1", "DaemonSet", json!({"selector": selector, "template": template})),
            _ => {
                let mut template = template;
                template["spec"]["restartPolicy"] = json!("Never");
                let job = json!({"spec": {"template": template}});
                ("batch/v1", "CronJob", json!({"schedule": "0 0 * * *", "jobTemplate": job}))
            }
        };
        object(api_version, kind, &namespace, &name, json!({"spec": spec})).with("labels", labels)
    }

    /// What one number says of who may do what, and of what reaches whom.
    fn rights(&mut self, number: u32) -> Vec<Value> {
        const RBAC: &str = "rbac.authorization.k8s.io/v1";
        let (name, namespace) = (format!("x{number}"), format!("n{}", number % NAMESPACES));
        let verbs = json!([self.one_of(&["get", "list", "*", "create", "escalate"])]);
        let resources = json!([self.one_of(&["pods", "secrets", "clusterroles", "*"])]);
        let group = self.one_of(&["", "rbac.authorization.k8s.io", "*"]);
        let rules = json!([{"apiGroups": [group], "resources": resources, "verbs": verbs}]);
        let account = format!("a{}", self.dice.u32(0..3));
        let subjects = json!([{"kind": "ServiceAccount", "name": account, "namespace": namespace}]);
        let reference =
            |kind: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name});
        let binding = |kind: &str| json!({"roleRef": reference(kind), "subjects": subjects});
        let ingress = if self.often(50) { json!([{}]) } else { json!([]) };
        let policy = json!({"spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": ingress}});
        let service = json!({"spec": {"ports": [{"port": 80}], "selector": {"app": format!("w{number}")}}});
        vec![
            object(RBAC, "ClusterRole", "", &name, json!({"rules": rules})),
            object(RBAC, "ClusterRoleBinding", "", &name, binding("ClusterRole")),
            object(RBAC, "Role", &namespace, &name, json!({"rules": rules})),
            object(RBAC, "RoleBinding", &namespace, &name, binding("Role")),
            object("v1", "ServiceAccount", &namespace, &account, json!({})),
            object("v1", "ConfigMap", &namespace, &name, json!({"data": {"a": verbs[0]}})),
            object("v1", "Service", &namespace, &name, service),
            object("networking.k8s.io/v1", "NetworkPolicy", &namespace, &name, policy),
        ]
    }

    fn standard(&mut self, number: u32) -> Value {
        let count = self.dice.usize(1..CONTROLS.len());
        let mut ids = self.dice.choose_multiple(CONTROLS.iter().copied(), count);
        if self.often(15) {
            ids.push("pod.privilegd");
        }
        let controls: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        // No empty one: where a map loses its last key, some API servers make it null, and refuse that.
        let scope = match self.dice.u32(0..3) {
            0 => Some(json!({"namespaceSelector": {"matchLabels": {"stage": "open"}}})),
            1 => Some(json!({"workloadSelector": {"matchLabels": {"critical": "yes"}}})),
            _ => None,
        };
        let soak = self.one_of(&["0m", "1m", "7d"]);
        let stages =
            json!([{"action": "Audit", "soak": soak}, {"action": "Warn", "soak": soak}, {"action": "Deny"}]);
        let mut spec = json!({"controls": controls, "rollout": {"stages": stages}});
        if let Some(scope) = scope {
            spec["scope"] = scope;
        }
        object(OURS, "SecurityStandard", "", &format!("s{number}"), json!({"spec": spec}))
    }

    fn tier(&mut self, number: u32) -> Value {
        let team = json!({"namespaceSelector": {"matchLabels": {"team": format!("t{number}")}}});
        let critical = json!({"workloadSelector": {"matchLabels": {"critical": "yes"}}});
        let selectors = if number == 0 && self.often(50) { json!([critical]) } else { json!([team]) };
        let spec = json!({"level": number, "selectors": selectors, "targets": {"compliance": self.dice.u32(50..100)}});
        object(OURS, "ServiceTier", "", &format!("t{number}"), json!({"spec": spec}))
    }

    fn exception(&mut self) -> Value {
        let number = self.dice.u32(0..NAMESPACES);
        let name = format!("e{}", self.dice.u32(0..10));
        let workloads = WORKLOADS / NAMESPACES;
        let target = match self.dice.u32(0..3) {
            0 => json!({"selector": {"matchLabels": {"critical": "yes"}}}),
            _ => json!({"names": [format!("w{}", number + NAMESPACES * self.dice.u32(0..workloads))]}),
        };
        let now = plane::clock();
        let lasts = match self.dice.u32(0..4) {
            0 => SignedDuration::from_hours(-24),
            1 => SignedDuration::from_secs(self.dice.i64(5..50)),
            2 => SignedDuration::from_hours(3 * 24),
            _ => SignedDuration::from_hours(20 * 24),
        };
        let approvals = match self.dice.u32(0..4) {
            0 => json!([]),
            1 => json!([{"by": "ana"}, {"by": "ben"}]),
            _ => json!([{"by": "ana"}]),
        };
        let spec = json!({
            "controls": [self.one_of(&["pod.privileged", "pod.*", "image.latest-tag"])],
            "target": target,
            "maxWorkloads": self.dice.u32(1..40),
            "reason": "The driver needs the node's devices until it is replaced.",
            "owner": "team",
            "expiresAt": Timestamp::from_second((now + lasts).as_second()).unwrap().to_string(),
            "approvals": approvals,
        });
        object(OURS, "RiskException", &format!("n{number}"), &name, json!({"spec": spec}))
    }
}

const OURS: &str = "stanchion.dev/v1alpha1";

fn object(api_version: &str, kind: &str, namespace: &str, name: &str, mut rest: Value) -> Value {
    rest["apiVersion"] = json!(api_version);
    rest["kind"] = json!(kind);
    rest["metadata"] = json!({"name": name});
    if !namespace.is_empty() {
        rest["metadata"]["namespace"] = json!(namespace);
    }
    rest
}

/// More of its metadata.
trait With {
    fn with(self, field: &str, value: Value) -> Self;
}

impl With for Value {
    fn with(mut self, field: &str, value: Value) -> Self {
        self["metadata"][field] = value;
        self
    }
}

fn api(client: &Client, object: &Value) -> (Api<DynamicObject>, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (kind, api_version) = (text(&object["kind"]), text(&object["apiVersion"]));
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", &api_version));
    let plural = plane::plural(&kind);
    let (group, version) = (group.to_owned(), version.to_owned());
    let resource = ApiResource { group, version, api_version, plural, kind };
    let api = match object["metadata"]["namespace"].as_str() {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    (api, text(&object["metadata"]["name"]))
}

/// Applies an object as soon as the API server takes it: what happened last may keep it busy for a moment, and a definition
/// that was just made again is not served at once.
async fn insist(client: &Client, object: &Value) {
    let mut said = String::new();
    for _ in 0..TRIES {
        match apply(client, object).await {
            Ok(()) => return,
            Err(error) => said = error,
        }
        sleep(BETWEEN).await;
    }
    panic!("{said}: {object}");
}

/// Applies an object, or says why it can't be.
async fn apply(client: &Client, object: &Value) -> Result<(), String> {
    let (api, name) = api(client, object);
    let parameters = PatchParams::apply("people").force();
    let patch = Patch::Apply(object);
    match timeout(PATIENCE, api.patch(&name, &parameters, &patch)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {PATIENCE:?}")),
    }
}

async fn is_applied(client: &Client, object: &Value) -> bool {
    apply(client, object).await.is_ok()
}

async fn delete(client: &Client, object: &Value) -> bool {
    let (api, name) = api(client, object);
    let parameters = DeleteParams::background().grace_period(0);
    matches!(timeout(PATIENCE, api.delete(&name, &parameters)).await, Ok(Ok(_)))
}
