//! The posture for a terminal: sections whose columns stand below each other.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::report::json::{AuditReport, ClauseReport, Counts, FrameworkReport, MeasureReport, Verdict};
use crate::report::table::{clean, cut, padded, plural, width};
use crate::report::wording::whole;

/// Before a row.
const INDENT: &str = "  ";
/// Between columns.
const GAP: &str = "  ";
/// Fewer columns than this are not enough.
const NARROWEST: usize = 72;
/// What owns nothing that anybody says.
const NO_OWNER: &str = "(no owner)";

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const UNSURE: Style = AnsiColor::Magenta.on_default();

const OUTCOMES: [&str; 6] = ["compliant", "excepted", "failing", "unknown", "gross %", "net %"];
const CLAUSES: [&str; 6] = ["passing", "excepted", "failing", "unknown", "not judged", "of"];

/// A name and its numbers.
struct Row {
    name: String,
    cells: [String; 6],
    style: Style,
}

/// The posture of an audit, and of these frameworks.
#[must_use]
pub fn table(report: &AuditReport, frameworks: &[FrameworkReport], columns: usize) -> String {
    let columns = columns.max(NARROWEST);
    let posture = &report.posture;
    if posture.total.evaluated == 0 {
        return format!("Nothing was judged: no standard covers anything in {}.\n", whole(report));
    }
    let all = vec![outcomes("all", &posture.total)];
    let tiers = posture.tiers.iter().map(|it| outcomes(&it.name, &it.counts)).collect();
    let owners = posture.owners.iter();
    let owners = owners.map(|it| outcomes(it.owner.as_deref().unwrap_or(NO_OWNER), &it.counts)).collect();
    let standards = posture.standards.iter().map(|it| outcomes(&it.name, &it.counts)).collect();
    let mut text = section("Posture", OUTCOMES, &all, columns);
    text += &section("Tiers", OUTCOMES, &tiers, columns);
    text += &targets(report);
    text += &section("Owners", OUTCOMES, &owners, columns);
    text += &section("Standards", OUTCOMES, &standards, columns);
    let frameworks: Vec<Row> = frameworks.iter().map(clauses).collect();
    text += &section("Frameworks, by clause", CLAUSES, &frameworks, columns);
    text + &legend(report)
}

/// A heading, the names of the columns, and the rows; nothing without rows.
fn section(title: &str, headings: [&str; 6], rows: &Vec<Row>, columns: usize) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let widths: Vec<usize> = (0..headings.len())
        .map(|at| {
            let cells = rows.iter().filter_map(|row| row.cells.get(at)).map(|cell| width(cell));
            cells.chain(headings.get(at).map(|it| width(it))).max().unwrap_or_default()
        })
        .collect();
    let numbers: usize = widths.iter().map(|it| it + GAP.len()).sum();
    let longest = rows.iter().map(|row| width(&row.name)).max().unwrap_or_default().max(NAMES);
    let names = longest.min(columns.saturating_sub(numbers + INDENT.len()));
    let line = |name: &str, cells: &[&str]| {
        let mut line = format!("{INDENT}{}", padded(&cut(name, names), names));
        for (cell, columns) in cells.iter().zip(&widths) {
            line += GAP;
            line += &" ".repeat(columns.saturating_sub(width(cell)));
            line += cell;
        }
        line
    };
    let heading = line("", &headings);
    let titled = heading.get(title.len()..).unwrap_or_default();
    let mut text = format!("{STRONG}{title}{STRONG:#}{FAINT}{titled}{FAINT:#}\n");
    for row in rows {
        let cells: Vec<&str> = row.cells.iter().map(String::as_str).collect();
        text += &styled(row.style, &line(&row.name, &cells));
        text.push('\n');
    }
    text.push('\n');
    text
}

/// The columns that names take at least: those of the longest name of a preset or a framework.
const NAMES: usize = "pod-security-restricted".len();

fn outcomes(name: &str, counts: &Counts) -> Row {
    let Counts { compliant, excepted, failing, unknown, .. } = *counts;
    let numbers = [compliant, excepted, failing, unknown];
    let [compliant, excepted, failing, unknown] = numbers.map(|number| number.to_string());
    let cells = [compliant, excepted, failing, unknown, share(counts.compliance), share(counts.effective)];
    let style = style(counts.evaluated == counts.compliant, counts.failing > 0, counts.evaluated == 0);
    Row { name: clean(name).into_owned(), cells, style }
}

