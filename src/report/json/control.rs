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
    let mut found: BTreeMap<&'static str, (Severity, posture::Counts)> = BTreeMap::new();
    for control in &asked {
        let (severity, _) =
            found.entry(control.control.id).or_insert((control.severity, posture::Counts::default()));
        *severity = control.severity.max(*severity);
    }
    for assessed in input.assessment.subjects.values() {
        let mut worst: BTreeMap<&'static str, Outcome> = BTreeMap::new();
        for (control, outcome) in asked.iter().zip(&assessed.outcomes) {
            let known = worst.entry(control.control.id).or_insert(*outcome);
            *known = (*known).max(*outcome);
        }
        for (id, outcome) in worst {
            if let Some((_, counts)) = found.get_mut(id) {
                counts.add(outcome);
            }
        }
    }
    let shown = |(id, (severity, counts))| ControlPosture { id, severity, counts: Counts::from(counts) };
    found.into_iter().map(shown).collect()
}
