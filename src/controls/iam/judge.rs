//! How the controls that look for a right in a role judge it: rule by rule, by who holds the role.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::holders::{Holders, Let, Reach};
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
pub(super) fn judge(role: &Role, held: &HeldBy, context: &Context<'_>, question: &Question<'_>) -> Verdict {
    let look = |rule: &Rule| match given(rule, question.rights) {
        Given::No => Seen::Nothing,
        Given::ByWildcard => Seen::Elsewhere,
        Given::At(field, at, text) => Seen::Defect { field, at, value: text.to_string() },
    };
    each_rule(role, held, context, question.reach, look, |seen, by| {
        let Let { who, place } = by;
        let message = format!("lets {who} {}{place}", question.does);
        Finding::new(seen, message).fix(question.advice)
    })
}

/// What a control sees in a rule.
pub(super) enum Seen {
    /// Nothing of its concern.
    Nothing,
    /// What another control judges: nothing found, yet no pass either.
    Elsewhere,
    /// The defect, in this field at this place.
    Defect {
        /// The field of the rule.
        field: &'static str,
        /// The place in it.
        at: usize,
        /// What stands there.
        value: String,
    },
}

/// Looks at each rule of a role, and makes a finding of each defect if somebody holds it who counts.
///
/// Not judged are aggregated roles (what they collect is judged where it is written), rules that Kubernetes ships under
/// this name, and, unless the parameters say so, roles that nobody holds.
pub(super) fn each_rule(
    role: &Role,
    held: &HeldBy,
    context: &Context<'_>,
    reach: Reach<'_>,
    look: impl Fn(&Rule) -> Seen,
    describe: impl Fn(crate::facts::Path, &Let) -> Finding,
) -> Verdict {
    if role.aggregation.is_some() || !reach.is_of(role) {
        return Verdict::NotApplicable;
    }
    let as_shipped = shipped::rules(&RoleKey::of(role));
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
            Seen::Defect { field, at, value } => defects.push((place(number, field, at), value)),
        }
    }
    let holders = Holders::of(role, context, &held.allowed_subjects);
    if !judged || !(holders.any || held.unbound) {
        return Verdict::NotApplicable;
    }
    if defects.is_empty() {
        return if elsewhere { Verdict::NotApplicable } else { Verdict::Pass };
    }
    let by = if holders.any { reach.of(&holders) } else { reach.of_nobody(role) };
    let Some(by) = by else { return Verdict::Pass };
    defects.into_iter().map(|(path, value)| describe(path, &by).value(value)).collect()
}
