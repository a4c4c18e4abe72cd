//! What people ask of a rollout beside its plan: to hold it, or to let a tier go on now. It stands in annotations, not in the
//! spec, so that whoever keeps the standard in Git need not change it there for a day.

use std::fmt;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::api::{Action, HOLD, PROMOTE};
use crate::facts::Text;

/// What people ask for now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Why nothing is promoted, in the words of whoever holds it.
    pub(super) hold: Option<String>,
    /// What is wrong with the promotions, which then count for nothing.
    pub(super) unreadable: Option<String>,
    promotions: Vec<Promotion>,
}

/// A tier may go on to an action without waiting for time or evidence: `tier-1=Warn@2026-12-01T10:00:00Z`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// The tier; `unclassified` for what is in none.
    pub tier: Text,
    /// The action of the next stage.
    pub action: Action,
    /// When it was asked for.
    pub at: Timestamp,
}

impl Promotion {
    /// Reads the value of the annotation: promotions with commas between them.
    ///
    /// # Errors
    /// The first that can't be read, and how one is written.
    pub fn read_all(value: &str) -> Result<Vec<Self>, String> {
        let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| Self::read(part).ok_or_else(|| part.to_owned())).collect::<Result<_, _>>().map_err(
            |part| format!("`{part}` must be TIER=ACTION@TIME, such as `tier-1=Warn@2026-12-01T10:00:00Z`"),
        )
    }

    fn read(part: &str) -> Option<Self> {
        let (tier, rest) = part.split_once('=')?;
        let (action, at) = rest.split_once('@')?;
        let action =
            [Action::Audit, Action::Warn, Action::Deny].into_iter().find(|it| it.to_string() == action)?;
        Some(Self { tier: tier.into(), action, at: at.parse().ok()? })
    }
}

impl fmt::Display for Promotion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}@{}", self.tier, self.action, self.at)
    }
}

impl Asked {
    /// What an object's annotations say.
    pub(super) fn of(meta: &ObjectMeta) -> Self {
        let annotation =
            |key: &str| meta.annotations.as_ref().and_then(|all| all.get(key)).map(String::as_str);
        let promotions = annotation(PROMOTE).map_or(Ok(Vec::new()), Promotion::read_all);
        Self {
            hold: annotation(HOLD).map(ToOwned::to_owned),
            unreadable: promotions.as_ref().err().cloned(),
            promotions: promotions.unwrap_or_default(),
        }
    }

    /// Whether a tier that is at a stage since a time may go on to an action. What was asked for before that is done with:
    /// a stage that was lost, or taken back, isn't reached again by it.
    pub(super) fn promotes(&self, tier: &str, action: Action, since: Timestamp, now: Timestamp) -> bool {
        let is_meant = |it: &&Promotion| it.tier == tier && it.action == action;
        self.promotions.iter().filter(is_meant).any(|it| (since..=now).contains(&it.at))
    }
}
