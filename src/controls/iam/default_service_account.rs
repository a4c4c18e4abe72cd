//! `iam.default-service-account`

use super::account::Account;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// The workload's pods don't hold the token of the service account `default`: they run as another account, or no
    /// token is mounted. Whether it is mounted is said by the pod's `automountServiceAccountToken`, else by the
    /// account's, else it is; a volume that asks for a token counts too. A service account that isn't among the facts
    /// says nothing.
    ///
    /// ## Why it matters
    ///
    /// Every pod of a namespace that names no account shares `default`. What it is given for one of them, all of them
    /// have, and the audit log can't tell them apart.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop}
    /// spec:
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
    /// ```
    ///
    /// ## How to fix
    ///
    /// If the workload never asks the API server for anything, set `automountServiceAccountToken: false`. If it does,
    /// give it a service account of its own, and bind to that what it needs. Setting
    /// `automountServiceAccountToken: false` on the account `default` itself mends all pods that name none.
    pub static DEFAULT_SERVICE_ACCOUNT = {
        id: "iam.default-service-account",
        title: "Workload holds the token of the default account",
        severity: Medium,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::CisKubernetes.clause("5.1.5"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1078.001"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("5.16"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    let account = Account::of(workload, context);
    if account.name != "default" || !account.has_token() {
        return Verdict::Pass;
    }
    let finding = account.finding("runs as the account `default` and holds its token");
    let finding = finding.fix("name an account of its own, or set `automountServiceAccountToken: false`");
    [finding].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    fn found(spec: &str, account: &str) -> usize {
        let account = format!(
            "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: default, namespace: shop}}{account}}}"
        );
        let pod = pod(spec).replace("{name: example}", "{name: example, namespace: shop}");
        messages(judge(&DEFAULT_SERVICE_ACCOUNT, &format!("{pod}\n---\n{account}"))).len()
    }

    #[test]
    fn the_default_account_is_found_by_any_way_to_name_it() {
        assert_eq!(found("hostPID: false", ""), 1);
        assert_eq!(found("serviceAccountName: default", ""), 1);
        assert_eq!(found("serviceAccount: default", ""), 1);
        assert_eq!(found("serviceAccountName: cart", ""), 0);
    }

    #[test]
    fn without_its_token_it_gives_nothing() {
        assert_eq!(found("automountServiceAccountToken: false", ""), 0);
        assert_eq!(found("hostPID: false", ", automountServiceAccountToken: false"), 0);
        assert_eq!(found("automountServiceAccountToken: true", ", automountServiceAccountToken: false"), 1);
        let asked = "automountServiceAccountToken: false\nvolumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: t}}]}}]";
        assert_eq!(found(asked, ""), 1);
    }
}
