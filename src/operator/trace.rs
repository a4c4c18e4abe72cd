//! Traces, for who wants them: from what a watch said, over the evaluation that judged it, to the statuses that were
//! written for it. Without an endpoint there is nothing but an empty option.
//!
//! Spans wait in a bounded queue and are sent from a thread of their own. What can't be sent is dropped: nobody waits for
//! a collector.

mod client;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use opentelemetry::trace::{
    Link, Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _,
    TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span};
use tokio::task::spawn_blocking;
use tracing::warn;

use super::NAME;
use super::watch::Key;
use crate::facts::object::ObjectKind;

/// The path of traces below the address of a collector, by the specification of OTLP.
const PATH: &str = "v1/traces";

/// How many changes of one evaluation have a span. The others are counted.
pub(super) const MOST_CHANGES: usize = 32;

/// How long the last spans may take to be sent.
const LAST: Duration = Duration::from_secs(3);

/// Why there can be no traces.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("can't send traces to `{endpoint}`: {why}")]
pub struct Error {
    endpoint: String,
    why: String,
}

/// Where spans are made, if anywhere.
#[derive(Debug, Clone, Default)]
pub(super) struct Traces(Option<Arc<Tracing>>);

#[derive(Debug)]
struct Tracing {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happened {
    Applied,
    Deleted,
}

impl Happened {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Deleted => "deleted",
        }
    }
}

/// What an evaluation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Came {
    /// The changes that it judged.
    pub(super) changes: usize,
    /// The subjects that were judged for it.
    pub(super) judged: usize,
    /// The statuses that differ.
    pub(super) writes: usize,
}

impl Traces {
    /// Traces for the collector at this address, such as `http://collector:4318`; without one, none. What else there is to
    /// say, such as headers, stands in the variables that OpenTelemetry defines.
    pub(super) fn to(endpoint: Option<&str>) -> Result<Self, Error> {
        let Some(endpoint) = endpoint.filter(|it| !it.trim().is_empty()) else { return Ok(Self(None)) };
        let error = |why: String| Error { endpoint: endpoint.to_owned(), why };
        let client = client::Sender::to(endpoint).map_err(error)?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(format!("{}/{PATH}", endpoint.trim_end_matches('/')))
            .build()
            .map_err(|it| error(it.to_string()))?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        // `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` may say more, or something else.
        let own = Resource::builder_empty().with_service_name(NAME).with_attribute(version).build();
        let said = Resource::builder().build();
        let known = |key: &str| {
            said.get(&key.to_owned().into()).filter(|it| !it.as_str().starts_with("unknown_service"))
        };
        let missing = own.iter().filter(|(key, _)| known(key.as_str()).is_none());
        let missing = missing.map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
        let resource = Resource::builder().with_attributes(missing).build();
        let provider =
            SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
        let tracer = provider.tracer(NAME);
        Ok(Self(Some(Arc::new(Tracing { provider, tracer }))))
    }

    /// Whether anybody wants to know.
    pub(super) const fn are_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// A watch said that something is otherwise, which may lead to all that follows.
    pub(super) fn change(
        &self,
        happened: Happened,
        kind: ObjectKind,
        key: &Key,
        began: Timestamp,
    ) -> Option<SpanContext> {
        let tracing = self.0.as_ref()?;
        let mut attributes = object(kind, key);
        attributes.push(KeyValue::new("stanchion.change", happened.as_str()));
        let change = tracing.tracer.span_builder("change").with_kind(SpanKind::Consumer);
        let change = change.with_start_time(SystemTime::from(began)).with_attributes(attributes);
        Some(ended(tracing.start(change, None)))
    }

