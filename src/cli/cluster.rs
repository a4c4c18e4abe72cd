//! `--cluster`: a cluster in the place of files.

use std::path::PathBuf;

use anyhow::bail;

use super::terminal::Terminal;
use crate::api::Kind;
pub(super) use crate::cluster::Way;
use crate::cluster::{self, Listing};
use crate::facts::CustomKinds;
use crate::facts::object::ObjectKind;
use crate::load::Collection;

/// Which cluster is judged, if one is.
#[derive(Debug, clap::Args)]
pub(super) struct ClusterArgs {
    /// Judge what is in a cluster instead of files, by the standards, tiers and exceptions in it
    ///
    /// Lists what `stanchion controller` watches, never Secrets, and changes nothing; docs/cluster.md has the rights that it
    /// takes. What --standards and --preset give counts beside what the cluster has, and in the place of what has the
    /// same name.
    #[arg(long, conflicts_with = "paths")]
    cluster: bool,

    /// With --cluster, the kubeconfig file to use instead of KUBECONFIG, ~/.kube/config or the Pod's service account
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// With --cluster, the context of the kubeconfig to use instead of its current one
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

impl ClusterArgs {
    /// Refuses a way to a cluster that nobody goes. `requires` would not: it gives way to what the flag conflicts with.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if !self.cluster && (self.kubeconfig.is_some() || self.context.is_some()) {
            bail!(
                "--kubeconfig and --context say which cluster is judged: give --cluster in the place of files"
            );
        }
        Ok(())
    }

    /// How to reach the cluster, if one is to be judged.
    pub(super) fn way(&self) -> Option<Way> {
        let Self { cluster, kubeconfig, context } = self;
        cluster.then(|| Way { kubeconfig: kubeconfig.clone(), context: context.clone() })
    }
}

/// Reads a cluster; with a terminal, says how far it is and what the cluster doesn't have.
pub(super) fn gather(
    way: &Way,
    kinds: &CustomKinds,
    mut terminal: Option<&mut Terminal>,
) -> anyhow::Result<Collection> {
    let reading = cluster::read(way, kinds, |it| {
        if let Some(terminal) = &mut terminal {
            let cluster::Progress { kinds, listed, objects } = it;
            terminal.progress(&format!("reading the cluster: {listed} of {kinds} kinds, {objects} objects"));
        }
    });
    if let Some(terminal) = &mut terminal {
        terminal.progress("");
    }
    let reading = reading?;
    let mut collection = Collection::with_kinds(kinds.clone());
    collection.begin_cluster(&reading.server);
    let mut missing = Vec::new();
    for (kind, listing) in reading.kinds {
        match listing {
            Listing::Objects(objects, malformed) => {
                for object in objects {
                    collection.observe(object);
                }
                for it in malformed {
                    collection.observe_malformed(kind, &it.namespace, &it.name, &it.message);
                }
            }
            Listing::NotServed if cluster::is_optional(kind) => {}
            Listing::NotServed if is_ours(kind) => missing.push(kind.as_str()),
            Listing::NotServed | Listing::Denied | Listing::Failed(_) => {
                collection.observe_nothing(kind, why_nothing(kind, &listing));
            }
        }
    }
    if let (Some(terminal), [_, ..]) = (terminal, missing.as_slice()) {
        let missing = missing.join(", ");
        terminal.note(&format!(
            "the cluster doesn't know {missing}: `stanchion crds | kubectl apply --server-side -f -` installs our kinds"
        ));
    }
    Ok(collection)
}

fn is_ours(kind: ObjectKind) -> bool {
    Kind::ALL.iter().any(|ours| ours.as_str() == kind.as_str())
}

/// Why a kind could not be read, and what comes of it.
fn why_nothing(kind: ObjectKind, listing: &Listing) -> String {
    let resource = cluster::resource_name(kind);
    let so = match kind {
        ObjectKind::SecurityStandard => "what they ask for is not judged",
        ObjectKind::ServiceTier => "nothing is in one of them",
        ObjectKind::RiskException => "they excuse nothing",
        ObjectKind::Namespace => "what is selected by their labels, and what depends on them, is unknown",
        _ => "none of them is judged, and what depends on them is unknown",
    };
    match listing {
        Listing::Denied => format!("the cluster doesn't let you list {resource}: {so}"),
        Listing::Failed(message) => format!("the cluster can't list {resource} ({message}): {so}"),
        Listing::NotServed | Listing::Objects(..) => format!("the cluster doesn't serve {resource}: {so}"),
    }
}
