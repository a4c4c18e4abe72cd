//! `--cluster`, as far as no real API server is needed: `tests/cluster/command.rs` has one.

use serde_json::{Value, json};

use crate::apiserver::ApiServer;
use crate::program::{Run, folder, stanchion};
use crate::schema;

const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";
const NAMESPACES: &str = "/api/v1/namespaces";

/// Every kind that a cluster has without anybody's CRDs.
const SERVED: [&str; 20] = [
    "/api/v1/configmaps",
    NAMESPACES,
    "/api/v1/nodes",
    "/api/v1/pods",
    "/api/v1/replicationcontrollers",
    "/api/v1/serviceaccounts",
    "/api/v1/services",
    "/apis/apps/v1/daemonsets",
    DEPLOYMENTS,
    "/apis/apps/v1/replicasets",
    "/apis/apps/v1/statefulsets",
    "/apis/batch/v1/cronjobs",
    "/apis/batch/v1/jobs",
    "/apis/networking.k8s.io/v1/ingresses",
    "/apis/networking.k8s.io/v1/networkpolicies",
    "/apis/policy/v1/poddisruptionbudgets",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings",
    "/apis/rbac.authorization.k8s.io/v1/roles",
];

/// A Deployment that runs privileged, or what is none.
fn deployment(name: &str, spec: Option<Value>) -> Value {
    let container = json!({"name": "app", "image": "a:1", "securityContext": {"privileged": true}});
    let template = json!({"spec": {"containers": [container]}});
    let spec = spec.unwrap_or_else(|| json!({"template": template}));
    json!({"metadata": {"name": name, "namespace": "shop"}, "spec": spec})
}

/// A cluster that has these Deployments and what else every cluster has.
pub(crate) fn cluster(deployments: &[Value]) -> ApiServer {
    let namespaces = [json!({"metadata": {"name": "shop"}})];
    let lists = SERVED.map(|path| match path {
        DEPLOYMENTS => (path, deployments),
        NAMESPACES => (path, &namespaces[..]),
        _ => (path, &[][..]),
    });
    ApiServer::with(&lists)
}

/// A cluster with one Deployment that runs privileged, and one that can't be decoded.
pub(crate) fn broken() -> ApiServer {
    cluster(&[deployment("cart", None), deployment("till", Some(json!(3)))])
}

/// Runs a command on a cluster.
pub(crate) fn on(server: &ApiServer, args: &[&str]) -> Run {
    stanchion(&[args, &["--cluster", "--no-config", "--kubeconfig", &server.kubeconfig()]].concat()).run()
}

#[test]
fn a_cluster_without_our_kinds_is_judged_by_presets_and_both_are_said() {
    let server = cluster(&[deployment("cart", None)]);
    let run = on(&server, &["audit", "--fail-on", "critical"]);
    let [first, second] = run.stderr.lines().collect::<Vec<_>>()[..] else { panic!("{}", run.stderr) };
    assert!(
        first.starts_with("the cluster doesn't know SecurityStandard, ServiceTier, RiskException: `"),
        "{first}"
    );
    assert!(second.starts_with("no SecurityStandard in the cluster: judging by the presets "), "{second}");
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("Deployment shop/cart\n"), "{}", run.stdout);
    let read = format!("Read 2 objects in the cluster at {}, judged by", server.server);
    assert!(run.stdout.contains(&read), "{}", run.stdout);
    assert!(!run.stdout.contains(" \n"), "{}", run.stdout);
    let none = on(&cluster(&[]), &["audit"]);
    assert_eq!(none.code, 0);
    assert!(
        none.stdout.starts_with("Nothing was judged: nothing in the cluster runs a pod.\n"),
        "{}",
        none.stdout
    );
}

