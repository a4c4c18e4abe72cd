//! Workloads that other workloads own: few facts of each, and most of those once for all siblings.

use std::sync::Arc;

use super::custom::CustomKinds;
use super::inventory::SubjectKey;
use super::object::ObjectKind;
use super::running::Running;
use super::shared::Pool;
use super::text::Text;
use super::workload::Workload;

/// A workload that another one owns: it counts as part of its owner, and tells what of it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// What it has in common with its siblings.
    common: Arc<Common>,
    /// The node that it runs on, for a Pod.
    pub node: Option<Text>,
}

/// What the pods of one owner mostly have in common: kept once for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Common {
    owner: SubjectKey,
    running: Running,
}

impl Owned {
    /// What is kept of a workload that another one owns; nothing if none does.
    pub(super) fn of(
        workload: &Workload,
        kinds: &CustomKinds,
        names: &mut Pool<Text>,
        common: &mut Pool<Arc<Common>>,
    ) -> Option<Self> {
        let (kind, owner) = workload.owning_workload(kinds)?;
        let namespace = workload.meta.namespace.clone().unwrap_or_default();
        let name = names.share(owner.name.clone());
        let made = Common {
            owner: SubjectKey::new(namespace, ObjectKind::Workload(kind), name),
            running: workload.running.as_deref().cloned().unwrap_or_default(),
        };
        Some(Self { common: common.share(Arc::new(made)), node: workload.spec().node_name.clone() })
    }

    /// Its owner, which may be owned in turn.
    #[must_use]
    pub fn owner(&self) -> &SubjectKey {
        &self.common.owner
    }

    /// What runs, for a Pod.
    #[must_use]
    pub fn running(&self) -> &Running {
        &self.common.running
    }
}
