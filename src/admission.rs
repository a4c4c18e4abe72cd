//! Admission: what is said of an object before it is there.
//!
//! Pure: bytes of an `AdmissionReview` (`admission.k8s.io/v1`) and what is known of the cluster in, an answer out. It judges
//! by the engine that makes the posture, so that both say the same. What keeps it from being asked, or from answering in
//! time, is the shell's; here everything that is no clear offence is let through.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`request`] | the review as it comes, read without copying the objects |
//! | [`passage`] | what is let through unjudged, and why |
//! | [`stages`] | what happens to a failure of each standard and tier |
//! | [`message`] | what somebody reads |
//! | [`gaps`] | when it answered, and when it did not |
//! | [`tally`] | what was denied lately, for the circuit breaker |
//! | [`breakglass`] | who may step over a rail at once |
//! | [`configuration`] | how the API server is told to ask |

pub mod breakglass;
pub mod configuration;
pub mod gaps;
pub mod message;
pub mod passage;
pub mod request;
pub mod stages;
pub mod tally;
mod weigh;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::engine::evaluate::{Ledger, Preview};
use crate::engine::policy::{Policy, Settings};
use crate::facts::object::Object;
use crate::facts::{CustomKinds, Inventory, SubjectKey, Text};
use breakglass::Used;
use message::Message;
use passage::Passage;
use request::Request;
use stages::Stages;
use tally::Place;
use weigh::Weighing;

/// An object to be judged, decoded: what doesn't need to know the cluster is done.
#[derive(Debug)]
pub struct Prepared<'a> {
    request: Request<'a>,
    key: SubjectKey,
    object: Object,
    /// As it is now, on an update.
    old: Option<Object>,
}

/// The answer to a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether the object may be as it is wanted.
    pub allowed: bool,
    /// What whoever applies it is told in either case, each at most [`message::LONGEST`] characters.
    pub warnings: Vec<String>,
    /// Why not, if it may not.
    pub message: Option<String>,
    /// What was done by which standard.
    pub acts: Vec<Act>,
    /// The glass that was broken.
    pub used: Option<Used>,
}

/// What an answer does to a subject for the sake of a standard.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Act {
    /// The standard.
    pub standard: Text,
    /// The tier, or what stands for none.
    pub tier: Text,
    /// What is done.
    pub deed: Deed,
}

/// What is done about a failure, from the mildest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// It is excused for now, and said so.
    Excepted,
    /// Somebody is told what will be.
    Warned,
    /// It would be denied, and somebody with the right to do so stepped over it.
    BrokenGlass,
    /// It is not let through.
    Denied,
}

impl Deed {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Excepted, Self::Warned, Self::BrokenGlass, Self::Denied];

    /// What metrics call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Excepted => "excepted",
            Self::Warned => "warned",
            Self::BrokenGlass => "break-glass",
            Self::Denied => "denied",
        }
    }
}

impl Answer {
    /// Let through, with nothing to say.
    #[must_use]
    pub const fn silent() -> Self {
        Self { allowed: true, warnings: Vec::new(), message: None, acts: Vec::new(), used: None }
    }
}

/// What is known of the cluster.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// What people decided.
    pub policy: &'a Policy,
    /// The facts.
    pub inventory: &'a Inventory,
    /// What happens to failures.
    pub stages: &'a Stages,
    /// Where too much was denied: there it is only warned.
    pub tripped: &'a BTreeSet<Place>,
    /// Whether glass can be broken: only where nobody but an API server can ask, for it is believed who is named.
    pub breaks_glass: bool,
}

impl<'a> Prepared<'a> {
    /// Reads the objects of a request; or says why it is let through unjudged.
    ///
    /// # Errors
    /// Not one: a reason to let it through.
    pub fn new(request: Request<'a>, kinds: &CustomKinds, settings: &Settings) -> Result<Self, Passage> {
        let kind = passage::kind(&request, kinds, settings)?;
        let (object, old) = passage::objects(&request, kind)?;
        let key = passage::key(&request, kind, &object);
        Ok(Self { request, key, object, old })
    }

    /// What it is called.
    #[must_use]
    pub const fn key(&self) -> &SubjectKey {
        &self.key
    }

    /// Whether others get or lose rights by it, so that it has to be supposed and not only looked at.
    #[must_use]
    pub const fn is_about_rights(&self) -> bool {
        matches!(self.object, Object::Role(_) | Object::Binding(_))
    }

    /// The answer, by what is known. Changes nothing.
    #[must_use]
    pub fn judge(&self, known: Known<'_>, ledger: &Ledger, now: Timestamp) -> Answer {
        let preview = Preview::new(known.policy, known.inventory, ledger, now);
        let mut weighing = Weighing::new(known, now);
        self.weigh(&preview, &mut weighing);
        self.conclude(weighing, &preview)
    }

    /// The answer where rights are given or taken: with them in force, and with what others newly fail by them. What is
    /// supposed for that is taken back.
    pub fn judge_rights(&self, known: Known<'_>, ledger: &mut Ledger, now: Timestamp) -> Answer {
        let Some((supposed, affected)) = ledger.suppose(known.inventory, &self.object) else {
            return self.judge(known, ledger, now);
        };
        let mut weighing = Weighing::new(known, now);
        let preview = Preview::new(known.policy, known.inventory, ledger, now);
        self.weigh(&preview, &mut weighing);
        weighing.newly(&preview, &affected);
        ledger.take_back(known.inventory, supposed);
        // Whoever asks has the rights that are there, not those that are asked for.
        self.conclude(weighing, &Preview::new(known.policy, known.inventory, ledger, now))
    }

    fn weigh(&self, preview: &Preview<'_>, weighing: &mut Weighing<'_>) {
        let Some(assessed) = preview.judge(&self.object) else { return };
        let before = || self.old.as_ref().and_then(|old| preview.judge(old));
        weighing.subject(&assessed, before);
    }

    fn conclude(&self, weighing: Weighing<'_>, preview: &Preview<'_>) -> Answer {
        let Weighing { known, lines, mut acts, .. } = weighing;
        if !lines.denies() {
            return Answer { warnings: lines.warnings(), acts, ..Answer::silent() };
        }
        let broken = breakglass::asked(&self.request).map(|ticket| {
            if !known.breaks_glass {
                return Err(breakglass::OFF.to_owned());
            }
            breakglass::judge(&self.request, &self.key, ticket, &lines, &acts, preview)
        });
        match broken {
            Some(Ok(used)) => {
                for act in acts.iter_mut().filter(|act| act.deed == Deed::Denied) {
                    act.deed = Deed::BrokenGlass;
                }
                let mut warnings = vec![used.warning()];
                warnings.extend(lines.warnings());
                Answer { warnings: message::bounded(warnings), acts, used: Some(used), ..Answer::silent() }
            }
            refused => {
                let refusal = refused.and_then(Result::err);
                let message = Message { key: &self.key, lines: &lines, refusal: refusal.as_deref() };
                Answer {
                    allowed: false,
                    message: Some(message.to_string()),
                    warnings: lines.milder(),
                    acts,
                    used: None,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
