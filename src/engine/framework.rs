//! Published frameworks, and the clauses of them that controls serve.

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
    /// CIS Kubernetes Benchmark.
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
    /// The name that people know it by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PodSecurityBaseline => "Pod Security Standards (baseline)",
            Self::PodSecurityRestricted => "Pod Security Standards (restricted)",
            Self::CisKubernetes => "CIS Kubernetes Benchmark",
            Self::Nist80053 => "NIST SP 800-53 r5",
            Self::NsaCisa => "NSA/CISA Kubernetes Hardening Guide",
            Self::MitreAttack => "MITRE ATT&CK",
            Self::Soc2 => "SOC 2",
            Self::Iso27001 => "ISO/IEC 27001:2022 Annex A",
            Self::PciDss => "PCI DSS 4.0.1",
        }
    }

    /// A clause of this framework.
    #[must_use]
    pub const fn clause(self, clause: &'static str) -> Reference {
        Reference { framework: self, clause }
    }
}
