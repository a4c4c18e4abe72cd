//! The table of all lints, in Markdown.

use std::fmt::Write as _;

use crate::lint::{LINTS, Level};

/// docs/lint.md
#[must_use]
pub fn render() -> String {
    let mut page = String::from(
        "# Lints\n\nMade from the code by `make generate`. `stanchion lint PATH…` checks the standards, tiers and \
         exceptions among files, and reads\nthe other objects among them as context. Nothing is applied, and no \
         cluster is asked.\n\nThe name of a lint stands in brackets behind its message, and never changes its meaning. \
         Errors make the exit code 1;\nwarnings do with `--strict`. A file that can't be read makes it 2.\n",
    );
    for (level, title, about) in [
        (
            Level::Error,
            "Errors",
            "What the API server or the operator would refuse; `stanchion audit` says the same.",
        ),
        (
            Level::Warning,
            "Warnings",
            "What would be accepted, and hardly does what is meant. What is about workloads or tiers is told where there \
             are any\namong the files or in `--standards`.",
        ),
    ] {
        // Writing to a string can't fail.
        let _ = write!(
            page,
            "\n## {title}\n\n{about}\n\n| lint | what is wrong | what to do |\n| --- | --- | --- |\n"
        );
        for lint in LINTS.iter().filter(|lint| lint.level == level) {
            let _ = writeln!(page, "| `{}` | {} | {} |", lint.name, lint.meaning, sentence(lint.remedy));
        }
    }
    page
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    // A command keeps its case.
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}
