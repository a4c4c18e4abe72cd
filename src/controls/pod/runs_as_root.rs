//! `pod.runs-as-root`

use super::security_context::{Holder, settings};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::{ContainerRef, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// Every container, init container and ephemeral container runs under `runAsNonRoot: true`, set by itself or by
    /// the pod, and neither it nor the pod sets `false`. A pod with a user namespace of its own
    /// (`hostUsers: false`) passes: its root is nobody on the node.
    ///
    /// ## Why it matters
    ///
    /// Most images run as root unless told otherwise. Root in the container is root on the node as soon as anything
    /// leaks: a mounted path, a flaw of the kernel or of the container runtime. With `runAsNonRoot` the kubelet
    /// refuses to start a container as user 0, whatever the image says.
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
    ///   securityContext:
    ///     runAsNonRoot: true
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Set `runAsNonRoot: true` for the pod, which covers all of its containers. The image has to name a user by
    /// number (`USER 10001`); where it doesn't, set `runAsUser` too. A process that can't do without root can have
    /// it harmlessly in a user namespace: `hostUsers: false`.
    pub static RUNS_AS_ROOT = {
        id: "pod.runs-as-root",
        title: "Container may run as root",
        severity: Medium,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::PodSecurityRestricted.clause("Running as Non-root"),
            Framework::CisKubernetes.clause("5.2.7"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Non-root containers and rootless container engines"),
            Framework::MitreAttack.clause("T1611"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const FIELD: [&str; 1] = ["runAsNonRoot"];
const ADVICE: &str = "set `runAsNonRoot: true` for the pod";

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    if workload.spec().has_user_namespace() {
        return Verdict::Pass;
    }
    let refused =
        settings(workload, context, |it| it.run_as_non_root.as_ref(), |it| it.run_as_non_root.as_ref())
            .filter(|(_, non_root)| !**non_root)
            .map(|(holder, _)| refused(workload, holder));
    // Whatever the pod says holds for containers that say nothing; a pod's `false` is a finding above.
    let pod_is_silent = of_pod(workload).is_none();
    let silent = context
        .containers(workload)
        .filter(move |container| pod_is_silent && of_container(*container).is_none())
        .map(|container| silent(workload, container));
    refused.chain(silent).collect()
}

fn of_pod(workload: &Workload) -> Option<bool> {
    workload.spec().security_context.as_ref()?.run_as_non_root
}

fn of_container(container: ContainerRef<'_>) -> Option<bool> {
    container.security_context.as_ref()?.run_as_non_root
}

/// It is set to `false` here.
fn refused(workload: &Workload, holder: Holder<'_>) -> Finding {
    let finding = holder.finding(&FIELD, "may run as root: `runAsNonRoot` is false").value(false);
    let root = match holder {
        Holder::Pod(_) => pod_user(workload) == Some(0),
        Holder::Container(container) => is_root(workload, container),
    };
    patched(finding.fix("set `runAsNonRoot: true`"), holder, root)
}

/// Neither the container nor the pod sets it.
fn silent(workload: &Workload, container: ContainerRef<'_>) -> Finding {
    let finding = Holder::Container(container)
        .finding(&FIELD, "may run as root: neither it nor the pod sets `runAsNonRoot`")
        .fix(ADVICE);
    patched(finding, Holder::Pod(workload), is_root(workload, container))
}

/// With the change that ends it, unless the user is said to be root: then the container would not start.
fn patched(finding: Finding, holder: Holder<'_>, root: bool) -> Finding {
    if root {
        finding.fix("set `runAsNonRoot: true` and a `runAsUser` above 0")
    } else {
        finding.safe_patch(holder.path(&FIELD), true)
    }
}

fn is_root(workload: &Workload, container: ContainerRef<'_>) -> bool {
    let own = container.security_context.as_ref().and_then(|it| it.run_as_user);
    own.or(pod_user(workload)) == Some(0)
}

fn pod_user(workload: &Workload) -> Option<i64> {
    workload.spec().security_context.as_ref()?.run_as_user
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    #[test]
    fn a_container_may_answer_for_itself_or_leave_it_to_the_pod() {
        let each = "
initContainers: [{name: setup, securityContext: {runAsNonRoot: true}}]
containers: [{name: app, securityContext: {runAsNonRoot: true}}]
";
        assert_eq!(judge(&RUNS_AS_ROOT, &pod(each)), Verdict::Pass);
        let all = "
securityContext: {runAsNonRoot: true}
containers: [{name: app}, {name: web, securityContext: {runAsNonRoot: null}}]
";
        assert_eq!(judge(&RUNS_AS_ROOT, &pod(all)), Verdict::Pass);
    }

    #[test]
    fn silence_everywhere_is_a_finding_of_each_container_with_one_fix_for_all() {
        let found = judge(&RUNS_AS_ROOT, &pod("containers: [{name: app}, {name: web, securityContext: {}}]"));
        let Verdict::Fail(findings) = &found else { panic!("{found:?}") };
        for finding in findings {
            let patch = finding.fix.patch.as_ref().unwrap();
            assert_eq!(patch.path.to_string(), "spec.securityContext.runAsNonRoot");
        }
        assert_eq!(findings[1].path.to_string(), "spec.containers[1].securityContext.runAsNonRoot");
        assert_eq!(
            messages(found)[0],
            "app: may run as root: neither it nor the pod sets `runAsNonRoot`; set `runAsNonRoot: true` for the pod"
        );
    }

    #[test]
    fn a_pod_s_false_counts_even_where_every_container_says_true() {
        let found = messages(judge(
            &RUNS_AS_ROOT,
            &pod("
securityContext: {runAsNonRoot: false}
containers: [{name: app, securityContext: {runAsNonRoot: true}}, {name: web}]
"),
        ));
        assert_eq!(found, ["may run as root: `runAsNonRoot` is false; set `runAsNonRoot: true`"]);
    }

    #[test]
    fn root_of_a_user_namespace_is_nobody() {
        assert_eq!(judge(&RUNS_AS_ROOT, &pod("hostUsers: false\ncontainers: [{name: app}]")), Verdict::Pass);
        for host_users in ["true", "null"] {
            let spec = format!("hostUsers: {host_users}\ncontainers: [{{name: app}}]");
            assert!(matches!(judge(&RUNS_AS_ROOT, &pod(&spec)), Verdict::Fail(_)), "{host_users}");
        }
    }

    #[test]
    fn no_patch_that_would_keep_the_container_from_starting() {
        let found = judge(
            &RUNS_AS_ROOT,
            &pod(
                "securityContext: {runAsUser: 0}\ncontainers: [{name: app}, {name: web, securityContext: {runAsUser: 7}}]",
            ),
        );
        let Verdict::Fail(findings) = found else { panic!("{found:?}") };
        assert_eq!(findings[0].fix.patch, None);
        assert!(findings[1].fix.patch.is_some());
    }

    #[test]
    fn an_exempt_image_speaks_for_its_container_alone() {
        let exempt = serde_json::json!({"exemptImages": ["agent:*"]});
        let found = messages(judge_with(
            &RUNS_AS_ROOT,
            &exempt,
            &pod("containers: [{name: agent, image: 'agent:1'}, {name: app, image: 'app:1'}]"),
        ));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("app: "));
    }
}
