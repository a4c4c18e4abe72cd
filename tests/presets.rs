//! The presets: they compile, hold exactly what they promise, and leave no control of the catalogue without a place.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic, and so may its helpers")]

#[path = "support/manifests.rs"]
mod manifests;

use std::collections::{BTreeMap, BTreeSet};

use manifests::{Manifests, listed, text};
use stanchion::api::{Action, SecurityStandard};
use stanchion::engine::catalogue;
use stanchion::engine::control::Framework;
use stanchion::engine::policy::{Policy, Settings};

const FOLDER: &str = "examples/presets";

/// Controls that no preset asks for, and why. They stand in the preset as a comment, with the reason.
const LEFT_OUT: [(&str, &str); 5] = [
    ("network.no-default-deny", "at Deny no namespace could be made: its policies come after it"),
    ("pod.ephemeral-containers", "at Deny it would stop `kubectl debug`"),
    ("pod.low-user-id", "many published images run as a user of their own below 10000"),
    ("secrets.env-from-secret", "many charts and images know no other way"),
    ("service.recommended-labels-missing", "charts of others label otherwise, and nothing breaks"),
];

fn preset(name: &str) -> SecurityStandard {
    let mut presets = Manifests::read(&format!("{FOLDER}/{name}.yaml")).standards;
    assert_eq!(presets.len(), 1, "{name}.yaml is one standard");
    presets.remove(0)
}

fn presets() -> Vec<SecurityStandard> {
    let files = listed(FOLDER);
    assert!(!files.is_empty());
    files.iter().flat_map(|file| Manifests::read(file).standards).collect()
}

/// The standards of a file, had it this text.
fn standards(file: &str, text: &str) -> Vec<SecurityStandard> {
    let mut manifests = Manifests::default();
    manifests.add(file, text);
    manifests.standards
}

fn ids(standard: &SecurityStandard) -> BTreeSet<&str> {
    standard.spec.controls.iter().map(|control| control.id.as_str()).collect()
}

fn of(framework: Framework) -> BTreeSet<&'static str> {
    let serves = |control: &&stanchion::engine::control::Control| {
        control.references.iter().any(|reference| reference.framework == framework)
    };
    catalogue::all().iter().copied().filter(serves).map(|control| control.id).collect()
}

fn refused(standards: &[SecurityStandard]) -> Vec<String> {
    let (_, refused) = Policy::compile(standards, [], [], Settings::default());
    refused.iter().map(|it| format!("{}: {}", it.name, it.errors)).collect()
}

#[test]
fn every_preset_compiles() {
    assert_eq!(refused(&presets()), [""; 0]);
}

#[test]
fn a_preset_is_called_as_its_file() {
    for file in listed(FOLDER) {
        let names: Vec<_> =
            Manifests::read(&file).standards.into_iter().map(|it| it.metadata.name.unwrap()).collect();
        assert_eq!(names, [file.trim_start_matches("examples/presets/").trim_end_matches(".yaml")]);
    }
}

#[test]
fn baseline_holds_the_baseline_controls_and_no_other() {
    assert_eq!(ids(&preset("pod-security-baseline")), of(Framework::PodSecurityBaseline));
}

#[test]
fn restricted_holds_what_restricted_adds_and_no_other() {
    let baseline = of(Framework::PodSecurityBaseline);
    let adds: BTreeSet<_> = of(Framework::PodSecurityRestricted).difference(&baseline).copied().collect();
    assert_eq!(ids(&preset("pod-security-restricted")), adds);
}

