//! `pod.unsafe-sysctl`

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::quoted::Quoted;
use super::security_context::is_exempt;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::{Text, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// The pod sets no kernel setting (`securityContext.sysctls`) but those that stay within it:
    /// `kernel.shm_rmid_forced`, `net.ipv4.ip_local_port_range`, `net.ipv4.ip_local_reserved_ports`,
    /// `net.ipv4.ip_unprivileged_port_start`, `net.ipv4.ping_group_range`, `net.ipv4.tcp_fin_timeout`,
    /// `net.ipv4.tcp_keepalive_intvl`, `net.ipv4.tcp_keepalive_probes`, `net.ipv4.tcp_keepalive_time`,
    /// `net.ipv4.tcp_notsent_lowat`, `net.ipv4.tcp_rmem`, `net.ipv4.tcp_slow_start_after_idle`,
    /// `net.ipv4.tcp_syncookies` and `net.ipv4.tcp_wmem`. Names are compared letter by letter.
    ///
    /// ## Why it matters
    ///
    /// Other settings reach beyond the pod: they take memory and limits from all pods of the node, or switch a
    /// protection of its kernel off. The kubelet refuses those that it knows to be unsafe, and the pod never starts.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   securityContext:
    ///     sysctls:
    ///       - {name: kernel.msgmax, value: "65536"}
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
    ///     sysctls:
    ///       - {name: net.ipv4.ip_unprivileged_port_start, value: "80"}
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the setting. Where nodes are set up to allow it (`--allowed-unsafe-sysctls` of the kubelet), allow it
    /// here too, with the parameter `allowedSysctls`.
    pub static UNSAFE_SYSCTL = {
        id: "pod.unsafe-sysctl",
        title: "Pod changes kernel settings that reach beyond it",
        severity: Medium,
        subject: Workload,
        parameters: SysctlParameters,
        references: [
            Framework::PodSecurityBaseline.clause("Sysctls"),
            Framework::Nist80053.clause("CM-7"),
            Framework::Nist80053.clause("SC-39"),
            Framework::Iso27001.clause("8.9"),
            Framework::PciDss.clause("2.2.6"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Parameters of `pod.unsafe-sysctl`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct SysctlParameters {
    /// The kernel settings that a pod may set, by name or by the beginning of a name; this list replaces the
    /// default one. Absent: the fourteen of the Pod Security Standards. Example:
    /// `[net.ipv4.tcp_syncookies, net.core.*]`.
    allowed_sysctls: Vec<SysctlPattern>,
}

impl Default for SysctlParameters {
    fn default() -> Self {
        let safe = [
            "kernel.shm_rmid_forced",
            "net.ipv4.ip_local_port_range",
            "net.ipv4.ip_local_reserved_ports",
            "net.ipv4.ip_unprivileged_port_start",
            "net.ipv4.ping_group_range",
            "net.ipv4.tcp_fin_timeout",
            "net.ipv4.tcp_keepalive_intvl",
            "net.ipv4.tcp_keepalive_probes",
            "net.ipv4.tcp_keepalive_time",
            "net.ipv4.tcp_notsent_lowat",
            "net.ipv4.tcp_rmem",
            "net.ipv4.tcp_slow_start_after_idle",
            "net.ipv4.tcp_syncookies",
            "net.ipv4.tcp_wmem",
        ];
        Self { allowed_sysctls: safe.iter().map(|name| SysctlPattern(Text::from(*name))).collect() }
    }
}

impl Parameters for SysctlParameters {}

/// What a pattern looks like; the schema says the same.
const PATTERN: &str = r"^[A-Za-z0-9_.-]+\*?$";

/// A kernel setting's name with dots, `net.ipv4.tcp_rmem`, or the beginning of one and a star: `net.core.*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SysctlPattern(Text);

impl SysctlPattern {
    fn new(pattern: &str) -> Result<Self, String> {
        let name = pattern.strip_suffix('*').unwrap_or(pattern);
        let fits = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '.' | '-');
        if name.is_empty() || !name.chars().all(fits) {
            return Err(format!(
                "`{pattern}` is no kernel setting; write `net.ipv4.tcp_rmem`, or `net.core.*` for all that begin so"
            ));
        }
        Ok(Self(Text::from(pattern)))
    }

    fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => self.0 == *name,
        }
    }
}

impl<'de> Deserialize<'de> for SysctlPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&Text::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for SysctlPattern {
    fn schema_name() -> Cow<'static, str> {
        "SysctlPattern".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": PATTERN})
    }
}

fn evaluate(workload: &Workload, parameters: &SysctlParameters, context: &Context<'_>) -> Verdict {
    if is_exempt(workload, context) {
        return Verdict::NotApplicable;
    }
    let set = workload.spec().security_context.as_ref().map_or(&[][..], |it| &it.sysctls);
    set.iter()
        .enumerate()
        .filter(|(_, sysctl)| !parameters.allowed_sysctls.iter().any(|allowed| allowed.matches(&sysctl.name)))
        .filter(|(place, sysctl)| !set.iter().take(*place).any(|earlier| earlier.name == sysctl.name))
        .map(|(place, sysctl)| {
            let path = workload.spec_path().keys(&["securityContext", "sysctls"]).index(place);
            Finding::new(path, format!("sets the kernel setting {}", Quoted(&sysctl.name)))
                .discriminator(&sysctl.name)
                .value(&sysctl.name)
                .fix("remove it")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    const THREE: &str = "
securityContext:
  sysctls:
    - {name: net.ipv4.tcp_rmem, value: '1'}
    - {name: net/ipv4/tcp_rmem, value: '1'}
    - {name: net.core.somaxconn, value: '1'}
    - {name: net.core.somaxconn, value: '2'}
";

    #[test]
    fn names_are_compared_letter_by_letter() {
        let found = judge(&UNSAFE_SYSCTL, &pod(THREE));
        let Verdict::Fail(findings) = &found else { panic!("{found:?}") };
        assert_eq!(findings[0].path.to_string(), "spec.securityContext.sysctls[1]");
        assert_eq!(
            messages(found),
            [
                "sets the kernel setting `net/ipv4/tcp_rmem`; remove it",
                "sets the kernel setting `net.core.somaxconn`; remove it",
            ]
        );
    }

    #[test]
    fn what_is_allowed_may_end_in_a_star() {
        let allowed = serde_json::json!({"allowedSysctls": ["net.core.*"]});
        let found = messages(judge_with(&UNSAFE_SYSCTL, &allowed, &pod(THREE)));
        assert_eq!(found.len(), 2, "the default list is replaced: {found:?}");
        for wrong in ["", "*", "net.*.x", "net/core/*"] {
            assert!(SysctlPattern::new(wrong).is_err(), "{wrong}");
        }
    }
}
