//! `stanchion crds`

use anyhow::Context as _;

use super::Ended;
use super::terminal::Terminal;
use crate::api::{self, Kind};

/// Print the definitions of SecurityStandard, ServiceTier and RiskException for a cluster
///
/// They go to standard output as YAML. Installing them changes nothing about what runs in the cluster.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  stanchion crds | kubectl apply --server-side -f -")]
pub(super) struct Args {}

pub(super) fn run(_: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    for kind in Kind::ALL {
        let yaml = api::crd_yaml(kind).context("the definitions can't be written as YAML")?;
        let yaml = yaml.strip_prefix("---\n").unwrap_or(&yaml);
        terminal.print(&format!("---\n{yaml}"))?;
    }
    Ok(Ended::Clean)
}
