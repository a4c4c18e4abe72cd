//! `service.tier-unknown`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::engine::tier::TIER_LABEL;
use crate::facts::{Path, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// The workload is in a `ServiceTier`: a selector of one matches it, its own label `stanchion.dev/tier` names one, or
    /// there is a default tier. Where there are no tiers at all, everything fails.
    ///
    /// ## Why it matters
    ///
    /// Deadlines, stages of a rollout and bounds of exceptions all follow from the tier. What is in none is treated as if
    /// it hardly mattered, and may be the crown jewels.
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
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: stanchion.dev/v1alpha1
    /// kind: ServiceTier
    /// metadata: {name: tier-2}
    /// spec:
    ///   level: 2
    ///   default: true
    /// ```
    ///
    /// ## How to fix
    ///
    /// Select the namespace in a `ServiceTier`. A default tier for the rest makes everything pass; leave it out as long as
    /// you want to see what nobody has classified.
    pub static TIER_UNKNOWN = {
        id: "service.tier-unknown",
        title: "Nobody says how much the workload matters",
        severity: Low,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("RA-2"),
            Framework::Nist80053.clause("RA-9"),
            Framework::Soc2.clause("CC3.2"),
            Framework::Iso27001.clause("5.12"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(_: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    if context.tier.is_some() {
        return Verdict::Pass;
    }
    let path = Path::of(&["metadata", "labels"]).key(TIER_LABEL);
    let finding = Finding::new(path, "no service tier selects it");
    [finding.fix("select its namespace in a ServiceTier")].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_in_tier, messages};

    const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a}}";

    #[test]
    fn any_tier_will_do() {
        assert_eq!(judge_in_tier(&TIER_UNKNOWN, &json!({}), 9, POD, &[]), Verdict::Pass);
        assert_eq!(
            messages(judge(&TIER_UNKNOWN, POD)),
            ["no service tier selects it; select its namespace in a ServiceTier"]
        );
    }
}
