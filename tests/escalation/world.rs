//! Small clusters, generated: two namespaces, a few accounts, roles, bindings, pods.

use proptest::prelude::*;
use serde_json::{Value, json};
use stanchion::facts::object::{Recognition, recognize};
use stanchion::facts::{Inventory, Object, RoleKind};
use stanchion::relations::escalation::Place;
use stanchion::relations::rbac::RoleKey;

/// A name that nothing has and that rules may be limited to.
pub(crate) const FREE: &str = "w1";

const RBAC: &str = "rbac.authorization.k8s.io";

/// A cluster of its own within a real one: all that it has begins with its name.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) name: String,
    /// In the order in which they can be created.
    pub(crate) objects: Vec<Value>,
}

#[derive(Debug, Clone)]
struct RoleSeed {
    cluster: bool,
    namespace: usize,
    aggregated: bool,
    rules: Vec<(usize, bool)>,
}

#[derive(Debug, Clone)]
struct BindingSeed {
    everywhere: bool,
    namespace: usize,
    role: usize,
    subject: usize,
}

#[derive(Debug, Clone)]
struct PodSeed {
    namespace: usize,
    account: usize,
    automount: Option<bool>,
    privileged: bool,
    node: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Seed {
    guards: [usize; 2],
    root: Option<usize>,
    roles: Vec<RoleSeed>,
    bindings: Vec<BindingSeed>,
    pods: Vec<PodSeed>,
    templates: Vec<(usize, bool)>,
    secrets: Vec<(usize, usize)>,
}

/// Verbs, group, resources, and the names that the rule may be limited to.
type Row = (&'static [&'static str], &'static str, &'static [&'static str], &'static [&'static str]);

const ROWS: &[Row] = &[
    (&["create"], "", &["pods"], &[FREE]),
    (&["create", "patch"], "", &["pods"], &[FREE]),
    (&["create"], "apps", &["deployments"], &[FREE]),
    (&["create", "patch"], "batch", &["jobs"], &[FREE]),
    (&["patch"], "apps", &["deployments"], &["web"]),
    (&["update", "patch"], "batch", &["cronjobs"], &["tick"]),
    (&["create"], "", &["pods/exec"], &["p0"]),
    (&["get"], "", &["pods/exec"], &[]),
    (&["patch"], "", &["pods/ephemeralcontainers"], &["p0"]),
    (&["patch"], "", &["pods"], &["p1"]),
    (&["get"], "", &["nodes/proxy"], &["NODE"]),
    (&["create"], "", &["serviceaccounts/token"], &["x", "y"]),
    (&["get"], "", &["secrets"], &["t0", FREE]),
    (&["list"], "", &["secrets"], &["t0"]),
    (&["deletecollection"], "", &["secrets"], &["t0"]),
    (&["patch"], "", &["secrets"], &["t1"]),
    (&["create", "get"], "", &["secrets"], &[FREE]),
    (&["impersonate"], "", &["serviceaccounts"], &["x", "y"]),
    (&["impersonate"], "", &["users"], &["USER"]),
    (&["impersonate"], "", &["groups"], &["GROUP"]),
    (&["impersonate"], "", &["users", "groups"], &["USER", "system:masters"]),
    (&["escalate"], RBAC, &["clusterroles", "roles"], &["ROLE0", "ROLE1"]),
    (&["update", "patch"], RBAC, &["clusterroles", "roles"], &["ROLE0", "ROLE1"]),
    (&["escalate", "patch"], RBAC, &["clusterroles", "roles"], &["ROLE0"]),
    (&["create", "escalate"], RBAC, &["clusterroles"], &["ROLE0"]),
    (&["bind"], RBAC, &["clusterroles", "roles"], &["ROLE0", "ROLE1", "ROLE2"]),
    (&["create"], RBAC, &["rolebindings"], &[FREE]),
    (&["create", "bind"], RBAC, &["rolebindings", "clusterroles"], &["ROLE1", FREE]),
    (&["create", "bind"], RBAC, &["rolebindings", "roles"], &["ROLE1", FREE]),
    (&["create", "bind"], RBAC, &["clusterrolebindings", "clusterroles"], &[]),
    (&["create", "update", "bind"], RBAC, &["rolebindings", "clusterroles"], &["cluster-admin", FREE]),
    (
        &["patch", "bind"],
        RBAC,
        &["rolebindings", "clusterrolebindings", "roles", "clusterroles"],
        &["ROLE1", "b1"],
    ),
    (&["create", "update"], RBAC, &["rolebindings", "clusterrolebindings"], &[FREE]),
    (&["create"], "admissionregistration.k8s.io", &["mutatingwebhookconfigurations"], &[]),
    (&["patch"], "admissionregistration.k8s.io", &["mutatingwebhookconfigurations"], &["HOOK"]),
    (
        &["create"],
        "admissionregistration.k8s.io",
        &["mutatingadmissionpolicies", "mutatingadmissionpolicybindings"],
        &[FREE],
    ),
    (&["create"], "certificates.k8s.io", &["certificatesigningrequests"], &[]),
    (
        &["update", "patch", "approve"],
        "certificates.k8s.io",
        &["certificatesigningrequests/approval", "signers"],
        &[],
    ),
    (
        &["create", "update", "approve"],
        "certificates.k8s.io",
        &["certificatesigningrequests", "certificatesigningrequests/approval", "signers"],
        &[],
    ),
    (&["create"], "", &["persistentvolumes", "persistentvolumeclaims", "pods"], &[]),
    (&["patch", "create"], "", &["namespaces", "pods"], &["NAMESPACE", FREE]),
    (&["patch"], "", &["namespaces"], &[]),
    (&["*"], "*", &["*"], &["ROLE0", FREE]),
    (&["*"], "", &["pods", "secrets", "serviceaccounts"], &[]),
    (&["*"], RBAC, &["*"], &[]),
    (&["get", "list", "watch"], "", &["pods", "configmaps"], &[]),
    (
        &["create", "update", "patch", "delete"],
        RBAC,
        &["roles", "clusterroles", "rolebindings", "clusterrolebindings"],
        &[],
    ),
];

pub(crate) fn seed() -> impl Strategy<Value = Seed> {
    let role = (
        any::<bool>(),
        0..2_usize,
        prop::bool::weighted(0.1),
        prop::collection::vec((0..ROWS.len(), prop::bool::weighted(0.3)), 1..3),
    )
        .prop_map(|(cluster, namespace, aggregated, rules)| RoleSeed {
            cluster,
            namespace,
            aggregated,
            rules,
        });
    let binding = (prop::bool::weighted(0.4), 0..2_usize, 0..3_usize, 0..8_usize).prop_map(
        |(everywhere, namespace, role, subject)| BindingSeed { everywhere, namespace, role, subject },
    );
    let pod =
        (0..2_usize, 0..2_usize, prop::option::of(any::<bool>()), prop::bool::weighted(0.2), any::<bool>())
            .prop_map(|(namespace, account, automount, privileged, node)| PodSeed {
                namespace,
                account,
                automount,
                privileged,
                node,
            });
    let guards = (0..3_usize, 0..3_usize).prop_map(|(a, b)| [a, b]);
    (
        guards,
        prop::option::weighted(0.8, 0..2_usize),
        prop::collection::vec(role, 3),
        prop::collection::vec(binding, 1..5),
        prop::collection::vec(pod, 0..3),
        prop::collection::vec((0..2_usize, any::<bool>()), 0..2),
        prop::collection::vec((0..2_usize, 0..2_usize), 0..2),
    )
        .prop_map(|(guards, root, roles, bindings, pods, templates, secrets)| Seed {
            guards,
            root,
            roles,
            bindings,
            pods,
            templates,
            secrets,
        })
}

impl World {
    /// The cluster of a seed, under a name and a number. By its number it has each rule once everywhere, without a limit
    /// or with one; the rest is as it comes.
    pub(crate) fn grow(number: usize, mut seed: Seed) -> Self {
        let name = format!("c{number}");
        let limited = !(number / ROWS.len()).is_multiple_of(2);
        seed.roles[0] = RoleSeed {
            cluster: true,
            aggregated: false,
            rules: vec![(number % ROWS.len(), limited)],
            ..seed.roles[0].clone()
        };
        seed.bindings[0] = BindingSeed {
            everywhere: !number.is_multiple_of(3),
            role: 0,
            subject: 6,
            ..seed.bindings[0].clone()
        };
        let mut world = Self { name, objects: Vec::new() };
        for (number, guard) in seed.guards.into_iter().enumerate() {
            world.namespace(number, guard);
        }
        for (number, role) in seed.roles.iter().enumerate() {
            world.role(number, role);
        }
        for (number, binding) in seed.bindings.iter().enumerate() {
            world.binding(number, binding, &seed.roles);
        }
        if let Some(root) = seed.root {
            let role = world.prefixed("root");
            let rules = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
            world.push(RBAC, "ClusterRole", None, &role, json!({"rules": rules}));
            let subject = json!([{"kind": "ServiceAccount", "name": "y", "namespace": world.home(root)}]);
            let role_ref = json!({"apiGroup": RBAC, "kind": "ClusterRole", "name": role});
            world.push(
                RBAC,
                "ClusterRoleBinding",
                None,
                &role,
                json!({"roleRef": role_ref, "subjects": subject}),
            );
        }
        for (number, pod) in seed.pods.iter().enumerate() {
            let privileged = pod.privileged && seed.guards[pod.namespace] == 0;
            world.pod(number, pod, privileged);
        }
        for (namespace, cron) in &seed.templates {
            world.template(*namespace, *cron);
        }
        for (number, (namespace, account)) in seed.secrets.iter().enumerate() {
            let account = ["x", "y"][*account];
            let metadata = json!({"kubernetes.io/service-account.name": account});
            world.push(
                "",
                "Secret",
                Some(*namespace),
                &format!("t{number}"),
                json!({"type": "kubernetes.io/service-account-token"}),
            );
            world.objects.last_mut().unwrap()["metadata"]["annotations"] = metadata;
        }
        world
    }

    pub(crate) fn home(&self, namespace: usize) -> String {
        self.prefixed(["a", "b"][namespace])
    }

    pub(crate) fn prefixed(&self, name: &str) -> String {
        format!("{}-{name}", self.name)
    }

    /// What the program would know of it.
    pub(crate) fn facts(&self) -> Inventory {
        let mut inventory = Inventory::default();
        // What tells a whole cluster from files. Its own accounts are not what is tried here.
        let sign = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "system:basic-user"}});
        for object in self.objects.iter().chain([&sign]) {
            let text = |field: &str| object[field].as_str().unwrap().to_owned();
            if let Recognition::Facts(kind) = recognize(&text("apiVersion"), &text("kind")) {
                inventory.put(Object::decode(kind, object).unwrap());
            }
        }
        inventory
    }

