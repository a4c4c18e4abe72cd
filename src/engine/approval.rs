//! Approvals: which of them count, and why the others don't.
//!
//! What was signed, and whether a signature is good, is settled once, when an exception is compiled. Whose key it is and
//! whether that may approve is looked up when the exception is judged, so that another list of approvers or another day
//! costs no cryptography.

mod approvers;
mod content;
mod seal;

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

pub use self::approvers::Approvers;
pub use self::content::{FORM, content};
pub use self::seal::{KeyId, NAMESPACE, Refused, read_key, verify};
use super::tier::CompiledTier;
use crate::api::RiskException;
use crate::facts::Text;

/// More approvals than this no exception has: the schema says so, and what is more is not looked at.
const MOST: usize = 10;

/// Which approvals count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Trust {
    /// Names as written: what files in Git amount to, and a cluster without the API server's rules.
    #[default]
    Recorded,
    /// Names that the API server's rules vouch for, while these are in place, and signatures.
    Enforced,
    /// Signatures alone, by a key that the tier's approvers have.
    Signed,
}

impl Trust {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Recorded, Self::Enforced, Self::Signed];

    /// The name that people read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "Recorded",
            Self::Enforced => "Enforced",
            Self::Signed => "Signed",
        }
    }

    /// What counts, in words.
    #[must_use]
    pub const fn counts(self) -> &'static str {
        match self {
            Self::Recorded => "names as written",
            Self::Enforced => "names held by the API server",
            Self::Signed => "by signature",
        }
    }
}

/// Whether the API server holds its rules, as far as anybody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rules {
    /// It does.
    InPlace,
    /// It doesn't, or nobody knows. Why, to be read on after a colon.
    Broken(String),
}

impl Default for Rules {
    fn default() -> Self {
        Self::Broken("nobody has looked whether they are installed".to_owned())
    }
}

/// Why an approval doesn't count. Reads on after "because".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It is the requester's.
    #[error("nobody approves what they asked for themselves")]
    Own,
    /// It bears no signature.
    #[error("it has no signature: `stanchion exception approve` adds one")]
    Unsigned,
    /// It is a name, and nothing vouches for it.
    #[error("the rules of the API server, which would hold a name, are not in place: {0}")]
    NotHeld(String),
    /// It may be good, and the exception doesn't say what a signature must be bound to.
    #[error("{0}")]
    Unbound(String),
    /// It bears one that nobody looked at.
    #[error("its signature was not checked: signatures don't count here")]
    Unchecked,
    /// It doesn't say when it was given.
    #[error("it doesn't say when it was given: sign again")]
    Undated,
    /// The signature is not good.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Nobody has the key.
    #[error("{whose} the key {key}")]
    Stranger {
        /// Who doesn't have it.
        whose: String,
        /// The key.
        key: KeyId,
    },
    /// Somebody else has the key.
    #[error("the key {key} is that of `{owner}`")]
    Another {
        /// Whose it is.
        owner: Text,
        /// The key.
        key: KeyId,
    },
    /// The key was revoked.
    #[error("the key {key} is revoked: {reason}")]
    Revoked {
        /// The key.
        key: KeyId,
        /// Why.
        reason: String,
    },
    /// The key is not yet valid, or was not when the approval was given.
    #[error("the key {key} is valid from {from} on")]
    TooEarly {
        /// The key.
        key: KeyId,
        /// When it begins.
        from: Timestamp,
    },
    /// The key is not valid any more, or was not when the approval was given.
    #[error("the key {key} was valid until {until}: approve again with another")]
    TooLate {
        /// The key.
        key: KeyId,
        /// When it ended.
        until: Timestamp,
    },
}

/// An approval as it was given, with what its signature is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ballot {
    by: Text,
    at: Option<Timestamp>,
    /// The key that signed exactly this.
    key: Result<KeyId, Flaw>,
}

impl Ballot {
    /// The approvals of an exception. Signatures are checked where they count.
    pub(super) fn all(exception: &RiskException, trust: Trust) -> Vec<Self> {
        let one = |approval: &crate::api::Approval| {
            let key = match (trust, &approval.signature) {
                (Trust::Recorded, _) => Err(Flaw::Unchecked),
                (Trust::Enforced | Trust::Signed, None) => Err(Flaw::Unsigned),
                (Trust::Enforced | Trust::Signed, Some(_)) if approval.at.is_none() => Err(Flaw::Undated),
                (Trust::Enforced | Trust::Signed, Some(signature)) => content(exception, approval)
                    .map_err(|_| Refused::Unreadable)
                    .and_then(|content| verify(signature, &content))
                    .map_err(Flaw::from),
            };
            Self { by: approval.by.as_str().into(), at: approval.at.as_ref().map(|at| at.0), key }
        };
        exception.spec.approvals.iter().take(MOST).map(one).collect()
    }

    /// The key that signed it.
    pub(super) fn key(&self) -> Option<&KeyId> {
        self.key.as_ref().ok()
    }
}

/// What is asked of an exception as a whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim<'a> {
    /// Who asked for it.
    pub(super) requested_by: Option<&'a Text>,
    /// The clusters that it is for.
    pub(super) clusters: &'a [Text],
    /// Its approvals.
    pub(super) ballots: &'a [Ballot],
}

