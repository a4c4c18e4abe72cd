//! `iam.long-lived-token`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::{Path, Secret};

declare_control! {
    /// ## What it checks
    ///
    /// No Secret has the type `kubernetes.io/service-account-token`. Their data is not looked at. A running cluster's
    /// Secrets are not watched, as that right would be the right to read them all: this control judges files.
    ///
    /// ## Why it matters
    ///
    /// The token in such a Secret is valid until the account is deleted, wherever it was copied to. Tokens that pods
    /// get by themselves end within the hour and with the pod.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Secret
    /// metadata:
    ///   name: ci-token
    ///   namespace: shop
    ///   annotations: {kubernetes.io/service-account.name: ci}
    /// type: kubernetes.io/service-account-token
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Secret
    /// metadata: {name: database, namespace: shop}
    /// type: Opaque
    /// ```
    ///
    /// ## How to fix
    ///
    /// Delete the Secret. In pods, use the token that is mounted by itself or a projected volume; from outside,
    /// `kubectl create token` or a trust between your pipeline's identity provider and the API server.
    pub static LONG_LIVED_TOKEN = {
        id: "iam.long-lived-token",
        title: "Token of a service account never expires",
        severity: Medium,
        subject: Secret,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("IA-5"),
            Framework::Nist80053.clause("AC-2"),
            Framework::NsaCisa.clause("Protecting Pod service account tokens"),
            Framework::NsaCisa.clause("Secrets"),
            Framework::MitreAttack.clause("T1528"),
            Framework::MitreAttack.clause("T1552"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("5.17"),
            Framework::Iso27001.clause("8.5"),
            Framework::PciDss.clause("8.6.3"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const TOKEN: &str = "kubernetes.io/service-account-token";
/// Says whose token it is.
const ACCOUNT: &str = "kubernetes.io/service-account.name";

fn evaluate(secret: &Secret, _: &NoParameters, _: &Context<'_>) -> Verdict {
    let kind = secret.kind.as_deref().filter(|kind| *kind == TOKEN);
    kind.map(|kind| {
        let account = secret.metadata.annotations.get(ACCOUNT);
        let whose =
            account.map_or_else(|| "a service account".to_owned(), |name| format!("service account {name}"));
        let finding =
            Finding::new(Path::of(&["type"]), format!("holds a token of {whose} that never expires"));
        finding.value(kind).fix("delete it; use a projected token or `kubectl create token`")
    })
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages};

    #[test]
    fn the_type_alone_tells() {
        let secret = |rest: &str| {
            format!("{{apiVersion: v1, kind: Secret, metadata: {{name: a, namespace: shop}}{rest}}}")
        };
        assert_eq!(
            messages(judge(&LONG_LIVED_TOKEN, &secret(", type: kubernetes.io/service-account-token"))),
            [
                "holds a token of a service account that never expires; delete it; use a projected token or `kubectl \
              create token`"
            ]
        );
        assert_eq!(judge(&LONG_LIVED_TOKEN, &secret("")), Verdict::Pass);
        assert_eq!(judge(&LONG_LIVED_TOKEN, &secret(", type: Opaque")), Verdict::Pass);
    }
}
