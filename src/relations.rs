//! Relations: facts joined across objects, for what no object tells by itself.
//!
//! Each part is made when it is first asked for, and once: a control that asks for a subject's rights pays for a look-up,
//! and what nobody asks for costs nothing. Of facts that change, what was joined is kept up to date, and it is said whose
//! judgement may have changed with it. Pure, like the facts.
//!
//! | module | what it answers |
//! | --- | --- |
//! | [`claims`] | how many workloads mount a claim |
//! | [`collectors`] | which log collectors there are, and whose logs they read |
//! | [`rbac`] | who may do what |
//! | [`escalation`] | what leads to what: from an account, hop by hop, to everything |
//! | [`accounts`] | which token a workload's pods hold |
//! | [`exposure`] | which doors lead from outside to a workload |
//! | [`routes`] | which routes hang on a listener of a Gateway |
//! | [`network`] | which network policies isolate a workload, and whether a namespace denies by default |
//! | [`images`] | which digests a tag runs as |
//! | [`pods`] | which pods of a workload have debug containers |
//! | [`scheduling`] | where pods may run; nothing of it is kept |
//! | `joined` | the parts as they are kept, and what a change does to them |
//! | `affected` | whose judgement a change may change |

pub mod accounts;
mod affected;
pub mod claims;
pub mod collectors;
pub mod escalation;
pub mod exposure;
mod filed;
pub mod images;
mod joined;
pub mod network;
pub mod pods;
pub mod rbac;
pub mod routes;
pub mod scheduling;

use std::sync::OnceLock;

use crate::facts::Inventory;
pub use affected::Affected;
use claims::Claims;
use collectors::{Collectors, Found};
use escalation::Escalation;
pub use exposure::{Door, DoorKind, Exposure, Reach};
pub use images::RunningImages;
pub use joined::{Joined, Supposed};
pub use network::{DefaultDeny, Isolation, Network};
pub use pods::DebuggedPods;
use rbac::Rbac;
pub use routes::Routes;

/// Facts, joined.
#[derive(Debug)]
pub struct Relations<'a> {
    inventory: &'a Inventory,
    own: Joined,
    /// What was joined before, and is kept up to date by somebody else.
    lent: Option<&'a Joined>,
    /// Whether what is not joined there yet is joined there.
    fills: bool,
}

impl<'a> Relations<'a> {
    /// The relations of these facts. Nothing is computed yet.
    #[must_use]
    pub fn new(inventory: &'a Inventory) -> Self {
        Self { inventory, own: Joined::default(), lent: None, fills: false }
    }

    /// The same, with what of it is known already.
    #[must_use]
    pub fn with(inventory: &'a Inventory, joined: &'a Joined) -> Self {
        Self { inventory, own: Joined::default(), lent: Some(joined), fills: true }
    }

    /// The same for somebody who looks on: what isn't known yet is found and forgotten again. The facts may be further than
    /// what was joined of them.
    #[must_use]
    pub fn beside(inventory: &'a Inventory, joined: &'a Joined) -> Self {
        Self { fills: false, ..Self::with(inventory, joined) }
    }

    /// The facts.
    #[must_use]
    pub const fn inventory(&self) -> &'a Inventory {
        self.inventory
    }

    /// Where a part is, or is to be.
    fn part<T>(&self, of: impl Fn(&Joined) -> &OnceLock<T>) -> &OnceLock<T> {
        match self.lent {
            Some(lent) if self.fills || of(lent).get().is_some() => of(lent),
            _ => of(&self.own),
        }
    }

    /// Who mounts which claim.
    pub fn claims(&self) -> &Claims {
        self.part(|it| &it.claims).get_or_init(|| Claims::of_all(self.inventory))
    }

    /// The log collectors, and whose logs they read.
    #[must_use]
    pub fn collectors(&self) -> Collectors<'_> {
        let found = self.part(|it| &it.collectors).get_or_init(|| Found::in_facts(self.inventory));
        Collectors::new(self.inventory, found)
    }

    /// Who may do what.
    pub fn rbac(&self) -> &Rbac {
        self.part(|it| &it.rbac).get_or_init(|| Rbac::of(self.inventory))
    }

    /// The doors that lead to workloads.
    pub fn exposure(&self) -> &Exposure {
        self.part(|it| &it.exposure).get_or_init(|| Exposure::of_all(self.inventory))
    }

    /// The routes of Gateways.
    pub fn routes(&self) -> &Routes {
        self.part(|it| &it.routes).get_or_init(|| Routes::of_all(self.inventory))
    }

    /// What network policies isolate.
    pub fn network(&self) -> &Network {
        self.part(|it| &it.network).get_or_init(|| Network::of_all(self.inventory))
    }

    /// The digests that images run as.
    pub fn images(&self) -> &RunningImages {
        self.part(|it| &it.images).get_or_init(|| RunningImages::of_all(self.inventory))
    }

    /// The pods that somebody debugs or has debugged.
    pub fn debugged(&self) -> &DebuggedPods {
        self.part(|it| &it.debugged).get_or_init(|| DebuggedPods::of_all(self.inventory))
    }

    /// What leads to what.
    pub fn escalation(&self) -> &Escalation {
        self.part(|it| &it.escalation).get_or_init(|| Escalation::of(self.inventory, self.rbac()))
    }
}
