//! The reference of the command line, in Markdown, from the same data as `--help`.

use std::fmt::Write as _;

use clap::{Arg, Command};

pub(crate) fn render() -> String {
    let command = stanchion::cli::command();
    let mut page = String::from(
        "# The command line\n\nMade from the program's own help by `make generate`. Colours obey `NO_COLOR` and \
         `CLICOLOR_FORCE`; there are none where\nthe output is no terminal.\n\n",
    );
    for subcommand in command.get_subcommands().filter(|it| it.get_name() != "help") {
        section("stanchion", subcommand, &mut page);
    }
    format!("{}\n", page.trim_end())
}

fn section(above: &str, command: &Command, page: &mut String) {
    let name = format!("{above} {}", command.get_name());
    let mut command = command.clone().bin_name(name.clone());
    let usage = command.render_usage().to_string();
    let _ = writeln!(page, "## {name}\n");
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string);
    let _ = writeln!(page, "{}\n", about.unwrap_or_default());
    let _ = writeln!(page, "```\n{}\n```\n", usage.trim_start_matches("Usage: "));
    let (positional, options): (Vec<&Arg>, Vec<&Arg>) = command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set() && arg.get_id() != "help")
        .partition(|arg| arg.is_positional());
    for arg in positional.into_iter().chain(options) {
        argument(arg, page);
    }
    if let Some(examples) = command.get_after_help() {
        let examples = examples.to_string();
        let lines = examples.lines().skip(1).map(|line| line.strip_prefix("  ").unwrap_or(line));
        let _ = writeln!(page, "```sh\n{}\n```\n", lines.collect::<Vec<_>>().join("\n"));
    }
    for subcommand in command.get_subcommands().filter(|it| it.get_name() != "help") {
        section(&name, subcommand, page);
    }
}

fn argument(arg: &Arg, page: &mut String) {
    let value = arg.get_value_names().and_then(<[_]>::first).map(|name| format!("<{name}>"));
    let takes_value = arg.get_action().takes_values();
    let long = arg.get_long().map(|long| format!("--{long}"));
    let short = arg.get_short().map(|short| format!("-{short}"));
    let mut name = [short, long].into_iter().flatten().collect::<Vec<_>>().join(", ");
    if let Some(value) = value.filter(|_| takes_value) {
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(&value);
    }
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut paragraphs = help.split("\n\n");
    let _ = writeln!(page, "- `{name}`: {}", paragraphs.next().unwrap_or_default());
    for paragraph in paragraphs {
        let _ = writeln!(page, "\n  {paragraph}");
    }
    let choices = arg.get_possible_values();
    if takes_value && !choices.is_empty() {
        let names: Vec<String> = choices.iter().map(|it| format!("`{}`", it.get_name())).collect();
        let _ = writeln!(page, "\n  One of {}.", names.join(", "));
    }
    let defaults: Vec<_> = arg.get_default_values().iter().map(|it| it.to_string_lossy()).collect();
    if takes_value && !defaults.is_empty() {
        let _ = writeln!(page, "\n  Default: `{}`.", defaults.join(" "));
    }
    page.push('\n');
}
