//! Lints: what is wrong with standards, tiers and exceptions as files have them, before anybody applies them.
//!
//! Errors are what the API server or the operator would refuse; [`load`](crate::load) has found them, and they keep its
//! words. Warnings are what only more context shows: workloads, other tiers, the time. Each kind's are in a file of its
//! own. Pure: files and the clock are somebody else's.

mod exception;
mod problem;
mod standard;
mod subsume;
mod tier;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::api::Kind;
use crate::engine::evaluate::Assessment;
use crate::engine::policy::Policy;
use crate::load::{Collection, Origin};
use crate::manifest::Position;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It would be refused.
    Error,
    /// It would be accepted, and hardly does what is meant.
    Warning,
}

impl Level {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something that can be wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct Lint {
    /// Its name, which never changes its meaning.
    pub name: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What is wrong where it is told, in a sentence.
    pub meaning: &'static str,
    /// What to do about it, as the end of a line.
    pub remedy: &'static str,
}

macro_rules! lints {
    ($($level:ident $constant:ident $name:literal: $meaning:literal, $remedy:literal;)+) => {
        $(pub(crate) static $constant: Lint =
            Lint { name: $name, level: Level::$level, meaning: $meaning, remedy: $remedy };)+

        /// Every lint: errors first, then by kind.
        pub static LINTS: &[&Lint] = &[$(&$constant),+];
    };
}

lints! {
    Error MISSING_FILE "missing-file":
        "A file can't be read, or has nothing in it that could be linted.",
        "check the path";
    Error INVALID_SYNTAX "invalid-syntax":
        "It is no YAML, no JSON, or no object of its kind.",
        "write it as `kubectl apply` would read it";
    Error UNKNOWN_KIND "unknown-kind":
        "The API group stanchion.dev has no such kind.",
        "write SecurityStandard, ServiceTier or RiskException";
    Error SCHEMA "schema":
        "The schema refuses it: a field is missing, or has a wrong type, form or bound.",
        "write it as docs/reference/crds.md says";
    Error RULE "rule":
        "A rule of the schema refuses it; the message is the API server's.",
        "change what the rule names";
    Error UNKNOWN_FIELD "unknown-field":
        "The schema doesn't know the field: the API server would drop it.",
        "correct its name, or remove it";
    Error UNUSABLE_VALUE "unusable-value":
        "It passes the schema and can't be used: a control that isn't there, a parameter that it doesn't take.",
        "correct it; `stanchion explain` lists the controls and their parameters";
    Error DUPLICATE_NAME "duplicate-name":
        "Two different objects of one kind have one name.",
        "keep one of them, or rename it";

    Warning STANDARD_UNKNOWN_TIER "standard-unknown-tier":
        "A standard's scope or rollout names a tier that isn't among the files.",
        "correct the name, or give the tiers with --standards";
    Warning STANDARD_COVERS_NOTHING "standard-covers-nothing":
        "No control of a standard judges anything among the files.",
        "widen its scope, or remove it";
    Warning STANDARD_ALL_EXCEPTED "standard-all-excepted":
        "Everything that a standard judges is excepted: it holds nowhere.",
        "end some of the exceptions, or remove the standard";

    Warning STANDARD_OVERLAPPING "standard-overlapping":
        "Two standards set one control differently for a workload among the files: the stricter of both holds there.",
        "ask for the control in one of them, or set it alike";

    Warning TIER_SHADOWED "tier-shadowed":
        "Whatever a tier selects, a more critical one selects too: it never has a workload.",
        "narrow the more critical tier, or remove this one";
    Warning TIER_TWO_DEFAULTS "tier-two-defaults":
        "More than one tier is the default one; the most critical counts.",
        "remove `default: true` from all but one";

    Warning TIER_TOO_FEW_APPROVERS "tier-too-few-approvers":
        "Where signatures count, a tier asks for more approvals than it has approvers: no exception in it can be approved.",
        "name more people in approvers, or ask for fewer approvals";

    Warning EXCEPTION_UNKNOWN_CONTROL "exception-unknown-control":
        "An exception names a control or a family that the catalogue doesn't have.",
        "correct the id; `stanchion explain` lists them";
    Warning EXCEPTION_UNKNOWN_KIND "exception-unknown-kind":
        "An exception's target names a kind that no control judges.",
        "correct the kind, or leave it out for every kind of workload";
    Warning EXCEPTION_UNKNOWN_RENEWAL "exception-unknown-renewal":
        "An exception renews one that isn't among the files, so that renewals can't be counted.",
        "correct the name, or keep the older exception on record";
    Warning EXCEPTION_OF_A_FAMILY "exception-of-a-family":
        "An exception covers a whole family, controls included that are yet to come.",
        "list the controls that fail";
    Warning EXCEPTION_OF_A_NAMESPACE "exception-of-a-namespace":
        "An exception covers every workload of its namespace.",
        "name the workloads that fail";
    Warning EXCEPTION_OVERBROAD "exception-overbroad":
        "An exception matches more workloads than it may cover, and so covers none.",
        "narrow the target, or raise maxWorkloads";
    Warning EXCEPTION_MATCHES_NOTHING "exception-matches-nothing":
        "An exception matches no workload, or none on which a standard asks for its controls.",
        "correct the target or the namespace, or delete the exception";
    Warning EXCEPTION_NOT_NEEDED "exception-not-needed":
        "What an exception matches passes without it.",
        "delete the exception";
    Warning EXCEPTION_UNCOMPENSATED "exception-uncompensated":
        "A compensating control of an exception doesn't hold: it is suspended, or will be within a day.",
        "make the control hold, or name another one";
    Warning EXCEPTION_OUT_OF_BOUNDS "exception-out-of-bounds":
        "An exception lasts longer, or is renewed more often, than its tier allows: it covers nothing.",
        "keep to the bounds of the tier";
    Warning EXCEPTION_NOT_APPROVED "exception-not-approved":
        "An exception lacks approvals, and covers nothing until it has them.",
        "have it approved by somebody other than who asked for it";
    Warning EXCEPTION_APPROVAL_NOT_COUNTED "exception-approval-not-counted":
        "An approval of an exception doesn't count: it is the requester's own or, where signatures count, not well signed.",
        "do what the message says";
    Warning EXCEPTION_EXPIRED "exception-expired":
        "An exception has ended, and no other renews it.",
        "fix the finding and delete the exception, or renew it under a new name";
    Warning EXCEPTION_ENDS_SOON "exception-ends-soon":
        "An exception ends within a week, and no other renews it.",
        "fix the finding, or renew the exception under a new name";
}

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// What it is an instance of.
    pub lint: &'static Lint,
    /// The name of the file.
    pub file: Arc<str>,
    /// The place in it; none if it is about the whole file.
    pub position: Option<Position>,
    /// What is wrong with what: the object, the field, and why.
    pub message: String,
}

