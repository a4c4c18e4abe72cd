//! `logging.audit-policy-missing`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::{ContainerRef, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// A container that runs `kube-apiserver` is told which requests to write down (`--audit-policy-file`) and where
    /// (`--audit-log-path`, or a webhook by `--audit-webhook-config-file`). Where it writes files, they are kept for at
    /// least 30 days, ten of them, each of at least 100 megabytes (`--audit-log-maxage`, `-maxbackup`, `-maxsize`), as
    /// the CIS benchmark asks. Nothing else is judged. The manifest mostly is a static Pod in `kube-system`, which is
    /// exempt unless `stanchion audit` is told otherwise by `--exempt-namespace`.
    ///
    /// ## Why it matters
    ///
    /// The audit log is the one place where it stands who read a Secret, who gave whom which rights and who opened a
    /// shell in a pod. Without a policy and a place to write to, the API server writes nothing at all.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: kube-apiserver, namespace: kube-system}
    /// spec:
    ///   containers:
    ///     - name: kube-apiserver
    ///       image: registry.k8s.io/kube-apiserver:v1.36.3
    ///       command:
    ///         - kube-apiserver
    ///         - --etcd-servers=https://127.0.0.1:2379
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: kube-apiserver, namespace: kube-system}
    /// spec:
    ///   containers:
    ///     - name: kube-apiserver
    ///       image: registry.k8s.io/kube-apiserver:v1.36.3
    ///       command:
    ///         - kube-apiserver
    ///         - --etcd-servers=https://127.0.0.1:2379
    ///         - --audit-policy-file=/etc/kubernetes/audit/policy.yaml
    ///         - --audit-log-path=/var/log/kubernetes/audit.log
    ///         - --audit-log-maxage=30
    ///         - --audit-log-maxbackup=10
    ///         - --audit-log-maxsize=100
    /// ```
    ///
    /// ## How to fix
    ///
    /// Write an audit policy, mount it into the API server's pod and add the flags; with kubeadm, in
    /// `apiServer.extraArgs` and `extraVolumes` of its `ClusterConfiguration`. Have a collector read the file.
    pub static AUDIT_POLICY_MISSING = {
        id: "logging.audit-policy-missing",
        title: "API server keeps no audit log",
        severity: High,
        subject: Workload,
        parameters: AuditPolicyMissing,
        references: [
            Framework::CisKubernetes.clause("1.2.16"),
            Framework::CisKubernetes.clause("1.2.17"),
            Framework::CisKubernetes.clause("1.2.18"),
            Framework::CisKubernetes.clause("1.2.19"),
            Framework::CisKubernetes.clause("3.2.1"),
            Framework::Nist80053.clause("AU-2"),
            Framework::Nist80053.clause("AU-11"),
            Framework::Nist80053.clause("AU-12"),
            Framework::NsaCisa.clause("Kubernetes native audit logging configuration"),
            Framework::Soc2.clause("CC7.2"),
            Framework::Iso27001.clause("8.15"),
            Framework::PciDss.clause("10.2.1"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// How much of the log is kept.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct AuditPolicyMissing {
    /// The least number of days for which files are kept. Default: `30`.
    days: u32,
    /// The least number of files that are kept. Default: `10`.
    files: u32,
    /// The least size, in megabytes, at which a file is closed and another one begun. Default: `100`.
    megabytes: u32,
}

impl Default for AuditPolicyMissing {
    fn default() -> Self {
        Self { days: 30, files: 10, megabytes: 100 }
    }
}

impl Parameters for AuditPolicyMissing {}

/// The program.
const PROGRAM: &str = "kube-apiserver";

fn evaluate(workload: &Workload, parameters: &AuditPolicyMissing, context: &Context<'_>) -> Verdict {
    let mut servers = context.containers(workload).filter(|container| runs_api_server(*container)).peekable();
    if servers.peek().is_none() {
        return Verdict::NotApplicable;
    }
    servers.flat_map(|container| judge(container, parameters)).collect()
}

/// The words of a command line; a shell's script is one of its arguments.
fn words(container: ContainerRef<'_>) -> impl Iterator<Item = &str> {
    let all = container.container.command.iter().chain(&container.container.args);
    all.flat_map(|argument| argument.split_whitespace())
}

fn runs_api_server(container: ContainerRef<'_>) -> bool {
    words(container).any(|word| word.rsplit('/').next() == Some(PROGRAM))
}

/// The value of a flag: `--name=value`, or `--name value`. Of a repeated one, the last counts.
fn flag<'a>(container: ContainerRef<'a>, name: &str) -> Option<&'a str> {
    let mut found = None;
    let mut words = words(container).peekable();
    while let Some(word) = words.next() {
        let Some(rest) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else { continue };
        if rest == name {
            found = words.next_if(|next| !next.starts_with('-'));
        } else if let Some(value) = rest.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            found = Some(value);
        }
    }
    found.filter(|value| !value.is_empty())
}

