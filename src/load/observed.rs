//! What a cluster has, in the place of files: its objects stand nowhere, and all of them are judged.

use std::sync::Arc;

use super::collection::{Collection, Written};
use super::{Cause, Problem};
use crate::facts::object::{Object, ObjectKind};

/// What stands for a cluster where messages name a file.
pub const CLUSTER: &str = "<cluster>";

impl Collection {
    /// Says that what follows is of the cluster at this address.
    pub fn begin_cluster(&mut self, server: &str) {
        self.cluster = Some(Arc::from(server));
    }

    /// Adds an object of the cluster. What a cluster owns by another object is part of that, and no news.
    pub fn observe(&mut self, object: Object) {
        self.count(object.kind());
        match object {
            Object::SecurityStandard(object) => observed(*object, |it| self.keep(it)),
            Object::ServiceTier(object) => observed(*object, |it| self.keep(it)),
            Object::RiskException(object) => observed(*object, |it| self.keep(it)),
            fact => drop(self.inventory.put(fact)),
        }
    }

    /// Adds an object of the cluster that can't be decoded.
    pub fn observe_malformed(&mut self, kind: ObjectKind, namespace: &str, name: &str, message: &str) {
        self.count(kind);
        let slash = if namespace.is_empty() { "" } else { "/" };
        self.miss(format!("{kind} {namespace}{slash}{name}: {message}"), Cause::Syntax);
    }

    /// Remembers that a kind could not be read, and why.
    pub fn observe_nothing(&mut self, kind: ObjectKind, why: String) {
        self.inventory.leave_unread(kind);
        self.miss(why, Cause::Missing);
    }

    fn count(&mut self, kind: ObjectKind) {
        self.counts.objects += 1;
        self.counts.standards += usize::from(kind == ObjectKind::SecurityStandard);
    }

    fn miss(&mut self, message: String, cause: Cause) {
        self.problems.push(Problem { file: CLUSTER.into(), position: None, message, cause });
    }
}

fn observed<T>(object: T, keep: impl FnOnce(Written<T>)) {
    keep(Written { object, origin: None });
}
