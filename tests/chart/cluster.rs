//! The chart on a real API server.

use std::path::Path;

use serde_json::Value;

use crate::RENDERINGS;
use crate::controlplane::{ControlPlane, text};
use crate::helm::{self, Rendering, chart, run};

/// Groups of others, whose kinds this API server doesn't serve.
const OF_OTHERS: [&str; 2] = ["cert-manager.io/", "monitoring.coreos.com/"];

/// A release of the chart, by the name and in the namespace that everything else has.
struct Release<'a> {
    plane: &'a ControlPlane,
    home: &'a Path,
}

impl Release<'_> {
    /// Runs helm, and gives what it printed.
    fn helm(&self, arguments: &[&str]) -> String {
        let kubeconfig = self.plane.kubeconfig("admin");
        let mut all = arguments.to_vec();
        all.push("--namespace=stanchion-system");
        let output = run(self.home, Some(&kubeconfig), &all);
        assert!(output.status.success(), "helm {all:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    fn get(&self, arguments: &[&str]) -> String {
        self.plane.kubectl(&[&["get", "--ignore-not-found"], arguments].concat())
    }

    fn uid_of_the_standard(&self) -> String {
        self.get(&["securitystandard", "pod-security-baseline", "-o", "jsonpath={.metadata.uid}"])
    }
}

#[test]
fn an_api_server_takes_every_rendering_and_a_release_comes_and_goes() {
    let plane = ControlPlane::start();
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let release = Release { plane: &plane, home: home.path() };
    let chart = chart();
    let chart = chart.to_str().unwrap();
    let preset = "--set=presets={pod-security-baseline}";

    // All at once, the kinds and a standard: the first is not there when Helm looks.
    let notes = release.helm(&["install", "stanchion", chart, "--create-namespace", preset]);
    assert!(notes.contains("kubectl get securitystandards"), "{notes}");
    let standard = release.uid_of_the_standard();
    assert!(!standard.is_empty(), "the standard is there");
    every_rendering_is_taken(&release);
    a_name_that_is_no_value_is_refused(&release, chart);

    an_upgrade_leaves_what_the_operator_wrote(&release, &["upgrade", "stanchion", chart, preset]);
    assert_eq!(release.uid_of_the_standard(), standard, "the upgrade took it over");
    release.helm(&["upgrade", "stanchion", chart, "--set=mode=separate"]);
    assert_eq!(
        release.uid_of_the_standard(),
        standard,
        "who takes it out of the values removes no guardrail"
    );
    let deployments = release.get(&["deployments", "-A", "-o", "name"]);
    assert_eq!(deployments.lines().count(), 2, "{deployments}");

    release.helm(&["uninstall", "stanchion"]);
    assert_eq!(release.uid_of_the_standard(), standard);
    assert_eq!(release.get(&["crd", "-o", "name"]).lines().count(), 3, "the kinds stay");
    let gone = "deployments,secrets,services,validatingwebhookconfigurations,validatingadmissionpolicies";
    assert_eq!(release.get(&[gone, "-n", "stanchion-system", "-o", "name"]), "", "nothing else does");

    // What stayed is taken over by the next one.
    release.helm(&["install", "stanchion", chart, preset]);
    assert_eq!(release.uid_of_the_standard(), standard);
}

/// Server-side, without keeping anything.
#[expect(clippy::disallowed_methods, reason = "tests have files")]
fn every_rendering_is_taken(release: &Release<'_>) {
    for name in RENDERINGS {
        let rendering = Rendering::of(name);
        let is_served = |object: &Value| {
            let version = object["apiVersion"].as_str().unwrap();
            !OF_OTHERS.iter().any(|group| version.starts_with(group))
        };
        let items: Vec<Value> = rendering.objects().into_iter().filter(is_served).collect();
        assert!(items.len() > 20, "{name} has {} objects", items.len());
        let file = release.home.join("rendering.json");
        let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": items});
        std::fs::write(&file, list.to_string()).unwrap();
        let file = file.to_str().unwrap();
        let flags = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", file];
        let said = release.plane.kubectl(&flags);
        assert_eq!(said.lines().count(), items.len(), "{name}: {said}");
    }
}

/// Certificates are the operator's, in the Secret and in the configuration.
fn an_upgrade_leaves_what_the_operator_wrote(release: &Release<'_>, upgrade: &[&str]) {
    let secret = ["secret", "stanchion-webhook-tls", "-n", "stanchion-system"];
    let patch = |what: &[&str], patch: &str, kind: &str| {
        release.plane.kubectl(&[&["patch"], what, &["--type", kind, "-p", patch]].concat());
    };
    patch(&secret, r#"{"data": {"tls.crt": "eA=="}}"#, "merge");
    let configuration = ["validatingwebhookconfiguration", "stanchion"];
    let bundle = authority();
    let add =
        format!(r#"[{{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "{bundle}"}}]"#);
    patch(&configuration, &add, "json");

    release.helm(&[upgrade, &["--set=webhook.exemptNamespaces={gpu-operator}"]].concat());
    let found = release.get(&[&configuration[..], &["-o", "jsonpath={.webhooks[0]}"]].concat());
    assert!(found.contains(&bundle) && found.contains("gpu-operator"), "{found}");
    let found = release.get(&[&secret[..], &["-o", "jsonpath={.data}"]].concat());
    assert_eq!(found, r#"{"tls.crt":"eA=="}"#);
}

/// Some authority, as `caBundle` has it.
fn authority() -> String {
    use base64::Engine as _;
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    base64::engine::general_purpose::STANDARD.encode(certificate.pem())
}

fn a_name_that_is_no_value_is_refused(release: &Release<'_>, chart: &str) {
    let output = helm::run(release.home, None, &["template", "stanchion", chart, "--set=imge.tag=1"]);
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("imge"), "{}", text(&output.stderr));
}
