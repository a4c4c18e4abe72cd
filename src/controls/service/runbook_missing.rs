//! `service.runbook-missing`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::annotation;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::{Path, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// A workload of a tier up to `maxLevel`, by default of the two most critical levels, has a link to a runbook: the
    /// annotation `stanchion.dev/runbook`, or another one of `annotations`, on it or its namespace, begins with `https://`
    /// or `http://`. Workloads of less critical tiers or of none are not judged. Whether the link leads anywhere is not
    /// looked at.
    ///
    /// ## Why it matters
    ///
    /// At three in the morning somebody who did not build it must stop it, roll it back, or turn its keys. What they need
    /// to know for that is either one link away, or a call to whoever knows.
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
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: example
    ///   namespace: shop
    ///   annotations: {stanchion.dev/runbook: "https://wiki.example.com/shop/runbook"}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
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
    /// Write down how to tell that it is ill, how to stop it, how to roll it back and whom to call; then annotate the
    /// namespace or the workload with the link.
    pub static RUNBOOK_MISSING = {
        id: "service.runbook-missing",
        title: "No runbook is linked",
        severity: Low,
        subject: Workload,
        parameters: RunbookMissing,
        references: [
            Framework::Nist80053.clause("CP-2"),
            Framework::Nist80053.clause("IR-8"),
            Framework::Soc2.clause("CC7.4"),
            Framework::Iso27001.clause("5.37"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Where the link stands by default.
const RUNBOOK: &str = "stanchion.dev/runbook";

/// Who needs a runbook, and where the link stands.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct RunbookMissing {
    /// The annotations that hold the link; the first one found counts. Default: `[stanchion.dev/runbook]`.
    annotations: Vec<String>,
    /// The highest level of a tier that is judged, from 0 on; 0 is the most critical. Default: `1`.
    max_level: i32,
}

impl Default for RunbookMissing {
    fn default() -> Self {
        Self { annotations: vec![RUNBOOK.to_owned()], max_level: 1 }
    }
}

impl Parameters for RunbookMissing {
    fn check(&self) -> Vec<ParameterError> {
        let mut errors = annotation::check("annotations", &self.annotations);
        if self.max_level < 0 {
            let message = format!("`{}` is no tier's level; write 0 or more", self.max_level);
            errors.push(ParameterError::new("maxLevel", message));
        }
        errors
    }
}

fn evaluate(workload: &Workload, parameters: &RunbookMissing, context: &Context<'_>) -> Verdict {
    if context.tier.is_none_or(|tier| tier.level > parameters.max_level) {
        return Verdict::NotApplicable;
    }
    let message = match annotation::declared(workload, context, &parameters.annotations) {
        Some((_, link)) if annotation::is_link(link) => return Verdict::Pass,
        Some((key, text)) => format!("`{key}` is `{text}`, which is no link"),
        None => "no runbook is linked".to_owned(),
    };
    let key = parameters.annotations.first().map_or(RUNBOOK, String::as_str);
    let path = Path::of(&["metadata", "annotations"]).key(key.to_owned());
    let finding = Finding::new(path, message);
    [finding.fix(format!("write its address into `{key}`"))].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge_in_tier, messages};

    const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}}";

    #[test]
    fn critical_tiers_need_a_runbook() {
        let at = |level| judge_in_tier(&RUNBOOK_MISSING, &json!({}), level, POD, &[]);
        assert_eq!(messages(at(1)), ["no runbook is linked; write its address into `stanchion.dev/runbook`"]);
        assert_eq!(at(2), Verdict::NotApplicable);
        let namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, annotations: \
            {stanchion.dev/runbook: 'https://wiki.example.com/shop'}}}";
        assert_eq!(judge_in_tier(&RUNBOOK_MISSING, &json!({}), 0, POD, &[namespace]), Verdict::Pass);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let given = json!({"annotations": [], "maxLevel": -1});
        let errors = (RUNBOOK_MISSING.compile)(given.as_object().unwrap()).unwrap_err();
        assert_eq!(
            errors.iter().map(|error| error.path.as_str()).collect::<Vec<_>>(),
            ["annotations", "maxLevel"]
        );
    }
}
