//! Who asked for an exception, and what becomes of its approvals when it changes.

use super::cel::{USER, annotation, annotation_before, approvals, same_content, signed, text, variable};
use super::{BREAK_GLASS, Policy, Rule, SIGNED};

pub(super) fn policy(operator: &str) -> Policy {
    Policy {
        name: "stanchion-requests",
        operations: &["CREATE", "UPDATE"],
        resources: &["riskexceptions"],
        variables: vec![
            variable("byOperator", format!("{USER} == {}", text(operator))),
            variable("glass", annotation("object", BREAK_GLASS)),
            variable("glassBefore", annotation_before(BREAK_GLASS)),
            variable("signed", signed("object")),
            variable("signedBefore", format!("oldObject != null && {}", signed("oldObject"))),
            variable("requester", "has(object.spec.requestedBy) ? object.spec.requestedBy : ''"),
            variable(
                "requesterBefore",
                "oldObject != null && has(oldObject.spec.requestedBy) ? oldObject.spec.requestedBy : ''",
            ),
            approvals(),
            same_content(),
        ],
        rules: [requester(), content(), break_glass()].into_iter().flatten().collect(),
        for_each_tier: false,
        warns: false,
    }
}

fn requester() -> Vec<Rule> {
    vec![
        Rule::forbidden(
            format!(
                "request.operation != 'CREATE' || variables.requester == {USER} \
                 || (variables.requester != '' && (variables.signed || (variables.byOperator && variables.glass != '')))"
            ),
            format!("'spec.requestedBy is the user who asks: write ' + {USER} + ', and nobody else'"),
        ),
        Rule::invalid(
            "request.operation == 'CREATE' || variables.signed == variables.signedBefore",
            format!(
                "'the annotation {} stays as it was when the exception was created: write a new exception'",
                SIGNED.0
            ),
        ),
        Rule::invalid(
            "request.operation == 'CREATE' || variables.requester == variables.requesterBefore",
            "'spec.requestedBy stays as it was when the exception was created: write a new exception'",
        ),
    ]
}

/// Whoever changes what is asked for asks for it. If others could, they would approve what they wrote themselves. A
/// signature needs no such rule: it fits no other content.
fn content() -> Vec<Rule> {
    vec![
        Rule::forbidden(
            format!(
                "variables.sameContent || variables.signed || variables.requesterBefore == '' \
                 || variables.requesterBefore == {USER}"
            ),
            "variables.requesterBefore + ' asked for this exception, and nobody else changes it: \
             write one of your own, or revoke this one'",
        ),
        Rule::invalid(
            "variables.sameContent || variables.approvals.all(approval, has(approval.signature))",
            "'what was approved would change: remove the approvals of ' \
             + variables.approvals.filter(approval, !has(approval.signature)).map(approval, approval.by).join(', ') \
             + ' in the same request, and ask again'",
        ),
    ]
}

/// What breaks the glass is written by the operator, for a day, and stays as it was written. The minutes are for clocks
/// that differ.
fn break_glass() -> Vec<Rule> {
    vec![
        Rule::forbidden(
            "variables.glass == variables.glassBefore || (oldObject == null && variables.byOperator)",
            format!("'the annotation {BREAK_GLASS} is written by the operator alone: leave it as it is'"),
        ),
        Rule::invalid(
            "variables.glassBefore == '' || variables.sameContent",
            "'an exception that broke the glass stays as it was written: ask for a new exception'",
        ),
        Rule::invalid(
            "oldObject != null || variables.glass == '' \
             || timestamp(object.spec.expiresAt) - timestamp(object.metadata.creationTimestamp) <= duration('24h5m')",
            "'an exception that breaks the glass lasts a day at most: set an earlier spec.expiresAt'",
        ),
    ]
}
