//! Clauses of frameworks as people read them.

use crate::engine::framework::{Framework, Reference};

/// The clause, with what it is about.
#[must_use]
pub(super) fn called(reference: Reference) -> String {
    match reference.title() {
        Some(title) => format!("{} ({title})", reference.clause),
        None => reference.clause.to_owned(),
    }
}

/// A list of clauses. Of numbered ones of a chapter that follow each other only the first and the last are named:
/// `5.1–5.14, 6.1`.
#[must_use]
pub(super) fn listed(framework: Framework, wanted: &[&str]) -> String {
    let all: Vec<&str> = framework.clauses().map(|clause| clause.clause).collect();
    match framework {
        Framework::PodSecurityBaseline | Framework::PodSecurityRestricted | Framework::NsaCisa => {
            wanted.join("; ")
        }
        // The numbers of techniques have gaps, so that a range would name others too.
        Framework::MitreAttack => wanted.join(", "),
        _ => runs(&all, wanted).join(", "),
    }
}

/// What stands before the number of a clause within its chapter: `AC` of `AC-6`, `CC6` of `CC6.1`.
fn chapter(clause: &str) -> &str {
    clause.split(['-', '.']).next().unwrap_or(clause)
}

/// The wanted of all, in order, runs of them written as one.
fn runs(all: &[&str], wanted: &[&str]) -> Vec<String> {
    let together = |one: &&str, other: &&str| {
        chapter(one) == chapter(other) && wanted.contains(one) == wanted.contains(other)
    };
    all.chunk_by(together)
        .filter_map(|run| match run {
            [first, ..] if !wanted.contains(first) => None,
            [only] => Some((*only).to_owned()),
            [first, last] => Some(format!("{first}, {last}")),
            [first, .., last] => Some(format!("{first}–{last}")),
            [] => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_that_follow_each_other_are_one() {
        let soc2 = |wanted: &[&str]| listed(Framework::Soc2, wanted);
        assert_eq!(
            soc2(&["CC1.1", "CC1.2", "CC1.3", "CC2.1", "A1.1", "A1.2"]),
            "CC1.1–CC1.3, CC2.1, A1.1, A1.2"
        );
        assert_eq!(
            soc2(&["CC1.4", "CC1.5", "CC2.1"]),
            "CC1.4, CC1.5, CC2.1",
            "no run leads into another chapter"
        );
        assert_eq!(soc2(&[]), "");
        assert_eq!(
            listed(Framework::MitreAttack, &["T1036", "T1036.005", "T1036.010"]),
            "T1036, T1036.005, T1036.010"
        );
        assert_eq!(listed(Framework::NsaCisa, &["Etcd", "Encryption"]), "Etcd; Encryption");
    }

    #[test]
    fn a_clause_is_called_by_its_id_and_what_it_is_about() {
        assert_eq!(called(Framework::Nist80053.clause("AC-6")), "AC-6 (Least Privilege)");
        assert_eq!(called(Framework::PodSecurityBaseline.clause("Sysctls")), "Sysctls");
    }
}
