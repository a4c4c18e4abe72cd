//! A real API server that knows our kinds and holds our rules, asked by several people with certificates of their own.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use http::Request;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::controlplane::ControlPlane;

/// The exceptions of the namespace in which everything happens; `tier-0` takes all of it.
pub(crate) const EXCEPTIONS: &str = "/apis/stanchion.dev/v1alpha1/namespaces/payments/riskexceptions";

/// How a body is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Create,
    Update,
    Delete,
    MergePatch,
    JsonPatch,
    Apply,
}

/// A request, as a client would make it.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) how: How,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) body: Value,
}

impl Call {
    pub(crate) fn new(how: How, path: impl Into<String>, body: Value) -> Self {
        Self { how, path: path.into(), headers: Vec::new(), body }
    }
}

/// What the API server answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    /// The object, or the words of the refusal.
    pub(crate) body: Value,
    /// The warnings that came with it.
    pub(crate) warnings: Vec<String>,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        self.code < 300
    }

    /// What it says to people.
    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

pub(crate) struct Server {
    pub(crate) plane: ControlPlane,
    runtime: Runtime,
    clients: Mutex<BTreeMap<String, Client>>,
}

impl Server {
    /// Starts one that serves exceptions in a second version, too.
    pub(crate) fn start() -> Self {
        let plane = ControlPlane::start();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(1).build().unwrap();
        let server = Self { plane, runtime, clients: Mutex::default() };
        server.apply_file("crds");
        server.plane.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
        server.serve_second_version();
        server.apply_file("deploy/rbac.yaml");
        server.apply_file("tests/forgery/people.yaml");
        server
    }

    pub(crate) fn apply_file(&self, path: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        self.plane.kubectl(&["apply", "--server-side", "-f", &path.to_string_lossy()]);
    }

    /// A later version of the API must not be a way around the rules.
    fn serve_second_version(&self) {
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/riskexceptions.stanchion.dev";
        let mut second = self.get(path)["spec"]["versions"][0].clone();
        second["name"] = json!("v1beta1");
        second["storage"] = json!(false);
        let body = json!([{"op": "add", "path": "/spec/versions/-", "value": second}]);
        let answer = self.ask("admin", &Call::new(How::JsonPatch, path, body));
        assert!(answer.is_success(), "{answer:?}");
        crate::eventually("the second version", || {
            let answer = self.ask("admin", &read(EXCEPTIONS.replace("v1alpha1", "v1beta1")));
            if answer.is_success() { Ok(()) } else { Err(answer.body.to_string()) }
        });
    }

    /// Asks as somebody.
    pub(crate) fn ask(&self, user: &str, call: &Call) -> Answer {
        let client = self.client(user);
        let (method, content) = match call.how {
            How::Create => ("POST", "application/json"),
            How::Update => ("PUT", "application/json"),
            How::Delete => ("DELETE", "application/json"),
            How::MergePatch => ("PATCH", "application/merge-patch+json"),
            How::JsonPatch => ("PATCH", "application/json-patch+json"),
            How::Apply => ("PATCH", "application/apply-patch+yaml"),
        };
        let reads = call.how == How::Create && call.body.is_null();
        let mut path = call.path.clone();
        if call.how == How::Apply && !path.contains("fieldManager=") {
            path += if path.contains('?') { "&fieldManager=test" } else { "?fieldManager=test" };
        }
        let method = if reads { "GET" } else { method };
        let mut request = Request::builder().method(method).uri(path).header("content-type", content);
        for (name, value) in &call.headers {
            request = request.header(*name, *value);
        }
        let bytes = if call.body.is_null() { Vec::new() } else { serde_json::to_vec(&call.body).unwrap() };
        let request = request.body(Body::from(bytes)).unwrap();
        self.runtime.block_on(async {
            let response = client.send(request).await.unwrap();
            let code = response.status().as_u16();
            let warnings = response.headers().get_all("warning").iter();
            let warnings = warnings.map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned()).collect();
            let bytes = response.into_body().collect_bytes().await.unwrap();
            Answer { code, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), warnings }
        })
    }

    /// What is there, as admin sees it; a Status where there is nothing.
    pub(crate) fn get(&self, path: &str) -> Value {
        self.ask("admin", &read(path)).body
    }

    fn client(&self, user: &str) -> Client {
        let mut clients = self.clients.lock().unwrap();
        let make = || {
            let kubeconfig = Kubeconfig::read_from(self.plane.kubeconfig(user)).unwrap();
            self.runtime.block_on(async {
                let options = KubeConfigOptions::default();
                let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
                Client::try_from(config).unwrap()
            })
        };
        clients.entry(user.to_owned()).or_insert_with(make).clone()
    }
}

/// A request that reads.
pub(crate) fn read(path: impl Into<String>) -> Call {
    Call::new(How::Create, path, Value::Null)
}
