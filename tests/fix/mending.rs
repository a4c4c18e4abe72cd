//! Judging texts by every control, and making the safe patches until there are none.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value, json};
use stanchion::api::SecurityStandard;
use stanchion::engine::catalogue;
use stanchion::engine::control::{Heading, Patch, Safety};
use stanchion::engine::evaluate::assess;
use stanchion::engine::policy::{self, Policy};
use stanchion::facts::{Step, Text};
use stanchion::fix::{Wanted, fix};
use stanchion::load::{Collection, Role, Settings, Sheet};
use stanchion::manifest::{Limits, Position, read};

use crate::case::Case;

/// More rounds than any manifest takes.
const ROUNDS: usize = 40;

/// Every manifest that the repository has for another end: the examples of the controls, the corpus, the shop.
pub(crate) fn manifests() -> Vec<String> {
    let of_controls = catalogue::all().iter().flat_map(|control| {
        [Heading::Violating, Heading::Compliant].into_iter().flat_map(|heading| control.examples(heading))
    });
    let of_corpus = Case::all().into_iter().flat_map(|case| case.manifests).map(|(_, text)| text);
    let mut of_shop = Vec::new();
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop"), &mut of_shop);
    of_controls.chain(of_corpus).chain(of_shop).collect()
}

#[expect(clippy::disallowed_methods, reason = "tests have files")]
fn below(folder: &Path, texts: &mut Vec<String>) {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            below(&path, texts);
        } else if path.extension().is_some_and(|it| it == "yaml") {
            texts.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

/// The objects of a text, with their places.
pub(crate) fn objects(text: &str) -> Vec<(Position, Value)> {
    let documents = read("", text.as_bytes(), &Limits::default()).documents;
    documents.iter().map(|document| (document.node.position, document.node.to_json())).collect()
}

/// A standard of every control.
fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| {
        let controls: Vec<Value> = catalogue::all().iter().map(|control| json!({"id": control.id})).collect();
        let standard = json!({
            "apiVersion": "stanchion.dev/v1alpha1",
            "kind": "SecurityStandard",
            "metadata": {"name": "all"},
            "spec": {"controls": controls},
        });
        let standard: SecurityStandard = serde_json::from_value(standard).unwrap();
        let (policy, refused) = Policy::compile([&standard], [], [], policy::Settings::default());
        assert_eq!(refused, []);
        policy
    })
}

/// The safe patches of a text, judged by every control. One a place.
pub(crate) fn patches(text: &str) -> Vec<(Position, Patch)> {
    let settings = Settings {
        namespace: Text::from("shop"),
        limits: Limits::default(),
        keys: Arc::default(),
        kinds: stanchion::facts::CustomKinds::default(),
    };
    let mut collection = Collection::default();
    collection.add(Sheet::read("it.yaml", text.as_bytes(), &settings), Role::Audited);
    let assessment = assess(policy(), &collection.inventory, jiff::Timestamp::UNIX_EPOCH);
    let mut found: Vec<(Position, Patch)> = Vec::new();
    for (key, assessed) in &assessment.subjects {
        let Some(origin) = collection.origins.get(key) else { continue };
        for judged in assessed.details.iter().flat_map(|detail| &detail.findings) {
            let Some(patch) = &judged.finding.fix.patch else { continue };
            let known = found.iter().any(|(at, it)| *at == origin.start() && it.path == patch.path);
            if patch.safety == Safety::Safe && !known {
                found.push((origin.start(), (**patch).clone()));
            }
        }
    }
    found
}

/// The text with all safe patches made.
pub(crate) fn mend(text: &str) -> String {
    let mut now = text.to_owned();
    for _ in 0..ROUNDS {
        let wanted = patches(&now);
        let list: Vec<Wanted<'_>> =
            wanted.iter().map(|(start, patch)| Wanted { start: *start, patch }).collect();
        let next = String::from_utf8(fix(now.as_bytes(), &list, &Limits::default()).bytes).unwrap();
        if next == now {
            return now;
        }
        now = next;
    }
    panic!("no end to it:\n{now}");
}

/// What a patch makes of a value, by the plainest means.
pub(crate) fn patched(mut object: Value, patch: &Patch) -> Value {
    let mut here = &mut object;
    for step in patch.path.steps() {
        if here.is_null() {
            *here = Value::Object(Map::new());
        }
        here = match step {
            Step::Key(key) => &mut here[key.to_string()],
            Step::Index(index) => &mut here[*index],
        };
    }
    *here = patch.value.clone();
    object
}
