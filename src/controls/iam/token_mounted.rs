//! `iam.token-mounted`

use super::account::Account;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// The token of the service account is mounted only where the account is given anything: where a binding names it
    /// or one of the groups `system:serviceaccounts` and `system:serviceaccounts:NAMESPACE`. What every authenticated
    /// identity may do doesn't count, nor what Kubernetes ships to every service account, and a binding of a role that isn't known does.
    ///
    /// Whether the token is mounted is said by the pod's `automountServiceAccountToken`, else by the account's, else it
    /// is. A token that a volume asks for is there on purpose and not judged. Files may leave out bindings that the
    /// cluster has; where they hold none at all, the message says that it can't tell more.
    ///
    /// ## Why it matters
    ///
    /// A token is an identity at the API server. One that nobody needs still tells whoever breaks in what the API
    /// discloses to every identity, and turns into rights when somebody binds the account later.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   serviceAccountName: cart
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   serviceAccountName: cart
    ///   automountServiceAccountToken: false
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   serviceAccountName: cart
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: cart, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects: [{kind: ServiceAccount, name: cart, namespace: shop}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Set `automountServiceAccountToken: false`, on the pod or on its service account. If the workload only proves to
    /// others who it is (Vault, a cloud's workload identity), mount a token for that audience by a projected volume.
    pub static TOKEN_MOUNTED = {
        id: "iam.token-mounted",
        title: "Token is mounted, and its account has no rights",
        severity: Low,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::CisKubernetes.clause("5.1.6"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1528"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    let account = Account::of(workload, context);
    if !account.automounts() || !account.roles().is_empty() {
        return Verdict::Pass;
    }
    let unknown =
        if context.relations.rbac().bindings().next().is_none() { ", as far as the files tell" } else { "" };
    let message = format!("mounts the token of `{}`, to whom nothing is bound{unknown}", account.name);
    let path = workload.spec_path().key("automountServiceAccountToken");
    let finding = Finding::new(path.clone(), message);
    [finding.fix("set `automountServiceAccountToken: false`").safe_patch(path, false)].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    fn found(spec: &str, beside: &str) -> Vec<String> {
        let pod = pod(spec).replace("{name: example}", "{name: example, namespace: shop}");
        messages(judge(&TOKEN_MOUNTED, &format!("{pod}\n---\n{beside}")))
    }

    fn bound(subject: &str) -> String {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {{name: b}}, \
             roleRef: {{kind: ClusterRole, name: unknown}}, subjects: [{subject}]}}"
        )
    }

    #[test]
    fn a_binding_of_the_account_or_of_the_groups_of_accounts_is_a_need() {
        let pod = "serviceAccountName: cart";
        for subject in [
            "{kind: ServiceAccount, name: cart, namespace: shop}",
            "{kind: Group, name: 'system:serviceaccounts'}",
            "{kind: Group, name: 'system:serviceaccounts:shop'}",
        ] {
            assert_eq!(found(pod, &bound(subject)), [""; 0], "{subject}");
        }
        for subject in [
            "{kind: ServiceAccount, name: cart, namespace: other}",
            "{kind: Group, name: 'system:authenticated'}",
        ] {
            assert_eq!(
                found(pod, &bound(subject)),
                [
                    "mounts the token of `cart`, to whom nothing is bound; set `automountServiceAccountToken: false`"
                ],
                "{subject}"
            );
        }
    }

    #[test]
    fn what_kubernetes_ships_to_all_accounts_is_no_need() {
        let name = "system:service-account-issuer-discovery";
        let shipped = bound("{kind: Group, name: 'system:serviceaccounts'}")
            .replace("{name: b}", &format!("{{name: '{name}'}}"));
        assert_eq!(found("serviceAccountName: cart", &shipped).len(), 0, "another role under that name");
        let shipped = shipped.replace("name: unknown", &format!("name: '{name}'"));
        assert_eq!(found("serviceAccountName: cart", &shipped).len(), 1);
    }

    #[test]
    fn where_no_binding_is_known_the_message_says_so() {
        let other = "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}";
        assert!(found("serviceAccountName: cart", other)[0].contains("as far as the files tell"));
    }

    #[test]
    fn a_token_that_a_volume_asks_for_is_not_judged() {
        let asked = "automountServiceAccountToken: false\nvolumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: t}}]}}]";
        assert_eq!(found(asked, &bound("{kind: User, name: a}")), [""; 0]);
    }
}
