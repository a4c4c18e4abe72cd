//! A part of a report: only what fails, or only what a change made worse.
//!
//! The posture stays whole: what is left out of the list is still there.

use super::{AuditReport, Outcome, SinceReport, SubjectReport};
use crate::report::past::{PastAudit, PastSubject};

impl AuditReport {
    /// Leaves of the list what is found and not excused.
    pub fn keep_failing(&mut self) {
        self.subjects.retain(|subject| subject.outcome == Outcome::Fail);
        for subject in &mut self.subjects {
            subject.findings.retain(|finding| finding.exception.is_none());
            subject.unknowns.clear();
        }
    }

    /// Leaves of the list what is worse than in an audit before: findings that it doesn't have, that it has with a
    /// lesser severity, or that were excused then; and what could be said then and can't be now. The numbers of the
    /// summary, and with them the exit code, are those of what is left.
    pub fn keep_worse_than(&mut self, past: &PastAudit) {
        let known = past.open_findings();
        let before = past.subjects_by_name();
        let open = self.summary.findings;
        for subject in &mut self.subjects {
            subject.findings.retain(|finding| {
                let was = known.get(&(finding.control, finding.fingerprint.as_str()));
                finding.exception.is_none() && was.is_none_or(|was| was.severity < finding.severity)
            });
            let was = before.get(&subject.called()).copied();
            subject.forget(was);
        }
        self.subjects
            .retain(|it| it.unlisted_findings > 0 || !it.findings.is_empty() || !it.unknowns.is_empty());
        self.summary.count(&self.subjects);
        let standing = open.saturating_sub(self.summary.findings);
        self.since = Some(SinceReport { at: past.at.clone(), standing });
    }
}

impl SubjectReport {
    /// Takes away what could not be said, or was not listed, before.
    fn forget(&mut self, was: Option<&PastSubject>) {
        let Some(was) = was else { return };
        self.unlisted_findings = self.unlisted_findings.saturating_sub(was.unlisted_findings);
        self.unknowns.retain(|unknown| was.unknowns.iter().all(|it| it.control != unknown.control));
    }
}
