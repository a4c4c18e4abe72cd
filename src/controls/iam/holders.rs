//! Who holds a role, and where.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::control::Context;
use crate::engine::pattern::SubjectPattern;
use crate::facts::rbac::{BindingKind, Role, RoleKind};
use crate::facts::text::Text;
use crate::relations::rbac::{BindingKey, KnownBinding, Principal, RoleKey, shipped};

/// Who holds a role.
#[derive(Debug, Default)]
pub(super) struct Holders<'a> {
    /// In every namespace and for what is of the cluster.
    everywhere: BTreeSet<&'a Principal>,
    /// In one namespace.
    namespaces: BTreeMap<&'a Text, BTreeSet<&'a Principal>>,
}

/// Whether anybody holds a role, be it a component of Kubernetes or somebody who may.
pub(super) fn any(key: &RoleKey, context: &Context<'_>) -> bool {
    bindings(key, context).any(|(_, binding)| !binding.subjects.is_empty())
}

/// Every binding of a role, or of an aggregated role that collects it.
fn bindings<'a>(
    key: &RoleKey,
    context: &Context<'a>,
) -> impl Iterator<Item = (&'a BindingKey, &'a KnownBinding)> {
    let rbac = context.relations.rbac();
    let through = rbac.collectors_of(key).into_iter().flat_map(|key| rbac.bindings_of_role(key));
    rbac.bindings_of_role(key).chain(through)
}

impl<'a> Holders<'a> {
    /// Whoever holds a role by a binding of it or of an aggregated role that collects it, but for the components of
    /// Kubernetes and those who are allowed to.
    pub(super) fn of(key: &RoleKey, context: &Context<'a>, allowed: &[SubjectPattern]) -> Self {
        let mut holders = Self::default();
        for (binding, known) in bindings(key, context) {
            let scope = (binding.kind == BindingKind::RoleBinding).then_some(&binding.namespace);
            holders.add(scope, known, allowed);
        }
        holders
    }

    fn add(&mut self, scope: Option<&'a Text>, binding: &'a KnownBinding, allowed: &[SubjectPattern]) {
        let counts = |who: &&Principal| {
            !shipped::is_component(who) && !allowed.iter().any(|pattern| pattern.matches(who))
        };
        let mut counted = binding.subjects.iter().filter(counts).peekable();
        if counted.peek().is_none() {
            return;
        }
        match scope {
            None => self.everywhere.extend(counted),
            Some(namespace) => self.namespaces.entry(namespace).or_default().extend(counted),
        }
    }
}

/// How far a right must reach for a control to care.
#[derive(Clone, Copy)]
pub(super) enum Reach<'a> {
    /// It is a right over something of the cluster: only a `ClusterRoleBinding` gives it.
    Cluster,
    /// It must be held in every namespace.
    Everywhere,
    /// It must be held in single namespaces, and not in all.
    Namespaces,
    /// It is judged wherever it is held.
    Any,
    /// It must be held everywhere, or in one of these namespaces.
    Within(&'a dyn Fn(&str) -> bool),
}

/// Who is let do something, and where, in words.
pub(super) struct Let {
    /// `ServiceAccount shop/ci and 2 others`
    pub(super) who: String,
    /// ` in every namespace`; empty for what is of the cluster.
    pub(super) place: String,
}

impl Reach<'_> {
    /// Whether a role of this kind and namespace can give such a right at all.
    pub(super) fn is_of(self, role: &Role) -> bool {
        let namespace = role.metadata.namespace.as_deref().unwrap_or_default();
        match self {
            Self::Cluster | Self::Everywhere => role.kind == RoleKind::ClusterRole,
            Self::Within(meant) => role.kind == RoleKind::ClusterRole || meant(namespace),
            Self::Namespaces | Self::Any => true,
        }
    }

    /// Whom a role lets do what it allows, as far as it reaches; nothing for nobody.
    pub(super) fn of(self, holders: &Holders<'_>) -> Option<Let> {
        let everywhere = |place: &str| {
            let who = in_words(&holders.everywhere)?;
            Some(Let { who, place: place.to_owned() })
        };
        match self {
            Self::Cluster => everywhere(""),
            Self::Everywhere => everywhere(" in every namespace"),
            Self::Namespaces => in_namespaces(holders, &|_| true),
            Self::Any => everywhere(" in every namespace").or_else(|| in_namespaces(holders, &|_| true)),
            Self::Within(meant) => {
                everywhere(" in every namespace").or_else(|| in_namespaces(holders, meant))
            }
        }
    }

    /// What is said of a role that nobody holds, if it could give such a right.
    pub(super) fn of_nobody(self, role: &Role) -> Option<Let> {
        let who = "whoever it is bound to".to_owned();
        match (self, role.kind) {
            (Self::Namespaces, RoleKind::ClusterRole) => None,
            (Self::Cluster, _) => Some(Let { who, place: String::new() }),
            (_, RoleKind::ClusterRole) => Some(Let { who, place: " where it is bound".to_owned() }),
            (_, RoleKind::Role) => {
                let namespace = role.metadata.namespace.as_deref().unwrap_or_default();
                Some(Let { who, place: format!(" in namespace {namespace}") })
            }
        }
    }
}

fn in_namespaces(holders: &Holders<'_>, meant: &dyn Fn(&str) -> bool) -> Option<Let> {
    let namespaces: Vec<_> = holders.namespaces.iter().filter(|(namespace, _)| meant(namespace)).collect();
    let who: BTreeSet<&Principal> = namespaces.iter().flat_map(|(_, who)| who.iter().copied()).collect();
    let place = match namespaces.as_slice() {
        [] => return None,
        [(only, _)] => format!(" in namespace {only}"),
        [(first, _), (second, _)] => format!(" in namespaces {first} and {second}"),
        [(first, _), rest @ ..] => format!(" in namespace {first} and {} others", rest.len()),
    };
    in_words(&who).map(|who| Let { who, place })
}

/// `ServiceAccount shop/ci`, and how many others.
fn in_words(who: &BTreeSet<&Principal>) -> Option<String> {
    let first = who.first()?;
    Some(match who.len() {
        1 => first.to_string(),
        2 => format!("{first} and 1 other"),
        more => format!("{first} and {} others", more.saturating_sub(1)),
    })
}
