//! What the detector of credentials finds and what it leaves alone, on a corpus of labelled values.
//!
//! `true.yaml` and `false.yaml` are pairs of names and values, `texts.yaml` and `arguments.yaml` are what config maps
//! and containers hold, `clean.yaml` is manifests without a credential. No file holds a credential: what is between « and » is made up by [`corpus::filled`] when the test
//! runs, differently for each value and alike in each run.

// What clippy spares in tests it spares in all of this file.
#![cfg(test)]

#[path = "credentials/corpus.rs"]
mod corpus;

use std::fmt::Write as _;

use corpus::{Arguments, False, Text, True, filled, read};
use serde_json::Value;
use stanchion::facts::credential::{CredentialKind, spot, spot_in_arguments, spot_in_text};

/// The smallest share of what is found that has to be right.
const PRECISION: f64 = 0.99;
/// The smallest share of what there is that has to be found.
const RECALL: f64 = 0.97;
/// With how many different made-up bodies each true value is tried.
const BODIES: u64 = 40;

/// What of a list is wrong, one a line.
fn assert_none(what: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{} {what}:\n  {}", wrong.len(), wrong.join("\n  "));
}

/// Each true value with its name and what it looks like, filled in with the bodies of a seed.
fn true_values(seed: u64) -> Vec<(String, String, String)> {
    let groups: Vec<True> = read("true.yaml");
    let pairs = groups
        .into_iter()
        .flat_map(|group| group.pairs.into_iter().map(move |pair| (group.kind.clone(), pair)));
    (seed..).zip(pairs).map(|(seed, (kind, (name, value)))| (kind, name, filled(&value, seed))).collect()
}

fn false_values() -> Vec<(String, String, String)> {
    let groups: Vec<False> = read("false.yaml");
    let pairs = groups
        .into_iter()
        .flat_map(|group| group.pairs.into_iter().map(move |pair| (group.why.clone(), pair)));
    (0..).zip(pairs).map(|(seed, (why, (name, value)))| (why, name, filled(&value, seed))).collect()
}

#[test]
fn precision_and_recall_stay_where_they_are() {
    let (there, harmless) = (true_values(0), false_values());
    assert!(there.len() >= 200 && harmless.len() >= 450, "{} and {} values", there.len(), harmless.len());
    let (mut missed, mut alarms, mut misnamed) = (Vec::new(), Vec::new(), Vec::new());
    for (kind, name, value) in &there {
        match spot(name, value) {
            None => missed.push(format!("{name}, {kind}: {value:?}")),
            Some(found) if found.as_str() != kind => {
                misnamed.push(format!("{name}: {kind}, not {found}: {value:?}"));
            }
            Some(_) => {}
        }
    }
    for (why, name, value) in &harmless {
        if let Some(kind) = spot(name, value) {
            alarms.push(format!("{name}, of {why}, is not {kind}: {value:?}"));
        }
    }
    let found = there.len() - missed.len();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    let (precision, recall) = (share(found, found + alarms.len()), share(found, there.len()));
    let mut report = format!(
        "precision {precision:.4}, recall {recall:.4}, of {} true and {} false\n",
        there.len(),
        harmless.len()
    );
    for (what, list) in [("missed", &missed), ("false alarm", &alarms), ("misnamed", &misnamed)] {
        for entry in list {
            writeln!(report, "  {what}: {entry}").unwrap();
        }
    }
    println!("{report}");
    assert!(precision >= PRECISION && recall >= RECALL, "{report}");
    assert_none("kinds are wrong", &misnamed);
}

#[test]
fn what_is_random_is_found_whatever_it_is() {
    let (mut tried, mut missed) = (0_usize, Vec::new());
    for seed in 1..=BODIES {
        for (kind, name, value) in true_values(seed * 1000) {
            tried += 1;
            if spot(&name, &value).is_none() {
                missed.push(format!("{name}, {kind}: {value:?}"));
            }
        }
    }
    println!("{} of {tried} missed:\n  {}", missed.len(), missed.join("\n  "));
    assert!(missed.len() * 100 <= tried, "{} of {tried} missed:\n  {}", missed.len(), missed.join("\n  "));
}

#[test]
fn every_credential_of_a_text_is_found_with_its_line_and_key() {
    let mut wrong = Vec::new();
    for (seed, text) in (0..).zip(read::<Vec<Text>>("texts.yaml")) {
        let filled = filled(&text.lines, seed);
        let show = |spot: &stanchion::facts::credential::Spot<'_>| {
            format!("{} {}: {}", spot.line, spot.key, spot.kind)
        };
        let found: Vec<String> = spot_in_text(&filled).iter().map(show).collect();
        if found != text.spots {
            wrong.push(format!("{}: found {found:#?}, not {:#?}", text.about, text.spots));
        }
    }
    assert_none("texts are read wrongly", &wrong);
}

#[test]
fn every_credential_among_arguments_is_found_with_its_flag() {
    let mut wrong = Vec::new();
    for (seed, case) in (0..).zip(read::<Vec<Arguments>>("arguments.yaml")) {
        let arguments: Vec<String> = case.arguments.iter().map(|argument| filled(argument, seed)).collect();
        let found = spot_in_arguments(arguments.iter().map(String::as_str));
        let found: Vec<String> =
            found.iter().map(|spot| format!("{} {}: {}", spot.index, spot.name, spot.kind)).collect();
        if found != case.spots {
            wrong.push(format!("{:?}: found {found:?}, not {:?}", case.arguments, case.spots));
        }
    }
    assert_none("commands are read wrongly", &wrong);
}

#[test]
fn nothing_is_found_in_manifests_without_a_credential() {
    let objects: Vec<Value> = read("clean.yaml");
    let (mut looked, mut alarms) = (0_usize, Vec::new());
    for object in &objects {
        corpus::strings("", object, &mut |name, value| {
            looked += 1;
            let in_text = spot_in_text(value).len() + spot_in_arguments([name, value]).len();
            if spot(name, value).is_some() || in_text > 0 {
                alarms.push(format!("{name}: {value:?}"));
            }
        });
    }
    assert!(looked > 120, "{looked} strings");
    assert_none("false alarms", &alarms);
}

#[test]
fn the_corpus_has_every_kind() {
    let groups: Vec<True> = read("true.yaml");
    for kind in CredentialKind::ALL {
        assert!(
            groups.iter().any(|group| group.kind == kind.as_str()),
            "true.yaml has none that looks like {kind}"
        );
    }
}
