//! A page, and what a browser sees of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use assert_cmd::cargo::cargo_bin_cmd;
use serde_json::Value;
use tempfile::TempDir;

/// How much of a page is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thoroughness {
    /// 320 and 1440 pixels, light and dark, with and without a script.
    EveryView,
    /// 320 and 1440 pixels, light, with a script.
    Quick,
}

/// A page, with the JSON of the same run.
pub(crate) struct Page {
    /// What `-o json` says.
    pub(crate) report: Value,
    /// What `-o json` says with `--framework soc2`.
    pub(crate) soc2: Value,
    /// What `look.mjs` saw.
    pub(crate) seen: Value,
}

/// The browser, once everything is there that it takes.
static CHROMIUM: LazyLock<String> = LazyLock::new(|| {
    let output = Command::new(folder().join("install.sh")).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tests/page/install.sh: {said}");
    String::from_utf8(output.stdout).unwrap().lines().last().unwrap().to_owned()
});

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page")
}

impl Page {
    /// Audits, and looks at the result.
    #[expect(clippy::disallowed_methods, reason = "the program writes files")]
    pub(crate) fn of(args: &[&str], input: Option<&str>, thoroughness: Thoroughness) -> Self {
        let written = TempDir::new().unwrap();
        let file = written.path().join("audit.html");
        let json = written.path().join("audit.json");
        let mut audit = cargo_bin_cmd!("stanchion");
        audit.arg("audit").args(args).args(["--framework", "soc2"]);
        audit.arg(format!("-ohtml={}", file.display())).arg(format!("-ojson={}", json.display()));
        let output = audit.write_stdin(input.unwrap_or_default()).output().unwrap();
        assert!(output.stdout.is_empty(), "both go to files");
        let report: Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
        let mut look = Command::new("node");
        look.arg(folder().join("look.mjs")).arg(&*CHROMIUM).arg(&file);
        if thoroughness == Thoroughness::Quick {
            look.arg("quick");
        }
        let output = look.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tests/page/look.mjs: {said}");
        Self {
            soc2: report["framework"].clone(),
            report,
            seen: serde_json::from_slice(&output.stdout).unwrap(),
        }
    }

    /// Every finding, excused or not.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Value> {
        let subjects = self.report["subjects"].as_array().unwrap();
        subjects.iter().flat_map(|it| it["findings"].as_array().unwrap())
    }
}
