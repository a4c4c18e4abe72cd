//! Standards: tiers that they name, and whether they hold anywhere.

use super::{
    At, Context, Diagnostic, STANDARD_ALL_EXCEPTED, STANDARD_COVERS_NOTHING, STANDARD_OVERLAPPING,
    STANDARD_UNKNOWN_TIER,
};
use crate::api::{Kind, SecurityStandard};
use crate::engine::posture::{self, Counts, StandardPosture};
use crate::engine::suggest::did_you_mean;
use crate::facts::Text;

pub(super) fn check(context: Context<'_>, found: &mut Vec<Diagnostic>) {
    let posture = posture::measure(context.policy, context.assessment);
    for ((_, name), written) in &context.collection.standards {
        let at = At {
            kind: Kind::SecurityStandard,
            namespace: "",
            name: name.as_str(),
            origin: written.origin.as_ref(),
        };
        tiers(context, &at, &written.object, found);
        let place = context.policy.standards.binary_search_by(|standard| standard.name.cmp(name)).ok();
        if let Some(measured) = place.and_then(|place| posture.standards.get(place)) {
            reach(context, &at, measured, found);
        }
        let disputes = place.map(|place| posture.disputes(context.policy, place)).unwrap_or_default();
        for dispute in disputes {
            let path = format!("spec.controls[{}]", dispute.place);
            context.warn(found, &STANDARD_OVERLAPPING, &at, &path, &dispute.to_string());
        }
    }
}

/// Tiers that nobody has defined. Without any tier among the files, nothing is known of them.
fn tiers(context: Context<'_>, at: &At<'_>, standard: &SecurityStandard, found: &mut Vec<Diagnostic>) {
    if context.collection.tiers.is_empty() {
        return;
    }
    let scope = standard.spec.scope.iter().flat_map(|scope| &scope.tiers).enumerate();
    let scope = scope.map(|(index, name)| (format!("spec.scope.tiers[{index}]"), name));
    let plans = standard.spec.rollout.iter().flat_map(|rollout| &rollout.tiers).enumerate();
    let plans = plans.map(|(index, plan)| (format!("spec.rollout.tiers[{index}].name"), &plan.name));
    for (path, name) in scope.chain(plans) {
        let known = || context.collection.tiers.keys().map(|(_, name)| name.as_str());
        if !known().any(|known| known == name) {
            let message = format!("no ServiceTier `{name}` among the files{}", did_you_mean(name, known()));
            context.warn(found, &STANDARD_UNKNOWN_TIER, at, &path, &message);
        }
    }
}

fn reach(context: Context<'_>, at: &At<'_>, measured: &StandardPosture, found: &mut Vec<Diagnostic>) {
    if !context.has_workloads() {
        return;
    }
    let judged: Vec<(&str, &Counts)> = measured
        .controls
        .iter()
        .filter(|it| it.counts.evaluated > 0)
        .map(|it| (it.control.id, &it.counts))
        .collect();
    if judged.is_empty() {
        let message = "nothing among the files is in its scope and judged by its controls";
        context.warn(found, &STANDARD_COVERS_NOTHING, at, "spec", message);
    } else if judged.iter().all(|(_, counts)| counts.excepted == counts.evaluated) {
        let ids: Vec<&str> = judged.iter().map(|(id, _)| *id).collect();
        let message = format!("everything that it judges is excepted ({})", Text::from(ids.join(", ")));
        context.warn(found, &STANDARD_ALL_EXCEPTED, at, "spec.controls", &message);
    }
}
