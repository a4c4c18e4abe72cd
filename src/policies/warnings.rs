//! What is allowed and deserves a second thought.

use super::cel::variable;
use super::tiers::{longest, renewals, required};
use super::{Policy, Rule};

pub(super) fn policy() -> Policy {
    Policy {
        name: "stanchion-warnings",
        operations: &["UPDATE", "DELETE"],
        resources: &["securitystandards", "servicetiers"],
        variables: vec![
            variable("standard", "request.resource.resource == 'securitystandards'"),
            variable("tier", "request.resource.resource == 'servicetiers'"),
            variable("edit", "request.operation == 'UPDATE'"),
            variable(
                "denying",
                "variables.standard && has(oldObject.status) && has(oldObject.status.tiers) \
                 ? oldObject.status.tiers.filter(tier, has(tier.action) && tier.action == 'Deny')\
                 .map(tier, tier.name) : []",
            ),
            variable(
                "removed",
                "variables.standard && variables.edit ? oldObject.spec.controls.filter(before, \
                 !object.spec.controls.exists(control, control.id == before.id)).map(before, before.id) : []",
            ),
            variable("longestBefore", longest("oldObject")),
            variable("longest", longest("object")),
            variable("requiredBefore", required("oldObject")),
            variable("required", required("object")),
            variable("renewalsBefore", renewals("oldObject")),
            variable("renewals", renewals("object")),
            variable("approversBefore", approvers("oldObject")),
            variable("approvers", approvers("object")),
        ],
        rules: [of_standards(), of_tiers()].into_iter().flatten().collect(),
        for_each_tier: false,
        warns: true,
    }
}

fn of_standards() -> Vec<Rule> {
    vec![
        Rule::invalid(
            "!variables.standard || variables.edit || variables.denying.size() == 0",
            "oldObject.metadata.name + ' denies in ' + variables.denying.join(', ') \
             + ': without it nothing does, and one that is made anew begins at its first stage'",
        ),
        Rule::invalid(
            "variables.denying.size() == 0 || variables.removed.size() == 0",
            "oldObject.metadata.name + ' denies in ' + variables.denying.join(', ') \
             + ', and no more for ' + variables.removed.join(', ')",
        ),
    ]
}

fn of_tiers() -> Vec<Rule> {
    let looser = |holds: &str, message: &str| {
        Rule::invalid(
            format!("!variables.tier || !variables.edit || {holds}"),
            format!("oldObject.metadata.name + {message}"),
        )
    };
    vec![
        Rule::invalid(
            "!variables.tier || variables.edit",
            "oldObject.metadata.name + ' is deleted: its workloads fall to other tiers or to none, \
             and to the bounds for exceptions there'",
        ),
        looser(
            "variables.longest <= variables.longestBefore",
            "' is loosened: exceptions may last ' + string(variables.longest / 3600) + ' hours, no longer ' \
             + string(variables.longestBefore / 3600)",
        ),
        looser(
            "variables.required >= variables.requiredBefore",
            "' is loosened: an exception takes ' + string(variables.required) + ' approvals, no longer ' \
             + string(variables.requiredBefore)",
        ),
        looser(
            "variables.renewals <= variables.renewalsBefore",
            "' is loosened: an exception may be renewed ' + string(variables.renewals) + ' times, no longer ' \
             + string(variables.renewalsBefore)",
        ),
        looser(
            "object.spec.level <= oldObject.spec.level",
            "' is less critical: level ' + string(object.spec.level) + ', no longer ' + string(oldObject.spec.level)",
        ),
        looser(
            "variables.approvers.all(approver, approver in variables.approversBefore)",
            "' has other approvers: ' + variables.approvers.filter(approver, \
             !(approver in variables.approversBefore)).map(approver, approver.name).join(', ') \
             + ' can now approve by a signature'",
        ),
    ]
}

fn approvers(tier: &str) -> String {
    format!("has({tier}.spec.approvers) ? {tier}.spec.approvers : []")
}
