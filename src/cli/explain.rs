//! `stanchion explain`

use super::Ended;
use super::terminal::Terminal;
use crate::engine::catalogue;
use crate::engine::control::Control;
use crate::report::explain;

/// Wider text is hard to read.
const WIDEST: usize = 100;

/// Say what a control checks, why it matters and how to fix what it finds
///
/// Without an ID: the list of all controls.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  stanchion explain pod.privileged\n  stanchion explain 'pod.*'")]
pub(super) struct Args {
    /// A control such as `pod.privileged`, or a family such as `pod.*` or `pod`
    id: Option<String>,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let text = match &args.id {
        None => explain::list(catalogue::all().iter().copied(), true),
        Some(id) => match find(id) {
            Found::Control(control) => explain::control(control, terminal.width().min(WIDEST), true),
            Found::Family(family) => explain::list(catalogue::family(family), true),
            Found::Nothing(message) => {
                let message = format!("{message}\n`stanchion explain` lists every control");
                message.lines().for_each(|line| terminal.complain(line));
                return Ok(Ended::Failed);
            }
        },
    };
    terminal.print(&text)?;
    Ok(Ended::Clean)
}

enum Found<'a> {
    Control(&'static Control),
    Family(&'a str),
    Nothing(String),
}

fn find(id: &str) -> Found<'_> {
    if let Some(control) = catalogue::find(id) {
        return Found::Control(control);
    }
    let family = id.strip_suffix(".*").unwrap_or(id);
    if catalogue::family(family).next().is_some() {
        return Found::Family(family);
    }
    Found::Nothing(catalogue::check_selector(id).err().unwrap_or_default())
}
