//! The whole status of an object: what the engine made, and over it what is wrong with the newest spec.

use jiff::Timestamp;
use serde::Serialize;

use super::{refused, standard};
use crate::api::condition;
use crate::api::{InForce, Kind, RiskExceptionStatus, SecurityStandardStatus, ServiceTierStatus};
use crate::engine::error::CompileErrors;

/// What is wrong with the newest spec of an object.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    /// Every error.
    pub errors: &'a CompileErrors,
    /// The generation of a standard that goes on, where one does and is known.
    pub in_force: Option<&'a InForce>,
}

/// What the statuses of the three kinds have in common.
pub trait Status: Clone + Default + PartialEq + Serialize {
    /// The kind whose status it is.
    const KIND: Kind;

    /// The same, with what is wrong with the newest spec.
    #[must_use]
    fn refused(self, errors: &CompileErrors, in_force: bool, generation: i64, now: Timestamp) -> Self;

    /// The same, as it follows on what was there: a condition that was set twice seems to have moved.
    #[must_use]
    fn following(self, in_force: Option<&InForce>, before: Option<&Self>) -> Self;

    /// The same, without other managers' conditions: a server-side apply must only hold what is ours.
    #[must_use]
    fn own(self) -> Self;
}

macro_rules! status {
    ($($kind:ident: $status:ty, $goes_on:path;)+) => {
        $(impl Status for $status {
            const KIND: Kind = Kind::$kind;

            fn refused(mut self, errors: &CompileErrors, in_force: bool, generation: i64, now: Timestamp) -> Self {
                self.conditions = refused(Self::KIND, errors, in_force, &self.conditions, generation, now);
                self.observed_generation = Some(generation);
                self
            }

            fn following(mut self, in_force: Option<&InForce>, before: Option<&Self>) -> Self {
                let known = before.map(|before| before.conditions.as_slice()).unwrap_or_default();
                for it in &mut self.conditions {
                    let same = known.iter().find(|known| (&known.type_, &known.status) == (&it.type_, &it.status));
                    if let Some(same) = same {
                        it.last_transition_time.clone_from(&same.last_transition_time);
                    }
                }
                $goes_on(self, in_force, before)
            }

            fn own(mut self) -> Self {
                self.conditions.retain(|it| condition::types(Self::KIND).contains(&it.type_.as_str()));
                self
            }
        })+
    };
}

status!(
    SecurityStandard: SecurityStandardStatus, standard::goes_on;
    ServiceTier: ServiceTierStatus, on_its_own;
    RiskException: RiskExceptionStatus, on_its_own;
);

/// A status that says nothing of an older generation.
fn on_its_own<S>(status: S, _: Option<&InForce>, _: Option<&S>) -> S {
    status
}

/// Puts what is wrong with the newest spec over what the engine made. Of a spec that never compiled there is nothing but
/// that to say.
#[must_use]
pub fn finished<S: Status>(
    made: Option<S>,
    before: Option<&S>,
    wrong: Option<Refusal<'_>>,
    generation: i64,
    now: Timestamp,
) -> Option<S> {
    let in_force = made.is_some();
    match wrong {
        Some(Refusal { errors, in_force: goes_on }) => {
            let status = made.or_else(|| before.cloned()).unwrap_or_default();
            let goes_on = goes_on.filter(|_| in_force);
            Some(status.refused(errors, in_force, generation, now).following(goes_on, before))
        }
        None => made,
    }
}
