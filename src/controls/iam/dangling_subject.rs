//! `iam.dangling-subject`

use super::subjects::{each_subject, named};
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::rbac::Binding;
use crate::relations::rbac::{Principal, shipped};

declare_control! {
    /// ## What it checks
    ///
    /// Every service account that a binding names exists. That can be said where the accounts of its namespace are
    /// known: they include `default`, as in a running cluster and in a file that defines that account; or, in a running
    /// cluster, the namespace itself is gone. Elsewhere, as in most files, the answer is unknown. Users and groups are
    /// known to the identity provider alone. A subject that Kubernetes ships the binding with is not judged.
    ///
    /// ## Why it matters
    ///
    /// Whoever may create the account, or the namespace, gets what the binding grants. It mostly is what an uninstalled
    /// component left behind, and nobody looks after it.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
    /// subjects: [{kind: ServiceAccount, name: gone, namespace: shop}]
    /// ---
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: default, namespace: shop}
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: deployer, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
    /// subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]
    /// ---
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata: {name: ci, namespace: shop}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the subject, and the binding if it was the only one; or create the account if its name is right.
    pub static DANGLING_SUBJECT = {
        id: "iam.dangling-subject",
        title: "Rights wait for an account that does not exist",
        severity: Low,
        subject: Binding,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("AC-2"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1098"),
            Framework::Soc2.clause("CC6.2"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("5.18"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// What is known of a service account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Account {
    /// It is there.
    Exists,
    /// Its namespace has no such account.
    Missing,
    /// Its namespace isn't there.
    Homeless,
    /// Nobody knows.
    Unknown,
}

fn evaluate(binding: &Binding, _: &NoParameters, context: &Context<'_>) -> Verdict {
    let accounts = || {
        named(binding).filter_map(|subject| match subject.who {
            Principal::ServiceAccount { namespace, name } => {
                Some((account(&namespace, &name, context), namespace))
            }
            _ => None,
        })
    };
    if accounts().next().is_none() {
        return Verdict::NotApplicable;
    }
    let found = each_subject(binding, |subject| {
        let Principal::ServiceAccount { namespace, name } = &subject.who else { return None };
        let message = match account(namespace, name, context) {
            Account::Exists | Account::Unknown => return None,
            Account::Missing => format!("names {}, which does not exist", subject.who),
            Account::Homeless => format!("names {}, whose namespace does not exist", subject.who),
        };
        Some(subject.finding(message).fix("remove the subject, or create the account"))
    });
    let unknown = accounts().find(|(account, _)| *account == Account::Unknown);
    match (found, unknown) {
        (Verdict::Pass, Some((_, namespace))) => {
            Verdict::Unknown(format!("the service accounts of namespace {namespace} are not known").into())
        }
        (found, _) => found,
    }
}

fn account(namespace: &str, name: &str, context: &Context<'_>) -> Account {
    let inventory = context.inventory;
    if inventory.service_account(namespace, name).is_some() || name == "default" {
        Account::Exists
    } else if inventory.service_account(namespace, "default").is_some() {
        Account::Missing
    } else if shipped::is_cluster(inventory) && inventory.namespace(namespace).is_none() {
        Account::Homeless
    } else {
        Account::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::super::subjects::testing::{found, role_binding};
    use super::*;

    const ACCOUNT: &str =
        "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: NAME, namespace: web}\n";

    fn beside(subjects: &str, account: &str) -> Vec<String> {
        let binding = role_binding("view", subjects);
        found(&DANGLING_SUBJECT, &format!("{binding}{}", ACCOUNT.replace("NAME", account)))
    }

    #[test]
    fn an_account_is_missed_where_the_others_are_known() {
        let gone = "{kind: ServiceAccount, name: gone}";
        assert_eq!(
            beside(gone, "default"),
            ["subjects[0]: names ServiceAccount web/gone, which does not exist"]
        );
        assert_eq!(beside(gone, "gone"), [""; 0]);
        assert_eq!(beside(gone, "other"), ["?: the service accounts of namespace web are not known"]);
        assert_eq!(beside("{kind: ServiceAccount, name: default}", "other"), [""; 0]);
        assert_eq!(beside("{kind: User, name: gone}", "default"), ["-"]);
    }

    #[test]
    fn in_a_cluster_a_namespace_that_is_gone_is_told() {
        let cluster = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: \"system:basic-user\"}
";
        let binding = role_binding("view", "{kind: ServiceAccount, name: a, namespace: gone}");
        assert_eq!(
            found(&DANGLING_SUBJECT, &format!("{binding}{cluster}")),
            ["subjects[0]: names ServiceAccount gone/a, whose namespace does not exist"]
        );
    }
}
