//! The lines under a workload: what is alike is one line.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::text::{clean, cut, fitted, padded, plural, width, wrapped};
use super::{FAINT, Page, View, severity_style, severity_word, styled};
use crate::api::Severity;
use crate::report::json::FindingReport;

/// Before a workload's lines.
const INDENT: &str = "  ";
/// Between columns.
const GAP: &str = "  ";
/// The columns of the longest severity.
const SEVERITY: usize = 8;
/// Where text begins that stands below the others: after the severity.
const BELOW: usize = INDENT.len() + SEVERITY + GAP.len();
/// Fewer columns than this are no room for text beside the others.
const NARROW: usize = 36;
/// The most columns for the names of containers.
const NAMES: usize = 24;
/// The most lines for one control on one workload.
const MOST_ALIKE: usize = 3;

/// Findings that differ in their container alone.
pub(super) struct Alike<'a> {
    first: &'a FindingReport,
    containers: Vec<&'a str>,
    /// Whether the first stands for others whose words differ.
    is_example: bool,
}

/// What makes findings of many subjects kindred: severity, control, exception.
pub(super) type Kin<'a> = (Reverse<Severity>, &'a str, Option<(&'a str, &'a str)>);

/// What makes findings alike: severity, control, message, fix, exception, and whether they are a container's.
pub(super) type Likeness<'a> = (&'a str, &'a str, &'a str, &'a str, Option<(&'a str, &'a str)>, bool);

impl<'a> Alike<'a> {
    pub(super) fn kin(&self) -> Kin<'a> {
        (Reverse(self.first.severity), self.first.control, excuse(self.first))
    }

    /// Its severity, if nothing excuses it.
    pub(super) fn open_severity(&self) -> Option<Severity> {
        self.first.exception.is_none().then_some(self.first.severity)
    }

    /// Takes kindred findings of another subject.
    pub(super) fn join(&mut self, other: &Self) {
        if self.likeness() != other.likeness() {
            self.is_example = true;
        } else if !self.is_example {
            self.absorb(other);
        }
    }

    pub(super) fn likeness(&self) -> Likeness<'a> {
        likeness(self.first)
    }

    /// Takes the containers of findings that are alike.
    pub(super) fn absorb(&mut self, other: &Self) {
        for name in &other.containers {
            if !self.containers.contains(name) {
                self.containers.push(name);
            }
        }
    }

    /// `app, sidecar, +2: `; nothing for findings that are no container's.
    fn subject(&self) -> String {
        let mut names = String::new();
        for (position, name) in self.containers.iter().enumerate() {
            let name = clean(name);
            let longer =
                if position == 0 { cut(&name, NAMES).into_owned() } else { format!("{names}, {name}") };
            if width(&longer) > NAMES {
                let _ = write!(names, ", +{}", self.containers.len() - position);
                break;
            }
            names = longer;
        }
        if names.is_empty() { names } else { format!("{names}: ") }
    }
}

fn likeness(finding: &FindingReport) -> Likeness<'_> {
    let severity = severity_word(finding.severity);
    (severity, finding.control, &finding.message, &finding.fix, excuse(finding), finding.container.is_some())
}

/// The exception that covers it.
fn excuse(finding: &FindingReport) -> Option<(&str, &str)> {
    finding.exception.as_ref().map(|it| (it.namespace.as_str(), it.name.as_str()))
}

/// Puts together the findings that differ in their container alone, in their order.
pub(super) fn alike<'a>(findings: impl Iterator<Item = &'a FindingReport>) -> Vec<Alike<'a>> {
    let mut rows: Vec<Alike<'a>> = Vec::new();
    for finding in findings {
        let containers = finding.container.as_deref().into_iter().collect();
        let row = Alike { first: finding, containers, is_example: false };
        match rows.iter_mut().find(|known| known.likeness() == row.likeness()) {
            Some(known) => known.absorb(&row),
            None => rows.push(row),
        }
    }
    rows
}

/// Where the columns are, the same for every workload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    control: usize,
    total: usize,
}

