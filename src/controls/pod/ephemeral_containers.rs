//! `pod.ephemeral-containers`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::{ContainerClass, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// The pod has no ephemeral containers, as `kubectl debug` adds them to a running pod. They can't be removed: they
    /// are listed as long as the pod lives, whether they still run or not. A template can't have ephemeral containers: in
    /// a cluster a Deployment or another kind fails for those that run in the pods it made, by their status.
    ///
    /// ## Why it matters
    ///
    /// A debug container brings a shell and tools next to the application's secrets and network, often as root and
    /// from an image that nobody reviewed. What was typed there may have changed the pod, so that it is no longer what
    /// its manifest says.
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
    ///   ephemeralContainers:
    ///     - name: debugger
    ///       image: registry.example.com/debug:1.0
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
    /// ```
    ///
    /// ## How to fix
    ///
    /// Once done, delete the pod and let it be made anew. To debug without touching it, work on a copy
    /// (`kubectl debug POD --copy-to=NAME`) and delete the copy.
    pub static EPHEMERAL_CONTAINERS = {
        id: "pod.ephemeral-containers",
        title: "Debug container was left in the pod",
        severity: Medium,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("CM-7"),
            Framework::MitreAttack.clause("T1609"),
            Framework::Iso27001.clause("8.18"),
            Framework::PciDss.clause("2.2.4"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    const ADVICE: &str = "delete the pod and let it be made anew";
    let own = context
        .containers(workload)
        .filter(|container| container.class == ContainerClass::Ephemeral)
        .map(|container| {
            let finding =
                Finding::in_container(container, &[], "was added to debug the running pod").fix(ADVICE);
            if let Some(image) = &container.container.image { finding.value(image) } else { finding }
        });
    let exempt = &context.common.exempt_images;
    let of_pods = context.relations.debugged().of(workload).iter();
    let of_pods = of_pods.filter(|it| !exempt.iter().any(|pattern| pattern.matches(&it.image))).map(|it| {
        let message = format!("was added to debug the running pod `{}`", it.pod);
        let finding =
            Finding::new(workload.spec_path(), message).discriminator(&it.pod).value(&it.image).fix(ADVICE);
        Finding { container: Some(it.name.clone()), ..finding }
    });
    own.chain(of_pods).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    const SPEC: &str = "
initContainers: [{name: setup}]
containers: [{name: app}]
ephemeralContainers: [{name: debug, image: 'busybox:1'}]
";

    #[test]
    fn only_ephemeral_containers_count() {
        assert_eq!(
            messages(judge(&EPHEMERAL_CONTAINERS, &pod(SPEC))),
            ["debug: was added to debug the running pod; delete the pod and let it be made anew"]
        );
    }

    #[test]
    fn an_exempt_tool_may_stay() {
        let exempt = serde_json::json!({"exemptImages": ["busybox:*"]});
        assert_eq!(judge_with(&EPHEMERAL_CONTAINERS, &exempt, &pod(SPEC)), Verdict::Pass);
    }

    #[test]
    fn those_of_a_workload_s_pods_are_its_own() {
        let manifest = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: cart-1
  namespace: shop
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: cart, controller: true}]
---
apiVersion: v1
kind: Pod
metadata:
  name: cart-1-x
  namespace: shop
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: cart-1, controller: true}]
status: {ephemeralContainerStatuses: [{name: debugger-k, image: 'busybox:1'}]}
";
        assert_eq!(
            messages(judge(&EPHEMERAL_CONTAINERS, manifest)),
            [
                "debugger-k: was added to debug the running pod `cart-1-x`; delete the pod and let it be made anew"
            ]
        );
        let exempt = serde_json::json!({"exemptImages": ["busybox:*"]});
        assert_eq!(judge_with(&EPHEMERAL_CONTAINERS, &exempt, manifest), Verdict::Pass);
    }
}
