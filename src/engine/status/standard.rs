//! The status of a standard: its posture, and where each tier stands.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Findings, conditions, count, plural, shortened, to_the_second};
use crate::api::condition::{Outcome as Said, standard as reasons};
use crate::api::{
    Action, ControlStatus, Date, FailingOwner, InForce, Kind, Percent, Posture, SecurityStandardStatus,
    TierStage, TopFailure, TrendPoint,
};
use crate::engine::evaluate::Outcome;
use crate::engine::posture::{self, Counts, StandardPosture, UNCLASSIFIED};
use crate::engine::rollout::Watch;
use crate::engine::standard::CompiledStandard;
use crate::facts::Text;

/// The most controls listed with a failing workload.
const MOST_CONTROLS: usize = 20;
/// The most days of trend.
const MOST_DAYS: usize = 30;
/// The most tiers that a status lists.
const MOST_TIERS: usize = 64;
/// The longest reason why a tier isn't promoted; a freeze brings words of its own.
const LONGEST_BLOCKER: usize = 256;
/// The longest name of a subject, and of an owner.
const LONGEST_SUBJECT: usize = 600;
const LONGEST_OWNER: usize = 253;
/// The most owners that are named of a tier, and the longest name of one.
const MOST_OWNERS: usize = 5;
const LONGEST_OWNER_OF_A_TIER: usize = 63;
/// The most controls of which it is said that another standard sets them differently.
const MOST_DISPUTES: usize = 5;
/// The longest message of a condition.
const LONGEST_MESSAGE: usize = 32_768;

pub(super) fn status(
    findings: &Findings<'_>,
    index: usize,
    before: Option<&SecurityStandardStatus>,
    generation: i64,
) -> Option<SecurityStandardStatus> {
    let standard = findings.policy.standards.get(index)?;
    let measured = findings.posture.standards.get(index)?;
    let tiers = tier_stages(findings, index, standard, measured);
    let outcomes = [
        accepted(findings, index, standard),
        reasons::EVALUATED.because(format!("{} judged.", plural(measured.counts.evaluated, "workload"))),
        compliant(&measured.counts),
        enforcing(standard, &tiers, findings.now()),
    ];
    let now = findings.now();
    let watch = Watch::at(before.and_then(Watch::recorded), now);
    let made = SecurityStandardStatus {
        observed_generation: Some(generation),
        conditions: conditions(
            Kind::SecurityStandard,
            before.map(|status| status.conditions.as_slice()),
            &outcomes,
            now,
            generation,
        ),
        last_evaluated: before.and_then(|status| status.last_evaluated.clone()),
        last_watched: Some(to_the_second(watch.last)),
        watched_since: watch.since.map(to_the_second),
        in_force: None,
        posture: Some(shown(&measured.counts)),
        controls: measured.controls.iter().map(control_status).collect(),
        tiers,
        top_failures: top_failures(findings, index, measured),
        trend: trend(before, measured.counts.compliance(), Date::of(now)),
    };
    if before == Some(&made) {
        return Some(made);
    }
    Some(SecurityStandardStatus { last_evaluated: Some(to_the_second(now)), ..made })
}

/// Says which generation goes on while the newest is refused.
pub(super) fn goes_on(
    mut status: SecurityStandardStatus,
    in_force: Option<&InForce>,
    before: Option<&SecurityStandardStatus>,
) -> SecurityStandardStatus {
    if let Some(InForce { generation, .. }) = in_force {
        for it in &mut status.conditions {
            if it.type_ == reasons::INVALID_SPEC.condition {
                let message = format!("Generation {generation} stays in force. {}", it.message);
                it.message = shortened(&message, LONGEST_MESSAGE);
            } else if it.type_ == reasons::EVALUATED.condition {
                it.message = format!("{} Generation {generation} is in force.", it.message);
            }
        }
    }
    status.in_force = in_force.cloned();
    // Its numbers are those of before, if nothing else is different.
    let known = before.and_then(|before| before.last_evaluated.clone());
    let now = std::mem::replace(&mut status.last_evaluated, known);
    if before != Some(&status) {
        status.last_evaluated = now;
    }
    status
}

fn shown(counts: &Counts) -> Posture {
    Posture {
        evaluated: count(counts.evaluated),
        compliant: count(counts.compliant),
        excepted: count(counts.excepted),
        failing: count(counts.failing),
        unknown: count(counts.unknown),
        compliance: counts.compliance(),
        effective: counts.effective(),
    }
}

fn control_status(measured: &posture::ControlPosture) -> ControlStatus {
    ControlStatus {
        id: measured.control.id.to_owned(),
        severity: Some(measured.severity),
        evaluated: count(measured.counts.evaluated),
        passing: count(measured.counts.compliant),
        failing: count(measured.counts.failing),
        excepted: count(measured.counts.excepted),
        unknown: count(measured.counts.unknown),
    }
}