impl Columns {
    pub(super) fn new<'a>(rows: impl Iterator<Item = &'a Alike<'a>>, view: View) -> Self {
        let control = rows.map(|row| width(row.first.control)).max().unwrap_or_default();
        Self { control, total: view.width }
    }

    /// The column at which the text begins: beside the others or, where that leaves too little room, below them.
    fn text(self) -> usize {
        let beside = BELOW + self.control + GAP.len();
        if self.total.saturating_sub(beside) >= NARROW { beside } else { BELOW }
    }

    fn room(self) -> usize {
        self.total.saturating_sub(self.text())
    }
}

/// Writes a workload's lines. Of one control no more than a few, unless everything is to be shown.
pub(super) fn write(rows: &[Alike<'_>], columns: Columns, view: View, page: &mut Page) {
    let same = |one: &Alike<'_>, other: &Alike<'_>| {
        one.first.control == other.first.control
            && one.first.exception.is_some() == other.first.exception.is_some()
    };
    for rows in rows.chunk_by(same) {
        let most = if view.verbose || rows.len() == MOST_ALIKE + 1 { rows.len() } else { MOST_ALIKE };
        let (shown, rest) = rows.split_at_checked(most).unwrap_or((rows, &[]));
        let mut lines: Vec<String> = Vec::new();
        for (position, row) in shown.iter().enumerate() {
            // What is to be done about several of them is said after the last.
            let next = shown.get(position + 1).map(|next| action(next.first));
            let action = Some(action(row.first)).filter(|action| next.as_ref() != Some(action));
            lines.extend(lines_of(row, action.as_ref(), columns, view));
        }
        if !rest.is_empty() {
            lines.push(styled(FAINT, &format!("+ {} more like this, shown with -v", rest.len())));
        }
        if let Some(row) = shown.first() {
            write_control(row.first, &lines, columns, page);
        }
    }
}

/// The control to the left, its lines to the right or below.
fn write_control(finding: &FindingReport, lines: &[String], columns: Columns, page: &mut Page) {
    let style = if finding.exception.is_some() { FAINT } else { severity_style(finding.severity) };
    let word = styled(style, &padded(severity_word(finding.severity), SEVERITY));
    let mut head = format!("{INDENT}{word}{GAP}{}", padded(finding.control, columns.control));
    let mut lines = lines.iter();
    if columns.text() > BELOW {
        head.push_str(GAP);
        head.push_str(lines.next().map_or("", String::as_str));
    }
    page.line(&head);
    for line in lines {
        page.line(&format!("{:1$}{line}", "", columns.text()));
    }
}

/// What to do about a finding, or who excuses it, with the mark before it.
fn action(finding: &FindingReport) -> (&'static str, String) {
    match &finding.exception {
        Some(exception) => {
            let days = plural(exception.days_left.unsigned_abs(), "day");
            ("", format!("excepted by {} ({days} left)", clean(&exception.name)))
        }
        None if finding.fix.is_empty() => ("", String::new()),
        None => ("→ ", clean(&finding.fix).into_owned()),
    }
}

/// What is wrong, and what to do.
fn lines_of(row: &Alike<'_>, action: Option<&(&str, String)>, columns: Columns, view: View) -> Vec<String> {
    let lines = if view.verbose { wrapped } else { fitted };
    let example = if row.is_example { "such as " } else { "" };
    let message = format!("{example}{}{}", row.subject(), clean(&row.first.message));
    let Some((mark, action)) = action else { return lines(&message, columns.room()) };
    if width(&message) + GAP.len() + width(mark) + width(action) <= columns.room() {
        return vec![format!("{message}{GAP}{}", styled(FAINT, &format!("{mark}{action}")))];
    }
    let mut written = lines(&message, columns.room());
    let hanging = " ".repeat(width(mark));
    let further = lines(action, columns.room().saturating_sub(width(mark)));
    for (position, line) in further.iter().enumerate() {
        let mark = if position == 0 { mark } else { hanging.as_str() };
        written.push(styled(FAINT, &format!("{mark}{line}")));
    }
    written
}
