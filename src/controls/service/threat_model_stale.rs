//! `service.threat-model-stale`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::annotation::{self, THREAT_MODEL};
use crate::api::{Date, Duration};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::{Path, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// The threat model of a workload was reviewed within the time that its tier allows (`spec.threatModel.maxAge`): the
    /// annotation `stanchion.dev/threat-model-date`, on it or its namespace, is a day such as `2026-03-01`, not longer ago
    /// than that and not in the future. Days begin at midnight UTC. A linked threat model without a day fails; without a
    /// link and a day there is nothing to be stale, and `service.threat-model-missing` says so. Workloads of tiers without
    /// a `maxAge` are not judged.
    ///
    /// ## Why it matters
    ///
    /// A threat model describes the service as it was. After a year of features and dependencies it describes another
    /// one, and whoever trusts it looks in the wrong place.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: example
    ///   namespace: shop
    ///   annotations:
    ///     stanchion.dev/threat-model: "https://wiki.example.com/shop/threats"
    ///     stanchion.dev/threat-model-date: "2024-03-01"
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
    ///   annotations:
    ///     stanchion.dev/threat-model: "https://wiki.example.com/shop/threats"
    ///     stanchion.dev/threat-model-date: "2026-11-02"
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
    /// Go through the threat model with the team, change what has changed, and write the day into the annotation.
    pub static THREAT_MODEL_STALE = {
        id: "service.threat-model-stale",
        title: "Threat model is older than its tier allows",
        severity: Low,
        subject: Workload,
        parameters: ThreatModelStale,
        references: [
            Framework::Nist80053.clause("RA-3"),
            Framework::Nist80053.clause("SA-11"),
            Framework::Soc2.clause("CC3.2"),
            Framework::Soc2.clause("CC3.4"),
            Framework::Iso27001.clause("8.25"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Where the day stands by default.
const DATE: &str = "stanchion.dev/threat-model-date";

/// Where the day and the link stand.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct ThreatModelStale {
    /// The annotations that hold the day of the last review; the first one found counts. Default:
    /// `[stanchion.dev/threat-model-date]`.
    annotations: Vec<String>,
    /// The annotations that hold the link, as for `service.threat-model-missing`. Default: `[stanchion.dev/threat-model]`.
    links: Vec<String>,
}

impl Default for ThreatModelStale {
    fn default() -> Self {
        Self { annotations: vec![DATE.to_owned()], links: vec![THREAT_MODEL.to_owned()] }
    }
}

impl Parameters for ThreatModelStale {
    fn check(&self) -> Vec<ParameterError> {
        [annotation::check("annotations", &self.annotations), annotation::check("links", &self.links)]
            .concat()
    }
}

fn evaluate(workload: &Workload, parameters: &ThreatModelStale, context: &Context<'_>) -> Verdict {
    let asked = context.tier.and_then(|tier| tier.threat_model);
    let Some(Some(max_age)) = asked else { return Verdict::NotApplicable };
    let first = parameters.annotations.first().map_or(DATE, String::as_str);
    let (key, message) = match annotation::declared(workload, context, &parameters.annotations) {
        Some((key, written)) => match problem(written, max_age, context.today) {
            None => return Verdict::Pass,
            Some(problem) => (key, problem),
        },
        None if annotation::declared(workload, context, &parameters.links).is_none() => {
            return Verdict::NotApplicable;
        }
        None => (first, "nobody says when its threat model was reviewed".to_owned()),
    };
    let path = Path::of(&["metadata", "annotations"]).key(key.to_owned());
    let finding = Finding::new(path, message);
    [finding.fix(format!("review it and write the day into `{key}`"))].into_iter().collect()
}

/// What is wrong with a day as written.
fn problem(written: &str, max_age: Duration, today: Date) -> Option<String> {
    let date: Date = match written.trim().parse() {
        Ok(date) => date,
        Err(error) => return Some(format!("the day of its threat model: {error}")),
    };
    if date > today {
        return Some(format!("its threat model is dated `{written}`, which is in the future"));
    }
    // It is too old for the whole of the day in the course of which it becomes so.
    let age = |moment: jiff::Timestamp| moment.duration_since(date.start()).as_secs();
    (age(today.end()) > max_age.as_seconds()).then(|| {
        let days = age(today.start()) / Duration::days(1).as_seconds();
        format!("its threat model is {days} days old, and its tier allows {max_age}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages};

    fn with(annotations: &str, threat_model: &str) -> Verdict {
        let metadata = format!("{{name: a, namespace: shop, annotations: {annotations}}}");
        let manifest = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {metadata}}}\n---\n{{apiVersion: stanchion.dev/v1alpha1, \
             kind: ServiceTier, metadata: {{name: gold}}, spec: {{level: 0, default: true{threat_model}}}}}"
        );
        judge(&THREAT_MODEL_STALE, &manifest)
    }

    fn dated(day: &str) -> Vec<String> {
        let annotations = format!("{{{DATE}: '{day}'}}");
        messages(with(&annotations, ", threatModel: {maxAge: 30d}"))
    }

    #[test]
    fn a_review_is_good_for_as_long_as_the_tier_says() {
        // It is judged at 2026-11-23, noon.
        assert_eq!(dated("2026-10-25"), [""; 0]);
        assert_eq!(dated("2026-11-23"), [""; 0]);
        let advice = "review it and write the day into `stanchion.dev/threat-model-date`";
        assert_eq!(
            dated("2026-10-24"),
            [format!("its threat model is 30 days old, and its tier allows 30d; {advice}")]
        );
        assert_eq!(
            dated("2026-11-24"),
            [format!("its threat model is dated `2026-11-24`, which is in the future; {advice}")]
        );
        assert_eq!(
            dated("last spring"),
            [format!(
                "the day of its threat model: `last spring` is not a day: write year, month and day, such as \
                 `2026-12-07`; {advice}"
            )]
        );
    }

    #[test]
    fn what_is_not_asked_for_is_not_judged() {
        let old = format!("{{{DATE}: '2020-01-01'}}");
        assert_eq!(with(&old, ""), Verdict::NotApplicable);
        assert_eq!(with(&old, ", threatModel: {}"), Verdict::NotApplicable);
        assert_eq!(with("{}", ", threatModel: {maxAge: 30d}"), Verdict::NotApplicable);
        let linked = "{stanchion.dev/threat-model: 'https://wiki.example.com'}";
        assert_eq!(messages(with(linked, ", threatModel: {maxAge: 30d}")).len(), 1);
    }
}
