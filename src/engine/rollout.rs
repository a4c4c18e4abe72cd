//! Rollout: at which stage a tier stands, and what keeps it from the next.
//!
//! The stage is recorded state. It moves by one, on evidence, and only here; with the record lost it starts again at
//! the first stage, the safe side.

mod asked;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use asked::Asked;
pub use asked::Promotion;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::error::CompileError;
use super::posture::UNCLASSIFIED;
use crate::api::{
    Action, CircuitBreaker, Date, HOLD, PROMOTE, Percent, Rollout, SecurityStandardStatus, Stage,
};
use crate::facts::Text;

/// The most stages that a plan can have: each of the three actions once.
pub const MOST_STAGES: usize = 3;

/// A checked rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledRollout {
    general: Plan,
    tiers: Vec<(Text, Plan)>,
    freezes: Vec<FreezePeriod>,
    hold: bool,
    asked: Asked,
    /// Until then, Deny stops only what makes a workload worse than it is.
    pub ratchet_until: Option<Timestamp>,
    /// How much is too much.
    pub breaker: Breaker,
}

/// More denials than anybody can have meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// The most objects that may be denied within the window.
    pub most: u64,
    /// The window.
    pub window: SignedDuration,
}

/// The stages of a tier, from the mildest action to the gravest; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan(Vec<CompiledStage>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct CompiledStage {
    action: Action,
    soak: SignedDuration,
    compliance: Option<i32>,
    failing: Option<u64>,
    not_before: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FreezePeriod {
    from: Timestamp,
    to: Timestamp,
    reason: Option<String>,
}

/// What is recorded of a tier's stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// What happens to a workload that fails.
    pub action: Action,
    /// Since when, without the time in which nobody looked.
    pub since: Timestamp,
    /// When somebody looked, as far as that is recorded.
    pub watch: Option<Watch>,
    /// When too much was denied, so that the tier was put back; until it denies again.
    pub tripped: Option<Timestamp>,
}

/// When somebody looked. Time counts as evidence only if it was watched: neither an operator that didn't run nor a clock
/// that was set is a reason to promote anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// The last time, to a day.
    pub last: Timestamp,
    /// Since when, if that is less than a day.
    pub since: Option<Timestamp>,
}

/// The longest time between two looks: one a day, and half a day for a restart.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(36);

/// How far a clock may be put back to be right again.
const CORRECTION: SignedDuration = SignedDuration::from_mins(5);

/// How long a tier that was put back because too much was denied stays there, unless somebody promotes it.
const CALMS_DOWN: SignedDuration = SignedDuration::from_hours(24);

/// How long time is watched without a break before anything is promoted again.
const TRIED: SignedDuration = SignedDuration::from_hours(24);

impl Watch {
    /// What a status has recorded.
    #[must_use]
    pub fn recorded(status: &SecurityStandardStatus) -> Option<Self> {
        let since = status.watched_since.as_ref().map(|time| time.0);
        Some(Self { last: status.last_watched.as_ref()?.0, since })
    }

    /// What is to be recorded now.
    #[must_use]
    pub fn at(before: Option<Self>, now: Timestamp) -> Self {
        match before {
            None => Self { last: now, since: None },
            Some(known) if known.goes_on(now) => Self {
                last: if Date::of(known.last) == Date::of(now) { known.last } else { now },
                since: known.since.filter(|since| now.duration_since(*since) < TRIED),
            },
            Some(_) => Self { last: now, since: Some(now) },
        }
    }

    /// Whether the present follows on the last look.
    fn goes_on(self, now: Timestamp) -> bool {
        (-CORRECTION..=LONGEST_PAUSE).contains(&now.duration_since(self.last))
    }
}

impl Record {
    /// The same now: what nobody watched is left out.
    fn watched(self, now: Timestamp) -> Self {
        let Some(watch) = self.watch else { return self };
        let seen = watch.last.duration_since(self.since).max(SignedDuration::ZERO);
        let since = if watch.goes_on(now) { self.since } else { now.checked_sub(seen).unwrap_or(self.since) };
        Self { since, watch: Some(Watch::at(Some(watch), now)), ..self }
    }

    /// Until when a tier that was put back is not denied anything again.
    fn calm(self, next: Action) -> Option<Timestamp> {
        self.tripped.filter(|_| next == Action::Deny)?.checked_add(CALMS_DOWN).ok()
    }

    /// Until when time is watched before anything is promoted.
    fn tried(self) -> Option<Timestamp> {
        self.watch?.since?.checked_add(TRIED).ok()
    }
}

