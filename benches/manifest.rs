//! What reading manifests costs over the parser's own events, on a generated file of several megabytes.

use std::sync::Arc;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use granit_parser::{Options, Parser};
use serde::Deserialize;
use stanchion::manifest::{Keys, Limits, Positions, decode, read};

fn main() {
    divan::main();
}

/// Deployments of three containers, as many as asked for.
fn deployments(count: usize) -> String {
    let container = "\
      - name: server
        image: registry.example.com/shop/server:1.4.2
        args: [\"--listen=:8080\", --verbose]
        env:
        - name: LOG_LEVEL
          value: \"info\"
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        ports:
        - containerPort: 8080
          name: http
        resources:
          requests: {cpu: 100m, memory: 64Mi}
          limits:
            memory: 128Mi
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities:
            drop:
            - ALL
";
    let one = |n: usize| {
        format!(
            "---\n# A comment, as people write them.\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: server-{n}\n  \
             namespace: shop\n  labels:\n    app.kubernetes.io/name: server\nspec:\n  replicas: {n}\n  selector:\n    \
             matchLabels:\n      app.kubernetes.io/name: server\n  template:\n    metadata:\n      labels:\n        \
             app.kubernetes.io/name: server\n    spec:\n      serviceAccountName: server\n      containers:\n{}",
            container.repeat(3)
        )
    };
    (0..count).map(one).collect::<Vec<_>>().concat()
}

#[divan::bench]
fn events_of_the_parser(bencher: Bencher<'_, '_>) {
    let text = deployments(1000);
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let mut options = Options::default();
        options.set_emit_comments(false);
        Parser::new_from_str_with_options(&text, options).map(black_box).count()
    });
}

#[divan::bench]
fn read_yaml(bencher: Bencher<'_, '_>) {
    let text = deployments(1000);
    let limits = Limits::default();
    bencher.counter(BytesCount::of_str(&text)).bench(|| read("a.yaml", text.as_bytes(), &limits));
}

/// The same with an anchor in each document, for which the library is needed.
#[divan::bench]
fn read_yaml_that_is_not_plain(bencher: Bencher<'_, '_>) {
    let text = deployments(1000).replace("metadata:", "metadata: &it");
    let limits = Limits::default();
    bencher.counter(BytesCount::of_str(&text)).bench(|| read("a.yaml", text.as_bytes(), &limits));
}

#[divan::bench]
fn read_json(bencher: Bencher<'_, '_>) {
    let limits = Limits::default();
    let manifests = deployments(1000);
    let reading = read("a.yaml", manifests.as_bytes(), &limits);
    let text = reading.documents.iter().map(|d| d.node.to_json().to_string()).collect::<Vec<_>>().join("\n");
    bencher.counter(BytesCount::of_str(&text)).bench(|| read("a.json", text.as_bytes(), &limits));
}

#[divan::bench]
fn index_positions(bencher: Bencher<'_, '_>) {
    let manifests = deployments(1000);
    let reading = read("a.yaml", manifests.as_bytes(), &Limits::default());
    bencher.bench(|| {
        let keys: Arc<Keys> = Arc::default();
        reading.documents.iter().map(|document| Positions::new(&document.node, &keys)).collect::<Vec<_>>()
    });
}

/// A few fields of a Deployment, as a control looks at it.
#[derive(Deserialize)]
struct Deployment<'a> {
    #[serde(borrow)]
    spec: Spec<'a>,
}

#[derive(Deserialize)]
struct Spec<'a> {
    #[serde(borrow)]
    template: Template<'a>,
}

#[derive(Deserialize)]
struct Template<'a> {
    #[serde(borrow)]
    spec: PodSpec<'a>,
}

#[derive(Deserialize)]
struct PodSpec<'a> {
    #[serde(borrow)]
    containers: Vec<Container<'a>>,
}

#[derive(Deserialize)]
struct Container<'a> {
    image: &'a str,
}

#[divan::bench]
fn decode_objects(bencher: Bencher<'_, '_>) {
    let manifests = deployments(1000);
    let reading = read("a.yaml", manifests.as_bytes(), &Limits::default());
    bencher.bench(|| {
        let deployments = reading.documents.iter().filter_map(|d| decode::<Deployment<'_>>(&d.node).ok());
        let containers = deployments.flat_map(|deployment| deployment.spec.template.spec.containers);
        containers.map(|container| container.image.len()).sum::<usize>()
    });
}
