//! `network.no-default-deny`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::direction::{self, Direction};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::{Namespace, Path};
use crate::relations::DefaultDeny;

declare_control! {
    /// ## What it checks
    ///
    /// In each of the `directions`, by default both, a `NetworkPolicy` of the namespace isolates all of its pods: its
    /// `podSelector` is empty, and `policyTypes` has the direction. It may let traffic through by rules, as long as no
    /// policy for all pods has a rule for everything (`ingress: [{}]`): policies add up, and one such rule undoes every
    /// other policy. Policies for some of the pods don't count here; `network.not-isolated` asks for each workload whether
    /// any policy selects it.
    ///
    /// Policies of Cilium, Calico and `policy.networking.k8s.io` are not looked at: where those deny by default, leave
    /// this control out.
    ///
    /// ## Why it matters
    ///
    /// Without a policy every pod of the cluster can connect to every other one, and to the internet. Whoever gets into
    /// one container reaches every database, and can carry off what is found there. A default denial makes every
    /// connection something that somebody wrote down, for workloads that come later too.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: shop}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: default-deny, namespace: shop}
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata: {name: shop}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: default-deny, namespace: shop}
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Ingress, Egress]
    /// ```
    ///
    /// ## How to fix
    ///
    /// First write the policies for the connections that are needed (DNS among them, for egress), then add one with an
    /// empty `podSelector`, both `policyTypes` and no rules. The network plugin must enforce network policies, or none of
    /// them has an effect.
    pub static NO_DEFAULT_DENY = {
        id: "network.no-default-deny",
        title: "Namespace does not deny traffic by default",
        severity: Medium,
        subject: Namespace,
        parameters: NoDefaultDeny,
        references: [
            Framework::CisKubernetes.clause("5.3.2"),
            Framework::Nist80053.clause("AC-4"),
            Framework::Nist80053.clause("SC-7"),
            Framework::NsaCisa.clause("Network policies"),
            Framework::MitreAttack.clause("T1046"),
            Framework::Soc2.clause("CC6.6"),
            Framework::Iso27001.clause("8.22"),
            Framework::PciDss.clause("1.3.1"),
            Framework::PciDss.clause("1.3.2"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// In which directions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct NoDefaultDeny {
    /// The directions in which traffic must be denied by default: `Ingress`, `Egress` or both. Default: both. Example:
    /// `[Ingress]`.
    directions: Vec<Direction>,
}

impl Default for NoDefaultDeny {
    fn default() -> Self {
        Self { directions: vec![Direction::Ingress, Direction::Egress] }
    }
}

impl Parameters for NoDefaultDeny {
    fn check(&self) -> Vec<ParameterError> {
        direction::check(&self.directions)
    }
}

fn evaluate(namespace: &Namespace, parameters: &NoDefaultDeny, context: &Context<'_>) -> Verdict {
    let network = context.relations.network();
    let name = &namespace.metadata.name;
    let judge = |direction: &Direction| {
        let kind = direction.in_words();
        let (message, advice) = match network.default_deny(name, direction.fact()) {
            DefaultDeny::Holds => return None,
            DefaultDeny::UndoneBy(policy) => (
                format!("network policy `{policy}` lets all {kind} through to every pod"),
                format!("narrow the rules of `{policy}`"),
            ),
            DefaultDeny::Missing => (
                format!("no network policy denies {kind} by default"),
                format!("add a NetworkPolicy for all pods that isolates {kind}"),
            ),
        };
        let finding = Finding::new(Path::of(&["metadata", "name"]), message);
        Some(finding.discriminator(kind).fix(advice))
    };
    parameters.directions.iter().filter_map(judge).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::direction;
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    fn beside(policies: &[&str]) -> String {
        let manifest = "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}".to_owned();
        direction::testing::beside(manifest, policies)
    }

    #[test]
    fn each_direction_is_told() {
        assert_eq!(
            messages(judge(&NO_DEFAULT_DENY, &beside(&[]))),
            [
                "no network policy denies ingress by default; add a NetworkPolicy for all pods that isolates ingress",
                "no network policy denies egress by default; add a NetworkPolicy for all pods that isolates egress",
            ]
        );
        let ingress = json!({"directions": ["Ingress"]});
        let manifest = beside(&["{podSelector: {}}"]);
        assert_eq!(judge_with(&NO_DEFAULT_DENY, &ingress, &manifest), Verdict::Pass);
        assert_eq!(messages(judge(&NO_DEFAULT_DENY, &manifest)).len(), 1);
    }

    #[test]
    fn a_policy_for_some_pods_is_no_default() {
        let ingress = json!({"directions": ["Ingress"]});
        let manifest = beside(&["{podSelector: {matchLabels: {app: cart}}}"]);
        assert_eq!(messages(judge_with(&NO_DEFAULT_DENY, &ingress, &manifest)).len(), 1);
    }

    #[test]
    fn a_policy_that_lets_everything_through_is_named() {
        let ingress = json!({"directions": ["Ingress"]});
        let manifest = beside(&["{podSelector: {}}", "{podSelector: {}, ingress: [{}]}"]);
        assert_eq!(
            messages(judge_with(&NO_DEFAULT_DENY, &ingress, &manifest)),
            ["network policy `p1` lets all ingress through to every pod; narrow the rules of `p1`"]
        );
    }

    #[test]
    fn no_direction_at_all_is_refused() {
        let given = json!({"directions": []});
        let errors = (NO_DEFAULT_DENY.compile)(given.as_object().unwrap()).unwrap_err();
        assert_eq!(errors[0].path, "directions");
    }
}
