//! Relations: facts joined across objects, for what no object tells by itself.
//!
//! Each part is made when it is first asked for, and once: a control that asks for a subject's rights pays for a look-up,
//! and what nobody asks for costs nothing. Pure, like the facts.
//!
//! | module | what it answers |
//! | --- | --- |
//! | [`collectors`] | which log collectors there are, and whose logs they read |
//! | [`rbac`] | who may do what |
//! | [`scheduling`] | where pods may run; nothing of it is kept |

pub mod collectors;
pub mod rbac;
pub mod scheduling;

use std::sync::OnceLock;

use crate::facts::Inventory;
use collectors::{Collectors, Found};
use rbac::Rbac;

/// Facts, joined. What is kept of a part borrows nothing, so that a relation of long-lived facts is one of shorter-lived
/// ones, too.
#[derive(Debug)]
pub struct Relations<'a> {
    inventory: &'a Inventory,
    collectors: OnceLock<Found>,
    rbac: OnceLock<Rbac>,
}

impl<'a> Relations<'a> {
    /// The relations of these facts. Nothing is computed yet.
    #[must_use]
    pub const fn new(inventory: &'a Inventory) -> Self {
        Self { inventory, collectors: OnceLock::new(), rbac: OnceLock::new() }
    }

    /// The facts.
    #[must_use]
    pub const fn inventory(&self) -> &'a Inventory {
        self.inventory
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
}
