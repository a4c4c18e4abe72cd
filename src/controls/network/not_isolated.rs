//! `network.not-isolated`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::direction::{self, Direction};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::Workload;
use crate::relations::Isolation;

declare_control! {
    /// ## What it checks
    ///
    /// In each of the `directions`, by default ingress alone, a `NetworkPolicy` of the namespace selects the workload's
    /// pods, and none of those that do has a rule for everything (`ingress: [{}]`): policies add up, and one such rule
    /// undoes all the others. A policy for all pods of the namespace is as good as one for these.
    ///
    /// Pods in the network of their node (`hostNetwork: true`) are isolated by no network policy. They are not judged
    /// here: `pod.host-namespaces` is about them. Policies of Cilium, Calico and `policy.networking.k8s.io` are not looked
    /// at: where those isolate workloads, leave this control out.
    ///
    /// ## Why it matters
    ///
    /// Without a policy every pod of the cluster can connect to this one. Whoever gets into any container reaches its
    /// ports, also those that were never meant for others: metrics, debuggers, databases that trust their neighbours.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop, labels: {app: example}}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: other, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: other}}
    ///   policyTypes: [Ingress]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop, labels: {app: example}}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   podSelector: {matchLabels: {app: example}}
    ///   policyTypes: [Ingress]
    ///   ingress:
    ///     - from: [{podSelector: {matchLabels: {app: web}}}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Add a `NetworkPolicy` that selects the pods and lists who may connect to them, or one for all pods of the namespace.
    /// For egress, remember DNS. The network plugin must enforce network policies, or none of them has an effect.
    pub static NOT_ISOLATED = {
        id: "network.not-isolated",
        title: "No network policy isolates the pods",
        severity: Medium,
        subject: Workload,
        parameters: NotIsolated,
        references: [
            Framework::CisKubernetes.clause("5.3.2"),
            Framework::Nist80053.clause("AC-4"),
            Framework::Nist80053.clause("SC-7"),
            Framework::NsaCisa.clause("Network policies"),
            Framework::MitreAttack.clause("T1046"),
            Framework::Soc2.clause("CC6.6"),
            Framework::Iso27001.clause("8.22"),
            Framework::PciDss.clause("1.3.1"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// In which directions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct NotIsolated {
    /// The directions in which the pods must be isolated: `Ingress`, `Egress` or both. Default: `[Ingress]`. Example:
    /// `[Ingress, Egress]`.
    directions: Vec<Direction>,
}

impl Default for NotIsolated {
    fn default() -> Self {
        Self { directions: vec![Direction::Ingress] }
    }
}

impl Parameters for NotIsolated {
    fn check(&self) -> Vec<ParameterError> {
        direction::check(&self.directions)
    }
}

fn evaluate(workload: &Workload, parameters: &NotIsolated, context: &Context<'_>) -> Verdict {
    if workload.spec().host_network {
        return Verdict::NotApplicable;
    }
    let network = context.relations.network();
    let judge = |direction: &Direction| {
        let kind = direction.in_words();
        let (message, advice) = match network.isolation(workload, direction.fact()) {
            Isolation::Isolated | Isolation::HostNetwork => return None,
            Isolation::OpenedBy(policy) => (
                format!("network policy `{policy}` lets all {kind} through"),
                format!("narrow the rules of `{policy}`"),
            ),
            Isolation::Unselected => (
                format!("no network policy isolates its {kind}"),
                format!("add a NetworkPolicy for these labels that isolates {kind}"),
            ),
        };
        let path = workload.template_path().keys(&["metadata", "labels"]);
        Some(Finding::new(path, message).discriminator(kind).fix(advice))
    };
    parameters.directions.iter().filter_map(judge).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::direction;
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    fn beside(pod_spec: &str, policies: &[&str]) -> String {
        let metadata = "{name: cart, namespace: shop, labels: {app: cart}}";
        let manifest = format!("{{apiVersion: v1, kind: Pod, metadata: {metadata}, spec: {pod_spec}}}");
        direction::testing::beside(manifest, policies)
    }

    #[test]
    fn ingress_is_judged_and_egress_on_request() {
        assert_eq!(
            messages(judge(&NOT_ISOLATED, &beside("{}", &[]))),
            [
                "no network policy isolates its ingress; add a NetworkPolicy for these labels that isolates ingress"
            ]
        );
        let both = json!({"directions": ["Ingress", "Egress"]});
        let manifest = beside("{}", &["{podSelector: {}}"]);
        assert_eq!(judge(&NOT_ISOLATED, &manifest), Verdict::Pass);
        assert_eq!(messages(judge_with(&NOT_ISOLATED, &both, &manifest)).len(), 1);
    }

    #[test]
    fn a_policy_that_lets_everything_through_is_named() {
        let manifest =
            beside("{}", &["{podSelector: {}}", "{podSelector: {matchLabels: {app: cart}}, ingress: [{}]}"]);
        assert_eq!(
            messages(judge(&NOT_ISOLATED, &manifest)),
            ["network policy `p1` lets all ingress through; narrow the rules of `p1`"]
        );
    }

    #[test]
    fn pods_in_the_network_of_their_node_are_not_judged() {
        assert_eq!(judge(&NOT_ISOLATED, &beside("{hostNetwork: true}", &[])), Verdict::NotApplicable);
    }
}
