use std::collections::BTreeSet;

use super::*;
use crate::api::SecurityStandardStatus;
use crate::engine::evaluate::Ledger;
use crate::engine::policy::{Policy, Settings};
use crate::engine::posture::Counts;
use crate::facts::Inventory;

/// Shows a posture of so many standards and tiers, each judged in each.
fn shown(metrics: &Metrics, standards: &[String], tiers: &[String]) -> String {
    let made: Vec<_> = standards.iter().map(|name| standard(name)).collect();
    let (policy, refused) = Policy::compile(&made, &[], &[], Settings::default());
    assert!(refused.is_empty(), "{refused:?}");
    let ledger = Ledger::new(&policy, &Inventory::default(), "2026-11-23T12:00:00Z".parse().unwrap());
    let mut posture = ledger.posture().clone();
    let counts = Counts { evaluated: 10, compliant: 4, excepted: 3, failing: 2, unknown: 1 };
    let mut shown = Shown::default();
    for (posture, standard) in posture.standards.iter_mut().zip(&policy.standards) {
        posture.tiers = tiers.iter().map(|tier| (tier.as_str().into(), counts)).collect();
        let stages: Vec<_> =
            tiers.iter().map(|tier| serde_json::json!({"name": tier, "action": "Warn"})).collect();
        let status: SecurityStandardStatus =
            serde_json::from_value(serde_json::json!({"tiers": stages})).unwrap();
        shown.standard(&standard.name, &status);
    }
    let findings = Findings { policy: &policy, assessment: ledger.assessment(), posture: &posture };
    metrics.evaluated(&findings, &shown, &World::default());
    metrics.render()
}

fn standard(name: &str) -> crate::api::SecurityStandard {
    let object = serde_json::json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": name},
        "spec": {"controls": [{"id": "pod.privileged"}]},
    });
    serde_json::from_value(object).unwrap()
}

fn names(prefix: &str, number: usize) -> Vec<String> {
    (0..number).map(|index| format!("{prefix}-{index:03}")).collect()
}

fn series<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().filter(move |line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])))
}

fn sum(text: &str, name: &str) -> f64 {
    series(text, name).map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}

#[test]
fn exactly_what_the_table_has_is_registered() {
    let text = Metrics::new(&CustomKinds::default()).render();
    let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let families: Vec<String> = families.map(str::to_owned).collect();
    let table: Vec<String> =
        TABLE.iter().map(|row| format!("{} {}", row.name(), row.kind.as_str())).collect();
    assert_eq!(families, table);
    assert_eq!(table.iter().collect::<BTreeSet<_>>().len(), table.len(), "each once");
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn a_hostile_name_stays_a_label() {
    let hostile = "a\"} 1\nstanchion_leader 1\n# EOF\\".to_owned();
    let metrics = Metrics::new(&CustomKinds::default());
    let harmless = shown(&metrics, &names("standard", 1), &names("tier", 1)).lines().count();
    let text = shown(&metrics, &[hostile], &names("tier", 1));
    assert_eq!(text.lines().count(), harmless);
    assert_eq!(series(&text, "stanchion_leader").collect::<Vec<_>>(), ["stanchion_leader 0"]);
    let written = r#"stanchion_standard_subjects{standard="a\"} 1\nstanchion_leader 1\n# EOF\\",tier="tier-000",outcome="failing"} 2.0"#;
    assert!(text.lines().any(|line| line == written), "{text}");
}

#[test]
fn however_many_standards_and_tiers_there_are_the_exposition_is_bounded_and_adds_up() {
    let metrics = Metrics::new(&CustomKinds::default());
    let text = shown(&metrics, &names("standard", 500), &names("tier", 50));
    for row in TABLE {
        let number = series(&text, &row.sample()).count();
        assert!(number <= MOST_SERIES, "{}: {number} series", row.name());
    }
    assert_eq!(series(&text, "stanchion_standard_subjects").count(), MOST_SERIES);
    let judged = 500.0 * 50.0 * 10.0;
    assert_eq!(sum(&text, "stanchion_standard_subjects").to_string(), judged.to_string(), "nothing is lost");
    let others: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(&format!("standard=\"{OTHER}\",tier=\"{OTHER}\"")))
        .collect();
    assert_eq!(others.len(), 4 + 3, "{others:#?}");
    assert!(text.len() < 512 * 1024, "{} bytes", text.len());
}

#[test]
fn a_standard_that_is_gone_takes_its_series_along() {
    let metrics = Metrics::new(&CustomKinds::default());
    assert!(shown(&metrics, &names("standard", 2), &names("tier", 1)).contains("standard-001"));
    assert!(!shown(&metrics, &names("standard", 1), &names("tier", 1)).contains("standard-001"));
}

#[test]
fn counters_are_there_before_they_count() {
    let metrics = Metrics::new(&CustomKinds::default());
    metrics.wrote("securitystandards", false);
    let text = metrics.render();
    let failed = r#"stanchion_api_writes_total{resource="securitystandards",result="error"} 1"#;
    assert!(text.lines().any(|line| line == failed), "{text}");
    assert!(text.lines().any(|line| line == r#"stanchion_errors_total{category="write"} 1"#));
    assert!(text.lines().any(|line| line == r#"stanchion_watch_restarts_total{resource="ingresses"} 0"#));
}

#[test]
fn resources_of_one_name_are_told_apart_by_their_group() {
    let declared = "serving.knative.dev/v1/Service=spec.template".parse().unwrap();
    let kinds = CustomKinds::new(vec![declared]).unwrap();
    let metrics = Metrics::new(&kinds);
    let mut world = World::with_kinds(kinds.clone());
    let custom = kinds.iter().map(|kind| ObjectKind::Workload(WorkloadKind::Custom(kind)));
    for kind in custom.chain([ObjectKind::Service]) {
        assert!(world.deny(kind, "list"));
    }
    metrics.show_denied(&world);
    let text = metrics.render();
    let lines: Vec<&str> = series(&text, "stanchion_watch_denied").collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for resource in ["services", "services.serving.knative.dev"] {
        let label = format!("{{resource=\"{resource}\",verb=\"list\"}}");
        assert!(lines.iter().any(|line| line.contains(&label)), "{lines:?}");
    }
}
