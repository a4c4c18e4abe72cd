//! The webhook's own certificates, on a real API server.

use std::collections::{BTreeSet, VecDeque};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use serde_json::{Value, json};
use stanchion::admission::configuration;
use stanchion::facts::CustomKinds;

use crate::operator::Operator;
use crate::plane::{Cluster, HOME, clock, cluster, eventually, now};
use crate::scene::{Scene, deployment};

/// An authority of half a minute and certificates of twelve seconds; two for everybody to see a change, a look each second.
const TIMES: [&str; 2] = ["--certificate-times", "30,12,2,1"];

/// How many bundles and certificates there are to be: each authority alone, and with the next.
const ENOUGH: (usize, usize) = (5, 6);

/// How late somebody may be to whom a bundle is told: less than the two seconds.
const LATE: Duration = Duration::from_millis(1200);

/// The Secret.
fn secret() -> Value {
    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "stanchion-webhook-tls", "namespace": HOME}})
}

fn configuration() -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": configuration::NAME},
    })
}

/// As it is when it was just installed.
pub(crate) fn empty(cluster: &Cluster) {
    cluster.patch(&secret(), &json!({"data": null}));
}

/// Tells the API server to ask somebody, and not whom to trust.
pub(crate) fn ask(scene: &Scene<'_>, address: &str) {
    let mut webhook = configuration::webhook(&CustomKinds::default());
    for webhook in webhook["webhooks"].as_array_mut().unwrap() {
        webhook["clientConfig"] = json!({"url": format!("https://{address}{}", configuration::PATH)});
    }
    scene.apply(&webhook);
}

fn bundle(cluster: &Cluster) -> Value {
    cluster.get(&configuration())["webhooks"][0]["clientConfig"]["caBundle"].take()
}

/// Waits until the API server is told whom to trust.
pub(crate) fn await_bundle(cluster: &Cluster) {
    eventually("a bundle", || {
        let (bundle, secret) = (bundle(cluster), cluster.get(&secret()));
        let is_told = bundle.is_string() && bundle == secret["data"]["ca.crt"];
        is_told.then_some(()).ok_or_else(|| format!("{bundle}, and the Secret has {}", secret["metadata"]))
    });
}

fn launch(cluster: &Cluster, command: &str) -> Operator {
    let listen: &[&str] =
        if command == "controller" { &[] } else { &["--listen", "127.0.0.1:0", "--linger", "1"] };
    let host: &[&str] = if command == "webhook" { &[] } else { &["--webhook-host", "127.0.0.1"] };
    Operator::launch(command, &cluster.kubeconfig(), command, &[&TIMES, listen, host].concat())
}

/// What was in force at some time.
#[derive(Default)]
struct Seen {
    bundles: BTreeSet<String>,
    authorities: BTreeSet<String>,
    certificates: BTreeSet<String>,
    /// What was told in the last moments, and when.
    lately: VecDeque<(Instant, String)>,
}

impl Seen {
    fn look(&mut self, cluster: &Cluster) {
        let data = cluster.get(&secret())["data"].take();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let at = now();
        let told = text(&bundle(cluster));
        self.bundles.insert(told.clone());
        self.lately.push_back((at, told));
        self.authorities.insert(text(&data["ca.key"]));
        self.certificates.insert(text(&data["tls.crt"]));
    }

    fn is_enough(&self) -> bool {
        // Somebody who looks now and then may have missed one.
        let each_beside_the_next = self.bundles.len() > self.authorities.len();
        self.bundles.len() >= ENOUGH.0 && each_beside_the_next && self.certificates.len() >= ENOUGH.1
    }

    /// What an API server knows that is late.
    fn late(&mut self) -> &str {
        while self.lately.len() > 1 && self.lately[0].0.elapsed() > LATE {
            self.lately.pop_front();
        }
        &self.lately[0].1
    }
}

