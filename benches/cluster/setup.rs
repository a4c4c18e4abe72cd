//! Makes the cluster through its API, as people and controllers would, only faster.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use kube::Client;
use kube::api::{Patch, PatchParams, PostParams};
use kube::core::Request;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use stanchion::engine::catalogue;
use stanchion::facts::object::{Recognition, recognize};

use crate::objects::{meta, objects_of};
use crate::plane::{Cluster, FLIPPED, STANDARDS};

/// Workloads that share a namespace.
pub(crate) const TOGETHER: usize = 100;

/// How many are made at the same time.
const AT_ONCE: usize = 64;

/// How often is said how far it is.
const SAY: Duration = Duration::from_secs(10);

/// What only the API server says of an object.
const ITS_OWN: [&str; 5] = ["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"];

/// What is asked of the cluster: every control, and one alone; and a tier, which everything is in.
pub(crate) fn decide(cluster: &Cluster) {
    let all: Vec<Value> = catalogue::all().iter().map(|it| json!({"id": it.id})).collect();
    let controls = [json!(all), json!([{"id": FLIPPED}])];
    let standards = STANDARDS.into_iter().zip(controls).map(|(name, controls)| {
        json!({"apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": name},
            "spec": {"title": name, "owner": "security", "controls": controls}})
    });
    let every = json!({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]});
    let tier = json!({"apiVersion": "stanchion.dev/v1alpha1", "kind": "ServiceTier", "metadata": {"name": "tier-1"},
        "spec": {"level": 1, "selectors": [{"namespaceSelector": every}]}});
    let client = &cluster.client;
    cluster.runtime.block_on(async {
        for object in standards.chain([tier]) {
            create(client, object).await;
        }
    });
}

/// Makes these workloads, and says how.
pub(crate) fn workloads(cluster: &Cluster, numbers: Range<usize>) {
    let began = Instant::now();
    let (client, done, requests) = (&cluster.client, AtomicUsize::new(0), AtomicUsize::new(0));
    cluster.runtime.block_on(async {
        let namespaces = (numbers.start / TOGETHER..numbers.end.div_ceil(TOGETHER)).map(
            |number| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": meta("", &format!("team-{number}"))}),
        );
        let nodes = (numbers.start.div_ceil(1000)..numbers.end.div_ceil(1000)).map(
            |number| json!({"apiVersion": "v1", "kind": "Node", "metadata": meta("", &format!("node-{number}"))}),
        );
        for object in namespaces.chain(nodes) {
            create(client, object).await;
        }
        let one = async |number| {
            for object in objects_of(number) {
                requests.fetch_add(create(client, object).await, Ordering::Relaxed);
            }
            done.fetch_add(1, Ordering::Relaxed);
        };
        let all = stream::iter(numbers.clone()).for_each_concurrent(AT_ONCE, one);
        let saying = async {
            loop {
                tokio::time::sleep(SAY).await;
                let done = done.load(Ordering::Relaxed);
                eprintln!("{done} of {} workloads after {:.0?}", numbers.len(), began.elapsed());
            }
        };
        tokio::select! { () = all => {}, () = saying => {} }
    });
    let (took, requests) = (began.elapsed(), requests.into_inner());
    eprintln!("{} workloads made by {requests} requests in {took:.0?}", numbers.len());
}

/// Creates an object, with its status where it has one that counts; how many requests it took.
async fn create(client: &Client, mut object: Value) -> usize {
    let fields = object.as_object_mut().unwrap();
    let status = fields.remove("status");
    let metadata = fields["metadata"].as_object_mut().unwrap();
    metadata.retain(|name, _| !ITS_OWN.contains(&name.as_str()));
    let request = Request::new(path(&object));
    let create = request.create(&PostParams::default(), serde_json::to_vec(&object).unwrap()).unwrap();
    let created: Result<IgnoredAny, _> = client.request(create).await;
    created.unwrap_or_else(|error| panic!("{object}: {error}"));
    // What runs is part of facts; how many replicas a Deployment counts is not.
    let Some(status) = status.filter(|_| object["kind"] == "Pod") else { return 1 };
    let patch = Patch::Merge(json!({"status": status}));
    let name = object["metadata"]["name"].as_str().unwrap();
    let patch = request.patch_subresource("status", name, &PatchParams::default(), &patch).unwrap();
    let patched: Result<IgnoredAny, _> = client.request(patch).await;
    patched.unwrap_or_else(|error| panic!("status of {name}: {error}"));
    2
}

/// Where the API server has such objects.
pub(crate) fn path(object: &Value) -> String {
    let api_version = object["apiVersion"].as_str().unwrap();
    let known = recognize(api_version, object["kind"].as_str().unwrap());
    let Recognition::Facts(kind) = known else { panic!("{object}") };
    let root = if kind.group().is_empty() { "api" } else { "apis" };
    let namespace = object["metadata"]["namespace"].as_str();
    let namespace = namespace.map(|it| format!("/namespaces/{it}")).unwrap_or_default();
    format!("/{root}/{api_version}{namespace}/{}", kind.plural())
}
