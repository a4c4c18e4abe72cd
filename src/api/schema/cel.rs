//! The rules in CEL, evaluated without an API server.

use std::sync::LazyLock;

use kube::core::cel::{CompiledSchema, ErrorKind, Validator, compile_schema};
use serde_json::Value;

use super::SchemaError;
use crate::api::{Kind, schema_of};

// The rules of a kind are compiled when the first object of it is checked.
static OF_STANDARDS: LazyLock<CompiledSchema> = LazyLock::new(|| compiled(Kind::SecurityStandard));
static OF_TIERS: LazyLock<CompiledSchema> = LazyLock::new(|| compiled(Kind::ServiceTier));
static OF_EXCEPTIONS: LazyLock<CompiledSchema> = LazyLock::new(|| compiled(Kind::RiskException));

fn compiled(kind: Kind) -> CompiledSchema {
    compile_schema(&serde_json::to_value(schema_of(kind)).unwrap_or_default())
}

/// The rules of its kind that a document breaks, by path. A rule that can't be evaluated, because what it looks at has a
/// wrong type, says nothing: the schema has refused that already. Nor does one that compares with an older version.
pub(super) fn broken(kind: Kind, document: &Value) -> Vec<SchemaError> {
    let compiled = match kind {
        Kind::SecurityStandard => &OF_STANDARDS,
        Kind::ServiceTier => &OF_TIERS,
        Kind::RiskException => &OF_EXCEPTIONS,
    };
    let Err(errors) = Validator::new().validate_compiled(compiled, document, None) else { return Vec::new() };
    let broken = errors.into_vec().into_iter().filter(|error| error.kind == ErrorKind::ValidationFailure);
    let mut found: Vec<SchemaError> =
        broken.map(|error| SchemaError { path: error.field_path, message: error.message }).collect();
    // The fields of a schema come in no order.
    found.sort_by(|a, b| (&a.path, &a.message).cmp(&(&b.path, &b.message)));
    found
}
