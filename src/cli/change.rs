//! What people decide in a cluster: the flags that these commands share, and what they say in the end.

use std::path::PathBuf;

use crate::cluster::Way;
use crate::cluster::change::Changing;

/// Which cluster is changed.
#[derive(Debug, clap::Args)]
pub(super) struct ChangeArgs {
    /// The kubeconfig file to use instead of KUBECONFIG, ~/.kube/config or the Pod's service account
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// The context of the kubeconfig to use instead of its current one
    #[arg(long, value_name = "NAME")]
    context: Option<String>,

    /// Ask the API server whether it would do it, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl ChangeArgs {
    pub(super) fn connect(&self) -> anyhow::Result<Changing> {
        let way = Way { kubeconfig: self.kubeconfig.clone(), context: self.context.clone() };
        Ok(Changing::by(&way, self.dry_run)?)
    }

    /// What has happened, as kubectl says it: `riskexception.stanchion.dev/legacy-root approved`.
    pub(super) fn done(&self, what: &str, happened: &str) -> String {
        let only_asked = if self.dry_run { " (dry run)" } else { "" };
        format!("{what} {happened}{only_asked}\n")
    }
}

/// An exception of a cluster.
#[derive(Debug, clap::Args)]
pub(super) struct ExceptionArgs {
    /// The RiskException
    #[arg(value_name = "NAME")]
    pub(super) name: String,

    /// Its namespace; unless given, that of the kubeconfig's context
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,
}

impl ExceptionArgs {
    pub(super) fn namespace<'a>(&'a self, cluster: &'a Changing) -> &'a str {
        self.namespace.as_deref().unwrap_or_else(|| cluster.namespace())
    }

    /// `riskexception.stanchion.dev/legacy-root`
    pub(super) fn called(&self) -> String {
        format!("riskexception.stanchion.dev/{}", self.name)
    }
}
