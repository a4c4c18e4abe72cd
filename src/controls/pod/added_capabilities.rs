//! `pod.added-capabilities`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::capability::{Capability, forbidden, named};
use super::quoted::Quoted;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::{ContainerRef, Text, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// No container, init container or ephemeral container adds a capability beyond those that container runtimes
    /// give anyway: `AUDIT_WRITE`, `CHOWN`, `DAC_OVERRIDE`, `FOWNER`, `FSETID`, `KILL`, `MKNOD`,
    /// `NET_BIND_SERVICE`, `SETFCAP`, `SETGID`, `SETPCAP`, `SETUID` and `SYS_CHROOT`. Names are compared letter by
    /// letter: `chown` and `CAP_CHOWN` are not `CHOWN`.
    ///
    /// ## Why it matters
    ///
    /// A capability is a piece of root. With `SYS_ADMIN`, `SYS_PTRACE`, `SYS_MODULE` or `DAC_READ_SEARCH` a
    /// container can leave for the node; with `NET_RAW` or `NET_ADMIN` it can forge the traffic of its neighbours.
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
    ///         capabilities:
    ///           add: [SYS_ADMIN]
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
    ///         capabilities:
    ///           drop: [ALL]
    ///           add: [NET_BIND_SERVICE]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the capability from `capabilities.add`. Where one is really needed in many places, allow it with the
    /// parameter `allowedCapabilities`; where it is needed in one, ask for an exception.
    pub static ADDED_CAPABILITIES = {
        id: "pod.added-capabilities",
        title: "Container adds capabilities beyond the default set",
        severity: High,
        subject: Workload,
        parameters: AddedCapabilitiesParameters,
        references: [
            Framework::PodSecurityBaseline.clause("Capabilities"),
            Framework::CisKubernetes.clause("5.2.8"),
            Framework::CisKubernetes.clause("5.2.9"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("CM-7"),
            Framework::MitreAttack.clause("T1611"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Parameters of `pod.added-capabilities`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct AddedCapabilitiesParameters {
    /// The capabilities that a container may add; this list replaces the default one. Absent: the thirteen of the
    /// Pod Security Standards. Example: `[NET_BIND_SERVICE, SYS_NICE]`.
    allowed_capabilities: Vec<Capability>,
}

impl Default for AddedCapabilitiesParameters {
    fn default() -> Self {
        Self {
            allowed_capabilities: named(&[
                "AUDIT_WRITE",
                "CHOWN",
                "DAC_OVERRIDE",
                "FOWNER",
                "FSETID",
                "KILL",
                "MKNOD",
                "NET_BIND_SERVICE",
                "SETFCAP",
                "SETGID",
                "SETPCAP",
                "SETUID",
                "SYS_CHROOT",
            ]),
        }
    }
}

impl Parameters for AddedCapabilitiesParameters {}

fn evaluate(workload: &Workload, parameters: &AddedCapabilitiesParameters, context: &Context<'_>) -> Verdict {
    context
        .containers(workload)
        .flat_map(|container| {
            let given = container.container.security_context.as_ref().and_then(|it| it.capabilities.as_ref());
            let added = given.map_or(&[][..], |capabilities| &capabilities.add);
            forbidden(added, &parameters.allowed_capabilities)
                .map(move |(place, name)| finding(container, place, name))
        })
        .collect()
}

fn finding(container: ContainerRef<'_>, place: usize, name: &Text) -> Finding {
    let message = format!("adds the capability {}", Quoted(name));
    Finding::in_container(container, &["securityContext", "capabilities", "add"], message)
        .further(|added| added.index(place))
        .discriminator(name)
        .value(name)
        .fix("remove it from `capabilities.add`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    const TWO: &str = "
containers: [{name: app, securityContext: {capabilities: {add: [CHOWN, NET_RAW, CAP_CHOWN, NET_RAW]}}}]
ephemeralContainers: [{name: debug, securityContext: {capabilities: {add: [ALL], drop: [ALL]}}}]
";

    #[test]
    fn each_capability_is_one_finding_however_often_it_is_added() {
        let found = judge(&ADDED_CAPABILITIES, &pod(TWO));
        let Verdict::Fail(findings) = &found else { panic!("{found:?}") };
        let paths: Vec<String> = findings.iter().map(|finding| finding.path.to_string()).collect();
        assert_eq!(
            paths,
            [
                "spec.containers[0].securityContext.capabilities.add[1]",
                "spec.containers[0].securityContext.capabilities.add[2]",
                "spec.ephemeralContainers[0].securityContext.capabilities.add[0]",
            ]
        );
        assert_eq!(
            messages(found).last().unwrap(),
            "debug: adds the capability `ALL`; remove it from `capabilities.add`"
        );
    }

    #[test]
    fn the_allowed_capabilities_are_a_parameter() {
        let allowed = serde_json::json!({"allowedCapabilities": ["NET_RAW", "ALL"]});
        let found = messages(judge_with(&ADDED_CAPABILITIES, &allowed, &pod(TWO)));
        assert_eq!(found.len(), 2, "CHOWN and CAP_CHOWN: {found:?}");
    }

    #[test]
    fn an_empty_name_is_no_known_capability() {
        let found = messages(judge(
            &ADDED_CAPABILITIES,
            &pod("containers: [{name: app, securityContext: {capabilities: {add: ['']}}}]"),
        ));
        assert_eq!(found, ["app: adds the capability \"\"; remove it from `capabilities.add`"]);
    }
}
