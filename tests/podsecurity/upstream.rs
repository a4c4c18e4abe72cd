//! The upstream evaluator, asked about many pods at once.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Command, Stdio};
use std::thread::Scope;

use serde::Deserialize;
use serde_json::Value;

use crate::go::controlplane_binary;

/// A pod as one line of JSON: `{"id", "metadata", "spec"}`.
pub(crate) struct Pod {
    pub(crate) id: String,
    pub(crate) text: String,
}

impl Pod {
    fn new(text: String) -> Self {
        #[derive(Deserialize)]
        struct Named {
            id: String,
        }
        let named: Named = serde_json::from_str(&text).expect("a pod is JSON");
        Self { id: named.id, text }
    }

    /// The pod's `spec`.
    pub(crate) fn spec(&self) -> Value {
        let mut whole: Value = serde_json::from_str(&self.text).expect("a pod is JSON");
        whole["spec"].take()
    }
}

/// A check of upstream.
#[derive(Deserialize)]
pub(crate) struct CheckInfo {
    pub(crate) id: String,
    pub(crate) level: String,
}

/// What upstream says of one pod.
#[derive(Deserialize)]
pub(crate) struct Answer {
    pub(crate) id: String,
    #[serde(default)]
    checks: BTreeMap<String, Outcome>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Outcome {
    allowed: bool,
}

impl Answer {
    /// Whether a check allows the pod.
    pub(crate) fn allows(&self, check: &str) -> bool {
        let outcome = self.checks.get(check);
        outcome.unwrap_or_else(|| panic!("{}: no {check}, {:?}", self.id, self.error)).allowed
    }
}

/// Which form of a pod the checks see.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    /// With what the API server fills in: what Pod Security admission sees.
    Completed,
    /// As it is written.
    Written,
}

/// All checks of upstream.
pub(crate) fn checks() -> Vec<CheckInfo> {
    let text = lines(&["checks"]).join("\n");
    serde_json::from_str(&text).expect("checks are JSON")
}

/// Upstream's own test pods.
pub(crate) fn fixtures() -> Vec<Pod> {
    lines(&["fixtures"]).into_iter().map(Pod::new).collect()
}

/// Pods made at random; the same seed makes the same pods.
pub(crate) fn generate(count: usize, seed: u64) -> Vec<Pod> {
    let (count, seed) = (count.to_string(), seed.to_string());
    lines(&["generate", "--count", &count, "--seed", &seed]).into_iter().map(Pod::new).collect()
}

/// What every check says of every pod, in the order of the pods; answers come while pods are still being asked about.
pub(crate) fn evaluate<'s>(
    scope: &'s Scope<'s, '_>,
    mode: Mode,
    pods: &'s [Pod],
) -> impl Iterator<Item = Answer> + use<> {
    let arguments: &[&str] = match mode {
        Mode::Completed => &["evaluate", "--defaults"],
        Mode::Written => &["evaluate"],
    };
    let mut child = Command::new(controlplane_binary("podsecurity"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("podsecurity runs");
    let mut questions = BufWriter::new(child.stdin.take().expect("stdin is piped"));
    scope.spawn(move || {
        for pod in pods {
            writeln!(questions, "{}", pod.text).expect("podsecurity reads");
        }
    });
    let answers = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
    let end = std::iter::from_fn(move || {
        assert!(child.wait().expect("podsecurity ends").success());
        None
    });
    let read = |line: std::io::Result<String>| line.expect("podsecurity answers");
    answers.map(move |line| serde_json::from_str(&read(line)).expect("an answer is JSON")).chain(end)
}

fn lines(arguments: &[&str]) -> Vec<String> {
    let output = Command::new(controlplane_binary("podsecurity"))
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .expect("podsecurity runs");
    assert!(output.status.success(), "podsecurity {arguments:?}: {}", output.status);
    let text = String::from_utf8(output.stdout).expect("podsecurity writes UTF-8");
    text.lines().map(str::to_owned).collect()
}