/// What was measured of a tier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    /// The share of its workloads that comply, without those that are excepted; none if nothing was evaluated.
    pub compliance: Option<Percent>,
    /// How many fail.
    pub failing: u64,
}

/// Why a tier isn't promoted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blocker {
    /// `hold: true` forbids promotion.
    Hold,
    /// Somebody holds it, and why.
    Held(String),
    /// What somebody asks for can't be read.
    Unreadable(String),
    /// The soak time isn't over.
    Soak(Timestamp),
    /// Nobody looked for a while, or the clock was set.
    Watching(Timestamp),
    /// Too much was denied.
    Tripped(Timestamp),
    /// The day hasn't come.
    NotBefore(Timestamp),
    /// A freeze is on, and why.
    Freeze(Timestamp, Option<String>),
    /// The gate asks for evidence, and there is none.
    NothingMeasured,
    /// Too few comply: what there is, and what is wanted.
    Compliance(Percent, i32),
    /// Too many fail: how many, and how many may.
    Failing(u64, u64),
}

impl Blocker {
    /// Whether it stays although somebody wants the tier to go on: neither time nor evidence is waited for then, but what
    /// people said is still said.
    const fn holds_whoever_asks(&self) -> bool {
        matches!(self, Self::Hold | Self::Held(_) | Self::Unreadable(_) | Self::Freeze(..))
    }

    /// Whether it goes away by itself, with time alone.
    #[must_use]
    pub const fn is_over_with_time(&self) -> bool {
        matches!(
            self,
            Self::Soak(_) | Self::Watching(_) | Self::Tripped(_) | Self::NotBefore(_) | Self::Freeze(..)
        )
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |moment: &Timestamp| moment.strftime("%Y-%m-%d").to_string();
        match self {
            Self::Hold => f.write_str("held: `rollout.hold` is true"),
            Self::Held(reason) if reason.trim().is_empty() => {
                write!(f, "held: the annotation `{HOLD}` says no reason")
            }
            Self::Held(reason) => write!(f, "held: {reason}"),
            Self::Unreadable(why) => write!(f, "the annotation `{PROMOTE}` can't be read: {why}"),
            Self::Soak(until) => write!(f, "soaking until {}", until.strftime("%Y-%m-%d %H:%M UTC")),
            Self::Watching(until) => write!(
                f,
                "watching until {}: nobody looked for more than a day, or the clock was set",
                until.strftime("%Y-%m-%d %H:%M UTC")
            ),
            Self::Tripped(until) => write!(
                f,
                "the circuit breaker is open until {}: too much was denied; see that the standard is right, and \
                 promote the tier",
                until.strftime("%Y-%m-%d %H:%M UTC")
            ),
            Self::NotBefore(until) => write!(f, "not before {}", day(until)),
            Self::Freeze(until, None) => write!(f, "frozen until {}", day(until)),
            Self::Freeze(until, Some(reason)) => write!(f, "frozen until {}: {reason}", day(until)),
            Self::NothingMeasured => f.write_str("nothing measured yet"),
            Self::Compliance(share, wanted) => {
                write!(f, "compliance without the excepted is {share} %; it must reach {wanted} %")
            }
            Self::Failing(1, allowed) => write!(f, "1 workload fails; at most {allowed} may"),
            Self::Failing(count, allowed) => write!(f, "{count} workloads fail; at most {allowed} may"),
        }
    }
}

/// Where a tier stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What is to be recorded.
    pub record: Record,
    /// The stage's place in the plan, from 0.
    pub stage: usize,
    /// The action of the next stage; none at the last.
    pub next: Option<Action>,
    /// The earliest time at which the next stage may begin, if it were for time alone.
    pub promotable_from: Option<Timestamp>,
    /// What keeps it from the next stage; empty at the last.
    pub blocked_by: Vec<Blocker>,
}

