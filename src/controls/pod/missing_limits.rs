//! `pod.missing-limits`

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::resource::{self, ResourceName};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// Every container, init container and sidecar has a limit for each of `resources`, of its own or in the pod's
    /// `resources`; by default that is memory. A limit of zero is none. Ephemeral containers can't have limits. The
    /// defaults of a `LimitRange` are not looked at: they are added to pods, and can't be seen in a template.
    ///
    /// CPU is not asked for by default: a container without a CPU limit is slowed down when others need what they
    /// requested, while one with a limit is slowed down even on an idle node.
    ///
    /// ## Why it matters
    ///
    /// Memory that is used up can't be shared. One container that leaks, or that somebody makes to, brings its whole
    /// node to the point where the kernel kills processes of its neighbours.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
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
    /// metadata: {name: example}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    ///       resources:
    ///         requests: {cpu: 100m, memory: 128Mi}
    ///         limits: {memory: 128Mi}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Set `resources.limits.memory` to what the container uses at its peak and some more, and request the same
    /// amount, so that it is never the first to be evicted.
    pub static MISSING_LIMITS = {
        id: "pod.missing-limits",
        title: "Container has no resource limit",
        severity: Medium,
        subject: Workload,
        parameters: MissingLimits,
        references: [
            Framework::Nist80053.clause("SC-6"),
            Framework::NsaCisa.clause("Resource policies"),
            Framework::MitreAttack.clause("T1499"),
            Framework::Soc2.clause("A1.1"),
            Framework::Iso27001.clause("8.6"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// What must be limited.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct MissingLimits {
    /// The resources that need a limit. Default: `[memory]`. Example: `[cpu, memory, ephemeral-storage]`.
    resources: BTreeSet<ResourceName>,
}

impl Default for MissingLimits {
    fn default() -> Self {
        Self { resources: resource::names(&["memory"]) }
    }
}

impl Parameters for MissingLimits {
    fn check(&self) -> Vec<ParameterError> {
        resource::check(&self.resources)
    }
}

fn evaluate(workload: &Workload, parameters: &MissingLimits, context: &Context<'_>) -> Verdict {
    let of_pod = workload.spec().resources.as_ref();
    let unlimited =
        |resource: &&ResourceName| of_pod.is_none_or(|pod| resource::amount(&pod.limits, resource).is_none());
    resource::containers(workload, context)
        .flat_map(|container| {
            let missing = parameters.resources.iter().filter(unlimited).filter(move |resource| {
                resource::amount(&container.container.resources.limits, resource).is_none()
            });
            missing.map(move |resource| {
                let name = resource.as_str();
                let written = container.container.resources.limits.get(name);
                let message = match written {
                    Some(zero) => format!("has a {name} limit of `{zero}`, which is none"),
                    None => format!("has no {name} limit"),
                };
                let finding = Finding::in_container(container, &["resources", "limits"], message)
                    .further(|limits| limits.key(name.to_owned()))
                    .discriminator(name)
                    .fix(format!("set `resources.limits.{name}`"));
                if let Some(zero) = written { finding.value(zero) } else { finding }
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    #[test]
    fn every_container_but_an_ephemeral_one_needs_a_limit() {
        let spec = "
initContainers: [{name: setup}, {name: mesh, restartPolicy: Always}]
containers: [{name: app, resources: {limits: {memory: 1Gi}}}]
ephemeralContainers: [{name: debug}]
";
        assert_eq!(
            messages(judge(&MISSING_LIMITS, &pod(spec))),
            [
                "setup: has no memory limit; set `resources.limits.memory`",
                "mesh: has no memory limit; set `resources.limits.memory`",
            ]
        );
    }

    #[test]
    fn a_limit_of_zero_is_none() {
        let spec = "containers: [{name: app, resources: {limits: {memory: 0Mi}}}]";
        assert_eq!(
            messages(judge(&MISSING_LIMITS, &pod(spec))),
            ["app: has a memory limit of `0Mi`, which is none; set `resources.limits.memory`"]
        );
    }

    #[test]
    fn a_limit_of_the_pod_holds_for_all() {
        let spec = "resources: {limits: {memory: 2Gi}}\ncontainers: [{name: app}, {name: log}]";
        assert_eq!(judge(&MISSING_LIMITS, &pod(spec)), Verdict::Pass);
    }

    #[test]
    fn each_resource_is_a_finding_of_its_own() {
        let parameters = serde_json::json!({"resources": ["memory", "cpu"]});
        let spec = pod("containers: [{name: app, resources: {limits: {cpu: 2}}}, {name: log}]");
        let Verdict::Fail(findings) = judge_with(&MISSING_LIMITS, &parameters, &spec) else {
            panic!("passes")
        };
        let places: Vec<_> = findings.iter().map(|finding| finding.path.to_string()).collect();
        assert_eq!(
            places,
            [
                "spec.containers[0].resources.limits.memory",
                "spec.containers[1].resources.limits.cpu",
                "spec.containers[1].resources.limits.memory",
            ]
        );
    }

    #[test]
    fn an_empty_list_is_refused() {
        let given = serde_json::json!({"resources": []});
        assert!((MISSING_LIMITS.compile)(given.as_object().unwrap()).is_err());
    }
}
