//! What ARCHITECTURE.md promises and no lint can hold, read from the source as text.
//!
//! Each check is a function from a source to a list of problems, so that it can be shown a false source and seen to
//! find what is wrong with it; the tests below hand it the real ones.

#![expect(clippy::unwrap_used, reason = "a test that can't read the source fails there")]

#[path = "architecture/arrows.rs"]
mod arrows;
#[path = "architecture/document.rs"]
mod document;
#[path = "architecture/size.rs"]
mod size;
#[path = "architecture/source.rs"]
mod source;

use std::process::Command;

use source::Source;

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "{} to mend:\n  {}", problems.len(), problems.join("\n  "));
}

fn in_every_source(folders: &[&str], check: fn(&Source) -> Vec<String>) -> Vec<String> {
    let sources = source::below(folders);
    assert!(!sources.is_empty(), "{folders:?} has sources");
    sources.iter().flat_map(check).collect()
}

#[test]
fn arrows_between_modules_point_one_way() {
    assert_none(&in_every_source(&["src"], arrows::problems));
}

#[test]
fn controls_do_not_know_each_other() {
    assert_none(&arrows::between_controls(&source::below(&["src/controls"])));
}

#[test]
fn the_core_has_no_clock_no_files_no_environment_no_network_and_does_not_print() {
    assert_none(&in_every_source(&["src"], arrows::impurities));
}

#[test]
fn the_core_builds_without_an_async_runtime() {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--no-default-features", "--edges", "normal", "--invert", "tokio"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&tree.stderr);
    // Found in the lock file and not in the tree, or not even there: both are as it should be.
    assert!(said.contains("nothing to print") || said.contains("did not match any packages"), "{said}");
    assert_eq!(String::from_utf8_lossy(&tree.stdout), "", "this is what brings tokio into the core");
}

#[test]
fn files_stay_under_600_lines_and_main_under_40() {
    assert_none(&in_every_source(&["src", "tests", "benches"], size::file_problems));
}

#[test]
fn functions_stay_under_60_lines() {
    assert_none(&in_every_source(&["src"], size::function_problems));
}

#[test]
fn lints_are_expected_with_a_reason_never_allowed_and_no_test_is_ignored() {
    assert_none(&in_every_source(&["src", "tests", "benches"], size::attribute_problems));
}

#[test]
fn a_module_is_a_file_with_its_name() {
    assert_none(&in_every_source(&["src"], size::module_problems));
}

#[test]
fn every_exception_in_deny_toml_has_its_reason() {
    assert_none(&document::unreasoned(&source::text("deny.toml")));
}

#[test]
fn every_invariant_names_a_test_or_lint_that_exists() {
    assert_none(&document::invariant_problems(&source::text("ARCHITECTURE.md"), &source::try_text));
}

#[test]
fn every_module_is_in_the_code_map() {
    let modules = source::below(&["src"]).into_iter().map(|source| source.module().to_owned()).collect();
    assert_none(&document::map_problems(&source::text("ARCHITECTURE.md"), &modules));
}
