//! `pod.bare`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::{Workload, WorkloadKind};

declare_control! {
    /// ## What it checks
    ///
    /// A Pod has a controller, which its `ownerReferences` name: any kind will do, custom ones included. Static pods,
    /// which the kubelet runs from files of the node and mirrors to the API server, and all other kinds are not
    /// judged.
    ///
    /// ## Why it matters
    ///
    /// Nobody makes a bare pod again when its node fails or is drained, nobody rolls out a new image to it, and it
    /// stands in no repository. It is also the trace that a hurried repair leaves, or an intruder.
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
    /// metadata:
    ///   name: example
    ///   ownerReferences:
    ///     - {apiVersion: example.com/v1, kind: Runner, name: example, uid: 5a9f2c1e, controller: true}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write a Deployment, a `StatefulSet` or a `DaemonSet` for what keeps running, and a Job for what ends.
    pub static BARE = {
        id: "pod.bare",
        title: "Pod has no controller",
        severity: Low,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("CP-10"),
            Framework::Soc2.clause("A1.2"),
            Framework::Iso27001.clause("8.14"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Set by the kubelet: where it has a pod from, and that the pod is a mirror of it.
const FROM_NODE: [&str; 2] = ["file", "http"];
const SOURCE: &str = "kubernetes.io/config.source";
const MIRROR: &str = "kubernetes.io/config.mirror";

fn evaluate(workload: &Workload, _: &NoParameters, _: &Context<'_>) -> Verdict {
    let annotations = &workload.meta.annotations;
    let from_node = annotations.get(SOURCE).is_some_and(|source| FROM_NODE.contains(&source.as_str()));
    if workload.kind != WorkloadKind::Pod || from_node || annotations.get(MIRROR).is_some() {
        return Verdict::NotApplicable;
    }
    if workload.meta.controller().is_some() {
        return Verdict::Pass;
    }
    let path = workload.template_path().keys(&["metadata", "ownerReferences"]);
    let finding = Finding::new(path, "has no controller that would make it again");
    [finding.fix("write a Deployment, StatefulSet, DaemonSet or Job")].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages};

    fn verdict(metadata: &str) -> Verdict {
        judge(&BARE, &format!("{{apiVersion: v1, kind: Pod, metadata: {metadata}, spec: {{}}}}"))
    }

    #[test]
    fn a_pod_without_a_controller_is_bare() {
        assert_eq!(
            messages(verdict("{name: a}")),
            ["has no controller that would make it again; write a Deployment, StatefulSet, DaemonSet or Job"]
        );
        let owned_only = "{name: a, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x}]}";
        assert_eq!(messages(verdict(owned_only)).len(), 1);
    }

    #[test]
    fn any_controller_will_do() {
        let owner = "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, name: x, controller: true}";
        assert_eq!(verdict(&format!("{{name: a, ownerReferences: [{owner}]}}")), Verdict::Pass);
    }

    #[test]
    fn static_pods_and_other_kinds_are_not_judged() {
        for annotation in ["kubernetes.io/config.mirror: abc", "kubernetes.io/config.source: file"] {
            let verdict = verdict(&format!("{{name: a, annotations: {{{annotation}}}}}"));
            assert_eq!(verdict, Verdict::NotApplicable, "{annotation}");
        }
        assert_eq!(messages(verdict("{name: a, annotations: {kubernetes.io/config.source: api}}")).len(), 1);
        let deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {}}";
        assert_eq!(judge(&BARE, deployment), Verdict::NotApplicable);
    }
}
