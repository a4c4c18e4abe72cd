//! The whole status of an object: what the engine made, and over it what is wrong with the newest spec.

use jiff::Timestamp;
use serde::Serialize;

use super::refused;
use crate::api::condition;
use crate::api::{Kind, RiskExceptionStatus, SecurityStandardStatus, ServiceTierStatus};
use crate::engine::error::CompileErrors;

/// What the statuses of the three kinds have in common.
pub trait Status: Clone + Default + PartialEq + Serialize {
    /// The kind whose status it is.
    const KIND: Kind;

    /// The same, with what is wrong with the newest spec.
    #[must_use]
    fn refused(self, errors: &CompileErrors, in_force: bool, generation: i64, now: Timestamp) -> Self;

    /// The same, without other managers' conditions: a server-side apply must only hold what is ours.
    #[must_use]
    fn own(self) -> Self;
}

macro_rules! status {
    ($($kind:ident: $status:ty),+) => {
        $(impl Status for $status {
            const KIND: Kind = Kind::$kind;

            fn refused(mut self, errors: &CompileErrors, in_force: bool, generation: i64, now: Timestamp) -> Self {
                self.conditions = refused(Self::KIND, errors, in_force, &self.conditions, generation, now);
                self.observed_generation = Some(generation);
                self
            }

            fn own(mut self) -> Self {
                self.conditions.retain(|it| condition::types(Self::KIND).contains(&it.type_.as_str()));
                self
            }
        })+
    };
}

status!(
    SecurityStandard: SecurityStandardStatus,
    ServiceTier: ServiceTierStatus,
    RiskException: RiskExceptionStatus
);

/// Puts what is wrong with the newest spec over what the engine made. Of a spec that never compiled there is nothing but
/// that to say.
#[must_use]
pub fn finished<S: Status>(
    made: Option<S>,
    before: Option<&S>,
    wrong: Option<&CompileErrors>,
    generation: i64,
    now: Timestamp,
) -> Option<S> {
    let in_force = made.is_some();
    match wrong {
        Some(errors) => {
            let status = made.or_else(|| before.cloned()).unwrap_or_default();
            Some(status.refused(errors, in_force, generation, now))
        }
        None => made,
    }
}
