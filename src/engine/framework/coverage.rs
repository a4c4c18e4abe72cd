//! An assessment counted by the clauses of a framework.
//!
//! A clause is served by the controls that refer to it. What counts is the subject: it is as good as the worst of those
//! controls on it, whichever standard asks for them, and what is excepted or unknown is not compliant.

use std::collections::BTreeMap;

use super::{Framework, Reference};
use crate::api::Severity;
use crate::engine::control::Control;
use crate::engine::evaluate::{Assessed, Assessment, Outcome};
use crate::engine::policy::Policy;
use crate::engine::posture::{Counts, worst};

/// How an assessment stands to a framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The framework.
    pub framework: Framework,
    /// The clauses that some control of this run serves, in the framework's order.
    pub clauses: Vec<ClauseCoverage>,
    /// The clauses that the catalogue serves, but no control that a standard of this run asks for.
    pub unasked: Vec<Served>,
    /// The clauses that no control of the catalogue serves.
    pub uncovered: Vec<Reference>,
}

/// How subjects stand to one clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClauseCoverage {
    /// The clause.
    pub clause: Reference,
    /// The subjects that a control which serves it judged.
    pub counts: Counts,
    /// Those controls, the gravest first.
    pub controls: Vec<ControlCoverage>,
}

/// How subjects stand to one control that serves a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlCoverage {
    /// The control.
    pub control: &'static Control,
    /// The gravest of what the standards of this run say.
    pub severity: Severity,
    /// The subjects that it judged.
    pub counts: Counts,
}

/// A clause, and the controls of the catalogue that serve it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The clause.
    pub clause: Reference,
    /// The controls, by id.
    pub controls: Vec<&'static Control>,
}

/// The clauses of a framework that controls refer to, in the framework's order.
#[must_use]
pub fn served(framework: Framework, catalogue: &[&'static Control]) -> Vec<Served> {
    let mut found: BTreeMap<(usize, &str), Vec<&'static Control>> = BTreeMap::new();
    for control in catalogue {
        for reference in control.references.iter().filter(|it| it.framework == framework) {
            let place = (reference.position().unwrap_or(usize::MAX), reference.clause);
            let controls = found.entry(place).or_default();
            if controls.last() != Some(control) {
                controls.push(control);
            }
        }
    }
    let served = |((_, clause), controls)| Served { clause: framework.clause(clause), controls };
    found.into_iter().map(served).collect()
}

/// The clauses of a framework that none of these serves.
#[must_use]
pub fn uncovered(framework: Framework, served: &[Served]) -> Vec<Reference> {
    let is_covered = |clause: Reference| served.iter().any(|other| clause.is_served_by(other.clause));
    framework.clauses().filter(|clause| !is_covered(*clause)).collect()
}

/// Counts an assessment by the clauses of a framework.
#[must_use]
pub fn measure(
    framework: Framework,
    catalogue: &[&'static Control],
    policy: &Policy,
    assessment: &Assessment,
) -> Coverage {
    let asked = asked(policy);
    let subjects: Vec<BTreeMap<&str, Outcome>> =
        assessment.subjects.values().map(|assessed| outcomes(policy, assessed)).collect();
    let served = served(framework, catalogue);
    let uncovered = uncovered(framework, &served);
    let is_asked = |it: &Served| it.controls.iter().any(|control| asked.contains_key(control.id));
    let (served, unasked): (Vec<Served>, Vec<Served>) = served.into_iter().partition(is_asked);
    let clauses = served.into_iter().map(|it| ClauseCoverage::new(&it, &asked, &subjects)).collect();
    Coverage { framework, clauses, unasked, uncovered }
}

/// The controls that standards ask for, each with the gravest severity.
fn asked(policy: &Policy) -> BTreeMap<&'static str, Severity> {
    let mut asked = BTreeMap::new();
    for wanted in policy.standards.iter().flat_map(|standard| &standard.controls) {
        let severity = asked.entry(wanted.control.id).or_insert(wanted.severity);
        *severity = wanted.severity.max(*severity);
    }
    asked
}

/// What each control says of a subject: the worst of what it says for several standards.
fn outcomes(policy: &Policy, assessed: &Assessed) -> BTreeMap<&'static str, Outcome> {
    let controls = policy.standards.iter().flat_map(|standard| &standard.controls);
    let mut found = BTreeMap::new();
    for (wanted, outcome) in controls.zip(&assessed.outcomes) {
        let known = found.entry(wanted.control.id).or_insert(Outcome::NotApplicable);
        *known = outcome.max(known).to_owned();
    }
    found
}

impl ClauseCoverage {
    fn new(
        served: &Served,
        asked: &BTreeMap<&'static str, Severity>,
        subjects: &[BTreeMap<&str, Outcome>],
    ) -> Self {
        let serving = served.controls.iter().filter_map(|control| Some((*control, asked.get(control.id)?)));
        let mut controls: Vec<ControlCoverage> = serving
            .map(|(control, severity)| ControlCoverage {
                control,
                severity: *severity,
                counts: count(subjects, &[control]),
            })
            .collect();
        controls.sort_by_key(|it| (std::cmp::Reverse(it.severity), it.control.id));
        let all: Vec<&Control> = controls.iter().map(|it| it.control).collect();
        Self { clause: served.clause, counts: count(subjects, &all), controls }
    }
}

