//! Which approvals count: the flags that commands share, and the operator.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::config::Trust;
#[cfg(feature = "operator")]
use crate::engine::approval;

/// Which approvals count, and in which cluster.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct TrustArgs {
    /// Which approvals of exceptions count: names as they are written, or signatures alone
    ///
    /// Unless given or configured, recorded. docs/approvals.md says what each is worth.
    #[arg(long, env = "STANCHION_TRUST", value_name = "TRUST", value_parser = trust(), ignore_case = true)]
    pub(super) trust: Option<Trust>,

    #[command(flatten)]
    pub(super) cluster: ClusterNameArgs,
}

/// The same of the operator, which can see whether the API server holds its rules.
#[cfg(feature = "operator")]
#[derive(Debug, Clone, clap::Args)]
pub(super) struct OperatorTrustArgs {
    /// Which approvals of exceptions count: signatures, and names while the API server's rules hold them (enforced); names as
    /// they are written (recorded); signatures alone (signed)
    ///
    /// The rules are what `stanchion crds --policies` prints. docs/approvals.md says what each is worth.
    #[arg(long, env = "STANCHION_TRUST", value_name = "TRUST", value_parser = trust_of_operator(), ignore_case = true)]
    #[arg(default_value = "enforced")]
    pub(super) trust: approval::Trust,

    #[command(flatten)]
    pub(super) cluster: ClusterNameArgs,
}

/// Which cluster this is.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ClusterNameArgs {
    /// The name of the cluster, which exceptions give in `clusters` to say where they are for
    #[arg(long, env = "STANCHION_CLUSTER_NAME", value_name = "NAME")]
    cluster_name: Option<String>,
}

impl ClusterNameArgs {
    /// The name; an empty variable is as good as none.
    pub(super) fn name(&self) -> Option<&str> {
        self.cluster_name.as_deref().filter(|it| !it.is_empty())
    }
}

fn trust() -> impl TypedValueParser<Value = Trust> {
    PossibleValuesParser::new(Trust::ALL.map(Trust::as_str)).try_map(|name| {
        let is_it = |it: &Trust| it.as_str().eq_ignore_ascii_case(&name);
        Trust::ALL.into_iter().find(is_it).ok_or_else(|| format!("no trust `{name}`"))
    })
}

#[cfg(feature = "operator")]
fn trust_of_operator() -> impl TypedValueParser<Value = approval::Trust> {
    let all = approval::Trust::ALL;
    PossibleValuesParser::new(["enforced", "recorded", "signed"]).try_map(move |name| {
        let is_it = |it: &approval::Trust| it.as_str().eq_ignore_ascii_case(&name);
        all.into_iter().find(is_it).ok_or_else(|| format!("no trust `{name}`"))
    })
}
