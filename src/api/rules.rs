//! Rules that the API server holds itself, in CEL.

use serde_json::{Value, json};

/// A CEL rule and what to tell whoever breaks it: the message says what to do.
pub(super) fn rule(expression: &str, message: &str) -> Value {
    json!({ "rule": expression, "message": message })
}

/// The same, told of a field of what the rule is about, such as `.expiresAt`.
pub(super) fn rule_on(field: &str, expression: &str, message: &str) -> Value {
    json!({ "rule": expression, "message": message, "fieldPath": field })
}

/// The CEL expression for the seconds in a duration such as `30d`: CEL's own durations know no days.
pub(crate) fn seconds(duration: &str) -> String {
    format!(
        "int({duration}.substring(0, {duration}.size() - 1)) \
         * ({duration}.endsWith('d') ? 86400 : {duration}.endsWith('h') ? 3600 : 60)"
    )
}

/// A CEL expression: where both durations are given, the first is not longer than the second.
pub(super) fn at_most(shorter: &str, longer: &str) -> String {
    format!("!has({shorter}) || !has({longer}) || {} <= {}", seconds(shorter), seconds(longer))
}

/// A CEL expression: the optional list is there and has something in it.
pub(super) fn some(list: &str) -> String {
    format!("(has({list}) && {list}.size() > 0)")
}

/// A CEL expression: the selector asks for something.
pub(super) fn selects(selector: &str) -> String {
    format!(
        "{} || {}",
        some(&format!("{selector}.matchLabels")),
        some(&format!("{selector}.matchExpressions"))
    )
}

/// Rules for a plan of stages: it starts at Audit, goes up, and says when it goes on.
pub(super) fn stages() -> Value {
    let last = "self[self.size() - 1]";
    json!([
        rule(
            "self.size() == 0 || self[0].action == 'Audit'",
            "the first stage must be Audit: nothing warns or blocks before it has been measured",
        ),
        rule(
            "(self.size() < 2 || self[1].action != 'Audit') \
             && (self.size() < 3 || (self[1].action == 'Warn' && self[2].action == 'Deny'))",
            "stages must go up: Audit, then Warn, then Deny, each at most once",
        ),
        rule(
            "(self.size() < 2 || has(self[0].soak)) && (self.size() < 3 || has(self[1].soak))",
            "each stage but the last needs soak, how long it lasts at least before the next one (0m: no wait)",
        ),
        rule(
            &format!(
                "self.size() == 0 || !(has({last}.soak) || has({last}.promoteAt) || has({last}.notBefore))"
            ),
            "soak, promoteAt and notBefore say when to leave a stage, and nothing follows the last one: \
             set them on the stage before it",
        ),
    ])
}