#[test]
fn an_object_that_can_t_be_decoded_is_named_and_the_others_are_judged() {
    let server = broken();
    let run = on(&server, &["audit", "-o", "json"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stderr.contains("\nDeployment shop/till: invalid type: integer `3`"), "{}", run.stderr);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(schema::problems(&report), [""; 0]);
    assert_eq!(report["cluster"]["server"], server.server.as_str());
    assert_eq!(report["problems"][0]["file"], "<cluster>");
    assert_eq!((&report["summary"]["objects"], &report["summary"]["subjects"]), (&json!(3), &json!(1)));
    for (command, name) in [("posture", "posture"), ("exception list", "exceptions")] {
        let args: Vec<&str> = command.split(' ').chain(["-o", "json"]).collect();
        let run = on(&server, &args);
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((run.code, schema::problems_by(name, &document)), (2, Vec::new()), "{command}");
        assert_eq!(document["cluster"]["server"], server.server.as_str(), "{command}");
    }
}

#[test]
fn what_a_cluster_can_t_list_is_named_and_its_words_stay_words() {
    let list = |items: &[Value]| (200, json!({"metadata": {}, "items": items}));
    let mut answers: std::collections::BTreeMap<String, (u16, Value)> =
        SERVED.iter().map(|path| ((*path).to_owned(), list(&[]))).collect();
    answers.insert(DEPLOYMENTS.to_owned(), list(&[deployment("cart", None)]));
    let failed = json!({"kind": "Status", "code": 500, "reason": "InternalError", "message": "\u{1b}[31metcd\n::error::"});
    answers.insert("/api/v1/nodes".to_owned(), (500, failed));
    answers.remove("/apis/policy/v1/poddisruptionbudgets");
    let server = ApiServer::that_answers(answers);
    let run = on(&server, &["audit", "-o", "github"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("\nthe cluster doesn't serve poddisruptionbudgets.policy: none of them"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("\nthe cluster can't list nodes ("), "{}", run.stderr);
    for text in [&run.stderr, &run.stdout] {
        assert!(!text.contains('\u{1b}') && !text.contains("\n::error::"), "{text}");
    }
}

#[test]
fn what_takes_files_is_refused_of_a_cluster() {
    let server = cluster(&[]);
    let refused = |args: &[&str], words: &str| {
        let run = on(&server, args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains(words), "{args:?}: {}", run.stderr);
    };
    refused(&["audit", "company"], "cannot be used with");
    refused(&["audit", "-"], "cannot be used with");
    refused(&["audit", "--fix"], "--fix mends files, and a cluster has none");
    for command in ["audit", "posture"] {
        refused(
            &[command, "-n", "shop"],
            "`stanchion audit --cluster --namespace shop` judges what is in it alone",
        );
    }
    refused(&["audit", "--context", "prod"], "failed to load current context: prod");
    for flag in ["--kubeconfig", "--context"] {
        let run = stanchion(&["audit", "company", flag, "x"]).run();
        assert_eq!(run.code, 2);
        assert!(run.stderr.contains("--cluster"), "{}", run.stderr);
    }
}

#[test]
fn a_cluster_that_can_t_be_reached_is_said_once_and_in_full() {
    let folder = folder(&[]);
    let missing = stanchion(&["audit", "--cluster", "--kubeconfig", "missing"]).within(&folder).run();
    assert_eq!(missing.code, 2);
    assert_eq!(missing.stderr.matches("No such file").count(), 1, "{}", missing.stderr);
    let nowhere = {
        let server = cluster(&[]);
        let text = crate::program::content(std::path::Path::new(&server.kubeconfig()));
        text.replace(&server.server, "http://127.0.0.1:1")
    };
    let folder = crate::program::folder(&[("kubeconfig", nowhere.as_bytes())]);
    let run = stanchion(&["audit", "--cluster", "--kubeconfig", "kubeconfig"]).within(&folder).run();
    assert_eq!(run.code, 2);
    let said = "stanchion: the cluster at http://127.0.0.1:1 can't be read: ";
    assert!(run.stderr.starts_with(said) && run.stderr.contains("refused"), "{}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
}
