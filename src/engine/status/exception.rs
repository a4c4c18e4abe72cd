//! The status of an exception: whether it counts, and what for.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{Findings, at_most_daily, conditions, count, plural, to_the_second};
use crate::api::condition::{Outcome as Said, exception as reasons};
use crate::api::{Action, ApprovalCount, Coverage, ExpiryImpact, Kind, RiskExceptionStatus};
use crate::engine::evaluate::ExceptionState;
use crate::engine::exception::{CompiledException, GRACE, Life};
use crate::engine::posture::UNCLASSIFIED;
use crate::facts::{SubjectKey, Text};

/// The most tiers that a status lists.
const MOST_TIERS: usize = 32;
/// The most subjects that a status lists.
const MOST_SUBJECTS: usize = 20;

pub(super) fn status(
    findings: &Findings<'_>,
    index: usize,
    before: Option<&RiskExceptionStatus>,
    generation: i64,
) -> Option<RiskExceptionStatus> {
    let exception = findings.policy.exceptions.get(index)?;
    let state = findings.assessment.exceptions.get(index)?;
    let now = findings.now();
    let outcomes = [
        accepted(state),
        approved(findings, state),
        active(exception, state),
        effective(findings, exception, state),
    ];
    let used = !state.findings.is_empty();
    let approvals = state.approvals;
    Some(RiskExceptionStatus {
        observed_generation: Some(generation),
        conditions: conditions(
            Kind::RiskException,
            before.map(|status| status.conditions.as_slice()),
            &outcomes,
            now,
            generation,
        ),
        approvals: Some(ApprovalCount {
            required: i32::try_from(approvals.required).unwrap_or(i32::MAX),
            valid: i32::try_from(approvals.valid).unwrap_or(i32::MAX),
            missing: i32::try_from(approvals.required.saturating_sub(approvals.valid)).unwrap_or(i32::MAX),
        }),
        covers: Some(Coverage {
            workloads: count(state.covered.len()),
            findings: count(state.findings.len()),
            tiers: state.tiers.iter().take(MOST_TIERS).map(ToString::to_string).collect(),
        }),
        last_used: last_used(before, used, now),
        unused_since: unused_since(before, used, now),
        uncompensated_since: uncompensated_since(findings, exception, state).map(to_the_second),
        next_review: next_review(exception, state, now),
        renewals: i32::try_from(state.renewals).ok(),
        expiry_impact: expiry_impact(findings, index, state),
    })
}

fn accepted(state: &ExceptionState) -> Said {
    match &state.beyond_bounds {
        Some(beyond) => reasons::EXCEEDS_TIER_BOUNDS.because(beyond.clone()),
        None => reasons::ACCEPTED.because("Within the bounds of the tiers that it touches."),
    }
}

fn approved(findings: &Findings<'_>, state: &ExceptionState) -> Said {
    let approvals = state.approvals;
    let trust = findings.policy.settings.trust;
    let mut counted = format!(
        "{} of {} approvals, {} ({}).",
        approvals.valid.min(approvals.required),
        approvals.required,
        trust.counts(),
        trust.as_str(),
    );
    if let Some(why) = not_counted(state) {
        counted = format!("{counted} {why}.");
    }
    if approvals.suffice() {
        reasons::APPROVED.because(counted)
    } else {
        reasons::APPROVALS_MISSING.because(counted)
    }
}

/// Why approvals don't count, if some don't.
#[must_use]
pub fn not_counted(state: &ExceptionState) -> Option<String> {
    if let Some(void) = &state.void {
        return Some(format!("None counts: {void}"));
    }
    let each: Vec<String> = state.uncounted.iter().map(ToString::to_string).collect();
    (!each.is_empty()).then(|| format!("Not counted: {}", each.join("; ")))
}

fn active(exception: &CompiledException, state: &ExceptionState) -> Said {
    let end = exception.expires_at.strftime("%Y-%m-%d %H:%M UTC");
    match state.life {
        Life::OutOfBounds => reasons::INVALID.because("It is not accepted; `Accepted` says why."),
        Life::Revoked => match exception.revocation() {
            Some((by, reason)) => reasons::REVOKED.because(format!("Revoked by {by}: {reason}")),
            None => reasons::REVOKED.because("Revoked."),
        },
        Life::Expired => reasons::EXPIRED.because(format!("Ended {end}.")),
        Life::NotApproved => reasons::NOT_APPROVED.because(format!(
            "{} missing.",
            plural(state.approvals.required.saturating_sub(state.approvals.valid), "approval")
        )),
        Life::NotYetValid => reasons::NOT_YET_VALID.because("It begins at `validFrom`."),
        Life::ExpiringSoon => {
            reasons::EXPIRING_SOON.because(format!("Ends {end}: renew it, or fix the finding."))
        }
        Life::Active => reasons::ACTIVE.because(format!("Until {end}.")),
    }
}

