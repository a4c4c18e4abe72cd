//! What a rule allows that can lead further: the few rights out of the many that matter to an attacker.

use crate::facts::{Rule, Text, WorkloadKind};
use crate::relations::rbac::{Request, is_everything};

/// What may be done. Verbs that come to the same are one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Every verb.
    Any,
    /// To see what is in it.
    Read,
    /// `create`
    Create,
    /// `patch`, which can create what has a name.
    Patch,
    /// `patch` or `update`
    Write,
    /// `impersonate`
    Impersonate,
    /// `bind`
    Bind,
    /// `escalate`
    Escalate,
    /// `approve`
    Approve,
    /// `get` or `create` of a proxy.
    Connect,
}

/// What it may be done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Every resource of every group.
    Everything,
    /// `secrets`
    Secrets,
    /// `serviceaccounts/token`
    Tokens,
    /// `serviceaccounts`
    Accounts,
    /// `users`, which are only ever impersonated.
    Users,
    /// `groups`, which are only ever impersonated.
    Groups,
    /// `pods`, `deployments` and all that makes pods.
    Workloads(WorkloadKind),
    /// `pods/exec`
    Exec,
    /// `pods/ephemeralcontainers`
    EphemeralContainers,
    /// `nodes/proxy`
    NodesProxy,
    /// `roles`
    Roles,
    /// `clusterroles`
    ClusterRoles,
    /// `rolebindings`
    RoleBindings,
    /// `clusterrolebindings`
    ClusterRoleBindings,
    /// `mutatingwebhookconfigurations`
    MutatingWebhooks,
    /// `mutatingadmissionpolicies`
    MutatingPolicies,
    /// `mutatingadmissionpolicybindings`
    MutatingPolicyBindings,
    /// `certificatesigningrequests`
    CertificateRequests,
    /// `certificatesigningrequests/approval`
    CertificateApproval,
    /// `signers`
    Signers,
    /// `persistentvolumes`
    Volumes,
    /// `persistentvolumeclaims`
    Claims,
    /// `namespaces`
    Namespaces,
}

/// One thing that a rule allows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ability {
    /// What may be done,
    pub action: Action,
    /// to what,
    pub target: Target,
    /// of these names; empty means any.
    pub names: Vec<Text>,
}

type Row = (Action, Target, &'static [&'static str], &'static str, &'static str, &'static str);

const WRITE: &[&str] = &["patch", "update"];
const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";

