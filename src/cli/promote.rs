//! `stanchion promote`

use anyhow::bail;
use serde_json::json;

use super::change::ChangeArgs;
use super::{Ended, Terminal, moment};
use crate::api::{PROMOTE, SecurityStandard, TierStage};
use crate::engine::rollout::Promotion;
use crate::engine::suggest::did_you_mean;
use crate::report::table::{clean, plural};

/// Let a tier go on to its next stage now, without waiting for time or evidence
///
/// One stage at a time, and not past a hold or a freeze: what they keep back goes on after them. It writes an annotation of
/// the SecurityStandard and not its spec, so that what Git holds stays as it is. It takes the verb `promote` on
/// securitystandards.
///
/// Exit codes: 0 asked for, 2 it could not be.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  kubectl stanchion promote image-integrity --tier tier-2
  stanchion promote image-integrity --tier tier-2 --dry-run")]
pub(super) struct Args {
    /// The SecurityStandard
    #[arg(value_name = "NAME")]
    standard: String,

    /// The tier; `unclassified` for what is in none
    #[arg(long, value_name = "NAME")]
    tier: String,

    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let cluster = args.change.connect()?;
    let standard = cluster.standard(&args.standard)?;
    let called = format!("securitystandard.stanchion.dev/{}", args.standard);
    let stage = stage(&standard, &args.tier)?;
    let Some(next) = stage.next else { bail!("{} is at the last stage of its plan in {called}", args.tier) };
    if let Some(failing @ 1..) = stage.would_deny.and_then(|it| u64::try_from(it).ok()) {
        terminal.note(&format!("{} in {} would be denied at Deny", plural(failing, "workload"), args.tier));
    }
    if !stage.blocked_by.is_empty() {
        terminal.note(&format!("so far it waits: {}", stage.blocked_by.join("; ")));
    }
    let promotion = Promotion { tier: args.tier.as_str().into(), action: next, at: moment::now() };
    let known = standard.metadata.annotations.as_ref().and_then(|all| all.get(PROMOTE));
    // What was asked for of other tiers stays; what can't be read was for nothing.
    let mut all = known.map(|it| Promotion::read_all(it).unwrap_or_default()).unwrap_or_default();
    all.retain(|it| it.tier != promotion.tier);
    all.push(promotion);
    let value: Vec<String> = all.iter().map(ToString::to_string).collect();
    cluster.change_standard(&standard, json!({"metadata": {"annotations": {PROMOTE: value.join(",")}}}))?;
    terminal.print(&args.change.done(&called, &clean(&format!("goes on to {next} in {}", args.tier))))?;
    Ok(Ended::Clean)
}

/// Where the tier stands, by the status.
fn stage<'a>(standard: &'a SecurityStandard, tier: &str) -> anyhow::Result<&'a TierStage> {
    let tiers = standard.status.as_ref().map(|status| status.tiers.as_slice()).unwrap_or_default();
    let known = || tiers.iter().map(|it| it.name.as_str());
    match tiers.iter().find(|it| it.name == tier) {
        Some(stage) => Ok(stage),
        None if tiers.is_empty() => {
            bail!("the standard has no stages yet: is `stanchion controller` running?")
        }
        None => bail!("the standard knows no tier `{tier}`{}", did_you_mean(tier, known())),
    }
}
