//! What a signature is over: the approved content of an exception, in one form only.

use serde_json::{Map, Value, json};

use crate::api::{Approval, RiskException, RiskExceptionSpec};

/// The first line of what is signed: the form, and its version. Another form gets another version, and both are checked for
/// as long as signatures of the older one may live.
pub const FORM: &str = "stanchion.dev/riskexception/v1";

/// The bytes that an approval's signature is over: [`FORM`] on a line, and the content as canonical JSON (RFC 8785) on
/// another. docs/approvals.md describes them.
///
/// It is made of what the fields mean and not of how they are written: moments are in UTC, defaults are spelt out, and what
/// has no order is sorted.
///
/// # Errors
/// Never for what was read from YAML or JSON: nothing in it can't be written as JSON.
pub fn content(exception: &RiskException, approval: &Approval) -> Result<Vec<u8>, serde_json::Error> {
    let meta = &exception.metadata;
    let value = json!({
        "approval": {"by": approval.by, "at": approval.at.as_ref().map(|at| at.0.to_string()), "comment": approval.comment},
        "exception": {"namespace": meta.namespace, "name": meta.name, "spec": spec(&exception.spec)?},
    });
    let mut bytes = format!("{FORM}\n").into_bytes();
    serde_json_canonicalizer::to_writer(&without_nulls(value), &mut bytes)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Everything that is approved: all but the approvals themselves, and the word that ends it early.
fn spec(written: &RiskExceptionSpec) -> Result<Value, serde_json::Error> {
    let mut spec = RiskExceptionSpec {
        max_workloads: Some(written.max_workloads()),
        approvals: Vec::new(),
        revoked: None,
        ..written.clone()
    };
    let target = &mut spec.target;
    let sets = [&mut target.names, &mut target.containers, &mut target.images];
    for set in sets.into_iter().chain([&mut spec.controls, &mut spec.vulnerabilities, &mut spec.clusters]) {
        set.sort_unstable();
    }
    let mut value = serde_json::to_value(&spec)?;
    if let Some(fields) = value.as_object_mut() {
        // Serializing a moment would drop what is less than a second.
        let moments = [("validFrom", written.valid_from.as_ref()), ("expiresAt", Some(&written.expires_at))];
        for (name, moment) in moments {
            if let Some(moment) = moment {
                fields.insert(name.to_owned(), Value::from(moment.0.to_string()));
            }
        }
        fields.insert("expiresOnFix".to_owned(), Value::from(written.expires_on_fix));
    }
    Ok(value)
}

/// An absent field and one that is null are the same.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.map(|(name, value)| (name, without_nulls(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
