//! `pod.host-aliases`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;
use crate::facts::pod::HostAlias;

declare_control! {
    /// ## What it checks
    ///
    /// The pod adds no entries to `/etc/hosts`: `hostAliases` is empty.
    ///
    /// ## Why it matters
    ///
    /// Such an entry overrides DNS for one workload only. It is a quiet way to send its traffic elsewhere, goes
    /// around what the cluster's DNS blocks and records, and points to a machine that is long gone after the next
    /// move.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   hostAliases:
    ///     - ip: 192.0.2.10
    ///       hostnames: [api.example.com]
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
    /// Put the name into DNS, or make it a Service of type `ExternalName` or one without a selector, where it can be
    /// seen and changed for everybody.
    pub static HOST_ALIASES = {
        id: "pod.host-aliases",
        title: "Pod overrides DNS in /etc/hosts",
        severity: Low,
        subject: Workload,
        parameters: NoParameters,
        references: [Framework::Nist80053.clause("SC-21")],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, _: &NoParameters, _: &Context<'_>) -> Verdict {
    let aliases = workload.spec().host_aliases.iter().enumerate();
    aliases
        .map(|(index, alias)| {
            let path = workload.spec_path().key("hostAliases").index(index);
            Finding::new(path, message(alias))
                .discriminator(&alias.ip)
                .value(&alias.ip)
                .fix("remove it, and put the name into DNS")
        })
        .collect()
}

fn message(alias: &HostAlias) -> String {
    let ip = &alias.ip;
    match alias.hostnames.as_slice() {
        [] => format!("adds `{ip}` to `/etc/hosts`"),
        [name] => format!("sets the address of `{name}` to `{ip}`"),
        [name, others @ ..] => format!("sets the address of `{name}` and {} more to `{ip}`", others.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    #[test]
    fn each_address_is_a_finding() {
        let spec = "
hostAliases: [{ip: 192.0.2.1, hostnames: [a.example, b.example]}, {ip: 192.0.2.2, hostnames: [c.example]}]
containers: [{name: app}]
";
        assert_eq!(
            messages(judge(&HOST_ALIASES, &pod(spec))),
            [
                "sets the address of `a.example` and 1 more to `192.0.2.1`; remove it, and put the name into DNS",
                "sets the address of `c.example` to `192.0.2.2`; remove it, and put the name into DNS",
            ]
        );
    }

    #[test]
    fn an_empty_list_passes() {
        assert_eq!(judge(&HOST_ALIASES, &pod("hostAliases: []\ncontainers: [{name: app}]")), Verdict::Pass);
    }
}
