//! Exceptions by the day on which they end, for a terminal and for programs: `exceptions.stanchion.dev/v1` only ever grows.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use super::json::{ClusterReport, ExceptionReport, Input, Problem, Tool, exception_report, sentence};
use super::table::{clean, plural};
use crate::engine::exception::CompiledException;
use crate::engine::posture::measure;
use crate::engine::status::Findings;
use crate::load::Cause;

/// `apiVersion` of a list of exceptions.
pub const API_VERSION: &str = "exceptions.stanchion.dev/v1";
/// `kind` of a list of exceptions.
pub const KIND: &str = "ExceptionList";

/// What `stanchion exception list -o json` writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionList {
    /// `exceptions.stanchion.dev/v1`
    pub api_version: &'static str,
    /// `ExceptionList`
    pub kind: &'static str,
    /// What made the report.
    pub tool: Tool,
    /// The time that it was judged for, in UTC.
    pub at: String,
    /// The cluster that was judged; absent if files were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterReport>,
    /// The exceptions that can be used, the first to end first.
    pub exceptions: Vec<Entry>,
    /// What could not be used, in the order of the files.
    pub problems: Vec<Problem>,
    /// Whether something could not be read at all.
    #[serde(skip)]
    is_incomplete: bool,
}

/// An exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// What became of it, as an audit says it.
    #[serde(flatten)]
    pub exception: ExceptionReport,
    /// Whether it is accepted, approved, active and effective, in this order; docs/reference/conditions.md has the reasons.
    pub conditions: Vec<ConditionReport>,
    /// Whether all of these hold.
    pub holds: bool,
}

/// A condition of an exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConditionReport {
    /// `Accepted`, `Approved`, `Active` or `Effective`.
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in a word.
    pub reason: String,
    /// Why, in words.
    pub message: String,
}

impl ExceptionList {
    /// The exceptions of an assessment.
    #[must_use]
    pub fn new(input: Input<'_>) -> Self {
        let posture = measure(input.policy, input.assessment);
        let findings = Findings { policy: input.policy, assessment: input.assessment, posture: &posture };
        let all = input.policy.exceptions.iter().enumerate();
        let mut exceptions: Vec<Entry> =
            all.filter_map(|(index, exception)| entry(input, &findings, index, exception)).collect();
        exceptions.sort_by(|a, b| {
            let key = |it: &Entry| (it.exception.expires_at.clone(), it.called());
            key(a).cmp(&key(b))
        });
        Self {
            api_version: API_VERSION,
            kind: KIND,
            tool: Tool::this(),
            at: input.assessment.at.to_string(),
            cluster: ClusterReport::of(input.collection),
            exceptions,
            problems: input.collection.problems.iter().map(Problem::from).collect(),
            is_incomplete: input.collection.problems.iter().any(|it| it.cause == Cause::Missing),
        }
    }

    /// The exit code of a check that every exception holds: 0 if so, 1 if not, 2 if something could not be read.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.is_incomplete {
            return 2;
        }
        u8::from(!self.problems.is_empty() || self.exceptions.iter().any(|it| !it.holds))
    }
}

fn entry(
    input: Input<'_>,
    findings: &Findings<'_>,
    index: usize,
    exception: &CompiledException,
) -> Option<Entry> {
    let state = input.assessment.exceptions.get(index)?;
    let conditions: Vec<ConditionReport> = findings
        .exception(index, None, 0)?
        .conditions
        .into_iter()
        .map(|it| ConditionReport {
            type_: it.type_,
            status: it.status,
            reason: it.reason,
            message: it.message,
        })
        .collect();
    Some(Entry {
        exception: exception_report(input, findings, index, exception, state),
        holds: conditions.iter().all(|it| it.status == "True"),
        conditions,
    })
}

impl Entry {
    fn called(&self) -> String {
        format!("{}/{}", self.exception.namespace, self.exception.name)
    }

    /// The reason of a condition.
    fn reason(&self, wanted: &str) -> &str {
        self.conditions.iter().find(|it| it.type_ == wanted).map_or("", |it| &it.reason)
    }

    /// The first condition that doesn't hold, which the others follow from.
    fn obstacle(&self) -> Option<&ConditionReport> {
        self.conditions.iter().find(|it| it.status != "True")
    }
}

/// The list as a table, with the reason below each exception that doesn't hold.
#[must_use]
pub fn table(list: &ExceptionList) -> String {
    const TITLES: [&str; 7] = ["ENDS", "DAYS", "EXCEPTION", "ACTIVE", "EFFECTIVE", "COVERS", "OWNER"];
    let row = |it: &Entry| {
        let day = it.exception.expires_at.split('T').next().unwrap_or_default();
        [
            day.to_owned(),
            it.exception.days_left.to_string(),
            it.called(),
            it.reason("Active").to_owned(),
            it.reason("Effective").to_owned(),
            it.exception.covers.len().to_string(),
            it.exception.owner.clone(),
        ]
        .map(|cell| clean(&cell).into_owned())
    };
    let rows: Vec<[String; 7]> = list.exceptions.iter().map(row).collect();
    let titles = TITLES.map(ToOwned::to_owned);
    let mut widths = [0_usize; 7];
    for row in rows.iter().chain([&titles]) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut text = String::new();
    if !rows.is_empty() {
        line(&mut text, &titles, &widths);
    }
    for (row, exception) in rows.iter().zip(&list.exceptions) {
        line(&mut text, row, &widths);
        if let Some(obstacle) = exception.obstacle() {
            let _ = writeln!(text, "  {}", clean(&sentence(&obstacle.message)));
        }
    }
    text.push_str(&totals(list));
    text
}

fn line(text: &mut String, cells: &[String; 7], widths: &[usize; 7]) {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        let space = " ".repeat(width.saturating_sub(cell.width()) + 2);
        let _ = write!(line, "{cell}{space}");
    }
    let _ = writeln!(text, "{}", line.trim_end());
}

/// The exceptions that don't hold, a line each, and how many do.
#[must_use]
pub fn verdict(list: &ExceptionList) -> String {
    let mut text = String::new();
    for exception in &list.exceptions {
        let Some(obstacle) = exception.obstacle() else { continue };
        let place = exception.exception.location.as_ref();
        let place = place.map(|at| format!("{}:{}:{}: ", at.file, at.line, at.column)).unwrap_or_default();
        let said = format!(
            "{place}RiskException {}: not {} ({}): {}",
            exception.called(),
            obstacle.type_.to_lowercase(),
            obstacle.reason,
            obstacle.message
        );
        let _ = writeln!(text, "{}", clean(&said));
    }
    text.push_str(&totals(list));
    text
}

fn totals(list: &ExceptionList) -> String {
    let all = u64::try_from(list.exceptions.len()).unwrap_or(u64::MAX);
    let holding = list.exceptions.iter().filter(|it| it.holds).count();
    match all {
        0 => "no exception that can be used\n".to_owned(),
        1 if holding == 1 => "1 exception accepted, approved, active and effective\n".to_owned(),
        _ => format!("{holding} of {} accepted, approved, active and effective\n", plural(all, "exception")),
    }
}
