//! Whose judgement a change of the facts may change.

use std::collections::BTreeSet;

use super::rbac::Principal;
use crate::facts::{Inventory, ObjectKind, SubjectKey, Text};

/// The subjects that must be judged again. More than need be costs time; one too few would be wrong.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Affected {
    /// All of them.
    pub everything: bool,
    /// These, be they there still or not.
    pub subjects: BTreeSet<SubjectKey>,
    /// These namespaces themselves, and everything in them.
    pub namespaces: BTreeSet<Text>,
    /// These namespaces themselves, and every workload in them.
    pub workloads_of: BTreeSet<Text>,
    /// Every object of these kinds.
    pub kinds: BTreeSet<ObjectKind>,
}

impl Affected {
    /// The workloads whose pods are this principal, or have its rights.
    pub(super) fn add_principal(&mut self, inventory: &Inventory, who: &Principal) {
        match who {
            Principal::ServiceAccount { namespace, name } => {
                let own = inventory.workloads_in(namespace).filter(|(_, it)| it.service_account() == *name);
                self.subjects.extend(own.map(|(key, _)| key.clone()));
            }
            Principal::Group(group) => match group.strip_prefix("system:serviceaccounts:") {
                Some(namespace) => drop(self.workloads_of.insert(Text::from(namespace))),
                // All accounts are in the others that a pod can be in.
                None => self.everything |= group.starts_with("system:"),
            },
            Principal::User(_) => {}
        }
    }
}
