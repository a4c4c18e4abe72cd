//! How long an exception lives, whatever its tier.

use super::cel::{USER, variable};
use super::{Policy, Rule};

/// The longest from its creation, in hours: what the longest tier can allow.
const LONGEST: &str = "8784h";

pub(super) fn policy() -> Policy {
    Policy {
        name: "stanchion-life",
        operations: &["CREATE", "UPDATE"],
        resources: &["riskexceptions"],
        variables: vec![variable("revokedBefore", "oldObject != null && has(oldObject.spec.revoked)")],
        rules: vec![
            Rule::invalid(
                format!("{} || {} <= duration('{LONGEST}')", same_end(), span()),
                "'an exception lasts at most 366 days from its creation: set an earlier spec.expiresAt'",
            ),
            Rule::invalid(
                "!variables.revokedBefore \
                 || (has(object.spec.revoked) && object.spec.revoked == oldObject.spec.revoked)",
                "'a revoked exception stays revoked, as it was revoked: write a new one under a new name'",
            ),
            Rule::forbidden(
                format!(
                    "variables.revokedBefore || !has(object.spec.revoked) || object.spec.revoked.by == {USER}"
                ),
                format!("'spec.revoked.by is the user who revokes: write ' + {USER} + ', and nobody else'"),
            ),
        ],
        for_each_tier: false,
        warns: false,
    }
}

/// An expression: the end stays as it was. What has an end already keeps it, whatever bounds have become.
pub(super) const fn same_end() -> &'static str {
    "(oldObject != null && object.spec.expiresAt == oldObject.spec.expiresAt)"
}

/// An expression for how long the exception lasts, counted from its creation: that is the API server's word, and the only
/// time that it has.
pub(super) const fn span() -> &'static str {
    "timestamp(object.spec.expiresAt) - timestamp(object.metadata.creationTimestamp)"
}