fn judge(container: ContainerRef<'_>, parameters: &AuditPolicyMissing) -> Vec<Finding> {
    let finding = |name: &str, message: String, advice: String| {
        Finding::in_container(container, &["command"], message).discriminator(name).fix(advice)
    };
    let mut findings = Vec::new();
    if flag(container, "audit-policy-file").is_none() {
        findings.push(finding(
            "audit-policy-file",
            "it has no audit policy, so that no request is written down".to_owned(),
            "write an audit policy, and name it in `--audit-policy-file`".to_owned(),
        ));
    }
    let log = flag(container, "audit-log-path");
    if log.is_none() && flag(container, "audit-webhook-config-file").is_none() {
        findings.push(finding(
            "audit-log-path",
            "its audit log goes nowhere".to_owned(),
            "name a file in `--audit-log-path`, or a webhook in `--audit-webhook-config-file`".to_owned(),
        ));
    }
    // A dash is the standard output, which is no file to keep.
    if log.is_none_or(|path| path == "-") {
        return findings;
    }
    for (name, least, unit) in [
        ("audit-log-maxage", parameters.days, " days"),
        ("audit-log-maxbackup", parameters.files, " files"),
        ("audit-log-maxsize", parameters.megabytes, " megabytes"),
    ] {
        let said = flag(container, name);
        if said.and_then(|value| value.parse::<u32>().ok()).is_some_and(|value| value >= least) {
            continue;
        }
        let message = match said {
            Some(value) => format!("`--{name}` is {value}, and {least}{unit} are asked for"),
            None => format!("`--{name}` is missing, and {least}{unit} are asked for"),
        };
        findings.push(finding(name, message, format!("set `--{name}={least}`")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    fn server(arguments: &str) -> String {
        pod(&format!("containers: [{{name: api, command: {arguments}}}]"))
    }

    const KEPT: &str = "'--audit-log-maxage=30', '--audit-log-maxbackup', '10', '--audit-log-maxsize=100'";

    #[test]
    fn only_an_api_server_is_judged() {
        assert_eq!(judge(&AUDIT_POLICY_MISSING, &server("[kube-scheduler]")), Verdict::NotApplicable);
        let shell = "[sh, -c, 'exec /usr/local/bin/kube-apiserver --audit-log-path=-']";
        assert_eq!(messages(judge(&AUDIT_POLICY_MISSING, &server(shell))).len(), 1);
    }

    #[test]
    fn a_policy_a_place_and_a_time_are_asked_for() {
        let none = messages(judge(&AUDIT_POLICY_MISSING, &server("[kube-apiserver]")));
        assert_eq!(
            none,
            [
                "api: it has no audit policy, so that no request is written down; write an audit policy, and name it \
                 in `--audit-policy-file`",
                "api: its audit log goes nowhere; name a file in `--audit-log-path`, or a webhook in \
                 `--audit-webhook-config-file`"
            ]
        );
        let policy = "kube-apiserver, '--audit-policy-file=/p', '--audit-log-path=/var/log/audit.log'";
        assert_eq!(judge(&AUDIT_POLICY_MISSING, &server(&format!("[{policy}, {KEPT}]"))), Verdict::Pass);
        assert_eq!(messages(judge(&AUDIT_POLICY_MISSING, &server(&format!("[{policy}]")))).len(), 3);
        let short = server(&format!("[{policy}, {KEPT}, '--audit-log-maxage=7']"));
        assert_eq!(
            messages(judge(&AUDIT_POLICY_MISSING, &short)),
            ["api: `--audit-log-maxage` is 7, and 30 days are asked for; set `--audit-log-maxage=30`"]
        );
        assert_eq!(judge_with(&AUDIT_POLICY_MISSING, &json!({"days": 7}), &short), Verdict::Pass);
    }

    #[test]
    fn a_webhook_and_the_standard_output_have_no_files_to_keep() {
        let with = |flag: &str| {
            judge(
                &AUDIT_POLICY_MISSING,
                &server(&format!("[kube-apiserver, '--audit-policy-file=/p', '{flag}']")),
            )
        };
        assert_eq!(with("--audit-webhook-config-file=/w"), Verdict::Pass);
        assert_eq!(with("--audit-log-path=-"), Verdict::Pass);
    }
}
