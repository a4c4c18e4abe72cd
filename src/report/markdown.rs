//! An audit as a comment on a pull request, in GitHub's Markdown.
//!
//! What comes from a manifest is shown as it is and never interpreted: see `escape.rs`. A comment holds at most 65,536
//! characters, so the worst comes first and the rest is counted.

mod escape;
mod rows;

use std::fmt::Write as _;

use self::escape::{code, text};
use self::rows::{Row, rows};
use super::json::{AuditReport, ExceptionReport};
use super::table::plural;
use super::wording::{self, relative, subject};
use crate::api::Severity;

/// The first line: by it a comment of an earlier run is found again, to be replaced.
pub const MARKER: &str = "<!-- stanchion-audit -->";
/// What GitHub takes, here counted in bytes, which are never fewer than characters.
const LONGEST: usize = 65_536;
/// Kept for what closes a list and what comes after it.
const RESERVE: usize = 1_024;
/// The most exceptions, problems and subjects that can't be judged, each: the findings matter more.
const MOST_LINES: usize = 50;

const HEAD: &str = "| | What is wrong | Where | What to do |\n| --- | --- | --- | --- |\n";

/// The comment. `folder` is where the audit ran: files in it are named from there.
#[must_use]
pub fn render(report: &AuditReport, folder: &str) -> String {
    let mut page = Page(format!("{MARKER}\n## Stanchion: {}\n\n{}\n", verdict(report), numbers(report)));
    let rows = rows(report, folder);
    let (urgent, others): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| row.severity >= Severity::High);
    problems(report, folder, &mut page);
    if !urgent.is_empty() {
        page.block("\n### Fix first\n\n");
        page.table(&urgent);
    }
    exceptions(report, &mut page);
    if !others.is_empty() {
        let findings: usize = others.iter().map(|row| row.findings).sum();
        page.folded(&format!("{} of medium or low severity", plural(number(findings), "finding")), |page| {
            page.table(&others);
        });
    }
    unknowns(report, &mut page);
    page.0
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What the exit code says, in words.
fn verdict(report: &AuditReport) -> String {
    let summary = &report.summary;
    match (summary.exit_code, summary.findings) {
        (0, 0) if summary.unknown > 0 => "no findings, but not all could be judged".to_owned(),
        (0, 0) => "no findings".to_owned(),
        (0, findings) => format!("passed with {}", plural(findings, "finding")),
        (1, _) => "failed".to_owned(),
        _ => "the audit is not complete".to_owned(),
    }
}

fn numbers(report: &AuditReport) -> String {
    let summary = &report.summary;
    let found = summary.by_severity.found();
    let severities: Vec<String> =
        found.map(|(count, severity)| format!("{count} {}", wording::severity(severity))).collect();
    let among = if severities.is_empty() { String::new() } else { format!(" ({})", severities.join(", ")) };
    let mut line = format!(
        "**{}**{among} in {} of {}",
        plural(summary.findings, "finding"),
        summary.failing_subjects,
        plural(summary.subjects, "subject")
    );
    let further = [(summary.excepted, "excepted"), (summary.unknown, "unknown")];
    for (count, word) in further.iter().filter(|(count, _)| *count > 0) {
        let _ = write!(line, " · {count} {word}");
    }
    let total = &report.posture.total;
    if let (Some(compliance), Some(effective)) = (total.compliance, total.effective) {
        let _ = write!(line, " · {compliance:.1} % compliant, {effective:.1} % with exceptions");
    }
    line
}

fn problems(report: &AuditReport, folder: &str, page: &mut Page) {
    let lines: Vec<String> = report
        .problems
        .iter()
        .map(|problem| {
            let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
            format!(
                "- {} {}\n",
                code(&format!("{}{line}", relative(&problem.file, folder))),
                text(&problem.message)
            )
        })
        .collect();
    if !lines.is_empty() {
        page.block("\n### Could not be used\n\n");
        page.list(&lines);
    }
}

/// Those that somebody should look at, those that end soon among them.
fn exceptions(report: &AuditReport, page: &mut Page) {
    let line = |it: &ExceptionReport| {
        let attention = it.attention.as_ref()?;
        let name = code(&format!("{}/{}", it.namespace, it.name));
        Some(format!("- {name}, {}: {}\n", code(&it.owner), text(attention)))
    };
    let lines: Vec<String> = report.exceptions.iter().filter_map(line).collect();
    if !lines.is_empty() {
        page.block("\n### Exceptions to look at\n\n");
        page.list(&lines);
    }
}

fn unknowns(report: &AuditReport, page: &mut Page) {
    let lines: Vec<String> = report
        .subjects
        .iter()
        .flat_map(|it| it.unknowns.iter().map(move |unknown| (it, unknown)))
        .map(|(it, unknown)| {
            let name = code(&subject(it));
            format!("- {name} {}: {}\n", code(unknown.control), text(&unknown.reason))
        })
        .collect();
    if !lines.is_empty() {
        page.folded(&format!("{} could not be made", plural(number(lines.len()), "judgement")), |page| {
            page.list(&lines);
        });
    }
}

/// The text so far, which never grows beyond what a comment may hold.
struct Page(String);

impl Page {
    fn has_room(&self, more: &str) -> bool {
        self.0.len() + more.len() + RESERVE <= LONGEST
    }

    /// Short text of our own.
    fn block(&mut self, text: &str) {
        if self.0.len() + text.len() <= LONGEST {
            self.0.push_str(text);
        }
    }

    fn table(&mut self, rows: &[&Row]) {
        if self.has_room(HEAD) {
            self.block(HEAD);
        }
        let mut shown = 0;
        for row in rows {
            if !self.has_room(&row.text) {
                break;
            }
            self.0.push_str(&row.text);
            shown += 1;
        }
        let rest: usize = rows.iter().skip(shown).map(|row| row.findings).sum();
        if rest > 0 {
            self.block(&format!("\n{rest} more are not listed here.\n"));
        }
    }

    fn list(&mut self, lines: &[String]) {
        let mut shown = 0;
        for line in lines.iter().take(MOST_LINES) {
            if !self.has_room(line) {
                break;
            }
            self.0.push_str(line);
            shown += 1;
        }
        if lines.len() > shown {
            self.block(&format!("- {} more are not listed here.\n", lines.len() - shown));
        }
    }

    /// What is shown once somebody opens it.
    fn folded(&mut self, summary: &str, content: impl FnOnce(&mut Self)) {
        self.block(&format!("\n<details><summary>{summary}</summary>\n\n"));
        content(self);
        self.block("\n</details>\n");
    }
}
