//! Helm as a program, and what it renders.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::{env, fs};

use serde_json::Value;

use crate::copies;

/// Kinds that are as their own files, which other tests compare: golden files leave them out.
pub(crate) const COMPARED_ELSEWHERE: &[&str] = &[
    "CustomResourceDefinition",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
];

/// Given to every rendering: what it is must not depend on the version of Helm.
const KUBERNETES: &str = "--kube-version=1.37.0";

/// Served wherever the three kinds are.
const OWN_KINDS: [&str; 2] = [
    "--api-versions=stanchion.dev/v1alpha1/SecurityStandard",
    "--api-versions=stanchion.dev/v1alpha1/ServiceTier",
];

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the repository.
#[expect(clippy::disallowed_methods, reason = "tests have files")]
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Compares a file of the repository with what it should be, or writes it with `STANCHION_GENERATE` set.
#[expect(clippy::disallowed_methods, reason = "tests have files and an environment")]
pub(crate) fn check(path: &str, content: &str) {
    if env::var_os("STANCHION_GENERATE").is_some() {
        let file = root().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, content).unwrap();
        return;
    }
    let found = read(path);
    let differs = found.lines().zip(content.lines()).position(|(found, wanted)| found != wanted);
    let line = differs.unwrap_or_else(|| found.lines().count().min(content.lines().count())) + 1;
    let wanted = content.lines().nth(line - 1).unwrap_or_default();
    assert!(
        found == content,
        "{path} is stale from line {line} on, which is to be `{wanted}`: run `make generate` and commit what it changes"
    );
}

/// The program, built where the machine has none.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let built = Command::new(root().join("tests/helm/build.sh")).output().unwrap();
        let said = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "tests/helm/build.sh: {said}");
        PathBuf::from(String::from_utf8_lossy(&built.stdout).lines().last().unwrap())
    })
}

/// The chart, with copies that are fresh.
pub(crate) fn chart() -> PathBuf {
    static FRESH: OnceLock<()> = OnceLock::new();
    FRESH.get_or_init(copies::write);
    root().join("charts/stanchion")
}

/// Runs helm, at home in a folder of its own, with a kubeconfig if it needs one.
pub(crate) fn run(home: &Path, kubeconfig: Option<&Path>, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.env("HOME", home).env("KUBECONFIG", kubeconfig.unwrap_or(Path::new("/dev/null")));
    command.args(arguments).output().unwrap()
}

/// What the chart renders.
pub(crate) struct Rendering(String);

impl Rendering {
    /// By the values of this name, as `tests/chart/values/` has them.
    pub(crate) fn of(name: &str) -> Self {
        Self::of_with(name, &[])
    }

    /// By the values of this name, and further arguments of `helm template`.
    pub(crate) fn of_with(name: &str, arguments: &[&str]) -> Self {
        let values = format!("--values={}", root().join(format!("tests/chart/values/{name}.yaml")).display());
        let values = (name != "defaults").then_some(values.as_str());
        Self::with(&values.into_iter().chain(OWN_KINDS).chain(arguments.iter().copied()).collect::<Vec<_>>())
    }

    /// By no values, and further arguments of `helm template`.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let chart = chart();
        let mut all = vec!["template", "stanchion", chart.to_str().unwrap(), KUBERNETES];
        all.extend(["--namespace=stanchion-system"].iter().chain(arguments));
        let rendered = run(Path::new(env!("CARGO_TARGET_TMPDIR")), None, &all);
        let said = String::from_utf8_lossy(&rendered.stderr);
        assert!(rendered.status.success(), "helm {all:?}: {said}");
        Self(String::from_utf8(rendered.stdout).unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn objects(&self) -> Vec<Value> {
        crate::documents(&self.0)
    }

    /// The documents that are of none of these kinds, as they were rendered.
    pub(crate) fn text_without(&self, kinds: &[&str]) -> String {
        let is_kept = |text: &&str| {
            let kind = text.lines().find_map(|line| line.strip_prefix("kind: ")).unwrap_or_default();
            !kind.is_empty() && !kinds.contains(&kind)
        };
        self.0.split("---\n").filter(is_kept).flat_map(|text| ["---\n", text]).collect()
    }

    /// As manifests that nobody but kubectl needs to know of.
    pub(crate) fn without_helm(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let mut text = format!(
            "# Stanchion {version}, as the chart renders it by default. Made by `make generate`; docs/install.md says how to apply it.\n"
        );
        let of_helm = ["# Source: ", "helm.sh/chart: ", "app.kubernetes.io/managed-by: Helm"];
        for line in self.0.lines() {
            if !of_helm.iter().any(|start| line.trim_start().starts_with(start)) {
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }
}
