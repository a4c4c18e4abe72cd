//! What every control of the catalogue must be: registered, documented under the fixed headings, and right about its
//! own examples.
//!
//! Each check is a function from a control to a list of problems, so that it can be shown a false control and seen to
//! find what is wrong with it; the tests below hand it the real ones.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't read the source or an example fails there"
)]

#[path = "catalogue/example.rs"]
mod example;
#[path = "catalogue/finding.rs"]
mod finding;
#[path = "catalogue/page.rs"]
mod page;
#[path = "catalogue/reference.rs"]
mod reference;
#[path = "catalogue/registration.rs"]
mod registration;
#[path = "catalogue/schema.rs"]
mod schema;

use stanchion::engine::catalogue;
use stanchion::engine::control::Control;

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "{} to mend:\n  {}", problems.len(), problems.join("\n  "));
}

/// The problems of every control, each with its id.
fn in_every_control(check: fn(&Control) -> Vec<String>) -> Vec<String> {
    let named = |control: &'static Control| {
        check(control).into_iter().map(|problem| format!("{}: {problem}", control.id))
    };
    catalogue::all().iter().copied().flat_map(named).collect()
}

#[test]
fn the_catalogue_is_sorted_by_id_and_no_id_is_given_twice() {
    let ids: Vec<&str> = catalogue::all().iter().map(|control| control.id).collect();
    assert_none(&registration::order_problems(&ids));
}

#[test]
fn every_file_of_a_control_is_registered_and_every_entry_has_its_file() {
    let ids: Vec<&str> = catalogue::all().iter().map(|control| control.id).collect();
    assert_none(&registration::problems(&registration::sources(), &ids));
}

#[test]
fn no_title_is_given_twice() {
    let titles: Vec<&str> = catalogue::all().iter().map(|control| control.title).collect();
    assert_none(&registration::twice("title", &titles));
}

#[test]
fn every_control_is_named_and_documented_under_the_fixed_headings() {
    assert_none(&in_every_control(page::problems));
}

#[test]
fn every_reference_names_a_clause_that_exists_and_not_of_the_pod_security_standards_alone() {
    assert_none(&in_every_control(reference::problems));
}

#[test]
fn every_parameter_is_described_and_has_a_default() {
    assert_none(&in_every_control(schema::problems));
}

#[test]
fn every_documented_example_is_judged_as_its_page_says() {
    assert_none(&in_every_control(example::problems));
}

#[test]
fn every_finding_of_an_example_reads_well_points_into_the_object_and_ends_with_its_patch() {
    assert_none(&in_every_control(finding::problems));
}
