//! Fingerprints: the same for a finding as long as it stands, whatever moves around it.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::control::Finding;
use crate::facts::{Step, SubjectKey};

/// How many bytes of the hash are kept: 64 bits, enough that findings of one cluster don't collide.
const LENGTH: usize = 8;

/// Tells a finding from all others. It is made from the control, the subject, the container's name, the field and the
/// discriminator; not from positions in lists or values, which change while the defect stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; LENGTH]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The fingerprints of a control's findings on a subject, in their order. Findings that nothing else tells apart are
/// numbered.
#[must_use]
pub fn of(control: &str, subject: &SubjectKey, findings: &[Finding]) -> Vec<Fingerprint> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    findings
        .iter()
        .map(|finding| {
            let identity = identity(control, subject, finding);
            let ordinal = seen.entry(identity.clone()).or_default();
            *ordinal += 1;
            hash(&identity, *ordinal)
        })
        .collect()
}

/// The parts, separated by a character that no name can hold.
fn identity(control: &str, subject: &SubjectKey, finding: &Finding) -> String {
    let mut identity =
        format!("{control}\0{subject}\0{}\0", finding.container.as_deref().unwrap_or_default());
    for step in finding.path.steps() {
        if let Step::Key(key) = step {
            let _ = write!(identity, "{key}\u{1}");
        }
    }
    let _ = write!(identity, "\0{}", finding.discriminator.as_deref().unwrap_or_default());
    identity
}

fn hash(identity: &str, ordinal: u32) -> Fingerprint {
    let mut hasher = Sha256::new();
    hasher.update(identity.as_bytes());
    if ordinal > 1 {
        hasher.update(ordinal.to_be_bytes());
    }
    let digest = hasher.finalize();
    let mut kept = [0; LENGTH];
    kept.iter_mut().zip(digest).for_each(|(kept, byte)| *kept = byte);
    Fingerprint(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{ObjectKind, Path, WorkloadKind};

    fn finding(index: usize, container: &str) -> Finding {
        let path = Path::of(&["spec", "containers"]).index(index).key("image");
        Finding { container: Some(container.into()), ..Finding::new(path, "no digest") }
    }

    fn key() -> SubjectKey {
        SubjectKey::new("shop", ObjectKind::Workload(WorkloadKind::Deployment), "cart")
    }

    #[test]
    fn a_finding_keeps_its_fingerprint_when_its_container_moves() {
        let before = of("image.mutable-tag", &key(), &[finding(0, "app")]);
        let after = of("image.mutable-tag", &key(), &[finding(1, "app").value("nginx:2")]);
        assert_eq!(before, after);
    }

    #[test]
    fn findings_that_nothing_tells_apart_are_numbered() {
        let two = of("image.mutable-tag", &key(), &[finding(0, "app"), finding(0, "app")]);
        assert_ne!(two[0], two[1]);
    }

    #[test]
    fn another_control_or_container_is_another_finding() {
        let app = of("image.mutable-tag", &key(), &[finding(0, "app")]);
        assert_ne!(app, of("image.latest-tag", &key(), &[finding(0, "app")]));
        assert_ne!(app, of("image.mutable-tag", &key(), &[finding(0, "sidecar")]));
    }
}
