//! `stanchion … --cluster`: the same judgement without an operator.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use stanchion::manifest::{Limits, read};

use crate::audit::{Mark, requests_of};
use crate::operator::Operator;
use crate::plane::{Cluster, clock, cluster, eventually};
use crate::shop::Shop;
use crate::{compare, rbac};

/// How a run ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Runs a command on the cluster as a user.
    pub(crate) fn as_user(cluster: &Cluster, user: &str, arguments: &[&str]) -> Self {
        let kubeconfig = cluster.plane.kubeconfig(user);
        let kubeconfig = kubeconfig.to_str().unwrap();
        Self::of(&[arguments, &["--cluster", "--kubeconfig", kubeconfig]].concat())
    }

    /// Runs a command in the repository, by no configuration.
    pub(crate) fn of(arguments: &[&str]) -> Self {
        Self::plainly(&[arguments, &["--no-config"]].concat())
    }

    /// Runs a command in the repository.
    pub(crate) fn plainly(arguments: &[&str]) -> Self {
        let output = Command::new(env!("CARGO_BIN_EXE_stanchion"))
            .args(arguments)
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        Self { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// What it wrote as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stderr))
    }

    /// What it wrote as YAML.
    pub(crate) fn documents(&self) -> Vec<Value> {
        documents(self.stdout.as_bytes())
    }
}

fn documents(yaml: &[u8]) -> Vec<Value> {
    let reading = read("YAML", yaml, &Limits::default());
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    reading.documents.iter().map(|it| it.node.to_json()).collect()
}

#[expect(clippy::disallowed_methods, reason = "tests have files")]
fn read_file(path: &str) -> Vec<Value> {
    documents(&std::fs::read(path).unwrap())
}

/// What an object is called.
pub(crate) fn name(object: &Value) -> Value {
    let metadata = &object["metadata"];
    json!([object["kind"], metadata["namespace"], metadata["name"]])
}

/// What an audit says, without what a cluster can't know or knows better: where it was read, and whether a field was
/// written or defaulted by the API server.
pub(crate) fn said(audit: &Value) -> Value {
    match audit {
        Value::Object(fields) => {
            let same = |name: &str| !["location", "cluster", "files", "objects", "skipped"].contains(&name);
            fields.iter().filter(|(name, _)| same(name)).map(|(name, it)| (name.clone(), said(it))).collect()
        }
        Value::Array(items) => items.iter().map(said).collect(),
        Value::String(text) => json!(text.replace(" by default", "")),
        other => other.clone(),
    }
}

/// A workload that shares the node's network.
fn workload(namespace: &str, name: &str) -> Value {
    let container = json!({"name": "app", "image": "registry.example.com/app:1.0"});
    let pod = json!({"hostNetwork": true, "containers": [container]});
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        },
    })
}

/// Gives a user a role with these rules.
fn let_do(cluster: &Cluster, user: &str, role: &str) {
    let (role, to) = (format!("--clusterrole={role}"), format!("--user={user}"));
    cluster.plane.kubectl(&["create", "clusterrolebinding", user, &role, &to]);
}

#[test]
fn an_audit_of_the_cluster_says_what_an_audit_of_its_manifests_says() {
    const AT: &str = "--at=2026-11-23T12:00:00Z";
    let cluster = cluster();
    let shop = |folder: &str| format!("{}/examples/shop/{folder}", env!("CARGO_MANIFEST_DIR"));
    let parts = ["teams", "platform/tiers", "platform/standards"].map(shop);
    let parts: Vec<&str> = parts.iter().flat_map(|folder| ["-f", folder]).collect();
    // As other tests make namespaces, so that nothing of these is left to them.
    for namespace in read_file(&shop("platform/namespaces.yaml")) {
        let metadata = &namespace["metadata"];
        let name = metadata["name"].as_str().unwrap();
        cluster.namespace(name, &metadata["labels"], &metadata["annotations"]);
    }
    cluster.plane.kubectl(&[&["create", "-R"], &parts[..]].concat());
    cluster.create(&workload("kube-system", "agent"));
    let files = Run::of(&["audit", "examples/shop", "-o", "json", AT]);
    let run = Run::as_user(&cluster, "admin", &["audit", "-o", "json", AT]);
    cluster.plane.kubectl(&[&["delete", "-R", "--wait=false"], &parts[..]].concat());
    assert_eq!((files.code, run.code), (1, 1), "{}", run.stderr);
    let (mut files, found) = (files.json(), run.json());
    assert_eq!(found["summary"]["exempt"], 1, "what is in kube-system is not judged");
    assert!(found["summary"]["objects"].as_u64() > files["summary"]["objects"].as_u64());
    assert!(found["cluster"]["server"].as_str().unwrap().starts_with("https://"), "{}", found["cluster"]);
    assert!(found["subjects"][0]["location"].is_null());
    assert!(files["summary"]["findings"].as_u64() > Some(50), "there is something to compare");
    files["summary"]["exempt"] = json!(1);
    let mut differences =
        compare::disagreements(("the files", &said(&files)), ("the cluster", &said(&found)));
    // The API server writes defaults down.
    differences.retain(|it| !it.contains("value: the files says null"));
    assert_eq!(differences, [""; 0]);
}

