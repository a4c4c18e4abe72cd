//! Ratchet: an update is judged against what is already running.

use std::collections::BTreeSet;

use super::fingerprint::Fingerprint;

/// What an update does to a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The update brings it.
    New,
    /// It was there before, and stays.
    Standing,
}

/// Compares the findings of the old object with those of the new one. On creation there is no old one, and
/// everything is new.
#[must_use]
pub fn compare(old: &[Fingerprint], new: &[Fingerprint]) -> Vec<Change> {
    let before: BTreeSet<&Fingerprint> = old.iter().collect();
    new.iter().map(|it| if before.contains(it) { Change::Standing } else { Change::New }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::control::Finding;
    use crate::engine::fingerprint;
    use crate::facts::{ObjectKind, Path, SubjectKey, WorkloadKind};

    fn prints(containers: &[&str]) -> Vec<Fingerprint> {
        let key = SubjectKey::new("shop", ObjectKind::Workload(WorkloadKind::Deployment), "cart");
        let findings: Vec<Finding> = containers
            .iter()
            .map(|name| Finding { container: Some((*name).into()), ..Finding::new(Path::root(), "wrong") })
            .collect();
        fingerprint::of("pod.privileged", &key, &findings)
    }

    #[test]
    fn what_failed_before_stands_and_what_newly_fails_is_new() {
        assert_eq!(compare(&prints(&["app"]), &prints(&["sidecar", "app"])), [Change::New, Change::Standing]);
    }

    #[test]
    fn on_creation_everything_is_new() {
        assert_eq!(compare(&[], &prints(&["app"])), [Change::New]);
    }
}
