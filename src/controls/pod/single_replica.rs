//! `pod.single-replica`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::{Path, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// A Deployment, `StatefulSet`, `ReplicaSet` or `ReplicationController` of a tier up to `maxLevel`, by default the
    /// most critical one, wants at least `minimum` replicas. Absent means 1, as the API server has it. What wants none
    /// is switched off and not judged, nor is any other kind, nor a workload of a less critical tier or of none. An
    /// autoscaler is not looked at: what counts is the number in the object.
    ///
    /// ## Why it matters
    ///
    /// With one replica every drain of a node, every crash and every rollout that goes wrong is an outage, and of a
    /// service that everything else waits for.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   replicas: 1
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
    /// Run two replicas or more, or give the autoscaler a `minReplicas` of two, and spread them over nodes or zones
    /// with `topologySpreadConstraints`. Software that can only run once needs a way to take over quickly, and an
    /// exception that says so.
    pub static SINGLE_REPLICA = {
        id: "pod.single-replica",
        title: "Critical workload has too few replicas",
        severity: Medium,
        subject: Workload,
        parameters: SingleReplica,
        references: [
            Framework::Nist80053.clause("CP-10"),
            Framework::Soc2.clause("A1.2"),
            Framework::Iso27001.clause("8.14"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// How many replicas are enough, and for whom.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct SingleReplica {
    /// The lowest number of replicas that passes, from 2 on. Default: `2`. Example: `3`, for software that votes.
    minimum: i32,
    /// The highest level of a tier that is judged, from 0 on; 0 is the most critical. Default: `0`. Example: `1`, for
    /// the two most critical levels.
    max_level: i32,
}

impl Default for SingleReplica {
    fn default() -> Self {
        Self { minimum: 2, max_level: 0 }
    }
}

impl Parameters for SingleReplica {
    fn check(&self) -> Vec<ParameterError> {
        let minimum = (self.minimum < 2).then(|| {
            let message = format!("`{}` asks for nothing; write 2 or more", self.minimum);
            ParameterError::new("minimum", message)
        });
        let level = (self.max_level < 0).then(|| {
            let message = format!("`{}` is no tier's level; write 0 or more", self.max_level);
            ParameterError::new("maxLevel", message)
        });
        minimum.into_iter().chain(level).collect()
    }
}

fn evaluate(workload: &Workload, parameters: &SingleReplica, context: &Context<'_>) -> Verdict {
    let Some(replicas @ 1..) = workload.wanted_replicas() else { return Verdict::NotApplicable };
    if context.tier.is_none_or(|tier| tier.level > parameters.max_level) {
        return Verdict::NotApplicable;
    }
    let minimum = parameters.minimum;
    if replicas >= minimum {
        return Verdict::Pass;
    }
    let path = Path::of(&["spec", "replicas"]);
    let many = if replicas == 1 { "replica" } else { "replicas" };
    let finding = Finding::new(path, format!("wants {replicas} {many}, and {minimum} are needed"));
    let finding = finding.fix(format!("set `replicas: {minimum}` or more"));
    [if workload.replicas.is_some() { finding.value(replicas) } else { finding }].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_in_tier, messages};

    fn manifest(kind: &str, replicas: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: a}}, spec: {{replicas: {replicas}}}}}"
        )
    }

    fn in_tier(level: i32, manifest: &str) -> Verdict {
        judge_in_tier(&SINGLE_REPLICA, &json!({}), level, manifest, &[])
    }

    #[test]
    fn one_replica_of_the_most_critical_tier_is_too_few() {
        for (kind, replicas) in [("Deployment", "1"), ("StatefulSet", "null"), ("ReplicaSet", "1")] {
            assert_eq!(
                messages(in_tier(0, &manifest(kind, replicas))),
                ["wants 1 replica, and 2 are needed; set `replicas: 2` or more"]
            );
        }
        assert_eq!(in_tier(0, &manifest("Deployment", "2")), Verdict::Pass);
    }

    #[test]
    fn other_tiers_and_workloads_without_one_are_not_judged() {
        let single = manifest("Deployment", "1");
        assert_eq!(in_tier(1, &single), Verdict::NotApplicable);
        assert_eq!(judge(&SINGLE_REPLICA, &single), Verdict::NotApplicable);
        let wider = json!({"maxLevel": 1});
        assert_eq!(messages(judge_in_tier(&SINGLE_REPLICA, &wider, 1, &single, &[])).len(), 1);
    }

    #[test]
    fn what_is_switched_off_or_has_no_number_is_not_judged() {
        assert_eq!(in_tier(0, &manifest("Deployment", "0")), Verdict::NotApplicable);
        assert_eq!(in_tier(0, &manifest("DaemonSet", "1")), Verdict::NotApplicable);
        assert_eq!(in_tier(0, "{apiVersion: v1, kind: Pod, metadata: {name: a}}"), Verdict::NotApplicable);
    }

    #[test]
    fn a_minimum_of_one_is_refused() {
        let errors = SingleReplica { minimum: 1, max_level: -1 }.check();
        assert_eq!(
            errors.iter().map(|error| error.path.as_str()).collect::<Vec<_>>(),
            ["minimum", "maxLevel"]
        );
    }
}