/// Counts subjects, each as good as the worst of these controls on it.
fn count(subjects: &[BTreeMap<&str, Outcome>], controls: &[&Control]) -> Counts {
    let mut counts = Counts::default();
    for outcomes in subjects {
        counts.add(worst(controls.iter().filter_map(|control| outcomes.get(control.id).copied())));
    }
    counts
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::catalogue;
    use crate::engine::standard::CompiledStandard;
    use crate::engine::tier::Placement;
    use crate::facts::{List, ObjectKind, SubjectKey};
    use Outcome::{Error, Excepted, Fail, NotApplicable, Pass, Unknown};

    /// Each standard with the ids of its controls.
    fn policy(standards: &[&[&str]]) -> Policy {
        let compiled = |(number, ids): (usize, &&[&str])| {
            let controls: Vec<String> = ids.iter().map(|id| format!("{{id: {id}}}")).collect();
            let yaml = format!(
                "{{apiVersion: stanchion.dev/v1alpha1, kind: SecurityStandard, metadata: {{name: s{number}}},
                  spec: {{controls: [{}]}}}}",
                controls.join(", ")
            );
            CompiledStandard::compile(&serde_saphyr::from_str(&yaml).unwrap()).unwrap()
        };
        Policy { standards: standards.iter().enumerate().map(compiled).collect(), ..Policy::default() }
    }

    /// Subjects with the outcome of each control of each standard.
    fn assessment(subjects: &[&[Outcome]]) -> Assessment {
        let assessed = |(number, outcomes): (usize, &&[Outcome])| {
            let key = SubjectKey::new("shop", ObjectKind::Namespace, format!("n{number}"));
            let assessed = Assessed {
                tier: None,
                placement: Placement::Unclassified,
                overlaps: List::default(),
                owner: None,
                part_of: None,
                outcomes: outcomes.to_vec().into(),
                uses: List::default(),
                details: Vec::new(),
            };
            (key, Arc::new(assessed))
        };
        Assessment {
            at: jiff::Timestamp::UNIX_EPOCH,
            subjects: subjects.iter().enumerate().map(assessed).collect(),
            exceptions: Vec::new(),
            exempt: 0,
        }
    }

    fn clause<'a>(coverage: &'a Coverage, clause: &str) -> &'a ClauseCoverage {
        coverage.clauses.iter().find(|it| it.clause.clause == clause).unwrap()
    }

    fn measured(standards: &[&[&str]], subjects: &[&[Outcome]]) -> Coverage {
        let (policy, assessment) = (policy(standards), assessment(subjects));
        measure(Framework::Nist80053, catalogue::all(), &policy, &assessment)
    }

    #[test]
    fn a_subject_of_a_clause_is_as_good_as_its_worst_control() {
        let subjects: [&[Outcome]; 7] = [
            &[Pass, Pass],
            &[Pass, Excepted],
            &[Excepted, Unknown],
            &[Error, Pass],
            &[Fail, Unknown],
            &[NotApplicable, Pass],
            &[NotApplicable, NotApplicable],
        ];
        let coverage = measured(&[&["pod.privileged", "pod.root-user"]], &subjects);
        let least_privilege = clause(&coverage, "AC-6");
        let counts = Counts { evaluated: 6, compliant: 2, excepted: 1, failing: 1, unknown: 2 };
        assert_eq!(least_privilege.counts, counts, "what is excepted or unknown is not compliant");
        let ids: Vec<&str> = least_privilege.controls.iter().map(|it| it.control.id).collect();
        assert_eq!(ids, ["pod.privileged", "pod.root-user"], "the gravest first");
        let [privileged, root] = &least_privilege.controls[..] else { panic!("two controls") };
        let counts = Counts { evaluated: 5, compliant: 2, excepted: 1, failing: 1, unknown: 1 };
        assert_eq!(privileged.counts, counts);
        assert_eq!((root.counts.evaluated, root.counts.unknown), (6, 2));
    }

    #[test]
    fn a_control_that_several_standards_ask_for_counts_once_and_as_its_worst() {
        let subjects: [&[Outcome]; 2] = [&[Pass, Fail], &[Excepted, NotApplicable]];
        let coverage = measured(&[&["pod.privileged"], &["pod.privileged"]], &subjects);
        let least_privilege = clause(&coverage, "AC-6");
        let counts = Counts { evaluated: 2, failing: 1, excepted: 1, ..Counts::default() };
        assert_eq!(least_privilege.counts, counts);
        assert_eq!(least_privilege.controls.len(), 1);
    }

    #[test]
    fn what_nobody_asks_for_is_told_from_what_no_control_covers() {
        let coverage = measured(&[&["pod.privileged"]], &[]);
        assert_eq!(clause(&coverage, "AC-6").counts, Counts::default(), "asked for, and nothing to judge");
        let unasked: Vec<&str> = coverage.unasked.iter().map(|it| it.clause.clause).collect();
        assert!(unasked.contains(&"SC-6") && !unasked.contains(&"AC-6"), "{unasked:?}");
        let uncovered: Vec<&str> = coverage.uncovered.iter().map(|it| it.clause).collect();
        assert!(uncovered.starts_with(&["AC-1"]) && !uncovered.contains(&"SC-6"), "{uncovered:?}");
    }

    #[test]
    fn clauses_come_in_the_order_of_the_framework() {
        for framework in Framework::ALL {
            let served = served(framework, catalogue::all());
            assert!(served.is_sorted_by_key(|it| it.clause.position()), "{}", framework.name());
        }
    }
}
