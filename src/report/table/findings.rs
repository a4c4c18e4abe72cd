//! The lines of one subject: what is alike is one line.

use anstyle::Style;

use super::text::{clean, cut, padded, plural, width, wrapped};
use super::{FAINT, Page, View, severity_style, severity_word, styled};
use crate::report::json::FindingReport;

/// Before a subject's lines.
const INDENT: &str = "  ";
/// Between columns.
const GAP: &str = "  ";
/// The columns of the longest severity.
const SEVERITY: usize = 8;
/// The most columns for the names of containers.
const CONTAINERS: usize = 24;
/// Fewer columns than this are no room for text beside the others.
const NARROW: usize = 36;
/// The most lines for one control on one subject.
const MOST_ALIKE: usize = 3;

/// Findings that differ in their container alone.
pub(super) struct Alike<'a> {
    first: &'a FindingReport,
    containers: Vec<&'a str>,
}

/// Where the columns are, the same for every subject.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    control: usize,
    containers: usize,
    total: usize,
}

impl Columns {
    pub(super) fn new<'a>(rows: impl Iterator<Item = &'a Alike<'a>>, view: View) -> Self {
        let mut columns = Self { control: 0, containers: 0, total: view.width };
        for row in rows {
            columns.control = columns.control.max(width(row.first.control));
            columns.containers = columns.containers.max(width(&row.containers()));
        }
        columns
    }

    /// The column at which the text begins.
    fn start(self) -> usize {
        let containers = if self.containers == 0 { 0 } else { self.containers + GAP.len() };
        INDENT.len() + SEVERITY + GAP.len() + self.control + GAP.len() + containers
    }

    /// The columns that the text has, or nothing if it is better on lines of its own.
    fn text(self) -> Option<usize> {
        let left = self.total.saturating_sub(self.start());
        (left >= NARROW).then_some(left)
    }
}

impl Alike<'_> {
    /// `app, sidecar, +2`
    fn containers(&self) -> String {
        let mut shown = String::new();
        for (position, name) in self.containers.iter().enumerate() {
            let name = cut(name, CONTAINERS);
            let longer = if position == 0 { name.into_owned() } else { format!("{shown}, {name}") };
            let rest = self.containers.len() - position;
            if position > 0 && width(&longer) > CONTAINERS {
                return format!("{shown}, +{rest}");
            }
            shown = longer;
        }
        clean(&shown).into_owned()
    }
}

/// Puts together the findings that differ in their container alone, in their order.
pub(super) fn alike<'a>(findings: impl Iterator<Item = &'a FindingReport>) -> Vec<Alike<'a>> {
    let mut rows: Vec<Alike<'a>> = Vec::new();
    for finding in findings {
        let container = finding.container.as_deref();
        match rows.iter_mut().find(|row| is_alike(row.first, finding)) {
            Some(row) => row.containers.extend(container.filter(|name| !row.containers.contains(name))),
            None => rows.push(Alike { first: finding, containers: container.into_iter().collect() }),
        }
    }
    rows
}

fn is_alike(one: &FindingReport, other: &FindingReport) -> bool {
    one.control == other.control
        && one.message == other.message
        && one.fix == other.fix
        && one.exception == other.exception
        && one.container.is_some() == other.container.is_some()
}

/// Writes a subject's lines. Of one control no more than a few, unless everything is to be shown.
pub(super) fn write(rows: &[Alike<'_>], columns: Columns, view: View, page: &mut Page) {
    for rows in rows.chunk_by(|one, other| same_control(one.first, other.first)) {
        let most = if view.verbose || rows.len() == MOST_ALIKE + 1 { rows.len() } else { MOST_ALIKE };
        let (shown, rest) = rows.split_at_checked(most).unwrap_or((rows, &[]));
        for (position, row) in shown.iter().enumerate() {
            write_row(row, position == 0, columns, page);
        }
        if let Some(first) = rest.first() {
            let count = u64::try_from(rest.len()).unwrap_or(u64::MAX);
            let more = format!("+ {} of {}, shown with -v", plural(count, "more line"), first.first.control);
            page.line(&format!("{}{}", " ".repeat(columns.text_start()), styled(FAINT, &more)));
        }
    }
}

fn same_control(one: &FindingReport, other: &FindingReport) -> bool {
    one.control == other.control && one.exception.is_some() == other.exception.is_some()
}

impl Columns {
    fn text_start(self) -> usize {
        if self.text().is_some() { self.start() } else { INDENT.len() + SEVERITY + GAP.len() }
    }
}

/// One row; a control's first row names it, the others stand under it.
fn write_row(row: &Alike<'_>, names_it: bool, columns: Columns, page: &mut Page) {
    let finding = row.first;
    let style = if finding.exception.is_some() { FAINT } else { severity_style(finding.severity) };
    let word = if names_it { severity_word(finding.severity) } else { "" };
    let control = if names_it { finding.control } else { "" };
    let mut head = format!("{INDENT}{}{GAP}", styled(style, &padded(word, SEVERITY)));
    head.push_str(&padded(control, columns.control));
    head.push_str(GAP);
    if columns.containers > 0 {
        head.push_str(&padded(&row.containers(), columns.containers));
        head.push_str(GAP);
    }
    let start = " ".repeat(columns.text_start());
    let mut lines = text_lines(finding, columns).into_iter();
    match columns.text() {
        Some(_) => head.push_str(&lines.next().unwrap_or_default()),
        None if !names_it && row.containers.is_empty() => head.clear(),
        None => {}
    }
    if !head.is_empty() {
        page.line(&head);
    }
    for line in lines {
        page.line(&format!("{start}{line}"));
    }
}

/// What is wrong, and what to do or who excuses it.
fn text_lines(finding: &FindingReport, columns: Columns) -> Vec<String> {
    let room = columns.text().unwrap_or(columns.total.saturating_sub(columns.text_start()));
    let excused = finding.exception.as_ref().map(|exception| {
        let days = plural(exception.days_left.unsigned_abs(), "day");
        format!("excepted by {} ({days} left)", clean(&exception.name))
    });
    let (mark, action) = match &excused {
        Some(excused) => ("", excused.clone()),
        None if finding.fix.is_empty() => ("", String::new()),
        None => ("→ ", clean(&finding.fix).into_owned()),
    };
    let message = clean(&finding.message);
    let together = width(&message) + GAP.len() + width(mark) + width(&action);
    if together <= room {
        return vec![format!("{message}{GAP}{}", accented(FAINT, mark, &action))];
    }
    let mut lines = wrapped(&message, room);
    for (position, line) in wrapped(&action, room.saturating_sub(width(mark))).iter().enumerate() {
        let mark = if position == 0 { mark.to_owned() } else { " ".repeat(width(mark)) };
        lines.push(accented(FAINT, &mark, line));
    }
    lines
}

fn accented(style: Style, mark: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { styled(style, &format!("{mark}{text}")) }
}
