//! `service.pod-security-label-missing`

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::{Namespace, Path};

declare_control! {
    /// ## What it checks
    ///
    /// The namespace has the label `pod-security.kubernetes.io/enforce` with a level at least as strict as `level`, by
    /// default `baseline`; for namespaces of some tiers `byTierLevel` may ask for another one. A value that is no level
    /// fails: the API server then enforces `restricted`, which nobody meant.
    ///
    /// A level that an `AdmissionConfiguration` of the API server sets for all namespaces is not seen: where there is one,
    /// leave this control out.
    ///
    /// ## Why it matters
    ///
    /// Without the label the API server enforces nothing in the namespace, and whoever may create a pod in it may create a
    /// privileged one and own the node. The API server itself is the last one to hold the line: it does so while
    /// everything else is down.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: shop}
    /// ```
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: privileged}}
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: baseline}}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Set `pod-security.kubernetes.io/warn` first and look at what is told; then set `enforce`. Pods that run are not
    /// stopped by it, new ones are.
    pub static POD_SECURITY_LABEL_MISSING = {
        id: "service.pod-security-label-missing",
        title: "Namespace enforces no pod security level",
        severity: Medium,
        subject: Namespace,
        parameters: PodSecurityLabelMissing,
        references: [
            Framework::CisKubernetes.clause("5.2.1"),
            Framework::Nist80053.clause("CM-7"),
            Framework::NsaCisa.clause("Pod security enforcement"),
            Framework::MitreAttack.clause("T1610"),
            Framework::Soc2.clause("CC6.8"),
            Framework::Iso27001.clause("8.9"),
            Framework::PciDss.clause("2.2.1"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// The label of the API server's own admission.
const LABEL: &str = "pod-security.kubernetes.io/enforce";

/// A level of the Pod Security Standards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// No restriction.
    Privileged,
    /// What is known to lead out of a container is forbidden.
    #[default]
    Baseline,
    /// What is known to be good practice is asked for.
    Restricted,
}

impl Level {
    fn parse(text: &str) -> Option<Self> {
        [Self::Privileged, Self::Baseline, Self::Restricted].into_iter().find(|level| level.as_str() == text)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

/// Which level is asked for.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct PodSecurityLabelMissing {
    /// The least strict level that passes: `baseline` or `restricted`. Default: `baseline`.
    level: Level,
    /// The same for namespaces of single tiers, by the level of the tier. Default: none. Example: `{"0": restricted}`, for
    /// the most critical ones.
    by_tier_level: BTreeMap<String, Level>,
}

impl Parameters for PodSecurityLabelMissing {
    fn check(&self) -> Vec<ParameterError> {
        let wrong = self.by_tier_level.keys().filter(|key| key.parse::<u8>().is_err());
        let errors = wrong.map(|key| {
            let message = format!("`{key}` is no tier's level; write a number such as `\"0\"`");
            ParameterError::new(format!("byTierLevel.{key}"), message)
        });
        errors.collect()
    }
}

fn evaluate(namespace: &Namespace, parameters: &PodSecurityLabelMissing, context: &Context<'_>) -> Verdict {
    let of_tier = context.tier.and_then(|tier| parameters.by_tier_level.get(&tier.level.to_string()));
    let wanted = of_tier.copied().unwrap_or(parameters.level);
    let message = match namespace.metadata.labels.get(LABEL) {
        None => "the API server enforces no pod security level here".to_owned(),
        Some(written) => match Level::parse(written) {
            Some(level) if level >= wanted => return Verdict::Pass,
            Some(level) => {
                format!("it enforces `{}` only, `{}` is asked for", level.as_str(), wanted.as_str())
            }
            None => format!("`{written}` is no pod security level"),
        },
    };
    let path = Path::of(&["metadata", "labels"]).key(LABEL);
    let finding = Finding::new(path.clone(), message).fix(format!("label it `{LABEL}: {}`", wanted.as_str()));
    [finding.patch_to_review(path, wanted.as_str(), "pods below the level are refused from then on")]
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controls::testing::{judge_in_tier, judge_with, messages};

    fn namespace(labels: &str) -> String {
        format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {labels}}}}}")
    }

    fn found(parameters: &Value, level: &str) -> Vec<String> {
        let manifest = namespace(&format!("{{{LABEL}: {level}}}"));
        messages(judge_with(&POD_SECURITY_LABEL_MISSING, parameters, &manifest))
    }

    #[test]
    fn a_stricter_level_will_do_and_a_looser_one_will_not() {
        let restricted = json!({"level": "restricted"});
        assert_eq!(found(&json!({}), "restricted"), [""; 0]);
        assert_eq!(found(&restricted, "restricted"), [""; 0]);
        assert_eq!(
            found(&restricted, "baseline"),
            ["it enforces `baseline` only, `restricted` is asked for; \
                 label it `pod-security.kubernetes.io/enforce: restricted`"]
        );
    }

    #[test]
    fn a_wrong_value_is_named() {
        assert_eq!(
            found(&json!({}), "Baseline"),
            ["`Baseline` is no pod security level; label it `pod-security.kubernetes.io/enforce: baseline`"]
        );
    }

    #[test]
    fn a_tier_can_ask_for_more() {
        let strict = json!({"byTierLevel": {"0": "restricted"}});
        let manifest = namespace(&format!("{{{LABEL}: baseline}}"));
        let at = |level| judge_in_tier(&POD_SECURITY_LABEL_MISSING, &strict, level, &manifest, &[]);
        assert_eq!(messages(at(0)).len(), 1);
        assert_eq!(at(1), Verdict::Pass);
        let given = json!({"byTierLevel": {"gold": "restricted"}});
        let errors = (POD_SECURITY_LABEL_MISSING.compile)(given.as_object().unwrap()).unwrap_err();
        assert_eq!(errors[0].path, "byTierLevel.gold");
    }
}
