//! `iam.event-deletion`

use super::holders::Reach;
use super::judge::{HeldBy, Question, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role has `delete` or `deletecollection` on events, of the core group or of `events.k8s.io`. Logs of
    /// containers can't be deleted through the API.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// Events are what is first looked at after an incident: what was scheduled, pulled, killed and refused. Nothing
    /// needs to delete them, as they end by themselves; only somebody who covers a track wants to.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata: {name: deployer, namespace: shop}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [events]
    ///     verbs: [create, patch, delete]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata: {name: deployer, namespace: shop}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [events]
    ///     verbs: [create, patch]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// List the verbs that reporting takes: `create` and `patch`.
    pub static EVENT_DELETION = {
        id: "iam.event-deletion",
        title: "Role may delete events",
        severity: Low,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::Nist80053.clause("AU-9"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::NsaCisa.clause("Logging"),
            Framework::MitreAttack.clause("T1070"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Soc2.clause("CC7.2"),
            Framework::Iso27001.clause("8.2"),
            Framework::Iso27001.clause("8.15"),
            Framework::PciDss.clause("7.2.5"),
            Framework::PciDss.clause("10.3.2"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const RIGHTS: &[Right] =
    &[Right::new(&["", "events.k8s.io"], &["events"], &["delete", "deletecollection"]).by_verb()];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    let question = Question {
        rights: RIGHTS,
        reach: Reach::Any,
        does: "delete events",
        advice: "leave only the verbs that reporting takes, `create` and `patch`",
    };
    judge(role, held, context, &question)
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{everywhere, found, role_in};
    use super::*;

    const RULE: &str = "{apiGroups: [events.k8s.io], resources: [events], verbs: [create, delete]}";

    #[test]
    fn events_of_both_groups_are_meant() {
        assert_eq!(
            found(&EVENT_DELETION, &role_in("web", RULE)),
            ["rules[0].verbs[1]: lets ServiceAccount shop/ci delete events in namespace web"]
        );
        assert_eq!(found(&EVENT_DELETION, &everywhere(&RULE.replace("events.k8s.io", "\"\""))).len(), 1);
        assert_eq!(found(&EVENT_DELETION, &everywhere(&RULE.replace("delete", "patch"))), [""; 0]);
    }
}
