//! `stanchion run`

use super::Ended;
use super::operator::{OperatorArgs, WebhookArgs};
use super::terminal::Terminal;

/// Controller and webhook in one process
///
/// Several may run: all of them answer the API server, and one of them writes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stanchion run --cert-dir /var/run/tls")]
pub(super) struct Args {
    #[command(flatten)]
    operator: OperatorArgs,

    #[command(flatten)]
    webhook: WebhookArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    super::operator::run(&args.operator, true, Some(&args.webhook), terminal)
}
