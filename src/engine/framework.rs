//! Published frameworks, and the clauses of them that controls serve.
//!
//! Each framework has its table of clauses, one file each, which names its source. Where a framework's own titles are
//! protected, the titles here are ours and say in a few words what the clause is about; the framework's text counts.

pub mod coverage;

mod cis;
mod iso;
mod mitre;
mod nist;
mod nsa;
mod pci;
mod podsecurity;
mod soc2;

/// Clauses with their titles, in the framework's order. An id that says what it is has an empty title.
type Titles = &'static [(&'static str, &'static str)];

/// A clause of a published framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The framework.
    pub framework: Framework,
    /// The clause, as the framework numbers or names it.
    pub clause: &'static str,
}

/// Published frameworks that controls refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Framework {
    /// Kubernetes Pod Security Standards, level baseline.
    PodSecurityBaseline,
    /// Kubernetes Pod Security Standards, level restricted.
    PodSecurityRestricted,
    /// CIS Kubernetes Benchmark 1.10.
    CisKubernetes,
    /// NIST SP 800-53 revision 5.
    Nist80053,
    /// NSA/CISA Kubernetes Hardening Guide 1.2.
    NsaCisa,
    /// MITRE ATT&CK for containers.
    MitreAttack,
    /// SOC 2: the Trust Services Criteria of 2017, with the points of focus of 2022.
    Soc2,
    /// ISO/IEC 27001:2022, Annex A.
    Iso27001,
    /// PCI DSS 4.0.1.
    PciDss,
}

impl Framework {
    /// Every framework.
    pub const ALL: [Self; 9] = [
        Self::PodSecurityBaseline,
        Self::PodSecurityRestricted,
        Self::CisKubernetes,
        Self::Nist80053,
        Self::NsaCisa,
        Self::MitreAttack,
        Self::Soc2,
        Self::Iso27001,
        Self::PciDss,
    ];

    /// The name that people know it by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PodSecurityBaseline => "Pod Security Standards (baseline)",
            Self::PodSecurityRestricted => "Pod Security Standards (restricted)",
            Self::CisKubernetes => "CIS Kubernetes Benchmark 1.10",
            Self::Nist80053 => "NIST SP 800-53 r5",
            Self::NsaCisa => "NSA/CISA Kubernetes Hardening Guide",
            Self::MitreAttack => "MITRE ATT&CK",
            Self::Soc2 => "SOC 2",
            Self::Iso27001 => "ISO/IEC 27001:2022 Annex A",
            Self::PciDss => "PCI DSS 4.0.1",
        }
    }

    /// The name on the command line and in reports for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PodSecurityBaseline => "pod-security-baseline",
            Self::PodSecurityRestricted => "pod-security-restricted",
            Self::CisKubernetes => "cis-kubernetes",
            Self::Nist80053 => "nist-800-53",
            Self::NsaCisa => "nsa-cisa",
            Self::MitreAttack => "mitre-attack",
            Self::Soc2 => "soc2",
            Self::Iso27001 => "iso27001",
            Self::PciDss => "pci-dss",
        }
    }

    /// The framework with this [`Framework::name`].
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|framework| framework.name() == name)
    }

    /// Which edition the clauses are of.
    #[must_use]
    pub const fn edition(self) -> &'static str {
        match self {
            Self::PodSecurityBaseline | Self::PodSecurityRestricted => "as of Kubernetes 1.37",
            Self::CisKubernetes => "version 1.10.0, chapters 1 to 5",
            Self::Nist80053 => {
                "revision 5, release 5.2.0; enhancements count for the control that they enhance"
            }
            Self::NsaCisa => "version 1.2 of August 2022",
            Self::MitreAttack => "Enterprise 18.1, the matrix of the platform Containers",
            Self::Soc2 => "the Trust Services Criteria of 2017, with the points of focus of 2022",
            Self::Iso27001 => "edition of 2022",
            Self::PciDss => "version 4.0.1, requirements of the third level",
        }
    }

    /// A clause of this framework.
    #[must_use]
    pub const fn clause(self, clause: &'static str) -> Reference {
        Reference { framework: self, clause }
    }

    /// The clauses that are counted, in the framework's order: no headings, and no enhancements of others.
    pub fn clauses(self) -> impl Iterator<Item = Reference> {
        self.titles().iter().map(move |(id, _)| self.clause(id)).filter(|it| it.is_counted())
    }

    const fn titles(self) -> Titles {
        match self {
            Self::PodSecurityBaseline => podsecurity::BASELINE,
            Self::PodSecurityRestricted => podsecurity::RESTRICTED,
            Self::CisKubernetes => cis::RECOMMENDATIONS,
            Self::Nist80053 => nist::CONTROLS,
            Self::NsaCisa => nsa::SECTIONS,
            Self::MitreAttack => mitre::TECHNIQUES,
            Self::Soc2 => soc2::CRITERIA,
            Self::Iso27001 => iso::CONTROLS,
            Self::PciDss => pci::REQUIREMENTS,
        }
    }
}

