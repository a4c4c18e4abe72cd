//! Relations: facts joined across objects, for what no object tells by itself.
//!
//! Each part is made when it is first asked for, and once: a control that asks for a subject's rights pays for a look-up,
//! and what nobody asks for costs nothing. Pure, like the facts.
//!
//! | module | what it answers |
//! | --- | --- |
//! | [`rbac`] | who may do what |
//! | [`accounts`] | which token a workload's pods hold |
//! | [`escalation`] | what leads to what: from an account, hop by hop, to everything |

pub mod accounts;
pub mod escalation;
pub mod rbac;

use std::sync::OnceLock;

use crate::facts::Inventory;
use escalation::Escalation;
use rbac::Rbac;

/// Facts, joined.
#[derive(Debug)]
pub struct Relations<'a> {
    inventory: &'a Inventory,
    rbac: OnceLock<Rbac>,
    escalation: OnceLock<Escalation>,
}

impl<'a> Relations<'a> {
    /// The relations of these facts. Nothing is computed yet.
    #[must_use]
    pub const fn new(inventory: &'a Inventory) -> Self {
        Self { inventory, rbac: OnceLock::new(), escalation: OnceLock::new() }
    }

    /// The facts.
    #[must_use]
    pub const fn inventory(&self) -> &'a Inventory {
        self.inventory
    }

    /// Who may do what.
    pub fn rbac(&self) -> &Rbac {
        self.rbac.get_or_init(|| Rbac::of(self.inventory))
    }
    /// What leads to what.
    pub fn escalation(&self) -> &Escalation {
        self.escalation.get_or_init(|| Escalation::of(self.inventory, self.rbac()))
    }
}
