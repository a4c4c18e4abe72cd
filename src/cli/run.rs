//! `stanchion run`

use super::Ended;
use super::operator::{KeepingArgs, OperatorArgs, SecretArgs, WebhookArgs, Work};
use super::terminal::Terminal;

/// Controller and webhook in one process
///
/// Several may run: all of them answer the API server, and one of them writes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  stanchion crds --webhook | kubectl apply --server-side -f -\n  stanchion run"
)]
pub(super) struct Args {
    #[command(flatten)]
    operator: OperatorArgs,

    #[command(flatten)]
    webhook: WebhookArgs,

    #[command(flatten)]
    secret: SecretArgs,

    #[command(flatten)]
    keeping: KeepingArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let work = Work { secret: &args.secret, controls: Some(&args.keeping), webhook: Some(&args.webhook) };
    super::operator::run(&args.operator, &work, terminal)
}
