//! `pod.missing-requests`

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::resource::{self, ResourceName};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::container::Resources;
use crate::facts::{Text, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// Every container, init container and sidecar requests each of `resources`, itself or through the pod's
    /// `resources`; by default that is CPU and memory. A limit without a request counts, as the API server requests
    /// as much as the limit. A request of zero is none. Ephemeral containers can't request anything. The defaults of
    /// a `LimitRange` are not looked at: they are added to pods, and can't be seen in a template.
    ///
    /// ## Why it matters
    ///
    /// The scheduler packs nodes by requests. What requests nothing is put on nodes that are full, is the first to be
    /// evicted, and takes from neighbours what they counted on.
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
    ///       resources:
    ///         limits: {memory: 128Mi}
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
    /// Request the CPU that the container uses on an ordinary day, and the memory that it uses at its peak. The
    /// recommendations of a `VerticalPodAutoscaler` in mode `Off` are a good start.
    pub static MISSING_REQUESTS = {
        id: "pod.missing-requests",
        title: "Container requests no resources",
        severity: Low,
        subject: Workload,
        parameters: MissingRequests,
        references: [
            Framework::Nist80053.clause("SC-6"),
            Framework::NsaCisa.clause("Resource policies"),
            Framework::Soc2.clause("A1.1"),
            Framework::Iso27001.clause("8.6"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// What must be requested.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct MissingRequests {
    /// The resources that must be requested. Default: `[cpu, memory]`. Example: `[memory]`.
    resources: BTreeSet<ResourceName>,
}

impl Default for MissingRequests {
    fn default() -> Self {
        Self { resources: resource::names(&["cpu", "memory"]) }
    }
}

impl Parameters for MissingRequests {
    fn check(&self) -> Vec<ParameterError> {
        resource::check(&self.resources)
    }
}

fn evaluate(workload: &Workload, parameters: &MissingRequests, context: &Context<'_>) -> Verdict {
    let of_pod = workload.spec().resources.as_ref();
    let unrequested = |resource: &&ResourceName| of_pod.is_none_or(|pod| requested(pod, resource).is_none());
    resource::containers(workload, context)
        .flat_map(|container| {
            let resources = &container.container.resources;
            let missing = parameters.resources.iter().filter(unrequested);
            let missing = missing.filter(move |resource| requested(resources, resource).is_none());
            missing.map(move |resource| {
                let name = resource.as_str();
                let written = resources.requests.get(name);
                let message = match written {
                    Some(zero) => format!("requests `{zero}` {name}, which is none"),
                    None => format!("requests no {name}"),
                };
                let finding = Finding::in_container(container, &["resources", "requests"], message)
                    .further(|requests| requests.key(name.to_owned()))
                    .discriminator(name)
                    .fix(format!("set `resources.requests.{name}`"));
                if let Some(zero) = written { finding.value(zero) } else { finding }
            })
        })
        .collect()
}

/// What is requested of a resource: the limit, if nothing is written.
fn requested<'a>(resources: &'a Resources, resource: &ResourceName) -> Option<&'a Text> {
    let Resources { requests, limits } = resources;
    let written = if requests.get(resource.as_str()).is_some() { requests } else { limits };
    resource::amount(written, resource)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    fn found(spec: &str) -> Vec<String> {
        messages(judge(&MISSING_REQUESTS, &pod(spec)))
    }

    #[test]
    fn cpu_and_memory_must_be_requested() {
        assert_eq!(
            found("containers: [{name: app}]\nephemeralContainers: [{name: debug}]"),
            [
                "app: requests no cpu; set `resources.requests.cpu`",
                "app: requests no memory; set `resources.requests.memory`",
            ]
        );
    }

    #[test]
    fn a_limit_is_a_request_unless_another_is_written() {
        assert!(found("containers: [{name: app, resources: {limits: {cpu: 1, memory: 1Gi}}}]").is_empty());
        let zero = "containers: [{name: app, resources: {requests: {cpu: 0, memory: 1}, limits: {cpu: 1}}}]";
        assert_eq!(found(zero), ["app: requests `0` cpu, which is none; set `resources.requests.cpu`"]);
    }

    #[test]
    fn a_request_of_the_pod_holds_for_all() {
        let spec = "resources: {requests: {cpu: 1}, limits: {memory: 2Gi}}\ncontainers: [{name: app}]";
        assert!(found(spec).is_empty());
    }
}
