//! What kubectl prints at each stage for a workload of the example company that fails, as it stands in the README.

use std::fmt::Write as _;
use std::path::Path;

use regex::Regex;
use serde_json::{Value, json};

use crate::plane::{cluster, eventually};
use crate::scene::{Said, Scene};

const BEGIN: &str = "<!-- stages: made by a test -->\n";
const END: &str = "<!-- end of stages -->";
const FILE: &str = "examples/shop/teams/payments/settlement.yaml";

#[expect(clippy::disallowed_methods, reason = "the test reads the README, and writes it when asked to")]
pub(crate) fn check() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the README has the block");
    let (written, after) = rest.split_once(END).expect("the block ends");
    let shown = shown();
    if std::env::var_os("STANCHION_GENERATE").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{shown}{END}{after}")).unwrap();
        return;
    }
    // The days are those of the run.
    let days = Regex::new(r"\d{4}-\d\d-\d\d").unwrap();
    assert_eq!(
        days.replace_all(written, "a day"),
        days.replace_all(&shown, "a day"),
        "README.md is stale: run `STANCHION_GENERATE=1 cargo test --test webhook`"
    );
}

/// What is applied at each stage, and what is printed.
fn shown() -> String {
    let cluster = cluster();
    let scene = Scene::at(&cluster, "Warn");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = |path: &str| root.join(path).to_string_lossy().into_owned();
    let apply = |path: &str| {
        let output = cluster.plane.try_kubectl("admin", &["apply", "-f", &file(path)]);
        Said::of(&output)
    };
    apply("examples/shop/platform/namespaces.yaml");
    apply("examples/shop/platform/tiers/tier-0.yaml");
    apply("examples/shop/platform/standards/image-integrity.yaml");
    let operator = scene.run("run", "stages");
    scene.ask(&operator.webhook(), &scene.authority);
    let standard = json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": "image-integrity"},
    });
    let plans = [
        (
            "Audit",
            json!([{"action": "Audit", "soak": "14d"}, {"action": "Warn", "soak": "14d"}, {"action": "Deny"}]),
        ),
        (
            "Audit, a week before the next stage",
            json!([{"action": "Audit", "soak": "6d"}, {"action": "Warn", "soak": "14d"}, {"action": "Deny"}]),
        ),
        (
            "Warn",
            json!([{"action": "Audit", "soak": "0m"}, {"action": "Warn", "soak": "14d"}, {"action": "Deny"}]),
        ),
        (
            "Deny",
            json!([{"action": "Audit", "soak": "0m"}, {"action": "Warn", "soak": "0m"}, {"action": "Deny"}]),
        ),
    ];
    let mut shown = String::new();
    for (stage, plan) in plans {
        let rollout = json!({"stages": plan, "tiers": null, "ratchet": null, "freezes": null, "hold": null});
        cluster.patch(&standard, &json!({"spec": {"rollout": rollout}}));
        await_stage(&cluster.get(&standard)["metadata"]["generation"].clone(), &standard, &cluster, stage);
        let said = scene.cluster.plane.try_kubectl("admin", &["apply", "-f", &file(FILE)]);
        let said = Said::of(&said);
        let printed = format!("{}{}", said.stderr, said.stdout).replace(&file(FILE), FILE);
        let _ = write!(shown, "\n{stage}:\n\n```text\n$ kubectl apply -f {FILE}\n{printed}```\n");
        cluster.plane.kubectl(&["delete", "--ignore-not-found", "--wait=false", "-f", &file(FILE)]);
    }
    shown + "\n"
}

/// Waits until the operator has recorded the stage, and has read its own word.
fn await_stage(generation: &Value, standard: &Value, cluster: &crate::plane::Cluster, stage: &str) {
    let action = stage.split(',').next().unwrap();
    eventually(stage, || {
        let status = &cluster.get(standard)["status"];
        let tier = status["tiers"]
            .as_array()
            .and_then(|tiers| tiers.iter().find(|it| it["name"] == "tier-0").cloned());
        let is_there = status["observedGeneration"] == *generation
            && tier.as_ref().is_some_and(|tier| tier["action"] == action);
        if is_there { Ok(()) } else { Err(status.to_string()) }
    });
    std::thread::sleep(std::time::Duration::from_secs(2));
}
