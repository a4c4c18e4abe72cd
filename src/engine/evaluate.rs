//! The assessment: every subject judged by every standard that covers it, joined with tiers and exceptions.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rayon::prelude::*;

use super::control::{Control, Finding, Scene, Subject, SubjectType, Verdict};
use super::exception::{Approvals, CompiledException, Life};
use super::fingerprint::{self, Fingerprint};
use super::policy::Policy;
use super::standard::CompiledControl;
use super::tier::{CompiledTier, Placement};
use crate::api::{ExceptionBounds, Severity};
use crate::facts::{Inventory, Meta, Object, SubjectKey, Text, TextMap};
use crate::relations::Relations;

/// The label by which workloads of a namespace are one service (Kubernetes' recommended labels).
const PART_OF: &str = "app.kubernetes.io/part-of";

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
    pub overlaps: Vec<Text>,
    /// Who owns it, if anybody says so.
    pub owner: Option<Text>,
    /// The service that it is part of, by its `app.kubernetes.io/part-of` label.
    pub part_of: Option<Text>,
    /// The outcome of each control of each standard, in the order of [`Policy::standards`] and their controls.
    pub outcomes: Vec<Outcome>,
    /// Everything that neither passes nor doesn't apply.
    pub details: Vec<Detail>,
}

/// What became of an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionState {
    /// Whether it lives.
    pub life: Life,
    /// Its approvals.
    pub approvals: Approvals,
    /// What goes beyond its tier's bounds.
    pub beyond_bounds: Option<String>,
    /// How many exceptions it renews, one after the other.
    pub renewals: usize,
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
    /// Compensating controls that don't hold on one of its workloads: it is suspended until they do.
    pub failed_compensations: BTreeSet<Text>,
}

impl ExceptionState {
    /// Whether it covers findings at all.
    #[must_use]
    pub fn covers(&self) -> bool {
        self.life.is_active() && !self.overbroad && self.failed_compensations.is_empty()
    }
}

/// Everything judged, at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The time that it was judged for.
    pub at: Timestamp,
    /// Every subject that isn't exempt.
    pub subjects: BTreeMap<SubjectKey, Assessed>,
    /// What became of each exception, in the order of [`Policy::exceptions`].
    pub exceptions: Vec<ExceptionState>,
    /// How many workloads are in exempt namespaces.
    pub exempt: u64,
}

/// Judges everything.
#[must_use]
pub fn assess(policy: &Policy, inventory: &Inventory, now: Timestamp) -> Assessment {
    let relations = Relations::new(inventory);
    let (placed, exempt) = place(policy, inventory);
    let (mut exceptions, targeted) = place_exceptions(policy, &relations, &placed, now);
    // Subjects don't look at one another's judgements. What they say of exceptions is put together afterwards.
    let judged: Vec<(Assessed, Vec<Use>)> = placed
        .par_iter()
        .with_min_len(FEW)
        .map(|subject| {
            let meant = targeted.get(&subject.key).map_or(&[][..], Vec::as_slice);
            Judge { policy, placed: subject, meant, exceptions: &exceptions, uses: Vec::new() }
                .judge(&subject.scene(&relations, now))
        })
        .collect();
    let mut subjects = Vec::with_capacity(judged.len());
    for (subject, (assessed, uses)) in placed.into_iter().zip(judged) {
        for it in uses {
            if let Some(state) = exceptions.get_mut(it.exception) {
                state.asked_for = true;
                state.covered.extend(it.covered.map(|_| subject.key.clone()));
                state.findings.extend(it.covered);
            }
        }
        subjects.push((subject.key, assessed));
    }
    Assessment { at: now, subjects: subjects.into_iter().collect(), exceptions, exempt }
}

/// Fewer subjects than this aren't worth a thread of their own.
pub(crate) const FEW: usize = 32;

/// What a judgement says of an exception: that one of its controls is asked for, and which finding it covers.
#[derive(Debug, Clone, Copy)]
struct Use {
    exception: usize,
    covered: Option<Fingerprint>,
}

/// A subject with its tier.
struct Placed<'a> {
    key: SubjectKey,
    subject: Subject<'a>,
    meta: &'a Meta,
    namespace: TextMap,
    tier: Option<&'a CompiledTier>,
    placement: Placement,
    overlaps: Vec<Text>,
    owner: Option<Text>,
}

impl<'a> Placed<'a> {
    fn new(
        policy: &'a Policy,
        inventory: &Inventory,
        key: SubjectKey,
        subject: Subject<'a>,
        namespace: TextMap,
    ) -> Self {
        let meta = subject.meta();
        let found = policy.tiers.resolve(&namespace, &meta.labels);
        let home = inventory.namespace(&key.namespace).map(|namespace| &namespace.metadata);
        Self {
            key,
            subject,
            meta,
            namespace,
            tier: found.tier,
            placement: found.placement,
            overlaps: found.overlaps.iter().map(|tier| tier.name.clone()).collect(),
            owner: policy.settings.owner(meta, home),
        }
    }

