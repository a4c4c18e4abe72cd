//! `logging.audit-policy-too-quiet`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audit::{Asked, BUILT_IN, Level, Outcome, level_of};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::{AuditPolicy, Path};

declare_control! {
    /// ## What it checks
    ///
    /// An audit policy writes down, at `Metadata` or above, what an investigation needs: access to Secrets; changes to
    /// pods and to what makes them, to roles, bindings and service accounts, to admission webhooks; tokens that are asked
    /// for; shells, port forwards and proxies into pods, services and nodes; and changes to whatever no other rule names.
    /// It does not write down contents that are secret: `Request` and `RequestResponse` are refused for Secrets, config
    /// maps, token reviews and tokens.
    ///
    /// Rules are gone through in order, as the API server does, and the first that matches counts; a request that none
    /// matches is not written down. A rule for some users alone is passed over where all of them are of the system
    /// (`system:kube-proxy`, `system:nodes`), but for the groups that stand for everybody. A rule that leaves out the
    /// stages `RequestReceived` and `ResponseComplete` both writes nothing.
    ///
    /// ## Why it matters
    ///
    /// An audit log is as good as its policy. The usual mistakes can't be seen in the log itself: a rule at `None` that
    /// stands too early, a list without a last rule for everything else, and secrets in clear text in a log that many
    /// people can read.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: audit.k8s.io/v1
    /// kind: Policy
    /// rules:
    ///   - level: RequestResponse
    ///     resources: [{group: "", resources: [secrets, configmaps]}]
    ///   - level: Metadata
    ///     resources: [{group: "", resources: [pods]}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: audit.k8s.io/v1
    /// kind: Policy
    /// omitStages: [RequestReceived]
    /// rules:
    ///   - level: None
    ///     users: ["system:kube-proxy"]
    ///     verbs: [watch]
    ///   - level: None
    ///     nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version"]
    ///   - level: Metadata
    ///     resources:
    ///       - {group: "", resources: [secrets, configmaps, serviceaccounts/token]}
    ///       - {group: authentication.k8s.io, resources: [tokenreviews]}
    ///   - level: RequestResponse
    ///     resources: [{group: rbac.authorization.k8s.io}]
    ///   - level: Metadata
    /// ```
    ///
    /// ## How to fix
    ///
    /// Put a rule at `Metadata` for secret contents before all others, keep rules at `None` to single users, verbs and
    /// resources, and end with `- level: Metadata`. The API server reads the policy when it starts.
    pub static AUDIT_POLICY_TOO_QUIET = {
        id: "logging.audit-policy-too-quiet",
        title: "Audit policy leaves out what an investigation needs",
        severity: Medium,
        subject: AuditPolicy,
        parameters: AuditPolicyTooQuiet,
        references: [
            Framework::CisKubernetes.clause("3.2.2"),
            Framework::Nist80053.clause("AU-2"),
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

/// What else is asked of a policy.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct AuditPolicyTooQuiet {
    /// Further resources whose changes must be written down, with their group unless it is the core one. Default: `[]`.
    /// Example: `["certificates.cert-manager.io", "persistentvolumes"]`.
    also: Vec<String>,
}

impl Parameters for AuditPolicyTooQuiet {
    fn check(&self) -> Vec<ParameterError> {
        let wrong = |name: &str| name.is_empty() || name.contains(char::is_whitespace);
        let found = self.also.iter().enumerate().filter(|(_, name)| wrong(name));
        let error = |(index, name): (usize, &String)| {
            let message =
                format!("`{name}` is no resource; write one such as `certificates.cert-manager.io`");
            ParameterError::new(format!("also[{index}]"), message)
        };
        found.map(error).collect()
    }
}

fn evaluate(policy: &AuditPolicy, parameters: &AuditPolicyTooQuiet, _: &Context<'_>) -> Verdict {
    let further = parameters.also.iter().map(|name| Asked::changes_of(name));
    BUILT_IN.iter().copied().chain(further).flat_map(|asked| judge(policy, asked)).collect()
}

/// What a policy does with one thing that is asked for: at most one finding for what is too quiet, and one for what is
/// too loud.
fn judge(policy: &AuditPolicy, asked: Asked<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let worst = asked.requests().map(|request| level_of(policy, request)).min_by_key(|it| it.level);
    if let Some(Outcome { level, rule }) = worst.filter(|worst| worst.level < asked.least) {
        let how = if level == Level::Unwritten { "not written down" } else { "written down too briefly" };
        let why = if rule.is_none() { " by any rule" } else { "" };
        let message = format!("{} {how}{why}", asked.in_words());
        findings.push(finding(rule, "quiet", asked, message, "log it at `Metadata` before this rule"));
    }
    let loudest = asked.requests().map(|request| level_of(policy, request)).max_by_key(|it| it.level);
    if let Some(Outcome { level, rule }) = loudest.filter(|loudest| loudest.level > asked.most) {
        let message =
            format!("`{}` are written down with their contents (`{}`)", asked.name(), level.as_str());
        findings.push(finding(rule, "loud", asked, message, "log them at `Metadata` before this rule"));
    }
    findings
}

fn finding(
    rule: Option<usize>,
    kind: &str,
    asked: Asked<'_>,
    message: String,
    advice: &'static str,
) -> Finding {
    let rules = Path::of(&["rules"]);
    let (path, advice) = match rule {
        Some(index) => (rules.index(index), advice),
        None => (rules, "end with a rule that is `level: Metadata` alone"),
    };
    Finding::new(path, message).discriminator(format!("{kind} {}", asked.name())).fix(advice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    fn policy(rules: &str) -> String {
        format!("{{apiVersion: audit.k8s.io/v1, kind: Policy, rules: {rules}}}")
    }

    fn found(rules: &str) -> Vec<String> {
        let advice = |message: String| message.split(';').next().unwrap_or_default().to_owned();
        messages(judge(&AUDIT_POLICY_TOO_QUIET, &policy(rules))).into_iter().map(advice).collect()
    }

    const LAST: &str = "{level: Metadata}";

    #[test]
    fn metadata_of_everything_is_enough() {
        assert_eq!(found(&format!("[{LAST}]")), [""; 0]);
    }

    #[test]
    fn a_policy_without_rules_writes_nothing_down() {
        let all = found("[]");
        assert_eq!(all.len(), BUILT_IN.iter().filter(|asked| asked.least > Level::Unwritten).count());
        assert!(all.contains(&"access to `secrets` is not written down by any rule".to_owned()), "{all:?}");
    }

    #[test]
    fn the_first_rule_that_matches_counts() {
        let early = "{level: None, resources: [{group: '', resources: [secrets]}]}";
        assert_eq!(found(&format!("[{early}, {LAST}]")), ["access to `secrets` is not written down"]);
        assert_eq!(found(&format!("[{LAST}, {early}]")), [""; 0]);
        let reads = "{level: None, verbs: [get, list, watch], resources: [{group: '', resources: [pods]}]}";
        assert_eq!(found(&format!("[{reads}, {LAST}]")), [""; 0]);
        let exec = "{level: None, resources: [{group: '', resources: ['*/exec']}]}";
        assert_eq!(found(&format!("[{exec}, {LAST}]")), ["access to `pods/exec` is not written down"]);
    }

    #[test]
    fn what_the_system_does_may_be_left_out_and_what_everybody_does_may_not() {
        let of = |who: &str| found(&format!("[{{level: None, {who}}}, {LAST}]"));
        assert_eq!(of("users: ['system:kube-proxy']"), [""; 0]);
        assert_eq!(of("userGroups: ['system:nodes']"), [""; 0]);
        assert_ne!(of("userGroups: ['system:authenticated']"), [""; 0]);
        assert_ne!(of("users: [admin]"), [""; 0]);
        assert_ne!(of("namespaces: [kube-system]"), [""; 0]);
    }

    #[test]
    fn contents_of_secrets_must_not_be_written_down() {
        assert_eq!(
            found("[{level: RequestResponse}]"),
            [
                "`secrets` are written down with their contents (`RequestResponse`)",
                "`configmaps` are written down with their contents (`RequestResponse`)",
                "`tokenreviews.authentication.k8s.io` are written down with their contents (`RequestResponse`)",
                "`serviceaccounts/token` are written down with their contents (`RequestResponse`)",
            ]
        );
    }

    #[test]
    fn stages_can_silence_a_rule() {
        let silent = "{level: Metadata, omitStages: [RequestReceived, ResponseComplete]}";
        assert_ne!(found(&format!("[{silent}]")), [""; 0]);
        assert_eq!(found("[{level: Metadata, omitStages: [RequestReceived]}]"), [""; 0]);
    }

    #[test]
    fn further_resources_can_be_asked_for() {
        let rules = policy("[{level: None, resources: [{group: cert-manager.io}]}, {level: Metadata}]");
        let parameters = json!({"also": ["certificates.cert-manager.io"]});
        assert_eq!(
            messages(judge_with(&AUDIT_POLICY_TOO_QUIET, &parameters, &rules)),
            [
                "changes of `certificates.cert-manager.io` are not written down; log it at `Metadata` before this rule"
            ]
        );
        assert_eq!(AuditPolicyTooQuiet { also: vec![String::new()] }.check()[0].path, "also[0]");
    }
}
