//! What the controls of bindings share: whom a binding names that Kubernetes doesn't ship it with.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::control::{Context, Finding, Verdict};
use crate::engine::parameters::Parameters;
use crate::engine::pattern::SubjectPattern;
use crate::facts::rbac::Binding;
use crate::facts::{Path, Text};
use crate::relations::rbac::{KnownRole, Principal, RoleKey, shipped};

/// Who may have it.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct Allowed {
    /// Who may have it: `User NAME`, `Group NAME` or `ServiceAccount NAMESPACE/NAME`, in which `*` stands for anything.
    /// Default: nobody. Example: `[Group oidc:platform-admins]`.
    pub(super) allowed_subjects: Vec<SubjectPattern>,
}

impl Parameters for Allowed {}

/// One entry of `subjects`.
pub(super) struct Named {
    /// Its place in the list.
    at: usize,
    /// Who is meant.
    pub(super) who: Principal,
}

impl Named {
    /// A finding of this entry.
    pub(super) fn finding(&self, message: impl Into<Cow<'static, str>>) -> Finding {
        Finding::new(Path::of(&["subjects"]).index(self.at), message).value(&self.who)
    }
}

/// The subjects of a binding but for those that Kubernetes ships it with, and those that the API server doesn't know.
pub(super) fn named(binding: &Binding) -> impl Iterator<Item = Named> + use<'_> {
    let namespace = binding.scope().cloned().unwrap_or_default();
    binding.subjects.iter().enumerate().filter_map(move |(at, written)| {
        let who = Principal::of(written, &namespace)?;
        (!shipped::binds(binding, &who)).then_some(Named { at, who })
    })
}

/// A finding of each subject with a defect; nothing to judge where there is no subject.
pub(super) fn each_subject(binding: &Binding, judge: impl Fn(&Named) -> Option<Finding>) -> Verdict {
    let mut subjects = named(binding).peekable();
    if subjects.peek().is_none() {
        return Verdict::NotApplicable;
    }
    subjects.filter_map(|subject| judge(&subject)).collect()
}

/// The same, but for the components of Kubernetes and for those who may.
pub(super) fn each_stranger(
    binding: &Binding,
    allowed: &[SubjectPattern],
    judge: impl Fn(&Named) -> Option<Finding>,
) -> Verdict {
    each_subject(binding, |subject| {
        let may = || allowed.iter().any(|pattern| pattern.matches(&subject.who));
        if shipped::is_component(&subject.who) || may() { None } else { judge(subject) }
    })
}

/// Where a binding grants, in words: `in every namespace`, `in namespace shop`.
pub(super) fn place(binding: &Binding) -> String {
    binding.scope().map_or_else(|| "in every namespace".to_owned(), |it: &Text| format!("in namespace {it}"))
}

/// The role that a binding grants, if it is known.
pub(super) fn granted<'a>(binding: &Binding, context: &Context<'a>) -> Option<&'a KnownRole> {
    context.relations.rbac().role(&RoleKey::granted_by(binding)?)
}

#[cfg(test)]
pub(super) mod testing {
    //! Bindings, and what is found in them.

    use serde_json::{Value, json};

    use crate::controls::testing::judge_with;
    use crate::engine::control::{Control, Verdict};

    fn binding(kind: &str, namespace: &str, role: &str, subjects: &str) -> String {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: b{namespace}}}\n\
             roleRef: {{kind: ClusterRole, name: \"{role}\"}}\nsubjects: [{subjects}]\n"
        )
    }

    /// A `ClusterRole` bound everywhere.
    pub(crate) fn cluster_role_binding(role: &str, subjects: &str) -> String {
        binding("ClusterRoleBinding", "", role, subjects)
    }

    /// A `ClusterRole` bound in the namespace `web`.
    pub(crate) fn role_binding(role: &str, subjects: &str) -> String {
        binding("RoleBinding", ", namespace: web", role, subjects)
    }

    /// What is found, and where; `-` where there is nothing to judge, `?` and why where it can't be said.
    pub(crate) fn found(control: &Control, manifest: &str) -> Vec<String> {
        found_with(control, &json!({}), manifest)
    }

    /// The same, with parameters.
    pub(crate) fn found_with(control: &Control, parameters: &Value, manifest: &str) -> Vec<String> {
        match judge_with(control, parameters, manifest) {
            Verdict::Pass => Vec::new(),
            Verdict::Fail(findings) => {
                findings.iter().map(|finding| format!("{}: {}", finding.path, finding.message)).collect()
            }
            Verdict::NotApplicable => vec!["-".to_owned()],
            Verdict::Unknown(why) => vec![format!("?: {why}")],
            other @ Verdict::Error(_) => panic!("{other:?}"),
        }
    }
}
