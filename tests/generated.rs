//! Generated files are committed, so that they can be read without building anything; these tests hold them fresh.
//!
//! `make generate` writes them, which is `STANCHION_GENERATE=1 cargo test --test generated`. A further file is one
//! further test of one line.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may its helpers")]

#[cfg(feature = "operator")]
#[path = "support/cli_reference.rs"]
mod cli_reference;
#[cfg(feature = "operator")]
#[path = "support/metrics_reference.rs"]
mod metrics_reference;
#[path = "support/reference.rs"]
mod reference;

use std::{env, fs, path::Path};

use stanchion::admission::configuration;
use stanchion::facts::CustomKinds;
use stanchion::{
    api::{self, Kind},
    policies,
};

/// Compares a file of the repository with what it should be, or writes it with `STANCHION_GENERATE` set.
#[expect(clippy::disallowed_methods, reason = "tests have files and an environment")]
fn check(path: &str, content: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("STANCHION_GENERATE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, content).unwrap();
        return;
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    let differs = found.lines().zip(content.lines()).position(|(found, wanted)| found != wanted);
    let line = differs.unwrap_or_else(|| found.lines().count().min(content.lines().count())) + 1;
    assert!(
        found == content,
        "{path} is stale from line {line} on: run `make generate` and commit what it changes"
    );
}

#[test]
fn crd_of_security_standard_is_fresh() {
    check("crds/securitystandards.yaml", &api::crd_yaml(Kind::SecurityStandard).unwrap());
}

#[test]
fn crd_of_service_tier_is_fresh() {
    check("crds/servicetiers.yaml", &api::crd_yaml(Kind::ServiceTier).unwrap());
}

#[test]
fn crd_of_risk_exception_is_fresh() {
    check("crds/riskexceptions.yaml", &api::crd_yaml(Kind::RiskException).unwrap());
}

#[test]
fn the_policies_are_fresh() {
    let policies = policies::yaml(&policies::validating(policies::OPERATOR)).unwrap();
    check("deploy/policies.yaml", &policies);
    check("deploy/stamp.yaml", &policies::yaml(&policies::mutating()).unwrap());
}

#[test]
fn the_configuration_of_the_webhook_is_fresh() {
    let webhook = configuration::webhook(&CustomKinds::default());
    check("deploy/webhook.yaml", &api::to_yaml_stream([configuration::service(), webhook]).unwrap());
}

#[test]
fn reference_of_the_crds_is_fresh() {
    check("docs/reference/crds.md", &reference::crds());
}

#[test]
fn reference_of_the_conditions_is_fresh() {
    check("docs/reference/conditions.md", &reference::conditions());
}

#[test]
fn reference_of_the_events_is_fresh() {
    check("docs/reference/events.md", &reference::events());
}

#[test]
fn schema_of_an_audit_is_fresh() {
    let schema = schemars::schema_for!(stanchion::report::json::AuditReport);
    check("docs/reference/audit.schema.json", &format!("{:#}\n", schema.as_value()));
}

#[test]
fn schema_of_a_comparison_is_fresh() {
    let schema = schemars::schema_for!(stanchion::report::diff::AuditDiff);
    check("docs/reference/diff.schema.json", &format!("{:#}\n", schema.as_value()));
}

#[test]
fn schema_of_a_posture_is_fresh() {
    let schema = schemars::schema_for!(stanchion::report::posture::PostureReport);
    check("docs/reference/posture.schema.json", &format!("{:#}\n", schema.as_value()));
}

#[test]
fn schema_of_what_is_said_of_one_subject_is_fresh() {
    let schema = schemars::schema_for!(stanchion::report::why::WhyReport);
    check("docs/reference/why.schema.json", &format!("{:#}\n", schema.as_value()));
}

#[test]
fn schema_of_a_lint_report_is_fresh() {
    let schema = schemars::schema_for!(stanchion::report::lint::LintReport);
    check("docs/reference/lint.schema.json", &format!("{:#}\n", schema.as_value()));
}

#[test]
fn schema_of_a_list_of_exceptions_is_fresh() {
    let schema = schemars::schema_for!(stanchion::report::exceptions::ExceptionList);
    check("docs/reference/exceptions.schema.json", &format!("{:#}\n", schema.as_value()));
}

#[test]
fn schema_of_the_configuration_is_fresh() {
    let schema = schemars::schema_for!(stanchion::config::Config);
    check("docs/reference/config.schema.json", &format!("{:#}\n", schema.as_value()));
}

#[test]
fn the_table_of_lints_is_fresh() {
    check("docs/lint.md", &stanchion::report::lint_page::render());
}

/// Needs every subcommand, those of the operator included.
#[cfg(feature = "operator")]
#[test]
fn reference_of_the_command_line_is_fresh() {
    check("docs/reference/cli.md", &cli_reference::render());
}

#[cfg(feature = "operator")]
#[test]
fn reference_of_the_metrics_is_fresh() {
    check("docs/reference/metrics.md", &metrics_reference::render());
}
