//! Who approves.

use super::cel::{USER, approvals, approvals_before, signed, variable};
use super::{APPROVE, Policy, Rule, SIGNED};
use crate::api::GROUP;

pub(super) fn policy() -> Policy {
    Policy {
        name: "stanchion-approvals",
        operations: &["CREATE", "UPDATE"],
        resources: &["riskexceptions"],
        variables: vec![
            approvals(),
            approvals_before(),
            // Whose consent is not there already, word for word. A signature speaks for itself: the operator verifies it.
            variable(
                "added",
                "variables.approvals.filter(approval, \
                 !has(approval.signature) && !(approval in variables.approvalsBefore))",
            ),
        ],
        rules: who().into_iter().chain([when()]).collect(),
        for_each_tier: false,
        warns: false,
    }
}

fn who() -> Vec<Rule> {
    let may_approve = format!(
        "authorizer.group('{GROUP}').resource('riskexceptions').namespace(namespaceObject.metadata.name)\
         .name(object.metadata.name).check('{APPROVE}').allowed()"
    );
    let others = format!("variables.added.filter(approval, approval.by != {USER})");
    vec![
        Rule::invalid(
            "oldObject != null || variables.added.size() == 0",
            "'nothing is approved before it is there: create it without the approvals of ' \
             + variables.added.map(approval, approval.by).join(', ') \
             + ', who then add their own, or sign'",
        ),
        Rule::forbidden(
            format!("{others}.size() == 0"),
            format!(
                "{USER} + ' approves in no other name: leave the approvals of ' \
                 + {others}.map(approval, approval.by).join(', ') + ' as they are, or remove them'"
            ),
        ),
        Rule::invalid(
            format!("variables.added.size() == 0 || !({})", signed("object")),
            format!("'signatures alone approve an exception with the annotation {}: sign it'", SIGNED.0),
        ),
        Rule::invalid(
            "variables.added.size() == 0 || has(object.spec.requestedBy)",
            "'nobody knows who asked for this exception, so nobody is somebody else: \
             write it anew, or approve it by a signature'",
        ),
        Rule::forbidden(
            format!(
                "variables.added.size() == 0 || !has(object.spec.requestedBy) || object.spec.requestedBy != {USER}"
            ),
            format!("{USER} + ' asked for this exception: somebody else approves it'"),
        ),
        Rule::forbidden(
            format!("variables.added.size() == 0 || {may_approve}"),
            format!(
                "{USER} + ' may not approve here: it takes the verb {APPROVE} on riskexceptions.{GROUP} in ' \
                 + namespaceObject.metadata.name"
            ),
        ),
    ]
}

/// CEL has no clock. What an approval says of its time can at least not be before there was anything to approve, but for
/// clocks that differ, nor after the end.
fn when() -> Rule {
    Rule::invalid(
        "variables.added.all(approval, !has(approval.at) \
         || (timestamp(approval.at) >= timestamp(object.metadata.creationTimestamp) - duration('1h') \
         && timestamp(approval.at) <= timestamp(object.spec.expiresAt)))",
        "'an approval is given while the exception lasts: set its time between creation and end, or leave it out'",
    )
}
