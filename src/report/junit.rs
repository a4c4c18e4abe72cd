//! An audit as JUnit XML, which CI servers show as tests.
//!
//! A suite is a subject and a case one control on it: a team finds its workload as one group, and the name of a case
//! stays the same whatever is found, so that histories tell when it broke and when it was mended. What is excepted or
//! unknown is skipped, with the reason; what could not be used is an error in a suite of its own.
//!
//! There is no one schema. This keeps to the one of Jenkins' `xUnit` plugin, which others read too.

mod document;

use std::collections::BTreeMap;
use std::io;

use self::document::{Case, Ending, Suite, document};
use super::json::{AuditReport, FindingReport, Input, Location, Outcome, Problem, SubjectReport};
use super::table::{clean, plural};
use super::wording::{excuse, relative, sentence, severity, subject};
use crate::engine::control::Control;
use crate::engine::evaluate::{Assessed, Outcome as Judgement};
use crate::engine::posture::worst;

/// With more cases than this, passes are left out: CI servers read them slowly, and nobody reads them at all.
const MOST_CASES: usize = 100_000;

/// What cases are made from.
#[derive(Clone, Copy)]
struct Scene<'a> {
    report: &'a AuditReport,
    input: Input<'a>,
    folder: &'a str,
}

/// A control on a subject, by all standards that ask for it.
struct Asked<'a> {
    control: &'a Control,
    outcomes: Vec<Judgement>,
}

/// The document. `folder` is where the audit ran: files in it are named from there.
///
/// # Errors
///
/// None that happens: what is written to is memory.
pub fn render(report: &AuditReport, input: Input<'_>, folder: &str) -> io::Result<String> {
    let scene = Scene { report, input, folder };
    let assessed = assessed(input);
    let mut suites: Vec<Suite> = Vec::new();
    if !report.problems.is_empty() {
        let cases = report.problems.iter().map(|problem| broken(problem, folder)).collect();
        suites.push(Suite { name: "stanchion: what could not be used".to_owned(), file: None, cases });
    }
    for it in &report.subjects {
        let cases = assessed.get(&key(it)).map(|assessed| scene.cases(it, assessed)).unwrap_or_default();
        let file = it.location.as_ref().map(|it| relative(&it.file, folder).into_owned());
        suites.push(Suite { name: subject(it), file, cases });
    }
    if suites.iter().map(|suite| suite.cases.len()).sum::<usize>() > MOST_CASES {
        for suite in &mut suites {
            suite.cases.retain(|case| !matches!(case.ending, Ending::Passed));
        }
    }
    suites.retain(|suite| !suite.cases.is_empty());
    document(&suites)
}

/// What tells a subject from all others: an object may be defined in several files.
type Key<'a> = (&'a str, &'a str, &'a str, Option<(&'a str, u32, u32)>);

fn key(it: &SubjectReport) -> Key<'_> {
    let place = it.location.as_ref().map(|it| (it.file.as_str(), it.line, it.column));
    (it.kind, it.namespace.as_deref().unwrap_or_default(), &it.name, place)
}

