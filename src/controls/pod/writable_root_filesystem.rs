//! `pod.writable-root-filesystem`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// Every container, init container and ephemeral container sets `securityContext.readOnlyRootFilesystem: true`.
    /// Pods for Windows nodes are not judged: the field doesn't exist there.
    ///
    /// ## Why it matters
    ///
    /// Whoever gets into a container with a writable root file system can replace its programs and bring tools along.
    /// With a read-only one the image is what runs until the container ends, and what the application writes stands
    /// in volumes that can be seen in the manifest.
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
    ///       securityContext:
    ///         readOnlyRootFilesystem: true
    ///       volumeMounts:
    ///         - {name: tmp, mountPath: /tmp}
    ///   volumes:
    ///     - name: tmp
    ///       emptyDir: {}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Set `readOnlyRootFilesystem: true` and mount an `emptyDir` at each place that the application writes to, most
    /// often `/tmp`, a cache and a directory for process ids.
    pub static WRITABLE_ROOT_FILESYSTEM = {
        id: "pod.writable-root-filesystem",
        title: "Container can write to its root file system",
        severity: Medium,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::CisKubernetes.clause("5.7.3"),
            Framework::Nist80053.clause("CM-5"),
            Framework::NsaCisa.clause("Immutable container file systems"),
            Framework::Soc2.clause("CC6.8"),
            Framework::Iso27001.clause("8.19"),
            Framework::PciDss.clause("2.2.6"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    if workload.spec().is_windows() {
        return Verdict::NotApplicable;
    }
    context
        .containers(workload)
        .filter_map(|container| {
            let settings = container.container.security_context.as_ref();
            let read_only = settings.and_then(|settings| settings.read_only_root_filesystem);
            let field = ["securityContext", "readOnlyRootFilesystem"];
            let finding = || {
                Finding::in_container(container, &field, "can write to its root file system")
                    .fix("set `readOnlyRootFilesystem: true`")
            };
            match read_only {
                Some(true) => None,
                Some(false) => Some(finding().value(false)),
                None => Some(finding()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    #[test]
    fn absent_and_false_are_writable_in_every_class() {
        let spec = "
initContainers: [{name: setup}]
containers: [{name: app, securityContext: {readOnlyRootFilesystem: false}}, {name: log, securityContext: {}}]
ephemeralContainers: [{name: debug, securityContext: {readOnlyRootFilesystem: true}}]
";
        let advice = "can write to its root file system; set `readOnlyRootFilesystem: true`";
        assert_eq!(
            messages(judge(&WRITABLE_ROOT_FILESYSTEM, &pod(spec))),
            [format!("setup: {advice}"), format!("app: {advice}"), format!("log: {advice}")]
        );
    }

    #[test]
    fn a_pod_for_windows_is_not_judged() {
        let spec = "os: {name: windows}\ncontainers: [{name: app}]";
        assert_eq!(judge(&WRITABLE_ROOT_FILESYSTEM, &pod(spec)), Verdict::NotApplicable);
    }
}
