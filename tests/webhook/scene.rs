//! A shop, its standard at a stage, and who is asked.

use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stanchion::admission::configuration;
use stanchion::facts::CustomKinds;
use tempfile::TempDir;

use crate::operator::Operator;
use crate::pki::Authority;
use crate::plane::{Cluster, eventually};

/// The shop.
pub(crate) struct Scene<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) authority: Authority,
    /// Its certificate and its manifests.
    pub(crate) folder: TempDir,
}

/// What kubectl said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// What became of an apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    Created,
    Changed,
    Refused,
}

/// The standard of the shop, by its name.
pub(crate) fn standard() -> Value {
    json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": "baseline"},
    })
}

/// A Deployment of the shop, right or wrong.
pub(crate) fn deployment(name: &str, privileged: bool) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{
                    "name": "app", "image": "registry.example/app:1", "securityContext": {"privileged": privileged},
                }]},
            },
        },
    })
}

impl<'a> Scene<'a> {
    /// With nothing in it.
    pub(crate) fn at(cluster: &'a Cluster, action: &str) -> Self {
        Self::with_breaker(cluster, action, 1000)
    }

    /// The same where so many denials are allowed.
    pub(crate) fn with_breaker(cluster: &'a Cluster, action: &str, most: u32) -> Self {
        let scene = Self { cluster, authority: Authority::new(), folder: tempfile::tempdir().unwrap() };
        scene.forget();
        scene.authority.leaf(30).write(scene.folder.path());
        cluster.namespace("shop", &json!({"shop": "open"}), &json!({}));
        cluster.create(&json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "ServiceTier", "metadata": {"name": "retail"},
            "spec": {"level": 1, "selectors": [{"namespaceSelector": {"matchLabels": {"shop": "open"}}}]},
        }));
        cluster.create(&json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": "baseline"},
            "spec": {"controls": [{"id": "pod.privileged"}], "rollout": {
                "stages": [{"action": "Audit", "soak": "0m"}, {"action": action}], "circuitBreaker": {"maxDenials": most, "window": "10m"},
            }},
        }));
        scene
    }

    /// Starts a process with the certificate of this scene, if it answers.
    pub(crate) fn run(&self, command: &str, identity: &str) -> Operator {
        self.run_with(command, identity, &[])
    }

    /// The same with more flags.
    pub(crate) fn run_with(&self, command: &str, identity: &str, flags: &[&str]) -> Operator {
        let folder = self.folder.path().to_string_lossy();
        let answers: &[&str] = if command == "controller" {
            &[]
        } else {
            &["--listen", "127.0.0.1:0", "--cert-dir", &folder, "--linger", "2"]
        };
        let flags = [answers, flags].concat();
        let operator = Operator::launch(command, &self.cluster.kubeconfig(), identity, &flags);
        eventually("readyz", || operator.answers("/readyz", "200"));
        operator
    }

    /// Tells the API server to ask somebody.
    pub(crate) fn ask(&self, address: &str, authority: &Authority) {
        let mut webhook = configuration::webhook(&CustomKinds::default());
        for webhook in webhook["webhooks"].as_array_mut().unwrap() {
            webhook["clientConfig"] = json!({
                "url": format!("https://{address}{}", configuration::PATH),
                "caBundle": STANDARD.encode(&authority.pem),
            });
        }
        self.cluster.plane.kubectl(&["delete", "validatingwebhookconfiguration", "--all"]);
        self.apply(&webhook);
    }

    /// Tells it to ask nobody.
    pub(crate) fn forget(&self) {
        self.cluster.plane.kubectl(&["delete", "validatingwebhookconfiguration", "--all"]);
        // It takes a moment until the API server knows.
        std::thread::sleep(std::time::Duration::from_millis(1500));
    }

    /// Waits until what is wrong is denied: a stage has to be recorded, and a configuration to be known.
    pub(crate) fn await_denials(&self) {
        eventually("a denial", || {
            let tried = self.try_run(&deployment("probe", true));
            if tried.is_denied() { Ok(()) } else { Err(format!("{tried:?}")) }
        });
    }

    /// Applies an object, as an administrator does.
    pub(crate) fn apply(&self, object: &Value) -> Said {
        self.kubectl("admin", object, &["apply", "-f"])
    }

    /// The same as somebody else.
    pub(crate) fn apply_as(&self, user: &str, object: &Value) -> Said {
        self.kubectl(user, object, &["apply", "-f"])
    }

    /// Where the tier of the shop stands, as the standard's status has it.
    pub(crate) fn tier(&self) -> Value {
        let tiers = self.cluster.get(&standard())["status"]["tiers"].take();
        let found = tiers.as_array().and_then(|tiers| tiers.iter().find(|it| it["name"] == "retail"));
        found.cloned().unwrap_or_default()
    }

    /// The same without consequences.
    pub(crate) fn try_run(&self, object: &Value) -> Said {
        self.kubectl("admin", object, &["apply", "--dry-run=server", "-f"])
    }

    #[expect(clippy::disallowed_methods, reason = "tests have files")]
    fn kubectl(&self, user: &str, object: &Value, arguments: &[&str]) -> Said {
        let path = self.folder.path().join("object.json");
        std::fs::write(&path, object.to_string()).unwrap();
        let path = path.to_string_lossy();
        Said::of(&self.cluster.plane.try_kubectl(user, &[arguments, &[&path]].concat()))
    }
}

impl Said {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    pub(crate) fn is_denied(&self) -> bool {
        self.stderr.contains("denied the request")
    }

    pub(crate) fn outcome(&self) -> Applied {
        match &self.stdout {
            out if out.contains("created") => Applied::Created,
            out if out.contains("configured") || out.contains("unchanged") => Applied::Changed,
            _ => Applied::Refused,
        }
    }
}
