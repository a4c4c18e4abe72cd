//! What besides roles and bindings decides where a right leads: accounts, token Secrets, what runs, Pod Security labels.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Inventory, Meta, Namespace, ObjectKind, SubjectKey, Text, Workload, WorkloadKind};
use crate::relations::accounts::holds_token;

/// The type of a Secret that holds the token of a service account.
const TOKEN_SECRET: &str = "kubernetes.io/service-account-token";

/// Names the service account of such a Secret.
const TOKEN_OF: &str = "kubernetes.io/service-account.name";

/// Says what Pod Security admission refuses in a namespace.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// The account that Kubernetes makes in every namespace.
const DEFAULT: &str = "default";

type ByNamespace<T> = BTreeMap<Text, BTreeSet<T>>;

/// The facts, as far as paths depend on them. Owned, and by name.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    /// Accounts that the facts define or that workloads use.
    accounts: ByNamespace<Text>,
    /// Namespaces whose accounts are all known, because the one that is in every namespace is.
    complete: BTreeSet<Text>,
    /// Token Secrets: name and account.
    pub(super) token_secrets: ByNamespace<(Text, Text)>,
    /// Every namespace that anything names.
    pub(super) namespaces: BTreeSet<Text>,
    /// Those in which Pod Security admission refuses privileged pods.
    guarded: BTreeSet<Text>,
    /// Workloads whose template can be changed, by kind.
    pub(super) templates: BTreeMap<WorkloadKind, ByNamespace<Text>>,
    /// Accounts whose token a pod holds.
    pub(super) running: ByNamespace<Text>,
    /// Namespaces in which anything runs.
    populated: BTreeSet<Text>,
    /// Namespaces in which a privileged pod runs.
    pub(super) privileged: BTreeSet<Text>,
    /// Whether a node of the control plane is known.
    pub(super) control_plane: bool,
}

/// A pod, as far as who is in it gains by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pod {
    /// The account whose token it holds.
    pub(super) account: Option<Text>,
    /// Whether it is as good as its node.
    pub(super) privileged: bool,
}

/// What paths depend on in a workload. Of two that look the same, one can stand for the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::relations) struct Seen {
    pod: Pod,
    uses: Text,
    runs: bool,
    node: Option<Text>,
}

impl Seen {
    pub(in crate::relations) fn of(inventory: &Inventory, workload: &Workload) -> Self {
        Self {
            pod: seen(inventory, workload),
            uses: workload.service_account(),
            runs: workload.wanted_replicas() != Some(0),
            node: workload.spec().node_name.clone(),
        }
    }

    /// The same of a namespace: whether privileged pods are refused there.
    pub(in crate::relations) fn guard_of(namespace: &Namespace) -> bool {
        is_guarded(namespace)
    }
}

impl World {
    pub(super) fn of(inventory: &Inventory) -> Self {
        let mut world = Self::default();
        // Every cluster has these two, and nothing guards them unless their labels say so.
        world.namespaces.extend(["default", "kube-system"].map(Text::from));
        for account in inventory.service_accounts() {
            let namespace = home(&account.metadata);
            if account.metadata.name == DEFAULT {
                world.complete.insert(namespace.clone());
            }
            world.accounts.entry(namespace).or_default().insert(account.metadata.name.clone());
        }
        for namespace in inventory.namespaces() {
            let name = &namespace.metadata.name;
            world.namespaces.insert(name.clone());
            if is_guarded(namespace) {
                world.guarded.insert(name.clone());
            }
        }
        for secret in inventory.secrets().filter(|it| it.kind.as_deref() == Some(TOKEN_SECRET)) {
            if let Some(account) = secret.metadata.annotations.get(TOKEN_OF) {
                let known = (secret.metadata.name.clone(), account.clone());
                world.token_secrets.entry(home(&secret.metadata)).or_default().insert(known);
            }
        }
        for (key, workload) in inventory.workloads() {
            world.take(inventory, key, workload);
        }
        world.namespaces.extend(world.accounts.keys().cloned());
        let label = "node-role.kubernetes.io/control-plane";
        world.control_plane = inventory.nodes().any(|node| node.metadata.labels.get(label).is_some());
        world
    }

