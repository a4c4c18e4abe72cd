//! One subject: every control that somebody asks for, what it says, and what comes of it. `why.stanchion.dev/v1` only ever
//! grows.

mod text;

use schemars::JsonSchema;
use serde::Serialize;

pub use self::text::table;
use super::json::{
    ClusterReport, FindingReport, Input, Location, Outcome, SubjectReport, Tool, UnknownReport,
    subject_report,
};
use crate::api::{Action, Severity};
use crate::engine::evaluate::Assessed;
use crate::engine::posture::{UNCLASSIFIED, measure, worst};
use crate::engine::standard::CompiledStandard;
use crate::engine::status::Findings;
use crate::engine::tier::Placement;
use crate::facts::{SubjectKey, Text};

/// `apiVersion` of the report.
pub const API_VERSION: &str = "why.stanchion.dev/v1";
/// `kind` of the report.
pub const KIND: &str = "WhyReport";

/// What `stanchion why -o json` writes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhyReport {
    /// `why.stanchion.dev/v1`
    pub api_version: &'static str,
    /// `WhyReport`
    pub kind: &'static str,
    /// What made the report.
    pub tool: Tool,
    /// The time that it was judged for, in UTC.
    pub at: String,
    /// The cluster that was judged; absent if files were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterReport>,
    /// The subject.
    pub subject: Named,
    /// What it comes out as, by all standards together.
    pub outcome: Outcome,
    /// The standards in force, in the order of their names.
    pub standards: Vec<StandardWhy>,
}

/// The subject, and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// The kind.
    pub kind: &'static str,
    /// The namespace; null for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// Its tier; null if it is in none.
    pub tier: Option<String>,
    /// The tier's level, 0 being the most critical.
    pub level: Option<i32>,
    /// Why it is in that tier.
    pub placement: PlacedBy,
    /// Other tiers that select it, too.
    pub overlaps: Vec<String>,
    /// Who owns it; null if nobody says so.
    pub owner: Option<String>,
    /// Where it begins.
    pub location: Option<Location>,
}

/// Why something is in a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PlacedBy {
    /// A selector of the tier matches.
    Selector,
    /// Its own label raised it.
    OwnLabel,
    /// No selector matches, and this is the default tier.
    Default,
    /// No tier has it.
    Nothing,
}

/// A standard, and how far it has been rolled out where the subject is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandardWhy {
    /// The standard.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The stage of the subject's tier: what the standard's status records or, without one, the first.
    pub action: Action,
    /// Since when; null if nothing records it.
    pub since: Option<String>,
    /// The next stage; null at the last.
    pub next: Option<Action>,
    /// The earliest time at which the next stage may begin, if it were for time alone.
    pub promotable_from: Option<String>,
    /// What keeps the tier from the next stage.
    pub blocked_by: Vec<String>,
    /// Until then, Deny stops only what makes a workload worse than it is.
    pub ratchet_until: Option<String>,
    /// Its controls, in its order.
    pub controls: Vec<ControlWhy>,
}

/// What a control of a standard says.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ControlWhy {
    /// The control.
    pub id: &'static str,
    /// The defect in a few words.
    pub title: &'static str,
    /// How bad a failure is.
    pub severity: Severity,
    /// What it comes out as.
    pub outcome: Outcome,
    /// What was found, with what excuses it.
    pub findings: Vec<FindingReport>,
    /// Why it can't be said; null if it can.
    pub reason: Option<String>,
}

impl WhyReport {
    /// Everything about one subject of an assessment.
    #[must_use]
    pub fn new(input: Input<'_>, key: &SubjectKey, assessed: &Assessed) -> Self {
        let report = subject_report(input, key, assessed);
        let posture = measure(input.policy, input.assessment);
        let findings = Findings { policy: input.policy, assessment: input.assessment, posture: &posture };
        let standards = input.policy.standards.iter().enumerate();
        Self {
            api_version: API_VERSION,
            kind: KIND,
            tool: Tool::this(),
            at: input.assessment.at.to_string(),
            cluster: ClusterReport::of(input.collection),
            outcome: Outcome::from(worst(assessed.outcomes.iter().copied())),
            standards: standards
                .filter_map(|(index, standard)| standing(&findings, index, standard, assessed, &report))
                .collect(),
            subject: named(report, assessed),
        }
    }

    /// Whether a standard asks for anything here.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.standards.iter().any(StandardWhy::applies)
    }
}

impl StandardWhy {
    /// Whether one of its controls has something to judge here.
    fn applies(&self) -> bool {
        self.controls.iter().any(|it| it.outcome != Outcome::NotApplicable)
    }
}

fn named(report: SubjectReport, assessed: &Assessed) -> Named {
    let SubjectReport { kind, namespace, name, tier, level, owner, location, .. } = report;
    let placement = match assessed.placement {
        Placement::Selected => PlacedBy::Selector,
        Placement::Raised => PlacedBy::OwnLabel,
        Placement::Default => PlacedBy::Default,
        Placement::Unclassified => PlacedBy::Nothing,
    };
    let overlaps = assessed.overlaps.iter().map(ToString::to_string).collect();
    Named { kind, namespace, name, tier, level, placement, overlaps, owner, location }
}

fn standing(
    findings: &Findings<'_>,
    index: usize,
    standard: &CompiledStandard,
    assessed: &Assessed,
    report: &SubjectReport,
) -> Option<StandardWhy> {
    let tier = assessed.tier.clone().unwrap_or_else(|| Text::from(UNCLASSIFIED));
    let status = findings.standard(index, None, 0)?;
    let stage = status.tiers.iter().find(|it| tier == it.name.as_str());
    let is_recorded = findings.policy.stages.contains_key(&(standard.name.clone(), tier.clone()));
    let outcomes = assessed.outcomes.get(findings.policy.outcomes_of(index)).unwrap_or_default();
    let controls = standard.controls.iter().zip(outcomes).map(|(it, outcome)| ControlWhy {
        id: it.control.id,
        title: it.control.title,
        severity: it.severity,
        outcome: Outcome::from(*outcome),
        findings: asked_for(report, it.control.id, &standard.name),
        reason: unknown(report, it.control.id, Outcome::from(*outcome)).map(|it| it.reason.clone()),
    });
    Some(StandardWhy {
        name: standard.name.to_string(),
        title: standard.title.clone(),
        action: findings.policy.action(index, &tier).unwrap_or(Action::Audit),
        since: stage.and_then(|it| it.since.as_ref()).filter(|_| is_recorded).map(|it| it.0.to_string()),
        next: stage.and_then(|it| it.next),
        promotable_from: stage.and_then(|it| it.promotable_from.as_ref()).map(|it| it.0.to_string()),
        blocked_by: stage.map(|it| it.blocked_by.clone()).unwrap_or_default(),
        ratchet_until: stage.and_then(|it| it.ratchet_until.as_ref()).map(|it| it.0.to_string()),
        controls: controls.collect(),
    })
}

fn asked_for(report: &SubjectReport, control: &str, standard: &Text) -> Vec<FindingReport> {
    let asks = |it: &&FindingReport| it.standards.iter().any(|by| standard == by.name.as_str());
    report.findings.iter().filter(|it| it.control == control).filter(asks).cloned().collect()
}

fn unknown<'a>(report: &'a SubjectReport, control: &str, outcome: Outcome) -> Option<&'a UnknownReport> {
    report.unknowns.iter().find(|it| it.control == control && it.outcome == outcome)
}
