//! What accounts may do, asked of a real API server and of our relations: the same.
//!
//! The roles and bindings are those of the repository's own manifests. `STANCHION_MANIFESTS=PATH[:PATH…]` adds others,
//! to be tried by hand: `STANCHION_MANIFESTS=~/manifests cargo test --test access`.

#![cfg(feature = "operator")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may panic, and has an environment"
)]

#[path = "support/controlplane.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod controlplane;

use std::collections::BTreeSet;
use std::path::Path;

use controlplane::ControlPlane;
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use stanchion::facts::object::{Recognition, recognize};
use stanchion::facts::{Inventory, Object, Rule, Text};
use stanchion::relations::rbac::{Identity, Principal, Rbac, Request};

/// The kinds that say who may do what.
const KINDS: &str = "serviceaccounts,roles,clusterroles,rolebindings,clusterrolebindings";

/// How many questions are asked of one account at most.
const QUESTIONS: usize = 120;

/// A question, owned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    verb: String,
    group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
    path: String,
}

impl Question {
    fn request(&self) -> Request<'_> {
        if !self.path.is_empty() {
            return Request::Path { verb: &self.verb, path: &self.path };
        }
        Request::Resource {
            verb: &self.verb,
            group: &self.group,
            resource: &self.resource,
            subresource: &self.subresource,
            namespace: &self.namespace,
            name: &self.name,
        }
    }

    fn attributes(&self) -> Value {
        if !self.path.is_empty() {
            return json!({"nonResourceAttributes": {"verb": self.verb, "path": self.path}});
        }
        json!({"resourceAttributes": {
            "verb": self.verb, "group": self.group, "resource": self.resource, "subresource": self.subresource,
            "namespace": self.namespace, "name": self.name,
        }})
    }
}

/// Applies what says who may do what; whatever else stands beside it is left aside.
fn apply(plane: &ControlPlane, path: &Path) {
    let path = path.to_string_lossy();
    let arguments = ["apply", "--server-side", "--force-conflicts", "-R", "-f", &path];
    // Custom resources and namespaces that nobody made are refused one by one; what counts is read back.
    let _ = plane.try_kubectl("admin", &arguments);
}

/// What the API server holds, as facts.
fn inventory(plane: &ControlPlane) -> Inventory {
    let listed: Value =
        serde_json::from_str(&plane.kubectl(&["get", KINDS, "--all-namespaces", "-o", "json"])).unwrap();
    let mut inventory = Inventory::default();
    for object in listed["items"].as_array().unwrap() {
        let text = |field: &str| object[field].as_str().unwrap();
        let Recognition::Facts(kind) = recognize(text("apiVersion"), text("kind")) else { continue };
        inventory.put(Object::decode(kind, object).unwrap());
    }
    inventory
}

/// Questions that a rule says yes to somewhere, and their neighbours.
fn questions_of(rule: &Rule, namespaces: &[&str], into: &mut BTreeSet<Question>) {
    let all = |list: &[Text], star: &str| -> Vec<String> {
        let mut list: Vec<String> = list.iter().map(ToString::to_string).collect();
        if list.iter().any(|it| it == "*") {
            list.push(star.to_owned());
        }
        list
    };
    for verb in all(&rule.verbs, "delete").iter().take(3) {
        for path in rule.non_resource_urls.iter().map(|path| path.replace('*', "deep/er")) {
            let path = if path.starts_with('/') { path } else { format!("/{path}") };
            into.insert(Question { path, ..question(verb, "", "", "") });
        }
        for group in all(&rule.api_groups, "apps").iter().take(2) {
            for resource in all(&rule.resources, "widgets").iter().take(6) {
                for namespace in namespaces {
                    let names = rule.resource_names.first().map(ToString::to_string);
                    for name in [Some(String::new()), names].into_iter().flatten() {
                        into.insert(Question { name, ..question(verb, group, resource, namespace) });
                    }
                }
            }
        }
    }
}

