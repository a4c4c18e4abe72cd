//! JUnit XML against the schema of Jenkins, which the crate `junit-report` carries for its own tests.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use uppsala::XsdValidator;

use super::company;
use crate::program::stanchion;

/// The folder of a crate that the lock file pins.
#[expect(clippy::disallowed_methods, reason = "cargo tells where it is")]
fn crate_folder(name: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap();
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    // Not offline: what other platforms need is not there after a build, and is told of, too.
    let arguments = ["metadata", "--format-version=1", "--locked", "--manifest-path", manifest];
    let output = Command::new(cargo).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata.get("packages").and_then(Value::as_array).unwrap();
    let text = |package: &Value, field: &str| package.get(field)?.as_str().map(str::to_owned);
    let package = packages.iter().find(|package| text(package, "name").as_deref() == Some(name)).unwrap();
    PathBuf::from(text(package, "manifest_path").unwrap()).parent().unwrap().to_owned()
}

/// What is wrong with a document, by the schema.
#[expect(clippy::disallowed_methods, reason = "the schema is a file")]
pub(super) fn problems(document: &str) -> Vec<String> {
    let schema = std::fs::read_to_string(crate_folder("junit-report").join("tests/JUnit.xsd")).unwrap();
    let schema = uppsala::parse(&schema).unwrap();
    let validator = XsdValidator::from_schema(&schema).unwrap();
    let document = match uppsala::parse(document) {
        Ok(document) => document,
        Err(error) => return vec![error.to_string()],
    };
    validator.validate(&document).iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_written_keeps_to_the_schema() {
    for document in [company("junit"), stanchion(&["audit", "broken", "-o", "junit"]).run().stdout] {
        assert_eq!(problems(&document), Vec::<String>::new(), "{document}");
    }
}

#[test]
fn the_schema_is_looked_at() {
    let document = company("junit");
    for (good, bad) in
        [("<testcase ", "<testcase when=\"now\" "), ("failure", "fault"), (" name=", " title=")]
    {
        let document = document.replace(good, bad);
        assert!(!problems(&document).is_empty(), "{bad} is no part of the schema");
    }
}
