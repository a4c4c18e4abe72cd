//! The same over HTTPS, connections kept alive: at a steady rate, and as fast as it goes.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use stanchion::admission::Answer;
use stanchion::admission::request::{Request, respond};
use stanchion::webhook::tls::{self, Certificate};
use stanchion::webhook::{Answered, Reviewer, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::time::sleep_until;
use tokio_rustls::TlsConnector;

use crate::Cluster;
use crate::pki::Authority;

const CONNECTIONS: u32 = 8;
const A_SECOND: u32 = 1_000;
const SECONDS: u32 = 15;

/// Allows everything, having read who asks.
struct Nothing;

/// Judges.
struct Ours(Arc<Cluster>);

impl Reviewer for Nothing {
    fn review(&self, body: Bytes) -> impl Future<Output = Answered> + Send {
        let uid = Request::read(&body).map(|it| it.uid.clone().into_owned()).unwrap();
        std::future::ready(Ok(respond(&uid, Answer::silent())))
    }

    fn dropped(&self) {}
}

impl Reviewer for Ours {
    fn review(&self, body: Bytes) -> impl Future<Output = Answered> + Send {
        std::future::ready(Ok(self.0.review(&body)))
    }

    fn dropped(&self) {}
}

pub(crate) fn run(cluster: &Arc<Cluster>, body: &[u8]) {
    println!(
        "\n| over HTTPS, {A_SECOND} a second | p50 | p99 | p99.9 | as fast as it goes, server on one thread |"
    );
    println!("| --- | --- | --- | --- | --- |");
    // Twice, one after the other: what happens meanwhile happens to both.
    for _ in 0..2 {
        measure("a handler that does nothing", Nothing, body);
        measure("ours", Ours(Arc::clone(cluster)), body);
    }
}

fn measure<R: Reviewer>(what: &str, reviewer: R, body: &[u8]) {
    let authority = Authority::new();
    let leaf = authority.leaf(30);
    let certificate = Arc::new(Certificate::default());
    certificate.set(leaf.certificate.as_bytes(), leaf.key.as_bytes()).unwrap();
    let config = tls::config(certificate).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let server = Builder::new_current_thread().enable_all().build().unwrap();
        server.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            serve(listener, config, Arc::new(reviewer), std::future::pending()).await;
        });
    });
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let client = Arc::new(client.with_root_certificates(roots).with_no_client_auth());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut steady = tokio::task::JoinSet::new();
        for number in 0..CONNECTIONS {
            let line = Line::to(address, &client, body).await;
            steady.spawn(line.steady(number));
        }
        let mut times: Vec<Duration> = steady.join_all().await.into_iter().flatten().collect();
        times.sort_unstable();
        let at = |per_mille: usize| times[(times.len() - 1) * per_mille / 1000];
        let mut fast = tokio::task::JoinSet::new();
        for _ in 0..CONNECTIONS {
            let line = Line::to(address, &client, body).await;
            fast.spawn(line.fast());
        }
        let answered: u32 = fast.join_all().await.into_iter().sum();
        println!(
            "| {what} | {:.2?} | {:.2?} | {:.2?} | {} a second |",
            at(500),
            at(990),
            at(999),
            u64::from(answered) / FAST.as_secs()
        );
    });
}

const FAST: Duration = Duration::from_secs(5);

/// A connection that is kept.
struct Line {
    stream: tokio_rustls::client::TlsStream<TcpStream>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Line {
    async fn to(address: std::net::SocketAddr, client: &Arc<ClientConfig>, body: &[u8]) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::clone(client)).connect(name, stream).await.unwrap();
        let head = format!(
            "POST /validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let request = [head.as_bytes(), body].concat();
        Self { stream, request, answer: vec![0; 1 << 16] }
    }

    /// One request, and its whole answer.
    async fn ask(&mut self) {
        self.stream.write_all(&self.request).await.unwrap();
        self.stream.flush().await.unwrap();
        let mut read = 0;
        loop {
            read += self.stream.read(&mut self.answer[read..]).await.unwrap();
            let text = std::str::from_utf8(&self.answer[..read]).unwrap_or_default();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if length.is_some_and(|length| body.len() >= length) {
                assert!(head.starts_with("HTTP/1.1 200"), "{head}");
                return;
            }
        }
    }

    /// At its share of the rate. What comes late counts from when it should have come.
    async fn steady(mut self, number: u32) -> Vec<Duration> {
        let step = Duration::from_secs(1) * CONNECTIONS / A_SECOND;
        let mut due = Instant::now() + Duration::from_millis(100) + step * number / CONNECTIONS;
        let mut times = Vec::new();
        for _ in 0..SECONDS * A_SECOND / CONNECTIONS {
            sleep_until(due.into()).await;
            // The timer is a millisecond coarse; what comes later than that waited for the answer before.
            let now = Instant::now();
            let began = if now > due + Duration::from_millis(3) { due } else { now };
            self.ask().await;
            times.push(began.elapsed());
            due += step;
        }
        times
    }

    async fn fast(mut self) -> u32 {
        let until = Instant::now() + FAST;
        let mut answered = 0;
        while Instant::now() < until {
            self.ask().await;
            answered += 1;
        }
        answered
    }
}
