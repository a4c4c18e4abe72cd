//! `iam.webhook-configuration`

use super::holders::Reach;
use super::judge::{HeldBy, Question, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role can create, change or delete webhook configurations, mutating or validating, or the policies of
    /// admission and their bindings, unless `resourceNames` limits it to certain ones. They are of the cluster, so only
    /// a `ClusterRoleBinding` gives the right.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// A webhook sees every object that is written, Secrets included, and a mutating one changes them; who can delete a
    /// validating one has switched a guardrail off. Kubernetes lets no webhook guard webhooks.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [admissionregistration.k8s.io]
    ///     resources: [validatingwebhookconfigurations]
    ///     verbs: [get, update]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: deployer}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [admissionregistration.k8s.io]
    ///     resources: [validatingwebhookconfigurations]
    ///     verbs: [get, update]
    ///     resourceNames: [shop-webhook]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: deployer}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Name in `resourceNames` the configurations that the component owns: updating its own certificate needs no more.
    /// Let the pipeline that installs it create them.
    pub static WEBHOOK_CONFIGURATION = {
        id: "iam.webhook-configuration",
        title: "Role may change what admission does",
        severity: High,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::CisKubernetes.clause("5.1.12"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("CM-5"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1562.001"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const RIGHTS: &[Right] = &[Right::new(
    &["admissionregistration.k8s.io"],
    &[
        "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations",
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
    ],
    &["create", "update", "patch", "delete", "deletecollection"],
)];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    let question = Question {
        rights: RIGHTS,
        reach: Reach::Cluster,
        does: "change what admission does in the cluster",
        advice: "name in `resourceNames` the configurations that it owns",
    };
    judge(role, held, context, &question)
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found};
    use super::*;

    const RULE: &str = "{apiGroups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicies], verbs: [delete]}";

    #[test]
    fn webhooks_and_policies_are_of_the_cluster() {
        assert_eq!(
            found(&WEBHOOK_CONFIGURATION, &everywhere(RULE)),
            ["rules[0].resources[0]: lets ServiceAccount shop/ci change what admission does in the cluster"]
        );
        assert_eq!(found(&WEBHOOK_CONFIGURATION, &bound_in("web", RULE)), [""; 0]);
        assert_eq!(found(&WEBHOOK_CONFIGURATION, &everywhere(&RULE.replace("delete", "watch"))), [""; 0]);
        assert_eq!(
            found(&WEBHOOK_CONFIGURATION, &everywhere(&RULE.replace("verbs", "resourceNames: [a], verbs"))),
            [""; 0]
        );
    }
}
