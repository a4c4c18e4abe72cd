//! `logging.short-retention`

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Duration;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::{Meta, Path, Text, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// Logs are kept as long as the workload's tier asks for (`logging.minimumRetention` of the `ServiceTier`), or as
    /// `minimum` says. How long they are kept is what an annotation or label says, of the workload, of its pods or of its
    /// namespace, in this order; a duration such as `90d`, or a class that `classes` knows. Without one, it is `kept`; if
    /// that is not given either, it is unknown. Nothing is judged where nothing is asked for. It is the word of whoever
    /// runs the log store: the store itself is not looked at.
    ///
    /// ## Why it matters
    ///
    /// Intrusions are often found months after they began. What was deleted by then can't be investigated, and most
    /// frameworks name a number.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: example
    ///   namespace: shop
    ///   annotations: {stanchion.dev/log-retention: 30d}
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
    ///   logging: {minimumRetention: 90d}
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
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   annotations: {stanchion.dev/log-retention: 365d}
    /// ---
    /// apiVersion: stanchion.dev/v1alpha1
    /// kind: ServiceTier
    /// metadata: {name: tier-0}
    /// spec:
    ///   level: 0
    ///   default: true
    ///   logging: {minimumRetention: 90d}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Have the log store keep the workload's logs longer, then write down how long, on the workload or once on its
    /// namespace.
    pub static SHORT_RETENTION = {
        id: "logging.short-retention",
        title: "Logs are not kept long enough",
        severity: Medium,
        subject: Workload,
        parameters: ShortRetention,
        references: [
            Framework::Nist80053.clause("AU-11"),
            Framework::Soc2.clause("CC7.3"),
            Framework::Iso27001.clause("8.15"),
            Framework::PciDss.clause("10.5.1"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// How long logs are kept, and must be.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct ShortRetention {
    /// Annotations and labels that say how long logs are kept; the first that is found counts. Default:
    /// `["stanchion.dev/log-retention"]`. Example: `["logging.example.com/class"]`.
    keys: Vec<String>,
    /// What the values of those keys mean that are no durations. Default: `{}`. Example: `{"audit": "365d", "debug":
    /// "7d"}`.
    classes: BTreeMap<String, Duration>,
    /// How long logs are kept of which nothing is said. Absent: that is unknown. Example: `"30d"`.
    kept: Option<Duration>,
    /// How long they must be kept in tiers that don't say so, and outside of tiers. Absent: nothing is asked there.
    /// Example: `"30d"`.
    minimum: Option<Duration>,
}

impl Default for ShortRetention {
    fn default() -> Self {
        let keys = vec!["stanchion.dev/log-retention".to_owned()];
        Self { keys, classes: BTreeMap::new(), kept: None, minimum: None }
    }
}

impl Parameters for ShortRetention {
    fn check(&self) -> Vec<ParameterError> {
        let error = || {
            ParameterError::new("keys", "no key is given; write one such as `stanchion.dev/log-retention`")
        };
        (self.keys.is_empty() && self.kept.is_none()).then(error).into_iter().collect()
    }
}

/// What is said of the retention, and where.
struct Said<'a> {
    key: &'a str,
    value: &'a Text,
    /// In the workload; for what its namespace says, where it could say otherwise.
    path: Path,
}

fn evaluate(workload: &Workload, parameters: &ShortRetention, context: &Context<'_>) -> Verdict {
    let of_tier = context.tier.and_then(|tier| tier.minimum_retention);
    let Some(minimum) = of_tier.or(parameters.minimum) else { return Verdict::NotApplicable };
    let asked_by = match (of_tier, context.tier) {
        (Some(_), Some(tier)) => format!("`{}` asks for {minimum}", tier.name),
        _ => format!("{minimum} are asked for"),
    };
    let advice = format!("keep them for {minimum} at least, and say so");
    let finding = |path: Path, message: String| {
        let finding = Finding::new(path, message).fix(advice.clone());
        [finding].into_iter().collect()
    };
    let Some(said) = said(workload, parameters, context) else {
        return match (parameters.kept, parameters.keys.first()) {
            (Some(kept), _) if kept >= minimum => Verdict::Pass,
            (Some(kept), key) => finding(
                path_of(workload, "annotations", key.map_or("stanchion.dev/log-retention", String::as_str)),
                format!("its logs are kept for {kept}, and {asked_by}"),
            ),
            (None, key) => {
                let key = key.map(String::as_str).unwrap_or_default();
                Verdict::Unknown(
                    format!("nothing says how long its logs are kept: annotate it with `{key}`").into(),
                )
            }
        };
    };
    let known = parameters.classes.get(said.value.as_str()).copied();
    match known.or_else(|| said.value.parse().ok()) {
        Some(kept) if kept >= minimum => Verdict::Pass,
        Some(kept) => finding(said.path, format!("its logs are kept for {kept}, and {asked_by}")),
        None => {
            let message =
                format!("`{}: {}` is neither a duration nor a class that is known", said.key, said.value);
            finding(said.path, message)
        }
    }
}

fn path_of(workload: &Workload, field: &'static str, key: &str) -> Path {
    let own = Path::of(&["metadata", field]).key(key.to_owned());
    let of_pods = || workload.template_path().keys(&["metadata", field]).key(key.to_owned());
    let stands = |meta: &Meta| meta.annotations.get(key).or_else(|| meta.labels.get(key)).is_some();
    if !stands(&workload.meta) && stands(&workload.template.metadata) { of_pods() } else { own }
}

/// What the workload, its pods or its namespace say.
fn said<'a>(
    workload: &'a Workload,
    parameters: &'a ShortRetention,
    context: &Context<'a>,
) -> Option<Said<'a>> {
    let namespace = workload.meta.namespace.as_deref().unwrap_or_default();
    let home = context.inventory.namespace(namespace).map(|namespace| &namespace.metadata);
    let metas = [Some(&workload.meta), Some(&workload.template.metadata), home];
    metas.into_iter().flatten().find_map(|meta| {
        parameters.keys.iter().find_map(|key| {
            let annotation = meta.annotations.get(key).map(|value| ("annotations", value));
            let (field, value) = annotation.or_else(|| Some(("labels", meta.labels.get(key)?)))?;
            Some(Said { key, value, path: path_of(workload, field, key) })
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controls::testing::{judge_with, messages};

    const TIER: &str = "\n---\n{apiVersion: stanchion.dev/v1alpha1, kind: ServiceTier, metadata: {name: gold}, \
        spec: {level: 0, default: true, logging: {minimumRetention: 90d}}}";

    fn deployment(own: &str, of_pods: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: cart, namespace: shop, annotations: {own}}}, \
             spec: {{template: {{metadata: {{labels: {of_pods}}}}}}}}}"
        )
    }

    fn judge(parameters: &Value, manifest: &str) -> Verdict {
        judge_with(&SHORT_RETENTION, parameters, manifest)
    }

    #[test]
    fn nothing_is_judged_where_nothing_is_asked() {
        assert_eq!(judge(&json!({}), &deployment("{}", "{}")), Verdict::NotApplicable);
    }

    #[test]
    fn what_nobody_says_is_unknown_unless_the_store_has_a_default() {
        let silent = deployment("{}", "{}") + TIER;
        assert!(matches!(judge(&json!({}), &silent), Verdict::Unknown(why) if why.contains("log-retention")));
        assert_eq!(judge(&json!({"kept": "90d"}), &silent), Verdict::Pass);
        assert_eq!(
            messages(judge(&json!({"kept": "30d"}), &silent)),
            ["its logs are kept for 30d, and `gold` asks for 90d; keep them for 90d at least, and say so"]
        );
    }

    #[test]
    fn the_workload_s_own_word_comes_before_its_pods_and_classes_have_a_length() {
        let parameters = || json!({"keys": ["class"], "classes": {"long": "365d", "short": "7d"}});
        assert_eq!(
            judge(&parameters(), &(deployment("{class: long}", "{class: short}") + TIER)),
            Verdict::Pass
        );
        let found = judge(&parameters(), &(deployment("{}", "{class: short}") + TIER));
        let Verdict::Fail(findings) = found else { panic!("{found:?}") };
        assert_eq!(findings[0].path.to_string(), "spec.template.metadata.labels.class");
    }

    #[test]
    fn a_word_that_is_not_known_fails() {
        let found = messages(judge(
            &json!({"minimum": "1d"}),
            &deployment("{stanchion.dev/log-retention: 'three months'}", "{}"),
        ));
        assert!(found[0].starts_with("`stanchion.dev/log-retention: three months` is neither"), "{found:?}");
    }
}
