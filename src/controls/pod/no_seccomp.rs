//! `pod.no-seccomp`

use super::seccomp::{FIELD, SeccompParameters, runtime_default};
use super::security_context::{Holder, settings};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::facts::{ContainerRef, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// Every container, init container and ephemeral container has a seccomp profile of type `RuntimeDefault` or
    /// `Localhost`, set by itself or by the pod, and neither it nor the pod sets another. Windows has no seccomp, so
    /// pods with `os.name: windows` are left alone.
    ///
    /// ## Why it matters
    ///
    /// Seccomp keeps a container from system calls that it never needs and that most escapes begin with. Unless the
    /// kubelet is told otherwise, a container that names no profile has none.
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
    ///     seccompProfile:
    ///       type: RuntimeDefault
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Set `seccompProfile: {type: RuntimeDefault}` in the pod's `securityContext`, which covers all of its
    /// containers.
    pub static NO_SECCOMP = {
        id: "pod.no-seccomp",
        title: "Container has no seccomp profile",
        severity: Medium,
        subject: Workload,
        parameters: SeccompParameters,
        references: [
            Framework::PodSecurityRestricted.clause("Seccomp"),
            Framework::CisKubernetes.clause("5.7.2"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("CM-7"),
            Framework::NsaCisa.clause("Hardening container environments"),
            Framework::MitreAttack.clause("T1611"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("8.9"),
            Framework::PciDss.clause("2.2.6"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, parameters: &SeccompParameters, context: &Context<'_>) -> Verdict {
    if workload.spec().is_windows() {
        return Verdict::NotApplicable;
    }
    let forbidden =
        settings(workload, context, |it| it.seccomp_profile.as_ref(), |it| it.seccomp_profile.as_ref())
            .filter(|(_, profile)| !parameters.allow(profile))
            .map(|(holder, profile)| parameters.forbidden(holder, profile));
    // Whatever the pod sets holds for containers that set nothing; a pod's bad profile is a finding above.
    let pod_is_silent =
        workload.spec().security_context.as_ref().is_none_or(|it| it.seccomp_profile.is_none());
    let silent = context
        .containers(workload)
        .filter(move |container| {
            let own = container.security_context.as_ref().and_then(|it| it.seccomp_profile.as_ref());
            pod_is_silent && own.is_none()
        })
        .map(|container| silent(workload, container, parameters));
    forbidden.chain(silent).collect()
}

/// Neither the container nor the pod sets a profile.
fn silent(workload: &Workload, container: ContainerRef<'_>, parameters: &SeccompParameters) -> Finding {
    let finding = Holder::Container(container).finding(&[FIELD], "has no seccomp profile, nor has the pod");
    if parameters.allow_runtime_default() {
        finding
            .fix("set `seccompProfile.type: RuntimeDefault` for the pod")
            .safe_patch(Holder::Pod(workload).path(&[FIELD]), runtime_default())
    } else {
        finding.fix("set an allowed `seccompProfile` for the pod")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    #[test]
    fn silence_everywhere_is_a_finding_of_each_container_with_one_fix_for_all() {
        let found = judge(&NO_SECCOMP, &pod("containers: [{name: app}, {name: web, securityContext: {}}]"));
        let Verdict::Fail(findings) = &found else { panic!("{found:?}") };
        for finding in findings {
            let patch = finding.fix.patch.as_ref().unwrap();
            assert_eq!(patch.path.to_string(), "spec.securityContext.seccompProfile");
        }
        assert_eq!(findings[0].path.to_string(), "spec.containers[0].securityContext.seccompProfile");
        assert_eq!(
            messages(found)[1],
            "web: has no seccomp profile, nor has the pod; set `seccompProfile.type: RuntimeDefault` for the pod"
        );
    }

    #[test]
    fn a_bad_profile_of_the_pod_is_one_finding() {
        let found = messages(judge(
            &NO_SECCOMP,
            &pod(
                "securityContext: {seccompProfile: {type: Unconfined}}\ncontainers: [{name: app}, {name: web}]",
            ),
        ));
        assert_eq!(found, ["has the seccomp profile `Unconfined`; use `RuntimeDefault`"]);
    }

    #[test]
    fn a_container_may_answer_for_itself() {
        let spec = "
initContainers: [{name: setup, securityContext: {seccompProfile: {type: Localhost, localhostProfile: a.json}}}]
containers: [{name: app, securityContext: {seccompProfile: {type: RuntimeDefault}}}]
";
        assert_eq!(judge(&NO_SECCOMP, &pod(spec)), Verdict::Pass);
        let debugged = format!("{}ephemeralContainers: [{{name: debug}}]\n", spec.trim_start());
        assert_eq!(messages(judge(&NO_SECCOMP, &pod(&debugged))).len(), 1);
    }

    #[test]
    fn windows_is_left_alone() {
        let spec = "os: {name: windows}\ncontainers: [{name: app}]";
        assert_eq!(judge(&NO_SECCOMP, &pod(spec)), Verdict::NotApplicable);
    }

    #[test]
    fn nothing_is_advised_that_is_not_allowed() {
        let only = serde_json::json!({"allowedTypes": ["Localhost"]});
        let found = messages(judge_with(&NO_SECCOMP, &only, &pod("containers: [{name: app}]")));
        assert_eq!(
            found,
            ["app: has no seccomp profile, nor has the pod; set an allowed `seccompProfile` for the pod"]
        );
    }
}