#[test]
fn every_control_is_in_one_preset_or_left_out_for_a_reason() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for preset in presets() {
        let name = preset.metadata.name.clone().unwrap();
        for id in ids(&preset) {
            places.entry(id.to_owned()).or_default().push(name.clone());
        }
    }
    for (id, reason) in LEFT_OUT {
        places.entry(id.to_owned()).or_default().push(format!("LEFT_OUT: {reason}"));
    }
    let wrong: Vec<String> = catalogue::all()
        .iter()
        .filter_map(|control| match places.get(control.id).map_or(&[][..], Vec::as_slice) {
            [] => {
                Some(format!("{} is in no preset: add it to one, or to LEFT_OUT with a reason", control.id))
            }
            [_] => None,
            several => Some(format!("{} is in {}: keep one", control.id, several.join(", "))),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_left_out_stands_as_a_comment_that_can_be_taken_in() {
    let taken_in = |file: &String| standards(file, &text(file).replace("# - id:", "- id:"));
    let taken_in: Vec<SecurityStandard> = listed(FOLDER).iter().flat_map(taken_in).collect();
    assert_eq!(refused(&taken_in), [""; 0]);
    let ids = taken_in.iter().flat_map(ids).collect::<BTreeSet<_>>();
    for (id, _) in LEFT_OUT {
        assert!(ids.contains(id), "{id} is in no preset");
    }
}

#[test]
fn what_only_you_know_can_be_filled_in() {
    let filled = |name: &str, field: &str| {
        let file = format!("{FOLDER}/{name}.yaml");
        let empty = format!("{field}: []");
        let written = text(&file);
        let (before, after) = written.split_once(&empty).unwrap_or_else(|| panic!("no `{empty}` in {file}"));
        // Its examples stand below it.
        let examples = after.lines().skip(1).take_while(|line| line.starts_with("        # - ")).count();
        let taken_in = after.replacen("        # - ", "        - ", examples);
        let filled = standards(&file, &format!("{before}{field}:{taken_in}"));
        assert_eq!(refused(&filled), [""; 0]);
        let controls = filled.into_iter().flat_map(|standard| standard.spec.controls);
        let lists = controls.filter_map(|control| control.parameters.get(field)?.as_array().map(Vec::len));
        lists.collect::<Vec<_>>()
    };
    assert_eq!(filled("image-integrity", "registries"), [2]);
    assert_eq!(filled("image-integrity", "bases"), [2]);
    assert_eq!(filled("network-isolation", "insideClasses"), [1]);
}

#[test]
fn the_lists_of_least_privilege_can_be_filled_in() {
    let file = format!("{FOLDER}/least-privilege.yaml");
    let written = text(&file)
        .replace("allowedSubjects: []", "allowedSubjects:")
        .replace("prefixes: []", "prefixes:")
        .replace("allowed: []", "allowed:")
        .replace("standard: []", "standard:")
        .replace("        # - \"", "        - \"");
    let filled = standards(&file, &written);
    assert_eq!(refused(&filled), [""; 0]);
    let given = filled[0].spec.controls.iter().flat_map(|control| control.parameters.values());
    assert!(given.clone().count() >= 4);
    assert!(given.clone().all(|list| list.as_array().is_some_and(|list| !list.is_empty())));
}

#[test]
fn collectors_of_one_s_own_can_be_filled_in() {
    let file = format!("{FOLDER}/logging-coverage.yaml");
    let written = text(&file)
        .replace("collectors: []", "collectors:")
        .replace("        # - reg", "        - reg")
        .replace("        # - docker", "        - docker")
        .replace("# kept: 30d", "kept: 30d");
    let filled = standards(&file, &written);
    assert_eq!(refused(&filled), [""; 0]);
    let parameters = |id: &str| {
        let control = filled[0].spec.controls.iter().find(|control| control.id == id).unwrap();
        control.parameters.clone()
    };
    assert_eq!(parameters("logging.not-shipped")["collectors"].as_array().unwrap().len(), 2);
    assert_eq!(parameters("logging.short-retention")["kept"], "30d");
}

#[test]
fn no_preset_warns_or_denies_before_it_has_measured() {
    for preset in presets() {
        let rollout = preset.spec.rollout.expect("a preset says how it rolls out");
        let actions: Vec<Action> = rollout.stages.iter().map(|stage| stage.action).collect();
        assert_eq!(actions, [Action::Audit, Action::Warn, Action::Deny]);
        assert!(rollout.stages[1].promote_at.is_some(), "time alone must not begin to deny");
        assert!(rollout.ratchet.is_some(), "what runs today must be spared at first");
    }
}