impl CompiledRollout {
    /// Checks a rollout as written. One that is absent stays at Audit for ever.
    pub fn compile(rollout: Option<&Rollout>, errors: &mut Vec<CompileError>) -> Self {
        let absent = Rollout::default();
        let written = rollout.unwrap_or(&absent);
        let mut tiers: Vec<(Text, Plan)> = Vec::new();
        for (index, tier) in written.tiers.iter().enumerate() {
            let path = format!("spec.rollout.tiers[{index}]");
            if tiers.iter().any(|(known, _)| known.as_str() == tier.name) {
                let message = format!("the tier `{}` has a plan already: keep one of them", tier.name);
                errors.push(CompileError::new(format!("{path}.name"), message));
            }
            if tier.stages.is_empty() {
                errors.push(CompileError::new(format!("{path}.stages"), "a plan needs at least one stage"));
            }
            tiers.push((
                tier.name.as_str().into(),
                Plan::compile(&tier.stages, &format!("{path}.stages"), errors),
            ));
        }
        for (index, freeze) in written.freezes.iter().enumerate() {
            if freeze.to < freeze.from {
                let message =
                    "a freeze ends after it begins: set `to` to the same day as `from`, or a later one";
                errors.push(CompileError::new(format!("spec.rollout.freezes[{index}].to"), message));
            }
        }
        Self {
            general: Plan::compile(&written.stages, "spec.rollout.stages", errors),
            tiers,
            freezes: written
                .freezes
                .iter()
                .map(|freeze| FreezePeriod {
                    from: freeze.from.start(),
                    to: freeze.to.end(),
                    reason: freeze.reason.clone(),
                })
                .collect(),
            hold: written.hold,
            asked: Asked::default(),
            ratchet_until: written.ratchet.as_ref().map(|ratchet| ratchet.until.end()),
            breaker: Breaker::of(written.circuit_breaker.as_ref()),
        }
    }

    /// The same with what people ask for beside it, in the annotations of the standard.
    #[must_use]
    pub fn as_asked(self, meta: &ObjectMeta) -> Self {
        Self { asked: Asked::of(meta), ..self }
    }

    /// What is recorded of a tier that denies and has denied too much: it is put back to the stage before.
    #[must_use]
    pub fn trip(&self, tier: Option<&str>, record: Record, now: Timestamp) -> Record {
        let milder = self.plan(tier).actions().filter(|action| *action < Action::Deny).last();
        let action = milder.unwrap_or(Action::Warn);
        Record { action, since: now, tripped: Some(now), ..record }
    }

    /// The plan of a tier, or the one for everything that has none of its own.
    #[must_use]
    pub fn plan(&self, tier: Option<&str>) -> &Plan {
        let own = self.tiers.iter().find(|(name, _)| tier.is_some_and(|tier| name == tier));
        own.map_or(&self.general, |(_, plan)| plan)
    }

    /// Where a tier stands at a time, given what is recorded of it and what was measured; at most one stage further
    /// than recorded.
    #[must_use]
    pub fn stand(
        &self,
        tier: Option<&str>,
        record: Option<Record>,
        measure: Measure,
        now: Timestamp,
    ) -> Standing {
        let plan = self.plan(tier);
        let recorded = record.map(|record| (record.action, record.since));
        let (stage, record) = plan.place(record.map(|record| record.watched(now)), now);
        let mut standing = self.look_ahead(plan, stage, record, measure, now);
        if let (Some(next), Some((action, since))) = (standing.next, recorded)
            && action == standing.record.action
            && self.asked.promotes(tier.unwrap_or(UNCLASSIFIED), next, since, now)
        {
            standing.blocked_by.retain(Blocker::holds_whoever_asks);
        }
        match standing.next {
            Some(action) if standing.blocked_by.is_empty() => {
                let tripped = standing.record.tripped.filter(|_| action != Action::Deny);
                let record = Record { action, since: now, tripped, ..standing.record };
                self.look_ahead(plan, stage + 1, record, measure, now)
            }
            _ => standing,
        }
    }

    fn look_ahead(
        &self,
        plan: &Plan,
        stage: usize,
        record: Record,
        measure: Measure,
        now: Timestamp,
    ) -> Standing {
        let mut standing =
            Standing { record, stage, next: None, promotable_from: None, blocked_by: Vec::new() };
        let (Some(here), Some(next)) = (plan.0.get(stage), plan.0.get(stage + 1)) else { return standing };
        let soaked = here.soaked(record);
        let earliest = [here.not_before, record.tried(), record.calm(next.action)]
            .into_iter()
            .flatten()
            .fold(soaked, Timestamp::max);
        standing.next = Some(next.action);
        // A freeze that holds now also holds what could have gone on before it.
        let earliest = if self.freeze(now).is_some() { earliest.max(now) } else { earliest };
        standing.promotable_from = Some(self.after_freezes(earliest));
        standing.blocked_by = self.blockers(here, next.action, record, measure, now);
        standing
    }

