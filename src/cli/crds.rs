//! `stanchion crds`

use anyhow::Context as _;

use super::Ended;
use super::terminal::Terminal;
use crate::api::{self, Kind};
use crate::policies;

/// Print what a cluster needs: the definitions of the three kinds, or the rules that its API server holds
///
/// They go to standard output as YAML. Installing the definitions changes nothing about what runs in the cluster; the
/// policies say who may ask for, approve and end exceptions, and who writes a status.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  stanchion crds | kubectl apply --server-side -f -\n  \
                        stanchion crds --policies | kubectl apply --server-side -f -\n  \
                        stanchion crds --stamp | kubectl apply --server-side -f -")]
pub(super) struct Args {
    /// Print the admission policies and their bindings instead; for Kubernetes 1.30 and newer
    #[arg(long)]
    policies: bool,

    /// Print instead what fills in who asks for an exception, and drops the approvals of what has changed; for
    /// Kubernetes 1.36 and newer
    #[arg(long, conflicts_with = "policies")]
    stamp: bool,

    /// The user that the operator is, who alone writes a status
    #[arg(long, value_name = "USER", default_value = policies::OPERATOR, requires = "policies")]
    operator: String,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    if args.policies || args.stamp {
        let documents = if args.stamp { policies::mutating() } else { policies::validating(&args.operator) };
        let yaml = policies::yaml(&documents).context("the policies can't be written as YAML")?;
        terminal.print(&yaml)?;
        return Ok(Ended::Clean);
    }
    for kind in Kind::ALL {
        let yaml = api::crd_yaml(kind).context("the definitions can't be written as YAML")?;
        let yaml = yaml.strip_prefix("---\n").unwrap_or(&yaml);
        terminal.print(&format!("---\n{yaml}"))?;
    }
    Ok(Ended::Clean)
}
