//! The audit by the clauses of a framework.

use schemars::JsonSchema;
use serde::Serialize;

use super::build::{Input, number};
use super::{ControlPosture, Counts};
use crate::engine::catalogue;
use crate::engine::framework::coverage::{self, ClauseCoverage, ControlCoverage, Coverage, Served};
use crate::engine::framework::{Framework, Reference};

/// How what was judged stands to the clauses of a framework. A clause that passes is evidence for it, not compliance
/// with it: each asks for more than what can be seen in a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FrameworkReport {
    /// The framework, as `--framework` names it.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Which edition the clauses are of.
    pub edition: &'static str,
    /// How many clauses it has.
    pub total: u64,
    /// The clauses that controls of this run serve, in the framework's order.
    pub clauses: Vec<ClauseReport>,
    /// The clauses that controls of the catalogue serve, but none that a standard of this run asks for.
    pub unasked: Vec<UnaskedClause>,
    /// The clauses that no control of the catalogue serves.
    pub uncovered: Vec<ClauseName>,
}

/// How subjects stand to a clause. A subject is as good as the worst control that serves the clause.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClauseReport {
    /// The clause, as the framework numbers or names it.
    pub id: &'static str,
    /// What it is about, in a few words; null if the id says so.
    pub title: Option<&'static str>,
    /// The subjects that were judged for it.
    #[serde(flatten)]
    pub counts: Counts,
    /// The controls of this run that serve it, the gravest first. What several standards ask for counts once.
    pub controls: Vec<ControlPosture>,
}

/// A clause that a standard could ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnaskedClause {
    /// The clause, as the framework numbers or names it.
    pub id: &'static str,
    /// What it is about, in a few words; null if the id says so.
    pub title: Option<&'static str>,
    /// The controls that serve it.
    pub controls: Vec<&'static str>,
}

/// A clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClauseName {
    /// The clause, as the framework numbers or names it.
    pub id: &'static str,
    /// What it is about, in a few words; null if the id says so.
    pub title: Option<&'static str>,
}

pub(super) fn report(input: Input<'_>, framework: Framework) -> FrameworkReport {
    let measured = coverage::measure(framework, catalogue::all(), input.policy, input.assessment);
    FrameworkReport::from(&measured)
}

impl FrameworkReport {
    /// All frameworks, in the order in which they are listed everywhere.
    #[must_use]
    pub fn all(input: Input<'_>) -> Vec<Self> {
        Framework::ALL.into_iter().map(|framework| report(input, framework)).collect()
    }
}

impl From<&Coverage> for FrameworkReport {
    fn from(measured: &Coverage) -> Self {
        let framework = measured.framework;
        Self {
            name: framework.name(),
            title: framework.as_str(),
            edition: framework.edition(),
            total: number(framework.clauses().count()),
            clauses: measured.clauses.iter().map(ClauseReport::from).collect(),
            unasked: measured.unasked.iter().map(UnaskedClause::from).collect(),
            uncovered: measured.uncovered.iter().copied().map(ClauseName::from).collect(),
        }
    }
}

impl From<&ClauseCoverage> for ClauseReport {
    fn from(measured: &ClauseCoverage) -> Self {
        Self {
            id: measured.clause.clause,
            title: measured.clause.title(),
            counts: Counts::from(measured.counts),
            controls: measured.controls.iter().map(ControlPosture::from).collect(),
        }
    }
}

impl From<&ControlCoverage> for ControlPosture {
    fn from(measured: &ControlCoverage) -> Self {
        Self { id: measured.control.id, severity: measured.severity, counts: Counts::from(measured.counts) }
    }
}

impl From<&Served> for UnaskedClause {
    fn from(served: &Served) -> Self {
        Self {
            id: served.clause.clause,
            title: served.clause.title(),
            controls: served.controls.iter().map(|control| control.id).collect(),
        }
    }
}

impl From<Reference> for ClauseName {
    fn from(clause: Reference) -> Self {
        Self { id: clause.clause, title: clause.title() }
    }
}
