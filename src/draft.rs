//! A first version of an exception, for findings that are there: what it covers, and for how long at most.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::{ExceptionBounds, ExceptionTarget, RiskException, RiskExceptionSpec};
use crate::engine::catalogue;
use crate::engine::evaluate::{Assessed, Assessment, Judged, NotJudged};
use crate::engine::exception::HOME;
use crate::engine::policy::Policy;
use crate::facts::{ObjectKind, SubjectKey, Text};

/// How long it lasts where nobody says and its tier allows it.
const USUAL_DAYS: i64 = 30;
const DAY: i64 = 86_400;

/// The findings that somebody wants to except.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// One finding, by its fingerprint.
    Fingerprint(&'a str),
    /// Everything that a control, or a family, finds on an object; without one, all that nothing excuses yet.
    Object {
        /// Its kind, in any case, in the plural or as kubectl shortens it.
        kind: &'a str,
        /// Its namespace.
        namespace: &'a str,
        /// Its name.
        name: &'a str,
        /// An id, or a family such as `pod.*`.
        control: Option<&'a str>,
    },
}

/// What an exception is to cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// The object.
    pub subject: SubjectKey,
    /// Its tier.
    pub tier: Option<Text>,
    /// What that tier allows.
    pub bounds: ExceptionBounds,
    /// The controls that find something.
    pub controls: BTreeSet<&'static str>,
    /// The containers in which they do; none if any finding is about none.
    pub containers: BTreeSet<Text>,
    /// The exceptions that cover some of it already, by namespace and name.
    pub excepted_by: BTreeSet<(Text, Text)>,
}

/// What a person has to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// The exception's name; made from what it covers if there is none.
    pub name: Option<String>,
    /// Why it is needed.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Where it is tracked.
    pub ticket: Option<String>,
    /// Who asks for it.
    pub requested_by: Option<String>,
    /// The exception that it continues.
    pub renews: Option<String>,
    /// How many days it lasts; 30, or what its tier allows, if nobody says.
    pub days: Option<u16>,
}

/// Why there is nothing to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// No finding has the fingerprint.
    #[error("no finding has the fingerprint `{0}`: `stanchion audit -o json` shows them")]
    NoFingerprint(String),
    /// The object isn't there.
    #[error(transparent)]
    NoObject(#[from] NotJudged),
    /// The control isn't there.
    #[error("{0}")]
    NoControl(String),
    /// The control finds nothing.
    #[error("`{0}` finds nothing on {1}: no exception is needed")]
    NoFinding(String, String),
    /// No control finds anything that isn't excused.
    #[error("nothing fails on {0} that is not excepted: no exception is needed")]
    NothingFails(String),
    /// It would last too long.
    #[error("an exception in this tier lasts at most {0}: give --days {1} or fewer")]
    TooLong(String, i64),
    /// It would have ended when it begins.
    #[error("an exception lasts at least a day: give --days 1 or more")]
    TooShort,
}

/// The findings that are wanted.
///
/// # Errors
/// When there are none.
pub fn find(policy: &Policy, assessment: &Assessment, wanted: Wanted<'_>) -> Result<Covered, DraftError> {
    match wanted {
        Wanted::Fingerprint(fingerprint) => {
            let is_it = |judged: &Judged| judged.fingerprint.to_string() == fingerprint;
            let found = assessment
                .subjects
                .iter()
                .find_map(|(key, assessed)| cover(policy, key, assessed, |_, judged| is_it(judged)));
            found.ok_or_else(|| DraftError::NoFingerprint(fingerprint.to_owned()))
        }
        Wanted::Object { kind, namespace, name, control } => {
            control.map_or(Ok(()), catalogue::check_selector).map_err(DraftError::NoControl)?;
            let (key, assessed) = assessment.find(kind, namespace, name)?;
            let covered = cover(policy, key, assessed, |id, judged| match control {
                Some(control) => catalogue::covers(control, id),
                None => judged.exception.is_none(),
            });
            covered.ok_or_else(|| match control {
                Some(control) => DraftError::NoFinding(control.to_owned(), key.to_string()),
                None => DraftError::NothingFails(key.to_string()),
            })
        }
    }
}

