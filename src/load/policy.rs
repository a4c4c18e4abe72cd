//! Standards, tiers and exceptions as files have them: what the API server would refuse is told here.

use std::sync::Arc;

use super::sheet::called;
use super::{Origin, Problem};
use crate::api::schema::{unknown_fields, validate};
use crate::api::{self, Kind};
use crate::facts::object::ObjectKind;
use crate::manifest::Document;

/// Everything wrong with the form of one of our objects, and of each whether the object can't be used for it.
/// Nothing, for other kinds.
pub(super) fn check(kind: ObjectKind, document: &Document, origin: &Origin) -> Vec<(bool, Problem)> {
    let kind = match kind {
        ObjectKind::SecurityStandard => Kind::SecurityStandard,
        ObjectKind::ServiceTier => Kind::ServiceTier,
        ObjectKind::RiskException => Kind::RiskException,
        _ => return Vec::new(),
    };
    let object = called(document);
    let problem = |path: &str, message: &str| Problem {
        file: Arc::clone(&document.file),
        position: Some(origin.locate_written(path)),
        message: format!("{object}: {path}: {message}"),
    };
    if document.api_version != api::API_VERSION {
        let message = format!("`{}` is not served: write `{}`", document.api_version, api::API_VERSION);
        return vec![(true, problem("apiVersion", &message))];
    }
    let json = document.node.to_json();
    let mut found: Vec<(bool, Problem)> = Vec::new();
    if json.pointer("/metadata/name").and_then(serde_json::Value::as_str).is_none_or(str::is_empty) {
        found.push((true, problem("metadata.name", "is required")));
    }
    found.extend(validate(kind, &json).iter().map(|error| (true, problem(&error.path, &error.message))));
    found.extend(unknown_fields(kind, &json).iter().map(|field| {
        let message = match &field.suggestion {
            Some(meant) => format!("no such field; did you mean `{meant}`?"),
            None => "no such field: the API server would drop it".to_owned(),
        };
        (false, problem(&field.path, &message))
    }));
    found
}
