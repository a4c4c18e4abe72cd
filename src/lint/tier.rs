//! Tiers: those that can never have a workload, and defaults that don't count.

use super::subsume::covers;
use super::{At, Context, Diagnostic, TIER_SHADOWED, TIER_TOO_FEW_APPROVERS, TIER_TWO_DEFAULTS};
use crate::api::{Kind, ServiceTier};
use crate::engine::approval::Trust;
use crate::facts::Text;
use crate::load::Written;

pub(super) fn check(context: Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut tiers: Vec<(&Text, &Written<ServiceTier>)> =
        context.collection.tiers.iter().map(|((_, name), written)| (name, written)).collect();
    // The order in which they are asked.
    tiers.sort_by_key(|(name, written)| (written.object.spec.level, *name));
    let mut default: Option<&Text> = None;
    for (place, (name, written)) in tiers.iter().enumerate() {
        let at = At {
            kind: Kind::ServiceTier,
            namespace: "",
            name: name.as_str(),
            origin: written.origin.as_ref(),
        };
        approvers(context, &at, found);
        if written.object.spec.default {
            match default {
                None => default = Some(name),
                Some(first) => {
                    let message = format!("`{first}` is the default tier already, and counts");
                    context.warn(found, &TIER_TWO_DEFAULTS, &at, "spec.default", &message);
                }
            }
        } else {
            let before = tiers.get(..place).unwrap_or_default();
            if let Some(by) = shadow(before, &written.object) {
                let message = format!(
                    "whatever it selects is in {by}, which {} first",
                    if by.contains(" and ") { "are asked" } else { "is asked" }
                );
                context.warn(found, &TIER_SHADOWED, &at, "spec.selectors", &message);
            }
        }
    }
}

/// Where signatures count, there must be enough people to approve.
fn approvers(context: Context<'_>, at: &At<'_>, found: &mut Vec<Diagnostic>) {
    let Some(tier) =
        context.policy.tiers.get(at.name).filter(|_| context.policy.settings.trust == Trust::Signed)
    else {
        return;
    };
    let (people, required) = (tier.approvers.people(context.assessment.at), tier.bounds.required_approvals);
    if usize::try_from(required).is_ok_and(|required| people < required) {
        let message = format!("{people} can approve, and {required} must");
        context.warn(found, &TIER_TOO_FEW_APPROVERS, at, "spec.approvers", &message);
    }
}

/// The more critical tiers that select whatever this one selects; nothing if something may be left to it.
fn shadow(before: &[(&Text, &Written<ServiceTier>)], tier: &ServiceTier) -> Option<String> {
    let mut by: Vec<String> = Vec::new();
    for selector in &tier.spec.selectors {
        let (name, _) = before
            .iter()
            .find(|(_, written)| written.object.spec.selectors.iter().any(|wider| covers(wider, selector)))?;
        let name = format!("`{name}`");
        if !by.contains(&name) {
            by.push(name);
        }
    }
    (!by.is_empty()).then(|| by.join(" and "))
}