    fn take(&mut self, inventory: &Inventory, key: &SubjectKey, workload: &Workload) {
        let namespace = &key.namespace;
        let account = workload.service_account();
        self.namespaces.insert(namespace.clone());
        if !self.complete.contains(namespace) {
            self.accounts.entry(namespace.clone()).or_default().insert(account.clone());
        }
        // A Job's template is as it is made, and of a Pod only the images can be changed.
        if !matches!(workload.kind, WorkloadKind::Job | WorkloadKind::Pod) {
            let templates = self.templates.entry(workload.kind).or_default();
            templates.entry(namespace.clone()).or_default().insert(workload.meta.name.clone());
        }
        if workload.wanted_replicas() == Some(0) {
            return;
        }
        self.populated.insert(namespace.clone());
        if holds_token(inventory, workload) {
            self.running.entry(namespace.clone()).or_default().insert(account);
        }
        if is_privileged(workload) {
            self.privileged.insert(namespace.clone());
        }
    }

    /// Whether an account exists, as far as can be told: files may leave accounts out.
    pub(super) fn exists(&self, namespace: &Text, name: &Text) -> bool {
        !self.complete.contains(namespace)
            || self.accounts.get(namespace).is_some_and(|all| all.contains(name))
    }

    /// The accounts of a namespace that are known to exist.
    pub(super) fn accounts_of(&self, namespace: &Text) -> impl Iterator<Item = &Text> {
        self.accounts.get(namespace).into_iter().flatten()
    }

    /// A namespace within this scope (nothing: anywhere) in which nothing forbids privileged pods.
    pub(super) fn unguarded(&self, scope: Option<&Text>) -> Option<Text> {
        match scope {
            Some(namespace) => (!self.guarded.contains(namespace)).then(|| namespace.clone()),
            None => self.namespaces.difference(&self.guarded).next().cloned(),
        }
    }

    /// The same, among those with a pod in them.
    pub(super) fn unguarded_with_pods(&self, scope: Option<&Text>) -> Option<Text> {
        let within = |namespace: &&Text| scope.is_none_or(|scope| scope == *namespace);
        let mut open = self.populated.iter().filter(within);
        open.find(|namespace| !self.guarded.contains(*namespace)).cloned()
    }
}

/// A pod of this name: one by itself, or one of a workload, as far as the facts know it.
pub(super) fn pod(inventory: &Inventory, namespace: &Text, name: &Text) -> Option<Pod> {
    let kind = ObjectKind::Workload(WorkloadKind::Pod);
    let key = SubjectKey::new(namespace.clone(), kind, name.clone());
    let workload = inventory.workload(&inventory.top_owner(&key))?;
    Some(seen(inventory, workload))
}

/// The pods of a node, with their namespaces.
pub(super) fn pods_on(inventory: &Inventory, node: &Text) -> Vec<(Text, Pod)> {
    let alone = inventory.workloads().filter(|(_, it)| it.spec().node_name.as_ref() == Some(node));
    let owned = inventory.owned().filter(|(_, it)| it.node.as_ref() == Some(node));
    let owned = owned.filter_map(|(key, _)| {
        inventory.workload(&inventory.top_owner(key)).map(|workload| (&key.namespace, workload))
    });
    let all = alone.map(|(key, workload)| (&key.namespace, workload)).chain(owned);
    all.map(|(namespace, workload)| (namespace.clone(), seen(inventory, workload))).collect()
}

fn seen(inventory: &Inventory, workload: &Workload) -> Pod {
    let account = holds_token(inventory, workload).then(|| workload.service_account());
    Pod { account, privileged: is_privileged(workload) }
}

/// Whether a container is as good as the node: privileged, in the node's own user namespace.
fn is_privileged(workload: &Workload) -> bool {
    let privileged = |container: &crate::facts::Container| {
        container.security_context.as_ref().and_then(|context| context.privileged) == Some(true)
    };
    !workload.spec().has_user_namespace() && workload.containers().any(|container| privileged(&container))
}

/// Whether Pod Security admission refuses privileged pods.
fn is_guarded(namespace: &Namespace) -> bool {
    let level = namespace.metadata.labels.get(ENFORCE).map(Text::as_str);
    matches!(level, Some("baseline" | "restricted"))
}

fn home(meta: &Meta) -> Text {
    meta.namespace.clone().unwrap_or_default()
}
