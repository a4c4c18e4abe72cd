//! Which approvals count: the flags that commands share, and the operator.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::config::Trust;

/// Which approvals count, and in which cluster.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct TrustArgs {
    /// Which approvals of exceptions count: names as they are written, or signatures alone
    ///
    /// Unless given or configured, recorded. docs/approvals.md says what each is worth.
    #[arg(long, env = "STANCHION_TRUST", value_name = "TRUST", value_parser = trust(), ignore_case = true)]
    pub(super) trust: Option<Trust>,

    /// The name of the cluster, which exceptions give in `clusters` to say where they are for
    #[arg(long, env = "STANCHION_CLUSTER_NAME", value_name = "NAME")]
    cluster_name: Option<String>,
}

impl TrustArgs {
    /// The name of the cluster; an empty variable is as good as none.
    pub(super) fn cluster(&self) -> Option<&str> {
        self.cluster_name.as_deref().filter(|it| !it.is_empty())
    }
}

fn trust() -> impl TypedValueParser<Value = Trust> {
    PossibleValuesParser::new(Trust::ALL.map(Trust::as_str)).try_map(|name| {
        let is_it = |it: &Trust| it.as_str().eq_ignore_ascii_case(&name);
        Trust::ALL.into_iter().find(is_it).ok_or_else(|| format!("no trust `{name}`"))
    })
}
