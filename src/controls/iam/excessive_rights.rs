//! `iam.excessive-rights`

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account::Account;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::{Text, Workload};
use crate::relations::escalation::ability::{Action, Target, abilities};
use crate::relations::rbac::Grant;

declare_control! {
    /// ## What it checks
    ///
    /// The workload's service account has no sensitive right beyond its own namespace, by whatever binding, group or
    /// aggregated role:
    ///
    /// - `secrets-read`: `get`, `list`, `watch`, `patch` or `deletecollection` on Secrets, each of which shows them
    /// - `token-creation`: `create` on `serviceaccounts/token`
    /// - `impersonation`: `impersonate`
    /// - `pod-entry`: `create` on `pods/exec`, `patch` or `update` on `pods/ephemeralcontainers`
    /// - `workload-creation`: `create`, `patch` or `update` on pods and on what makes pods
    /// - `role-binding`: `bind` or `escalate`
    /// - `admission`: `create`, `patch` or `update` on mutating webhooks and mutating admission policies
    /// - `kubelets`: `get` or `create` on `nodes/proxy`
    /// - `certificates`: `patch` or `update` on the approval of certificate requests
    /// - `node-files`: `create` on `PersistentVolumes`
    ///
    /// Rights that `resourceNames` limit and those that `allowed` lists are left out. A workload whose pods hold no
    /// token passes. For one that `iam.path-to-cluster-admin` finds the control is not applicable: it is told there, by
    /// the rights that matter.
    ///
    /// ## Why it matters
    ///
    /// Whoever breaks into a pod has its token. What it may do in its own namespace is lost with it; what it may do
    /// everywhere else turns one flaw into everybody's. Such rights mostly come with a chart that asks for more than
    /// this installation needs.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   serviceAccountName: collector
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: collector}
    /// rules:
    ///   - {apiGroups: [""], resources: [secrets], verbs: [get, list, watch]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: collector}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: collector}
    /// subjects: [{kind: ServiceAccount, name: collector, namespace: shop}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   serviceAccountName: collector
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: collector}
    /// rules:
    ///   - {apiGroups: [""], resources: [secrets], verbs: [get, list, watch]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: collector, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: collector}
    /// subjects: [{kind: ServiceAccount, name: collector, namespace: shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Bind the role in the namespaces where it is needed, by a `RoleBinding`, and limit it by `resourceNames` where the
    /// names are known. Many operators have a setting for the namespaces that they watch. What needs the right
    /// everywhere is allowed by `allowed` or, better, excused by a RiskException for this workload alone.
    pub static EXCESSIVE_RIGHTS = {
        id: "iam.excessive-rights",
        title: "Workload has sensitive rights beyond its namespace",
        severity: High,
        subject: Workload,
        parameters: ExcessiveRights,
        references: [
            Framework::CisKubernetes.clause("5.1.2"),
            Framework::CisKubernetes.clause("5.1.4"),
            Framework::CisKubernetes.clause("5.1.13"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1078"),
            Framework::MitreAttack.clause("T1528"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// What is allowed.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct ExcessiveRights {
    /// Rights that workloads may have beyond their namespace. Default: none. Example: `[workload-creation]`.
    allowed: BTreeSet<Right>,
}

impl Parameters for ExcessiveRights {}

/// A sensitive right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Right {
    SecretsRead,
    TokenCreation,
    Impersonation,
    PodEntry,
    WorkloadCreation,
    RoleBinding,
    Admission,
    Kubelets,
    Certificates,
    NodeFiles,
}

impl Right {
    fn of(action: Action, target: Target) -> Option<Self> {
        Some(match (action, target) {
            (Action::Read, Target::Secrets) => Self::SecretsRead,
            (Action::Create, Target::Tokens) => Self::TokenCreation,
            (Action::Impersonate, _) => Self::Impersonation,
            (_, Target::Exec | Target::EphemeralContainers) => Self::PodEntry,
            (Action::Create | Action::Write, Target::Workloads(_)) => Self::WorkloadCreation,
            (Action::Bind | Action::Escalate, _) => Self::RoleBinding,
            (_, Target::MutatingWebhooks | Target::MutatingPolicies | Target::MutatingPolicyBindings) => {
                Self::Admission
            }
            (_, Target::NodesProxy) => Self::Kubelets,
            (_, Target::CertificateApproval) => Self::Certificates,
            (Action::Create, Target::Volumes) => Self::NodeFiles,
            _ => return None,
        })
    }

    /// Whether it is only ever held everywhere.
    const fn is_of_the_cluster(self) -> bool {
        matches!(self, Self::Admission | Self::Kubelets | Self::Certificates | Self::NodeFiles)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::SecretsRead => "secrets-read",
            Self::TokenCreation => "token-creation",
            Self::Impersonation => "impersonation",
            Self::PodEntry => "pod-entry",
            Self::WorkloadCreation => "workload-creation",
            Self::RoleBinding => "role-binding",
            Self::Admission => "admission",
            Self::Kubelets => "kubelets",
            Self::Certificates => "certificates",
            Self::NodeFiles => "node-files",
        }
    }

    const fn in_words(self) -> &'static str {
        match self {
            Self::SecretsRead => "read Secrets",
            Self::TokenCreation => "create tokens of service accounts",
            Self::Impersonation => "impersonate others",
            Self::PodEntry => "run commands in pods",
            Self::WorkloadCreation => "create or change workloads",
            Self::RoleBinding => "bind or escalate roles",
            Self::Admission => "change mutating admission",
            Self::Kubelets => "reach kubelets",
            Self::Certificates => "approve certificates",
            Self::NodeFiles => "create PersistentVolumes",
        }
    }
}

