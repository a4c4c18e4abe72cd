//! What is told on the workloads that an exception covers, before it ends.

use std::collections::BTreeSet;

use super::Notice;
use super::reason::EXCEPTION_EXPIRING_SOON;
use crate::engine::evaluate::{Assessed, Outcome};
use crate::engine::exception::{CompiledException, Life};
use crate::engine::status::{Findings, is_denied_without};
use crate::facts::{ObjectKind, SubjectKey};

/// The most workloads on which the end of one exception is told.
const MOST_WORKLOADS: usize = 20;

/// The most controls that a note lists.
const MOST_CONTROLS: usize = 5;

/// The workloads that will fail when an exception ends that ends soon, by its place in
/// [`Policy::exceptions`](crate::engine::policy::Policy::exceptions), and what each is told.
#[must_use]
pub fn on_workloads<'a>(findings: &Findings<'a>, index: usize) -> Vec<(&'a SubjectKey, Notice)> {
    let exception = findings.policy.exceptions.get(index);
    let state = findings.assessment.exceptions.get(index).filter(|it| it.life == Life::ExpiringSoon);
    let (Some(exception), Some(state)) = (exception, state) else { return Vec::new() };
    let workloads = state.covered.iter().filter(|key| matches!(key.kind, ObjectKind::Workload(_)));
    let told = workloads.filter_map(|key| {
        let controls = excused(findings, index, exception, findings.assessment.subjects.get(key)?);
        let is_denied = is_denied_without(findings, index, key);
        // Another one may last longer.
        (!controls.is_empty()).then(|| (key, notice(exception, &controls, is_denied)))
    });
    told.take(MOST_WORKLOADS).collect()
}

/// The controls of which this exception alone excuses every finding.
fn excused(
    findings: &Findings<'_>,
    index: usize,
    exception: &CompiledException,
    assessed: &Assessed,
) -> BTreeSet<&'static str> {
    let standards: BTreeSet<usize> =
        assessed.uses.iter().filter(|it| it.exception == index && it.excuses).map(|it| it.standard).collect();
    let controls = standards.into_iter().filter_map(|place| {
        let standard = findings.policy.standards.get(place)?;
        let outcomes = assessed.outcomes.get(findings.policy.outcomes_of(place))?;
        Some(standard.controls.iter().zip(outcomes))
    });
    controls
        .flatten()
        .filter(|(it, outcome)| **outcome == Outcome::Excepted && exception.names_control(it.control))
        .map(|(it, _)| it.control.id)
        .collect()
}

fn notice(exception: &CompiledException, controls: &BTreeSet<&str>, is_denied: bool) -> Notice {
    let listed: Vec<&str> = controls.iter().take(MOST_CONTROLS).copied().collect();
    let more = match controls.len().saturating_sub(listed.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let note = format!(
        "From {} on it fails {}{more}: RiskException {} ends then{}. Fix the findings, or have {} renew the exception.",
        exception.expires_at.strftime("%Y-%m-%d %H:%M UTC"),
        listed.join(", "),
        exception.name,
        if is_denied { ", and the standard stands at Deny" } else { "" },
        exception.owner,
    );
    Notice::new(&EXCEPTION_EXPIRING_SOON, exception.name.to_string(), &note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{RiskException, SecurityStandard};
    use crate::engine::evaluate::assess;
    use crate::engine::policy::{Policy, Settings};
    use crate::engine::posture::measure;
    use crate::facts::{Inventory, Object, WorkloadKind};
    use serde_json::{Value, json};

    fn exception(name: &str, until: &str) -> RiskException {
        let object = json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "RiskException",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {
                "controls": ["pod.*"], "target": {"names": ["cart", "till"]}, "owner": "team-shop",
                "reason": "it is being rewritten this month", "approvals": [{"by": "ana"}],
                "validFrom": "2026-11-20T00:00:00Z", "expiresAt": until,
            },
        });
        serde_json::from_value(object).unwrap()
    }

    fn workload(name: &str, privileged: bool) -> Object {
        let container = json!({"name": "app", "image": "a:1", "securityContext": {"privileged": privileged}});
        let object = json!({
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"template": {"spec": {"containers": [container]}}},
        });
        Object::decode(ObjectKind::Workload(WorkloadKind::Deployment), &object).unwrap()
    }

    fn told(exceptions: &[RiskException], status: &Value) -> Vec<(String, String)> {
        let standard: SecurityStandard = serde_json::from_value(json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": "s"},
            "spec": {"controls": [{"id": "pod.privileged"}, {"id": "pod.host-port"}]}, "status": status,
        }))
        .unwrap();
        let (policy, refused) = Policy::compile([&standard], [], exceptions, Settings::default());
        assert_eq!(refused, []);
        let mut inventory = Inventory::default();
        for (name, privileged) in [("cart", true), ("till", false), ("site", true)] {
            inventory.put(workload(name, privileged));
        }
        let assessment = assess(&policy, &inventory, "2026-11-24T12:00:00Z".parse().unwrap());
        let posture = measure(&policy, &assessment);
        let findings = Findings { policy: &policy, assessment: &assessment, posture: &posture };
        let told = (0..exceptions.len()).flat_map(|index| on_workloads(&findings, index));
        told.map(|(key, notice)| (key.to_string(), notice.note)).collect()
    }

    #[test]
    fn a_workload_is_told_what_it_fails_from_when_on() {
        let soon = exception("soon", "2026-11-30T18:00:00Z");
        let words = "From 2026-11-30 18:00 UTC on it fails pod.privileged: RiskException soon ends then. Fix the findings, \
                     or have team-shop renew the exception.";
        assert_eq!(
            told(std::slice::from_ref(&soon), &Value::Null),
            [("Deployment shop/cart".to_owned(), words.to_owned())]
        );
        let denied =
            json!({"tiers": [{"name": "unclassified", "action": "Deny", "since": "2026-11-01T00:00:00Z"}]});
        assert!(told(&[soon], &denied)[0].1.contains("ends then, and the standard stands at Deny."));
    }

    #[test]
    fn a_workload_that_another_exception_covers_for_longer_is_not_told() {
        let both = [exception("long", "2026-12-10T18:00:00Z"), exception("soon", "2026-11-30T18:00:00Z")];
        assert_eq!(told(&both, &Value::Null), []);
    }
}
