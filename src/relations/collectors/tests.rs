use super::*;
use crate::facts::object::{Recognition, recognize};

/// The facts of some manifests, and a question about the first.
fn ask(manifests: &str, terms: &Terms<'_>) -> Coverage {
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(manifests).unwrap();
    let mut inventory = Inventory::default();
    for document in &documents {
        let text = |field: &str| document[field].as_str().unwrap();
        let Recognition::Facts(kind) = recognize(text("apiVersion"), text("kind")) else {
            panic!("no facts")
        };
        inventory.add(Object::decode(kind, document).unwrap());
    }
    let asked = Workload::decode(WorkloadKind::Deployment, &documents[0]).unwrap();
    let relations = crate::relations::Relations::new(&inventory);
    relations.collectors().ask(&asked).coverage(&asked.spec().containers[0], terms)
}

fn coverage(manifests: &[&str]) -> Coverage {
    ask(&manifests.join("\n---\n"), &Terms { trusts: &|_| false, ready: 90 })
}

fn not(manifests: &[&str]) -> String {
    match coverage(manifests) {
        Coverage::Not(why) => why,
        other => panic!("{other:?}"),
    }
}

fn unclear(manifests: &[&str]) -> String {
    match coverage(manifests) {
        Coverage::Unclear(why) => why,
        other => panic!("{other:?}"),
    }
}

fn app(spec: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: cart, namespace: shop}}, spec: {{template: \
         {{spec: {{containers: [{{name: app}}]{spec}}}}}}}}}"
    )
}

fn node(name: &str, rest: &str) -> String {
    format!("{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{pool: {name}}}}}{rest}}}")
}

/// A `DaemonSet` with this image, folders of the node and further fields of its spec and status.
fn daemons(image: &str, host: &str, further: &str, status: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent, namespace: logging}}
spec:
  template:
    spec:
      containers:
        - name: agent
          image: {image}
          volumeMounts: [{{name: config, mountPath: /conf}}, {{name: logs, mountPath: {host}}}]
      volumes: [{{name: config, configMap: {{name: agent}}}}, {{name: logs, hostPath: {{path: {host}}}}}]
{further}
status: {{{status}}}
"
    )
}

fn config(text: &str) -> String {
    let indented: String = text.lines().flat_map(|line| ["    ", line, "\n"]).collect();
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: agent, namespace: logging}}\ndata:\n  file: |\n{indented}"
    )
}

const FLUENT_BIT: &str = "fluent/fluent-bit:3.1";
const EVERYTHING: &str = "[INPUT]\n Name tail\n Path /var/log/containers/*.log\n[OUTPUT]\n Name es";

fn plain(status: &str) -> String {
    daemons(FLUENT_BIT, "/var/log", "", status)
}

#[test]
fn a_collector_must_run_wherever_the_workload_may() {
    let gpu = "{apiVersion: v1, kind: Node, metadata: {name: gpu}, spec: {taints: [{key: gpu, effect: NoSchedule}]}}";
    let tolerant = app(", tolerations: [{key: gpu, operator: Exists}]");
    let (agent, map) = (plain(""), config(EVERYTHING));
    let plain_node = node("a", "");
    assert_eq!(coverage(&[&app(""), &agent, &map, &plain_node, gpu]), Coverage::Shipped);
    assert_eq!(
        not(&[&tolerant, &agent, &map, &plain_node, gpu]),
        "it may run on node `gpu`, where Fluent Bit `logging/agent` does not run"
    );
    let everywhere = daemons(FLUENT_BIT, "/var/log", "      tolerations: [{operator: Exists}]", "");
    assert_eq!(coverage(&[&tolerant, &everywhere, &map, &plain_node, gpu]), Coverage::Shipped);
    assert!(unclear(&[&tolerant, &agent, &map]).contains("does not tolerate `gpu`"));
    assert_eq!(coverage(&[&app(""), &agent, &map]), Coverage::Shipped);
}

#[test]
fn several_collectors_cover_nodes_together() {
    let on = |name: &str, pool: &str| {
        plain("")
            .replace("name: agent, namespace", &format!("name: {name}, namespace"))
            .replace("      volumes:", &format!("      nodeSelector: {{pool: {pool}}}\n      volumes:"))
    };
    let (first, second, map) = (on("one", "a"), on("two", "b"), config(EVERYTHING));
    let (a, b) = (node("a", ""), node("b", ""));
    assert_eq!(coverage(&[&app(""), &first, &second, &map, &a, &b]), Coverage::Shipped);
    assert!(not(&[&app(""), &first, &map, &a, &b]).contains("node `b`"));
    assert_eq!(coverage(&[&app(", nodeSelector: {pool: a}"), &first, &map, &a, &b]), Coverage::Shipped);
    assert_eq!(coverage(&[&app(", nodeName: a"), &first, &map, &a, &b]), Coverage::Shipped);
    assert!(unclear(&[&app(", nodeName: gone"), &first, &map, &a]).contains("`gone`"));
}

