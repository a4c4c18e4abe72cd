//! How the controls that look for a right in a role judge it: rule by rule, by who holds the role.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::holders::{self, Holders, Let, Reach};
use super::rights::{Given, Right, given, place};
use crate::engine::control::{Context, Finding, Verdict};
use crate::engine::parameters::Parameters;
use crate::engine::pattern::SubjectPattern;
use crate::facts::rbac::{Role, Rule};
use crate::relations::rbac::{RoleKey, covers, shipped};

/// Whose rights are judged.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct HeldBy {
    /// Who may have the right: `User NAME`, `Group NAME` or `ServiceAccount NAMESPACE/NAME`, in which `*` stands for
    /// anything. Default: nobody. Example: `[Group oidc:platform, ServiceAccount argocd/*]`.
    pub(super) allowed_subjects: Vec<SubjectPattern>,
    /// Whether a role that nobody holds is judged too. Default: `false`. Example: `true`, for charts whose bindings are
    /// made elsewhere.
    pub(super) unbound: bool,
}

impl Parameters for HeldBy {}

/// Whose rights are judged, and over what.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct Wildcards {
    /// Who may have the right: `User NAME`, `Group NAME` or `ServiceAccount NAMESPACE/NAME`, in which `*` stands for
    /// anything. Default: nobody. Example: `[Group oidc:platform, ServiceAccount argocd/*]`.
    pub(super) allowed_subjects: Vec<SubjectPattern>,
    /// Whether a role that nobody holds is judged too. Default: `false`. Example: `true`, for charts whose bindings are
    /// made elsewhere.
    pub(super) unbound: bool,
    /// Whether rules for custom resources alone are judged too: those of no API group that Kubernetes itself serves.
    /// Default: `false`. Example: `true`, for an audit that counts every wildcard.
    pub(super) custom_resources: bool,
}

impl Parameters for Wildcards {}

/// Whose rights are judged, of any control's parameters.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    /// Who may have the right.
    pub(super) allowed: &'a [SubjectPattern],
    /// Whether a role that nobody holds is judged too.
    pub(super) unbound: bool,
}

impl<'a> From<&'a HeldBy> for Held<'a> {
    fn from(parameters: &'a HeldBy) -> Self {
        Self { allowed: &parameters.allowed_subjects, unbound: parameters.unbound }
    }
}

impl<'a> From<&'a Wildcards> for Held<'a> {
    fn from(parameters: &'a Wildcards) -> Self {
        Self { allowed: &parameters.allowed_subjects, unbound: parameters.unbound }
    }
}

/// What a control asks of a role.
pub(super) struct Question<'a> {
    /// Any of these.
    pub(super) rights: &'a [Right],
    /// Held so far.
    pub(super) reach: Reach<'a>,
    /// What it lets somebody do: "read secrets".
    pub(super) does: &'a str,
    /// How to end it, in the imperative.
    pub(super) advice: &'static str,
}

/// Asks of a role whether it gives a right.
pub(super) fn judge<'a>(
    role: &Role,
    held: impl Into<Held<'a>>,
    context: &Context<'_>,
    question: &Question<'_>,
) -> Verdict {
    let look = |rule: &Rule| match given(rule, question.rights) {
        Given::No => Seen::Nothing,
        Given::ByWildcard => Seen::Elsewhere,
        Given::At(field, at, text) => Seen::Defect {
            field,
            at,
            value: text.to_string(),
            does: Cow::Owned(question.does.to_owned()),
            advice: question.advice,
        },
    };
    each_rule(role, held, context, question.reach, look)
}

/// What a control sees in a rule.
pub(super) enum Seen {
    /// Nothing of its concern.
    Nothing,
    /// What another control judges: nothing found, yet no pass either.
    Elsewhere,
    /// The defect.
    Defect {
        /// The field of the rule that has it.
        field: &'static str,
        /// The place in that field.
        at: usize,
        /// What stands there.
        value: String,
        /// What it lets somebody do: "read Secrets".
        does: Cow<'static, str>,
        /// How to end it, in the imperative.
        advice: &'static str,
    },
}