fn assessed(input: Input<'_>) -> BTreeMap<Key<'_>, &Assessed> {
    let place = |key| {
        let origin = input.collection.origins.get(key)?;
        let start = origin.start();
        Some((origin.file.as_ref(), start.line, start.column))
    };
    let subjects = input.assessment.subjects.iter();
    subjects.map(|(key, it)| ((key.kind.as_str(), &*key.namespace, &*key.name, place(key)), &**it)).collect()
}

impl Scene<'_> {
    /// Every control that says something of the subject, by id. What several standards ask for is one case.
    fn cases(self, it: &SubjectReport, assessed: &Assessed) -> Vec<Case> {
        let controls = self.input.policy.standards.iter().flat_map(|standard| &standard.controls);
        let mut asked: BTreeMap<&str, Asked<'_>> = BTreeMap::new();
        for (control, outcome) in controls.map(|it| it.control).zip(&assessed.outcomes) {
            let known = asked.entry(control.id).or_insert_with(|| Asked { control, outcomes: Vec::new() });
            known.outcomes.push(*outcome);
        }
        let namespace = it.namespace.as_deref().unwrap_or("(cluster)");
        let class = clean(&format!("{namespace}.{} {}", it.kind, it.name)).into_owned();
        let case = |Asked { control, outcomes }| {
            let ending = self.ending(it, assessed, control, Outcome::from(worst(outcomes)))?;
            Some(Case { name: format!("{}: {}", control.id, control.title), class: class.clone(), ending })
        };
        asked.into_values().filter_map(case).collect()
    }

    fn ending(
        self,
        it: &SubjectReport,
        assessed: &Assessed,
        control: &Control,
        outcome: Outcome,
    ) -> Option<Ending> {
        let reasons = || {
            let reasons = it.unknowns.iter().filter(|unknown| unknown.control == control.id);
            reasons.map(|unknown| clean(&unknown.reason).into_owned()).collect::<Vec<_>>().join("\n")
        };
        Some(match outcome {
            Outcome::NotApplicable => return None,
            Outcome::Pass => Ending::Passed,
            Outcome::Excepted => {
                let excepted = it.findings.iter().filter(|finding| finding.control == control.id);
                let lines = excepted.map(|finding| self.line(finding));
                Ending::Skipped(lines.collect::<Vec<_>>().join("\n"))
            }
            Outcome::Unknown => Ending::Skipped(format!("can't be judged: {}", reasons())),
            Outcome::Error => Ending::Broken { summary: "the judgement failed".to_owned(), text: reasons() },
            Outcome::Fail => self.failed(it, assessed, control),
        })
    }

    /// All findings of the control, those that are not excused first.
    fn failed(self, it: &SubjectReport, assessed: &Assessed, control: &Control) -> Ending {
        let (failed, excepted): (Vec<&FindingReport>, Vec<_>) = it
            .findings
            .iter()
            .filter(|finding| finding.control == control.id)
            .partition(|finding| finding.exception.is_none());
        let gravest = failed.iter().map(|finding| finding.severity).max().unwrap_or(control.severity);
        let mut summary = failed.first().map(|finding| sentence(finding)).unwrap_or_default();
        if let more @ 1.. = failed.len().saturating_sub(1) {
            summary = format!("{summary}, and {more} more");
        }
        let lines = failed.iter().chain(&excepted).map(|finding| self.line(finding));
        let mut text = lines.collect::<Vec<_>>().join("\n");
        let details = assessed.details.iter().filter(|detail| detail.control == control);
        if let Some(more @ 1..) = details.map(|detail| detail.unlisted).max() {
            let more = plural(u64::try_from(more).unwrap_or(u64::MAX), "finding");
            text = format!("{text}\n{more} more, not listed");
        }
        Ending::Failed { level: severity(gravest), summary, text }
    }

    /// `shop/cart.yaml:7:9: app: runs privileged; to fix: …`
    fn line(self, finding: &FindingReport) -> String {
        let place = finding.location.as_ref().map(|it| place(it, self.folder)).unwrap_or_default();
        let action = match &finding.exception {
            Some(by) => excuse(self.report, by),
            None if finding.fix.is_empty() => return format!("{place}{}", sentence(finding)),
            None => format!("to fix: {}", clean(&finding.fix)),
        };
        format!("{place}{}; {action}", sentence(finding))
    }
}

fn place(at: &Location, folder: &str) -> String {
    format!("{}:{}:{}: ", relative(&at.file, folder), at.line, at.column)
}

fn broken(problem: &Problem, folder: &str) -> Case {
    let file = relative(&problem.file, folder).into_owned();
    let name = match problem.line {
        Some(line) => format!("{file}:{line}"),
        None => file,
    };
    let text = clean(&problem.message).into_owned();
    let ending = Ending::Broken { summary: text.clone(), text };
    Case { name, class: "stanchion.problems".to_owned(), ending }
}
