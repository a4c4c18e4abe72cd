//! The Helm chart: what it renders, that an API server takes it, that the strictest standards find nothing in it, and that
//! what it holds of the rest of the repository is not stale.
//!
//! `STANCHION_GENERATE=1 cargo test --test chart` writes the golden files, `dist/install.yaml`, the chart's copies and the
//! table of its values.

#![cfg(feature = "operator")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic, and so may its helpers"
)]

#[path = "chart/arguments.rs"]
mod arguments;
#[path = "chart/audit.rs"]
mod audit;
#[path = "chart/cluster.rs"]
mod cluster;
#[path = "support/controlplane.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod controlplane;
#[path = "chart/copies.rs"]
mod copies;
#[path = "chart/helm.rs"]
mod helm;
#[path = "chart/values.rs"]
mod values;

use std::collections::BTreeSet;

use helm::{Rendering, check, read};
use serde_json::{Value, json};
use stanchion::policies;

/// What is rendered, each by the values in `tests/chart/values/`; the first one by none.
const RENDERINGS: [&str; 5] = ["defaults", "separate", "no-webhook", "cert-manager", "everything"];

/// Documents of the same kinds in two places, without what only says which release they are of.
fn bare(objects: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let strip = |mut object: Value| {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.retain(|key, _| key == "name" || key == "namespace");
        }
        object
    };
    let mut bare: Vec<Value> = objects.into_iter().map(strip).collect();
    bare.sort_by_cached_key(|object| format!("{} {}", object["kind"], object["metadata"]["name"]));
    bare
}

fn documents(yaml: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(yaml).unwrap()
}

#[test]
fn renderings_are_as_they_were_read() {
    for name in RENDERINGS.iter().skip(1) {
        let text = Rendering::of(name).text_without(helm::COMPARED_ELSEWHERE);
        check(&format!("tests/chart/golden/{name}.yaml"), &text);
    }
}

#[test]
fn the_plain_manifests_are_the_default_rendering() {
    let rendering = Rendering::with(&["--set=namespace.create=true", "--skip-tests"]);
    check("dist/install.yaml", &rendering.without_helm());
    let held: BTreeSet<_> =
        rendering.objects().iter().map(|object| object["kind"].as_str().unwrap().to_owned()).collect();
    for kind in ["CustomResourceDefinition", "Deployment", "Namespace", "ValidatingWebhookConfiguration"] {
        assert!(held.contains(kind), "{kind} is in dist/install.yaml");
    }
}

#[test]
fn the_rights_are_those_of_deploy_rbac() {
    let rights = |objects: Vec<Value>| {
        let is_right = |object: &Value| object["apiVersion"] == "rbac.authorization.k8s.io/v1";
        bare(objects.into_iter().filter(is_right))
    };
    let deployed = rights(documents(&read("deploy/rbac.yaml")));
    assert!(!deployed.is_empty());
    assert_eq!(rights(Rendering::of("defaults").objects()), deployed);

    // Who is handed certificates reads no Secret, and looks at the configuration without changing it.
    let handed = rights(Rendering::of("cert-manager").objects());
    let rules = handed.iter().flat_map(|object| object["rules"].as_array().cloned().unwrap_or_default());
    for rule in rules {
        let resources = rule["resources"].to_string();
        assert!(!resources.contains("\"secrets\""), "{rule}");
        assert!(
            !resources.contains("validatingwebhookconfigurations") || rule["verbs"] == json!(["get"]),
            "{rule}"
        );
    }
}

#[test]
fn the_policies_are_the_program_s_and_name_the_operator() {
    let elsewhere = Rendering::with(&["--namespace=guardrails", "--set=serviceAccount.name=keeper"]);
    for (rendering, user) in [
        (Rendering::of("defaults"), policies::OPERATOR),
        (elsewhere, "system:serviceaccount:guardrails:keeper"),
    ] {
        let wanted = policies::validating(user).iter().map(policies::Document::to_json).collect::<Vec<_>>();
        let is_policy =
            |object: &Value| object["kind"].as_str().unwrap().starts_with("ValidatingAdmissionPolicy");
        let found = bare(rendering.objects().into_iter().filter(is_policy));
        assert_eq!(found, bare(wanted), "{user}");
    }
}

