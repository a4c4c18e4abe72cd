//! The posture by control, whichever standards ask for it.

use std::collections::BTreeMap;

use super::build::Input;
use super::{ControlPosture, Counts};
use crate::api::Severity;
use crate::engine::evaluate::Outcome;
use crate::engine::posture;

/// Every control that a standard asks for, by id. On a subject it comes out as the worst of what the standards make of
/// it.
pub(super) fn report(input: Input<'_>) -> Vec<ControlPosture> {
    let asked: Vec<_> = input.policy.standards.iter().flat_map(|standard| &standard.controls).collect();
    let mut severities: BTreeMap<&'static str, Severity> = BTreeMap::new();
    for control in &asked {
        let severity = severities.entry(control.control.id).or_insert(control.severity);
        *severity = control.severity.max(*severity);
    }
    let ids: Vec<&str> = severities.keys().copied().collect();
    let places: Vec<usize> = asked.iter().filter_map(|it| ids.binary_search(&it.control.id).ok()).collect();
    let mut counts = vec![posture::Counts::default(); ids.len()];
    let mut worst = vec![Outcome::NotApplicable; ids.len()];
    for assessed in input.assessment.subjects.values() {
        worst.fill(Outcome::NotApplicable);
        for (place, outcome) in places.iter().zip(&assessed.outcomes) {
            if let Some(known) = worst.get_mut(*place) {
                *known = (*known).max(*outcome);
            }
        }
        for (counts, outcome) in counts.iter_mut().zip(&worst) {
            counts.add(*outcome);
        }
    }
    let shown = |((id, severity), counts)| ControlPosture { id, severity, counts: Counts::from(counts) };
    severities.into_iter().zip(counts).map(shown).collect()
}
