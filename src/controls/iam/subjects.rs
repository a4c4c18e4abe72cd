//! What the controls of bindings share: whom a binding names that Kubernetes doesn't ship it with.

use crate::engine::control::{Finding, Verdict};
use crate::facts::rbac::{Binding, RbacSubject};
use crate::facts::{Path, Text};
use crate::relations::rbac::{Principal, shipped};

/// One entry of `subjects`.
pub(super) struct Named<'a> {
    /// Its place in the list.
    at: usize,
    /// As it is written.
    pub(super) written: &'a RbacSubject,
    /// Who is meant.
    pub(super) who: Principal,
}

impl Named<'_> {
    /// A finding of this entry.
    pub(super) fn finding(&self, message: impl Into<String>) -> Finding {
        Finding::new(Path::of(&["subjects"]).index(self.at), message).value(&self.who)
    }
}

/// The subjects of a binding but for those that Kubernetes ships it with, and those that the API server doesn't know.
pub(super) fn named(binding: &Binding) -> impl Iterator<Item = Named<'_>> {
    let namespace = binding.scope().cloned().unwrap_or_default();
    binding.subjects.iter().enumerate().filter_map(move |(at, written)| {
        let who = Principal::of(written, &namespace)?;
        (!shipped::binds(binding, &who)).then_some(Named { at, written, who })
    })
}

/// A finding of each subject with a defect; nothing to judge where there is no subject.
pub(super) fn each_subject<'a>(
    binding: &'a Binding,
    judge: impl Fn(&Named<'a>) -> Option<Finding>,
) -> Verdict {
    let mut subjects = named(binding).peekable();
    if subjects.peek().is_none() {
        return Verdict::NotApplicable;
    }
    subjects.filter_map(|subject| judge(&subject)).collect()
}

/// Where a binding grants, in words: `in every namespace`, `in namespace shop`.
pub(super) fn place(binding: &Binding) -> String {
    binding.scope().map_or_else(|| "in every namespace".to_owned(), |it: &Text| format!("in namespace {it}"))
}
