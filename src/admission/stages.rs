//! What happens to a failure: the stage of each tier in each standard, and what comes next.
//!
//! Made with the posture, and kept until the next: a review looks up and computes nothing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::api::Action;
use crate::engine::posture::UNCLASSIFIED;
use crate::engine::rollout::{Blocker, Standing};
use crate::engine::status::Findings;
use crate::facts::Text;

/// How long before a stage begins those who would fail in it are told.
pub const NOTICE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The stages of every standard and tier.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Stages {
    /// In the order of the policy's standards; by tier, and what stands for none.
    standards: Vec<BTreeMap<Text, Stage>>,
}

/// Where a tier stands in a standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// What is done, as it is recorded. What is not recorded yet is not in force.
    pub action: Action,
    /// What is done next, and from when at the earliest; nothing if it is blocked by more than time.
    pub next: Option<(Action, Timestamp)>,
    /// Whether it is denied at some time.
    pub will_deny: bool,
    /// Until then what fails already is spared.
    pub ratchet_until: Option<Timestamp>,
}

impl Stages {
    /// As they are now.
    #[must_use]
    pub fn of(findings: &Findings<'_>) -> Self {
        let standards = findings.policy.standards.iter().enumerate().map(|(index, standard)| {
            let named = findings.policy.tiers.iter().map(|tier| tier.name.clone());
            let tiers = named.chain([Text::from(UNCLASSIFIED)]);
            let stage = |tier: Text| {
                let rollout = &standard.rollout;
                let standing = findings.standing(index, &tier);
                let action = findings.policy.action(index, &tier).unwrap_or_default();
                let will_deny = rollout.plan(Some(&tier)).actions().any(|action| action == Action::Deny);
                let stage = Stage {
                    // An edited plan can make it less at once, and never more.
                    action: standing.as_ref().map_or(Action::Audit, |it| action.min(it.record.action)),
                    next: standing.and_then(|it| next(&it, findings.now())),
                    will_deny,
                    ratchet_until: rollout.ratchet_until.filter(|until| findings.now() < *until),
                };
                (tier, stage)
            };
            tiers.map(stage).collect()
        });
        Self { standards: standards.collect() }
    }

    /// Where a tier stands in a standard, by its place in the policy. What isn't known is let through.
    #[must_use]
    pub fn of_tier(&self, standard: usize, tier: &str) -> Stage {
        let known = self.standards.get(standard).and_then(|tiers| tiers.get(tier)).copied();
        known.unwrap_or(Stage { action: Action::Audit, next: None, will_deny: false, ratchet_until: None })
    }
}

/// What comes next, if time alone keeps it away.
fn next(standing: &Standing, now: Timestamp) -> Option<(Action, Timestamp)> {
    let waits = standing.blocked_by.iter().all(Blocker::is_over_with_time);
    let from = standing.promotable_from.filter(|_| waits)?;
    Some((standing.next?, from.max(now)))
}

impl Stage {
    /// Whether what comes next comes so soon that those who fail are told.
    #[must_use]
    pub fn has_notice(&self, now: Timestamp) -> bool {
        self.next.is_some_and(|(_, from)| from.duration_since(now) <= NOTICE)
    }

    /// When a failure will be denied, as far as that is known.
    #[must_use]
    pub fn denied_from(&self) -> Option<Timestamp> {
        self.next.filter(|(action, _)| *action == Action::Deny).map(|(_, from)| from)
    }
}