/// Each reason is asked for in the order in which a person would want to know it.
fn effective(findings: &Findings<'_>, exception: &CompiledException, state: &ExceptionState) -> Said {
    if !exception.knows_a_control() {
        let unknown: Vec<&str> = exception.unknown_controls().map(Text::as_str).collect();
        return reasons::UNKNOWN_CONTROL.because(format!("No such control: {}.", unknown.join(", ")));
    }
    if !state.life.is_active() {
        return reasons::NOT_ACTIVE.because("It covers nothing; `Active` says why.");
    }
    if let Some(obstacle) = obstacle(exception, state) {
        return obstacle;
    }
    if state.findings.is_empty() {
        return reasons::NO_LONGER_NEEDED.because("What it matches passes now: it can be deleted.");
    }
    let covered = plural(state.covered.len(), "workload");
    let covers = format!("Covers {} on {covered}.", plural(state.findings.len(), "finding"));
    let suspended = uncompensated_since(findings, exception, state).and_then(|it| it.checked_add(GRACE).ok());
    match suspended {
        Some(from) => reasons::COMPENSATING_CONTROL_FAILING.because(format!(
            "{covers} {} It is suspended from {} on, unless they hold again.",
            failed_compensations(state),
            from.strftime("%Y-%m-%d %H:%M UTC")
        )),
        None => reasons::EFFECTIVE.because(covers),
    }
}

/// Since when a compensating control has failed, of an exception that lives.
fn uncompensated_since(
    findings: &Findings<'_>,
    exception: &CompiledException,
    state: &ExceptionState,
) -> Option<Timestamp> {
    let fails = state.life.is_active() && !state.failed_compensations.is_empty();
    let keeps_record = findings.policy.settings.keeps_record;
    fails.then(|| exception.failing_since(keeps_record, findings.now())).flatten()
}

fn failed_compensations(state: &ExceptionState) -> String {
    let failed: Vec<&str> = state.failed_compensations.iter().map(Text::as_str).collect();
    format!("Compensating controls that don't hold: {}.", failed.join(", "))
}

/// What keeps an exception from covering anything, whether it lives or not.
#[must_use]
pub fn obstacle(exception: &CompiledException, state: &ExceptionState) -> Option<Said> {
    if state.overbroad {
        return Some(reasons::OVERBROAD.because(format!(
            "It matches {} and may cover {}: it covers none. Narrow the target, or raise maxWorkloads.",
            plural(state.targets.len(), "workload"),
            exception.max_workloads
        )));
    }
    if state.targets.is_empty() {
        let message = "No workload of this namespace matches the target.";
        return Some(reasons::MATCHES_NOTHING.because(message));
    }
    if !state.asked_for {
        let message = "No standard asks for its controls on the workloads that it matches.";
        return Some(reasons::MATCHES_NOTHING.because(message));
    }
    if state.is_suspended {
        return Some(reasons::COMPENSATING_CONTROL_FAILED.because(failed_compensations(state)));
    }
    None
}

fn last_used(before: Option<&RiskExceptionStatus>, used: bool, now: Timestamp) -> Option<Time> {
    let known = before.and_then(|status| status.last_used.as_ref());
    if used { Some(at_most_daily(known, now)) } else { known.cloned() }
}

fn unused_since(before: Option<&RiskExceptionStatus>, used: bool, now: Timestamp) -> Option<Time> {
    let known = before.and_then(|status| status.unused_since.clone());
    if used { None } else { Some(known.unwrap_or_else(|| to_the_second(now))) }
}

/// The next day of review, counted from the exception's beginning; none where it ends before, or doesn't live.
fn next_review(exception: &CompiledException, state: &ExceptionState, now: Timestamp) -> Option<Time> {
    if !state.life.is_active() {
        return None;
    }
    let rhythm = state.bounds.review_every.as_seconds();
    let begun = exception.begun()?;
    let passed = now.duration_since(begun).as_secs().max(0).checked_div(rhythm)?;
    let due = begun.checked_add(SignedDuration::from_secs(rhythm.checked_mul(passed + 1)?)).ok()?;
    (due < exception.expires_at).then(|| to_the_second(due))
}

/// The workloads that would be denied today without it: those that it covers and that stand at Deny.
fn expiry_impact(findings: &Findings<'_>, index: usize, state: &ExceptionState) -> Option<ExpiryImpact> {
    if state.covered.is_empty() {
        return None;
    }
    let denied: Vec<&SubjectKey> =
        state.covered.iter().filter(|key| is_denied_without(findings, index, key)).collect();
    Some(ExpiryImpact {
        denied: count(denied.len()),
        subjects: denied.iter().take(MOST_SUBJECTS).map(ToString::to_string).collect(),
    })
}

/// Whether a workload that an exception covers would be denied today without it.
pub(in crate::engine) fn is_denied_without(
    findings: &Findings<'_>,
    exception: usize,
    key: &SubjectKey,
) -> bool {
    let Some(assessed) = findings.assessment.subjects.get(key) else { return false };
    let tier = assessed.tier.clone().unwrap_or_else(|| UNCLASSIFIED.into());
    let mut excused = assessed.uses.iter().filter(|it| it.exception == exception && it.excuses);
    excused.any(|it| {
        let Some(standard) = findings.policy.standards.get(it.standard) else { return false };
        let record = findings.policy.stages.get(&(standard.name.clone(), tier.clone()));
        record.is_some_and(|record| record.action == Action::Deny)
    })
}
