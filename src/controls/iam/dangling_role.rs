//! `iam.dangling-role`

use super::subjects::named;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Path;
use crate::facts::rbac::Binding;
use crate::relations::rbac::{RoleKey, shipped};

declare_control! {
    /// ## What it checks
    ///
    /// The role that a binding grants exists: among the facts, or among those that Kubernetes ships. In a running
    /// cluster all roles are known; in files a role may be defined elsewhere, so there the answer is unknown. A
    /// `ClusterRoleBinding` of a Role fails always, as the API server looks for `ClusterRole`s alone. A binding of
    /// nobody, or only of those that Kubernetes ships it with, is not judged.
    ///
    /// ## Why it matters
    ///
    /// Today it grants nothing. Whoever creates a role of that name decides what it grants, to subjects that nobody
    /// remembers.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRoleBinding
    /// metadata: {name: deployer}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata: {name: reader, namespace: shop}
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [configmaps]
    ///     verbs: [get]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the binding, or correct the name or kind in `roleRef`; it can't be changed in place, so create the
    /// binding anew.
    pub static DANGLING_ROLE = {
        id: "iam.dangling-role",
        title: "Binding waits for a role that does not exist",
        severity: Low,
        subject: Binding,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("AC-2"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1098.006"),
            Framework::Soc2.clause("CC6.2"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("5.18"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(binding: &Binding, _: &NoParameters, context: &Context<'_>) -> Verdict {
    if named(binding).next().is_none() {
        return Verdict::NotApplicable;
    }
    let path = Path::of(&["roleRef", "name"]);
    let Some(role) = RoleKey::granted_by(binding) else {
        let message = format!("grants a {}, which a {} can't", binding.role_ref.kind, binding.kind.as_str());
        let finding = Finding::new(Path::of(&["roleRef", "kind"]), message).value(&binding.role_ref.kind);
        return [finding.fix("name a ClusterRole, or use a RoleBinding")].into_iter().collect();
    };
    let inventory = context.inventory;
    let whole = shipped::is_cluster(inventory);
    if inventory.role(role.kind, &role.namespace, &role.name).is_some()
        || (!whole && shipped::is_shipped(&role))
    {
        return Verdict::Pass;
    }
    if !whole {
        return Verdict::Unknown(format!("{role} is not among the files").into());
    }
    let finding = Finding::new(path, format!("grants {role}, which does not exist")).value(&role.name);
    [finding.fix("remove the binding, or correct the name")].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::subjects::testing::{cluster_role_binding, found, role_binding};
    use super::*;

    const CLUSTER: &str = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: \"system:basic-user\"}
";

    #[test]
    fn in_a_cluster_every_role_is_known_and_in_files_those_that_kubernetes_ships() {
        let ada = "{kind: User, name: ada}";
        assert_eq!(found(&DANGLING_ROLE, &role_binding("view", ada)), [""; 0]);
        assert_eq!(
            found(&DANGLING_ROLE, &role_binding("mine", ada)),
            ["?: ClusterRole mine is not among the files"]
        );
        for missing in ["mine", "view"] {
            assert_eq!(
                found(&DANGLING_ROLE, &format!("{}{CLUSTER}", cluster_role_binding(missing, ada))),
                [format!("roleRef.name: grants ClusterRole {missing}, which does not exist")]
            );
        }
        let known = format!("{}{CLUSTER}", cluster_role_binding("system:basic-user", ada));
        assert_eq!(found(&DANGLING_ROLE, &known), [""; 0]);
    }

    #[test]
    fn a_cluster_role_binding_can_t_grant_a_role() {
        let wrong = cluster_role_binding("mine", "{kind: User, name: ada}")
            .replace("kind: ClusterRole,", "kind: Role,");
        assert_eq!(
            found(&DANGLING_ROLE, &wrong),
            ["roleRef.kind: grants a Role, which a ClusterRoleBinding can't"]
        );
    }
}
