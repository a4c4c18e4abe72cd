//! Relations: facts joined across objects, for what no object tells by itself.
//!
//! Each part is made when it is first asked for, and once: a control that asks for a subject's rights pays for a look-up,
//! and what nobody asks for costs nothing. Pure, like the facts.
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

pub mod accounts;
pub mod claims;
pub mod collectors;
pub mod escalation;
pub mod exposure;
mod filed;
pub mod images;
pub mod network;
pub mod pods;
pub mod rbac;
pub mod routes;
pub mod scheduling;

use std::sync::OnceLock;

use crate::facts::Inventory;
use claims::Claims;
use collectors::{Collectors, Found};
use escalation::Escalation;
pub use exposure::{Door, DoorKind, Exposure, Reach};
pub use images::RunningImages;
pub use network::{DefaultDeny, Isolation, Network};
pub use pods::DebuggedPods;
use rbac::Rbac;
pub use routes::Routes;

/// Facts, joined. What is kept of a part borrows nothing, so that a relation of long-lived facts is one of shorter-lived
/// ones, too.
#[derive(Debug)]
pub struct Relations<'a> {
    inventory: &'a Inventory,
    claims: OnceLock<Claims>,
    collectors: OnceLock<Found>,
    rbac: OnceLock<Rbac>,
    exposure: OnceLock<Exposure>,
    network: OnceLock<Network>,
    images: OnceLock<RunningImages>,
    debugged: OnceLock<DebuggedPods>,
    routes: OnceLock<Routes>,
    escalation: OnceLock<Escalation>,
}

impl<'a> Relations<'a> {
    /// The relations of these facts. Nothing is computed yet.
    #[must_use]
    pub const fn new(inventory: &'a Inventory) -> Self {
        Self {
            inventory,
            claims: OnceLock::new(),
            collectors: OnceLock::new(),
            rbac: OnceLock::new(),
            exposure: OnceLock::new(),
            network: OnceLock::new(),
            images: OnceLock::new(),
            debugged: OnceLock::new(),
            routes: OnceLock::new(),
            escalation: OnceLock::new(),
        }
    }

    /// The facts.
    #[must_use]
    pub const fn inventory(&self) -> &'a Inventory {
        self.inventory
    }

    /// Who mounts which claim.
    pub fn claims(&self) -> &Claims {
        self.claims.get_or_init(|| Claims::of_all(self.inventory))
    }

    /// The log collectors, and whose logs they read.
    #[must_use]
    pub fn collectors(&self) -> Collectors<'_> {
        Collectors::new(self.inventory, self.collectors.get_or_init(|| Found::in_facts(self.inventory)))
    }

    /// Who may do what.
    pub fn rbac(&self) -> &Rbac {
        self.rbac.get_or_init(|| Rbac::of(self.inventory))
    }

    /// The doors that lead to workloads.
    pub fn exposure(&self) -> &Exposure {
        self.exposure.get_or_init(|| Exposure::of_all(self.inventory))
    }

    /// The routes of Gateways.
    pub fn routes(&self) -> &Routes {
        self.routes.get_or_init(|| Routes::of_all(self.inventory))
    }

    /// What network policies isolate.
    pub fn network(&self) -> &Network {
        self.network.get_or_init(|| Network::of_all(self.inventory))
    }

    /// The digests that images run as.
    pub fn images(&self) -> &RunningImages {
        self.images.get_or_init(|| RunningImages::of_all(self.inventory))
    }

    /// The pods that somebody debugs or has debugged.
    pub fn debugged(&self) -> &DebuggedPods {
        self.debugged.get_or_init(|| DebuggedPods::of_all(self.inventory))
    }

    /// What leads to what.
    pub fn escalation(&self) -> &Escalation {
        self.escalation.get_or_init(|| Escalation::of(self.inventory, self.rbac()))
    }
}
