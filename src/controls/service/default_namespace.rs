//! `service.default-namespace`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::{Path, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// The workload is in none of the `namespaces`, by default in `default`. In files a workload that names no namespace
    /// is where `stanchion audit --default-namespace` says, which is `default` as well.
    ///
    /// ## Why it matters
    ///
    /// `default` is where things end up when nobody thought about it. Rights, network policies, quotas and tiers are given
    /// by namespace: what shares one shares all of that, and every newcomer gets it too.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: default}
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
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Give the service a namespace of its own and deploy it there. Names in DNS change with it: `cart.default` becomes
    /// `cart.shop`.
    pub static DEFAULT_NAMESPACE = {
        id: "service.default-namespace",
        title: "Workload has no namespace of its own",
        severity: Low,
        subject: Workload,
        parameters: DefaultNamespace,
        references: [
            Framework::CisKubernetes.clause("5.7.4"),
            Framework::Nist80053.clause("CM-6"),
            Framework::NsaCisa.clause("Namespaces"),
            Framework::Iso27001.clause("8.9"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Where workloads should not be.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct DefaultNamespace {
    /// The namespaces that are nobody's. Default: `[default]`. Example: `[default, sandbox]`.
    namespaces: Vec<String>,
}

impl Default for DefaultNamespace {
    fn default() -> Self {
        Self { namespaces: vec!["default".to_owned()] }
    }
}

impl Parameters for DefaultNamespace {}

fn evaluate(workload: &Workload, parameters: &DefaultNamespace, _: &Context<'_>) -> Verdict {
    let Some(namespace) = workload.meta.namespace.as_deref() else { return Verdict::Pass };
    if !parameters.namespaces.iter().any(|known| known == namespace) {
        return Verdict::Pass;
    }
    let finding =
        Finding::new(Path::of(&["metadata", "namespace"]), format!("it is in the namespace `{namespace}`"));
    [finding.fix("deploy it to a namespace of its own")].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    #[test]
    fn other_namespaces_can_be_nobody_s_too() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: sandbox}}";
        assert_eq!(judge(&DEFAULT_NAMESPACE, pod), Verdict::Pass);
        let both = json!({"namespaces": ["default", "sandbox"]});
        assert_eq!(
            messages(judge_with(&DEFAULT_NAMESPACE, &both, pod)),
            ["it is in the namespace `sandbox`; deploy it to a namespace of its own"]
        );
    }
}