    /// What it is judged by.
    fn scene<'s>(&'s self, relations: &'s Relations<'s>, now: Timestamp) -> Scene<'s> {
        Scene { relations, tier: self.tier, owner: self.owner.as_ref(), now }
    }
}

/// The labels of the namespace at hand. Subjects come sorted by namespace, so one is remembered.
struct NamespaceLabels<'a> {
    inventory: &'a Inventory,
    last: Option<(Text, TextMap)>,
}

impl<'a> NamespaceLabels<'a> {
    fn new(inventory: &'a Inventory) -> Self {
        Self { inventory, last: None }
    }

    fn of(&mut self, name: &Text) -> TextMap {
        if let Some((known, labels)) = &self.last
            && known == name
        {
            return labels.clone();
        }
        let labels = self.inventory.namespace_labels(name);
        self.last = Some((name.clone(), labels.clone()));
        labels
    }
}

/// Every subject that some control judges and that isn't exempt, sorted by key, and how many workloads are exempt.
/// Workloads are subjects even if nothing judges them: tiers count them.
fn place<'a>(policy: &'a Policy, inventory: &'a Inventory) -> (Vec<Placed<'a>>, u64) {
    let exempts = &policy.settings.exempt_namespaces;
    let mut labels = NamespaceLabels::new(inventory);
    let mut exempt = 0;
    let mut placed: Vec<Placed<'_>> = Vec::new();
    for (key, workload) in inventory.workloads() {
        if exempts.contains(&key.namespace) {
            exempt += 1;
        } else {
            let namespace = labels.of(&key.namespace);
            placed.push(Placed::new(policy, inventory, key.clone(), Subject::Workload(workload), namespace));
        }
    }
    let standards = policy.standards.iter().flat_map(|standard| &standard.controls);
    let wanted: BTreeSet<SubjectType> = standards.map(|it| it.control.subject).collect();
    for object in inventory.others() {
        let Some(subject) = Subject::of(object).filter(|subject| wanted.contains(&subject.kind())) else {
            continue;
        };
        let key = SubjectKey::of(object.kind(), subject.meta());
        let home = home_of(object, &key);
        if !exempts.contains(home) {
            let namespace = if home.is_empty() { TextMap::default() } else { labels.of(home) };
            placed.push(Placed::new(policy, inventory, key, subject, namespace));
        }
    }
    placed.sort_by(|a, b| a.key.cmp(&b.key));
    (placed, exempt)
}

/// The namespace that an object belongs to: its own, or itself if it is one. Empty for what is of the cluster.
fn home_of<'a>(object: &Object, key: &'a SubjectKey) -> &'a Text {
    if matches!(object, Object::Namespace(_)) { &key.name } else { &key.namespace }
}

type Targeted = BTreeMap<SubjectKey, Vec<usize>>;

