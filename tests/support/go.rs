//! Programs of `tests/controlplane`, the Go module that holds what upstream alone can say.

// What clippy spares in tests it spares in all of this file.
#![cfg(test)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The program of this name, a folder of `tests/controlplane/cmd`. It is built if it is missing; one that is there is
/// taken as it is, so run `tests/controlplane/build.sh` after a change.
pub(crate) fn controlplane_binary(name: &str) -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    if let Some(bundled) = bundled(name) {
        return bundled;
    }
    let binary = repository.join("target/controlplane/bin").join(name);
    if binary.is_file() {
        return binary;
    }
    let script = repository.join("tests/controlplane/build.sh");
    let status = Command::new(&script).args(["target/controlplane", name]).current_dir(repository).status();
    match status {
        Ok(status) if status.success() && binary.is_file() => binary,
        Ok(status) => panic!("{} did not build `{name}`: {status}; it needs Go 1.26", script.display()),
        Err(error) => panic!("{} can't be run: {error}", script.display()),
    }
}

/// The program in the folder that `KUBEBUILDER_ASSETS` names; `build.sh` doesn't build what is there.
#[expect(clippy::disallowed_methods, reason = "a test has an environment")]
fn bundled(name: &str) -> Option<PathBuf> {
    let binary = Path::new(&std::env::var_os("KUBEBUILDER_ASSETS")?).join(name);
    binary.is_file().then_some(binary)
}
