//! `pod.missing-probes`

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::container::Handler;
use crate::facts::{Container, ContainerClass, ContainerRef, Workload, WorkloadKind};

declare_control! {
    /// ## What it checks
    ///
    /// Every container and sidecar of a workload that keeps running has each of `probes`; by default a readiness
    /// probe and a liveness probe. Jobs, `CronJob`s and pods that run to their end (`restartPolicy` other than
    /// `Always`) are not judged, and init and ephemeral containers can't have probes.
    ///
    /// ## Why it matters
    ///
    /// Without a readiness probe a pod gets requests before it can answer them, and a rollout of a broken version
    /// goes on, because every pod counts as ready. Without a liveness probe a process that hangs stays.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: example}
    /// spec:
    ///   selector: {matchLabels: {app: example}}
    ///   template:
    ///     metadata: {labels: {app: example}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: example}
    /// spec:
    ///   selector: {matchLabels: {app: example}}
    ///   template:
    ///     metadata: {labels: {app: example}}
    ///     spec:
    ///       containers:
    ///         - name: app
    ///           image: registry.example.com/app:1.0
    ///           readinessProbe:
    ///             httpGet: {path: /ready, port: 8080}
    ///           livenessProbe:
    ///             httpGet: {path: /live, port: 8080}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Add a readiness probe that says whether the container can serve now, dependencies included, and a liveness
    /// probe that says only whether the process itself still works. A slow start is for a `startupProbe`.
    pub static MISSING_PROBES = {
        id: "pod.missing-probes",
        title: "Container has no health probe",
        severity: Low,
        subject: Workload,
        parameters: MissingProbes,
        references: [
            Framework::Nist80053.clause("CP-10"),
            Framework::Soc2.clause("A1.2"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Which probes there must be.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct MissingProbes {
    /// The probes that a container needs: `livenessProbe`, `readinessProbe`, `startupProbe`. Default:
    /// `[livenessProbe, readinessProbe]`. Example: `[readinessProbe]`.
    probes: BTreeSet<Probe>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
enum Probe {
    #[serde(rename = "livenessProbe")]
    Liveness,
    #[serde(rename = "readinessProbe")]
    Readiness,
    #[serde(rename = "startupProbe")]
    Startup,
}

impl Probe {
    const fn field(self) -> &'static str {
        match self {
            Self::Liveness => "livenessProbe",
            Self::Readiness => "readinessProbe",
            Self::Startup => "startupProbe",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Liveness => "liveness",
            Self::Readiness => "readiness",
            Self::Startup => "startup",
        }
    }

    fn of(self, container: &Container) -> Option<&Handler> {
        match self {
            Self::Liveness => container.liveness_probe.as_deref(),
            Self::Readiness => container.readiness_probe.as_deref(),
            Self::Startup => container.startup_probe.as_deref(),
        }
    }
}

impl Default for MissingProbes {
    fn default() -> Self {
        Self { probes: BTreeSet::from([Probe::Liveness, Probe::Readiness]) }
    }
}

impl Parameters for MissingProbes {
    fn check(&self) -> Vec<ParameterError> {
        let error = || {
            ParameterError::new("probes", "no probe is left to look for; name one such as `readinessProbe`")
        };
        self.probes.is_empty().then(error).into_iter().collect()
    }
}

fn evaluate(workload: &Workload, parameters: &MissingProbes, context: &Context<'_>) -> Verdict {
    if runs_to_its_end(workload) {
        return Verdict::NotApplicable;
    }
    let probed = |container: &ContainerRef<'_>| {
        container.class == ContainerClass::Application || container.is_sidecar()
    };
    context
        .containers(workload)
        .filter(probed)
        .flat_map(|container| {
            let missing =
                parameters.probes.iter().filter(move |probe| probe.of(container.container).is_none());
            missing.map(move |probe| {
                let message = format!("has no {} probe", probe.name());
                Finding::in_container(container, &[probe.field()], message)
                    .discriminator(probe.field())
                    .fix(format!("add a `{}`", probe.field()))
            })
        })
        .collect()
}

fn runs_to_its_end(workload: &Workload) -> bool {
    let policy = workload.spec().restart_policy.as_deref().unwrap_or_default();
    matches!(workload.kind, WorkloadKind::CronJob | WorkloadKind::Job)
        || matches!(policy, "Never" | "OnFailure")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    #[test]
    fn containers_and_sidecars_need_probes() {
        let spec = "
initContainers: [{name: setup}, {name: mesh, restartPolicy: Always, livenessProbe: {tcpSocket: {port: 1}}}]
containers: [{name: app, readinessProbe: {exec: {command: [ok]}}}]
ephemeralContainers: [{name: debug}]
";
        assert_eq!(
            messages(judge(&MISSING_PROBES, &pod(spec))),
            [
                "mesh: has no readiness probe; add a `readinessProbe`",
                "app: has no liveness probe; add a `livenessProbe`",
            ]
        );
    }

    #[test]
    fn what_runs_to_its_end_is_not_judged() {
        for policy in ["Never", "OnFailure"] {
            let spec = format!("restartPolicy: {policy}\ncontainers: [{{name: app}}]");
            assert_eq!(judge(&MISSING_PROBES, &pod(&spec)), Verdict::NotApplicable, "{policy}");
        }
        let job = "
apiVersion: batch/v1
kind: Job
metadata: {name: example}
spec: {template: {spec: {containers: [{name: app}]}}}
";
        assert_eq!(judge(&MISSING_PROBES, job), Verdict::NotApplicable);
    }

    #[test]
    fn the_probes_can_be_chosen() {
        let parameters = serde_json::json!({"probes": ["readinessProbe"]});
        let spec = pod("containers: [{name: app, readinessProbe: {httpGet: {port: 80}}}]");
        assert_eq!(judge_with(&MISSING_PROBES, &parameters, &spec), Verdict::Pass);
        assert_eq!(MissingProbes { probes: BTreeSet::new() }.check()[0].path, "probes");
    }
}