#[test]
fn the_stamp_comes_where_the_api_server_can_take_it() {
    let stamp = |rendering: Rendering| {
        let is_stamp =
            |object: &Value| object["kind"].as_str().unwrap().starts_with("MutatingAdmissionPolicy");
        bare(rendering.objects().into_iter().filter(is_stamp))
    };
    let wanted = bare(policies::mutating().iter().map(policies::Document::to_json));
    let served = "--api-versions=admissionregistration.k8s.io/v1/MutatingAdmissionPolicy";
    assert_eq!(stamp(Rendering::with(&[])), Vec::<Value>::new());
    assert_eq!(stamp(Rendering::with(&[served])), wanted);
    assert_eq!(stamp(Rendering::with(&[served, "--set=policies.stamp=never"])), Vec::<Value>::new());
    assert_eq!(stamp(Rendering::of("everything")), wanted);
}

#[test]
fn the_webhook_is_the_program_s_and_leaves_out_the_release_s_namespace() {
    let configuration = |rendering: Rendering| {
        let is_configuration = |object: &Value| object["kind"] == "ValidatingWebhookConfiguration";
        rendering.objects().into_iter().find(is_configuration)
    };
    let wanted = stanchion::admission::configuration::webhook(&stanchion::facts::CustomKinds::default());
    let found = configuration(Rendering::of("defaults")).unwrap();
    assert_eq!(bare([found]), bare([wanted]));

    let found = configuration(Rendering::with(&["--namespace=guardrails"])).unwrap();
    let exempt = &found["webhooks"][0]["namespaceSelector"]["matchExpressions"][0]["values"];
    assert!(exempt.as_array().unwrap().contains(&json!("guardrails")), "{exempt}");
    assert_eq!(found["webhooks"][0]["clientConfig"]["service"]["namespace"], "guardrails");

    assert_eq!(configuration(Rendering::of("no-webhook")), None);
}

#[test]
fn every_pod_of_the_webhook_is_behind_its_service_and_no_other() {
    for name in RENDERINGS {
        let objects = Rendering::of(name).objects();
        let Some(service) = objects
            .iter()
            .find(|it| it["metadata"]["name"] == "stanchion-webhook" && it["kind"] == "Service")
        else {
            assert_eq!(name, "no-webhook");
            continue;
        };
        let selector = service["spec"]["selector"].as_object().unwrap();
        let mut behind = Vec::new();
        for pod in objects.iter().filter(|it| it["kind"] == "Deployment") {
            let labels = &pod["spec"]["template"]["metadata"]["labels"];
            if selector.iter().all(|(key, value)| &labels[key] == value) {
                behind.push(pod["spec"]["template"]["spec"]["containers"][0]["args"][0].as_str().unwrap());
            }
        }
        let wanted = if name == "separate" || name == "everything" { "webhook" } else { "run" };
        assert_eq!(behind, [wanted], "{name}");
    }
}

#[test]
fn alerts_and_panels_ask_for_metrics_that_there_are() {
    let reference = read("docs/reference/metrics.md");
    let mut asked = 0;
    for file in ["alerts.yaml", "dashboard.json"] {
        let text = read(&format!("charts/stanchion/files/{file}"));
        let is_name = |character: char| character.is_ascii_lowercase() || character == '_';
        for name in text.split(|character| !is_name(character)).filter(|name| name.starts_with("stanchion_"))
        {
            let name =
                ["_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
            assert!(reference.contains(&format!("| `{name}` |")), "{file}: no metric is called {name}");
            asked += 1;
        }
    }
    assert!(asked > 10, "{asked} metrics are asked for");
    serde_json::from_str::<Value>(&read("charts/stanchion/files/dashboard.json")).unwrap();
}

#[test]
fn the_image_is_of_the_program_by_the_toolchain_that_tests_use() {
    let dockerfile = read("Dockerfile");
    let toolchain = read("rust-toolchain.toml");
    let channel =
        toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap().trim_matches('"');
    assert!(dockerfile.contains(&format!("ARG RUST_VERSION={channel}\n")), "Dockerfile: Rust is {channel}");
    assert!(
        dockerfile.contains(concat!("ARG VERSION=", env!("CARGO_PKG_VERSION"), "\n")),
        "Dockerfile: VERSION"
    );
    let ignored = read(".dockerignore");
    for line in dockerfile.lines().filter(|line| line.starts_with("COPY ") && !line.contains("--from")) {
        let (_, sources) =
            line.rsplit_once(' ').map(|(before, to)| (to, before.split_whitespace().skip(1))).unwrap();
        for source in sources {
            assert!(ignored.contains(&format!("!{source}\n")), ".dockerignore: {source} is copied");
        }
    }
}
