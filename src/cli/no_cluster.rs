//! `--cluster` in a build that knows no clusters: the flag is not there.

use super::terminal::Terminal;
use crate::facts::CustomKinds;
use crate::load::Collection;

/// No flags.
#[derive(Debug, clap::Args)]
pub(super) struct ClusterArgs {}

/// No way leads to a cluster.
#[derive(Debug, Clone)]
pub(super) enum Way {}

impl ClusterArgs {
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "a build that knows clusters looks at its flags"
    )]
    pub(super) const fn check(&self) -> anyhow::Result<()> {
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "a build that knows clusters looks at its flags")]
    pub(super) const fn way(&self) -> Option<Way> {
        None
    }
}

pub(super) fn gather(way: &Way, _: &CustomKinds, _: Option<&mut Terminal>) -> anyhow::Result<Collection> {
    match *way {}
}
