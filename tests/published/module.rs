//! Files of published Go modules: fetched by the go command, of a version whose hash is written here.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// A version of a module, and the folder in it that is of use.
pub(crate) struct Module {
    version: &'static str,
    sum: &'static str,
    folder: &'static str,
}

/// Has the schema of SARIF 2.1.0.
pub(crate) const SARIF: Module = Module {
    version: "github.com/owenrumney/go-sarif/v3@v3.3.1",
    sum: "h1:bKY8YnWcY8zYTiGVObC5wZLlfEvMkCxK9XMGXBbzEtQ=",
    folder: "",
};
/// Has the definitions of openreports.io/v1alpha1.
pub(crate) const OPEN_REPORTS: Module = Module {
    version: "github.com/openreports/reports-api@v0.2.1",
    sum: "h1:g9KS3yle9Y1elmww4TK9EkD1rl6inIaiIJPX6e+u680=",
    folder: "config/crd",
};
/// Has the definitions of wgpolicyk8s.io/v1alpha2, whose own module is not served.
pub(crate) const POLICY_REPORT: Module = Module {
    version: "github.com/kyverno/kyverno@v1.19.1",
    sum: "h1:/MkgFii3/VlQfKR1JpC9tVwNNVNQTt2S4U6qCsafsTU=",
    folder: "config/crds/policyreport",
};

impl Module {
    /// Where a file is.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        let elsewhere = tempfile::TempDir::new().unwrap();
        let output = Command::new("go")
            .args(["mod", "download", "-json", self.version])
            .env("GOWORK", "off")
            // No go.mod around: the version and the hash are what is asked for here.
            .current_dir(elsewhere.path())
            .output()
            .expect("go can be run: install Go 1.26");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert!(
            output.status.success(),
            "{}: {told} {}",
            self.version,
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(told["Sum"], self.sum, "{} is not what it was", self.version);
        PathBuf::from(told["Dir"].as_str().unwrap()).join(self.folder).join(file)
    }

    /// What a file says.
    #[expect(clippy::disallowed_methods, reason = "the schema is a file")]
    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }
}
