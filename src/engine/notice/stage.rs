//! What is told on the workloads that fail, before a stage begins that denies what fails.

use jiff::SignedDuration;

use super::Notice;
use super::reason::STAGE_CHANGES_SOON;
use crate::api::{Action, Date};
use crate::engine::evaluate::Outcome;
use crate::engine::posture::UNCLASSIFIED;
use crate::engine::rollout::Blocker;
use crate::engine::standard::CompiledStandard;
use crate::engine::status::Findings;
use crate::facts::{ObjectKind, SubjectKey, Text};

/// The most workloads on which the next stage of one standard is told.
const MOST_WORKLOADS: usize = 20;

/// The most controls that a note lists.
const MOST_CONTROLS: usize = 5;

/// How many days before.
const DAYS: [i64; 2] = [7, 1];

/// The workloads that will be denied at the next stage of a standard, by its place, if today is a day on which that is told.
#[must_use]
pub fn before_a_stage<'a>(findings: &Findings<'a>, index: usize) -> Vec<(&'a SubjectKey, Notice)> {
    let standard = findings.policy.standards.get(index);
    let measured = findings.posture.standards.get(index);
    let (Some(standard), Some(measured)) = (standard, measured) else { return Vec::new() };
    let named = findings.policy.tiers.iter().map(|tier| tier.name.clone());
    let tiers = named.chain([Text::from(UNCLASSIFIED)]).filter(|tier| standard.is_about(tier));
    let soon = tiers.filter_map(|tier| {
        let from = denies_from(findings, index, &tier)?;
        Some((tier, from))
    });
    let soon: Vec<(Text, Date)> = soon.collect();
    if soon.is_empty() {
        return Vec::new();
    }
    let known = measured.worst.iter().filter_map(|key| findings.assessment.subjects.get_key_value(key));
    let told =
        known.filter(|(key, _)| matches!(key.kind, ObjectKind::Workload(_))).filter_map(|(key, assessed)| {
            let tier = assessed.tier.clone().unwrap_or_else(|| Text::from(UNCLASSIFIED));
            let (_, from) = soon.iter().find(|(name, _)| *name == tier)?;
            let outcomes = assessed.outcomes.get(findings.policy.outcomes_of(index))?;
            let failing = standard.controls.iter().zip(outcomes).filter(|(_, it)| **it == Outcome::Fail);
            let failing: Vec<&str> = failing.map(|(it, _)| it.control.id).collect();
            (!failing.is_empty()).then(|| (key, notice(standard, &tier, *from, &failing)))
        });
    told.take(MOST_WORKLOADS).collect()
}

/// The day from which a tier denies, if time alone keeps it from that and today is a day on which it is told.
fn denies_from(findings: &Findings<'_>, index: usize, tier: &Text) -> Option<Date> {
    let standing = findings.standing(index, tier)?;
    let from = standing.promotable_from.filter(|_| {
        standing.next == Some(Action::Deny) && standing.blocked_by.iter().all(Blocker::is_over_with_time)
    })?;
    let today = Date::of(findings.now());
    let is_told = DAYS.into_iter().any(|days| {
        let day = from.checked_sub(SignedDuration::from_hours(days * 24));
        day.is_ok_and(|day| Date::of(day) == today)
    });
    is_told.then(|| Date::of(from))
}

fn notice(standard: &CompiledStandard, tier: &Text, from: Date, failing: &[&str]) -> Notice {
    let listed = failing.iter().take(MOST_CONTROLS).copied().collect::<Vec<_>>().join(", ");
    let more = match failing.len().saturating_sub(MOST_CONTROLS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let note = format!(
        "From {from} on {} denies what fails it in {tier}, and this fails {listed}{more}. Fix the findings, or ask for an \
         exception: `kubectl stanchion request`.",
        standard.name,
    );
    Notice::new(&STAGE_CHANGES_SOON, format!("{} {from}", standard.name), &note)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::api::SecurityStandard;
    use crate::engine::evaluate::assess;
    use crate::engine::policy::{Policy, Settings};
    use crate::engine::posture::measure;
    use crate::facts::{Inventory, Object, WorkloadKind};

    fn told(now: &str, gate: &serde_json::Value) -> Vec<String> {
        let now: Timestamp = now.parse().unwrap();
        let standard: SecurityStandard = serde_json::from_value(json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": "baseline"},
            "spec": {"controls": [{"id": "pod.privileged"}], "rollout": {"stages": [
                {"action": "Audit", "soak": "20d", "promoteAt": gate}, {"action": "Deny"},
            ]}},
            "status": {"tiers": [{"name": "unclassified", "action": "Audit", "since": "2026-12-01T00:00:00Z"}]},
        }))
        .unwrap();
        let (policy, refused) = Policy::compile([&standard], [], [], Settings::default());
        assert!(refused.is_empty(), "{refused:?}");
        let mut inventory = Inventory::default();
        for (name, privileged) in [("cart", true), ("till", false)] {
            let object = json!({
                "metadata": {"name": name, "namespace": "shop"},
                "spec": {"template": {"spec": {"containers": [
                    {"name": "app", "image": "a:1", "securityContext": {"privileged": privileged}},
                ]}}},
            });
            let kind = ObjectKind::Workload(WorkloadKind::Deployment);
            inventory.put(Object::decode(kind, &object).unwrap());
        }
        let assessment = assess(&policy, &inventory, now);
        let posture = measure(&policy, &assessment);
        let findings = Findings { policy: &policy, assessment: &assessment, posture: &posture };
        before_a_stage(&findings, 0).into_iter().map(|(key, it)| format!("{key}: {}", it.note)).collect()
    }

    #[test]
    fn whoever_would_be_denied_is_told_a_week_and_a_day_before() {
        let any = json!({"compliance": 10});
        for day in ["2026-12-14T09:00:00Z", "2026-12-20T23:00:00Z"] {
            let notices = told(day, &any);
            assert_eq!(notices.len(), 1, "{day}: {notices:?}");
            assert!(
                notices[0].starts_with(
                    "Deployment shop/cart: From 2026-12-21 on baseline denies what fails it in unclassified"
                ),
                "{notices:?}"
            );
        }
        for day in ["2026-12-13T23:59:59Z", "2026-12-15T00:00:00Z", "2026-12-19T12:00:00Z"] {
            assert_eq!(told(day, &any), Vec::<String>::new(), "{day}");
        }
    }

    #[test]
    fn nobody_is_told_of_a_stage_that_evidence_keeps_away() {
        assert_eq!(told("2026-12-14T09:00:00Z", &json!({"compliance": 100})), Vec::<String>::new());
    }
}
