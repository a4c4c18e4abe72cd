//! `pod.privilege-escalation`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::security::SecurityContext;
use crate::facts::{ContainerRef, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// Every container, init container and ephemeral container sets
    /// `securityContext.allowPrivilegeEscalation: false`. Left out, it is `true`. Windows has no such setting, so
    /// pods with `os.name: windows` are left alone.
    ///
    /// ## Why it matters
    ///
    /// A process may otherwise become more than its parent: a set-user-ID program such as `su` or `mount` in the
    /// image turns any user into root. With `false` the kernel (`no_new_privs`) refuses that for good.
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
    ///         allowPrivilegeEscalation: false
    /// ```
    ///
    /// ## How to fix
    ///
    /// Set `allowPrivilegeEscalation: false` on each container: the pod has no such field. The API server refuses it
    /// beside `privileged: true`, which has to go first.
    pub static PRIVILEGE_ESCALATION = {
        id: "pod.privilege-escalation",
        title: "Container may gain privileges",
        severity: Medium,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::PodSecurityRestricted.clause("Privilege Escalation"),
            Framework::CisKubernetes.clause("5.2.6"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("AC-6(10)"),
            Framework::NsaCisa.clause("Pod security enforcement"),
            Framework::MitreAttack.clause("T1068"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
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
        .filter(|container| setting(*container) != Some(false))
        .map(|container| {
            let field = ["securityContext", "allowPrivilegeEscalation"];
            let message = if setting(container).is_some() {
                "`allowPrivilegeEscalation` is true"
            } else {
                "`allowPrivilegeEscalation` is not set, which means true"
            };
            let finding = Finding::in_container(container, &field, message);
            let finding = match setting(container) {
                Some(written) => finding.value(written),
                None => finding,
            };
            if container.security_context.as_deref().is_some_and(rules_it_out) {
                finding.fix("be less privileged, then set it to false")
            } else {
                finding.fix("set it to false").safe_patch(container.path().keys(&field), false)
            }
        })
        .collect()
}

fn setting(container: ContainerRef<'_>) -> Option<bool> {
    container.security_context.as_ref()?.allow_privilege_escalation
}

/// Beside these the API server refuses `allowPrivilegeEscalation: false`.
fn rules_it_out(context: &SecurityContext) -> bool {
    let adds_admin =
        || context.capabilities.as_ref().is_some_and(|it| it.add.iter().any(|name| name == "CAP_SYS_ADMIN"));
    context.privileged == Some(true) || adds_admin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    #[test]
    fn absent_is_as_bad_as_true() {
        let found = messages(judge(
            &PRIVILEGE_ESCALATION,
            &pod("
initContainers: [{name: setup, securityContext: {allowPrivilegeEscalation: true}}]
containers: [{name: app}, {name: web, securityContext: {allowPrivilegeEscalation: false}}]
ephemeralContainers: [{name: debug, securityContext: {allowPrivilegeEscalation: null}}]
"),
        ));
        assert_eq!(
            found,
            [
                "setup: `allowPrivilegeEscalation` is true; set it to false",
                "app: `allowPrivilegeEscalation` is not set, which means true; set it to false",
                "debug: `allowPrivilegeEscalation` is not set, which means true; set it to false",
            ]
        );
    }

    #[test]
    fn windows_is_left_alone_in_exactly_this_spelling() {
        let of =
            |os: &str| judge(&PRIVILEGE_ESCALATION, &pod(&format!("os: {os}\ncontainers: [{{name: app}}]")));
        assert_eq!(of("{name: windows}"), Verdict::NotApplicable);
        for os in ["{name: Windows}", "{name: linux}", "{name: ''}", "{}", "null"] {
            assert!(matches!(of(os), Verdict::Fail(_)), "{os}");
        }
    }

    #[test]
    fn no_patch_that_the_api_server_would_refuse() {
        let found = judge(
            &PRIVILEGE_ESCALATION,
            &pod("containers: [{name: app, securityContext: {privileged: true}}]"),
        );
        let Verdict::Fail(findings) = found else { panic!("{found:?}") };
        assert_eq!(findings[0].fix.patch, None);
        assert_eq!(findings[0].fix.advice, "be less privileged, then set it to false");
    }
}
