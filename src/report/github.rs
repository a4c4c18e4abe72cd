//! An audit as workflow commands of GitHub Actions, which become annotations of the lines of a pull request.
//!
//! GitHub shows ten annotations of each level for a step and drops the others without a word. So no more are written,
//! the worst first, and where there are more the last one says how many.

use std::fmt::Write as _;

use super::json::{AuditReport, Location};
use super::table::{clean, plural};
use super::wording::{is_file, relative, sentence, subject};
use crate::api::Severity;

/// Annotations of one level that a step can have.
const MOST: usize = 10;

/// How GitHub shows an annotation, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Notice];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }

    const fn of(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Error,
            Severity::Medium => Self::Warning,
            Severity::Low => Self::Notice,
        }
    }
}

/// One annotation.
struct Annotation {
    level: Level,
    /// The worse, the higher: within its level it comes earlier.
    weight: u8,
    place: Option<(String, u32, Option<u32>)>,
    title: String,
    message: String,
}

/// The commands, and a line that sums up. `folder` is where the audit ran: files in it are named from there.
#[must_use]
pub fn render(report: &AuditReport, folder: &str) -> String {
    let mut annotations = problems(report, folder);
    annotations.extend(findings(report, folder));
    annotations.extend(unknowns(report, folder));
    annotations.sort_by_key(|it| (it.level, std::cmp::Reverse(it.weight)));
    let mut text = String::new();
    for level in Level::ALL {
        let of_level: Vec<&Annotation> = annotations.iter().filter(|it| it.level == level).collect();
        let most = if of_level.len() > MOST { MOST - 1 } else { MOST };
        for annotation in of_level.iter().take(most) {
            command(annotation, &mut text);
        }
        let more = of_level.len().saturating_sub(most);
        if more > 0 {
            let message = format!("{more} more of this level: GitHub shows {MOST} of each in a step");
            let title = "stanchion: not all is shown".to_owned();
            command(&Annotation { level, weight: 0, place: None, title, message }, &mut text);
        }
    }
    // Writing to a string can't fail, here and below.
    let _ = writeln!(text, "{}", closing(report));
    text
}

/// Numbers alone: a line that is no command must hold nothing of a manifest.
fn closing(report: &AuditReport) -> String {
    let summary = &report.summary;
    let findings = plural(summary.findings, "finding");
    let subjects = plural(summary.subjects, "subject");
    let problems = plural(summary.problems, "problem");
    format!(
        "stanchion: {findings} in {} of {subjects}, {} excepted, {} unknown, {problems}",
        summary.failing_subjects, summary.excepted, summary.unknown
    )
}

fn problems(report: &AuditReport, folder: &str) -> Vec<Annotation> {
    let place = |file: &str, line: Option<u32>, column| {
        Some((relative(file, folder).into_owned(), line.unwrap_or(1), column)).filter(|_| is_file(file))
    };
    let problems = report.problems.iter().map(|problem| Annotation {
        level: Level::Error,
        weight: u8::MAX,
        place: place(&problem.file, problem.line, problem.column),
        title: "stanchion: not judged".to_owned(),
        message: clean(&problem.message).into_owned(),
    });
    problems.collect()
}

fn findings(report: &AuditReport, folder: &str) -> Vec<Annotation> {
    let mut annotations = Vec::new();
    for it in &report.subjects {
        let name = subject(it);
        for finding in it.findings.iter().filter(|finding| finding.exception.is_none()) {
            let fix =
                if finding.fix.is_empty() { String::new() } else { format!("\n→ {}", clean(&finding.fix)) };
            annotations.push(Annotation {
                level: Level::of(finding.severity),
                weight: 1 + finding.severity as u8,
                place: finding.location.as_ref().and_then(|location| placed(location, folder)),
                title: format!("{}: {}", finding.control, finding.title),
                message: format!("{name}: {}{fix}", sentence(finding)),
            });
        }
    }
    annotations
}

fn unknowns(report: &AuditReport, folder: &str) -> Vec<Annotation> {
    let mut annotations = Vec::new();
    for it in &report.subjects {
        let place = it.location.as_ref().and_then(|location| placed(location, folder));
        for unknown in &it.unknowns {
            annotations.push(Annotation {
                level: Level::Warning,
                weight: 0,
                place: place.clone(),
                title: format!("{}: can't be judged", unknown.control),
                message: format!("{}: {}", subject(it), clean(&unknown.reason)),
            });
        }
    }
    annotations
}

fn placed(location: &Location, folder: &str) -> Option<(String, u32, Option<u32>)> {
    let file = relative(&location.file, folder).into_owned();
    is_file(&location.file).then_some((file, location.line, Some(location.column)))
}

fn command(annotation: &Annotation, text: &mut String) {
    let _ = write!(text, "::{} ", annotation.level.as_str());
    if let Some((file, line, column)) = &annotation.place {
        let _ = write!(text, "file={},line={line},", property(file));
        if let Some(column) = column {
            let _ = write!(text, "col={column},");
        }
    }
    let _ = writeln!(text, "title={}::{}", property(&annotation.title), data(&annotation.message));
}

/// The message of a command: it ends with its line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command: it ends with a comma or with two colons, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_property_or_a_message_early() {
        assert_eq!(property("a,b::c%0A\nd"), "a%2Cb%3A%3Ac%250A%0Ad");
        assert_eq!(data("100 %\r\n::error::x"), "100 %25%0D%0A::error::x");
    }
}
