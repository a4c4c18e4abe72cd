//! What becomes of exceptions: whom they are meant for, whether they live, what they cover.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::Assessed;
use super::placing::Placed;
use super::renewals::{self, Line};
use crate::api::ExceptionBounds;
use crate::engine::approval::Uncounted;
use crate::engine::catalogue;
use crate::engine::control::{Control, Subject, SubjectType, Verdict};
use crate::engine::exception::{Approvals, CompiledException, Life};
use crate::engine::fingerprint::Fingerprint;
use crate::engine::needs;
use crate::engine::policy::{Policy, Settings};
use crate::engine::tier::{most_critical, strictest};
use crate::facts::{Inventory, SubjectKey, Text};
use crate::relations::Relations;

/// What became of an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an answer of its own, and none follows from another"
)]
pub struct ExceptionState {
    /// Whether it lives.
    pub life: Life,
    /// Its approvals.
    pub approvals: Approvals,
    /// The approvals that don't count.
    pub uncounted: Vec<Uncounted>,
    /// Why no approval counts at all.
    pub void: Option<String>,
    /// What goes beyond its tier's bounds.
    pub beyond_bounds: Option<String>,
    /// How many exceptions came before it, one after the other.
    pub renewals: usize,
    /// When the first of those began, or itself, as far as anybody says.
    pub begun: Option<Timestamp>,
    /// Whether another one renews it.
    pub is_renewed: bool,
    /// The bounds of the most critical tier that it touches.
    pub bounds: ExceptionBounds,
    /// The workloads that it is meant for.
    pub targets: BTreeSet<SubjectKey>,
    /// The tiers of those.
    pub tiers: BTreeSet<Text>,
    /// Whether it is meant for more workloads than it may cover, so that it covers none.
    pub overbroad: bool,
    /// Whether any standard asks for one of its controls on one of its workloads.
    pub asked_for: bool,
    /// The workloads that would fail without it.
    pub covered: BTreeSet<SubjectKey>,
    /// The findings that it covers; one that several standards ask for is one.
    pub findings: BTreeSet<Fingerprint>,
    /// Compensating controls that don't hold on one of its workloads.
    pub failed_compensations: BTreeSet<Text>,
    /// Whether it is suspended for that.
    pub is_suspended: bool,
}

impl ExceptionState {
    /// Whether it covers findings at all.
    #[must_use]
    pub fn covers(&self) -> bool {
        self.life.is_active() && !self.overbroad && !self.is_suspended
    }

    /// Puts together what the subjects that it is meant for say of it. `index` is its place in [`Policy::exceptions`].
    pub(super) fn take_stock(&mut self, index: usize, subjects: &BTreeMap<SubjectKey, Arc<Assessed>>) {
        (self.asked_for, self.covered, self.findings) = Default::default();
        for key in &self.targets {
            let uses = subjects.get(key).map_or(&[][..], |assessed| &assessed.uses);
            for it in uses.iter().filter(|it| it.exception == index) {
                self.asked_for = true;
                self.covered.extend(it.covered.map(|_| key.clone()));
                self.findings.extend(it.covered);
            }
        }
    }
}

pub(super) type Targeted = BTreeMap<SubjectKey, Vec<usize>>;

