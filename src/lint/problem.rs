//! What can't be used at all, under the names of lints.

use std::sync::Arc;

use super::{
    DUPLICATE_NAME, Diagnostic, INVALID_SYNTAX, Lint, MISSING_FILE, RULE, SCHEMA, UNKNOWN_FIELD,
    UNKNOWN_KIND, UNUSABLE_VALUE,
};
use crate::load::{Cause, Collection};

pub(super) fn check(collection: &Collection) -> Vec<Diagnostic> {
    let diagnostic = |problem: &crate::load::Problem| Diagnostic {
        lint: lint(problem.cause),
        file: Arc::clone(&problem.file),
        position: problem.position,
        message: problem.message.clone(),
    };
    collection.problems.iter().map(diagnostic).collect()
}

fn lint(cause: Cause) -> &'static Lint {
    match cause {
        Cause::Missing => &MISSING_FILE,
        Cause::Syntax => &INVALID_SYNTAX,
        Cause::Kind => &UNKNOWN_KIND,
        Cause::Schema => &SCHEMA,
        Cause::Rule => &RULE,
        Cause::Field => &UNKNOWN_FIELD,
        Cause::Value => &UNUSABLE_VALUE,
        Cause::Name => &DUPLICATE_NAME,
    }
}