fn compliant(counts: &Counts) -> Said {
    if counts.evaluated == 0 {
        return reasons::NOTHING_MATCHED.because("No workload is in the scope of this standard.");
    }
    if counts.failing + counts.excepted > 0 {
        let failing = plural(counts.failing, "workload");
        return reasons::WORKLOADS_FAILING
            .because(format!("{failing} failing, {} excepted, of {}.", counts.excepted, counts.evaluated));
    }
    if counts.unknown > 0 {
        let unknown = plural(counts.unknown, "workload");
        return reasons::UNKNOWN_RESULTS.because(format!("Of {unknown} something can't be told."));
    }
    reasons::ALL_COMPLIANT
        .because(format!("All {} pass every control.", plural(counts.evaluated, "workload")))
}

fn accepted(findings: &Findings<'_>, index: usize, standard: &CompiledStandard) -> Said {
    let in_force = format!("{} in force.", plural(standard.controls.len(), "control"));
    let disputes = findings.posture.disputes(findings.policy, index);
    if disputes.is_empty() {
        return reasons::ACCEPTED.because(in_force);
    }
    let listed: Vec<String> = disputes.iter().take(MOST_DISPUTES).map(ToString::to_string).collect();
    let more = match disputes.len().saturating_sub(listed.len()) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    reasons::OVERLAPPING.because(format!(
        "{in_force} For workloads that both are about {}{more}: the stricter of both holds.",
        listed.join(", ")
    ))
}

fn enforcing(standard: &CompiledStandard, tiers: &[TierStage], now: Timestamp) -> Said {
    let actions: BTreeSet<Action> = tiers.iter().filter_map(|tier| tier.action).collect();
    let stages: Vec<String> =
        tiers.iter().filter_map(|tier| Some(format!("{} at {}", tier.name, tier.action?))).collect();
    let spared =
        standard.rollout.ratchet_until.filter(|until| actions.contains(&Action::Deny) && now < *until);
    let spared = spared.map(|until| {
        let until = until.strftime("%Y-%m-%d %H:%M UTC");
        format!(" Until {until} an update that makes nothing worse is spared.")
    });
    let message = format!("{}.{}", stages.join(", "), spared.unwrap_or_default());
    let tripped: Vec<&str> =
        tiers.iter().filter(|tier| tier.tripped.is_some()).map(|tier| tier.name.as_str()).collect();
    if !tripped.is_empty() {
        return reasons::CIRCUIT_BREAKER_OPEN.because(format!(
            "Too much was denied in {}: put back to the stage before. {message} See that the standard is right, and promote \
             the tier; by itself it denies again a day later at the earliest.",
            tripped.join(", ")
        ));
    }
    match actions.iter().collect::<Vec<_>>().as_slice() {
        [] | [Action::Audit] => {
            reasons::AUDITING.because("Failures are counted; nobody is warned or blocked.")
        }
        [Action::Warn] => reasons::WARNING.because(message),
        [Action::Deny] => reasons::DENYING.because(message),
        _ => reasons::MIXED_STAGES.because(message),
    }
}

/// The tiers that the standard is about: those that exist and are in its scope, and what is in none, if there is any.
fn tier_stages(
    findings: &Findings<'_>,
    index: usize,
    standard: &CompiledStandard,
    measured: &StandardPosture,
) -> Vec<TierStage> {
    let named = findings.policy.tiers.iter().map(|tier| &tier.name).filter(|name| standard.is_about(name));
    let unclassified = Text::from(UNCLASSIFIED);
    let rest = (measured.tiers.contains_key(UNCLASSIFIED) || findings.policy.tiers.iter().next().is_none())
        .then_some(&unclassified);
    let tiers = named.chain(rest).take(MOST_TIERS);
    tiers.filter_map(|tier| tier_stage(findings, index, standard, measured, tier)).collect()
}

