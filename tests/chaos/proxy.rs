//! What stands between an operator and the API server: it hands everything on, or does what networks and servers in
//! distress do.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, Response, StatusCode, header};
use futures::{StreamExt, stream};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::time::sleep;

use crate::history::History;

/// The most that a request or an answer that is looked into holds.
const MOST: usize = 16 << 20;

/// How many of a thousand requests go wrong while something does.
const OFTEN: u32 = 80;

/// How many of a thousand watches are ended early.
const WATCHES: u32 = 400;

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// It is refused with this code.
    Refused(u16),
    /// The connection is cut before it reaches the API server.
    Cut,
    /// It reaches the API server, and the answer is lost.
    AnswerLost,
    /// The answer comes late.
    Late,
    /// There is no answer for longer than anybody should wait.
    Silent,
    /// The connection is cut while a watch runs.
    WatchCut,
    /// A watch is told that what it asks for is gone.
    WatchGone,
}

const OF_WRITES: &[Fault] = &[
    Fault::Refused(409),
    Fault::Refused(429),
    Fault::Refused(500),
    Fault::Cut,
    Fault::AnswerLost,
    Fault::Late,
    Fault::Silent,
];
const OF_READS: &[Fault] =
    &[Fault::Refused(410), Fault::Refused(429), Fault::Refused(500), Fault::Cut, Fault::Late];
const OF_WATCHES: &[Fault] = &[Fault::WatchCut, Fault::WatchGone];

/// A proxy of one operator.
pub(crate) struct Proxy {
    port: u16,
    line: Arc<Line>,
    kubeconfig: PathBuf,
    runtime: Option<Runtime>,
}

/// What its requests share.
struct Line {
    /// Who asks.
    who: Mutex<String>,
    odds: AtomicU32,
    dice: Mutex<fastrand::Rng>,
    history: Arc<History>,
    done: Mutex<BTreeMap<Fault, usize>>,
}

impl Proxy {
    /// One that hands on to the API server of a kubeconfig.
    pub(crate) fn start(kubeconfig: &Path, seed: u64, history: &Arc<History>) -> Self {
        let line = Line {
            who: Mutex::default(),
            odds: AtomicU32::new(0),
            dice: Mutex::new(fastrand::Rng::with_seed(seed)),
            history: Arc::clone(history),
            done: Mutex::default(),
        };
        let mut proxy =
            Self { port: 0, line: Arc::new(line), kubeconfig: kubeconfig.to_owned(), runtime: None };
        proxy.up();
        proxy
    }

    /// Who asks from now on.
    pub(crate) fn belongs_to(&self, who: &str) {
        who.clone_into(&mut self.line.who.lock().unwrap());
    }

    /// Whether things go wrong from now on.
    pub(crate) fn disturb(&self, disturb: bool) {
        self.line.odds.store(if disturb { OFTEN } else { 0 }, Ordering::Relaxed);
    }

    /// What went wrong so far.
    pub(crate) fn done(&self) -> BTreeMap<Fault, usize> {
        self.line.done.lock().unwrap().clone()
    }

    /// A kubeconfig by which it is asked.
    pub(crate) fn kubeconfig(&self) -> String {
        let cluster = json!({"server": format!("http://127.0.0.1:{}", self.port)});
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "proxy",
            "clusters": [{"name": "proxy", "cluster": cluster}],
            "users": [{"name": "proxy", "user": {}}],
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
        })
        .to_string()
    }

    /// Cuts every connection, and takes none.
    pub(crate) fn down(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }

    /// Takes connections again.
    pub(crate) fn up(&mut self) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (line, kubeconfig) = (Arc::clone(&self.line), Kubeconfig::read_from(&self.kubeconfig).unwrap());
        self.port = runtime.block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let options = KubeConfigOptions::default();
            let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
            // What was asked once is handed on once, as it is.
            (config.default_retry, config.disable_compression) = (false, true);
            let client = Client::try_from(config).unwrap();
            let router = Router::new().fallback(pass).with_state((line, client));
            tokio::spawn(async { axum::serve(listener, router).await });
            port
        });
        self.runtime = Some(runtime);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.down();
    }
}

impl Line {
    fn roll(&self, faults: &[Fault], odds: u32) -> Option<Fault> {
        let disturbed = self.odds.load(Ordering::Relaxed) > 0;
        let mut dice = self.dice.lock().unwrap();
        let fault = (disturbed && dice.u32(0..1000) < odds).then(|| dice.choice(faults).copied())??;
        *self.done.lock().unwrap().entry(fault).or_default() += 1;
        Some(fault)
    }

    fn moment(&self, most: u64) -> Duration {
        Duration::from_millis(self.dice.lock().unwrap().u64(0..most))
    }
}

async fn pass(State((line, client)): State<(Arc<Line>, Client)>, request: Request) -> Response<Body> {
    let who = line.who.lock().unwrap().clone();
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let watches = parts.uri.query().is_some_and(|query| query.contains("watch=true"));
    let writes = parts.method != Method::GET;
    let fault = line.roll(if writes { OF_WRITES } else { OF_READS }, OFTEN);
    match fault {
        Some(Fault::Refused(code)) => return refusal(code),
        Some(Fault::Cut) => return cut(),
        Some(Fault::Silent) => {
            sleep(Duration::from_secs(12)).await;
            return cut();
        }
        _ => {}
    }
    let Ok(body) = to_bytes(body, MOST).await else { return cut() };
    let known = line.history.known();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    for name in [header::HOST, header::ACCEPT_ENCODING] {
        parts.headers.remove(name);
    }
    let request = axum::http::Request::from_parts(parts, kube::client::Body::from(body.to_vec()));
    let Ok(answer) = client.send(request).await else { return cut() };
    let (mut parts, body) = answer.into_parts();
    let body = Body::new(body);
    if watches {
        return Response::from_parts(parts, watched(&line, body));
    }
    let is_status = writes && path.ends_with("/status");
    let is_lease = path.contains("/leases");
    let Ok(bytes) = to_bytes(body, MOST).await else { return cut() };
    if parts.status.is_success() && (is_status || is_lease) {
        let said: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if is_lease {
            line.history.lease(&said);
        } else {
            line.history.wrote(&who, known, &asked, &said);
        }
    }
    if fault == Some(Fault::AnswerLost) {
        return cut();
    }
    if fault == Some(Fault::Late) {
        sleep(line.moment(3_000)).await;
    }
    parts.headers.remove(header::TRANSFER_ENCODING);
    Response::from_parts(parts, Body::from(bytes))
}

/// A watch, which may end early.
fn watched(line: &Line, body: Body) -> Body {
    let Some(fault) = line.roll(OF_WATCHES, WATCHES) else { return body };
    let end = match fault {
        Fault::WatchGone => Ok(Bytes::from(format!("{}\n", json!({"type": "ERROR", "object": status(410)})))),
        _ => Err(axum::Error::new(io::Error::other("cut"))),
    };
    let events = body.into_data_stream().take_until(Box::pin(sleep(line.moment(15_000))));
    Body::from_stream(events.chain(stream::iter([end])))
}

fn cut() -> Response<Body> {
    Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(io::Error::other("cut"))])))
}

fn status(code: u16) -> Value {
    let reason = match code {
        409 => "Conflict",
        410 => "Expired",
        429 => "TooManyRequests",
        _ => "InternalError",
    };
    json!({
        "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
        "code": code, "reason": reason, "message": "so it was decided",
    })
}

fn refusal(code: u16) -> Response<Body> {
    let mut response = Response::new(Body::from(status(code).to_string()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    if code == 429 {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    response
}
