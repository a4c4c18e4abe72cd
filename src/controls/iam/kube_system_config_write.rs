//! `iam.kube-system-config-write`

use super::holders::Reach;
use super::judge::{HeldBy, Question, judge};
use super::rights::Right;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Role;

declare_control! {
    /// ## What it checks
    ///
    /// No role lets its holder change or delete `ConfigMap`s in `kube-system`, be it held there or in every namespace;
    /// a rule that is limited by `resourceNames` is judged only if it names one that the cluster itself is run by:
    /// `aws-auth`, `coredns`, `extension-apiserver-authentication`, `kube-proxy`, `kubeadm-config` or `kubelet-config`.
    /// Creating new ones harms nobody.
    ///
    /// A rule for all resources (`*`) is left to `iam.wildcard-resources`: for it this control is not applicable. A
    /// role is judged by who holds it, directly or through an aggregated role that collects it; one that nobody holds
    /// isn't judged unless `unbound` is set. What Kubernetes ships under a role's name is not judged, and its own
    /// components count as nobody.
    ///
    /// ## Why it matters
    ///
    /// In that namespace `ConfigMap`s are the cluster's own settings: `coredns` says where names lead, `aws-auth` who
    /// is an administrator, `extension-apiserver-authentication` whose word extension servers believe.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: deployer}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [configmaps]
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
    ///   - apiGroups: [""]
    ///     resources: [configmaps]
    ///     verbs: [get, list]
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
    /// Bind the role by `RoleBinding`s in the namespaces that need it, or name its `ConfigMap`s in `resourceNames`.
    /// Leader election works with Leases (`coordination.k8s.io`) and needs no `ConfigMap`.
    pub static KUBE_SYSTEM_CONFIG_WRITE = {
        id: "iam.kube-system-config-write",
        title: "Role may change the configuration of kube-system",
        severity: Medium,
        subject: Role,
        parameters: HeldBy,
        references: [
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("CM-5"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1098"),
            Framework::MitreAttack.clause("T1562"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Soc2.clause("CC8.1"),
            Framework::Iso27001.clause("8.2"),
            Framework::Iso27001.clause("8.9"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const RIGHTS: &[Right] =
    &[Right::new(&[""], &["configmaps"], &["update", "patch", "delete", "deletecollection"]).or_named(&[
        "aws-auth",
        "coredns",
        "extension-apiserver-authentication",
        "kube-proxy",
        "kubeadm-config",
        "kubelet-config",
    ])];

fn evaluate(role: &Role, held: &HeldBy, context: &Context<'_>) -> Verdict {
    let question = Question {
        rights: RIGHTS,
        reach: Reach::Within(&|namespace| namespace == "kube-system"),
        does: "change ConfigMaps",
        advice: "bind it where it is needed, or name its ConfigMaps in `resourceNames`",
    };
    judge(role, held, context, &question)
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{bound_in, everywhere, found, role_in};
    use super::*;

    const RULE: &str = "{apiGroups: [\"\"], resources: [configmaps], verbs: [create, patch]}";

    #[test]
    fn it_is_judged_where_it_reaches_kube_system() {
        let said = "rules[0].resources[0]: lets ServiceAccount shop/ci change ConfigMaps";
        assert_eq!(
            found(&KUBE_SYSTEM_CONFIG_WRITE, &everywhere(RULE)),
            [format!("{said} in every namespace")]
        );
        assert_eq!(
            found(&KUBE_SYSTEM_CONFIG_WRITE, &role_in("kube-system", RULE)),
            [format!("{said} in namespace kube-system")]
        );
        assert_eq!(found(&KUBE_SYSTEM_CONFIG_WRITE, &bound_in("web", RULE)), [""; 0]);
        assert_eq!(found(&KUBE_SYSTEM_CONFIG_WRITE, &role_in("web", RULE)), ["-"]);
    }

    #[test]
    fn its_own_config_maps_are_a_component_s_own() {
        let named = |name: &str| RULE.replace("verbs", &format!("resourceNames: [{name}], verbs"));
        assert_eq!(found(&KUBE_SYSTEM_CONFIG_WRITE, &everywhere(&named("my-lock"))), [""; 0]);
        assert_eq!(found(&KUBE_SYSTEM_CONFIG_WRITE, &everywhere(&named("aws-auth"))).len(), 1);
        assert_eq!(found(&KUBE_SYSTEM_CONFIG_WRITE, &everywhere(&RULE.replace(", patch", ""))), [""; 0]);
    }
}
