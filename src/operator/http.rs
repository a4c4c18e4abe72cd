//! `/livez`, `/readyz` and `/metrics`.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::{StatusCode, header};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tracing::info;

use super::{Error, Shared, clock};

/// What OpenMetrics asks a scrape to say of itself.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Listens, and answers for as long as the tasks live.
pub(super) async fn serve(
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: &mut JoinSet<&'static str>,
) -> Result<(), Error> {
    let listener =
        TcpListener::bind(address).await.map_err(|error| Error::Listen(address, error, "--http"))?;
    if let Ok(bound) = listener.local_addr() {
        info!(address = %bound, "serving /livez, /readyz and /metrics");
    }
    let router = Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(shared);
    tasks.spawn(async move {
        let _ = axum::serve(listener, router).await;
        "the HTTP server"
    });
    Ok(())
}

async fn livez(State(shared): State<Arc<Shared>>) -> (StatusCode, String) {
    match shared.health.stuck(clock::seconds()) {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(stuck) => (StatusCode::SERVICE_UNAVAILABLE, format!("{stuck}\n")),
    }
}

async fn readyz(State(shared): State<Arc<Shared>>) -> (StatusCode, String) {
    match shared.health.ready() {
        Ok(known) => (StatusCode::OK, format!("{known}\n")),
        Err(missing) => (StatusCode::SERVICE_UNAVAILABLE, format!("{missing}\n")),
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> ([(header::HeaderName, &'static str); 1], String) {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], shared.metrics.render())
}