/// What is linted, and what is known beside it.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Everything that was read.
    pub collection: &'a Collection,
    /// What of it can be used.
    pub policy: &'a Policy,
    /// The same, judged.
    pub assessment: &'a Assessment,
    /// The files to warn about; the others are there for what they say of these. Errors are told of all.
    pub files: &'a BTreeSet<Arc<str>>,
}

/// Everything that is wrong, by file, in the order in which it was read, and by place in it.
#[must_use]
pub fn check(context: Context<'_>) -> Vec<Diagnostic> {
    let mut found = problem::check(context.collection);
    standard::check(context, &mut found);
    tier::check(context, &mut found);
    exception::check(context, &mut found);
    found.sort_by_cached_key(|it| {
        (context.collection.place_of(&it.file), it.position, it.lint.name, it.message.clone())
    });
    found
}

impl Context<'_> {
    /// Whether there is anything to judge exceptions and scopes by.
    fn has_workloads(&self) -> bool {
        self.collection.inventory.workloads().next().is_some()
    }

    /// A warning at a field of an object, unless its file is only context.
    fn warn(&self, found: &mut Vec<Diagnostic>, lint: &'static Lint, at: &At<'_>, path: &str, message: &str) {
        if let Some(origin) = at.origin.filter(|origin| self.files.contains(&origin.file)) {
            found.push(Diagnostic {
                lint,
                file: Arc::clone(&origin.file),
                position: Some(origin.locate_written(path)),
                message: format!("{}: {path}: {message}", at.called()),
            });
        }
    }
}

/// An object, where it stands.
struct At<'a> {
    kind: Kind,
    namespace: &'a str,
    name: &'a str,
    origin: Option<&'a Origin>,
}

impl At<'_> {
    fn called(&self) -> String {
        let slash = if self.namespace.is_empty() { "" } else { "/" };
        format!("{} {}{slash}{}", self.kind, self.namespace, self.name)
    }
}

#[cfg(test)]
mod tests;
