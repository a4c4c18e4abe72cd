//! From an assessment to the report.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{
    API_VERSION, AuditReport, BySeverity, ClusterReport, ControlPosture, Counts, ExceptionReport, Filters,
    KIND, Location, OwnerPosture, Posture, Problem, Skipped, StandardPosture, Summary, TierPosture, Tool,
};
use super::{SubjectReport, control, framework, measure, subject};

use crate::api::condition::exception as reasons;
use crate::api::{Kind, Percent, Severity};
use crate::engine::evaluate::{Assessment, ExceptionState, FEW};
use crate::engine::exception::{CompiledException, Life};
use crate::engine::framework::Framework;
use crate::engine::policy::Policy;
use crate::engine::posture::{self, measure};
use crate::engine::status;
use crate::load::{self, Collection, Origin};
use crate::manifest::Position;

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Facts, their places, and what could not be used.
    pub collection: &'a Collection,
    /// What people decided.
    pub policy: &'a Policy,
    /// What was judged.
    pub assessment: &'a Assessment,
}

/// What the caller wants to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The severity from which on a finding fails the run.
    pub fail_on: Option<Severity>,
    /// The framework by whose clauses to count, too.
    pub framework: Option<Framework>,
    /// What the assessment was narrowed to.
    pub filters: Option<Filters>,
}

impl AuditReport {
    /// Makes the report.
    #[must_use]
    pub fn new(input: Input<'_>, scope: &Scope) -> Self {
        let measured = measure(input.policy, input.assessment);
        let judged: Vec<_> = input.assessment.subjects.iter().collect();
        let mut subjects: Vec<SubjectReport> = judged
            .par_iter()
            .with_min_len(FEW)
            .map(|(key, assessed)| subject::report(input, key, assessed))
            .collect();
        subjects.par_sort_by_cached_key(SubjectReport::rank);
        Self {
            api_version: API_VERSION,
            kind: KIND,
            tool: Tool::this(),
            at: input.assessment.at.to_string(),
            cluster: ClusterReport::of(input.collection),
            summary: summary(input, &subjects, scope),
            filters: scope.filters.clone(),
            since: None,
            posture: shown(input, &measured),
            framework: scope.framework.map(|framework| framework::report(input, framework)),
            exceptions: exceptions(input, &measured, scope),
            problems: input.collection.problems.iter().map(Problem::from).collect(),
            skipped: input.collection.skipped.iter().map(Skipped::from).collect(),
            subjects,
        }
    }
}

impl ClusterReport {
    /// The cluster that it was read of, if it was.
    pub(in crate::report) fn of(collection: &Collection) -> Option<Self> {
        collection.cluster.as_deref().map(|server| Self { server: server.to_owned() })
    }
}

fn summary(input: Input<'_>, subjects: &[SubjectReport], scope: &Scope) -> Summary {
    let Collection { counts, problems, skipped, .. } = input.collection;
    let mut summary = Summary {
        files: number(counts.files),
        objects: number(counts.objects),
        subjects: number(subjects.len()),
        exempt: input.assessment.exempt,
        failing_subjects: 0,
        findings: 0,
        by_severity: BySeverity::default(),
        excepted: 0,
        unknown: number(subjects.iter().map(|subject| subject.unknowns.len()).sum()),
        problems: number(problems.len()),
        skipped: number(skipped.len()),
        fail_on: scope.fail_on,
        exit_code: 0,
    };
    let findings = subjects.iter().flat_map(|subject| &subject.findings);
    summary.excepted = number(findings.filter(|finding| finding.exception.is_some()).count());
    summary.count(subjects);
    summary
}

impl Summary {
    /// Counts what is found and not excused, and says how the run ends.
    pub(super) fn count(&mut self, subjects: &[SubjectReport]) {
        let open = |subject: &SubjectReport| subject.findings.iter().any(|it| it.exception.is_none());
        self.failing_subjects = number(subjects.iter().filter(|it| open(it)).count());
        self.by_severity = BySeverity::default();
        self.findings = 0;
        let mut worst = None;
        let findings = subjects.iter().flat_map(|subject| &subject.findings);
        for finding in findings.filter(|finding| finding.exception.is_none()) {
            self.findings += 1;
            worst = worst.max(Some(finding.severity));
            *self.by_severity.of(finding.severity) += 1;
        }
        let fails = self.fail_on.is_some_and(|least| worst.is_some_and(|worst| worst >= least));
        self.exit_code = if self.problems == 0 { u8::from(fails) } else { 2 };
    }
}

impl BySeverity {
    /// What there is any of, the gravest first.
    pub(in crate::report) fn found(&self) -> impl Iterator<Item = (u64, Severity)> {
        let counts = [
            (self.critical, Severity::Critical),
            (self.high, Severity::High),
            (self.medium, Severity::Medium),
            (self.low, Severity::Low),
        ];
        counts.into_iter().filter(|(count, _)| *count > 0)
    }

    fn of(&mut self, severity: Severity) -> &mut u64 {
        match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
        }
    }
}