    /// Changes were judged: the first of them leads to it, and to the others it is linked.
    pub(super) fn evaluation(
        &self,
        began: Timestamp,
        changes: &[SpanContext],
        came: Came,
    ) -> Option<SpanContext> {
        let tracing = self.0.as_ref()?;
        let attributes = [
            ("stanchion.changes", came.changes),
            ("stanchion.judged", came.judged),
            ("stanchion.writes", came.writes),
        ];
        let attributes =
            attributes.map(|(name, number)| KeyValue::new(name, i64::try_from(number).unwrap_or(i64::MAX)));
        let links = changes.iter().skip(1).map(|it| Link::new(it.clone(), Vec::new(), 0));
        let evaluation = tracing.tracer.span_builder("evaluation").with_attributes(attributes);
        let evaluation = evaluation.with_start_time(SystemTime::from(began)).with_links(links.collect());
        Some(ended(tracing.start(evaluation, changes.first())))
    }

    /// A status is being written, for an evaluation.
    pub(super) fn status_write(&self, cause: Option<&SpanContext>, kind: ObjectKind, key: &Key) -> Writing {
        let writing = self.0.as_ref().map(|tracing| {
            let write = tracing.tracer.span_builder("status write").with_kind(SpanKind::Client);
            tracing.start(write.with_attributes(object(kind, key)), cause)
        });
        Writing(writing)
    }

    /// Sends what is left, and ends.
    pub(super) async fn end(self) {
        let Self(Some(tracing)) = self else { return };
        let ended = spawn_blocking(move || tracing.provider.shutdown_with_timeout(LAST)).await;
        if let Ok(Err(error)) = ended {
            warn!(%error, outcome = "dropped", "the last spans were not sent");
        }
    }
}

impl Tracing {
    fn start(&self, span: SpanBuilder, cause: Option<&SpanContext>) -> Span {
        let parent =
            cause.map_or_else(Context::new, |it| Context::new().with_remote_span_context(it.clone()));
        self.tracer.build_with_context(span, &parent)
    }
}

/// A write that goes on.
#[derive(Debug)]
pub(super) struct Writing(Option<Span>);

impl Writing {
    /// It came out like this.
    pub(super) fn ended(self, outcome: &'static str, error: Option<String>) {
        let Self(Some(mut span)) = self else { return };
        span.set_attribute(KeyValue::new("stanchion.outcome", outcome));
        if let Some(error) = error {
            span.set_status(Status::error(error));
        }
        span.end();
    }
}

fn ended(mut span: Span) -> SpanContext {
    span.end();
    span.span_context().clone()
}

fn object(kind: ObjectKind, (namespace, name): &Key) -> Vec<KeyValue> {
    let mut attributes =
        vec![KeyValue::new("stanchion.kind", kind.as_str()), KeyValue::new("stanchion.name", name.clone())];
    if !namespace.is_empty() {
        attributes.push(KeyValue::new("stanchion.namespace", namespace.clone()));
    }
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_endpoint_there_are_no_spans() {
        for endpoint in [None, Some(""), Some(" ")] {
            let traces = Traces::to(endpoint).unwrap();
            assert!(!traces.are_wanted());
            let key = ("shop".to_owned(), "cart".to_owned());
            let came = Came { changes: 1, judged: 1, writes: 1 };
            assert!(
                traces.change(Happened::Applied, ObjectKind::Service, &key, Timestamp::UNIX_EPOCH).is_none()
            );
            assert!(traces.evaluation(Timestamp::UNIX_EPOCH, &[], came).is_none());
            assert!(traces.status_write(None, ObjectKind::Service, &key).0.is_none());
        }
    }

    #[tokio::test]
    async fn an_endpoint_that_can_t_be_one_is_refused_with_what_to_do() {
        for endpoint in ["collector:4318", "grpc://collector:4317", "http://", "what is this"] {
            let error = Traces::to(Some(endpoint)).unwrap_err().to_string();
            let hint =
                "give the address of a collector that takes OTLP over HTTP, such as http://collector:4318";
            assert!(error.starts_with(&format!("can't send traces to `{endpoint}`: ")), "{error}");
            assert!(error.contains(hint), "{error}");
        }
    }
}