fn tier_stage(
    findings: &Findings<'_>,
    index: usize,
    standard: &CompiledStandard,
    measured: &StandardPosture,
    tier: &Text,
) -> Option<TierStage> {
    let counts = measured.tiers.get(tier).copied().unwrap_or_default();
    let standing = findings.standing(index, tier)?;
    let will_deny = standard.rollout.plan(Some(tier)).actions().any(|action| action == Action::Deny);
    Some(TierStage {
        name: tier.to_string(),
        stage: i32::try_from(standing.stage).ok(),
        action: Some(standing.record.action),
        since: Some(to_the_second(standing.record.since)),
        tripped: standing.record.tripped.map(to_the_second),
        compliance: counts.compliance(),
        would_deny: (will_deny && standing.record.action != Action::Deny).then(|| count(counts.failing)),
        unanswered: None,
        next: standing.next,
        promotable_from: standing.promotable_from.map(to_the_second),
        ratchet_until: standard
            .rollout
            .ratchet_until
            .filter(|until| will_deny && findings.now() < *until)
            .map(to_the_second),
        owners: standing.next.map(|_| owners(measured, tier)).unwrap_or_default(),
        blocked_by: standing
            .blocked_by
            .iter()
            .map(|it| shortened(&it.to_string(), LONGEST_BLOCKER))
            .collect(),
    })
}

/// Those with the most that fail come first.
fn owners(measured: &StandardPosture, tier: &Text) -> Vec<FailingOwner> {
    let mut owners: Vec<(&Option<Text>, u64)> =
        measured.failing_of.get(tier).into_iter().flatten().map(|(owner, number)| (owner, *number)).collect();
    owners.sort_by_key(|(owner, number)| (Reverse(*number), *owner));
    let shown = owners.into_iter().take(MOST_OWNERS).map(|(owner, number)| FailingOwner {
        owner: owner.as_ref().map(|owner| shortened(owner, LONGEST_OWNER_OF_A_TIER)),
        failing: count(number),
    });
    shown.collect()
}

fn top_failures(findings: &Findings<'_>, index: usize, measured: &StandardPosture) -> Vec<TopFailure> {
    let Findings { policy, assessment, .. } = findings;
    let wanted = policy.outcomes_of(index);
    let controls = policy.standards.get(index).map_or(&[][..], |standard| &standard.controls);
    let known = measured.worst.iter().filter_map(|key| assessment.subjects.get_key_value(key));
    known
        .map(|(key, assessed)| {
            let own = assessed.outcomes.get(wanted.clone()).unwrap_or_default();
            let failing = controls.iter().zip(own).filter(|(_, outcome)| **outcome == Outcome::Fail);
            TopFailure {
                subject: shortened(&key.to_string(), LONGEST_SUBJECT),
                tier: assessed.tier.as_ref().map(ToString::to_string),
                controls: failing.take(MOST_CONTROLS).map(|(it, _)| it.control.id.to_owned()).collect(),
                owner: assessed.owner.as_ref().map(|owner| shortened(owner, LONGEST_OWNER)),
            }
        })
        .collect()
}

/// The days before, and today as it is now.
fn trend(
    before: Option<&SecurityStandardStatus>,
    compliance: Option<Percent>,
    today: Date,
) -> Vec<TrendPoint> {
    let known = before.map(|status| status.trend.as_slice()).unwrap_or_default();
    let mut trend: Vec<TrendPoint> = known.iter().filter(|point| point.date < today).cloned().collect();
    trend.extend(compliance.map(|compliance| TrendPoint { date: today, compliance }));
    let surplus = trend.len().saturating_sub(MOST_DAYS);
    trend.drain(..surplus);
    trend
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(days: &[&str]) -> Vec<TrendPoint> {
        let point = |day: &&str| TrendPoint { date: day.parse().unwrap(), compliance: Percent::HUNDRED };
        days.iter().map(point).collect()
    }

    #[test]
    fn a_day_has_one_point_of_trend_and_a_month_has_thirty() {
        let days: Vec<String> = (1..=30).map(|day| format!("2026-11-{day:02}")).collect();
        let days: Vec<&str> = days.iter().map(String::as_str).collect();
        let before = SecurityStandardStatus { trend: points(&days), ..SecurityStandardStatus::default() };
        let same = trend(Some(&before), Some(Percent::HUNDRED), "2026-11-30".parse().unwrap());
        assert_eq!(same, before.trend);
        let next = trend(Some(&before), Some(Percent::HUNDRED), "2026-12-01".parse().unwrap());
        assert_eq!(next.len(), MOST_DAYS);
        assert_eq!(next.last().unwrap().date.to_string(), "2026-12-01");
    }

    #[test]
    fn no_text_is_longer_than_the_schema_takes() {
        assert_eq!(shortened("frozen", LONGEST_BLOCKER), "frozen");
        let long = shortened(&"é".repeat(300), LONGEST_BLOCKER);
        assert_eq!(long.chars().count(), LONGEST_BLOCKER);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn nothing_matched_is_not_compliant() {
        assert_eq!(compliant(&Counts::default()).reason.name, "NothingMatched");
        let excepted = Counts { evaluated: 1, excepted: 1, ..Counts::default() };
        assert_eq!(compliant(&excepted).reason.name, "WorkloadsFailing");
    }
}