#[test]
fn every_command_reads_the_cluster_as_the_operator_does() {
    let cluster = cluster();
    let operator = Operator::ready(&cluster, "beside");
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    shop.set_privileged("till", true);
    cluster.create(&shop.tier());
    let exception = shop.exception("cart", clock() + std::time::Duration::from_secs(86_400));
    cluster.create(&exception);
    shop.await_excepted(1);
    shop.await_quiet(&operator);
    let mark = Mark::here(&cluster);
    let audit = Run::as_user(&cluster, "admin", &["audit", "-o", "yaml"]);
    for object in [shop.standard(), shop.tier(), exception.clone()] {
        let found = audit.documents().into_iter().find(|it| name(it) == name(&object)).unwrap();
        let known = cluster.get(&object);
        assert!(known["status"].is_object(), "{known}");
        assert_eq!((&found["status"], &found["spec"]), (&known["status"], &known["spec"]));
    }
    let posture = Run::as_user(&cluster, "admin", &["posture", "-o", "json"]);
    assert_eq!(posture.code, 0, "{}", posture.stderr);
    assert_eq!(posture.json()["posture"]["total"]["failing"], 1);
    assert_eq!(posture.json()["posture"]["total"]["excepted"], 1);
    let list = Run::as_user(&cluster, "admin", &["exception", "list", "-o", "json"]);
    assert_eq!((list.code, &list.json()["exceptions"][0]["name"]), (0, &json!("for-a-while")));
    let found = Run::as_user(&cluster, "admin", &["audit", "-o", "json"]).json();
    let print = found["subjects"][0]["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
    let reason = ["--reason", "The till needs the node's devices until May.", "--owner", "team-shop"];
    let new = [&["exception", "new", "--fingerprint", &print], &reason[..]].concat();
    let new = Run::as_user(&cluster, "admin", &new);
    assert_eq!(new.documents()[0]["spec"]["target"]["names"], json!(["till"]), "{}", new.stderr);
    let asked = requests_of(&cluster, "admin", mark);
    assert!(asked.iter().all(|it| !it.writes() || it.resource.is_empty()), "{asked:?}");
}

#[test]
fn a_file_counts_in_the_place_of_what_the_cluster_has() {
    let cluster = cluster();
    let shop = Shop::open(&cluster);
    cluster.create(&workload("shop", "agent"));
    let mut standard = shop.standard();
    standard["spec"]["controls"] = json!([{"id": "pod.host-namespaces"}]);
    let mut file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    std::io::Write::write_all(&mut file, standard.to_string().as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    let before = Run::as_user(&cluster, "admin", &["audit", "-o", "json"]);
    assert_eq!((before.code, &before.json()["summary"]["findings"]), (0, &json!(0)), "{}", before.stderr);
    let after = Run::as_user(&cluster, "admin", &["audit", "-o", "json", "--standards", path]);
    assert_eq!((after.code, &after.json()["summary"]["findings"]), (1, &json!(1)), "{}", after.stderr);
    let skipped = &after.json()["skipped"][0];
    assert_eq!(
        (&skipped["file"], &skipped["object"]),
        (&json!("<cluster>"), &json!("SecurityStandard shop"))
    );
    assert!(skipped["reason"].as_str().unwrap().ends_with("counts in its place"), "{skipped}");
    let preset = ["audit", "-o", "json", "--preset", "pod-security-baseline"];
    let preset = Run::as_user(&cluster, "admin", &preset).json();
    assert_eq!(preset["posture"]["standards"].as_array().unwrap().len(), 2, "beside what the cluster has");
}

#[test]
fn a_reader_needs_the_rights_of_its_role_and_no_others() {
    const FILE: &str = "deploy/audit-rbac.yaml";
    let cluster = cluster();
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    cluster.plane.kubectl(&["apply", "-f", &format!("{}/{FILE}", env!("CARGO_MANIFEST_DIR"))]);
    let_do(&cluster, "auditor", "stanchion-audit");
    let mark = Mark::here(&cluster);
    let run = eventually("the role to be known", || {
        let run = Run::as_user(&cluster, "auditor", &["audit"]);
        if run.code == 1 { Ok(run) } else { Err(run.stderr) }
    });
    assert_eq!(run.stderr, "");
    assert!(run.stdout.contains("Deployment shop/cart") && !run.stdout.contains(" \n"), "{}", run.stdout);
    let mark_of_all = requests_of(&cluster, "auditor", mark);
    let (granted, used) = (rbac::granted_by(FILE), rbac::used(&mark_of_all));
    assert_eq!(used, granted);
    assert!(granted.iter().all(|(_, resource, verb)| verb == "list" && resource != "secrets"), "{granted:?}");
}

#[test]
fn what_may_not_be_listed_is_named_and_what_depends_on_it_is_unknown() {
    let cluster = cluster();
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    let controls = json!([{"id": "pod.privileged"}, {"id": "network.not-isolated"}]);
    cluster.patch(&shop.standard(), &json!({"spec": {"controls": controls}}));
    let kinds = "deployments.apps,namespaces,securitystandards.stanchion.dev";
    cluster.plane.kubectl(&["create", "clusterrole", "narrow", "--verb=list", "--resource", kinds]);
    let_do(&cluster, "newcomer", "narrow");
    let run = eventually("the role to be known", || {
        let run = Run::as_user(&cluster, "newcomer", &["audit", "-o", "json"]);
        let listed = run.json()["subjects"].as_array().is_some_and(|it| it.len() == 2);
        if listed { Ok(run) } else { Err(run.stderr) }
    });
    assert_eq!(run.code, 2, "{}", run.stderr);
    let policies = "the cluster doesn't let you list networkpolicies.networking.k8s.io: none of them is judged, and \
                    what depends on them is unknown\n";
    assert!(run.stderr.contains(policies), "{}", run.stderr);
    assert!(run.stderr.contains("list riskexceptions.stanchion.dev: they excuse nothing"), "{}", run.stderr);
    assert!(!run.stderr.contains("gateway"), "it isn't installed: {}", run.stderr);
    let report = run.json();
    let cart = &report["subjects"][0];
    assert_eq!((&cart["name"], &cart["findings"][0]["control"]), (&json!("cart"), &json!("pod.privileged")));
    let unknown = &cart["unknowns"][0];
    assert_eq!(unknown["control"], "network.not-isolated");
    assert!(unknown["reason"].as_str().unwrap().contains("NetworkPolicy"), "{unknown}");
    let mark = Mark::here(&cluster);
    let none = Run::as_user(&cluster, "stranger", &["audit"]);
    assert_eq!(none.code, 2, "{}", none.stderr);
    assert!(none.stderr.contains("no SecurityStandard could be read"), "{}", none.stderr);
    assert!(none.stdout.contains("Nothing was judged: no Kubernetes object was read."), "{}", none.stdout);
    assert!(requests_of(&cluster, "stranger", mark).iter().any(|it| it.code == 403));
}

#[test]
fn a_list_of_more_than_a_page_is_read_to_its_end() {
    const MANY: u64 = 620;
    let cluster = cluster();
    let _shop = Shop::open(&cluster);
    let objects =
        || Run::as_user(&cluster, "admin", &["audit", "-o", "json"]).json()["summary"]["objects"].as_u64();
    let before = objects().unwrap();
    let map = |number: u64| {
        let metadata = json!({"name": format!("page-{number}"), "namespace": "shop"});
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    };
    (0..MANY).for_each(|number| drop(cluster.create(&map(number))));
    let mark = Mark::here(&cluster);
    let after = objects().unwrap();
    let asked = requests_of(&cluster, "admin", mark);
    (0..MANY).for_each(|number| cluster.delete(&map(number)));
    assert_eq!(after, before + MANY);
    let lists = |resource: &str| asked.iter().filter(|it| it.resource == resource).count();
    assert_eq!((lists("configmaps"), lists("namespaces")), (2, 1));
}