impl Reference {
    /// Whether the framework has such a clause, heading or enhancement.
    #[must_use]
    pub fn exists(self) -> bool {
        self.position().is_some()
    }

    /// What the clause is about, in a few words; nothing if its id says so already.
    #[must_use]
    pub fn title(self) -> Option<&'static str> {
        let found = self.framework.titles().iter().find(|(id, _)| *id == self.clause);
        found.map(|(_, title)| *title).filter(|title| !title.is_empty())
    }

    /// Where it stands in the framework.
    #[must_use]
    pub fn position(self) -> Option<usize> {
        self.framework.titles().iter().position(|(id, _)| *id == self.clause)
    }

    /// Whether it is counted: headings are not, and enhancements count for what they enhance.
    #[must_use]
    pub fn is_counted(self) -> bool {
        match self.framework {
            Framework::Nist80053 => !self.clause.contains('('),
            Framework::PciDss => self.clause.matches('.').count() > 1,
            Framework::NsaCisa => !nsa::CHAPTERS.contains(&self.clause),
            _ => true,
        }
    }

    /// Whether whoever serves the other clause serves this one, at least in part: it is the same, an enhancement of it
    /// or a technique of it.
    #[must_use]
    pub fn is_served_by(self, other: Self) -> bool {
        let below =
            || other.clause.strip_prefix(self.clause).is_some_and(|rest| rest.starts_with(['.', '(']));
        self.framework == other.framework && (self.clause == other.clause || below())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_framework_has_as_many_clauses_as_its_publisher_says() {
        let counts = Framework::ALL.map(|framework| (framework.name(), framework.clauses().count()));
        let expected = [
            ("pod-security-baseline", 12),
            ("pod-security-restricted", 7),
            ("cis-kubernetes", 130),
            ("nist-800-53", 300),
            ("nsa-cisa", 30),
            ("mitre-attack", 48),
            ("soc2", 61),
            ("iso27001", 93),
            ("pci-dss", 205),
        ];
        assert_eq!(counts, expected);
    }

    #[test]
    fn no_clause_is_listed_twice_and_every_enhancement_enhances_a_clause() {
        for framework in Framework::ALL {
            let ids: BTreeSet<&str> = framework.titles().iter().map(|(id, _)| *id).collect();
            assert_eq!(ids.len(), framework.titles().len(), "{}", framework.name());
        }
        for (id, _) in nist::CONTROLS {
            let base = id.split('(').next().unwrap_or(id);
            assert!(Framework::Nist80053.clause(base).exists(), "{id}");
        }
    }

    #[test]
    fn a_clause_is_told_from_one_that_does_not_exist() {
        assert_eq!(Framework::Nist80053.clause("AC-6").title(), Some("Least Privilege"));
        assert!(Framework::PciDss.clause("2.2").exists());
        assert!(Framework::NsaCisa.clause("Resource policies").exists());
        assert_eq!(Framework::NsaCisa.clause("Resource policies").title(), None);
        for gone in [
            Framework::Nist80053.clause("SC-9"),
            Framework::Nist80053.clause("AC-6(99)"),
            Framework::CisKubernetes.clause("5.6.1"),
            Framework::Soc2.clause("CC6.9"),
            Framework::Iso27001.clause("8.35"),
            Framework::MitreAttack.clause("T1548"),
        ] {
            assert!(!gone.exists(), "{gone:?}");
        }
    }

    #[test]
    fn enhancements_and_sub_techniques_serve_what_they_belong_to_and_nothing_else() {
        let serves = |framework: Framework, clause, other| {
            framework.clause(clause).is_served_by(framework.clause(other))
        };
        assert!(serves(Framework::Nist80053, "AC-6", "AC-6(9)"));
        assert!(!serves(Framework::Nist80053, "AC-6(9)", "AC-6"));
        assert!(serves(Framework::MitreAttack, "T1552", "T1552.001"));
        assert!(!serves(Framework::Iso27001, "5.1", "5.10"));
        assert!(!serves(Framework::PciDss, "2.2.1", "2.2"));
        assert!(!Framework::Soc2.clause("CC6.1").is_served_by(Framework::Iso27001.clause("CC6.1")));
    }

    #[test]
    fn every_name_is_found() {
        for framework in Framework::ALL {
            assert_eq!(Framework::find(framework.name()), Some(framework));
        }
        assert_eq!(Framework::find("soc"), None);
    }
}
