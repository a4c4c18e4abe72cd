//! The status of a standard whose facts can't all be looked at.

use jiff::Timestamp;

use crate::api::condition::{self, standard::PERMISSION_DENIED};
use crate::api::{Kind, SecurityStandardStatus};

/// Says over what the engine made that facts are missing. With nothing else changed it comes out as it was.
#[must_use]
pub fn unevaluated(
    mut made: SecurityStandardStatus,
    before: Option<&SecurityStandardStatus>,
    message: &str,
    generation: i64,
    now: Timestamp,
) -> SecurityStandardStatus {
    // Since when it is so is in what was there before, not in what the engine made.
    let type_ = PERMISSION_DENIED.condition;
    let known = before.into_iter().flat_map(|status| &status.conditions).find(|it| it.type_ == type_);
    if let Some(known) = known
        && let Some(condition) = made.conditions.iter_mut().find(|it| it.type_ == type_)
    {
        condition.clone_from(known);
    }
    condition::set(
        &mut made.conditions,
        Kind::SecurityStandard,
        &[PERMISSION_DENIED.because(message)],
        now,
        generation,
    );
    match before {
        Some(before) => {
            let same =
                SecurityStandardStatus { last_evaluated: before.last_evaluated.clone(), ..made.clone() };
            if same == *before { same } else { made }
        }
        None => made,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::evaluate::Ledger;
    use crate::engine::policy::{Policy, Settings};
    use crate::engine::status::Findings;
    use crate::facts::Inventory;

    fn status(before: Option<&SecurityStandardStatus>, denied: bool, now: &str) -> SecurityStandardStatus {
        let standard = serde_json::json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": "shop"},
            "spec": {"controls": [{"id": "pod.privileged"}]}, "status": before,
        });
        let (policy, _) =
            Policy::compile(&[serde_json::from_value(standard).unwrap()], &[], &[], Settings::default());
        let now = now.parse().unwrap();
        let ledger = Ledger::new(&policy, &Inventory::default(), now);
        let findings =
            Findings { policy: &policy, assessment: ledger.assessment(), posture: ledger.posture() };
        let made = findings.standard(0, before, 1).unwrap();
        if denied { unevaluated(made, before, "may not list nodes", 1, now) } else { made }
    }

    fn evaluated(status: &SecurityStandardStatus) -> (&str, &str, String) {
        let found = status.conditions.iter().find(|it| it.type_ == "Evaluated").unwrap();
        (&found.status, &found.reason, found.last_transition_time.0.to_string())
    }

    #[test]
    fn it_says_so_since_it_is_so_and_says_it_once() {
        let good = status(None, false, "2026-11-23T08:00:00Z");
        assert_eq!(evaluated(&good), ("True", "Evaluated", "2026-11-23T08:00:00Z".to_owned()));
        let denied = status(Some(&good), true, "2026-11-23T09:00:00Z");
        let since = ("False", "PermissionDenied", "2026-11-23T09:00:00Z".to_owned());
        assert_eq!(evaluated(&denied), since);
        let again = status(Some(&denied), true, "2026-11-23T10:00:00Z");
        assert_eq!(again, denied, "nothing to be written");
        let healed = status(Some(&again), false, "2026-11-23T11:00:00Z");
        assert_eq!(evaluated(&healed), ("True", "Evaluated", "2026-11-23T11:00:00Z".to_owned()));
    }
}
