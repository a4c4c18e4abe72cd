//! Traces, as a collector gets them.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use crate::operator::Operator;
use crate::plane::{cluster, now};
use crate::shop::Shop;

type Received = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// A collector that keeps what it gets.
struct Collector {
    address: String,
    received: Received,
    /// It serves for as long as this lives.
    _runtime: tokio::runtime::Runtime,
}

async fn take(State(received): State<Received>, body: Bytes) {
    received.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
}

impl Collector {
    fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(1).build().unwrap();
        let received = Received::default();
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&received));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async { axum::serve(listener, router).await });
        Self { address, received, _runtime: runtime }
    }

    fn spans(&self) -> Vec<Span> {
        let received = self.received.lock().unwrap();
        let scopes = received.iter().flat_map(|it| &it.resource_spans).flat_map(|it| &it.scope_spans);
        scopes.flat_map(|it| it.spans.clone()).collect()
    }

    /// What is said of whoever sends.
    fn resource(&self) -> BTreeMap<String, String> {
        let received = self.received.lock().unwrap();
        attributes(&received[0].resource_spans[0].resource.as_ref().unwrap().attributes)
    }
}

fn attributes(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |it: &KeyValue| match it.value.as_ref().and_then(|value| value.value.clone()) {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|it| (it.key.clone(), text(it))).collect()
}

/// The spans of a name with these attributes.
fn named<'a>(spans: &'a [Span], name: &str, wanted: &[(&str, &str)]) -> Vec<&'a Span> {
    let holds = |span: &&Span| {
        let known = attributes(&span.attributes);
        wanted.iter().all(|(key, value)| known.get(*key).map(String::as_str) == Some(*value))
    };
    spans.iter().filter(|span| span.name == name).filter(holds).collect()
}

#[test]
fn a_trace_leads_from_a_change_over_its_evaluation_to_the_status_that_was_written() {
    let cluster = cluster();
    let collector = Collector::start();
    let operator = Operator::ready_with(&cluster, "traced", &["--otlp-endpoint", &collector.address]);
    let shop = Shop::open(&cluster);
    shop.await_failing(0);
    shop.await_quiet(&operator);
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    assert!(operator.terminate().success(), "what is left is sent at the end");

    let resource = collector.resource();
    assert_eq!(resource.get("service.name").map(String::as_str), Some("stanchion"));
    assert_eq!(resource.get("service.version").map(String::as_str), Some(env!("CARGO_PKG_VERSION")));
    let spans = collector.spans();
    let object =
        [("stanchion.kind", "Deployment"), ("stanchion.namespace", "shop"), ("stanchion.name", "cart")];
    let change = *named(&spans, "change", &object).last().expect("the change");
    let evaluation = *named(&spans, "evaluation", &[])
        .iter()
        .find(|it| {
            it.parent_span_id == change.span_id || it.links.iter().any(|link| link.span_id == change.span_id)
        })
        .expect("the evaluation of it");
    let status = [
        ("stanchion.kind", "SecurityStandard"),
        ("stanchion.name", "shop"),
        ("stanchion.outcome", "written"),
    ];
    let written = named(&spans, "status write", &status);
    let write = *written.iter().find(|it| it.parent_span_id == evaluation.span_id).expect("its status");
    assert_eq!(write.trace_id, evaluation.trace_id);
    let ordered = [
        change.start_time_unix_nano,
        evaluation.start_time_unix_nano,
        evaluation.end_time_unix_nano,
        write.start_time_unix_nano,
        write.end_time_unix_nano,
    ];
    assert!(ordered.is_sorted(), "{ordered:?}");
    let came = attributes(&evaluation.attributes);
    let number = |key: &str| came[key].parse::<u64>().unwrap();
    assert!(number("stanchion.changes") >= 1 && number("stanchion.judged") >= 1, "{came:?}");
    assert!(number("stanchion.writes") >= 1, "{came:?}");
}

#[test]
fn a_collector_that_is_not_there_keeps_nothing_waiting_and_is_told_once() {
    let cluster = cluster();
    // Nobody listens there any more.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{address}");
    let operator = Operator::ready_with(&cluster, "untraced", &["--otlp-endpoint", &endpoint]);
    let shop = Shop::open(&cluster);
    for (failing, privileged) in [(1, true), (0, false), (1, true)] {
        shop.set_privileged("cart", privileged);
        shop.await_failing(failing);
    }
    let said = || {
        operator.log().iter().filter(|it| it["message"].to_string().contains("spans can't be sent")).count()
    };
    crate::plane::eventually("a word about it", || if said() == 1 { Ok(()) } else { Err(said()) });
    let asked = now();
    assert!(operator.terminate().success());
    assert!(asked.elapsed().as_secs() < 20, "it stops all the same");
}