fn shown(input: Input<'_>, measured: &posture::Posture) -> Posture {
    let findings = status::Findings { policy: input.policy, assessment: input.assessment, posture: measured };
    let level = |name: &str| input.policy.tiers.get(name).map(|tier| tier.level);
    let mut tiers: Vec<TierPosture> = measured
        .tiers
        .iter()
        .map(|(name, tier)| TierPosture {
            level: level(name),
            name: name.to_string(),
            workloads: tier.workloads,
            counts: Counts::from(tier.counts),
            measures: measure::of_tier(&findings, name),
        })
        .collect();
    tiers.sort_by_key(|tier| tier.level.unwrap_or(i32::MAX));
    let standards = input.policy.standards.iter().zip(&measured.standards);
    Posture {
        total: Counts::from(measured.total),
        tiers,
        measures: measure::of_all(&findings),
        controls: control::report(input),
        standards: standards
            .map(|(standard, measured)| StandardPosture {
                name: standard.name.to_string(),
                title: standard.title.clone(),
                owner: standard.owner.as_ref().map(ToString::to_string),
                location: start(input.collection.origin(Kind::SecurityStandard, "", &standard.name)),
                counts: Counts::from(measured.counts),
                controls: measured.controls.iter().map(ControlPosture::from).collect(),
            })
            .collect(),
        owners: measured
            .owners
            .iter()
            .map(|(owner, measured)| OwnerPosture {
                owner: owner.as_ref().map(ToString::to_string),
                counts: Counts::from(measured.counts),
            })
            .collect(),
    }
}

impl From<&posture::ControlPosture> for ControlPosture {
    fn from(measured: &posture::ControlPosture) -> Self {
        Self { id: measured.control.id, severity: measured.severity, counts: Counts::from(measured.counts) }
    }
}

impl From<posture::Counts> for Counts {
    fn from(counts: posture::Counts) -> Self {
        let number = |share: Percent| f64::from(share.tenths()) / 10.0;
        Self {
            evaluated: counts.evaluated,
            compliant: counts.compliant,
            excepted: counts.excepted,
            failing: counts.failing,
            unknown: counts.unknown,
            compliance: counts.compliance().map(number),
            effective: counts.effective().map(number),
        }
    }
}

fn exceptions(input: Input<'_>, measured: &posture::Posture, scope: &Scope) -> Vec<ExceptionReport> {
    let namespaces = scope.filters.iter().flat_map(|filters| &filters.namespaces);
    let namespaces: Vec<&str> = namespaces.map(String::as_str).collect();
    let findings = status::Findings { policy: input.policy, assessment: input.assessment, posture: measured };
    let pairs = input.policy.exceptions.iter().zip(&input.assessment.exceptions);
    pairs
        .enumerate()
        .filter(|(_, (it, _))| namespaces.is_empty() || namespaces.contains(&it.namespace.as_str()))
        .map(|(index, (exception, state))| exception_report(input, &findings, index, exception, state))
        .collect()
}

/// What became of an exception.
pub(in crate::report) fn exception_report(
    input: Input<'_>,
    findings: &status::Findings<'_>,
    index: usize,
    exception: &CompiledException,
    state: &ExceptionState,
) -> ExceptionReport {
    let status = findings.exception(index, None, 0).unwrap_or_default();
    let said: BTreeMap<&str, _> = status.conditions.iter().map(|it| (it.type_.as_str(), it)).collect();
    let reason = |kind: &str| said.get(kind).map(|it| it.reason.clone()).unwrap_or_default();
    // The first condition that is not as it should be says what is to be done.
    let wrong = |kind: &&str| said.get(kind).is_some_and(|it| it.status != "True" || won_t_last(&it.reason));
    let attention = ["Accepted", "Active", "Effective"].iter().find(|kind| wrong(kind));
    let is_due = is_due(state);
    ExceptionReport {
        namespace: exception.namespace.to_string(),
        name: exception.name.to_string(),
        owner: exception.owner.to_string(),
        reason: exception.reason.clone(),
        ticket: exception.ticket.clone(),
        expires_at: exception.expires_at.to_string(),
        days_left: exception.days_left(input.assessment.at),
        age_days: exception.age_days(input.assessment.at),
        state: reason("Active"),
        effect: reason("Effective"),
        attention: attention
            .filter(|_| is_due)
            .and_then(|kind| said.get(kind))
            .map(|it| sentence(&it.message)),
        required_approvals: state.approvals.required,
        valid_approvals: state.approvals.valid,
        covers: state.covered.iter().map(ToString::to_string).collect(),
        findings: number(state.findings.len()),
        location: start(input.collection.origin(Kind::RiskException, &exception.namespace, &exception.name)),
    }
}

/// Whether somebody should look at what is as it should be: it won't be for long.
fn won_t_last(reason: &str) -> bool {
    [reasons::EXPIRING_SOON.name, reasons::COMPENSATING_CONTROL_FAILING.name].contains(&reason)
}

/// Whether somebody should look at it: not if it has yet to begin, nor if it ends and another one renews it.
fn is_due(state: &ExceptionState) -> bool {
    match state.life {
        Life::NotYetValid => false,
        Life::Expired | Life::ExpiringSoon => !state.is_renewed,
        _ => true,
    }
}

/// A message as a sentence.
pub(in crate::report) fn sentence(message: &str) -> String {
    let mut characters = message.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if message.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", characters.as_str())
}

impl From<&load::Problem> for Problem {
    fn from(problem: &load::Problem) -> Self {
        Self {
            file: problem.file.to_string(),
            line: problem.position.map(|at| at.line),
            column: problem.position.map(|at| at.column),
            message: problem.message.clone(),
        }
    }
}

impl From<&load::Skipped> for Skipped {
    fn from(skipped: &load::Skipped) -> Self {
        Self {
            file: skipped.file.to_string(),
            line: skipped.position.map(|at| at.line),
            object: skipped.object.clone(),
            reason: skipped.reason.clone(),
        }
    }
}

/// Where an object begins.
pub(super) fn start(origin: Option<&Origin>) -> Option<Location> {
    origin.map(|origin| location(origin, origin.start()))
}

pub(super) fn location(origin: &Origin, position: Position) -> Location {
    Location { file: origin.file.to_string(), line: position.line, column: position.column }
}

pub(super) fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
