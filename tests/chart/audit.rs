//! The chart judged by the program that it installs.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::RENDERINGS;
use crate::helm::{Rendering, root};

/// What is not the chart's to know, and so fails or is unknown in a rendering that doesn't say it; `everything` does.
const UNKNOWN_TO_THE_CHART: [(&str, &str); 3] = [
    (
        "image.mutable-tag",
        "a digest is known once the image is made: `image.digest` is for whoever installs it",
    ),
    ("service.owner-unknown", "who answers for it is written as `commonAnnotations`, or on the namespace"),
    ("service.tier-unknown", "tiers are the cluster's: `tiers`, or those that are there"),
];

/// Nothing but the rendering is audited, so that no log collector is seen.
const OF_THE_CLUSTER: [&str; 1] = ["logging.not-shipped"];

/// The ids of controls that a rendering fails, and of those that can't say.
#[expect(clippy::disallowed_methods, reason = "tests have files")]
fn audit(name: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    // In a namespace that isn't exempt, as ours is; and without the standards that are to judge it, which come from files.
    let arguments = ["--namespace=guardrails", "--set=namespace.create=true", "--set=presets=null"];
    let rendering = Rendering::of_with(name, &arguments);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = folder.path().join("rendering.yaml");
    std::fs::write(&file, rendering.text()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_stanchion"))
        .args(["audit", "--standards", "examples/presets", "-o", "json", "--fail-on", "never"])
        .arg(&file)
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let subjects = report["subjects"].as_array().unwrap();
    assert!(subjects.iter().any(|subject| subject["kind"] == "Deployment"), "{name}: it is judged");
    let of = |list: &str| {
        let these = subjects.iter().flat_map(|subject| subject[list].as_array().unwrap());
        these.map(|it| it["control"].as_str().unwrap().to_owned()).collect()
    };
    (of("findings"), of("unknowns"))
}

#[test]
fn the_strictest_standards_find_nothing_that_the_chart_could_know() {
    for name in RENDERINGS {
        let (failing, unknown) = audit(name);
        let allowed = UNKNOWN_TO_THE_CHART.map(|(control, _)| control.to_owned());
        let wanted = if name == "everything" { BTreeSet::new() } else { BTreeSet::from(allowed) };
        assert_eq!(failing, wanted, "{name}");
        assert_eq!(unknown, OF_THE_CLUSTER.map(str::to_owned).into(), "{name}");
    }
}
