//! Running the program.

use std::path::Path;

use assert_cmd::cargo::cargo_bin_cmd;
use tempfile::TempDir;

/// What the fixtures were written for.
pub(crate) const AT: &str = "--at=2026-11-23";

/// How a run ended.
pub(crate) struct Run {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

/// A run to be.
pub(crate) struct Program(assert_cmd::Command);

/// The program in the folder of the fixtures, with no colours asked for.
pub(crate) fn stanchion(args: &[&str]) -> Program {
    let mut command = cargo_bin_cmd!("stanchion");
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/fixtures")).args(args);
    Program(command)
}

impl Program {
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.write_stdin(bytes);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn within(self, folder: &TempDir) -> Self {
        self.at(folder.path())
    }

    pub(crate) fn at(mut self, folder: &Path) -> Self {
        self.0.current_dir(folder);
        self
    }

    pub(crate) fn run(mut self) -> Run {
        let output = self.0.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code().unwrap() }
    }
}

/// A folder with these files.
#[expect(clippy::disallowed_methods, reason = "the program reads files")]
pub(crate) fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

/// What a file holds.
#[expect(clippy::disallowed_methods, reason = "the program reads files")]
pub(crate) fn content(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}

/// The names of a folder's files, sorted.
#[expect(clippy::disallowed_methods, reason = "the program reads files")]
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|it| it.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A pod that fails, with this name.
pub(crate) fn privileged(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name:?}}}\nspec:\n  containers:\n    - name: app\n      \
         image: registry.example.com/app:1\n      securityContext: {{privileged: true}}\n"
    )
}

/// A standard that asks for one control.
pub(crate) const STANDARD: &str = "apiVersion: stanchion.dev/v1alpha1\nkind: SecurityStandard\nmetadata: {name: one}\n\
                            spec: {controls: [{id: pod.privileged}]}\n";

/// Compares with a snapshot of this name.
macro_rules! snapshot {
    ($name:literal, $text:expr) => {
        insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $text);
        })
    };
}
pub(crate) use snapshot;
