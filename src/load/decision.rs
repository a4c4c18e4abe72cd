//! What people decide: one of our three kinds.

use std::collections::BTreeMap;

use super::collection::{Collection, Name, Written};
use crate::api::{Kind, RiskException, SecurityStandard, ServiceTier};

/// One of our kinds, as a collection keeps it.
pub(super) trait Decision: kube::Resource + PartialEq + Sized {
    /// Its kind.
    const KIND: Kind;

    /// Those that are known.
    fn known(collection: &mut Collection) -> &mut BTreeMap<Name, Written<Self>>;

    /// Takes over what a cluster remembers of it, as it would if the file that counts in its place were applied.
    fn inherit(&mut self, from: &Self);
}

macro_rules! decisions {
    ($($kind:ident in $known:ident),+) => {
        $(impl Decision for $kind {
            const KIND: Kind = Kind::$kind;

            fn known(collection: &mut Collection) -> &mut BTreeMap<Name, Written<Self>> {
                &mut collection.$known
            }

            fn inherit(&mut self, from: &Self) {
                self.status = self.status.take().or_else(|| from.status.clone());
                self.metadata.generation = self.metadata.generation.or(from.metadata.generation);
            }
        })+
    };
}

decisions!(SecurityStandard in standards, ServiceTier in tiers, RiskException in exceptions);
