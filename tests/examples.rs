//! Every file of `examples/valid` must be accepted and every one of `examples/invalid` refused: by a real API server, and,
//! as far as it goes, without one. A file of `examples/invalid` has one defect, and says in its first line what to expect.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic, and so may its helpers"
)]

#[path = "support/controlplane.rs"]
#[expect(dead_code, reason = "the cluster tests use more of it")]
mod controlplane;

use std::{collections::BTreeMap, fs, path::Path, process::Output, sync::OnceLock};

use controlplane::{ControlPlane, text};
use kube::core::cel::Validator;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use stanchion::api::{self, Kind, RiskException, SecurityStandard, ServiceTier};

/// The files of a folder of `examples`: name and content, in the order of their names.
#[expect(clippy::disallowed_methods, reason = "tests have files")]
fn files(folder: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(folder);
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    entries.map(|path| (named(&path), fs::read_to_string(&path).unwrap())).collect()
}

fn parse(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).unwrap()
}

fn kind_of(document: &Value) -> Kind {
    Kind::of(document).expect("examples hold our kinds and nothing else")
}

/// What a file of `examples/invalid` expects.
fn expectation(yaml: &str) -> &str {
    yaml.lines()
        .next()
        .and_then(|line| line.strip_prefix("# expect: "))
        .expect("the first line is `# expect: MESSAGE`")
}

/// A control plane that knows our kinds.
fn cluster() -> &'static ControlPlane {
    static READY: OnceLock<()> = OnceLock::new();
    let plane = ControlPlane::shared();
    READY.get_or_init(|| {
        plane.kubectl(&["apply", "--server-side", "-f", &path("crds")]);
        plane.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
        plane.kubectl(&["create", "namespace", "payments"]);
    });
    plane
}

fn path(relative: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative).to_string_lossy().into_owned()
}

/// Refusals without a server: the schema's, unknown fields, and the rules that could be evaluated.
fn refusals(document: &Value) -> Vec<String> {
    let kind = kind_of(document);
    let mut found: Vec<_> = api::schema::validate(kind, document).iter().map(ToString::to_string).collect();
    found.extend(
        api::schema::unknown_fields(kind, document)
            .iter()
            .map(|field| format!("unknown field `{}`", field.path)),
    );
    let schema = serde_json::to_value(api::schema_of(kind)).unwrap();
    if found.is_empty()
        && let Err(errors) = Validator::new().validate(&schema, document, None)
    {
        found.push(format!("{errors:?}"));
    }
    found
}

#[test]
fn valid_examples_have_no_defect_without_a_server() {
    for (name, yaml) in files("valid") {
        assert_eq!(refusals(&parse(&yaml)), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn invalid_examples_are_refused_without_a_server() {
    for (name, yaml) in files("invalid") {
        assert!(!refusals(&parse(&yaml)).is_empty(), "{name} is accepted");
    }
}

#[test]
fn rules_refuse_without_a_server_in_the_same_words() {
    let mut compared = 0;
    for (name, yaml) in files("invalid") {
        let found = refusals(&parse(&yaml)).join("\n");
        // Rules speak in sentences of our own; the words for types and bounds are the API server's.
        let of_a_rule = ![
            "in body",
            "Duplicate value",
            "Required value",
            "Unsupported value",
            "Too many",
            "unknown field",
        ]
        .iter()
        .any(|words| expectation(&yaml).contains(words));
        if of_a_rule {
            assert!(
                found.contains(expectation(&yaml)),
                "{name} expects {}, found {found}",
                expectation(&yaml)
            );
            compared += 1;
        }
    }
    assert!(compared > 20, "only {compared} files were about a rule");
}

#[test]
fn our_types_lose_nothing_of_the_valid_examples() {
    fn survives<T: Serialize + DeserializeOwned>(document: &Value) -> Value {
        serde_json::to_value(serde_json::from_value::<T>(document.clone()).unwrap()).unwrap()
    }
    for (name, yaml) in files("valid") {
        let document = parse(&yaml);
        let survived = match kind_of(&document) {
            Kind::SecurityStandard => survives::<SecurityStandard>(&document),
            Kind::ServiceTier => survives::<ServiceTier>(&document),
            Kind::RiskException => survives::<RiskException>(&document),
        };
        assert!(holds(&survived, &document), "{name}: {survived:#}");
    }
}

/// Whether everything that was written is still there; our types may add what absence stands for, and write a time in
/// UTC.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, part)| whole.get(name).is_some_and(|whole| holds(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| holds(whole, part))
        }
        (Value::String(whole), Value::String(part)) => {
            let moment = |text: &str| text.parse::<jiff::Timestamp>().ok();
            whole == part || moment(whole).is_some_and(|whole| moment(part) == Some(whole))
        }
        (whole, part) => whole == part,
    }
}

#[test]
fn an_api_server_accepts_the_valid_examples_without_a_warning() {
    let output =
        cluster().try_kubectl("admin", &["create", "--dry-run=server", "-f", &path("examples/valid")]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).lines().count(), files("valid").len());
}

