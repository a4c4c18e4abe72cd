//! `stanchion webhook`

use super::Ended;
use super::operator::{OperatorArgs, SecretArgs, WebhookArgs, Work};
use super::terminal::Terminal;

/// Answer the API server: warn of what fails, and deny it where a standard has come that far
///
/// Any number may run; each knows the cluster by itself and writes nothing. What isn't known yet, or takes too long, is let
/// through and counted. docs/admission.md has more.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  stanchion crds --webhook | kubectl apply --server-side -f -\n  stanchion webhook"
)]
pub(super) struct Args {
    #[command(flatten)]
    operator: OperatorArgs,

    #[command(flatten)]
    webhook: WebhookArgs,

    #[command(flatten)]
    secret: SecretArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let work = Work { secret: &args.secret, controls: None, webhook: Some(&args.webhook) };
    super::operator::run(&args.operator, &work, terminal)
}
