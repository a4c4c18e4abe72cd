//! An audit of some time ago, read back: what a later one is compared with.
//!
//! Only what a comparison needs is read, and fields that are not known are passed over: an audit of a newer version
//! can be compared, too.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use thiserror::Error;

use super::json::{API_VERSION, Counts, KIND, SubjectReport};
use crate::api::Severity;

/// Why a file can't be compared with.
#[derive(Debug, Error)]
pub enum PastError {
    /// Not JSON, or not with these fields.
    #[error("it is not what `stanchion audit -o json` writes")]
    Malformed(#[from] serde_json::Error),
    /// Something else, or of another version.
    #[error(
        "it is `{kind}` of `{version}`, not `{KIND}` of `{API_VERSION}`: write it with `stanchion audit -o json`"
    )]
    Other {
        /// Its kind.
        kind: String,
        /// Its version.
        version: String,
    },
}

/// An audit of some time ago.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PastAudit {
    /// The time that it was judged for.
    pub at: String,
    /// Its numbers.
    pub posture: PastPosture,
    /// What was judged.
    pub subjects: Vec<PastSubject>,
    /// Its exceptions.
    pub exceptions: Vec<PastException>,
}

/// How many subjects came out how.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PastPosture {
    /// All subjects.
    pub total: Counts,
    /// By standard.
    pub standards: Vec<PastStandard>,
}

/// A standard that was judged by.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PastStandard {
    /// Its controls.
    pub controls: Vec<PastControl>,
}

/// A control that was judged by.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PastControl {
    /// The control.
    pub id: String,
}

/// A subject, judged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PastSubject {
    /// The kind.
    pub kind: String,
    /// The namespace; none for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// What was found.
    pub findings: Vec<PastFinding>,
    /// How many findings there are beyond those.
    #[serde(default)]
    pub unlisted_findings: u64,
    /// What could not be said.
    pub unknowns: Vec<PastUnknown>,
}

/// One defect in one place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PastFinding {
    /// The control.
    pub control: String,
    /// How bad it is.
    pub severity: Severity,
    /// The container that has it.
    pub container: Option<String>,
    /// What is wrong.
    pub message: String,
    /// Tells the finding from all others.
    pub fingerprint: String,
    /// What excuses it.
    pub exception: Option<PastExcuse>,
}

/// What excuses a finding.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PastExcuse {
    /// Its name.
    pub name: String,
}

/// A judgement that could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PastUnknown {
    /// The control.
    pub control: String,
}

/// An exception, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PastException {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Whether it lives.
    pub state: String,
}

/// `Kind`, namespace and name of a subject.
pub type SubjectName<'a> = (&'a str, Option<&'a str>, &'a str);

impl PastAudit {
    /// Reads one.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, PastError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Header {
            api_version: String,
            kind: String,
        }
        let Header { api_version, kind } = serde_json::from_slice(bytes)?;
        if (api_version.as_str(), kind.as_str()) != (API_VERSION, KIND) {
            return Err(PastError::Other { kind, version: api_version });
        }
        Ok(serde_json::from_slice(bytes)?)
    }

    /// The controls that were judged by.
    #[must_use]
    pub fn controls(&self) -> BTreeSet<&str> {
        let controls = self.posture.standards.iter().flat_map(|standard| &standard.controls);
        controls.map(|control| control.id.as_str()).collect()
    }

    /// The findings that nothing excused, by control and fingerprint.
    #[must_use]
    pub fn open_findings(&self) -> BTreeMap<(&str, &str), &PastFinding> {
        let open = self.subjects.iter().flat_map(|subject| &subject.findings);
        let open = open.filter(|finding| finding.exception.is_none());
        open.map(|finding| ((finding.control.as_str(), finding.fingerprint.as_str()), finding)).collect()
    }

    /// Every finding with its subject, by control and fingerprint.
    #[must_use]
    pub fn findings(&self) -> BTreeMap<(&str, &str), (&PastSubject, &PastFinding)> {
        let findings =
            self.subjects.iter().flat_map(|it| it.findings.iter().map(move |finding| (it, finding)));
        findings
            .map(|(it, finding)| ((finding.control.as_str(), finding.fingerprint.as_str()), (it, finding)))
            .collect()
    }

    /// The subjects by name.
    #[must_use]
    pub fn subjects_by_name(&self) -> BTreeMap<SubjectName<'_>, &PastSubject> {
        self.subjects.iter().map(|it| (it.called(), it)).collect()
    }
}

impl PastSubject {
    /// Kind, namespace and name.
    #[must_use]
    pub fn called(&self) -> SubjectName<'_> {
        (&self.kind, self.namespace.as_deref(), &self.name)
    }
}

impl SubjectReport {
    /// Kind, namespace and name.
    #[must_use]
    pub fn called(&self) -> SubjectName<'_> {
        (self.kind, self.namespace.as_deref(), &self.name)
    }
}
