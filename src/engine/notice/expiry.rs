//! What is told on the workloads that an exception covers, before it ends.

use std::collections::BTreeSet;

use super::Notice;
use super::reason::EXCEPTION_EXPIRING_SOON;
use crate::engine::evaluate::{Assessed, Outcome};
use crate::engine::exception::{CompiledException, Life};
use crate::engine::status::{Findings, is_denied_without};
use crate::facts::{ObjectKind, SubjectKey};

/// The most workloads on which the end of one exception is told.
const MOST_WORKLOADS: usize = 20;

/// The most controls that a note lists.
const MOST_CONTROLS: usize = 5;

/// The workloads that will fail when an exception ends that ends soon, by its place in
/// [`Policy::exceptions`](crate::engine::policy::Policy::exceptions), and what each is told.
#[must_use]
pub fn on_workloads<'a>(findings: &Findings<'a>, index: usize) -> Vec<(&'a SubjectKey, Notice)> {
    let exception = findings.policy.exceptions.get(index);
    let state = findings.assessment.exceptions.get(index).filter(|it| it.life == Life::ExpiringSoon);
    let (Some(exception), Some(state)) = (exception, state) else { return Vec::new() };
    let workloads = state.covered.iter().filter(|key| matches!(key.kind, ObjectKind::Workload(_)));
    let told = workloads.filter_map(|key| {
        let controls = excused(findings, index, exception, findings.assessment.subjects.get(key)?);
        let is_denied = is_denied_without(findings, index, key);
        // Another one may last longer.
        (!controls.is_empty()).then(|| (key, notice(exception, &controls, is_denied)))
    });
    told.take(MOST_WORKLOADS).collect()
}

/// The controls of which this exception alone excuses every finding.
fn excused(
    findings: &Findings<'_>,
    index: usize,
    exception: &CompiledException,
    assessed: &Assessed,
) -> BTreeSet<&'static str> {
    let standards: BTreeSet<usize> =
        assessed.uses.iter().filter(|it| it.exception == index && it.excuses).map(|it| it.standard).collect();
    let controls = standards.into_iter().filter_map(|place| {
        let standard = findings.policy.standards.get(place)?;
        let outcomes = assessed.outcomes.get(findings.policy.outcomes_of(place))?;
        Some(standard.controls.iter().zip(outcomes))
    });
    controls
        .flatten()
        .filter(|(it, outcome)| **outcome == Outcome::Excepted && exception.names_control(it.control))
        .map(|(it, _)| it.control.id)
        .collect()
}

fn notice(exception: &CompiledException, controls: &BTreeSet<&str>, is_denied: bool) -> Notice {
    let listed: Vec<&str> = controls.iter().take(MOST_CONTROLS).copied().collect();
    let more = match controls.len().saturating_sub(listed.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let note = format!(
        "Without RiskException {} it fails {}{more}; that ends {}{}. Fix the findings, or have {} renew the exception.",
        exception.name,
        listed.join(", "),
        exception.expires_at.strftime("%Y-%m-%d %H:%M UTC"),
        if is_denied { ", and the standard stands at Deny" } else { "" },
        exception.owner,
    );
    Notice::new(&EXCEPTION_EXPIRING_SOON, exception.name.to_string(), &note)
}
