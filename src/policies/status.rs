//! Who writes a status: the operator. The stage that a tier stands at is kept there, and what an exception is worth.

use super::cel::{USER, text};
use super::{Policy, Rule};

pub(super) fn policy(operator: &str) -> Policy {
    Policy {
        name: "stanchion-status",
        operations: &["CREATE", "UPDATE"],
        resources: &["*/status"],
        variables: Vec::new(),
        rules: vec![Rule::forbidden(
            format!("{USER} == {}", text(operator)),
            format!("'a status is written by the operator alone, ' + {}", text(operator)),
        )],
        for_each_tier: false,
        warns: false,
    }
}
