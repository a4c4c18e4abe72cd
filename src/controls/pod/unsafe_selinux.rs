//! `pod.unsafe-selinux`

use serde_json::Value;

use super::quoted::Quoted;
use super::security_context::settings;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// Where the pod or a container, init container or ephemeral container sets `seLinuxOptions`, its `type` is
    /// absent or one of `container_t`, `container_init_t`, `container_kvm_t` and `container_engine_t`, and it sets
    /// neither `user` nor `role`. Any `level` will do.
    ///
    /// ## Why it matters
    ///
    /// On nodes with SELinux the type decides what a process may touch even as root. Types such as `spc_t` or
    /// `unconfined_t` take this wall away.
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
    ///         seLinuxOptions:
    ///           type: spc_t
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
    ///         seLinuxOptions:
    ///           level: s0:c123,c456
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the type, the user and the role; the container runtime chooses safe ones.
    pub static UNSAFE_SELINUX = {
        id: "pod.unsafe-selinux",
        title: "Container chooses an unsafe SELinux label",
        severity: Medium,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::PodSecurityBaseline.clause("SELinux"),
            Framework::CisKubernetes.clause("5.7.3"),
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

/// Types that confine; absent is the container runtime's choice.
const TYPES: [&str; 5] = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    settings(workload, context, |it| it.se_linux_options.as_ref(), |it| it.se_linux_options.as_ref())
        .flat_map(|(holder, options)| {
            [
                (
                    "type",
                    &options.kind,
                    TYPES.contains(&options.kind.as_str()),
                    "remove it, or use `container_t`",
                ),
                ("user", &options.user, options.user.is_empty(), "remove it"),
                ("role", &options.role, options.role.is_empty(), "remove it"),
            ]
            .into_iter()
            .filter(|(_, _, is_safe, _)| !is_safe)
            .map(move |(part, value, _, advice)| {
                let field = ["seLinuxOptions", part];
                holder
                    .finding(&field, format!("sets the SELinux {part} {}", Quoted(value)))
                    .discriminator(part)
                    .value(value)
                    .fix(advice)
                    .patch_to_review(holder.path(&field), Value::Null, "files may be labelled for it")
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    #[test]
    fn every_part_of_a_label_is_a_finding_of_its_own() {
        let found = messages(judge(
            &UNSAFE_SELINUX,
            &pod("
securityContext: {seLinuxOptions: {type: spc_t, user: system_u, role: system_r, level: 's0:c1,c2'}}
containers: [{name: app, securityContext: {seLinuxOptions: {type: 'container_t '}}}]
"),
        ));
        assert_eq!(
            found,
            [
                "sets the SELinux type `spc_t`; remove it, or use `container_t`",
                "sets the SELinux user `system_u`; remove it",
                "sets the SELinux role `system_r`; remove it",
                "app: sets the SELinux type `container_t `; remove it, or use `container_t`",
            ]
        );
    }

    #[test]
    fn empty_parts_are_absent_and_any_level_will_do() {
        for options in
            ["null", "{}", "{type: '', user: '', role: null}", "{type: container_engine_t, level: s0}"]
        {
            let spec = format!("securityContext: {{seLinuxOptions: {options}}}");
            assert_eq!(judge(&UNSAFE_SELINUX, &pod(&spec)), Verdict::Pass, "{options}");
        }
    }
}
