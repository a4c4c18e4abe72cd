//! Flags that narrow what an audit judges, or what it lists.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::api::Severity;
use crate::config::FailOn;
use crate::engine::catalogue;
use crate::engine::evaluate::Assessment;
use crate::engine::focus::Focus;
use crate::engine::policy::Policy;
use crate::engine::posture::UNCLASSIFIED;
use crate::engine::suggest::did_you_mean;
use crate::report::json::{AuditReport, Filters};
use crate::report::past::PastAudit;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Filters")]
pub(super) struct FilterArgs {
    /// Judge by this control alone: an id, or a family as `pod.*`; can be given several times
    ///
    /// This and the filters below narrow what is judged: every number is of what is left.
    #[arg(long, value_name = "ID", value_parser = control)]
    control: Vec<String>,

    /// Judge by the controls of this family alone; can be given several times
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(families()))]
    family: Vec<String>,

    /// Judge by controls of this severity or a worse one alone
    #[arg(long, value_name = "SEVERITY", value_parser = severity())]
    severity: Option<Severity>,

    /// Judge this tier alone, or `unclassified`; can be given several times
    #[arg(long, value_name = "NAME")]
    tier: Vec<String>,

    /// Judge this namespace alone, and what is in it; can be given several times
    #[arg(long, value_name = "NAME")]
    namespace: Vec<String>,

    /// Judge what this owner has alone; '' for what names none; can be given several times
    #[arg(long, value_name = "NAME")]
    owner: Vec<String>,

    /// List only what fails
    #[arg(long)]
    only_failing: bool,

    /// List, and fail on, only what is worse than in this report of before: one that `-o json` wrote
    ///
    /// New is a finding that the report doesn't have, that it has with a lesser severity, or that was excepted then.
    /// The posture is still that of everything.
    #[arg(long, value_name = "REPORT")]
    new_since: Option<PathBuf>,
}

impl FilterArgs {
    /// Leaves of an assessment what is asked for. Nothing left of something is an error: a name that is misspelt must
    /// not look like a clean audit.
    pub(super) fn narrow(&self, policy: &Policy, assessment: &mut Assessment) -> anyhow::Result<()> {
        let Some(filters) = self.said() else { return Ok(()) };
        let tiers: Vec<&str> =
            policy.tiers.iter().map(|tier| tier.name.as_str()).chain([UNCLASSIFIED]).collect();
        if let Some(tier) = filters.tiers.iter().find(|tier| !tiers.contains(&tier.as_str())) {
            bail!("no ServiceTier `{tier}` among the files{}", did_you_mean(tier, tiers));
        }
        let had_subjects = !assessment.subjects.is_empty();
        let Filters { controls, severity, tiers, namespaces, owners } = filters;
        Focus { controls, severity, tiers, namespaces, owners }.apply(policy, assessment);
        if had_subjects && assessment.subjects.is_empty() {
            bail!("the filters leave nothing to judge: check --tier, --namespace and --owner");
        }
        Ok(())
    }

    /// Leaves of the lists what is asked for.
    pub(super) fn shorten(&self, report: &mut AuditReport) -> anyhow::Result<()> {
        if let Some(path) = &self.new_since {
            report.keep_worse_than(&read(path)?);
        }
        if self.only_failing {
            report.keep_failing();
        }
        Ok(())
    }

    /// What the assessment is narrowed to, if it is.
    pub(super) fn said(&self) -> Option<Filters> {
        let families = self.family.iter().map(|family| format!("{family}.*"));
        let filters = Filters {
            controls: self.control.iter().cloned().chain(families).collect(),
            severity: self.severity,
            tiers: self.tier.clone(),
            namespaces: self.namespace.clone(),
            owners: self.owner.clone(),
        };
        (filters != Filters::default()).then_some(filters)
    }
}

/// An audit of before.
#[expect(clippy::disallowed_methods, reason = "the command line is what has files")]
pub(super) fn read(path: &Path) -> anyhow::Result<PastAudit> {
    let bytes = fs::read(path).with_context(|| format!("{} can't be read", path.display()))?;
    PastAudit::parse(&bytes).with_context(|| path.display().to_string())
}

/// A control or a family that there is.
fn control(text: &str) -> Result<String, String> {
    catalogue::check_selector(text).map(|()| text.to_owned())
}

/// The severities by name: those of `--fail-on` that are one.
fn severity() -> impl TypedValueParser<Value = Severity> {
    let named = || FailOn::ALL.into_iter().filter_map(|it| Some((it.as_str(), it.severity()?)));
    PossibleValuesParser::new(named().map(|(name, _)| name)).try_map(move |given| {
        let found = named().find(|(name, _)| *name == given);
        found.map(|(_, severity)| severity).ok_or_else(|| format!("no severity `{given}`"))
    })
}

/// The families of the catalogue.
fn families() -> Vec<&'static str> {
    let mut families: Vec<&str> = catalogue::all().iter().map(|control| control.family()).collect();
    families.dedup();
    families
}
