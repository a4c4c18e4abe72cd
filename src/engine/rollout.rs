//! Rollout: at which stage a tier stands, and what keeps it from the next.
//!
//! The stage is recorded state. It moves by one, on evidence, and only here; with the record lost it starts again at
//! the first stage, the safe side.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::error::CompileError;
use crate::api::{Action, Date, Percent, Rollout, SecurityStandardStatus, Stage};
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
    /// Until then, Deny stops only what makes a workload worse than it is.
    pub ratchet_until: Option<Timestamp>,
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
    /// The soak time isn't over.
    Soak(Timestamp),
    /// Nobody looked for a while, or the clock was set.
    Watching(Timestamp),
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

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |moment: &Timestamp| moment.strftime("%Y-%m-%d").to_string();
        match self {
            Self::Hold => f.write_str("held: `rollout.hold` is true"),
            Self::Soak(until) => write!(f, "soaking until {}", until.strftime("%Y-%m-%d %H:%M UTC")),
            Self::Watching(until) => write!(
                f,
                "watching until {}: nobody looked for more than a day, or the clock was set",
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
            ratchet_until: written.ratchet.as_ref().map(|ratchet| ratchet.until.end()),
        }
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
        let (stage, record) = plan.place(record.map(|record| record.watched(now)), now);
        let standing = self.look_ahead(plan, stage, record, measure, now);
        match standing.next {
            Some(action) if standing.blocked_by.is_empty() => {
                let record = Record { action, since: now, ..standing.record };
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
        let earliest = [here.not_before, record.tried()].into_iter().flatten().fold(soaked, Timestamp::max);
        standing.next = Some(next.action);
        // A freeze that holds now also holds what could have gone on before it.
        let earliest = if self.freeze(now).is_some() { earliest.max(now) } else { earliest };
        standing.promotable_from = Some(self.after_freezes(earliest));
        standing.blocked_by = self.blockers(here, record, measure, now);
        standing
    }

    fn blockers(
        &self,
        here: &CompiledStage,
        record: Record,
        measure: Measure,
        now: Timestamp,
    ) -> Vec<Blocker> {
        let soaked = here.soaked(record);
        let freeze = self.freeze(now);
        let gated = here.compliance.is_some() || here.failing.is_some();
        [
            self.hold.then_some(Blocker::Hold),
            (now < soaked).then_some(Blocker::Soak(soaked)),
            record.tried().filter(|until| now < *until).map(Blocker::Watching),
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
        let begins = |watch| (0, Record { action: first, since: now, watch });
        let Some(record) = record else { return begins(None) };
        match self.0.iter().rposition(|stage| stage.action <= record.action) {
            Some(stage) => match self.0.get(stage) {
                Some(found) if found.action != record.action => {
                    (stage, Record { action: found.action, since: now, ..record })
                }
                _ => (stage, record),
            },
            None => begins(record.watch),
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
mod tests {
    use super::*;

    fn rollout(yaml: &str) -> CompiledRollout {
        let mut errors = Vec::new();
        let compiled = CompiledRollout::compile(Some(&serde_saphyr::from_str(yaml).unwrap()), &mut errors);
        assert_eq!(errors, []);
        compiled
    }

    fn at(text: &str) -> Timestamp {
        format!("{text}T12:00:00Z").parse().unwrap()
    }

    fn audit_since(day: &str) -> Record {
        Record { action: Action::Audit, since: at(day), watch: None }
    }

    /// What is recorded after a look.
    fn looked(plan: &CompiledRollout, record: Record, day: &str) -> Record {
        let now = at(day);
        let watch = Some(Watch::at(record.watch, now));
        Record { watch, ..plan.stand(None, Some(record), GOOD, now).record }
    }

    const GATED: &str = "
stages:
  - {action: Audit, soak: 7d, promoteAt: {compliance: 90, failing: 2}, notBefore: 2026-12-07}
  - {action: Warn, soak: 14d}
  - {action: Deny}
freezes: [{from: 2026-12-18, to: 2027-01-04, reason: year end}]
";

    const GOOD: Measure = Measure { compliance: Some(Percent::HUNDRED), failing: 0 };

    #[test]
    fn a_lost_record_starts_again_at_the_first_stage() {
        let standing = rollout(GATED).stand(None, None, GOOD, at("2027-03-01"));
        assert_eq!(standing.record, audit_since("2027-03-01"));
        assert_eq!(standing.next, Some(Action::Warn));
    }

    #[test]
    fn promotion_needs_the_soak_time_the_day_and_the_evidence() {
        let plan = rollout(GATED);
        let bad = Measure { compliance: Percent::of(7, 10), failing: 3 };
        let blockers =
            |measure, day| plan.stand(None, Some(audit_since("2026-12-01")), measure, at(day)).blocked_by;
        let words: Vec<String> = blockers(bad, "2026-12-02").iter().map(ToString::to_string).collect();
        assert_eq!(
            words,
            [
                "soaking until 2026-12-08 12:00 UTC",
                "not before 2026-12-07",
                "compliance without the excepted is 70.0 %; it must reach 90 %",
                "3 workloads fail; at most 2 may",
            ]
        );
        let promoted = plan.stand(None, Some(audit_since("2026-12-01")), GOOD, at("2026-12-08"));
        assert_eq!(promoted.record, Record { action: Action::Warn, ..audit_since("2026-12-08") });
    }

    #[test]
    fn a_stage_is_never_skipped() {
        let promoted = rollout(GATED).stand(None, Some(audit_since("2026-01-01")), GOOD, at("2027-06-01"));
        assert_eq!(promoted.record.action, Action::Warn);
    }

    #[test]
    fn a_freeze_holds_and_moves_the_earliest_day() {
        let standing = rollout(GATED).stand(None, Some(audit_since("2026-12-14")), GOOD, at("2026-12-22"));
        assert_eq!(standing.record.action, Action::Audit);
        assert_eq!(standing.promotable_from, Some("2027-01-05T00:00:00Z".parse().unwrap()));
        assert_eq!(standing.blocked_by[0].to_string(), "frozen until 2027-01-05: year end");
    }

    #[test]
    fn what_was_never_measured_is_not_promoted() {
        let standing =
            rollout(GATED).stand(None, Some(audit_since("2026-11-01")), Measure::default(), at("2026-12-10"));
        assert_eq!(standing.blocked_by, [Blocker::NothingMeasured]);
    }

    #[test]
    fn an_empty_tier_does_not_pass_a_gate_that_asks_for_no_failures() {
        let plan = rollout("stages: [{action: Audit, soak: 0m, promoteAt: {failing: 0}}, {action: Warn}]");
        let record = Some(audit_since("2026-11-01"));
        let standing = plan.stand(None, record, Measure::default(), at("2026-12-10"));
        assert_eq!(standing.blocked_by, [Blocker::NothingMeasured]);
    }

    #[test]
    fn a_plan_that_lost_a_stage_falls_to_the_one_below() {
        let plan = rollout("stages: [{action: Audit, soak: 7d}, {action: Deny}]");
        let record = Some(Record { action: Action::Warn, ..audit_since("2026-01-01") });
        let standing = plan.stand(None, record, GOOD, at("2026-06-01"));
        assert_eq!((standing.stage, standing.record.action), (0, Action::Audit));
        assert_eq!(standing.record.since, at("2026-06-01"));
    }

    #[test]
    fn a_clock_that_went_back_promotes_nothing() {
        let standing = rollout(GATED).stand(None, Some(audit_since("2027-05-01")), GOOD, at("2027-03-01"));
        assert_eq!(standing.record, audit_since("2027-05-01"));
    }

    #[test]
    fn a_clock_that_jumps_for_years_and_back_neither_promotes_early_nor_demotes() {
        let plan = rollout("stages: [{action: Audit, soak: 7d}, {action: Warn, soak: 7d}, {action: Deny}]");
        let mut record = audit_since("2026-12-01");
        for day in ["2026-12-02", "2026-12-03", "2026-12-04"] {
            record = looked(&plan, record, day);
        }
        let before = record;
        record = looked(&plan, record, "2031-06-01");
        assert_eq!(record.action, Action::Audit, "the soak time of years was watched by nobody");
        assert_eq!(record.since, at("2031-05-29"), "three days were");
        record = looked(&plan, record, "2026-12-05");
        assert_eq!((record.action, record.since), (Action::Audit, at("2026-12-02")), "three days still");
        for day in ["2026-12-06", "2026-12-07", "2026-12-08"] {
            record = looked(&plan, record, day);
            assert_eq!(record.action, before.action);
        }
        record = looked(&plan, record, "2026-12-09");
        assert_eq!(record.action, Action::Warn, "a day later than with the right time all along");

        let warned = record;
        record = looked(&plan, record, "2020-01-01");
        assert_eq!(record.action, Action::Warn, "nothing is taken back");
        record = looked(&plan, record, "2026-12-10");
        assert_eq!((record.action, record.since), (warned.action, at("2026-12-10")));
    }

    #[test]
    fn a_clock_that_jumps_passes_no_day_in_the_plan_either() {
        let plan = rollout("stages: [{action: Audit, soak: 0m, notBefore: 2027-06-01}, {action: Warn}]");
        let record = looked(&plan, audit_since("2026-12-01"), "2026-12-01");
        let jumped = plan.stand(None, Some(record), GOOD, at("2031-06-01"));
        assert_eq!(jumped.record.action, Action::Audit);
        assert_eq!(
            jumped.blocked_by.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["watching until 2031-06-02 12:00 UTC: nobody looked for more than a day, or the clock was set"]
        );
        assert_eq!(jumped.promotable_from, Some(at("2031-06-02")));
        // Whoever puts the clock right within the day has lost nothing.
        assert_eq!(looked(&plan, looked(&plan, record, "2031-06-01"), "2026-12-02").action, Action::Audit);
    }

    #[test]
    fn the_time_in_which_no_operator_ran_is_no_soak_time() {
        let plan = rollout("stages: [{action: Audit, soak: 7d}, {action: Warn}]");
        let record = looked(&plan, audit_since("2026-12-01"), "2026-12-02");
        let back = plan.stand(None, Some(record), GOOD, at("2026-12-20"));
        assert_eq!(back.record.action, Action::Audit);
        assert_eq!(back.promotable_from, Some(at("2026-12-26")), "one day of seven was watched");
        let overnight = plan.stand(None, Some(record), GOOD, at("2026-12-03"));
        assert_eq!(overnight.promotable_from, Some(at("2026-12-08")), "a restart costs nothing");
    }

    #[test]
    fn a_tier_s_own_plan_comes_first() {
        let plan = rollout("{stages: [{action: Deny}], tiers: [{name: tier-2, stages: [{action: Audit}]}]}");
        assert_eq!(plan.plan(Some("tier-2")).actions().collect::<Vec<_>>(), [Action::Audit]);
        assert_eq!(plan.plan(Some("tier-1")).actions().collect::<Vec<_>>(), [Action::Deny]);
    }

    #[test]
    fn stages_that_go_down_are_refused() {
        let written = serde_saphyr::from_str("stages: [{action: Warn, soak: 1d}, {action: Audit}]").unwrap();
        let mut errors = Vec::new();
        CompiledRollout::compile(Some(&written), &mut errors);
        assert_eq!(errors[0].path, "spec.rollout.stages[1].action");
    }
}