/// Shakes hands anew, trusting a bundle. An API server does that now and then; between, it asks over what it has.
fn shake_hands(address: &str, bundle: &str) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(&STANDARD.decode(bundle).unwrap()) {
        roots.add(authority.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut connection = ClientConnection::new(config, name).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Asks for what is to be denied, over and over, until enough was seen; how often that was. What isn't denied is an error.
fn load(cluster: &Cluster, address: &str, seen: &mut Seen, mut at_half: impl FnMut()) -> Result<u32, String> {
    let (begun, mut asked, mut was_half) = (now(), 0_u32, false);
    while !seen.is_enough() {
        if begun.elapsed() > Duration::from_secs(180) {
            let counts = [&seen.bundles, &seen.certificates].map(BTreeSet::len);
            return Err(format!("{counts:?} bundles and certificates in three minutes"));
        }
        match cluster.try_create(&deployment(&format!("load-{asked}"), true)) {
            Err(kube::Error::Api(status)) if status.message.contains("denied the request") => {}
            Ok(_) => return Err(format!("number {asked} was let through after {:?}", begun.elapsed())),
            Err(error) => return Err(format!("number {asked} after {:?}: {error}", begun.elapsed())),
        }
        asked += 1;
        if asked.is_multiple_of(10) {
            seen.look(cluster);
            shake_hands(address, seen.late())
                .map_err(|error| format!("late, {:?}: {error}", begun.elapsed()))?;
        }
        if !was_half && seen.authorities.len() == 2 {
            was_half = true;
            at_half();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(asked)
}

#[test]
fn authorities_and_certificates_give_way_to_the_next_and_not_one_review_is_missed() {
    let cluster = cluster();
    let scene = Scene::with_breaker(&cluster, "Deny", 100_000);
    empty(&cluster);
    let early = launch(&cluster, "webhook");
    eventually("why it is not ready", || match early.http("/readyz") {
        (line, body) if line.contains("503") && body.contains("no certificate yet") => Ok(()),
        (line, body) => Err(format!("{line} {body}")),
    });
    let mut first = Some(launch(&cluster, "controller"));
    eventually("a certificate", || early.answers("/readyz", "200"));
    assert!(early.terminate().success());
    let answering = launch(&cluster, "run");
    eventually("readyz", || answering.answers("/readyz", "200"));
    ask(&scene, &answering.webhook());
    scene.await_denials();

    // Once there was another authority, the one that stood by takes over, in the middle of a change.
    let mut seen = Seen::default();
    let over = || assert!(first.take().unwrap().terminate().success());
    let asked = load(&cluster, &answering.webhook(), &mut seen, over).unwrap();
    let counts = (seen.bundles.len(), seen.authorities.len(), seen.certificates.len());
    println!("{asked} creates, all denied; bundles, authorities and certificates: {counts:?}");
    assert!(asked > 300, "{asked} is no load");
    assert!(seen.authorities.len() >= 3, "{counts:?}");
    assert!(seen.bundles.len() > seen.authorities.len(), "each was shown beside the one before: {counts:?}");
    let denied = answering.metric("stanchion_admission_reviews_total");
    assert!(denied >= f64::from(asked), "{denied} of {asked}");
    let ends = answering.metric("stanchion_admission_certificate_end_seconds");
    let left = ends - f64::from(u32::try_from(clock().as_second()).unwrap());
    assert!((0.0..=12.0).contains(&left), "{left} s are left of twelve");
    scene.forget();
    let written = answering.written();
    assert!(!written.contains("PRIVATE") && !written.contains("BEGIN"), "{written}");
}

#[test]
fn only_the_bundle_is_ours_and_what_somebody_broke_is_mended() {
    let cluster = cluster();
    let scene = Scene::at(&cluster, "Deny");
    empty(&cluster);
    ask(&scene, "127.0.0.1:1");
    let operator = Operator::ready_with(&cluster, "mender", &["--certificate-times", "31536000,2592000,2,1"]);
    await_bundle(&cluster);
    let ours = cluster.get(&configuration())["metadata"]["managedFields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["manager"] == "stanchion-certificates")
        .cloned()
        .unwrap();
    for name in [configuration::WEBHOOK, configuration::CANARY_WEBHOOK] {
        let webhook = &ours["fieldsV1"]["f:webhooks"][format!("k:{{\"name\":\"{name}\"}}")];
        assert_eq!(webhook["f:clientConfig"], json!({"f:caBundle": {}}), "{ours}");
        let fields: Vec<_> = webhook.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, [".", "f:clientConfig", "f:name"], "{ours}");
    }

    // Applied anew, as whoever installs it does: the bundle stays.
    ask(&scene, "127.0.0.1:2");
    let before = bundle(&cluster);
    assert!(before.is_string());
    let broken = [
        json!({"data": null}),
        json!({"data": {"ca.crt": "Cg=="}}),
        json!({"data": {"tls.key": null}}),
        json!({"data": {"ca.key": "Cg=="}}),
    ];
    for patch in broken {
        let version = cluster.get(&secret())["metadata"]["resourceVersion"].clone();
        cluster.patch(&secret(), &patch);
        eventually(&format!("all keys after {patch}"), || {
            let found = cluster.get(&secret());
            let keys =
                found["data"].as_object().map_or(0, |data| data.values().filter(|it| **it != "Cg==").count());
            let is_mended = keys == 4 && found["metadata"]["resourceVersion"] != version;
            is_mended.then_some(()).ok_or_else(|| format!("{keys} keys"))
        });
        await_bundle(&cluster);
    }
    assert_ne!(bundle(&cluster), before);

    // Whose authority is somebody else's stays as it is.
    scene.ask("127.0.0.1:3", &scene.authority);
    let theirs = bundle(&cluster);
    eventually("a word about it", || {
        let is_said = operator.written().contains("has an authority that is not ours");
        is_said.then_some(()).ok_or("nothing in the log")
    });
    assert_eq!(bundle(&cluster), theirs);
    scene.forget();
}