#[test]
fn a_node_of_another_system_does_not_count() {
    let windows = "{apiVersion: v1, kind: Node, metadata: {name: w, labels: {kubernetes.io/os: windows}}}";
    let linux = "{apiVersion: v1, kind: Node, metadata: {name: l, labels: {kubernetes.io/os: linux}}}";
    let agent = daemons(FLUENT_BIT, "/var/log", "      nodeSelector: {kubernetes.io/os: linux}", "");
    let map = config(EVERYTHING);
    assert_eq!(coverage(&[&app(""), &agent, &map, windows, linux]), Coverage::Shipped);
    assert!(not(&[&app(", os: {name: windows}"), &agent, &map, windows, linux]).contains("node `w`"));
}

#[test]
fn a_collector_that_is_not_ready_leaves_a_doubt() {
    let status = |ready: u8| plain(&format!("desiredNumberScheduled: 10, numberReady: {ready}"));
    let (map, node) = (config(EVERYTHING), node("a", ""));
    let with = |ready| coverage(&[&app(""), &status(ready), &map, &node]);
    assert_eq!(with(9), Coverage::Shipped);
    assert_eq!(with(8), Coverage::Unclear("Fluent Bit `logging/agent` is ready on 8 of 10 nodes".to_owned()));
    assert!(matches!(with(0), Coverage::Unclear(_)));
}

#[test]
fn a_configuration_that_is_not_known_is_not_guessed() {
    let said =
        |manifests: &[&str]| unclear(manifests).replace("Fluent Bit `logging/agent` may not read it: ", "");
    assert_eq!(said(&[&app(""), &plain("")]), "its ConfigMap `agent` is not among the facts");
    let secret = plain("").replace("configMap: {name: agent}", "secret: {secretName: agent}");
    assert_eq!(said(&[&app(""), &secret]), "its configuration is in a Secret, and those are never read");
    let elsewhere = plain("").replace("configMap: {name: agent}", "emptyDir: {}");
    assert_eq!(said(&[&app(""), &elsewhere]), "its configuration is in no ConfigMap");
    let no_output = config("[INPUT]\n Name tail\n Path /var/log/containers/*.log");
    assert_eq!(said(&[&app(""), &plain(""), &no_output]), "its configuration names no output");
    let strange = config("[INPUT]\n Name tail\n Path ${LOGS}\n[OUTPUT]\n Name es");
    assert_eq!(said(&[&app(""), &plain(""), &strange]), "the pattern `${LOGS}` can't be compared");
    let long = config(&format!("# {}", "x".repeat(crate::facts::collector_config::LONGEST)));
    assert_eq!(said(&[&app(""), &plain(""), &long]), "its configuration is too long to be looked at");
}

#[test]
fn what_reads_nothing_is_no_collector() {
    let of_files = [app(""), daemons(FLUENT_BIT, "/srv", "", "")].join("\n---\n");
    assert!(unclear(&[&of_files]).contains("reads no logs"), "another one may be somewhere else");
    let node = node("a", "");
    let said = |manifests: &[&str]| {
        not(&[manifests, &[node.as_str()]].concat()).replace("Fluent Bit `logging/agent` reads no logs: ", "")
    };
    let map = config(EVERYTHING);
    let elsewhere = daemons(FLUENT_BIT, "/srv", "", "");
    assert_eq!(
        said(&[&app(""), &elsewhere, &map]),
        "it mounts none of the folders that its configuration reads"
    );
    assert_eq!(said(&[&app(""), &elsewhere]), "it mounts no folder of container logs");
    let links = daemons(FLUENT_BIT, "/var/log/containers", "", "");
    assert_eq!(said(&[&app(""), &links, &map]), "it mounts none of the folders that its configuration reads");
    let other = config("[INPUT]\n Name cpu\n[OUTPUT]\n Name es");
    assert_eq!(said(&[&app(""), &plain(""), &other]), "its configuration reads no container logs");
    let console = config("[INPUT]\n Name tail\n Path /var/log/containers/*.log\n[OUTPUT]\n Name stdout");
    assert_eq!(said(&[&app(""), &plain(""), &console]), "its configuration sends nothing on");
}

#[test]
fn paths_are_those_of_the_node() {
    let mounted = plain("").replace("mountPath: /var/log", "mountPath: /host/log");
    let read = |path: &str| {
        coverage(&[
            &app(""),
            &mounted,
            &config(&format!("[INPUT]\n Name tail\n Path {path}\n[OUTPUT]\n Name es")),
        ])
    };
    assert_eq!(read("/host/log/pods/*/*/*.log"), Coverage::Shipped);
    assert_eq!(read("/host/log/pods/shop_*/*/*.log"), Coverage::Shipped);
    assert!(matches!(read("/host/log/pods/payments_*/*/*.log"), Coverage::Not(_)));
    assert!(matches!(read("/host/log/pods/shop_cart-7f*/*/*.log"), Coverage::Unclear(_)));
    assert!(matches!(read("/var/log/pods/*/*/*.log"), Coverage::Unclear(_)));
}

