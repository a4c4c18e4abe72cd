//! Our controls, asked about a pod in any wrapping.

use serde_json::Map;
use stanchion::engine::catalogue;
use stanchion::engine::control::{Check, Control, Scene, Subject, Verdict};
use stanchion::facts::{Inventory, Workload, WorkloadKind};
use stanchion::relations::Relations;

/// The text of an object of some kind.
pub(crate) struct Wrapped {
    kind: WorkloadKind,
    text: String,
}

impl Wrapped {
    /// A pod by itself.
    pub(crate) fn bare(pod: &str) -> Self {
        Self { kind: WorkloadKind::Pod, text: pod.to_owned() }
    }

    /// An object of this kind with the pod for its template.
    pub(crate) fn template(kind: WorkloadKind, pod: &str) -> Self {
        let text = kind
            .template_path()
            .iter()
            .rev()
            .fold(pod.to_owned(), |inner, field| format!("{{\"{field}\":{inner}}}"));
        Self { kind, text }
    }

    /// The facts, straight from the text, or why there are none.
    pub(crate) fn decode(&self) -> Result<Workload, serde_json::Error> {
        Workload::decode(self.kind, &mut serde_json::Deserializer::from_str(&self.text))
    }
}

/// Controls with their defaults.
pub(crate) struct Controls {
    checks: Vec<Check>,
    inventory: Inventory,
}

impl Controls {
    /// These controls.
    pub(crate) fn new<'a>(ids: impl Iterator<Item = &'a str>) -> Self {
        Self::of(ids.map(|id| catalogue::find(id).unwrap_or_else(|| panic!("no control `{id}`"))))
    }

    /// Every control of the catalogue.
    pub(crate) fn all() -> Self {
        Self::of(catalogue::all().iter().copied())
    }

    fn of(controls: impl Iterator<Item = &'static Control>) -> Self {
        let checks = controls.map(|control| (control.compile)(&Map::new()).expect("defaults compile"));
        Self { checks: checks.collect(), inventory: Inventory::default() }
    }

    /// The verdicts on an object, in the order of the controls.
    pub(crate) fn judge(&self, object: &Wrapped) -> Vec<Verdict> {
        let workload = object.decode().unwrap_or_else(|error| panic!("{error}: {}", object.text));
        self.judge_facts(&workload)
    }

    /// The verdicts on facts, in the order of the controls.
    pub(crate) fn judge_facts(&self, workload: &Workload) -> Vec<Verdict> {
        let relations = Relations::new(&self.inventory);
        let scene = Scene::new(&relations, jiff::Timestamp::UNIX_EPOCH);
        let judge = |check: &Check| check.judge(Subject::Workload(workload), &scene);
        self.checks.iter().map(judge).collect()
    }
}
