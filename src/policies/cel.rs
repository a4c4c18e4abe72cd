//! What policies are made of.

use serde_json::{Map, Value, json};

use super::{Document, SIGNED, matching};

/// Who asks the API server.
pub(super) const USER: &str = "request.userInfo.username";

/// A rule: what must hold, and what to tell whoever breaks it.
pub(super) struct Rule {
    /// The expression that must be true.
    pub(super) holds: String,
    /// The expression for the message, which says what to do.
    pub(super) message: String,
    /// The reason of the answer: `Forbidden` where it depends on who asks, else `Invalid`.
    pub(super) reason: &'static str,
}

impl Rule {
    /// Nobody may.
    pub(super) fn invalid(holds: impl Into<String>, message: impl Into<String>) -> Self {
        Self { holds: holds.into(), message: message.into(), reason: "Invalid" }
    }

    /// This user may not.
    pub(super) fn forbidden(holds: impl Into<String>, message: impl Into<String>) -> Self {
        Self { holds: holds.into(), message: message.into(), reason: "Forbidden" }
    }
}

/// A validating policy and its binding.
pub(super) struct Policy {
    pub(super) name: &'static str,
    pub(super) operations: &'static [&'static str],
    pub(super) resources: &'static [&'static str],
    /// Named expressions; each is worked out once, and only where it is used.
    pub(super) variables: Vec<Value>,
    pub(super) rules: Vec<Rule>,
    /// Whether every ServiceTier is a parameter: the rules must hold for each.
    pub(super) for_each_tier: bool,
    /// Whether it only warns.
    pub(super) warns: bool,
}

impl Policy {
    /// The policy and its binding.
    pub(super) fn documents(&self) -> [Document; 2] {
        let validations: Vec<Value> = self
            .rules
            .iter()
            .map(|rule| {
                json!({"expression": rule.holds, "messageExpression": rule.message, "reason": rule.reason})
            })
            .collect();
        let mut spec = Map::from_iter([
            ("failurePolicy".to_owned(), json!(if self.warns { "Ignore" } else { "Fail" })),
            ("matchConstraints".to_owned(), matching(self.operations, self.resources)),
            ("validations".to_owned(), json!(validations)),
        ]);
        // The API server leaves out what is empty.
        if !self.variables.is_empty() {
            spec.insert("variables".to_owned(), json!(self.variables));
        }
        let mut binding = Map::from_iter([
            ("policyName".to_owned(), json!(self.name)),
            (
                "validationActions".to_owned(),
                if self.warns { json!(["Warn", "Audit"]) } else { json!(["Deny"]) },
            ),
        ]);
        if self.for_each_tier {
            let kind = json!({"apiVersion": crate::api::API_VERSION, "kind": "ServiceTier"});
            spec.insert("paramKind".to_owned(), kind);
            // Without any tier there is nothing to keep to.
            let every = json!({"selector": {}, "parameterNotFoundAction": "Allow"});
            binding.insert("paramRef".to_owned(), every);
        }
        let document = |kind, spec| Document { kind, name: self.name, guards: !self.warns, spec };
        [
            document("ValidatingAdmissionPolicy", Value::Object(spec)),
            document("ValidatingAdmissionPolicyBinding", Value::Object(binding)),
        ]
    }
}

/// A named expression.
pub(super) fn variable(name: &str, expression: impl AsRef<str>) -> Value {
    json!({"name": name, "expression": expression.as_ref()})
}

/// A text of CEL.
pub(super) fn text(value: &str) -> String {
    // JSON's texts are texts of CEL, too.
    Value::from(value).to_string()
}

/// An expression for an annotation of an object; empty where it has none. One without a value counts.
pub(super) fn annotation(object: &str, key: &str) -> String {
    let annotations = format!("{object}.metadata.annotations");
    let key = text(key);
    format!("has({annotations}) && ({key} in {annotations}) ? '#' + {annotations}[{key}] : ''")
}

/// The same of the object as it was; empty where it is new.
pub(super) fn annotation_before(key: &str) -> String {
    format!("oldObject == null ? '' : ({})", annotation("oldObject", key))
}

/// The approvals of the exception as it was; none where it is new.
pub(super) fn approvals_before() -> Value {
    variable(
        "approvalsBefore",
        "oldObject != null && has(oldObject.spec.approvals) ? oldObject.spec.approvals : []",
    )
}

/// The approvals of the exception as it would be.
pub(super) fn approvals() -> Value {
    variable("approvals", "has(object.spec.approvals) ? object.spec.approvals : []")
}

/// Whether signatures alone approve the object.
pub(super) fn signed(object: &str) -> String {
    let annotations = format!("{object}.metadata.annotations");
    let (key, value) = (text(SIGNED.0), text(SIGNED.1));
    format!("has({annotations}) && ({key} in {annotations}) && {annotations}[{key}] == {value}")
}

/// Whether what is approved stays as it was: everything of the spec but what is said about it. Fields that a later
/// version adds are among it without anybody thinking of them.
pub(super) fn same_content() -> Value {
    let about = "['approvals', 'requestedBy', 'revoked']";
    variable(
        "sameContent",
        format!(
            "oldObject == null || (\
             object.spec.all(field, field in {about} \
             || (field in oldObject.spec && object.spec[field] == oldObject.spec[field])) \
             && oldObject.spec.all(field, field in {about} || field in object.spec))"
        ),
    )
}
