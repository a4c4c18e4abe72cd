//! `service.recommended-labels-missing`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::{Path, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// The workload itself, not only its pod template, has the `labels`: by default `app.kubernetes.io/name` and
    /// `app.kubernetes.io/part-of` of the labels that Kubernetes recommends. An empty value is none.
    ///
    /// ## Why it matters
    ///
    /// Posture counts services, and workloads of a namespace are one service by `part-of`. Dashboards, alerts and searches
    /// in an incident go by the same labels, if they are there.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop, labels: {app: cart}}
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
    /// metadata:
    ///   name: example
    ///   namespace: shop
    ///   labels: {app.kubernetes.io/name: cart, app.kubernetes.io/part-of: shop}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Add the labels to `metadata.labels`, best in the chart or the base that all workloads come from. Don't change the
    /// selector of a Deployment with them: that one can't be changed.
    pub static RECOMMENDED_LABELS_MISSING = {
        id: "service.recommended-labels-missing",
        title: "Recommended labels are missing",
        severity: Low,
        subject: Workload,
        parameters: RecommendedLabelsMissing,
        references: [
            Framework::Nist80053.clause("CM-8"),
            Framework::Iso27001.clause("5.9"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Which labels.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct RecommendedLabelsMissing {
    /// The labels that a workload needs. Default: `[app.kubernetes.io/name, app.kubernetes.io/part-of]`.
    labels: Vec<String>,
}

impl Default for RecommendedLabelsMissing {
    fn default() -> Self {
        Self { labels: ["app.kubernetes.io/name", "app.kubernetes.io/part-of"].map(str::to_owned).to_vec() }
    }
}

impl Parameters for RecommendedLabelsMissing {}

fn evaluate(workload: &Workload, parameters: &RecommendedLabelsMissing, _: &Context<'_>) -> Verdict {
    let labels = &workload.meta.labels;
    let missing: Vec<&str> = parameters
        .labels
        .iter()
        .map(String::as_str)
        .filter(|label| labels.get(label).is_none_or(|value| value.is_empty()))
        .collect();
    if missing.is_empty() {
        return Verdict::Pass;
    }
    let noun = if missing.len() == 1 { "label" } else { "labels" };
    let message = format!("it lacks the {noun} `{}`", missing.join("`, `"));
    let finding = Finding::new(Path::of(&["metadata", "labels"]), message);
    [finding.fix(format!("add the {noun}"))].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    const POD: &str =
        "{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app.kubernetes.io/name: a, team: ''}}}";

    #[test]
    fn the_missing_ones_are_named() {
        assert_eq!(
            messages(judge(&RECOMMENDED_LABELS_MISSING, POD)),
            ["it lacks the label `app.kubernetes.io/part-of`; add the label"]
        );
        let own = json!({"labels": ["team", "cost"]});
        assert_eq!(
            messages(judge_with(&RECOMMENDED_LABELS_MISSING, &own, POD)),
            ["it lacks the labels `team`, `cost`; add the labels"]
        );
    }
}