/// What of a subject's findings is wanted, if any is.
fn cover(
    policy: &Policy,
    key: &SubjectKey,
    assessed: &Assessed,
    is_wanted: impl Fn(&'static str, &Judged) -> bool,
) -> Option<Covered> {
    let all = assessed.details.iter().flat_map(|detail| {
        let id = detail.control.id;
        detail.findings.iter().map(move |judged| (id, judged))
    });
    let found: Vec<(&'static str, &Judged)> = all.filter(|(id, judged)| is_wanted(id, judged)).collect();
    if found.is_empty() {
        return None;
    }
    let containers: Option<BTreeSet<Text>> =
        found.iter().map(|(_, judged)| judged.finding.container.clone()).collect();
    let exceptions = found.iter().filter_map(|(_, judged)| policy.exceptions.get(judged.exception?));
    let tier = assessed.tier.as_ref().and_then(|name| policy.tiers.get(name));
    Some(Covered {
        subject: key.clone(),
        tier: assessed.tier.clone(),
        bounds: tier.map(|tier| tier.bounds.clone()).unwrap_or_default(),
        controls: found.iter().map(|(id, _)| *id).collect(),
        containers: containers.unwrap_or_default(),
        excepted_by: exceptions.map(|it| (it.namespace.clone(), it.name.clone())).collect(),
    })
}

impl Covered {
    /// The exception, beginning now.
    ///
    /// # Errors
    /// When it would last longer than its tier allows, or not at all.
    pub fn draft(&self, answers: Answers, now: Timestamp) -> Result<RiskException, DraftError> {
        let longest = self.bounds.max_duration.as_seconds();
        let seconds = match answers.days {
            None => longest.min(USUAL_DAYS * DAY),
            Some(0) => return Err(DraftError::TooShort),
            Some(days) => i64::from(days) * DAY,
        };
        if seconds > longest {
            return Err(DraftError::TooLong(self.bounds.max_duration.to_string(), longest / DAY));
        }
        let ends = now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
        let texts = |texts: &BTreeSet<Text>| texts.iter().map(ToString::to_string).collect();
        let spec = RiskExceptionSpec {
            controls: self.controls.iter().map(|id| (*id).to_owned()).collect(),
            target: ExceptionTarget {
                kind: Some(self.subject.kind.as_str().to_owned()),
                names: vec![self.subject.name.to_string()],
                containers: texts(&self.containers),
                ..ExceptionTarget::default()
            },
            max_workloads: Some(1),
            vulnerabilities: Vec::new(),
            reason: answers.reason,
            risk: None,
            compensating_controls: Vec::new(),
            owner: answers.owner,
            ticket: answers.ticket,
            valid_from: Some(Time(now)),
            expires_at: Time(ends),
            expires_on_fix: false,
            renews: answers.renews,
            clusters: Vec::new(),
            requested_by: answers.requested_by,
            approvals: Vec::new(),
            revoked: None,
        };
        let mut exception = RiskException::new(&answers.name.unwrap_or_else(|| self.name(now)), spec);
        exception.metadata.namespace = Some(self.namespace());
        Ok(exception)
    }

    /// Where the exception belongs: to the object's namespace, or to Stanchion's own for what is of the cluster.
    fn namespace(&self) -> String {
        let namespace = match self.subject.kind {
            ObjectKind::Namespace => &self.subject.name,
            _ => &self.subject.namespace,
        };
        if namespace.is_empty() { HOME.to_owned() } else { namespace.to_string() }
    }

    /// What it covers, and the month: `ledger-runs-as-root-2026-11`.
    fn name(&self, now: Timestamp) -> String {
        let what = match self.controls.first() {
            Some(id) if self.controls.len() == 1 => id.split_once('.').map_or(*id, |(_, name)| name),
            Some(id) => id.split_once('.').map_or(*id, |(family, _)| family),
            None => "exception",
        };
        // A role's name may hold what an exception's name may not.
        let name = format!("{}-{what}-{}", self.subject.name, now.strftime("%Y-%m")).to_ascii_lowercase();
        let plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '.');
        name.chars().map(|it| if plain(it) { it } else { '-' }).collect()
    }
}
