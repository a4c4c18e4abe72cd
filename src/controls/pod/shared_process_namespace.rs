//! `pod.shared-process-namespace`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// The pod doesn't set `shareProcessNamespace: true`.
    ///
    /// ## Why it matters
    ///
    /// The containers of such a pod see each other's processes, with their command lines and environment, and a
    /// process with the same user id reaches the other container's files through `/proc`. The wall between a sidecar
    /// and the application, and between a debug container and their secrets, is gone.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   shareProcessNamespace: true
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
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the field. To signal a process of another container, share a volume or a port instead; to debug, use an
    /// ephemeral container with `targetContainerName`, which joins the processes of that container alone.
    pub static SHARED_PROCESS_NAMESPACE = {
        id: "pod.shared-process-namespace",
        title: "Containers see each other's processes",
        severity: Medium,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("SC-39"),
            Framework::PciDss.clause("2.2.3"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, _: &NoParameters, _: &Context<'_>) -> Verdict {
    if workload.spec().share_process_namespace != Some(true) {
        return Verdict::Pass;
    }
    let path = workload.spec_path().key("shareProcessNamespace");
    let finding = Finding::new(path, "shares processes between containers").value(true);
    [finding.fix("remove `shareProcessNamespace`")].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    #[test]
    fn only_true_shares() {
        let found = |value: &str| {
            let spec = format!("shareProcessNamespace: {value}\ncontainers: [{{name: app}}]");
            messages(judge(&SHARED_PROCESS_NAMESPACE, &pod(&spec)))
        };
        assert_eq!(found("true"), ["shares processes between containers; remove `shareProcessNamespace`"]);
        assert!(found("false").is_empty() && found("null").is_empty());
    }
}
