//! `iam.persistent-volume-creation`

use super::holders::Reach;
use super::judge::{HeldBy, Question, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role has `create` on `PersistentVolume`s. They are of the cluster, so only a `ClusterRoleBinding` gives the
    /// right; claims (`persistentvolumeclaims`) are not judged.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// A `PersistentVolume` can be a path of a node. Whoever creates one and claims it mounts that path in a pod that
    /// asks for no `hostPath` itself, past every check of pods.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [persistentvolumes]
    ///     verbs: [get, create]
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
    ///   - apiGroups: [""]
    ///     resources: [persistentvolumeclaims]
    ///     verbs: [get, create]
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
    /// Let workloads claim storage by a `StorageClass`, whose provisioner alone makes volumes; allow the provisioner's
    /// account by `allowedSubjects`.
    pub static PERSISTENT_VOLUME_CREATION = {
        id: "iam.persistent-volume-creation",
        title: "Role may create persistent volumes",
        severity: Medium,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::CisKubernetes.clause("5.1.9"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1611"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const RIGHTS: &[Right] = &[Right::new(&[""], &["persistentvolumes"], &["create"])];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    let question = Question {
        rights: RIGHTS,
        reach: Reach::Cluster,
        does: "create volumes of any kind, paths of nodes included",
        advice: "let a StorageClass make volumes for claims",
    };
    judge(role, held, context, &question)
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found};
    use super::*;

    const RULE: &str = "{apiGroups: [\"\"], resources: [persistentvolumes], verbs: [create]}";

    #[test]
    fn volumes_are_of_the_cluster_and_claims_are_not_meant() {
        assert_eq!(
            found(&PERSISTENT_VOLUME_CREATION, &everywhere(RULE)),
            [
                "rules[0].resources[0]: lets ServiceAccount shop/ci create volumes of any kind, paths of nodes included"
            ]
        );
        assert_eq!(found(&PERSISTENT_VOLUME_CREATION, &bound_in("web", RULE)), [""; 0]);
        assert_eq!(
            found(&PERSISTENT_VOLUME_CREATION, &everywhere(&RULE.replace("volumes", "volumeclaims"))),
            [""; 0]
        );
        assert_eq!(
            found(&PERSISTENT_VOLUME_CREATION, &everywhere(&RULE.replace("create", "patch"))),
            [""; 0]
        );
    }
}
