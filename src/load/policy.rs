//! Standards, tiers and exceptions as files have them: what the API server would refuse is told here.

use std::sync::Arc;

use super::sheet::called;
use super::{Cause, Origin, Problem};
use crate::api::schema::{SchemaError, broken_rules, is_same_place, unknown_fields, validate};
use crate::api::{self, Kind};
use crate::engine::approval::Trust;
use crate::engine::error::CompileErrors;
use crate::engine::exception::CompiledException;
use crate::engine::standard::CompiledStandard;
use crate::engine::tier::CompiledTier;
use crate::facts::object::{Object, ObjectKind};
use crate::manifest::Document;

/// Everything wrong with the form of one of our objects, and of each whether the object can't be used for it.
/// Nothing, for other kinds.
pub(super) fn check(of: ObjectKind, document: &Document<'_>, origin: &Origin) -> Vec<(bool, Problem)> {
    let kind = match of {
        ObjectKind::SecurityStandard => Kind::SecurityStandard,
        ObjectKind::ServiceTier => Kind::ServiceTier,
        ObjectKind::RiskException => Kind::RiskException,
        _ => return Vec::new(),
    };
    let object = called(document);
    let problem = |path: &str, message: &str, cause: Cause| {
        let colon = if path.is_empty() { "" } else { ": " };
        Problem {
            file: Arc::clone(&document.file),
            position: Some(origin.locate_written(path)),
            message: format!("{object}: {path}{colon}{message}"),
            cause,
        }
    };
    if document.api_version != api::API_VERSION {
        let message = format!("`{}` is not served: write `{}`", document.api_version, api::API_VERSION);
        return vec![(true, problem("apiVersion", &message, Cause::Schema))];
    }
    let json = document.node.to_json();
    let mut refused = validate(kind, &json);
    if json.pointer("/metadata/name").and_then(serde_json::Value::as_str).is_none_or(str::is_empty) {
        refused
            .insert(0, SchemaError { path: "metadata.name".to_owned(), message: "is required".to_owned() });
    }
    let broken = broken_rules(kind, &json, &refused);
    let told = |errors: &[SchemaError], cause| {
        errors.iter().map(|error| (true, problem(&error.path, &error.message, cause))).collect::<Vec<_>>()
    };
    let mut found = told(&refused, Cause::Schema);
    found.extend(told(&broken, Cause::Rule));
    refused.extend(broken);
    if !refused.is_empty() {
        found.extend(told(&further(of, document, &refused), Cause::Value));
    }
    found.extend(unknown_fields(kind, &json).iter().map(|field| {
        let message = match &field.suggestion {
            Some(meant) => format!("no such field; did you mean `{meant}`?"),
            None => "no such field: the API server would drop it".to_owned(),
        };
        (false, problem(&field.path, &message, Cause::Field))
    }));
    found
}

/// What compiling would say of an object that is refused already, at other places, so that one run tells everything.
fn further(kind: ObjectKind, document: &Document<'_>, refused: &[SchemaError]) -> Vec<SchemaError> {
    let is_new = |path: &str| !refused.iter().any(|before| is_same_place(&before.path, path));
    let Some(errors) = compiling(kind, document) else { return Vec::new() };
    let new = errors.iter().filter(|error| is_new(&error.path));
    new.map(|error| SchemaError { path: error.path.clone(), message: error.message.clone() }).collect()
}

/// Why one of our objects doesn't compile, if it can be decoded at all.
fn compiling(kind: ObjectKind, document: &Document<'_>) -> Option<CompileErrors> {
    match Object::decode(kind, &document.node).ok()? {
        Object::SecurityStandard(standard) => CompiledStandard::compile(&standard).err(),
        Object::ServiceTier(tier) => CompiledTier::compile(&tier).err(),
        Object::RiskException(exception) => CompiledException::compile(&exception, Trust::Recorded).err(),
        _ => None,
    }
}