#[test]
fn what_is_left_out_elsewhere_is_read_all_the_same() {
    let read = |exclude: &str| {
        let text = format!(
            "[INPUT]\n Name tail\n Path /var/log/pods/*/*/*.log\n Exclude_Path {exclude}\n[OUTPUT]\n Name es"
        );
        coverage(&[&app(""), &plain(""), &config(&text)])
    };
    assert_eq!(read("/var/log/containers/*_shop_*.log"), Coverage::Shipped);
    assert!(matches!(read("/var/log/pods/shop_*/**"), Coverage::Not(_)));
}

#[test]
fn vector_obeys_labels_of_pods_and_namespaces() {
    let vector = daemons("timberio/vector:0.40.0", "/var/log", "", "");
    let map = config("sources: {logs: {type: kubernetes_logs}}\nsinks: {out: {type: loki, inputs: [logs]}}");
    assert_eq!(coverage(&[&app(""), &vector, &map]), Coverage::Shipped);
    let namespace =
        "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {vector.dev/exclude: 'true'}}}";
    assert_eq!(
        not(&[&app(""), &vector, &map, namespace]),
        "Vector `logging/agent` leaves out its namespace for `vector.dev/exclude`"
    );
    let selecting = config(
        "sources: {logs: {type: kubernetes_logs, extra_namespace_label_selector: logs=on}}\n\
         sinks: {out: {type: loki, inputs: [logs]}}",
    );
    assert!(unclear(&[&app(""), &vector, &selecting]).contains("`shop` is not among the facts"));
    let on = "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {logs: 'on'}}}";
    assert_eq!(coverage(&[&app(""), &vector, &selecting, on]), Coverage::Shipped);
}

#[test]
fn datadog_is_told_by_its_environment() {
    let agent = |env: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: datadog, namespace: logging}}, spec: {{template: \
             {{spec: {{containers: [{{name: agent, image: 'gcr.io/datadoghq/agent:7', env: [{env}]}}]}}}}}}}}"
        )
    };
    let on = "{name: DD_LOGS_ENABLED, value: 'true'}";
    let all = "{name: DD_LOGS_CONFIG_CONTAINER_COLLECT_ALL, value: 'true'}";
    assert!(not(&[&app(""), &agent(""), &node("a", "")]).contains("`DD_LOGS_ENABLED` is not `true`"));
    assert!(unclear(&[&app(""), &agent(on)]).contains("ask for"));
    assert_eq!(coverage(&[&app(""), &agent(&format!("{on}, {all}"))]), Coverage::Shipped);
    let without =
        |rest: &str| agent(&format!("{on}, {all}, {{name: DD_CONTAINER_EXCLUDE_LOGS, value: '{rest}'}}"));
    assert!(not(&[&app(""), &without("name:^x$ kube_namespace:^shop$")]).contains("the namespace `shop`"));
    assert_eq!(coverage(&[&app(""), &without("kube_namespace:^cart$")]), Coverage::Shipped);
}

#[test]
fn alloy_reads_through_the_api_from_anywhere() {
    let alloy = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: alloy, namespace: logging}
spec:
  template:
    spec:
      nodeSelector: {pool: a}
      containers: [{name: alloy, image: 'grafana/alloy:v1.4', volumeMounts: [{name: config, mountPath: /etc/alloy}]}]
      volumes: [{name: config, configMap: {name: agent}}]
";
    let map = config(
        "discovery.kubernetes \"pods\" {\n  role = \"pod\"\n}\nloki.source.kubernetes \"pods\" {\n  targets = \
         discovery.kubernetes.pods.targets\n}\nloki.write \"a\" {\n}",
    );
    assert_eq!(coverage(&[&app(""), alloy, &map]), Coverage::Shipped);
    assert_eq!(coverage(&[&app(""), alloy, &map, &node("a", ""), &node("b", "")]), Coverage::Shipped);
}

#[test]
fn the_image_of_fluentd_for_kubernetes_brings_its_configuration() {
    let agent = |env: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: fluentd, namespace: logging}}, spec: {{template: \
             {{spec: {{containers: [{{name: f, image: 'fluent/fluentd-kubernetes-daemonset:v1', env: [{env}], \
             volumeMounts: [{{name: l, mountPath: /var/log}}]}}], volumes: [{{name: l, hostPath: {{path: /var/log}}}}]}}}}}}}}"
        )
    };
    assert_eq!(coverage(&[&app(""), &agent("")]), Coverage::Shipped);
    assert!(
        unclear(&[&app(""), &agent("{name: FLUENT_CONTAINER_TAIL_PATH, value: /x}")]).contains("variable")
    );
}

#[test]
fn who_is_trusted_is_taken_at_its_word() {
    let own = plain("").replace(FLUENT_BIT, "registry.example.com/shipper:1");
    let manifests = [app(""), own, node("a", "")].join("\n---\n");
    let trusting = |image: &str| image.contains("shipper");
    assert_eq!(ask(&manifests, &Terms { trusts: &trusting, ready: 90 }), Coverage::Shipped);
    let unknown_configuration = [app(""), plain(""), node("a", "")].join("\n---\n");
    let trusting = |image: &str| image.contains("fluent-bit");
    assert_eq!(ask(&unknown_configuration, &Terms { trusts: &trusting, ready: 90 }), Coverage::Shipped);
}
