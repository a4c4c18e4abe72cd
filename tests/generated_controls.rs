//! The committed pages of the controls, and the one of the frameworks, are what the code would write: `make generate` writes them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't read an example fails there"
)]

#[path = "catalogue/example.rs"]
mod example;
#[path = "support/fixes_page.rs"]
mod fixes_page;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use stanchion::engine::catalogue;
use stanchion::report::{control_page, framework_page};

/// Set by `make generate`: files are written instead of compared.
const GENERATE: &str = "STANCHION_GENERATE";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/controls")
}

#[expect(clippy::disallowed_methods, reason = "whether to write is told by the environment")]
fn generating() -> bool {
    env::var_os(GENERATE).is_some()
}

/// Compares a committed file with what it should hold or, when generating, writes it.
#[expect(clippy::disallowed_methods, reason = "the files are what is checked")]
fn check(path: &Path, content: &str, generating: bool) -> Result<(), String> {
    if fs::read_to_string(path).is_ok_and(|committed| committed == content) {
        return Ok(());
    }
    if generating {
        return fs::write(path, content).map_err(|error| format!("{}: {error}", path.display()));
    }
    Err(format!("{} is stale: run `make generate`", path.display()))
}

/// Finds pages of controls that are gone or, when generating, removes them.
#[expect(clippy::disallowed_methods, reason = "the files are what is checked")]
fn check_no_others(folder: &Path, names: &BTreeSet<String>, generating: bool) -> Result<(), String> {
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let entry = entry.map_err(|error| error.to_string())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if names.contains(&name) {
            continue;
        }
        if !generating {
            let path = entry.path();
            return Err(format!("{} is of no control and stale: run `make generate`", path.display()));
        }
        fs::remove_file(entry.path()).map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[test]
fn every_control_s_page_is_fresh_and_no_page_is_of_a_control_that_is_gone() {
    let folder = folder();
    if generating() {
        fs::create_dir_all(&folder).unwrap();
    }
    let controls = || catalogue::all().iter().copied();
    let pages = controls().map(|control| (control_page::file_name(control), control_page::render(control)));
    let table = ("README.md".to_owned(), control_page::table(controls()));
    let pages: Vec<(String, String)> = pages.chain([table]).collect();
    let mut stale: Vec<String> = Vec::new();
    for (name, content) in &pages {
        stale.extend(check(&folder.join(name), content, generating()).err());
    }
    let names = pages.into_iter().map(|(name, _)| name).collect();
    stale.extend(check_no_others(&folder, &names, generating()).err());
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}

#[test]
fn the_page_of_the_frameworks_is_fresh() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/frameworks.md");
    check(&page, &framework_page::render(catalogue::all()), generating()).unwrap();
}

#[test]
fn the_page_of_the_fixes_is_fresh() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fixes.md");
    check(&page, &fixes_page::render(), generating()).unwrap();
}

#[test]
fn a_stale_page_is_found_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("pod.privileged.md");
    let problem = check(&page, "fresh", false).unwrap_err();
    assert!(problem.ends_with("pod.privileged.md is stale: run `make generate`"), "{problem}");
    check(&page, "fresh", true).unwrap();
    check(&page, "fresh", false).unwrap();
    check(&page, "fresher", false).unwrap_err();
}

#[test]
fn the_page_of_a_control_that_is_gone_is_found_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("pod.gone.md");
    check(&page, "left over", true).unwrap();
    let problem = check_no_others(folder.path(), &BTreeSet::new(), false).unwrap_err();
    assert!(problem.ends_with("pod.gone.md is of no control and stale: run `make generate`"), "{problem}");
    check_no_others(folder.path(), &BTreeSet::new(), true).unwrap();
    check_no_others(folder.path(), &BTreeSet::new(), false).unwrap();
    assert!(!page.exists());
}