    fn blockers(
        &self,
        here: &CompiledStage,
        next: Action,
        record: Record,
        measure: Measure,
        now: Timestamp,
    ) -> Vec<Blocker> {
        let soaked = here.soaked(record);
        let freeze = self.freeze(now);
        let gated = here.compliance.is_some() || here.failing.is_some();
        [
            self.hold.then_some(Blocker::Hold),
            self.asked.hold.clone().map(Blocker::Held),
            self.asked.unreadable.clone().map(Blocker::Unreadable),
            (now < soaked).then_some(Blocker::Soak(soaked)),
            record.tried().filter(|until| now < *until).map(Blocker::Watching),
            record.calm(next).filter(|until| now < *until).map(Blocker::Tripped),
            here.not_before.filter(|day| now < *day).map(Blocker::NotBefore),
            freeze.map(|freeze| Blocker::Freeze(freeze.to, freeze.reason.clone())),
            (gated && measure.compliance.is_none()).then_some(Blocker::NothingMeasured),
            here.compliance
                .zip(measure.compliance)
                .filter(|(wanted, share)| !share.reaches(*wanted))
                .map(|(wanted, share)| Blocker::Compliance(share, wanted)),
            here.failing
                .filter(|allowed| measure.failing > *allowed)
                .map(|allowed| Blocker::Failing(measure.failing, allowed)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The first moment from `moment` on that no freeze holds.
    fn after_freezes(&self, mut moment: Timestamp) -> Timestamp {
        // Each turn leaves one freeze behind for good.
        for _ in &self.freezes {
            match self.freeze(moment) {
                Some(freeze) => moment = freeze.to,
                None => break,
            }
        }
        moment
    }

    /// The freeze that holds at a moment.
    fn freeze(&self, moment: Timestamp) -> Option<&FreezePeriod> {
        self.freezes.iter().find(|freeze| (freeze.from..freeze.to).contains(&moment))
    }
}

impl Breaker {
    fn of(written: Option<&CircuitBreaker>) -> Self {
        let CircuitBreaker { max_denials, window } = written.cloned().unwrap_or_default();
        Self { most: u64::try_from(max_denials).unwrap_or(1), window: window.into() }
    }
}

impl Plan {
    fn compile(stages: &[Stage], path: &str, errors: &mut Vec<CompileError>) -> Self {
        if stages.is_empty() {
            return Self(vec![CompiledStage::forever(Action::Audit)]);
        }
        if stages.len() > MOST_STAGES {
            errors.push(CompileError::new(path, "a plan has at most three stages: Audit, Warn and Deny"));
        }
        let pairs = stages.iter().zip(stages.iter().skip(1)).enumerate();
        for (index, (here, next)) in pairs {
            if next.action <= here.action {
                let message = format!(
                    "stages go up, from Audit through Warn to Deny: {} can't follow {}",
                    next.action, here.action
                );
                errors.push(CompileError::new(format!("{path}[{}].action", index + 1), message));
            }
            if here.soak.is_none() {
                let message = "say how long this stage lasts at least, such as `14d`, or `0m` for no wait";
                errors.push(CompileError::new(format!("{path}[{index}].soak"), message));
            }
        }
        Self(stages.iter().map(CompiledStage::from).collect())
    }

    /// Where a record stands in this plan: at the stage of the same action or, if the plan has none (it was edited),
    /// at the gravest one below it, as of now. Without a record, at the first.
    fn place(&self, record: Option<Record>, now: Timestamp) -> (usize, Record) {
        let first = self.0.first().map(|stage| stage.action).unwrap_or_default();
        let begins = |watch, tripped| (0, Record { action: first, since: now, watch, tripped });
        let Some(record) = record else { return begins(None, None) };
        match self.0.iter().rposition(|stage| stage.action <= record.action) {
            Some(stage) => match self.0.get(stage) {
                Some(found) if found.action != record.action => {
                    (stage, Record { action: found.action, since: now, ..record })
                }
                _ => (stage, record),
            },
            None => begins(record.watch, record.tripped),
        }
    }

    /// The actions of the stages, in their order.
    pub fn actions(&self) -> impl Iterator<Item = Action> {
        self.0.iter().map(|stage| stage.action)
    }
}

impl CompiledStage {
    /// When it has lasted long enough.
    fn soaked(&self, record: Record) -> Timestamp {
        record.since.checked_add(self.soak).unwrap_or(Timestamp::MAX)
    }

    fn forever(action: Action) -> Self {
        Self { action, soak: SignedDuration::ZERO, compliance: None, failing: None, not_before: None }
    }
}

impl From<&Stage> for CompiledStage {
    fn from(stage: &Stage) -> Self {
        let gate = stage.promote_at.as_ref();
        Self {
            action: stage.action,
            soak: stage.soak.map_or(SignedDuration::ZERO, SignedDuration::from),
            compliance: gate.and_then(|gate| gate.compliance),
            failing: gate.and_then(|gate| gate.failing).map(|failing| u64::try_from(failing).unwrap_or(0)),
            not_before: stage.not_before.map(crate::api::Date::start),
        }
    }
}

#[cfg(test)]
mod tests;