    /// The accounts that differ in what they may do: those that a binding names, by name or by group, and of the others
    /// one.
    pub(crate) fn accounts(&self) -> Vec<(String, &'static str)> {
        let subjects: Vec<&Value> =
            self.objects.iter().filter_map(|it| it["subjects"].as_array()).flatten().collect();
        let mut other = false;
        let mut accounts = Vec::new();
        for namespace in [self.home(0), self.home(1)] {
            for account in ["default", "x", "y"] {
                let group = format!("system:serviceaccounts:{namespace}");
                let bound = subjects.iter().any(|it| {
                    it["name"] == account && it["namespace"] == namespace.as_str()
                        || it["name"] == group.as_str()
                });
                if bound || !other {
                    accounts.push((namespace.clone(), account));
                }
                other = other || !bound;
            }
        }
        accounts
    }

    /// The rights that somebody could bind themselves to.
    pub(crate) fn rights(&self) -> Vec<Place> {
        let binds =
            |object: &Value| object["rules"].as_array().is_some_and(|rules| rules.iter().any(allows_to_bind));
        if !self.objects.iter().filter(|it| it["metadata"]["name"] != self.prefixed("root")).any(binds) {
            return Vec::new();
        }
        let mut rights = Vec::new();
        for role in self.of("ClusterRole").chain(self.of("Role")) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (name, namespace) = (text(&role["metadata"]["name"]), text(&role["metadata"]["namespace"]));
            let (kind, scopes) = if namespace.is_empty() {
                (RoleKind::ClusterRole, vec![None, Some(self.home(0)), Some(self.home(1))])
            } else {
                (RoleKind::Role, vec![Some(namespace.clone())])
            };
            let key = RoleKey { kind, namespace: namespace.into(), name: name.into() };
            let place =
                |scope: Option<String>| Place::Rights { role: key.clone(), scope: scope.map(Into::into) };
            rights.extend(scopes.into_iter().map(place));
        }
        rights
    }

    /// Whether any rule is limited to the name of what isn't there.
    pub(crate) fn names_what_is_free(&self) -> bool {
        let rules = self.objects.iter().filter_map(|object| object["rules"].as_array()).flatten();
        let mut names = rules.filter_map(|rule| rule["resourceNames"].as_array()).flatten();
        names.any(|name| name == FREE || *name == self.prefixed(FREE).as_str())
    }

    /// What stands beside the facts: something to change, something to approve.
    pub(crate) fn fixtures(&self, requests: [&str; 2]) -> Vec<Value> {
        let hook = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": self.prefixed("hook")}, "webhooks": []});
        let request = |name: &str, signer: &str, request: &str| {
            json!({"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
                "metadata": {"name": self.prefixed(name)},
                "spec": {"signerName": format!("kubernetes.io/{signer}"), "usages": ["client auth"], "request": request}})
        };
        vec![
            hook,
            request("csr", "kube-apiserver-client", requests[0]),
            request("csr-node", "kube-apiserver-client-kubelet", requests[1]),
        ]
    }

    /// The accounts whose tokens are in pods.
    pub(crate) fn running(&self) -> Vec<Place> {
        let mounted = self.of("Pod").filter(|pod| pod["spec"]["automountServiceAccountToken"] != false);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        mounted
            .map(|pod| {
                Place::account(text(&pod["metadata"]["namespace"]), text(&pod["spec"]["serviceAccountName"]))
            })
            .collect()
    }

    /// The objects of a kind.
    pub(crate) fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects.iter().filter(move |object| object["kind"] == kind)
    }

    fn push(&mut self, group: &str, kind: &str, namespace: Option<usize>, name: &str, fields: Value) {
        let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        let mut object = fields;
        object["apiVersion"] = json!(version);
        object["kind"] = json!(kind);
        object["metadata"] = json!({"name": name});
        if let Some(namespace) = namespace {
            object["metadata"]["namespace"] = json!(self.home(namespace));
        }
        self.objects.push(object);
    }

    fn namespace(&mut self, number: usize, guard: usize) {
        let home = self.home(number);
        self.push("", "Namespace", None, &home, json!({}));
        if guard > 0 {
            let level = ["", "baseline", "restricted"][guard];
            self.objects.last_mut().unwrap()["metadata"]["labels"] =
                json!({"pod-security.kubernetes.io/enforce": level});
        }
        for account in ["default", "x", "y"] {
            self.push("", "ServiceAccount", Some(number), account, json!({}));
        }
    }

    fn role(&mut self, number: usize, seed: &RoleSeed) {
        let rules: Vec<Value> = seed.rules.iter().map(|(row, limited)| self.rule(*row, *limited)).collect();
        let name = self.prefixed(&format!("role{number}"));
        if !seed.cluster {
            self.push(RBAC, "Role", Some(seed.namespace), &name, json!({"rules": rules}));
        } else if seed.aggregated {
            let label = self.prefixed("collected");
            self.push(RBAC, "ClusterRole", None, &format!("{name}-part"), json!({"rules": rules}));
            self.objects.last_mut().unwrap()["metadata"]["labels"] = json!({&label: "true"});
            let aggregation = json!({"clusterRoleSelectors": [{"matchLabels": {&label: "true"}}]});
            // No controller fills it in here; what it would be filled with is what it is created with.
            self.push(
                RBAC,
                "ClusterRole",
                None,
                &name,
                json!({"rules": rules, "aggregationRule": aggregation}),
            );
        } else {
            self.push(RBAC, "ClusterRole", None, &name, json!({"rules": rules}));
        }
    }

    fn rule(&self, row: usize, limited: bool) -> Value {
        let (verbs, group, resources, names) = ROWS[row];
        let mut rule = json!({"verbs": verbs, "apiGroups": [group], "resources": resources});
        if limited && !names.is_empty() {
            // What is of the whole cluster needs a name that no other cluster has.
            let own = names.contains(&FREE).then(|| self.prefixed(FREE));
            let names: Vec<String> = names.iter().map(|name| self.meant(name)).chain(own).collect();
            rule["resourceNames"] = json!(names);
        }
        rule
    }

    fn meant(&self, name: &str) -> String {
        match name {
            "NODE" => self.prefixed("node"),
            "USER" => self.prefixed("user"),
            "GROUP" => self.prefixed("group"),
            "HOOK" => self.prefixed("hook"),
            "NAMESPACE" => self.home(0),
            role if role.starts_with("ROLE") => self.prefixed(&role.to_lowercase()),
            other => other.to_owned(),
        }
    }

    fn binding(&mut self, number: usize, seed: &BindingSeed, roles: &[RoleSeed]) {
        let role = &roles[seed.role];
        let (kind, namespace) = match (role.cluster, seed.everywhere) {
            (true, true) => ("ClusterRoleBinding", None),
            (true, false) => ("RoleBinding", Some(seed.namespace)),
            (false, _) => ("RoleBinding", Some(role.namespace)),
        };
        let group = |name: String| json!({"kind": "Group", "name": name, "apiGroup": RBAC});
        let account = |namespace: usize, name: &str| json!({"kind": "ServiceAccount", "name": name, "namespace": self.home(namespace)});
        let subject = match seed.subject {
            0 => json!({"kind": "User", "name": self.prefixed("user"), "apiGroup": RBAC}),
            1 => group(self.prefixed("group")),
            2 => group(format!("system:serviceaccounts:{}", self.home(0))),
            3 => account(1, "x"),
            4 => account(1, "y"),
            5 => account(0, "default"),
            _ => account(0, "x"),
        };
        let role_kind = if role.cluster { "ClusterRole" } else { "Role" };
        let role_ref = json!({"apiGroup": RBAC, "kind": role_kind, "name": self.prefixed(&format!("role{}", seed.role))});
        let name =
            if namespace.is_some() { format!("b{number}") } else { self.prefixed(&format!("b{number}")) };
        self.push(RBAC, kind, namespace, &name, json!({"roleRef": role_ref, "subjects": [subject]}));
    }

    fn pod(&mut self, number: usize, seed: &PodSeed, privileged: bool) {
        let mut spec = pod_spec(["x", "y"][seed.account], privileged);
        spec["automountServiceAccountToken"] = json!(seed.automount);
        if seed.node {
            spec["nodeName"] = json!(self.prefixed("node"));
        }
        self.push("", "Pod", Some(seed.namespace), &format!("p{number}"), json!({"spec": spec}));
    }

    fn template(&mut self, namespace: usize, cron: bool) {
        let mut spec = pod_spec("default", false);
        spec["automountServiceAccountToken"] = json!(false);
        if cron {
            spec["restartPolicy"] = json!("Never");
            let job = json!({"spec": {"template": {"spec": spec}}});
            self.push(
                "batch",
                "CronJob",
                Some(namespace),
                "tick",
                json!({"spec": {"schedule": "* * * * *", "jobTemplate": job}}),
            );
        } else {
            let labels = json!({"app": "web"});
            let template = json!({"metadata": {"labels": labels}, "spec": spec});
            self.push(
                "apps",
                "Deployment",
                Some(namespace),
                "web",
                json!({"spec": {"selector": {"matchLabels": labels}, "template": template}}),
            );
        }
    }
}

fn allows_to_bind(rule: &Value) -> bool {
    rule["verbs"].as_array().is_some_and(|verbs| verbs.iter().any(|verb| verb == "bind" || verb == "*"))
}

/// A pod that the strictest level lets pass, or a privileged one.
pub(crate) fn pod_spec(account: &str, privileged: bool) -> Value {
    let context = if privileged {
        json!({"privileged": true})
    } else {
        json!({"allowPrivilegeEscalation": false, "runAsNonRoot": true, "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"}})
    };
    let container = json!({"name": "c", "image": "registry.example.com/app:1.0", "securityContext": context});
    json!({"serviceAccountName": account, "containers": [container]})
}
