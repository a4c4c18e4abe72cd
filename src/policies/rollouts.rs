//! Who holds a rollout, and who lets a tier go on.

use super::cel::{USER, annotation, annotation_before, variable};
use super::{Policy, Rule};
use crate::api::{GROUP, HOLD, PROMOTE};

pub(super) fn policy() -> Policy {
    let variables = |name: &str, key| {
        [
            variable(name, annotation("object", key)),
            variable(&format!("{name}Before"), annotation_before(key)),
        ]
    };
    Policy {
        name: "stanchion-rollouts",
        operations: &["CREATE", "UPDATE"],
        resources: &["securitystandards"],
        variables: [variables("hold", HOLD), variables("promote", PROMOTE)].into_iter().flatten().collect(),
        rules: vec![verb("hold", HOLD), verb("promote", PROMOTE)],
        for_each_tier: false,
        warns: false,
    }
}

/// The annotation is written, changed and removed by who has the verb.
fn verb(verb: &str, key: &str) -> Rule {
    Rule::forbidden(
        format!(
            "variables.{verb} == variables.{verb}Before || authorizer.group('{GROUP}').resource('securitystandards')\
             .name(object.metadata.name).check('{verb}').allowed()"
        ),
        format!(
            "{USER} + ' may not change the annotation {key}: it takes the verb {verb} on securitystandards.{GROUP}'"
        ),
    )
}
