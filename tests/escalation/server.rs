//! A real API server, asked as anybody.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, StatusCode};
use kube::client::Body;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use stanchion::relations::escalation::Place;
use stanchion::relations::rbac::Principal;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker<'a> {
    Admin,
    /// Somebody that the admin impersonates, with the groups that an identity of that name has.
    As(&'a str, Option<&'a str>),
    /// Whoever has this token, impersonating a user and perhaps a group.
    With(&'a str, &'a str, Option<&'a str>),
}

pub(crate) struct Server {
    admin: Client,
    /// Without credentials of its own.
    bare: Client,
    asked: AtomicUsize,
}

/// The answer to a request.
pub(crate) type Answer = (StatusCode, Value);

impl Server {
    pub(crate) async fn of(kubeconfig: &Path) -> Self {
        let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        let mut bare = config.clone();
        bare.auth_info = AuthInfo::default();
        Self {
            admin: Client::try_from(config).unwrap(),
            bare: Client::try_from(bare).unwrap(),
            asked: AtomicUsize::new(0),
        }
    }

    /// How many requests there were.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    pub(crate) async fn ask(&self, asker: Asker<'_>, method: &str, path: &str, body: &Value) -> Answer {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let content = match (method, body.is_object() && body.get("apiVersion").is_some()) {
            ("PATCH", true) => "application/apply-patch+yaml",
            ("PATCH", false) => "application/strategic-merge-patch+json",
            _ => "application/json",
        };
        let mut request = Request::builder().method(method).uri(path).header("content-type", content);
        let mut client = &self.admin;
        let (user, group) = match asker {
            Asker::Admin => (None, None),
            Asker::As(user, group) => (Some(user), group),
            Asker::With(token, user, group) => {
                client = &self.bare;
                request = request.header("authorization", format!("Bearer {token}"));
                (Some(user), group)
            }
        };
        if let Some(user) = user {
            request = request.header("impersonate-user", user);
        }
        if let Some(group) = group {
            request = request.header("impersonate-group", group);
        }
        let bytes = if body.is_null() { Vec::new() } else { serde_json::to_vec(body).unwrap() };
        let response = client.send(request.body(Body::from(bytes)).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect_bytes().await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Whether the authorizer lets somebody do something.
    pub(crate) async fn may(&self, asker: Asker<'_>, attributes: Value) -> bool {
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let (status, answer) = self.ask(asker, "POST", path, &body).await;
        assert!(status.is_success(), "{answer}");
        answer["status"]["allowed"] == true
    }

    /// A token of an account.
    pub(crate) async fn token(&self, namespace: &str, name: &str) -> String {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
        let (status, answer) = self.ask(Asker::Admin, "POST", &path, &body).await;
        assert!(status.is_success(), "{answer}");
        answer["status"]["token"].as_str().unwrap().to_owned()
    }

    /// Creates an object, or says why not.
    pub(crate) async fn create(&self, object: &Value) -> Result<(), String> {
        let (status, answer) = self.ask(Asker::Admin, "POST", &collection(object), object).await;
        if status.is_success() { Ok(()) } else { Err(format!("{object}: {answer}")) }
    }
}

/// The collection that an object belongs to.
pub(crate) fn collection(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]).to_lowercase());
    let root = if version.contains('/') { "apis" } else { "api" };
    let plural = match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{kind}s"),
    };
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("/{root}/{version}/namespaces/{namespace}/{plural}"),
        None => format!("/{root}/{version}/{plural}"),
    }
}

/// The user and the group as whom somebody at this place asks.
pub(crate) fn headers(world: &str, place: &Place) -> (String, Option<String>) {
    match place {
        Place::Principal(Principal::ServiceAccount { namespace, name }) => {
            (format!("system:serviceaccount:{namespace}:{name}"), None)
        }
        Place::Principal(Principal::User(name)) => (name.to_string(), None),
        Place::Principal(Principal::Group(name)) => (format!("{world}-nobody"), Some(name.to_string())),
        probe => (format!("{world} {probe}"), None),
    }
}
