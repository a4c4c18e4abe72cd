//! A cluster: how it is reached and how its objects are read. The operator watches them, the command line lists them
//! once, and people decide by a command.

pub(crate) mod change;
pub(crate) mod list;
pub(crate) mod observed;

use std::cell::RefCell;
use std::path::PathBuf;

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::api::PostParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client};

use crate::facts::CustomKinds;
use crate::facts::object::{Object, ObjectKind};

/// Kinds that are listed at the same time: a cluster serves others, too.
const AT_ONCE: usize = 4;

/// How to reach a cluster, by kubectl's rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// The kubeconfig to use; absent: `KUBECONFIG`, `~/.kube/config`, or the Pod's own service account.
    pub kubeconfig: Option<PathBuf>,
    /// The context of it; absent: the current one.
    pub context: Option<String>,
}

/// Why a cluster can't be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kubeconfig can't be read, or lacks what is asked of it.
    #[error("can't use the kubeconfig: {0}; give --kubeconfig, or set KUBECONFIG")]
    Kubeconfig(String),
    /// No way to the cluster is configured.
    #[error("no cluster: {0}; give --kubeconfig, or set KUBECONFIG")]
    NoCluster(String),
    /// It doesn't answer, or not as an API server does.
    #[error("the cluster at {server} can't be read: {error}")]
    Unreachable {
        /// Its address.
        server: String,
        /// What went wrong.
        error: String,
    },
    /// It doesn't know who asks.
    #[error(
        "the cluster at {server} doesn't accept these credentials: {message}; `kubectl auth whoami` shows whose they are"
    )]
    Unauthorized {
        /// Its address.
        server: String,
        /// What it says.
        message: String,
    },
    /// The API server refuses it, and says why.
    #[error("{0}")]
    Refused(String),
    /// No runtime, such as without file descriptors.
    #[error("can't begin to read the cluster: {0}")]
    Runtime(#[from] std::io::Error),
}

/// What was read of a cluster.
#[derive(Debug)]
pub struct Reading {
    /// The address of its API server.
    pub server: String,
    /// Every kind, in the order of [`CustomKinds::all`].
    pub kinds: Vec<(ObjectKind, Listing)>,
}

/// The objects of a kind, or why there are none.
#[derive(Debug)]
pub enum Listing {
    /// All of them.
    Objects(Vec<Object>, Vec<Malformed>),
    /// The API server doesn't serve the kind.
    NotServed,
    /// Whoever asks may not list it.
    Denied,
    /// The API server failed, and what it said.
    Failed(String),
}

/// An object that can't be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Its namespace; empty for what is in none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Why.
    pub message: String,
}

/// How far a reading is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Kinds that are to be listed.
    pub kinds: usize,
    /// Kinds that have been.
    pub listed: usize,
    /// Objects so far.
    pub objects: usize,
}

/// Whether a cluster may do without the kind: it comes with a CRD of somebody else.
#[must_use]
pub fn is_optional(kind: ObjectKind) -> bool {
    observed::is_optional(kind)
}

/// A kind as permissions name it: `networkpolicies.networking.k8s.io`.
#[must_use]
pub fn resource_name(kind: ObjectKind) -> String {
    let resource = observed::resource(kind);
    let dot = if resource.group.is_empty() { "" } else { "." };
    format!("{}{dot}{}", resource.plural, resource.group)
}

/// What a client is made from.
pub(crate) async fn config(way: &Way) -> Result<kube::Config, Error> {
    // Two providers may be linked; which one is used must not depend on which crate asks first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = KubeConfigOptions { context: way.context.clone(), ..KubeConfigOptions::default() };
    let found = match &way.kubeconfig {
        Some(path) => match Kubeconfig::read_from(path) {
            Ok(kubeconfig) => kube::Config::from_custom_kubeconfig(kubeconfig, &options).await,
            Err(error) => Err(error),
        },
        None if way.context.is_some() => kube::Config::from_kubeconfig(&options).await,
        None => return kube::Config::infer().await.map_err(|error| Error::NoCluster(error.to_string())),
    };
    found.map_err(|error| Error::Kubeconfig(error.to_string()))
}

/// What an error says and what it comes from, each once.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Lists everything that becomes facts, and waits for it.
///
/// # Errors
/// If the cluster can't be reached. What it keeps back is no error: each kind says so for itself.
pub fn read(way: &Way, kinds: &CustomKinds, progress: impl FnMut(Progress)) -> Result<Reading, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let config = config(way).await?;
        let server = server(&config);
        let unreachable =
            |error: kube::Error| Error::Unreachable { server: server.clone(), error: in_full(&error) };
        let client = Client::try_from(config).map_err(unreachable)?;
        let kinds = list_all(&client, kinds, progress).await.map_err(|error| match error {
            kube::Error::Api(status) => {
                Error::Unauthorized { server: server.clone(), message: status.message }
            }
            error => unreachable(error),
        })?;
        Ok(Reading { server, kinds })
    })
}

/// Every kind, a few at a time.
async fn list_all(
    client: &Client,
    kinds: &CustomKinds,
    progress: impl FnMut(Progress),
) -> Result<Vec<(ObjectKind, Listing)>, kube::Error> {
    let kinds: Vec<ObjectKind> = observed::kinds(kinds).collect();
    let so_far = Progress { kinds: kinds.len(), ..Progress::default() };
    let told = RefCell::new((so_far, progress));
    let tell = |kinds: usize, objects: usize| {
        let (so_far, progress) = &mut *told.borrow_mut();
        so_far.listed += kinds;
        so_far.objects += objects;
        progress(*so_far);
    };
    let one = async |kind| {
        let listing = list::list(client, kind, list::PAGE, |objects| tell(0, objects)).await?;
        tell(1, 0);
        Ok((kind, listing))
    };
    stream::iter(kinds).map(one).buffered(AT_ONCE).try_collect().await
}

/// Who asks, as the API server knows them; nobody if it doesn't say.
pub(crate) async fn whoami(client: &Client) -> Result<Option<String>, kube::Error> {
    let reviews: Api<SelfSubjectReview> = Api::all(client.clone());
    let review = reviews.create(&PostParams::default(), &SelfSubjectReview::default()).await?;
    Ok(review.status.and_then(|status| status.user_info?.username))
}

/// The address without what may stand before an `@`.
fn server(config: &kube::Config) -> String {
    let url = &config.cluster_url;
    let authority = url.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    format!("{}://{host}{path}", url.scheme_str().unwrap_or("https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_no_credentials() {
        let of = |url: &str| server(&kube::Config::new(url.parse().unwrap()));
        assert_eq!(of("https://10.0.0.1:6443/"), "https://10.0.0.1:6443");
        assert_eq!(
            of("https://ana:secret@rancher.example.com/k8s/clusters/c-1"),
            "https://rancher.example.com/k8s/clusters/c-1"
        );
    }
}
