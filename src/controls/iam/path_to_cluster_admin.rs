//! `iam.path-to-cluster-admin`

use std::borrow::Cow;

use super::account::Account;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;
use crate::relations::escalation::{Hop, Technique};

declare_control! {
    /// ## What it checks
    ///
    /// The workload's service account may not do everything, and nothing that it may do leads to an identity that may,
    /// by any number of hops. A workload whose pods hold no token passes: who is in it is nobody to the API server.
    ///
    /// A hop is something that RBAC allows and after which one acts with more rights:
    ///
    /// - to be somebody else: `impersonate`, `create` on `serviceaccounts/token`, reading a Secret that holds a token,
    ///   making such a Secret and reading it, approving one's own certificate;
    /// - to run as another account of a namespace: `create` on pods or anything that makes pods, `patch` or `update` on a
    ///   template that is there;
    /// - to enter a pod that holds a token: `create` on `pods/exec`, `patch` or `update` on `pods/ephemeralcontainers` or
    ///   on the pod itself, `get` or `create` on `nodes/proxy`;
    /// - to take a node, and with it the tokens of its pods: a privileged pod where no Pod Security label of the
    ///   namespace forbids it, or where the label can be taken off, or a `PersistentVolume` of the node's files;
    /// - to take rights: `bind` with the right to make a binding, `escalate` on a role that is held;
    /// - to change what others write: mutating webhooks and mutating admission policies.
    ///
    /// `resourceNames` limit each of them as they limit the API server. What the API server refuses is no hop: writing
    /// roles and bindings without `escalate` or `bind`, approving a certificate of `system:masters`. Each hop is carried
    /// out by one identity with all its groups. Admission beyond Pod Security labels isn't known, and Secrets are only
    /// known from files: the operator may not read them. Behind files stands what Kubernetes ships to every cluster:
    /// whoever creates pods in kube-system can run as one of its controllers.
    ///
    /// ## Why it matters
    ///
    /// Whoever breaks into a pod has its token. If that leads to cluster-admin, a flaw in this one workload is the loss of
    /// the cluster, and no role on the way looks like it: each of them is `edit` somewhere, or an operator's.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   serviceAccountName: builder
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: builder}
    /// rules:
    ///   - {apiGroups: [""], resources: [pods], verbs: [get, list, create]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: builder, namespace: ops}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: builder}
    /// subjects: [{kind: ServiceAccount, name: builder, namespace: shop}]
    /// ---
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: operator, namespace: ops}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: operator}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
    /// subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   serviceAccountName: builder
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: builder}
    /// rules:
    ///   - {apiGroups: [""], resources: [pods], verbs: [get, list, create]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: builder, namespace: build}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: builder}
    /// subjects: [{kind: ServiceAccount, name: builder, namespace: shop}]
    /// ---
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: build, labels: {pod-security.kubernetes.io/enforce: baseline}}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: operator}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
    /// subjects: [{kind: ServiceAccount, name: operator, namespace: ops}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Break the path where it costs least; the finding's value has every hop with its role and binding. Mostly that is
    /// the first one: narrow the role to the names and namespaces that the workload needs. Else keep what may do
    /// everything alone in its namespace, and let nobody create or enter pods there. Label namespaces with
    /// `pod-security.kubernetes.io/enforce: baseline` at least. What really needs such rights, such as an operator that
    /// installs others, is excused by a RiskException and kept apart.
    pub static PATH_TO_CLUSTER_ADMIN = {
        id: "iam.path-to-cluster-admin",
        title: "Workload can become cluster-admin",
        severity: Critical,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::CisKubernetes.clause("5.1.1"),
            Framework::CisKubernetes.clause("5.1.4"),
            Framework::CisKubernetes.clause("5.1.8"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("AC-6(5)"),
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

/// A message that an admission warning can still show.
const LONGEST_MESSAGE: usize = 240;

/// A value that a report can still show. Names have at most 253 characters, so that a few hops fit whatever they name.
const LONGEST_VALUE: usize = 2_000;

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    let account = Account::of(workload, context);
    if !account.has_token() {
        return Verdict::Pass;
    }
    let Some(path) = context.relations.escalation().path(&account.principal()) else { return Verdict::Pass };
    let finding = account.finding(message(&path)).value(in_full(&path)).fix(advice(&path));
    [finding].into_iter().collect()
}

/// Whether a hop is only the statement that there is nothing left to do.
fn is_end(hop: &Hop) -> bool {
    hop.technique == Technique::HoldsEverything
}

/// The path in a few words; if it is too long, its first hop and its length; if that is still too long, its length.
fn message(path: &[Hop]) -> String {
    let hops: Vec<&Hop> = path.iter().filter(|hop| !is_end(hop)).collect();
    if hops.is_empty() {
        let by = path.first().and_then(|hop| hop.by.first());
        return by.map_or_else(|| "may do everything".to_owned(), |by| format!("may do everything, by {by}"));
    }
    let plural = if hops.len() == 1 { "hop" } else { "hops" };
    let begin = format!("reaches cluster-admin in {} {plural}", hops.len());
    let steps: Vec<String> = hops.iter().map(ToString::to_string).collect();
    let end = if path.last().is_some_and(is_end) { ", who may do everything" } else { "" };
    let whole = format!("{begin}: {}{end}", steps.join(", then "));
    let first = steps.first().map(|step| format!("{begin}; first {step}"));
    let fits = |text: &String| text.chars().count() <= LONGEST_MESSAGE;
    [Some(whole), first].into_iter().flatten().find(fits).unwrap_or(begin)
}

/// Every hop with what allows it.
fn in_full(path: &[Hop]) -> String {
    let hop = |hop: &Hop| {
        let by: Vec<String> = hop.by.iter().map(ToString::to_string).collect();
        let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join("; ")) };
        format!("{} {hop}{by}", hop.from)
    };
    let whole = path.iter().map(hop).collect::<Vec<_>>().join(" \u{2192} ");
    if whole.chars().count() <= LONGEST_VALUE {
        return whole;
    }
    whole.chars().take(LONGEST_VALUE).chain(['\u{2026}']).collect()
}