fn question(verb: &str, group: &str, resource: &str, namespace: &str) -> Question {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let resource = if resource == "*" { "pods" } else { resource };
    Question {
        verb: verb.to_owned(),
        group: group.to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        namespace: namespace.to_owned(),
        name: String::new(),
        path: String::new(),
    }
}

/// So many of a list, evenly.
fn some<T: Clone>(all: &[T], most: usize) -> Vec<T> {
    let step = all.len().div_ceil(most).max(1);
    all.iter().step_by(step).cloned().collect()
}

/// The API server as somebody sees it.
async fn client(plane: &ControlPlane, user: &str) -> Client {
    let kubeconfig = Kubeconfig::read_from(plane.kubeconfig("admin")).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    config.auth_info.impersonate = Some(user.to_owned());
    Client::try_from(config).unwrap()
}

/// What the API server answers.
async fn ask(client: &Client, question: &Question) -> bool {
    let resource = ApiResource {
        group: "authorization.k8s.io".into(),
        version: "v1".into(),
        api_version: "authorization.k8s.io/v1".into(),
        kind: "SelfSubjectAccessReview".into(),
        plural: "selfsubjectaccessreviews".into(),
    };
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    let review: DynamicObject =
        serde_json::from_value(json!({"metadata": {}, "spec": question.attributes()})).unwrap();
    let answer = api.create(&PostParams::default(), &review).await.unwrap();
    answer.data["status"]["allowed"].as_bool().unwrap()
}

/// Everybody who is asked about, with the name that the API server knows them by.
fn everybody(inventory: &Inventory, rbac: &Rbac) -> Vec<(String, Identity)> {
    let accounts = inventory.service_accounts().map(|account| {
        let namespace = account.metadata.namespace.clone().unwrap_or_default();
        let name = account.metadata.name.clone();
        let identity = Identity::service_account(&namespace, &name);
        (format!("system:serviceaccount:{namespace}:{name}"), identity)
    });
    // Accounts that the controllers of Kubernetes would have are bound, but not there.
    let users = rbac.principals().filter_map(|principal| match principal {
        Principal::User(name) => {
            let identity = Identity::user(name, [Text::from("system:authenticated")]);
            Some((name.to_string(), identity))
        }
        _ => None,
    });
    accounts.chain(users).collect()
}

#[test]
fn a_real_api_server_allows_what_our_relations_allow() {
    let plane = ControlPlane::start();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in ["tests/access/scene.yaml", "deploy/rbac.yaml", "examples/shop"] {
        apply(&plane, &root.join(path));
    }
    let others = std::env::var("STANCHION_MANIFESTS").unwrap_or_default();
    others.split(':').filter(|path| !path.is_empty()).for_each(|path| apply(&plane, Path::new(path)));
    let inventory = inventory(&plane);
    let rbac = Rbac::of(&inventory);
    let mut asked = BTreeSet::new();
    for (_, role) in rbac.roles() {
        role.rules
            .iter()
            .for_each(|rule| questions_of(rule, &["", "shop", "bank", "kube-system"], &mut asked));
    }
    let asked: Vec<Question> = asked.into_iter().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut yes, mut no) = (0, 0);
    for (user, identity) in everybody(&inventory, &rbac) {
        // Some of all, and some of what ought to be allowed: the rest is refused, mostly.
        let own: Vec<Question> =
            asked.iter().filter(|it| rbac.allows(&identity, &it.request()).is_some()).cloned().collect();
        let client = runtime.block_on(client(&plane, &user));
        for question in some(&asked, QUESTIONS / 2).into_iter().chain(some(&own, QUESTIONS / 2)) {
            let ours = rbac.allows(&identity, &question.request()).is_some();
            let theirs = runtime.block_on(ask(&client, &question));
            assert_eq!(ours, theirs, "{user}: {question:?}");
            if theirs { yes += 1 } else { no += 1 }
        }
    }
    println!("{yes} allowed, {no} refused, of {} questions", asked.len());
    assert!(yes > 200 && no > 200, "{yes} allowed and {no} refused say little");
}
