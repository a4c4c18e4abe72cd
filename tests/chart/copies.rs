//! What the chart has from elsewhere in the repository: Helm reads no file outside of a chart.

use stanchion::admission::configuration;
use stanchion::api::{self, Kind};
use stanchion::facts::CustomKinds;
use stanchion::policies;

use crate::helm::{check, read, root};

/// The chart's files, and what they are to be.
fn files() -> Vec<(String, String)> {
    let kinds = [
        ("riskexceptions", Kind::RiskException),
        ("securitystandards", Kind::SecurityStandard),
        ("servicetiers", Kind::ServiceTier),
    ];
    let of_kind = |(name, kind)| (format!("crds/{name}.yaml"), api::crd_yaml(kind).unwrap());
    let mut files: Vec<(String, String)> = kinds.into_iter().map(of_kind).collect();
    assert_eq!(files.len(), Kind::ALL.len(), "every kind is among them");
    let webhook = configuration::webhook(&CustomKinds::default());
    let webhook = stanchion::api::to_yaml_stream([configuration::service(), webhook]).unwrap();
    let validating = policies::yaml(&policies::validating(policies::OPERATOR)).unwrap();
    let mutating = policies::yaml(&policies::mutating()).unwrap();
    for (name, text) in [("webhook", webhook), ("policies", validating), ("stamp", mutating)] {
        files.push((format!("{name}.yaml"), text));
    }
    files.push(("rbac.yaml".to_owned(), read("deploy/rbac.yaml")));
    for name in presets() {
        files.push((format!("presets/{name}.yaml"), read(&format!("examples/presets/{name}.yaml"))));
    }
    files
}

/// The names of the presets.
#[expect(clippy::disallowed_methods, reason = "tests have files")]
pub(crate) fn presets() -> Vec<String> {
    let folder = std::fs::read_dir(root().join("examples/presets")).unwrap();
    let name = |file: &std::path::Path| file.file_stem().unwrap().to_string_lossy().into_owned();
    let mut names: Vec<String> = folder.map(|entry| name(&entry.unwrap().path())).collect();
    names.sort();
    names
}

/// Writes them with `STANCHION_GENERATE` set, before anything is rendered.
pub(crate) fn write() {
    for (name, text) in files() {
        check(&format!("charts/stanchion/files/{name}"), &text);
    }
}

#[test]
fn what_the_chart_has_from_elsewhere_is_fresh() {
    crate::helm::chart();
    for (name, text) in files() {
        assert_eq!(read(&format!("charts/stanchion/files/{name}")), text, "{name}: run `make generate`");
    }
}
