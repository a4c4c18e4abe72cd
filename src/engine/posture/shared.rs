//! Controls that several standards ask for. Where two of them differ about one and judge the same subject with it, both say
//! so: every failure by either counts there, the graver severity and the graver action.

use std::collections::BTreeMap;

use super::Step;
use crate::api::{Action, Severity};
use crate::engine::control::Control;
use crate::engine::evaluate::Outcome;
use crate::engine::policy::Policy;
use crate::engine::standard::{CompiledControl, CompiledStandard};
use crate::facts::Text;

/// How many standards are compared that ask for one control, the first by name.
const COMPARED: usize = 8;

/// The subjects that several standards judge by one control.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shared {
    groups: Vec<Vec<Member>>,
    /// How many subjects of each tier two of a group both judge, by the places of group and members.
    met: BTreeMap<(usize, usize, usize), BTreeMap<Text, u64>>,
}

/// A standard that asks for the control of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Member {
    standard: usize,
    /// The control's place in the standard.
    control: usize,
    /// The outcome's place among those of a subject.
    outcome: usize,
}

/// A control that another standard sets differently for the same subjects.
#[derive(Debug, Clone)]
pub struct Dispute<'a> {
    /// The control.
    pub control: &'static Control,
    /// Its place in this standard.
    pub place: usize,
    /// The other standard.
    pub other: &'a CompiledStandard,
    /// The severity there and here, where they differ.
    pub severity: Option<(Severity, Severity)>,
    /// Whether the parameters differ.
    pub parameters: bool,
    /// The tiers in which the actions differ, with the action there and here.
    pub actions: Vec<(Text, Action, Action)>,
}

impl Shared {
    pub(super) fn of(policy: &Policy) -> Self {
        let mut groups: BTreeMap<&str, Vec<Member>> = BTreeMap::new();
        let mut outcome = 0;
        for (standard, compiled) in policy.standards.iter().enumerate() {
            for (control, it) in compiled.controls.iter().enumerate() {
                groups.entry(it.control.id).or_default().push(Member { standard, control, outcome });
                outcome += 1;
            }
        }
        let shared = groups.into_values().filter(|group| group.len() > 1);
        let groups = shared.map(|group| group.into_iter().take(COMPARED).collect()).collect();
        Self { groups, met: BTreeMap::new() }
    }

    pub(super) fn count(&mut self, tier: &Text, outcomes: &[Outcome], step: Step) {
        let judged = |it: &Member| outcomes.get(it.outcome).is_some_and(|it| *it != Outcome::NotApplicable);
        for (group, members) in self.groups.iter().enumerate() {
            for (first, _) in members.iter().enumerate().filter(|(_, it)| judged(it)) {
                for (second, _) in members.iter().enumerate().skip(first + 1).filter(|(_, it)| judged(it)) {
                    let key = (group, first, second);
                    let tiers = self.met.entry(key).or_default();
                    let number = tiers.entry(tier.clone()).or_default();
                    step.apply(number);
                    if *number == 0 {
                        tiers.remove(tier);
                    }
                    if tiers.is_empty() {
                        self.met.remove(&key);
                    }
                }
            }
        }
    }

    /// What other standards set differently, by the place of the control and the name of the standard.
    pub(super) fn disputes<'p>(&self, policy: &'p Policy, standard: usize) -> Vec<Dispute<'p>> {
        let pairs = self.met.iter().filter_map(|((group, first, second), tiers)| {
            let group = self.groups.get(*group)?;
            let (first, second) = (group.get(*first)?, group.get(*second)?);
            let (own, other) = if first.standard == standard {
                (first, second)
            } else if second.standard == standard {
                (second, first)
            } else {
                return None;
            };
            dispute(policy, own, other, tiers)
        });
        let mut disputes: Vec<Dispute<'p>> = pairs.collect();
        disputes.sort_by_key(|it| (it.place, it.other.name.clone()));
        disputes
    }
}

fn dispute<'p>(
    policy: &'p Policy,
    own: &Member,
    other: &Member,
    tiers: &BTreeMap<Text, u64>,
) -> Option<Dispute<'p>> {
    let standard = policy.standards.get(other.standard)?;
    let here = policy.standards.get(own.standard)?.controls.get(own.control)?;
    let there: &CompiledControl = standard.controls.get(other.control)?;
    let actions = tiers.keys().filter_map(|tier| {
        let (there, here) = (policy.action(other.standard, tier)?, policy.action(own.standard, tier)?);
        (there != here).then(|| (tier.clone(), there, here))
    });
    let found = Dispute {
        control: here.control,
        place: own.control,
        other: standard,
        severity: (there.severity != here.severity).then_some((there.severity, here.severity)),
        parameters: there.parameters != here.parameters,
        actions: actions.collect(),
    };
    (found.severity.is_some() || found.parameters || !found.actions.is_empty()).then_some(found)
}

/// The most tiers that are named.
const MOST_TIERS: usize = 3;

impl std::fmt::Display for Dispute<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut differences = Vec::new();
        if let Some((there, here)) = self.severity {
            differences.push(format!("severity {there} there, {here} here"));
        }
        if self.parameters {
            differences.push("other parameters".to_owned());
        }
        let actions = self.actions.iter().take(MOST_TIERS);
        differences
            .extend(actions.map(|(tier, there, here)| format!("in {tier} {there} there, {here} here")));
        let more = self.actions.len().saturating_sub(MOST_TIERS);
        if more > 0 {
            differences.push(format!("and in {more} more tiers"));
        }
        write!(f, "`{}` sets {} differently ({})", self.other.name, self.control.id, differences.join("; "))
    }
}
