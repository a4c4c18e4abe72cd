//! Whatever the bytes are, reading and judging them ends, loses nothing silently and says the same twice.
//!
//! A fixed number of inputs, made from the repository's own manifests by a fixed seed: the examples, the conformance
//! corpus, and the examples of every control's page. `STANCHION_FUZZ=1000000 cargo test --release --test fuzz` tries more,
//! and `STANCHION_FUZZ_SEED` others.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::format_collect,
    reason = "a test may panic, has files and an environment, and makes texts in the simplest way"
)]

#[path = "fuzz/hostile.rs"]
mod hostile;
#[path = "fuzz/mutate.rs"]
mod mutate;
#[path = "fuzz/reviews.rs"]
mod reviews;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use mutate::Source;
use serde_json::Value;
use stanchion::api::Severity;
use stanchion::engine::catalogue;
use stanchion::engine::control::Heading;
use stanchion::engine::evaluate::assess;
use stanchion::engine::policy::{self, Policy};
use stanchion::load::{Collection, Role, Settings, Sheet};
use stanchion::manifest::Limits;
use stanchion::report::json::{AuditReport, Input, Scope};
use stanchion::report::table::{self, View};

/// How many inputs are tried.
const INPUTS: u64 = 5_000;

const NOW: Timestamp = Timestamp::constant(1_795_435_200, 0);

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|it| it.parse().ok()).unwrap_or(default)
}

/// Every YAML file below a folder.
fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|it| it == "yaml") {
            into.push(path);
        }
    }
}

/// What inputs are made from.
fn corpus() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["examples", "tests/conformance/cases"] {
        files(&root.join(folder), &mut paths);
    }
    paths.sort();
    let written = paths.iter().map(|path| fs::read(path).unwrap());
    let pages = catalogue::all().iter().flat_map(|control| {
        [Heading::Violating, Heading::Compliant].into_iter().flat_map(|heading| control.examples(heading))
    });
    written.chain(pages.map(String::into_bytes)).collect()
}

fn settings() -> Settings {
    Settings {
        namespace: "default".into(),
        limits: Limits::default(),
        keys: Arc::default(),
        kinds: stanchion::facts::CustomKinds::default(),
    }
}

/// All presets, and every control that none of them has, with its defaults.
fn everything() -> Policy {
    let mut collection = Collection::default();
    let mut presets = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/presets"), &mut presets);
    for path in presets {
        collection.add(Sheet::read("preset", &fs::read(path).unwrap(), &settings()), Role::Policy);
    }
    let ids = catalogue::all().iter().map(|control| format!("{{id: {}}}", control.id)).collect::<Vec<_>>();
    let all = format!(
        "{{apiVersion: stanchion.dev/v1alpha1, kind: SecurityStandard, metadata: {{name: all}}, spec: {{controls: [{}]}}}}",
        ids.join(", ")
    );
    collection.add(Sheet::read("all", all.as_bytes(), &settings()), Role::Policy);
    assert!(collection.problems.is_empty(), "{:?}", collection.problems);
    collection.compile(policy::Settings::default())
}

/// Reads and judges, and gives everything that is said.
fn audit(input: &[u8], policy: &Policy) -> (String, String) {
    let mut collection = Collection::default();
    collection.add(Sheet::read("input.yaml", input, &settings()), Role::Audited);
    // What people decided in the input itself must compile or be refused.
    drop(collection.compile(policy::Settings::default()));
    let mut assessment = assess(policy, &collection.inventory, NOW);
    assessment.subjects.retain(|key, _| collection.origins.contains_key(key));
    let shown = Input { collection: &collection, policy, assessment: &assessment };
    let report = AuditReport::new(shown, &Scope { fail_on: Some(Severity::Low), ..Scope::default() });
    let lines = u64::try_from(input.split(|byte| matches!(byte, b'\n' | b'\r')).count()).unwrap() + 1;
    for place in collection.problems.iter().filter_map(|problem| problem.position) {
        assert!((1..=lines).contains(&u64::from(place.line)), "{place} is not in a file of {lines} lines");
    }
    let table = table::render(&report, View { width: 100, verbose: true });
    (table, serde_json::to_string(&report).unwrap())
}

/// Whether a terminal acts on nothing in it but colours.
fn is_harmless(text: &str) -> bool {
    let is_colour = |part: &str| {
        let digits = part.strip_prefix('[').and_then(|rest| rest.split_once('m'));
        digits.is_some_and(|(digits, _)| digits.chars().all(|it| it.is_ascii_digit() || it == ';'))
    };
    text.split('\u{1b}').skip(1).all(is_colour) && !text.contains(['\u{7}', '\u{9b}'])
}

#[test]
fn whatever_the_bytes_are_they_are_judged_or_refused_and_twice_the_same() {
    let corpus = corpus();
    assert!(corpus.len() > 150, "{}", corpus.len());
    let policy = everything();
    let mut source = Source::new(number("STANCHION_FUZZ_SEED", 1));
    let (mut judged, mut refused) = (0_u64, 0_u64);
    for round in 0..number("STANCHION_FUZZ", INPUTS) {
        let input = source.input(&corpus);
        let said = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| audit(&input, &policy)));
        let Ok((table, json)) = said else {
            panic!("input {round} of this seed: {:?}", String::from_utf8_lossy(&input));
        };
        let report: Value = serde_json::from_str(&json).unwrap();
        judged += u64::from(report["subjects"].as_array().is_some_and(|list| !list.is_empty()));
        refused += u64::from(report["problems"].as_array().is_some_and(|list| !list.is_empty()));
        assert!(is_harmless(&table), "what a terminal acts on: {:?}", String::from_utf8_lossy(&input));
        if round % 50 == 0 {
            assert_eq!(audit(&input, &policy), (table, json), "{:?}", String::from_utf8_lossy(&input));
        }
    }
    println!("{judged} inputs judged, {refused} with problems");
    assert!(judged > 100 && refused > 100, "the inputs say nothing: {judged} judged, {refused} refused");
}