/// The clauses of a framework by how they come out: each as the worst of what was judged for it.
fn clauses(framework: &FrameworkReport) -> Row {
    let count = |wanted: Worst| {
        let found = framework.clauses.iter().filter(|clause| Worst::of(clause) == wanted);
        u64::try_from(found.count()).unwrap_or(u64::MAX)
    };
    let judged = [Worst::Passing, Worst::Excepted, Worst::Failing, Worst::Unknown].map(count);
    let not_judged = framework.total.saturating_sub(judged.iter().sum());
    let [passing, excepted, failing, unknown] = judged;
    let cells =
        [passing, excepted, failing, unknown, not_judged, framework.total].map(|number| number.to_string());
    let style = style(passing == framework.total, failing > 0, not_judged == framework.total);
    Row { name: framework.name.to_owned(), cells, style }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Worst {
    Passing,
    Excepted,
    Unknown,
    Failing,
    NotJudged,
}

impl Worst {
    fn of(clause: &ClauseReport) -> Self {
        match clause.counts {
            Counts { failing: 1.., .. } => Self::Failing,
            Counts { unknown: 1.., .. } => Self::Unknown,
            Counts { excepted: 1.., .. } => Self::Excepted,
            Counts { evaluated: 1.., .. } => Self::Passing,
            _ => Self::NotJudged,
        }
    }
}

fn style(is_whole: bool, fails: bool, is_empty: bool) -> Style {
    match (is_empty, fails, is_whole) {
        (true, ..) => FAINT,
        (_, true, _) => BAD,
        (_, _, true) => GOOD,
        _ => Style::new(),
    }
}

/// What tiers want, what was measured, and how the one stands to the other.
fn targets(report: &AuditReport) -> String {
    let of_tiers = report.posture.tiers.iter().flat_map(|tier| {
        let wanted = tier.measures.iter().filter(|it| it.verdict != Verdict::NoTarget);
        wanted.map(|measure| (clean(&tier.name), measure))
    });
    let lines: Vec<_> = of_tiers.collect();
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or_default();
    let tiers = longest(&mut lines.iter().map(|(tier, _)| width(tier)));
    let names = longest(&mut lines.iter().map(|(_, it)| it.name.len()));
    let mut text = String::new();
    for (tier, measure) in &lines {
        let (word, style) = verdict(measure);
        let target = measure.target.map_or_else(String::new, |target| format!("{target} %"));
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "{INDENT}{}{GAP}{}{GAP}{:>7}{GAP}target {target:>5}{GAP}{}",
            padded(tier, tiers),
            padded(measure.name, names),
            percent(measure.counts.compliance),
            styled(style, word),
        );
    }
    if text.is_empty() { text } else { format!("{STRONG}Targets of tiers, gross{STRONG:#}\n{text}\n") }
}

const fn verdict(measure: &MeasureReport) -> (&'static str, Style) {
    match measure.verdict {
        Verdict::Met => ("met", GOOD),
        Verdict::Missed => ("missed", BAD),
        Verdict::NotMeasured => ("not measured", UNSURE),
        Verdict::NoTarget => ("", FAINT),
    }
}

/// What the words mean.
fn legend(report: &AuditReport) -> String {
    let exempt = match report.summary.exempt {
        0 => String::new(),
        exempt => format!("\n{} in exempt namespaces not judged.", plural(exempt, "workload")),
    };
    let judged = plural(report.posture.total.evaluated, "subject");
    format!(
        "Gross is compliance: compliant of all judged. Net is effective: excepted too.\nExcepted and unknown are not \
         compliant. A clause that passes is evidence for\nit, no more.\nJudged {judged} by {}, as of {}.{exempt}\n",
        plural(u64::try_from(report.posture.standards.len()).unwrap_or(u64::MAX), "standard"),
        report.at,
    )
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{share:.1} %"))
}

/// Below a heading that has the sign.
fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{share:.1}"))
}

fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
