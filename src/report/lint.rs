//! What is wrong with policy files, for a terminal and for programs: `lint.stanchion.dev/v1` only ever grows.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use schemars::JsonSchema;
use serde::Serialize;

use super::json::Tool;
use super::table::{clean, plural};
use crate::lint::{Diagnostic, Level};
use crate::load::{Cause, Collection};

/// `apiVersion` of a lint report.
pub const API_VERSION: &str = "lint.stanchion.dev/v1";
/// `kind` of a lint report.
pub const KIND: &str = "LintReport";

/// What `stanchion lint -o json` writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LintReport {
    /// `lint.stanchion.dev/v1`
    pub api_version: &'static str,
    /// `LintReport`
    pub kind: &'static str,
    /// What made the report.
    pub tool: Tool,
    /// The time that it was judged for, in UTC.
    pub at: String,
    /// The numbers to look at first.
    pub summary: LintSummary,
    /// What is wrong, by file and place.
    pub findings: Vec<LintFinding>,
}

/// The numbers to look at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LintSummary {
    /// Files read, those given as context included.
    pub files: u64,
    /// Standards, tiers and exceptions that can be used.
    pub objects: u64,
    /// What would be refused.
    pub errors: u64,
    /// What hardly does what is meant.
    pub warnings: u64,
    /// Whether warnings count for the exit code.
    pub strict: bool,
    /// The exit code: 0 clean, 1 findings, 2 something could not be read.
    pub exit_code: u8,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LintFinding {
    /// The name of the lint.
    pub lint: &'static str,
    /// `error` or `warning`.
    pub level: &'static str,
    /// The file.
    pub file: String,
    /// The line, from 1; null if it is about the whole file.
    pub line: Option<u32>,
    /// The column in characters, from 1; likewise.
    pub column: Option<u32>,
    /// What is wrong with what.
    pub message: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl LintReport {
    /// What is wrong with these files at a time. With `strict`, warnings count for the exit code.
    #[must_use]
    pub fn new(collection: &Collection, found: &[Diagnostic], at: jiff::Timestamp, strict: bool) -> Self {
        let count = |level| number(found.iter().filter(|it| it.lint.level == level).count());
        let (errors, warnings) = (count(Level::Error), count(Level::Warning));
        let is_missing = collection.problems.iter().any(|problem| problem.cause == Cause::Missing);
        let exit_code = if is_missing { 2 } else { u8::from(errors > 0 || (strict && warnings > 0)) };
        let objects = collection.standards.len() + collection.tiers.len() + collection.exceptions.len();
        Self {
            api_version: API_VERSION,
            kind: KIND,
            tool: Tool::this(),
            at: at.to_string(),
            summary: LintSummary {
                files: number(collection.counts.files),
                objects: number(objects),
                errors,
                warnings,
                strict,
                exit_code,
            },
            findings: found.iter().map(LintFinding::from).collect(),
        }
    }
}

impl From<&Diagnostic> for LintFinding {
    fn from(found: &Diagnostic) -> Self {
        Self {
            lint: found.lint.name,
            level: found.lint.level.as_str(),
            file: found.file.to_string(),
            line: found.position.map(|at| at.line),
            column: found.position.map(|at| at.column),
            message: found.message.clone(),
            remedy: found.lint.remedy,
        }
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

const FAINT: Style = Style::new().dimmed();

/// The report as text: a line for each finding, as compilers write them, and one at the end. A warning says what to do; the
/// message of an error does that itself.
#[must_use]
pub fn render(report: &LintReport) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        line(finding, &mut text);
    }
    let summary = &report.summary;
    let files = plural(summary.files, "file");
    // Writing to a string can't fail.
    let _ = if report.findings.is_empty() {
        let objects = match summary.objects {
            1 => "1 standard, tier or exception".to_owned(),
            many => format!("{many} standards, tiers and exceptions"),
        };
        writeln!(text, "{objects} in {files}: nothing is wrong")
    } else {
        let (errors, warnings) = (plural(summary.errors, "error"), plural(summary.warnings, "warning"));
        writeln!(text, "{errors} and {warnings} in {files}")
    };
    text
}

fn line(finding: &LintFinding, text: &mut String) {
    let is_error = finding.level == Level::Error.as_str();
    let style = if is_error { AnsiColor::Red.on_default() } else { AnsiColor::Yellow.on_default() };
    let place = match (finding.line, finding.column) {
        (Some(line), Some(column)) => format!(":{line}:{column}"),
        _ => String::new(),
    };
    let (file, level, message) = (clean(&finding.file), finding.level, clean(&finding.message));
    let name = finding.lint;
    let _ = writeln!(text, "{file}{place}: {style}{level}{style:#}: {message} {FAINT}[{name}]{FAINT:#}");
    if !is_error {
        let _ = writeln!(text, "  {}", finding.remedy);
    }
}
