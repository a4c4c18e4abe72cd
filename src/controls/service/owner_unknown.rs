//! `service.owner-unknown`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::{Path, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// Somebody owns the workload: a label or an annotation of it or of its namespace says who, by default
    /// `stanchion.dev/owner`, `app.kubernetes.io/owner`, `owner` or `team`. Settings of the operator change that list. It
    /// is the owner that findings and exceptions show.
    ///
    /// ## Why it matters
    ///
    /// When it breaks or is broken into, somebody must be called, and somebody must decide. What nobody owns is patched
    /// last and switched off never.
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
    /// metadata: {name: example, namespace: shop, labels: {owner: team-shop}}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Label the namespace with its team, and a workload of its own where another team runs it there.
    pub static OWNER_UNKNOWN = {
        id: "service.owner-unknown",
        title: "Nobody is named as the owner",
        severity: Medium,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("CM-8"),
            Framework::Soc2.clause("CC1.3"),
            Framework::Iso27001.clause("5.9"),
            Framework::PciDss.clause("12.5.1"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(_: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    if context.owner.is_some_and(|owner| !owner.trim().is_empty()) {
        return Verdict::Pass;
    }
    let path = Path::of(&["metadata", "labels"]).key("stanchion.dev/owner");
    let finding = Finding::new(path, "neither it nor its namespace names an owner");
    [finding.fix("label it or its namespace with `stanchion.dev/owner`")].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages};

    #[test]
    fn an_owner_must_have_a_name() {
        let with = |labels: &str| {
            judge(
                &OWNER_UNKNOWN,
                &format!("{{apiVersion: v1, kind: Pod, metadata: {{name: a, labels: {labels}}}}}"),
            )
        };
        assert_eq!(with("{owner: shop}"), Verdict::Pass);
        let expected = [
            "neither it nor its namespace names an owner; label it or its namespace with `stanchion.dev/owner`",
        ];
        assert_eq!(messages(with("{}")), expected);
        assert_eq!(messages(with("{owner: ''}")), expected);
    }
}
