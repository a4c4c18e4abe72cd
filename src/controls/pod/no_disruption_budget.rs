//! `pod.no-disruption-budget`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// A Deployment, `StatefulSet`, `ReplicaSet` or `ReplicationController` of a tier up to `maxLevel`, by default the
    /// most critical one, has a `PodDisruptionBudget`: one of its namespace selects the labels of its pod template.
    /// What wants no replicas is switched off and not judged, nor is any other kind, nor a workload of a less critical
    /// tier or of none. How much the budget leaves is not looked at.
    ///
    /// ## Why it matters
    ///
    /// An upgrade of the cluster drains node after node, and an autoscaler removes them. Without a budget nothing keeps
    /// them from taking all replicas of a service at once.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   replicas: 2
    ///   selector: {matchLabels: {app: example}}
    ///   template:
    ///     metadata: {labels: {app: example}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: stanchion.dev/v1alpha1
    /// kind: ServiceTier
    /// metadata: {name: tier-0}
    /// spec:
    ///   level: 0
    ///   default: true
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   replicas: 2
    ///   selector: {matchLabels: {app: example}}
    ///   template:
    ///     metadata: {labels: {app: example}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: policy/v1
    /// kind: PodDisruptionBudget
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   maxUnavailable: 1
    ///   selector: {matchLabels: {app: example}}
    /// ---
    /// apiVersion: stanchion.dev/v1alpha1
    /// kind: ServiceTier
    /// metadata: {name: tier-0}
    /// spec:
    ///   level: 0
    ///   default: true
    /// ```
    ///
    /// ## How to fix
    ///
    /// Add a `PodDisruptionBudget` with the labels of the pod template and `maxUnavailable: 1`. It must leave room for
    /// at least one eviction, or nodes can't be drained at all.
    pub static NO_DISRUPTION_BUDGET = {
        id: "pod.no-disruption-budget",
        title: "Critical workload has no disruption budget",
        severity: Medium,
        subject: Workload,
        parameters: NoDisruptionBudget,
        references: [
            Framework::Nist80053.clause("CP-10"),
            Framework::Soc2.clause("A1.2"),
            Framework::Iso27001.clause("8.14"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Who needs a budget.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct NoDisruptionBudget {
    /// The highest level of a tier that is judged, from 0 on; 0 is the most critical. Default: `0`. Example: `1`, for
    /// the two most critical levels.
    max_level: i32,
}

impl Parameters for NoDisruptionBudget {
    fn check(&self) -> Vec<ParameterError> {
        let error = || {
            let message = format!("`{}` is no tier's level; write 0 or more", self.max_level);
            ParameterError::new("maxLevel", message)
        };
        (self.max_level < 0).then(error).into_iter().collect()
    }
}

fn evaluate(workload: &Workload, parameters: &NoDisruptionBudget, context: &Context<'_>) -> Verdict {
    let Some(1..) = workload.wanted_replicas() else { return Verdict::NotApplicable };
    if context.tier.is_none_or(|tier| tier.level > parameters.max_level) {
        return Verdict::NotApplicable;
    }
    let labels = &workload.template.metadata.labels;
    let namespace = workload.meta.namespace.as_deref().unwrap_or_default();
    let protected = context
        .inventory
        .disruption_budgets(namespace)
        .filter_map(|budget| budget.spec.selector.as_ref())
        .any(|selector| selector.matches(labels));
    if protected {
        return Verdict::Pass;
    }
    let path = workload.template_path().keys(&["metadata", "labels"]);
    let finding = Finding::new(path, "no disruption budget selects its pods");
    [finding.fix("add a PodDisruptionBudget for these labels")].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge_in_tier, messages};

    const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop, labels: {app: other}}
spec: {template: {metadata: {labels: {app: cart}}}}
";

    fn budget(namespace: &str, spec: &str) -> String {
        let metadata = format!("{{name: cart, namespace: {namespace}}}");
        format!("{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {metadata}, spec: {spec}}}")
    }

    fn beside(level: i32, budget: &str) -> Verdict {
        judge_in_tier(&NO_DISRUPTION_BUDGET, &json!({}), level, DEPLOYMENT, &[budget])
    }

    #[test]
    fn a_budget_of_the_namespace_must_select_the_template_s_labels() {
        let selector = "{selector: {matchLabels: {app: cart}}}";
        assert_eq!(beside(0, &budget("shop", selector)), Verdict::Pass);
        assert_eq!(beside(0, &budget("shop", "{selector: {}}")), Verdict::Pass);
        let failing = [
            budget("other", selector),
            budget("shop", "{selector: {matchLabels: {app: other}}}"),
            budget("shop", "{maxUnavailable: 1}"),
        ];
        for budget in failing {
            assert_eq!(
                messages(beside(0, &budget)),
                ["no disruption budget selects its pods; add a PodDisruptionBudget for these labels"]
            );
        }
    }

    #[test]
    fn only_critical_tiers_and_kinds_with_replicas_are_judged() {
        let none = &[];
        let verdict =
            |level, manifest| judge_in_tier(&NO_DISRUPTION_BUDGET, &json!({}), level, manifest, none);
        assert_eq!(verdict(1, DEPLOYMENT), Verdict::NotApplicable);
        assert_eq!(
            verdict(0, "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a}}"),
            Verdict::NotApplicable
        );
        assert_eq!(
            verdict(0, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 0}}"),
            Verdict::NotApplicable
        );
    }

    #[test]
    fn a_level_below_zero_is_refused() {
        assert_eq!(NoDisruptionBudget { max_level: -1 }.check()[0].path, "maxLevel");
    }
}
