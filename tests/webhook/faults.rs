//! What is done to the webhook, and what becomes of the cluster.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::operator::Operator;
use crate::pki::{Authority, Leaf};
use crate::plane::{Cluster, cluster, eventually};
use crate::scene::{Applied, Scene, deployment};

const FILE: &str = "docs/faults.md";

/// More connections than the webhook takes.
const CROWD: usize = stanchion::webhook::MOST_CONNECTIONS + 40;

const HEAD: &str = "# What becomes of a cluster when the webhook fails

A standard denies privileged containers in the namespace `shop`. Each line does something to the webhook and then applies a
Deployment that is denied otherwise, to a real API server. In each the Deployment goes through, and is found by the controller
afterwards. `tests/webhook/faults.rs` does it, and writes this page.

| what happens | `kubectl apply` | afterwards |
| --- | --- | --- |
";

/// A row of the table.
struct Row {
    fault: &'static str,
    said: String,
    afterwards: String,
}

/// Everything that is done, one after the other.
#[expect(clippy::disallowed_methods, reason = "the test writes the table when asked to")]
pub(crate) fn all() {
    let cluster = cluster();
    let scene = Scene::at(&cluster, "Deny");
    let controller = scene.run("controller", "controller");
    let faults = Faults { scene: &scene };
    let mut rows = vec![
        faults.through("it was killed, and nobody listens", &nobody(), &scene.authority, "a"),
        faults.through("it hangs: it takes connections and says nothing", &hanging(), &scene.authority, "b"),
        faults.through(
            "it is slow: it answers after three seconds",
            &answering(&scene.authority.leaf(30), &Answer::Slow),
            &scene.authority,
            "c",
        ),
        faults.through(
            "it answers with 500",
            &answering(&scene.authority.leaf(30), &Answer::Error),
            &scene.authority,
            "d",
        ),
        faults.through(
            "it answers with garbage",
            &answering(&scene.authority.leaf(30), &Answer::Garbage),
            &scene.authority,
            "e",
        ),
        faults.through(
            "its certificate is of another authority",
            &answering(&Authority::new().leaf(30), &Answer::Garbage),
            &scene.authority,
            "f",
        ),
        faults.through(
            "its certificate has expired",
            &answering(&scene.authority.leaf(-1), &Answer::Garbage),
            &scene.authority,
            "g",
        ),
    ];
    rows.push(faults.unsynced("h"));
    rows.push(faults.crowded("i"));
    drop(controller);
    rows.push(faults.killed_while_promoting("j"));
    rows.push(faults.api_server_restarted("k"));

    let mut page = HEAD.to_owned();
    for Row { fault, said, afterwards } in &rows {
        let _ = writeln!(page, "| {fault} | {said} | {afterwards} |");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("STANCHION_GENERATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, page, "{FILE} is stale: run `STANCHION_GENERATE=1 cargo test --test webhook`");
}

struct Faults<'a> {
    scene: &'a Scene<'a>,
}

impl Faults<'_> {
    fn cluster(&self) -> &Cluster {
        self.scene.cluster
    }

    /// Asks somebody who doesn't answer as it should.
    fn through(&self, fault: &'static str, address: &str, authority: &Authority, name: &str) -> Row {
        self.scene.ask(address, authority);
        // The API server takes a moment to know whom it is to ask.
        thread::sleep(Duration::from_millis(1500));
        let said = self.applied(name);
        self.scene.forget();
        Row { fault, said, afterwards: self.found(name) }
    }

    /// Applies what is wrong: it must go through.
    fn applied(&self, name: &str) -> String {
        let said = self.scene.apply(&deployment(name, true));
        assert_eq!(said.outcome(), Applied::Created, "{name}: {said:?}");
        "goes through".to_owned()
    }

    /// Waits until the controller has found what went through.
    fn found(&self, name: &str) -> String {
        let standard = json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": "baseline"},
        });
        let subject = format!("Deployment shop/{name}");
        eventually(&subject, || {
            let status = self.cluster().get(&standard)["status"].take();
            let failing = status["topFailures"].as_array().cloned().unwrap_or_default();
            if failing.iter().any(|it| it["subject"] == subject) { Ok(()) } else { Err(status.to_string()) }
        });
        self.cluster().delete(&deployment(name, true));
        "found, and failing in the status".to_owned()
    }

    /// A replica that may read nothing, and so knows nothing.
    fn unsynced(&self, name: &str) -> Row {
        let folder = self.scene.folder.path().to_string_lossy().into_owned();
        let kubeconfig = self.cluster().plane.kubeconfig("knows-nothing");
        let flags = ["--listen", "127.0.0.1:0", "--cert-dir", &folder, "--linger", "0"];
        let replica = Operator::launch("webhook", &kubeconfig, "blind", &flags);
        let row = self.through(
            "it has not read the cluster yet (`/readyz` says so)",
            &replica.webhook(),
            &self.scene.authority,
            name,
        );
        replica.answers("/readyz", "503").unwrap();
        assert!(replica.metric("stanchion_admission_reviews_total") >= 1.0);
        row
    }

    /// Somebody takes all its connections.
    fn crowded(&self, name: &str) -> Row {
        let replica = self.scene.run("webhook", "crowded");
        let address = replica.webhook();
        self.scene.ask(&address, &self.scene.authority);
        thread::sleep(Duration::from_millis(1500));
        // Whoever says nothing is dropped after a while: they come just before.
        let crowd: Vec<TcpStream> = (0..CROWD).filter_map(|_| TcpStream::connect(&address).ok()).collect();
        assert!(crowd.len() > CROWD / 2);
        let said = self.applied(name);
        self.scene.forget();
        assert!(replica.metric("stanchion_admission_connections_dropped_total") >= 1.0);
        drop(crowd);
        Row { fault: "it is overloaded: more connections than it takes", said, afterwards: self.found(name) }
    }

    /// The operator is killed while a tier is promoted.
    fn killed_while_promoting(&self, name: &str) -> Row {
        let standard = json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": "baseline"},
        });
        let plan = |stages: Value| json!({"spec": {"rollout": {"stages": stages}}});
        let operator = self.scene.run("run", "first");
        self.cluster().patch(&standard, &plan(json!([{"action": "Audit"}])));
        eventually("Audit", || self.at(&standard, "Audit"));
        self.scene.ask(&operator.webhook(), &self.scene.authority);
        self.cluster()
            .patch(&standard, &plan(json!([{"action": "Audit", "soak": "0m"}, {"action": "Deny"}])));
        drop(operator);
        let said = self.applied(name);
        let operator = self.scene.run("run", "second");
        self.scene.ask(&operator.webhook(), &self.scene.authority);
        eventually("Deny", || self.at(&standard, "Deny"));
        self.scene.await_denials();
        let afterwards = format!("{}; the tier goes on where its status says", self.found(name));
        Row { fault: "the operator is killed while a tier is promoted", said, afterwards }
    }

    fn at(&self, standard: &Value, action: &str) -> Result<(), String> {
        let status = self.cluster().get(standard)["status"].take();
        let is_there = status["tiers"].as_array().is_some_and(|tiers| {
            tiers.iter().any(|tier| tier["name"] == "retail" && tier["action"] == action)
        });
        if is_there { Ok(()) } else { Err(status.to_string()) }
    }

    /// The API server goes and comes back; whoever answers is there all the time.
    fn api_server_restarted(&self, name: &str) -> Row {
        let operator = self.scene.run("run", "third");
        self.scene.ask(&operator.webhook(), &self.scene.authority);
        self.scene.await_denials();
        self.cluster().plane.command("restart kube-apiserver");
        self.scene.await_denials();
        self.scene.forget();
        let said = self.applied(name);
        let afterwards = format!("it denies again at once; {}", self.found(name));
        Row {
            fault: "the API server is restarted, and the configuration is gone for a while",
            said,
            afterwards,
        }
    }
}

/// Where nobody listens.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn hanging() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept() {
            held.push(stream);
        }
    });
    address
}

#[derive(Clone)]
enum Answer {
    Slow,
    Error,
    Garbage,
}

/// Answers by HTTPS with this certificate, and never as it should.
fn answering(leaf: &Leaf, answer: &Answer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let chain = vec![CertificateDer::from_pem_slice(leaf.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(leaf.key.as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let answer = answer.clone();
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let (config, answer) = (Arc::clone(&config), answer.clone());
            thread::spawn(move || answer.give(stream, config));
        }
    });
    address
}

impl Answer {
    fn give(&self, stream: TcpStream, config: Arc<ServerConfig>) {
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
        let mut some = [0; 1024];
        if stream.read(&mut some).is_err() {
            return;
        }
        let answer: &[u8] = match self {
            Self::Slow => {
                thread::sleep(Duration::from_secs(3));
                b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
            }
            Self::Error => b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
            Self::Garbage => b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n\xff\x00{{[[[",
        };
        let _ = stream.write_all(answer);
    }
}