/// Where a right is held, and by which role and binding that was seen first.
struct Held {
    everywhere: bool,
    namespaces: BTreeSet<Text>,
    by: String,
    role: String,
}

fn evaluate(workload: &Workload, parameters: &ExcessiveRights, context: &Context<'_>) -> Verdict {
    let account = Account::of(workload, context);
    if !account.has_token() {
        return Verdict::Pass;
    }
    let rights = held(&account, parameters, context);
    if rights.is_empty() {
        return Verdict::Pass;
    }
    if context.relations.escalation().distance(&account.principal()).is_some() {
        return Verdict::NotApplicable;
    }
    rights.iter().map(|(right, held)| finding(&account, *right, held)).collect()
}

/// The rights beyond the account's own namespace.
fn held(account: &Account<'_>, parameters: &ExcessiveRights, context: &Context<'_>) -> BTreeMap<Right, Held> {
    let rbac = context.relations.rbac();
    let mut rights: BTreeMap<Right, Held> = BTreeMap::new();
    for principal in account.principals() {
        for grant in rbac.grants_of(&principal) {
            let scope = grant.scope();
            if scope == Some(&account.namespace) {
                continue;
            }
            for ability in abilities(grant.rule).into_iter().filter(|ability| ability.names.is_empty()) {
                let right = Right::of(ability.action, ability.target);
                let counts = |right: &Right| {
                    !parameters.allowed.contains(right) && (scope.is_none() || !right.is_of_the_cluster())
                };
                if let Some(right) = right.filter(counts) {
                    rights.entry(right).or_insert_with(|| Held::by(&grant)).add(scope);
                }
            }
        }
    }
    rights
}

impl Held {
    fn by(grant: &Grant<'_>) -> Self {
        let by = format!("{}, {}", grant.role, grant.binding);
        Self { everywhere: false, namespaces: BTreeSet::new(), by, role: grant.role.to_string() }
    }

    fn add(&mut self, scope: Option<&Text>) {
        self.everywhere = self.everywhere || scope.is_none();
        self.namespaces.extend(scope.cloned());
    }
}

