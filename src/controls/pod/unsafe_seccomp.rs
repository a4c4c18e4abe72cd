//! `pod.unsafe-seccomp`

use super::seccomp::SeccompParameters;
use super::security_context::settings;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// Where the pod or a container, init container or ephemeral container sets a seccomp profile, its type is
    /// `RuntimeDefault` or `Localhost`. None at all is not looked at here: see `pod.no-seccomp`.
    ///
    /// ## Why it matters
    ///
    /// Seccomp keeps a container from system calls that it never needs and that most escapes begin with.
    /// `Unconfined` lets all of them through.
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
    ///       securityContext:
    ///         seccompProfile:
    ///           type: Unconfined
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
    ///         seccompProfile:
    ///           type: RuntimeDefault
    /// ```
    ///
    /// ## How to fix
    ///
    /// Use `RuntimeDefault`. Where the container needs a call that it refuses, put a profile with that one call more
    /// on the nodes and name it with `Localhost`.
    pub static UNSAFE_SECCOMP = {
        id: "pod.unsafe-seccomp",
        title: "Container switches seccomp off",
        severity: Medium,
        subject: Workload,
        parameters: SeccompParameters,
        references: [
            Framework::PodSecurityBaseline.clause("Seccomp"),
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
    settings(workload, context, |it| it.seccomp_profile.as_ref(), |it| it.seccomp_profile.as_ref())
        .filter(|(_, profile)| !parameters.allow(profile))
        .map(|(holder, profile)| parameters.forbidden(holder, profile))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    #[test]
    fn a_pod_s_profile_counts_even_where_every_container_has_its_own() {
        let found = messages(judge(
            &UNSAFE_SECCOMP,
            &pod("
securityContext: {seccompProfile: {type: Unconfined}}
containers: [{name: app, securityContext: {seccompProfile: {type: RuntimeDefault}}}]
"),
        ));
        assert_eq!(found, ["has the seccomp profile `Unconfined`; use `RuntimeDefault`"]);
    }

    #[test]
    fn none_is_fine_and_one_without_a_type_is_not() {
        let of = |profile: &str| {
            let container =
                format!("containers: [{{name: app, securityContext: {{seccompProfile: {profile}}}}}]");
            messages(judge(&UNSAFE_SECCOMP, &pod(&container)))
        };
        assert!(of("null").is_empty());
        let message = ["app: has a seccomp profile without a type; use `RuntimeDefault`"];
        assert_eq!(of("{}"), message);
        assert_eq!(of("{type: ''}"), message);
        assert_eq!(of("{localhostProfile: a.json}"), message);
    }

    #[test]
    fn files_on_the_node_can_be_listed() {
        let listed = serde_json::json!({"allowedLocalhostProfiles": ["audit.json"]});
        let of = |file: &str| {
            let profile = format!("{{type: Localhost, localhostProfile: {file}}}");
            messages(judge_with(
                &UNSAFE_SECCOMP,
                &listed,
                &pod(&format!("securityContext: {{seccompProfile: {profile}}}")),
            ))
        };
        assert!(of("audit.json").is_empty());
        assert_eq!(
            of("other.json"),
            ["uses the seccomp profile `other.json` of the node; use `RuntimeDefault`"]
        );
    }

    #[test]
    fn annotations_of_old_mean_nothing() {
        let pod = pod("containers: [{name: app}]").replace(
            "{name: example}",
            "{annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined}}",
        );
        assert_eq!(judge(&UNSAFE_SECCOMP, &pod), Verdict::Pass);
    }
}