/// Looks at each rule of a role, and makes a finding of each defect if somebody holds it who counts.
///
/// Not judged are aggregated roles (what they collect is judged where it is written), rules that Kubernetes ships under
/// this name, and, unless the parameters say so, roles that nobody holds.
pub(super) fn each_rule<'a>(
    role: &Role,
    held: impl Into<Held<'a>>,
    context: &Context<'_>,
    reach: Reach<'_>,
    look: impl Fn(&Rule) -> Seen,
) -> Verdict {
    let held = held.into();
    if role.aggregation.is_some() || !reach.is_of(role) {
        return Verdict::NotApplicable;
    }
    let key = RoleKey::of(role);
    let as_shipped = shipped::rules(&key);
    let (mut judged, mut elsewhere) = (false, false);
    let mut defects = Vec::new();
    for (number, rule) in role.rules.iter().enumerate() {
        if !as_shipped.is_empty() && covers(as_shipped, rule) {
            continue;
        }
        judged = true;
        match look(rule) {
            Seen::Nothing => {}
            Seen::Elsewhere => elsewhere = true,
            defect @ Seen::Defect { .. } => defects.push((number, defect)),
        }
    }
    let bound = judged && holders::any(&key, context);
    if !judged || !(bound || held.unbound) {
        return Verdict::NotApplicable;
    }
    if defects.is_empty() {
        return if elsewhere { Verdict::NotApplicable } else { Verdict::Pass };
    }
    let by = if bound { reach.of(&Holders::of(&key, context, held.allowed)) } else { reach.of_nobody(role) };
    let Some(by) = by else { return Verdict::Pass };
    defects.into_iter().filter_map(|(number, defect)| finding(number, defect, &by)).collect()
}

fn finding(rule: usize, seen: Seen, by: &Let) -> Option<Finding> {
    let Seen::Defect { field, at, value, does, advice } = seen else { return None };
    let message = format!("lets {} {does}{}", by.who, by.place);
    Some(Finding::new(place(rule, field, at), message).value(value).fix(advice))
}

/// Both verdicts in one: a rule that fails twice is found once.
pub(super) fn both(first: Verdict, second: Verdict) -> Verdict {
    match (first, second) {
        (Verdict::Fail(mut found), Verdict::Fail(more)) => {
            let new = |finding: &Finding| !found.iter().any(|known| known.path == finding.path);
            let more: Vec<Finding> = more.into_iter().filter(new).collect();
            found.extend(more);
            found.sort_by(|a, b| a.path.cmp(&b.path));
            Verdict::Fail(found)
        }
        (fail @ Verdict::Fail(_), _) | (_, fail @ Verdict::Fail(_)) => fail,
        (Verdict::NotApplicable, other) | (other, Verdict::NotApplicable) => other,
        (first, _) => first,
    }
}

#[cfg(test)]
pub(super) mod testing {
    //! Roles, held by somebody.

    use serde_json::{Value, json};

    use crate::controls::testing::judge_with;
    use crate::engine::control::{Control, Verdict};

    const CI: &str = "subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]";

    fn document(kind: &str, namespace: Option<&str>, rest: &str) -> String {
        let namespace = namespace.map(|name| format!(", namespace: {name}")).unwrap_or_default();
        let api = "apiVersion: rbac.authorization.k8s.io/v1";
        format!("{api}\nkind: {kind}\nmetadata: {{name: ci{namespace}}}\n{rest}\n")
    }

    fn binding(namespace: Option<&str>, role: &str) -> String {
        let kind = if namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" };
        document(kind, namespace, &format!("roleRef: {{kind: {role}, name: ci}}\n{CI}"))
    }

    /// A `ClusterRole` that the service account `shop/ci` holds everywhere.
    pub(crate) fn everywhere(rules: &str) -> String {
        format!("{}---\n{}", unbound(rules), binding(None, "ClusterRole"))
    }

    /// A `ClusterRole` that it holds in this namespace.
    pub(crate) fn bound_in(namespace: &str, rules: &str) -> String {
        format!("{}---\n{}", unbound(rules), binding(Some(namespace), "ClusterRole"))
    }

    /// A Role of this namespace that it holds.
    pub(crate) fn role_in(namespace: &str, rules: &str) -> String {
        let role = document("Role", Some(namespace), &format!("rules: [{rules}]"));
        format!("{role}---\n{}", binding(Some(namespace), "Role"))
    }

    /// A `ClusterRole` that nobody holds.
    pub(crate) fn unbound(rules: &str) -> String {
        document("ClusterRole", None, &format!("rules: [{rules}]"))
    }

    /// What is found, and where; `-` where there is nothing to judge.
    pub(crate) fn found(control: &Control, manifest: &str) -> Vec<String> {
        found_with(control, &json!({}), manifest)
    }

    /// The same, with parameters.
    pub(crate) fn found_with(control: &Control, parameters: &Value, manifest: &str) -> Vec<String> {
        match judge_with(control, parameters, manifest) {
            Verdict::Pass => Vec::new(),
            Verdict::Fail(findings) => {
                findings.iter().map(|finding| format!("{}: {}", finding.path, finding.message)).collect()
            }
            Verdict::NotApplicable => vec!["-".to_owned()],
            other => panic!("{other:?}"),
        }
    }
}