/// What each exception is meant for, and whether it lives.
pub(super) fn place_all(
    policy: &Policy,
    relations: &Relations<'_>,
    placed: &[Placed<'_>],
    now: Timestamp,
) -> (Vec<ExceptionState>, Targeted) {
    let namespaces = policy.exceptions.chunk_by(|a, b| a.namespace == b.namespace);
    let states: Vec<ExceptionState> =
        namespaces.flat_map(|own| place(policy, relations, own, placed, now)).collect();
    let targeted = targeted(&states, 0..states.len());
    (states, targeted)
}

/// The same of all exceptions of one namespace. Of what is placed, that namespace must be there, and what is of the cluster.
pub(super) fn place(
    policy: &Policy,
    relations: &Relations<'_>,
    exceptions: &[CompiledException],
    placed: &[Placed<'_>],
    now: Timestamp,
) -> Vec<ExceptionState> {
    let Some(namespace) = exceptions.first().map(|it| &it.namespace) else { return Vec::new() };
    // What is of the cluster stands under the empty namespace.
    let there: Vec<&Placed<'_>> =
        in_namespace(placed, "").iter().chain(in_namespace(placed, namespace)).collect();
    let (aims, meant): (Vec<_>, Vec<_>) = exceptions.iter().map(|it| aim(it, &there)).unzip();
    let lines = renewals::lines(exceptions, &aims);
    let all = exceptions.iter().zip(meant).zip(lines);
    all.map(|((it, meant), line)| ExceptionState::new(policy, relations, it, &meant, line, now)).collect()
}

/// What an exception is meant for, whatever the images, and what it can cover. For more than it may cover it doesn't count.
fn aim<'p, 'a>(
    exception: &CompiledException,
    there: &[&'p Placed<'a>],
) -> (Vec<renewals::Aim>, Vec<&'p Placed<'a>>) {
    let (mut aims, mut meant) = (Vec::new(), Vec::new());
    for (place, it) in there.iter().enumerate() {
        if exception.aims_at(&it.key, it.subject) {
            if aims.len() < exception.max_workloads {
                aims.push((place, exception.containers_of(it.subject)));
            }
            if exception.targets(&it.key, it.subject) {
                meant.push(*it);
            }
        }
    }
    (aims, meant)
}

/// Of these exceptions, those that are meant for each subject.
pub(super) fn targeted(states: &[ExceptionState], indices: impl Iterator<Item = usize>) -> Targeted {
    let mut targeted = Targeted::new();
    for (index, state) in indices.filter_map(|index| Some((index, states.get(index)?))) {
        for key in &state.targets {
            targeted.entry(key.clone()).or_default().push(index);
        }
    }
    targeted
}

/// The subjects of a namespace, which stand together.
fn in_namespace<'p, 'a>(placed: &'p [Placed<'a>], namespace: &str) -> &'p [Placed<'a>] {
    let first = placed.partition_point(|subject| subject.key.namespace.as_str() < namespace);
    let after = placed.partition_point(|subject| subject.key.namespace.as_str() <= namespace);
    placed.get(first..after).unwrap_or_default()
}

/// What an exception promises instead and doesn't hold on every workload that it is meant for.
fn failed_compensations(
    relations: &Relations<'_>,
    exception: &CompiledException,
    meant: &[&Placed<'_>],
    now: Timestamp,
) -> BTreeSet<Text> {
    let holds = |id: &str| {
        let Some(control) = catalogue::find(id) else { return false };
        (control.compile)(&serde_json::Map::new()).is_ok_and(|check| {
            meant.iter().all(|placed| {
                let subject = compensated_by(control, placed, relations.inventory());
                let verdict = subject
                    .map(|subject| needs::verdict(control, &check, subject, &placed.scene(relations, now)));
                matches!(verdict, Some(Verdict::Pass | Verdict::NotApplicable))
            })
        })
    };
    exception.compensating.iter().filter(|id| !holds(id)).cloned().collect()
}

/// What a compensating control is asked about: the subject itself, or its namespace if the control is one of namespaces.
/// Nothing if the facts don't hold that: what can't be said doesn't hold.
fn compensated_by<'a>(
    control: &Control,
    placed: &Placed<'a>,
    inventory: &'a Inventory,
) -> Option<Subject<'a>> {
    if control.subject == SubjectType::Namespace && placed.subject.kind() != SubjectType::Namespace {
        return inventory.namespace(&placed.key.namespace).map(Subject::Namespace);
    }
    Some(placed.subject)
}

impl ExceptionState {
    fn new(
        policy: &Policy,
        relations: &Relations<'_>,
        exception: &CompiledException,
        meant: &[&Placed<'_>],
        line: Line,
        now: Timestamp,
    ) -> Self {
        let most_critical = most_critical(meant.iter().filter_map(|subject| subject.tier));
        let bounds = strictest(&most_critical);
        let Line { renewals, continues, begun, is_renewed } = line;
        let beyond_bounds = exception.beyond_bounds(&bounds, renewals, continues.as_ref(), now);
        let failed_compensations = failed_compensations(relations, exception, meant, now);
        let touched = (!meant.is_empty()).then_some(most_critical);
        let tally = exception.tally(&policy.electorate(touched), now);
        let Settings { trust, rules, .. } = &policy.settings;
        let is_glass = exception.is_break_glass(*trust, rules);
        let required = if is_glass { 0 } else { u32::try_from(bounds.required_approvals).unwrap_or(0) };
        let approvals = Approvals { required, valid: tally.valid };
        Self {
            life: exception.life(beyond_bounds.is_none(), approvals, now),
            approvals,
            uncounted: tally.uncounted,
            void: tally.void,
            beyond_bounds,
            renewals,
            begun,
            is_renewed,
            bounds,
            targets: meant.iter().map(|subject| subject.key.clone()).collect(),
            tiers: meant.iter().filter_map(|subject| subject.tier).map(|tier| tier.name.clone()).collect(),
            overbroad: meant.len() > exception.max_workloads,
            asked_for: false,
            covered: BTreeSet::new(),
            findings: BTreeSet::new(),
            is_suspended: !failed_compensations.is_empty()
                && exception.is_suspended(policy.settings.keeps_record, now),
            failed_compensations,
        }
    }
}
