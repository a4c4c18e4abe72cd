//! The HTTPS server that an API server asks: it takes bytes, hands them on, and gives bytes back.
//!
//! What it is asked for by anybody on the network is bounded: connections, the size of a body, the time for a handshake,
//! for the head of a request and for its body. What goes beyond is dropped, which an API server takes for a failure and,
//! by `failurePolicy: Ignore`, lets the object through.

pub mod certificates;
pub mod tls;
mod x509;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::debug;

use crate::admission::configuration::PATH;

/// The largest body: the object as it is and as it is wanted, each as large as etcd takes by default (1.5 MiB) and
/// as JSON half as large again.
pub const LARGEST_BODY: usize = 8 << 20;

/// How many connections there may be. An API server keeps a few.
pub const MOST_CONNECTIONS: usize = 512;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(3);

/// How long the head of a request may take, and how long a connection may say nothing.
const HEAD: Duration = Duration::from_secs(90);

/// How long a body may take: longer than an API server waits.
const BODY: Duration = Duration::from_secs(3);

/// How long requests that are being answered may take when it stops.
const DRAIN: Duration = Duration::from_secs(5);

/// How long to wait after a connection could not be accepted: there are too many open files, mostly.
const PAUSE: Duration = Duration::from_millis(50);

/// What is answered: a body, or why there is none.
pub type Answered = Result<Vec<u8>, String>;

/// Who answers.
pub trait Reviewer: Send + Sync + 'static {
    /// The answer to a body.
    fn review(&self, body: Bytes) -> impl Future<Output = Answered> + Send;

    /// There are too many connections, or one came to nothing.
    fn dropped(&self);
}

/// Answers until it is told to stop; then ends what it has begun.
pub async fn serve<R: Reviewer>(
    listener: TcpListener,
    config: Arc<ServerConfig>,
    reviewer: Arc<R>,
    stop: impl Future<Output = ()>,
) {
    let acceptor = TlsAcceptor::from(config);
    let router = Router::new()
        .route(PATH, post(validate::<R>))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(Arc::clone(&reviewer));
    let connections = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            sleep(PAUSE).await;
            continue;
        };
        let Ok(permit) = Arc::clone(&connections).try_acquire_owned() else {
            reviewer.dropped();
            continue;
        };
        let (acceptor, router, watcher) = (acceptor.clone(), router.clone(), graceful.watcher());
        let reviewer = Arc::clone(&reviewer);
        tokio::spawn(async move {
            if let Err(error) = connection(stream, acceptor, router, watcher).await {
                reviewer.dropped();
                debug!(%error, "a connection ended");
            }
            drop(permit);
        });
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = sleep(DRAIN) => {}
    }
}

/// Why a connection came to nothing.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the handshake took too long")]
    Slow,
    #[error("the handshake failed: {0}")]
    Handshake(std::io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
}

async fn connection(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    router: Router,
    watcher: Watcher,
) -> Result<(), Ended> {
    // A review is one small write: it must not wait for another.
    let _ = stream.set_nodelay(true);
    let handshake = timeout(HANDSHAKE, acceptor.accept(stream)).await.map_err(|_| Ended::Slow)?;
    let stream = TokioIo::new(handshake.map_err(Ended::Handshake)?);
    let service = TowerToHyperService::new(router);
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    watcher.watch(builder.serve_connection(stream, service)).await?;
    Ok(())
}

async fn validate<R: Reviewer>(State(reviewer): State<Arc<R>>, request: Request) -> Response {
    let body = match timeout(BODY, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => body,
        Ok(Err(refused)) => return refused.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    match reviewer.review(body).await {
        Ok(answer) => ([(header::CONTENT_TYPE, "application/json")], answer).into_response(),
        Err(why) => (StatusCode::BAD_REQUEST, why).into_response(),
    }
}
