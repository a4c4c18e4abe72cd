//! What it takes to get all objects that the operator watches, with its client and as its user, and to do nothing with
//! them: a process of its own, as the operator is one.

use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures::TryStreamExt;
use kube::Client;
use kube::api::{ListParams, WatchParams};
use kube::core::{ListMeta, Request, WatchEvent};
use serde::Deserialize;
use serde::de::IgnoredAny;
use stanchion::facts::object::ObjectKind;

use crate::plane::{Cluster, client};
use crate::process;

/// The flag by which this program becomes that process.
pub(crate) const FLAG: &str = "--bare";

/// Objects of a page: what kubectl and `stanchion audit --cluster` ask for.
const PAGE: u32 = 500;

/// What ends the objects that were there before a watch.
const ALL_SENT: &str = "k8s.io/initial-events-end";

/// How the objects are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Page by page.
    List,
    /// By a watch that begins with all of them, as the operator asks an API server that serves those.
    Watch,
}

impl Way {
    const fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Watch => "watch",
        }
    }
}

/// What such a process did.
pub(crate) struct Bare {
    /// How many objects it got.
    pub(crate) objects: usize,
    /// How long it took, from its start to its end.
    pub(crate) took: Duration,
    /// Its own time on processors.
    pub(crate) busy: Duration,
}

impl Display for Bare {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.2?} ({:.2?})", self.took, self.busy)
    }
}

/// Runs such a process.
pub(crate) fn measure(cluster: &Cluster, way: Way) -> Bare {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([FLAG, way.as_str()]).arg(cluster.kubeconfig()).stderr(Stdio::inherit());
    let began = Instant::now();
    let output = command.output().unwrap();
    let took = began.elapsed();
    assert!(output.status.success(), "{command:?}");
    let [objects, busy]: [u64; 2] = serde_json::from_slice(&output.stdout).unwrap();
    Bare { objects: usize::try_from(objects).unwrap(), took, busy: Duration::from_millis(busy) }
}

/// What the process does: prints how many objects there are, and its time on processors in milliseconds.
pub(crate) fn run(way: &str, kubeconfig: &Path) {
    let streams = way == Way::Watch.as_str();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let objects: usize = runtime.block_on(async {
        let client = client(kubeconfig).await;
        let one = |path: String| {
            let client = client.clone();
            tokio::spawn(async move {
                let got = if streams { watched(&client, &path).await } else { listed(&client, &path).await };
                match got {
                    Err(kube::Error::Api(status)) if status.code == 404 => 0,
                    got => got.unwrap(),
                }
            })
        };
        let all: Vec<_> = paths().map(one).collect();
        futures::future::join_all(all).await.into_iter().map(Result::unwrap).sum()
    });
    println!("[{objects}, {}]", process::busy(std::process::id()).as_millis());
}

/// Where the API server has what the operator watches.
fn paths() -> impl Iterator<Item = String> {
    let read = ObjectKind::all().filter(|it| !matches!(it, ObjectKind::Secret | ObjectKind::AuditPolicy));
    read.map(|kind| {
        let root = if kind.group().is_empty() { "api" } else { "apis" };
        format!("/{root}/{}/{}", kind.api_version(), kind.plural())
    })
}

async fn listed(client: &Client, path: &str) -> Result<usize, kube::Error> {
    #[derive(Deserialize)]
    struct Page {
        metadata: ListMeta,
        items: Vec<IgnoredAny>,
    }

    let mut objects = 0;
    let mut parameters = ListParams::default().limit(PAGE);
    loop {
        let request = Request::new(path).list(&parameters).map_err(kube::Error::BuildRequest)?;
        let page: Page = client.request(request).await?;
        objects += page.items.len();
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok(objects),
        }
    }
}

async fn watched(client: &Client, path: &str) -> Result<usize, kube::Error> {
    let parameters = WatchParams { send_initial_events: true, bookmarks: true, ..WatchParams::default() };
    let request = Request::new(path).watch(&parameters, "0").map_err(kube::Error::BuildRequest)?;
    let mut events = Box::pin(client.request_events::<IgnoredAny>(request).await?);
    let mut objects = 0;
    while let Some(event) = events.try_next().await? {
        match event {
            WatchEvent::Bookmark(bookmark) if bookmark.metadata.annotations.contains_key(ALL_SENT) => break,
            WatchEvent::Added(_) => objects += 1,
            WatchEvent::Error(status) => return Err(kube::Error::Api(status)),
            _ => {}
        }
    }
    Ok(objects)
}