/// Every right that is looked for: action, target, the verbs that amount to it, group, resource, subresource.
///
/// A `patch` answers with the whole object, also in a dry run that changes nothing, so that it reads. A websocket is
/// begun by a `get`, which the API server takes for nodes/proxy and, since 1.35, not for pods/exec.
const ROWS: &[Row] = &[
    (Action::Read, Target::Secrets, &["get", "list", "watch", "patch"], "", "secrets", ""),
    (Action::Create, Target::Secrets, &["create"], "", "secrets", ""),
    (Action::Patch, Target::Secrets, &["patch"], "", "secrets", ""),
    (Action::Create, Target::Tokens, &["create"], "", "serviceaccounts", "token"),
    (Action::Impersonate, Target::Accounts, &["impersonate"], "", "serviceaccounts", ""),
    (Action::Impersonate, Target::Users, &["impersonate"], "", "users", ""),
    (Action::Impersonate, Target::Groups, &["impersonate"], "", "groups", ""),
    (Action::Create, Target::Exec, &["create"], "", "pods", "exec"),
    (Action::Write, Target::EphemeralContainers, WRITE, "", "pods", "ephemeralcontainers"),
    (Action::Connect, Target::NodesProxy, &["get", "create"], "", "nodes", "proxy"),
    (Action::Escalate, Target::Roles, &["escalate"], RBAC, "roles", ""),
    (Action::Bind, Target::Roles, &["bind"], RBAC, "roles", ""),
    (Action::Write, Target::Roles, WRITE, RBAC, "roles", ""),
    (Action::Escalate, Target::ClusterRoles, &["escalate"], RBAC, "clusterroles", ""),
    (Action::Bind, Target::ClusterRoles, &["bind"], RBAC, "clusterroles", ""),
    (Action::Create, Target::ClusterRoles, &["create"], RBAC, "clusterroles", ""),
    (Action::Write, Target::ClusterRoles, WRITE, RBAC, "clusterroles", ""),
    (Action::Create, Target::RoleBindings, &["create"], RBAC, "rolebindings", ""),
    (Action::Write, Target::RoleBindings, WRITE, RBAC, "rolebindings", ""),
    (Action::Create, Target::ClusterRoleBindings, &["create"], RBAC, "clusterrolebindings", ""),
    (Action::Write, Target::ClusterRoleBindings, WRITE, RBAC, "clusterrolebindings", ""),
    (Action::Create, Target::MutatingWebhooks, &["create"], ADMISSION, "mutatingwebhookconfigurations", ""),
    (Action::Write, Target::MutatingWebhooks, WRITE, ADMISSION, "mutatingwebhookconfigurations", ""),
    (Action::Create, Target::MutatingPolicies, &["create"], ADMISSION, "mutatingadmissionpolicies", ""),
    (
        Action::Create,
        Target::MutatingPolicyBindings,
        &["create"],
        ADMISSION,
        "mutatingadmissionpolicybindings",
        "",
    ),
    (
        Action::Create,
        Target::CertificateRequests,
        &["create"],
        CERTIFICATES,
        "certificatesigningrequests",
        "",
    ),
    (
        Action::Write,
        Target::CertificateApproval,
        WRITE,
        CERTIFICATES,
        "certificatesigningrequests",
        "approval",
    ),
    (Action::Patch, Target::CertificateRequests, &["patch"], CERTIFICATES, "certificatesigningrequests", ""),
    (Action::Approve, Target::Signers, &["approve"], CERTIFICATES, "signers", ""),
    (Action::Create, Target::Volumes, &["create"], "", "persistentvolumes", ""),
    (Action::Patch, Target::Volumes, &["patch"], "", "persistentvolumes", ""),
    (Action::Create, Target::Claims, &["create"], "", "persistentvolumeclaims", ""),
    (Action::Patch, Target::Claims, &["patch"], "", "persistentvolumeclaims", ""),
    (Action::Write, Target::Namespaces, WRITE, "", "namespaces", ""),
];

/// The resource of a kind of workload.
#[must_use]
pub fn plural(kind: WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::CronJob => "cronjobs",
        WorkloadKind::DaemonSet => "daemonsets",
        WorkloadKind::Deployment => "deployments",
        WorkloadKind::Job => "jobs",
        WorkloadKind::Pod => "pods",
        WorkloadKind::ReplicaSet => "replicasets",
        WorkloadKind::ReplicationController => "replicationcontrollers",
        WorkloadKind::StatefulSet => "statefulsets",
        WorkloadKind::Custom(kind) => kind.plural(),
    }
}

/// Everything that a rule allows and that can lead further, wherever the rule holds.
#[must_use]
pub fn abilities(rule: &Rule) -> Vec<Ability> {
    let mut found = Vec::new();
    if is_everything(rule) {
        found.push(Ability { action: Action::Any, target: Target::Everything, names: Vec::new() });
    }
    let workloads = WorkloadKind::ALL.into_iter().flat_map(|kind| {
        let row = move |action, verbs: &'static [&'static str]| -> Row {
            (action, Target::Workloads(kind), verbs, kind.group(), plural(kind), "")
        };
        [row(Action::Create, &["create"]), row(Action::Patch, &["patch"]), row(Action::Write, WRITE)]
    });
    for (action, target, verbs, group, resource, subresource) in ROWS.iter().copied().chain(workloads) {
        // The answer to `deletecollection` is what was, or in a dry run would be, deleted. It can't be asked by name.
        let deletes = target == Target::Secrets && action == Action::Read && rule.resource_names.is_empty();
        let mut verbs = verbs.iter().copied().chain(deletes.then_some("deletecollection"));
        if verbs.any(|verb| allows(rule, verb, group, resource, subresource)) {
            found.push(Ability { action, target, names: rule.resource_names.to_vec() });
        }
    }
    found
}

fn allows(rule: &Rule, verb: &str, group: &str, resource: &str, subresource: &str) -> bool {
    let name = rule.resource_names.first().map_or("", Text::as_str);
    Request::Resource { verb, group, resource, subresource, namespace: "", name }.is_allowed_by(rule)
}
