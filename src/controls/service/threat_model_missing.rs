//! `service.threat-model-missing`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::annotation::{self, THREAT_MODEL};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::{Path, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// A workload of a tier that asks for threat models (`spec.threatModel`) has a link to one: the annotation
    /// `stanchion.dev/threat-model`, or another one of `annotations`, on it or its namespace, begins with `https://` or
    /// `http://`. Workloads of other tiers are not judged. Whether the link leads anywhere is not looked at; how old the
    /// model may be is the business of `service.threat-model-stale`.
    ///
    /// ## Why it matters
    ///
    /// Whoever has never asked what could go wrong protects what is easy to protect. For what matters most the question is
    /// worth a page, and the page is worth being found in a hurry.
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
    ///   threatModel: {maxAge: 365d}
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
    ///   annotations: {stanchion.dev/threat-model: "https://wiki.example.com/shop/threats"}
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
    ///   threatModel: {maxAge: 365d}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write down what the service protects, from whom, and what stands in their way; then annotate the namespace with the
    /// link and the day of the last review (`stanchion.dev/threat-model-date`).
    pub static THREAT_MODEL_MISSING = {
        id: "service.threat-model-missing",
        title: "No threat model is linked",
        severity: Medium,
        subject: Workload,
        parameters: ThreatModelMissing,
        references: [
            Framework::Nist80053.clause("RA-3"),
            Framework::Nist80053.clause("SA-11"),
            Framework::Soc2.clause("CC3.2"),
            Framework::Iso27001.clause("8.25"),
            Framework::Iso27001.clause("8.27"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Where the link stands.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct ThreatModelMissing {
    /// The annotations that hold the link; the first one found counts. Default: `[stanchion.dev/threat-model]`.
    annotations: Vec<String>,
}

impl Default for ThreatModelMissing {
    fn default() -> Self {
        Self { annotations: vec![THREAT_MODEL.to_owned()] }
    }
}

impl Parameters for ThreatModelMissing {
    fn check(&self) -> Vec<ParameterError> {
        annotation::check("annotations", &self.annotations)
    }
}

fn evaluate(workload: &Workload, parameters: &ThreatModelMissing, context: &Context<'_>) -> Verdict {
    if context.tier.is_none_or(|tier| tier.threat_model.is_none()) {
        return Verdict::NotApplicable;
    }
    let message = match annotation::declared(workload, context, &parameters.annotations) {
        Some((_, link)) if annotation::is_link(link) => return Verdict::Pass,
        Some((key, text)) => format!("`{key}` is `{text}`, which is no link"),
        None => "no threat model is linked, and its tier asks for one".to_owned(),
    };
    let key = parameters.annotations.first().map_or(THREAT_MODEL, String::as_str);
    let path = Path::of(&["metadata", "annotations"]).key(key.to_owned());
    let finding = Finding::new(path, message);
    [finding.fix(format!("write its address into `{key}`"))].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    fn pod(annotations: &str) -> String {
        let metadata = format!("{{name: a, namespace: shop, annotations: {annotations}}}");
        format!("{{apiVersion: v1, kind: Pod, metadata: {metadata}}}")
    }

    fn asked(manifest: &str) -> String {
        format!(
            "{manifest}\n---\n{{apiVersion: stanchion.dev/v1alpha1, kind: ServiceTier, metadata: {{name: gold}}, \
             spec: {{level: 0, default: true, threatModel: {{}}}}}}"
        )
    }

    #[test]
    fn only_tiers_that_ask_are_judged() {
        assert_eq!(judge(&THREAT_MODEL_MISSING, &pod("{}")), Verdict::NotApplicable);
        assert_eq!(
            messages(judge(&THREAT_MODEL_MISSING, &asked(&pod("{}")))),
            ["no threat model is linked, and its tier asks for one; write its address into \
                 `stanchion.dev/threat-model`"]
        );
    }

    #[test]
    fn a_link_must_be_one() {
        let with = |link: &str| {
            judge(&THREAT_MODEL_MISSING, &asked(&pod(&format!("{{stanchion.dev/threat-model: {link}}}"))))
        };
        assert_eq!(with("'https://wiki.example.com/a'"), Verdict::Pass);
        assert_eq!(
            messages(with("TODO")),
            [
                "`stanchion.dev/threat-model` is `TODO`, which is no link; write its address into `stanchion.dev/threat-model`"
            ]
        );
    }

    #[test]
    fn a_namespace_speaks_for_its_workloads_under_any_of_the_names() {
        let namespace = "\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop, annotations: \
            {example.com/threats: 'https://wiki.example.com/a'}}}";
        let manifest = asked(&format!("{}{namespace}", pod("{}")));
        let both = json!({"annotations": ["stanchion.dev/threat-model", "example.com/threats"]});
        assert_eq!(judge_with(&THREAT_MODEL_MISSING, &both, &manifest), Verdict::Pass);
        assert_eq!(messages(judge(&THREAT_MODEL_MISSING, &manifest)).len(), 1);
    }

    #[test]
    fn no_annotation_at_all_is_refused() {
        for given in [json!({"annotations": []}), json!({"annotations": [""]})] {
            let errors = (THREAT_MODEL_MISSING.compile)(given.as_object().unwrap()).unwrap_err();
            assert_eq!(errors[0].path, "annotations");
        }
    }
}