/// What each exception is meant for, and whether it lives.
fn place_exceptions(
    policy: &Policy,
    relations: &Relations<'_>,
    placed: &[Placed<'_>],
    now: Timestamp,
) -> (Vec<ExceptionState>, Targeted) {
    let mut targeted = Targeted::new();
    let mut states = Vec::with_capacity(policy.exceptions.len());
    for (index, exception) in policy.exceptions.iter().enumerate() {
        // What is of the cluster stands under the empty namespace.
        let meant: Vec<&Placed<'_>> = in_namespace(placed, "")
            .iter()
            .chain(in_namespace(placed, &exception.namespace))
            .filter(|it| exception.targets(&it.key, it.subject))
            .collect();
        for subject in &meant {
            targeted.entry(subject.key.clone()).or_default().push(index);
        }
        states.push(ExceptionState::new(policy, relations, exception, &meant, now));
    }
    (states, targeted)
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
        let Some(control) = super::catalogue::find(id) else { return false };
        (control.compile)(&serde_json::Map::new()).is_ok_and(|check| {
            meant.iter().all(|placed| {
                let subject = compensated_by(control, placed, relations.inventory());
                let verdict = subject.map(|subject| check.judge(subject, &placed.scene(relations, now)));
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
        now: Timestamp,
    ) -> Self {
        let most_critical = meant.iter().filter_map(|subject| subject.tier).min_by_key(|tier| tier.level);
        let bounds = most_critical.map(|tier| tier.bounds.clone()).unwrap_or_default();
        let renewals = policy.renewals(exception);
        let beyond_bounds = exception.beyond_bounds(&bounds, renewals, now);
        let approvals = exception.approvals(&bounds, policy.settings.trust);
        Self {
            life: exception.life(beyond_bounds.is_none(), approvals, now),
            approvals,
            beyond_bounds,
            renewals,
            bounds,
            targets: meant.iter().map(|subject| subject.key.clone()).collect(),
            tiers: meant.iter().filter_map(|subject| subject.tier).map(|tier| tier.name.clone()).collect(),
            overbroad: meant.len() > exception.max_workloads,
            asked_for: false,
            covered: BTreeSet::new(),
            findings: BTreeSet::new(),
            failed_compensations: failed_compensations(relations, exception, meant, now),
        }
    }
}

/// The judgement of one subject.
struct Judge<'j, 'a> {
    policy: &'j Policy,
    placed: &'j Placed<'a>,
    /// The exceptions that are meant for it.
    meant: &'j [usize],
    exceptions: &'j [ExceptionState],
    uses: Vec<Use>,
}

impl Judge<'_, '_> {
    fn judge(mut self, scene: &Scene<'_>) -> (Assessed, Vec<Use>) {
        let (policy, placed) = (self.policy, self.placed);
        let mut outcomes = Vec::with_capacity(policy.standards.iter().map(|it| it.controls.len()).sum());
        let mut details: Vec<Detail> = Vec::new();
        let tier = placed.tier.map(|tier| tier.name.as_str());
        for (index, standard) in policy.standards.iter().enumerate() {
            if !standard.covers(&placed.namespace, &placed.meta.labels, tier) {
                outcomes.extend(standard.controls.iter().map(|_| Outcome::NotApplicable));
                continue;
            }
            for wanted in &standard.controls {
                let verdict = wanted.check.judge(placed.subject, scene);
                let detail = self.excuse(wanted, index, verdict);
                outcomes.push(detail.outcome);
                if !matches!(detail.outcome, Outcome::Pass | Outcome::NotApplicable) {
                    details.push(detail);
                }
            }
        }
        let assessed = Assessed {
            tier: placed.tier.map(|tier| tier.name.clone()),
            placement: placed.placement,
            overlaps: placed.overlaps.clone(),
            owner: placed.owner.clone(),
            part_of: placed.meta.labels.get(PART_OF).cloned(),
            outcomes,
            details,
        };
        (assessed, self.uses)
    }

    /// Joins a verdict with the exceptions that are meant for the subject.
    fn excuse(&mut self, wanted: &CompiledControl, standard: usize, verdict: Verdict) -> Detail {
        let control = wanted.control;
        let detail = |outcome, findings, reason| Detail {
            standard,
            control,
            severity: wanted.severity,
            outcome,
            findings,
            unlisted: 0,
            reason,
        };
        if !matches!(verdict, Verdict::NotApplicable) {
            let asked: Vec<Use> =
                self.naming(control).map(|(exception, _)| Use { exception, covered: None }).collect();
            self.uses.extend(asked);
        }
        let findings = match verdict {
            Verdict::Pass => return detail(Outcome::Pass, Vec::new(), None),
            Verdict::NotApplicable => return detail(Outcome::NotApplicable, Vec::new(), None),
            Verdict::Unknown(reason) => return detail(Outcome::Unknown, Vec::new(), Some(reason)),
            Verdict::Error(reason) => return detail(Outcome::Error, Vec::new(), Some(reason)),
            Verdict::Fail(findings) => findings,
        };
        let unlisted = findings.len().saturating_sub(MOST_FINDINGS);
        let mut judged = uncovered(control, &self.placed.key, findings);
        for judged in &mut judged {
            judged.exception = self.cover(control, judged);
        }
        let excused = unlisted == 0 && judged.iter().all(|it| it.exception.is_some());
        let outcome = if excused { Outcome::Excepted } else { Outcome::Fail };
        Detail { unlisted, ..detail(outcome, judged, None) }
    }

    /// The exceptions that name a control.
    fn naming(&self, control: &Control) -> impl Iterator<Item = (usize, &CompiledException)> {
        let named = self.meant.iter().filter_map(|index| Some((*index, self.policy.exceptions.get(*index)?)));
        named.filter(|(_, exception)| exception.names_control(control))
    }

    /// Counts the finding for every exception that covers it, and gives the one that ends last.
    fn cover(&mut self, control: &Control, judged: &Judged) -> Option<usize> {
        let lives = |index: usize| self.exceptions.get(index).is_some_and(ExceptionState::covers);
        let covering: Vec<(usize, Timestamp)> = self
            .naming(control)
            .filter(|(index, exception)| {
                lives(*index) && exception.covers(&judged.finding, self.placed.subject)
            })
            .map(|(index, exception)| (index, exception.expires_at))
            .collect();
        let covered = Some(judged.fingerprint);
        self.uses.extend(covering.iter().map(|(exception, _)| Use { exception: *exception, covered }));
        // Of several that end together, the first.
        covering.iter().rev().max_by_key(|(_, end)| *end).map(|(index, _)| *index)
    }
}

fn uncovered(control: &Control, key: &SubjectKey, mut findings: Vec<Finding>) -> Vec<Judged> {
    findings.truncate(MOST_FINDINGS);
    let prints = fingerprint::of(control.id, key, &findings);
    let pairs = findings.into_iter().zip(prints);
    pairs.map(|(finding, fingerprint)| Judged { finding, fingerprint, exception: None }).collect()
}
