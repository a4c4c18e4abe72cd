//! The assessment: every subject judged by every standard that covers it, joined with tiers and exceptions.

mod find;
mod judge;
mod ledger;
mod placing;
mod preview;
mod renewals;
mod states;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;

use super::control::{Control, Finding};
use super::fingerprint::Fingerprint;
use super::policy::Policy;
use super::tier::Placement;
use crate::api::Severity;
use crate::facts::{Inventory, List, SubjectKey, Text};
use crate::relations::Relations;
pub use find::NotJudged;
use judge::Judge;
pub use ledger::{Decided, Ledger};
use placing::{Placed, Placing};
pub use preview::Preview;
pub use states::ExceptionState;
use states::Targeted;

/// The most findings of one control on one subject that are kept. Nobody reads more of one kind, and a hostile object
/// could hold hundreds of thousands; the rest is counted.
pub const MOST_FINDINGS: usize = 200;

/// What a control says of a subject, exceptions taken into account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Nothing to judge, or the standard doesn't cover the subject.
    NotApplicable,
    /// Judged, and nothing found.
    Pass,
    /// Found, and every finding is covered by an exception that lives.
    Excepted,
    /// It can't be said.
    Unknown,
    /// The judgement itself failed.
    Error,
    /// Found, and not excused.
    Fail,
}

/// A finding, and what excuses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The finding.
    pub finding: Finding,
    /// Tells it from all others.
    pub fingerprint: Fingerprint,
    /// The exception that covers it, by its place in [`Policy::exceptions`]. Of several, the one that ends last.
    pub exception: Option<usize>,
}

/// One control of one standard on one subject, where there is something to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    /// The standard, by its place in [`Policy::standards`].
    pub standard: usize,
    /// The control.
    pub control: &'static Control,
    /// The catalogue's severity, or the standard's.
    pub severity: Severity,
    /// The outcome; never a pass.
    pub outcome: Outcome,
    /// What was found, at most [`MOST_FINDINGS`].
    pub findings: Vec<Judged>,
    /// How many findings there are beyond those. They are no exception's.
    pub unlisted: usize,
    /// Why it can't be said, for [`Outcome::Unknown`] and [`Outcome::Error`].
    pub reason: Option<Cow<'static, str>>,
}

/// A subject, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    /// Its tier, by name.
    pub tier: Option<Text>,
    /// Why it is in that tier.
    pub placement: Placement,
    /// Less critical tiers whose selectors match too.
    pub overlaps: List<Text>,
    /// Who owns it, if anybody says so.
    pub owner: Option<Text>,
    /// The service that it is part of, by its `app.kubernetes.io/part-of` label.
    pub part_of: Option<Text>,
    /// The outcome of each control of each standard, in the order of [`Policy::standards`] and their controls.
    pub outcomes: List<Outcome>,
    /// The exceptions that are about it, and what each does.
    pub uses: List<Use>,
    /// Everything that neither passes nor doesn't apply. Empty where only the outcomes are kept.
    pub details: Vec<Detail>,
}

/// What an exception has to do with a subject: one of its controls is asked for, and maybe a finding is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Use {
    /// The exception, by its place in [`Policy::exceptions`].
    pub exception: usize,
    /// The standard that asks, by its place in [`Policy::standards`].
    pub standard: usize,
    /// The finding that it covers.
    pub covered: Option<Fingerprint>,
    /// Whether it is the one by which the finding is excused; others may cover it, too.
    pub excuses: bool,
}

/// Everything judged, at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The time that it was judged for.
    pub at: Timestamp,
    /// Every subject that isn't exempt.
    pub subjects: BTreeMap<SubjectKey, Arc<Assessed>>,
    /// What became of each exception, in the order of [`Policy::exceptions`].
    pub exceptions: Vec<ExceptionState>,
    /// How many workloads are in exempt namespaces.
    pub exempt: u64,
}

/// Judges everything.
#[must_use]
pub fn assess(policy: &Policy, inventory: &Inventory, now: Timestamp) -> Assessment {
    assess_with(policy, &Relations::new(inventory), now, |assessed| assessed, Arc::new)
}

fn assess_with(
    policy: &Policy,
    relations: &Relations<'_>,
    now: Timestamp,
    leave: fn(Assessed) -> Assessed,
    keep: impl FnMut(Assessed) -> Arc<Assessed>,
) -> Assessment {
    let inventory = relations.inventory();
    let placed = Placing::new(policy, inventory).all();
    let (mut exceptions, targeted) = states::place_all(policy, relations, &placed, now);
    // Subjects don't look at one another's judgements. What they say of exceptions is put together afterwards.
    let judged = judge(policy, relations, &placed, (&exceptions, &targeted), now, leave, keep);
    let subjects = placed.into_iter().map(|it| it.key).zip(judged).collect();
    for (index, state) in exceptions.iter_mut().enumerate() {
        state.take_stock(index, &subjects);
    }
    Assessment { at: now, subjects, exceptions, exempt: placing::exempt(policy, inventory) }
}

/// Judges subjects, on all cores. `leave` leaves of each judgement what is kept of it, and `keep` keeps that.
fn judge(
    policy: &Policy,
    relations: &Relations<'_>,
    placed: &[Placed<'_>],
    (exceptions, targeted): (&[ExceptionState], &Targeted),
    now: Timestamp,
    leave: fn(Assessed) -> Assessed,
    mut keep: impl FnMut(Assessed) -> Arc<Assessed>,
) -> Vec<Arc<Assessed>> {
    let mut all = Vec::with_capacity(placed.len());
    // What is alike is kept once, so that few are there as they are made.
    for some in placed.chunks(MANY) {
        let judged = some.par_iter().with_min_len(FEW).map(|subject| {
            let meant = targeted.get(&subject.key).map_or(&[][..], Vec::as_slice);
            let judge = Judge { policy, placed: subject, meant, exceptions, first: 0, uses: Vec::new() };
            leave(judge.judge(&subject.scene(relations, now)))
        });
        let judged: Vec<Assessed> = judged.collect();
        all.extend(judged.into_iter().map(&mut keep));
    }
    all
}

/// Fewer subjects than this aren't worth a thread of their own.
pub(crate) const FEW: usize = 32;

/// Of more subjects than this not all judgements are made before some are kept.
const MANY: usize = 8192;

/// By what tells most of them apart.
impl Hash for Assessed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.tier, &self.overlaps, &self.owner, &self.part_of).hash(state);
        (&self.outcomes, &self.uses).hash(state);
    }
}