/// What to narrow first.
fn advice(path: &[Hop]) -> Cow<'static, str> {
    match path.first().and_then(|hop| hop.by.first()) {
        Some(by) if path.len() > 1 => format!("narrow {}, or keep it from this workload", by.role).into(),
        Some(by) => format!("bind what it needs instead of {}", by.role).into(),
        None => Cow::Borrowed("narrow its rights"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages};
    use crate::relations::escalation::{By, Place};
    use crate::relations::rbac::RoleKey;

    const POD: &str =
        "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {serviceAccountName: ci}}";

    fn beside(pod: &str, role: &str) -> Verdict {
        let binding = format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {{name: b}}, \
             roleRef: {{kind: ClusterRole, name: {role}}}, subjects: [{{kind: ServiceAccount, name: ci, namespace: shop}}]}}"
        );
        let roles = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: binder}, rules: [\
             {apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [create]}, \
             {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}]}";
        judge(&PATH_TO_CLUSTER_ADMIN, &[pod, &binding, roles].join("\n---\n"))
    }

    #[test]
    fn a_path_is_told_with_what_allows_it() {
        assert_eq!(
            messages(beside(POD, "cluster-admin")),
            [
                "may do everything, by ClusterRole cluster-admin, ClusterRoleBinding b; bind what it needs instead of ClusterRole cluster-admin"
            ]
        );
        let Verdict::Fail(findings) = beside(POD, "binder") else { panic!("a path") };
        assert_eq!(findings[0].message, "reaches cluster-admin in 1 hop: binds itself to cluster-admin");
        assert_eq!(findings[0].path.to_string(), "spec.serviceAccountName");
        assert_eq!(
            findings[0].value.as_deref(),
            Some("shop/ci binds itself to cluster-admin (ClusterRole binder, ClusterRoleBinding b)")
        );
        assert_eq!(beside(POD, "view"), Verdict::Pass);
    }

    #[test]
    fn without_a_token_there_is_no_path() {
        let pod =
            POD.replace("{serviceAccountName", "{automountServiceAccountToken: false, serviceAccountName");
        assert_eq!(beside(&pod, "cluster-admin"), Verdict::Pass);
    }

    #[test]
    fn a_long_path_is_cut_at_a_hop() {
        let name = "x".repeat(60);
        let by = By { role: RoleKey::cluster(name.clone()), binding: None, subject: None };
        let hop = |technique| Hop {
            from: Place::account(&*name, &*name),
            technique,
            to: Place::account(&*name, &*name),
            by: vec![by.clone(); 5],
            namespace: None,
        };
        let path =
            [hop(Technique::Impersonates), hop(Technique::RequestsToken), hop(Technique::HoldsEverything)];
        assert_eq!(
            message(&path),
            format!("reaches cluster-admin in 2 hops; first impersonates {name}/{name}")
        );
        assert_eq!(in_full(&vec![hop(Technique::Impersonates); 9]).chars().count(), LONGEST_VALUE + 1);
    }
}