fn finding(account: &Account<'_>, right: Right, held: &Held) -> Finding {
    let namespaces = || match held.namespaces.iter().collect::<Vec<_>>().as_slice() {
        [one] => format!(" in {one}"),
        several => format!(" in {} other namespaces", several.len()),
    };
    let place = match held.everywhere {
        true if right.is_of_the_cluster() => String::new(),
        true => " in every namespace".to_owned(),
        false => namespaces(),
    };
    let message = format!("may {}{place}", right.in_words());
    let fix = format!("narrow {} to what the workload needs", held.role);
    account.finding(message).value(&held.by).discriminator(right.name()).fix(fix)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge_with, messages};

    const POD: &str =
        "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {serviceAccountName: ci}}";

    fn granted(name: &str, namespace: &str, rule: &str) -> String {
        let (kind, home) = if namespace.is_empty() {
            ("ClusterRoleBinding", String::new())
        } else {
            ("RoleBinding", format!(", namespace: {namespace}"))
        };
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: {name}}}, rules: [{rule}]}}\n\
             ---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: {kind}, metadata: {{name: {name}{home}}}, \
             roleRef: {{kind: ClusterRole, name: {name}}}, \
             subjects: [{{kind: ServiceAccount, name: ci, namespace: shop}}]}}"
        )
    }

    fn found(parameters: &serde_json::Value, grants: &[String]) -> Vec<String> {
        let manifests = [POD.to_owned()].into_iter().chain(grants.iter().cloned()).collect::<Vec<_>>();
        let verdict = judge_with(&EXCESSIVE_RIGHTS, parameters, &manifests.join("\n---\n"));
        messages(verdict).into_iter().map(|it| it.split_once(';').unwrap().0.to_owned()).collect()
    }

    const EXEC: &str = "{verbs: [create], apiGroups: [''], resources: [pods/exec]}";
    const VOLUMES: &str = "{verbs: [create], apiGroups: [''], resources: [persistentvolumes]}";

    #[test]
    fn what_reaches_beyond_the_own_namespace_is_found_once_a_right() {
        let none = json!({});
        assert_eq!(found(&none, &[granted("a", "", EXEC)]), ["may run commands in pods in every namespace"]);
        assert_eq!(found(&none, &[granted("a", "ops", EXEC)]), ["may run commands in pods in ops"]);
        assert_eq!(found(&none, &[granted("a", "shop", EXEC)]), [""; 0]);
        let several = [granted("a", "ops", EXEC), granted("b", "web", EXEC), granted("c", "", VOLUMES)];
        assert_eq!(
            found(&none, &several),
            ["may run commands in pods in 2 other namespaces", "may create PersistentVolumes"]
        );
        assert_eq!(found(&none, &[granted("a", "ops", VOLUMES)]), [""; 0]);
    }

    #[test]
    fn names_and_what_is_allowed_are_left_out() {
        let named = EXEC.replace('}', ", resourceNames: [web-0]}");
        assert_eq!(found(&json!({}), &[granted("a", "", &named)]), [""; 0]);
        assert_eq!(found(&json!({"allowed": ["pod-entry"]}), &[granted("a", "", EXEC)]), [""; 0]);
    }

    #[test]
    fn what_leads_to_everything_is_told_elsewhere() {
        let all = "{verbs: ['*'], apiGroups: ['*'], resources: ['*']}";
        let manifest = format!("{POD}\n---\n{}", granted("a", "", all));
        assert_eq!(judge_with(&EXCESSIVE_RIGHTS, &json!({}), &manifest), Verdict::NotApplicable);
    }

    #[test]
    fn a_name_is_the_one_that_parameters_use() {
        for right in [Right::SecretsRead, Right::PodEntry, Right::NodeFiles, Right::RoleBinding] {
            assert_eq!(serde_json::to_value(right).unwrap(), right.name());
        }
    }
}
