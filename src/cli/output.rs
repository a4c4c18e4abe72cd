//! Where a report goes and in which form: `-o table`, `-o sarif=audit.sarif`, as often as wanted.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, ValueEnum};

use super::terminal::{COLUMNS, Terminal};
use crate::report::html;
use crate::report::json::{AuditReport, FrameworkReport, Input};
use crate::report::table::{self, View};

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// For programs: docs/reference/audit.schema.json describes it
    Json,
    /// For everybody: one page for a browser, which asks the network for nothing
    Html,
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
        match self {
            Self::Table => Ok(table::render(report, view)),
            Self::Json => json(report),
            Self::Html => Ok(html::render(report, &FrameworkReport::all(input))),
        }
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

/// JSON without a character that a terminal would act on; JSON's own rules leave some of them.
fn json(report: &AuditReport) -> anyhow::Result<String> {
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