/// Whose approvals count.
#[derive(Debug, Clone)]
pub struct Electorate<'a> {
    /// Which approvals count.
    pub trust: Trust,
    /// Whether the API server holds its rules, on which [`Trust::Enforced`] rests.
    pub rules: &'a Rules,
    /// The cluster that this is, if anybody says.
    pub cluster: Option<&'a Text>,
    /// Whose approvers may approve.
    pub reach: Reach<'a>,
}

/// The tiers whose approvers may approve an exception.
#[derive(Debug, Clone)]
pub enum Reach<'a> {
    /// The most critical ones that it touches: mostly one, several if they are equally critical, none if what it touches is in
    /// no tier. Who approves is an approver of each of them, so that no tier's approvers open another's.
    Touched(Vec<&'a CompiledTier>),
    /// All of them: it touches nothing. An approver of any of them may approve.
    Nothing(Vec<&'a CompiledTier>),
}

/// What the approvals of an exception amount to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many distinct people approved.
    pub valid: u32,
    /// What is wrong with each approval that doesn't count.
    pub uncounted: Vec<Uncounted>,
    /// Why no approval counts at all.
    pub void: Option<String>,
}

/// An approval that doesn't count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncounted {
    /// Its place among the approvals.
    pub index: usize,
    /// Whose it claims to be.
    pub by: Text,
    /// Why.
    pub flaw: Flaw,
}

impl fmt::Display for Uncounted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, because {}", self.by, self.flaw)
    }
}

impl Electorate<'_> {
    /// Counts: one voice a person, however many keys and approvals they have.
    pub(super) fn count(&self, claim: Claim<'_>, now: Timestamp) -> Tally {
        if let Some(void) = self.void(claim) {
            return Tally { void: Some(void), ..Tally::default() };
        }
        let mut people = BTreeSet::new();
        let mut uncounted = Vec::new();
        for (index, ballot) in claim.ballots.iter().enumerate() {
            match self.admit(ballot, claim, now) {
                Ok(()) => drop(people.insert(&ballot.by)),
                Err(flaw) => uncounted.push(Uncounted { index, by: ballot.by.clone(), flaw }),
            }
        }
        Tally { valid: u32::try_from(people.len()).unwrap_or(u32::MAX), uncounted, void: None }
    }

    fn admit(&self, ballot: &Ballot, claim: Claim<'_>, now: Timestamp) -> Result<(), Flaw> {
        if claim.requested_by == Some(&ballot.by) {
            return Err(Flaw::Own);
        }
        match (self.trust, &ballot.key, self.rules) {
            (Trust::Recorded, ..) | (Trust::Enforced, Err(Flaw::Unsigned), Rules::InPlace) => return Ok(()),
            (Trust::Enforced, Err(Flaw::Unsigned), Rules::Broken(why)) => {
                return Err(Flaw::NotHeld(why.clone()));
            }
            _ => {}
        }
        if let Some(why) = self.unbound(claim) {
            return Err(Flaw::Unbound(why));
        }
        let key = ballot.key.as_ref().map_err(Flaw::clone)?;
        let at = ballot.at.ok_or(Flaw::Undated)?;
        let stranger = |whose: String| Flaw::Stranger { whose, key: *key };
        let holder =
            |tier: &&CompiledTier| tier.approvers.get(key).map(|it| it.admit(key, &ballot.by, at, now));
        match &self.reach {
            Reach::Touched(tiers) if tiers.is_empty() => Err(stranger(
                "what it covers is in no tier, which would name approvers; nobody has".to_owned(),
            )),
            Reach::Touched(tiers) => tiers.iter().try_for_each(|tier| {
                let nobody = || Err(stranger(format!("no approver of the tier `{}` has", tier.name)));
                holder(tier).unwrap_or_else(nobody)
            }),
            Reach::Nothing(tiers) => {
                let answers: Vec<_> = tiers.iter().filter_map(holder).collect();
                let nobody = || Err(stranger("no approver of any tier has".to_owned()));
                let yes = answers.iter().position(Result::is_ok).unwrap_or_default();
                answers.into_iter().nth(yes).unwrap_or_else(nobody)
            }
        }
    }

    /// Why no approval counts at all.
    fn void(&self, claim: Claim<'_>) -> Option<String> {
        let each: Vec<String> = claim.clusters.iter().map(|name| format!("`{name}`")).collect();
        let named = each.join(", ");
        match (self.cluster, each.is_empty()) {
            (Some(here), false) if !claim.clusters.contains(here) => {
                return Some(format!("it is for {named} alone, and this cluster is `{here}`"));
            }
            (None, false) => {
                return Some(format!(
                    "it is for {named} alone, and nobody says which cluster this is: give --cluster-name"
                ));
            }
            _ => {}
        }
        (self.trust == Trust::Signed).then(|| self.unbound(claim)).flatten()
    }

    /// Why no signature counts: what it has to be bound to isn't said, so that it isn't signed.
    fn unbound(&self, claim: Claim<'_>) -> Option<String> {
        match self.cluster {
            Some(here) if claim.clusters.is_empty() => Some(format!(
                "it doesn't say for which cluster it was approved: add `{here}` to `clusters`, and approve it anew"
            )),
            _ => claim.requested_by.is_none().then(|| {
                "nobody could tell whether somebody approved their own: say in `requestedBy` who asks, and approve it anew"
                    .to_owned()
            }),
        }
    }
}

#[cfg(test)]
mod tests;
