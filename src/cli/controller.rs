//! `stanchion controller`

use super::Ended;
use super::operator::{KeepingArgs, OperatorArgs, SecretArgs, Work};
use super::terminal::Terminal;

/// Watch a cluster and write the posture to the status of SecurityStandard, ServiceTier and RiskException
///
/// Runs until it is asked to stop (SIGTERM, Ctrl-C). Several may run: one of them writes, the others stand by.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  stanchion crds | kubectl apply --server-side -f -\n  stanchion controller"
)]
pub(super) struct Args {
    #[command(flatten)]
    operator: OperatorArgs,

    #[command(flatten)]
    secret: SecretArgs,

    #[command(flatten)]
    keeping: KeepingArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let work = Work { secret: &args.secret, controls: Some(&args.keeping), webhook: None };
    super::operator::run(&args.operator, &work, terminal)
}
