//! The bounds of tiers, as far as the API server can know in which tier something is.
//!
//! It sees the namespace and not the workloads: what holds here are the bounds of the tiers that take the whole
//! namespace, by its labels alone. Those of single workloads are the operator's.

use super::cel::variable;
use super::life::{same_end, span};
use super::{Policy, Rule};
use crate::api::{ExceptionBounds, rules::seconds};

pub(super) fn policy() -> Policy {
    Policy {
        name: "stanchion-tiers",
        operations: &["CREATE", "UPDATE"],
        resources: &["riskexceptions"],
        variables: vec![
            variable("labels", "has(namespaceObject.metadata.labels) ? namespaceObject.metadata.labels : {}"),
            variable(
                "concerned",
                format!(
                    "has(params.spec.selectors) && params.spec.selectors.exists(selector, \
                     has(selector.namespaceSelector) && !has(selector.workloadSelector) && {})",
                    selected("selector.namespaceSelector")
                ),
            ),
            variable("longest", longest("params")),
            variable("renewals", renewals("params")),
        ],
        rules: vec![
            Rule::invalid(
                format!(
                    "!variables.concerned || {} || {} <= duration(string(variables.longest) + 's')",
                    same_end(),
                    span()
                ),
                "'this namespace is in ' + params.metadata.name + ', where an exception lasts at most ' \
                 + string(variables.longest / 3600) + ' hours from its creation: set an earlier spec.expiresAt'",
            ),
            Rule::invalid(
                "!variables.concerned || variables.renewals > 0 || !has(object.spec.renews) \
                 || (oldObject != null && has(oldObject.spec.renews))",
                "'this namespace is in ' + params.metadata.name \
                 + ', where no exception is renewed: fix the finding, or ask anew without spec.renews'",
            ),
        ],
        for_each_tier: true,
        warns: false,
    }
}

/// An expression: the selector at this path selects the namespace.
fn selected(selector: &str) -> String {
    format!(
        "(!has({selector}.matchLabels) || {selector}.matchLabels.all(key, \
         key in variables.labels && variables.labels[key] == {selector}.matchLabels[key])) \
         && (!has({selector}.matchExpressions) || {selector}.matchExpressions.all(wanted, \
         wanted.operator == 'In' \
         ? (wanted.key in variables.labels) && (variables.labels[wanted.key] in wanted.values) \
         : wanted.operator == 'NotIn' \
         ? !((wanted.key in variables.labels) && (variables.labels[wanted.key] in wanted.values)) \
         : (wanted.key in variables.labels) == (wanted.operator == 'Exists')))"
    )
}

/// An expression for the seconds that an exception of a tier may last.
pub(super) fn longest(tier: &str) -> String {
    let path = format!("{tier}.spec.exceptions.maxDuration");
    let default = ExceptionBounds::default().max_duration.as_seconds();
    bound(tier, "maxDuration", &seconds(&path), &default.to_string())
}

/// An expression for how often an exception of a tier may be renewed.
pub(super) fn renewals(tier: &str) -> String {
    let default = ExceptionBounds::default().max_renewals.to_string();
    bound(tier, "maxRenewals", &format!("{tier}.spec.exceptions.maxRenewals"), &default)
}

/// An expression for how many people must approve an exception of a tier.
pub(super) fn required(tier: &str) -> String {
    let default = ExceptionBounds::default().required_approvals.to_string();
    bound(tier, "requiredApprovals", &format!("{tier}.spec.exceptions.requiredApprovals"), &default)
}

fn bound(tier: &str, field: &str, given: &str, default: &str) -> String {
    let exceptions = format!("{tier}.spec.exceptions");
    format!("has({exceptions}) && has({exceptions}.{field}) ? {given} : {default}")
}
