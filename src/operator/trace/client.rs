//! How spans get to a collector: over the runtime that is there, with a deadline, and with a word when it fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::Uri;
use hyper_rustls::HttpsConnectorBuilder;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::Handle;
use tracing::{info, warn};

/// How long a collector may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// Sends what the exporter's thread hands over.
#[derive(Debug)]
pub(super) struct Sender {
    runtime: Handle,
    client: Arc<dyn HttpClient>,
    /// Whether the last try failed: only the first of a row is told.
    fails: AtomicBool,
}

impl Sender {
    /// One for this address, in the runtime that this is called in.
    pub(super) fn to(endpoint: &str) -> Result<Self, String> {
        let advice =
            "give the address of a collector that takes OTLP over HTTP, such as http://collector:4318";
        let uri: Uri = endpoint.parse().map_err(|error| format!("it is no URL ({error}); {advice}"))?;
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        let client: Arc<dyn HttpClient> = match uri.scheme_str() {
            Some("http") if has_host => Arc::new(HyperClient::with_default_connector(DEADLINE, None)),
            Some("https") if has_host => {
                let provider = rustls::crypto::ring::default_provider();
                let connector = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider);
                let connector = connector.map_err(|error| {
                    format!("no certificate authorities are installed ({error}); install them, or give an http:// address")
                })?;
                Arc::new(HyperClient::new(connector.https_only().enable_http1().build(), DEADLINE, None))
            }
            _ => return Err(format!("it is no http:// or https:// URL; {advice}")),
        };
        let runtime = Handle::try_current().map_err(|error| error.to_string())?;
        Ok(Self { runtime, client, fails: AtomicBool::new(false) })
    }

    fn tell(&self, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => {
                if self.fails.swap(false, Ordering::Relaxed) {
                    info!(outcome = "sent", "the collector takes spans again");
                }
            }
            Err(error) => {
                if !self.fails.swap(true, Ordering::Relaxed) {
                    warn!(
                        outcome = "dropped",
                        error, "spans can't be sent; they are dropped until that works again"
                    );
                }
            }
        }
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = Arc::clone(&self.client);
        // The exporter's thread has no runtime.
        let answer = self.runtime.spawn(async move { client.send_bytes(request).await }).await;
        let answer = answer.map_err(HttpError::from).flatten();
        self.tell(match &answer {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(format!("the collector answered {}", response.status())),
            Err(error) => Err(error.to_string()),
        });
        answer
    }
}
