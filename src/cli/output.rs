//! Where a report goes and in which form: `-o table`, `-o sarif=audit.sarif`, as often as wanted.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, ValueEnum};
use serde::Serialize;

use super::edits;
use super::terminal::{COLUMNS, Terminal};
use crate::report::json::{AuditReport, FrameworkReport, Input};
use crate::report::policy_report::{self, Dialect};
use crate::report::table::{self, View};
use crate::report::{github, gitlab, html, junit, markdown, resources, sarif, wide};

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// A finding a line, nothing cut
    Wide,
    /// For programs: docs/reference/audit.schema.json describes it
    Json,
    /// The standards, tiers and exceptions that judge, with the status that the operator would write
    Yaml,
    /// For everybody: one page for a browser, which asks the network for nothing
    Html,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// JUnit XML, for CI servers: a suite for each subject, a case for each control
    Junit,
    /// Workflow commands of GitHub Actions: annotations beside the lines
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// A comment for a pull request
    Markdown,
    /// PolicyReports (wgpolicyk8s.io/v1alpha2) in YAML, for dashboards of clusters
    Policyreport,
    /// Reports of openreports.io/v1alpha1, likewise
    Openreports,
}

/// The form of what is no audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PlainFormat {
    /// For people
    Table,
    /// For programs
    Json,
}

/// A form, and the file that it is written to; standard output without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Output {
    format: Format,
    file: Option<PathBuf>,
}

/// Reads `FORMAT` and `FORMAT=FILE`, and knows the formats for help and completions.
pub(super) fn parser() -> OutputParser {
    OutputParser
}

/// See [`parser`].
#[derive(Debug, Clone)]
pub(super) struct OutputParser;

impl TypedValueParser for OutputParser {
    type Value = Output;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Output, clap::Error> {
        let parse = |text: &str| Output::parse(text);
        TypedValueParser::parse_ref(&parse, command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Format::value_variants().iter().filter_map(Format::to_possible_value)))
    }
}

impl Output {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err(format!("name a file after `{text}`")),
            Some((name, file)) => (name, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = Format::from_str(name, false).map_err(|_| {
            let names: Vec<String> = Format::value_variants().iter().map(|it| it.name()).collect();
            format!("no format `{name}`: write one of {}", names.join(", "))
        })?;
        Ok(Self { format, file })
    }
}

impl Format {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn render(self, report: &AuditReport, input: Input<'_>, view: View) -> anyhow::Result<String> {
        let folder = folder();
        Ok(match self {
            Self::Table => table::render(report, view),
            Self::Wide => wide::render(report),
            Self::Json => json(report)?,
            Self::Yaml => resources::render(input).context("the resources can't be written")?,
            Self::Sarif => json(&sarif::log(report, &folder, &edits::safe(input)))?,
            Self::Junit => {
                junit::render(report, input, &folder).context("the report can't be written as XML")?
            }
            Self::Github => github::render(report, &folder),
            Self::Gitlab => json(&gitlab::issues(report, &folder))?,
            Self::Markdown => markdown::render(report, &folder),
            Self::Html => html::render(report, &FrameworkReport::all(input)),
            Self::Policyreport => reports(report, Dialect::PolicyReport)?,
            Self::Openreports => reports(report, Dialect::OpenReports)?,
        })
    }
}

/// Refuses two reports on standard output, or two in one file: one of them would be lost.
pub(super) fn check(outputs: &[Output]) -> anyhow::Result<()> {
    for (position, output) in outputs.iter().enumerate() {
        if outputs.iter().take(position).any(|before| before.file == output.file) {
            match &output.file {
                Some(file) => bail!("two outputs go to {}: give each a file of its own", file.display()),
                None => {
                    bail!("two outputs go to standard output: give one a file, as in `-o json=audit.json`")
                }
            }
        }
    }
    Ok(())
}

/// Refuses statuses of a part: an operator judges everything.
pub(super) fn check_whole(outputs: &[Output]) -> anyhow::Result<()> {
    if outputs.iter().any(|output| output.format == Format::Yaml) {
        bail!("`-o yaml` writes the status of everything: leave out the filters that narrow what is judged");
    }
    Ok(())
}

/// The outputs that go to files. A diff takes the place of the table on standard output, and of nothing else.
pub(super) fn beside_a_diff(outputs: &[Output]) -> anyhow::Result<Vec<Output>> {
    if let Some(output) = outputs.iter().find(|it| it.file.is_none() && it.format != Format::Table) {
        let name = output.format.name();
        bail!("--fix writes its diff to standard output: give `{name}` a file, as in `-o {name}=FILE`");
    }
    Ok(outputs.iter().filter(|it| it.file.is_some()).cloned().collect())
}

/// Writes the report in every form that is asked for: files first, so that they are there when a reader of standard
/// output has gone.
pub(super) fn write(
    outputs: &[Output],
    report: &AuditReport,
    input: Input<'_>,
    verbose: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let to_file = |output: &&Output| output.file.is_some();
    let view = View { width: terminal.width(), verbose };
    for output in outputs.iter().filter(to_file).chain(outputs.iter().filter(|it| !to_file(it))) {
        match &output.file {
            // What goes to a file has no terminal's width and no colours.
            Some(file) => {
                let text = output.format.render(report, input, View { width: COLUMNS, ..view })?;
                save(file, &anstream::adapter::strip_str(&text).to_string())?;
            }
            None => terminal.print(&output.format.render(report, input, view)?)?,
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the command line is what has files")]
fn save(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(file, text).with_context(|| format!("{} can't be written", file.display()))
}

/// Where the program runs: forges want files named from there.
fn folder() -> String {
    std::env::current_dir().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default()
}

fn reports(report: &AuditReport, dialect: Dialect) -> anyhow::Result<String> {
    let reports = policy_report::reports(report, dialect);
    policy_report::yaml(&reports).context("the report can't be written as YAML")
}

/// JSON without a character that a terminal would act on; JSON's own rules leave some of them.
pub(super) fn json(report: &impl Serialize) -> anyhow::Result<String> {
    let text = serde_json::to_string_pretty(report).context("the report can't be written as JSON")?;
    let mut safe = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        match character {
            '\u{7f}'..='\u{9f}' => {
                // Writing to a string can't fail.
                let _ = write!(safe, "\\u{:04x}", u32::from(character));
            }
            character => safe.push(character),
        }
    }
    safe.push('\n');
    Ok(safe)
}
