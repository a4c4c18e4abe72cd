//! The service account of a workload, and what it is given.

use std::borrow::Cow;

use std::collections::BTreeSet;

use crate::engine::control::{Context, Finding};
use crate::facts::{Path, Text, Workload};
use crate::relations::accounts::{automounts, holds_token};
use crate::relations::rbac::{Principal, RoleKey, shipped};

/// The service account of a workload.
pub(super) struct Account<'a> {
    workload: &'a Workload,
    context: &'a Context<'a>,
    /// Its namespace.
    pub(super) namespace: Text,
    /// Its name.
    pub(super) name: Text,
}

impl<'a> Account<'a> {
    /// The service account of this workload.
    pub(super) fn of(workload: &'a Workload, context: &'a Context<'a>) -> Self {
        let namespace = workload.meta.namespace.clone().unwrap_or_default();
        Self { workload, context, namespace, name: workload.service_account() }
    }

    /// Who it is to the API server.
    pub(super) fn principal(&self) -> Principal {
        Principal::service_account(self.namespace.clone(), self.name.clone())
    }

    /// Itself, and the groups that only service accounts are in.
    pub(super) fn principals(&self) -> [Principal; 3] {
        let namespace = format!("system:serviceaccounts:{}", self.namespace);
        let group = |name: &str| Principal::Group(Text::from(name));
        [self.principal(), group(&namespace), group("system:serviceaccounts")]
    }

    /// Whether the pods hold its token.
    pub(super) fn has_token(&self) -> bool {
        holds_token(self.context.inventory, self.workload)
    }

    /// Whether the token is mounted without having been asked for by a volume.
    pub(super) fn automounts(&self) -> bool {
        automounts(self.context.inventory, self.workload)
    }

    /// Every role that it is bound to as a service account, be it known or not; without what Kubernetes ships to all
    /// service accounts.
    pub(super) fn roles(&self) -> BTreeSet<&'a RoleKey> {
        let rbac = self.context.relations.rbac();
        let mut roles = BTreeSet::new();
        for principal in self.principals() {
            let of_all = matches!(principal, Principal::Group(_));
            let bindings = rbac.bindings_of(&principal);
            let bindings =
                bindings.filter(|(key, known)| !(of_all && shipped::is_shipped_binding(key, known)));
            roles.extend(bindings.filter_map(|(_, known)| known.role.as_ref()));
        }
        roles
    }

    /// Where the workload names it, or would.
    pub(super) fn path(&self) -> Path {
        self.workload.spec_path().key("serviceAccountName")
    }

    /// A finding where the workload names it.
    pub(super) fn finding(&self, message: impl Into<Cow<'static, str>>) -> Finding {
        Finding::new(self.path(), message).value(format_args!("{}/{}", self.namespace, self.name))
    }
}
