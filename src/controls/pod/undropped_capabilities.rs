//! `pod.undropped-capabilities`

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::capability::{Capability, forbidden, named};
use super::quoted::Quoted;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::{ContainerRef, Text, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// Every container, init container and ephemeral container drops `ALL` capabilities, and adds none back but
    /// `NET_BIND_SERVICE`. Names are compared letter by letter: `all` is not `ALL`. Windows has no capabilities, so
    /// pods with `os.name: windows` are left alone.
    ///
    /// ## Why it matters
    ///
    /// Container runtimes give every container more than a dozen pieces of root, for programs of another age: to
    /// take over files (`CHOWN`, `DAC_OVERRIDE`), to become anybody (`SETUID`), to forge packets (`NET_RAW`).
    /// Hardly any service needs one of them, and an attacker can use all.
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
    ///           drop: [NET_RAW]
    ///           add: [CHOWN]
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
    /// ```
    ///
    /// ## How to fix
    ///
    /// Set `capabilities: {drop: [ALL]}` on each container: the pod has no such field. Add `NET_BIND_SERVICE` where
    /// a port below 1024 is opened, or open a higher one.
    pub static UNDROPPED_CAPABILITIES = {
        id: "pod.undropped-capabilities",
        title: "Container keeps capabilities that it doesn't need",
        severity: Medium,
        subject: Workload,
        parameters: UndroppedCapabilitiesParameters,
        references: [
            Framework::PodSecurityRestricted.clause("Capabilities"),
            Framework::CisKubernetes.clause("5.2.8"),
            Framework::CisKubernetes.clause("5.2.9"),
            Framework::CisKubernetes.clause("5.2.10"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("CM-7"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("2.2.4"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Parameters of `pod.undropped-capabilities`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct UndroppedCapabilitiesParameters {
    /// The capabilities that every container has to drop; whoever drops `ALL` drops each of them. Absent: `[ALL]`.
    /// Example: `[NET_RAW, MKNOD]`.
    required_drops: Vec<Capability>,
    /// The capabilities that a container may add; this list replaces the default one. Absent: `[NET_BIND_SERVICE]`.
    allowed_capabilities: Vec<Capability>,
}

impl Default for UndroppedCapabilitiesParameters {
    fn default() -> Self {
        Self { required_drops: named(&[ALL]), allowed_capabilities: named(&["NET_BIND_SERVICE"]) }
    }
}

impl Parameters for UndroppedCapabilitiesParameters {}

/// Stands for every capability.
const ALL: &str = "ALL";
const ADD: [&str; 3] = ["securityContext", "capabilities", "add"];
const DROP: [&str; 3] = ["securityContext", "capabilities", "drop"];

fn evaluate(
    workload: &Workload,
    parameters: &UndroppedCapabilitiesParameters,
    context: &Context<'_>,
) -> Verdict {
    if workload.spec().is_windows() {
        return Verdict::NotApplicable;
    }
    context
        .containers(workload)
        .flat_map(|container| {
            let given = container.container.security_context.as_ref().and_then(|it| it.capabilities.as_ref());
            let (added, dropped) = given.map_or((&[][..], &[][..]), |it| (&it.add, &it.drop));
            let undropped = parameters
                .required_drops
                .iter()
                .filter(|required| !dropped.iter().any(|name| name == required.as_str() || name == ALL))
                .map(move |required| undropped(container, dropped, required));
            let added = forbidden(added, &parameters.allowed_capabilities)
                .map(move |(place, name)| added_back(container, place, name));
            undropped.chain(added)
        })
        .collect()
}

fn undropped(container: ContainerRef<'_>, dropped: &[Text], required: &Capability) -> Finding {
    let required = required.as_str();
    let (message, list) = if required == ALL {
        (Cow::Borrowed("does not drop all capabilities"), vec![Value::from(ALL)])
    } else {
        let kept = dropped.iter().map(Text::as_str).chain([required]);
        (format!("does not drop the capability `{required}`").into(), kept.map(Value::from).collect())
    };
    let finding = Finding::in_container(container, &DROP, message);
    let finding = match dropped {
        [] => finding,
        _ => finding.value(dropped.join(", ")),
    };
    finding
        .discriminator(format!("drop {required}"))
        .fix(format!("set `capabilities: {{drop: [{required}]}}`"))
        .safe_patch(container.path().keys(&DROP), list)
}

fn added_back(container: ContainerRef<'_>, place: usize, name: &Text) -> Finding {
    let message = format!("adds the capability {}", Quoted(name));
    Finding::in_container(container, &ADD, message)
        .further(|added| added.index(place))
        .discriminator(format!("add {name}"))
        .value(name)
        .fix("remove it from `capabilities.add`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    fn of(capabilities: &str) -> Vec<String> {
        let container =
            format!("containers: [{{name: app, securityContext: {{capabilities: {capabilities}}}}}]");
        messages(judge(&UNDROPPED_CAPABILITIES, &pod(&container)))
    }

    #[test]
    fn all_has_to_be_dropped_in_exactly_this_spelling() {
        let message = ["app: does not drop all capabilities; set `capabilities: {drop: [ALL]}`"];
        for kept in
            ["null", "{}", "{drop: null}", "{drop: []}", "{drop: [all]}", "{drop: [CAP_ALL, NET_RAW]}"]
        {
            assert_eq!(of(kept), message, "{kept}");
        }
        assert!(of("{drop: [NET_RAW, ALL]}").is_empty());
    }

    #[test]
    fn only_low_ports_may_be_added_back() {
        assert!(of("{drop: [ALL], add: [NET_BIND_SERVICE, NET_BIND_SERVICE]}").is_empty());
        assert_eq!(
            of("{drop: [ALL], add: [NET_BIND_SERVICE, CHOWN]}"),
            ["app: adds the capability `CHOWN`; remove it from `capabilities.add`"]
        );
    }

    #[test]
    fn what_is_required_can_be_less() {
        let some =
            serde_json::json!({"requiredDrops": ["NET_RAW", "MKNOD"], "allowedCapabilities": ["CHOWN"]});
        let of = |capabilities: &str| {
            let spec =
                format!("containers: [{{name: app, securityContext: {{capabilities: {capabilities}}}}}]");
            judge_with(&UNDROPPED_CAPABILITIES, &some, &pod(&spec))
        };
        assert_eq!(of("{drop: [ALL], add: [CHOWN]}"), Verdict::Pass);
        let found = of("{drop: [MKNOD, KILL]}");
        let Verdict::Fail(findings) = &found else { panic!("{found:?}") };
        assert_eq!(findings[0].message, "does not drop the capability `NET_RAW`");
        assert_eq!(findings[0].value.as_deref(), Some("MKNOD, KILL"));
        let patch = findings[0].fix.patch.as_ref().unwrap();
        assert_eq!(patch.value, serde_json::json!(["MKNOD", "KILL", "NET_RAW"]));
    }

    #[test]
    fn windows_is_left_alone() {
        let spec = "os: {name: windows}\ncontainers: [{name: app}]";
        assert_eq!(judge(&UNDROPPED_CAPABILITIES, &pod(spec)), Verdict::NotApplicable);
    }
}