#[test]
fn an_api_server_refuses_the_invalid_examples_with_the_expected_words() {
    let output =
        cluster().try_kubectl("admin", &["create", "--dry-run=server", "-f", &path("examples/invalid")]);
    assert_eq!(text(&output.stdout), "", "accepted, though invalid");
    // One line a file, as kubectl goes through the folder.
    let messages = text(&output.stderr);
    let mut wrong = Vec::new();
    for (name, yaml) in files("invalid") {
        let came = messages.lines().find(|line| line.contains(&format!("/{name}\""))).unwrap_or("nothing");
        if !came.contains(expectation(&yaml)) {
            wrong.push(format!("{name}\n  expected {}\n  came     {came}", expectation(&yaml)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_api_server_keeps_the_crds_as_they_are_written() {
    for crd in api::crds() {
        let name = crd.metadata.name.clone().unwrap();
        let kept: Value =
            serde_json::from_str(&cluster().kubectl(&["get", "crd", &name, "-o", "json"])).unwrap();
        let written = whole_numbers(serde_json::to_value(&crd.spec.versions).unwrap());
        assert_eq!(whole_numbers(kept["spec"]["versions"].clone()), written, "{name}");
    }
}

/// Bounds are floats in the type and whole numbers on the wire.
fn whole_numbers(mut value: Value) -> Value {
    match &mut value {
        Value::Number(number) => return json!(number.as_f64()),
        Value::Array(items) => items.iter_mut().for_each(|item| *item = whole_numbers(item.take())),
        Value::Object(fields) => fields.values_mut().for_each(|field| *field = whole_numbers(field.take())),
        _ => {}
    }
    value
}

/// Creates a copy of a valid example in a namespace of its own, and gives back the namespace.
fn exception_in(namespace: &str, example: &str) {
    let mut document = parse(&files("valid")[example]);
    document["metadata"] = json!({ "name": "it", "namespace": namespace });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("exception.json");
    serde_json::to_writer(fs::File::create_new(&file).unwrap(), &document).unwrap();
    cluster().kubectl(&["create", "namespace", namespace]);
    cluster().kubectl(&["create", "-f", &file.to_string_lossy()]);
}

fn patch(namespace: &str, patch: &Value) -> Output {
    let patch = patch.to_string();
    cluster().try_kubectl("admin", &["patch", "rex", "it", "-n", namespace, "--type=merge", "-p", &patch])
}

#[test]
fn a_revoked_exception_stays_revoked() {
    exception_in("stays-revoked", "exception-revoked.yaml");
    let output = patch("stays-revoked", &json!({ "spec": { "revoked": null } }));
    assert!(text(&output.stderr).contains("a revoked exception stays revoked"), "{}", text(&output.stderr));
}

#[test]
fn who_asked_for_an_exception_is_said_once() {
    exception_in("said-once", "exception-minimal.yaml");
    let first = patch("said-once", &json!({ "spec": { "requestedBy": "ana@example.com" } }));
    assert!(first.status.success(), "{}", text(&first.stderr));
    for other in [json!("bo@example.com"), json!(null)] {
        let output = patch("said-once", &json!({ "spec": { "requestedBy": other } }));
        assert!(text(&output.stderr).contains("requestedBy is stamped once"), "{}", text(&output.stderr));
    }
}

#[test]
fn tables_answer_at_a_glance_and_fit_a_terminal() {
    let plane = cluster();
    exception_in("tables", "exception-approved.yaml");
    for file in ["standard-staged-rollout.yaml", "tier-crown-jewels.yaml"] {
        plane.kubectl(&["create", "-f", &path(&format!("examples/valid/{file}"))]);
    }
    let table = |kind: &str, name: &str| {
        let patch = path(&format!("tests/support/status/{kind}.yaml"));
        let of = [
            "patch",
            kind,
            name,
            "-n",
            "tables",
            "--subresource=status",
            "--type=merge",
            "--patch-file",
            &patch,
        ];
        let output = plane.try_kubectl("admin", &of);
        assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
        let table = plane.kubectl(&["get", kind, name, "-n", "tables"]);
        assert!(table.lines().all(|line| line.len() <= 120), "{table}");
        table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    let starts = |lines: Vec<String>, wanted: [&str; 2]| {
        assert!(lines.iter().zip(wanted).all(|(line, wanted)| line.starts_with(wanted)), "{lines:#?}");
    };
    starts(
        table("securitystandard", "image-integrity"),
        [
            "NAME COMPLIANCE EFFECTIVE FAILING EXCEPTED UNKNOWN ENFORCING ACCEPTED AGE",
            "image-integrity 87.5 93.1 86 70 0 MixedStages Accepted ",
        ],
    );
    starts(
        table("servicetier", "tier-0"),
        [
            "NAME LEVEL DEFAULT WORKLOADS COMPLIANCE EXCEPTIONS TARGETS ACCEPTED AGE",
            "tier-0 0 142 97.2 4 BelowTarget Accepted ",
        ],
    );
    starts(
        table("riskexception", "it"),
        [
            "NAME ACTIVE EXPIRES OWNER COVERS EFFECTIVE AGE",
            "it ExpiringSoon 2026-12-20T18:00:00+01:00 team-payments 1 CompensatingControlFailed ",
        ],
    );
}
