//! How long the whole catalogue takes to judge one Deployment, facts in hand.
//!
//! `cargo bench --bench evaluate`

#![expect(clippy::expect_used, reason = "a benchmark may panic")]

use stanchion::engine::catalogue;
use stanchion::engine::control::{Check, Scene, Subject, Verdict};
use stanchion::facts::{BindingKind, Inventory, Object, ObjectKind, RoleKind, Workload, WorkloadKind};
use stanchion::relations::Relations;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

/// Hardened, with a sidecar: nothing to find, as most workloads ought to be.
const SOUND: &str = r"
metadata: {name: ledger, namespace: payments, labels: {app: ledger, team: payments}}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: ledger}}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      serviceAccountName: ledger
      securityContext: {runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001, seccompProfile: {type: RuntimeDefault}}
      containers:
        - &container
          name: app
          image: registry.example.com/payments/ledger@sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b
          imagePullPolicy: Always
          ports: [{containerPort: 8080}]
          resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}
          livenessProbe: {httpGet: {path: /live, port: 8080}}
          readinessProbe: {httpGet: {path: /ready, port: 8080}}
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
          volumeMounts: [{name: tmp, mountPath: /tmp}]
        - {<<: *container, name: proxy}
      volumes: [{name: tmp, emptyDir: {}}]
";

/// As people write it first.
const PLAIN: &str = r"
metadata: {name: ledger, namespace: payments}
spec:
  template:
    spec:
      containers:
        - {name: app, image: 'nginx:1.25', ports: [{containerPort: 80}]}
        - {name: proxy, image: envoyproxy/envoy}
";

/// A collector that leaves out some namespaces, as it is mostly installed.
const COLLECTOR: &str = r"
metadata: {name: fluent-bit, namespace: logging}
spec:
  template:
    spec:
      tolerations: [{operator: Exists}]
      containers:
        - name: fluent-bit
          image: cr.fluentbit.io/fluent/fluent-bit:3.1
          volumeMounts: [{name: config, mountPath: /etc/conf}, {name: logs, mountPath: /var/log}]
      volumes: [{name: config, configMap: {name: fluent-bit}}, {name: logs, hostPath: {path: /var/log}}]
";
const CONFIGURATION: &str = "[INPUT]\n Name tail\n Path /var/log/containers/*.log\n \
    Exclude_Path /var/log/containers/fluent-bit-*_logging_*.log,/var/log/containers/*_kube-system_*.log\n\
    [OUTPUT]\n Name es\n";

/// The facts of a cluster: 1,000 nodes, a log collector, and 200 services with accounts, roles and network policies.
fn cluster() -> Inventory {
    let mut inventory = Inventory::default();
    let mut add = |kind, written: &serde_json::Value| {
        inventory.add(Object::decode(kind, written).expect("the manifest is one"));
    };
    for number in 0..1_000 {
        let name = format!("node-{number}");
        add(
            ObjectKind::Node,
            &serde_json::json!({"metadata": {"name": name, "labels": {"kubernetes.io/os": "linux"}}}),
        );
    }
    for number in 0..200 {
        let name = if number == 0 { "ledger".to_owned() } else { format!("service-{number}") };
        let metadata = serde_json::json!({"name": name, "namespace": "payments"});
        let selector = serde_json::json!({"app": name});
        let subjects = serde_json::json!([{"kind": "ServiceAccount", "name": name}]);
        let rule = serde_json::json!({"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]});
        add(ObjectKind::ServiceAccount, &serde_json::json!({"metadata": metadata}));
        add(ObjectKind::Role(RoleKind::Role), &serde_json::json!({"metadata": metadata, "rules": [rule]}));
        add(
            ObjectKind::Binding(BindingKind::RoleBinding),
            &serde_json::json!({"metadata": metadata, "subjects": subjects, "roleRef": {"kind": "Role", "name": name}}),
        );
        add(ObjectKind::Service, &serde_json::json!({"metadata": metadata, "spec": {"selector": selector}}));
        add(
            ObjectKind::NetworkPolicy,
            &serde_json::json!({"metadata": metadata, "spec": {"podSelector": {"matchLabels": selector}}}),
        );
    }
    let metadata = serde_json::json!({"name": "fluent-bit", "namespace": "logging"});
    add(
        ObjectKind::ConfigMap,
        &serde_json::json!({"metadata": metadata, "data": {"fluent-bit.conf": CONFIGURATION}}),
    );
    let collector = Workload { kind: WorkloadKind::DaemonSet, ..decode(COLLECTOR) };
    inventory.add(Object::Workload(Box::new(collector)));
    inventory
}

fn decode(manifest: &str) -> Workload {
    let node = stanchion::manifest::yaml::parse(manifest, &stanchion::manifest::Limits::default());
    let node = node.expect("the manifest is YAML").expect("the manifest has a document");
    Workload::decode(WorkloadKind::Deployment, &node).expect("the manifest is a Deployment")
}

fn judge(bencher: divan::Bencher<'_, '_>, manifest: &str, family: &str, inventory: &Inventory) {
    let parameters = serde_json::Map::new();
    let checks: Vec<Check> = catalogue::all()
        .iter()
        .filter(|control| family.is_empty() || control.family() == family)
        .map(|control| (control.compile)(&parameters).expect("defaults compile"))
        .collect();
    let workload = decode(manifest);
    // What is computed once is there before the clock runs.
    let relations = Relations::new(inventory);
    let scene = Scene::new(&relations, jiff::Timestamp::UNIX_EPOCH);
    bencher.bench(|| {
        let verdicts = checks.iter().map(|check| check.judge(Subject::Workload(&workload), &scene));
        verdicts.filter(|verdict| matches!(verdict, Verdict::Fail(_))).count()
    });
}

#[divan::bench(args = ["", "iam", "image", "logging", "network", "pod", "secrets", "service"])]
fn sound_deployment(bencher: divan::Bencher<'_, '_>, family: &str) {
    judge(bencher, SOUND, family, &cluster());
}

#[divan::bench(args = ["", "iam", "image", "logging", "network", "pod", "secrets", "service"])]
fn plain_deployment(bencher: divan::Bencher<'_, '_>, family: &str) {
    judge(bencher, PLAIN, family, &cluster());
}

#[divan::bench]
fn collectors_of_a_cluster(bencher: divan::Bencher<'_, '_>) {
    let inventory = cluster();
    bencher.bench(|| Relations::new(&inventory).collectors().is_empty());
}
