//! The policy: standards, tiers and exceptions compiled together, and the settings of whoever runs the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::Timestamp;
use serde_json::Value;

use super::approval::{Electorate, Reach, Rules, Trust};
use super::error::CompileErrors;
use super::exception::CompiledException;
use super::rollout::{Record, Watch};
use super::standard::CompiledStandard;
use super::tier::{CompiledTier, Tiers};
use crate::api::{Action, InForce, Kind, RiskException, SecurityStandard, ServiceTier};
use crate::facts::{Meta, Text};

/// Namespaces that no standard judges, whatever its scope: the cluster's own, and Stanchion's.
pub const EXEMPT_NAMESPACES: [&str; 4] =
    ["kube-node-lease", "kube-public", "kube-system", "stanchion-system"];

/// Labels and annotations that say who owns a workload, the first found counts; looked up on the workload, then on its
/// namespace.
pub const OWNER_KEYS: [&str; 4] = ["stanchion.dev/owner", "app.kubernetes.io/owner", "owner", "team"];

/// What is set once for a cluster or a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Namespaces that no standard judges.
    pub exempt_namespaces: BTreeSet<Text>,
    /// Labels and annotations that name an owner.
    pub owner_keys: Vec<Text>,
    /// Which approvals count.
    pub trust: Trust,
    /// Whether the API server holds its rules, on which [`Trust::Enforced`] rests.
    pub rules: Rules,
    /// Whether a status is kept of what the engine says, so that it can be told later since when something is so.
    pub keeps_record: bool,
    /// The name of the cluster, by which exceptions say where they are for; none if nobody gave it one.
    pub cluster: Option<Text>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            exempt_namespaces: EXEMPT_NAMESPACES.map(Text::from).into(),
            owner_keys: OWNER_KEYS.map(Text::from).into(),
            trust: Trust::default(),
            rules: Rules::default(),
            keeps_record: false,
            cluster: None,
        }
    }
}

impl Settings {
    /// Who owns an object, by its own metadata or else its namespace's.
    #[must_use]
    pub fn owner(&self, own: &Meta, namespace: Option<&Meta>) -> Option<Text> {
        [Some(own), namespace].into_iter().flatten().find_map(|meta| {
            self.owner_keys
                .iter()
                .find_map(|key| meta.labels.get(key).or_else(|| meta.annotations.get(key)))
                .cloned()
        })
    }
}

/// Everything that people decided, compiled.
#[derive(Debug, Default)]
pub struct Policy {
    /// What must hold, by name.
    pub standards: Vec<CompiledStandard>,
    /// What matters how much.
    pub tiers: Tiers,
    /// What is excused, by namespace and name.
    pub exceptions: Vec<CompiledException>,
    /// The recorded stages, by standard and tier; the tier is empty for what is in none.
    pub stages: BTreeMap<(Text, Text), Record>,
    /// Settings.
    pub settings: Settings,
}

/// An object that didn't compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; empty for cluster-scoped kinds.
    pub namespace: Text,
    /// Its name.
    pub name: Text,
    /// What is wrong with it.
    pub errors: CompileErrors,
}

impl Policy {
    /// Compiles what people wrote. What can't be used is left out and returned: the rest goes on, and so does the last good
    /// version of a standard that its status knows.
    #[must_use]
    pub fn compile<'a>(
        standards: impl IntoIterator<Item = &'a SecurityStandard>,
        tiers: impl IntoIterator<Item = &'a ServiceTier>,
        exceptions: impl IntoIterator<Item = &'a RiskException>,
        settings: Settings,
    ) -> (Self, Vec<Refused>) {
        let mut refused = Vec::new();
        let mut policy = Self { settings, ..Self::default() };
        for standard in standards {
            match CompiledStandard::compile(standard) {
                Ok(compiled) => {
                    policy.stages.extend(recorded_stages(standard));
                    policy.standards.push(compiled);
                }
                Err(errors) => {
                    refused.push(Refused::new(Kind::SecurityStandard, &standard.metadata, errors));
                    if let Some((compiled, _)) = in_force(standard) {
                        policy.stages.extend(recorded_stages(standard));
                        policy.standards.push(compiled);
                    }
                }
            }
        }
        let mut compiled_tiers = Vec::new();
        for tier in tiers {
            match CompiledTier::compile(tier) {
                Ok(compiled) => compiled_tiers.push(compiled),
                Err(errors) => refused.push(Refused::new(Kind::ServiceTier, &tier.metadata, errors)),
            }
        }
        for exception in exceptions {
            match CompiledException::compile(exception, policy.settings.trust) {
                Ok(compiled) => policy.exceptions.push(compiled),
                Err(errors) => refused.push(Refused::new(Kind::RiskException, &exception.metadata, errors)),
            }
        }
        policy.tiers = Tiers::new(compiled_tiers);
        policy.standards.sort_by(|a, b| a.name.cmp(&b.name));
        policy.exceptions.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        (policy, refused)
    }

    /// Where the outcomes of a standard stand among those of a subject, by its place in [`Policy::standards`].
    #[must_use]
    pub fn outcomes_of(&self, standard: usize) -> Range<usize> {
        let length = |it: &CompiledStandard| it.controls.len();
        let start = self.standards.iter().take(standard).map(length).sum();
        start..start + self.standards.get(standard).map_or(0, length)
    }
}

impl Policy {
    /// Whose approvals count for an exception that touches these tiers as its most critical ones; nothing if it touches
    /// nothing. Such a one may be approved by the approvers of any tier: it covers nothing, and who checks a file without the
    /// workloads still learns what its signatures are worth.
    #[must_use]
    pub fn electorate<'a>(&'a self, touched: Option<Vec<&'a CompiledTier>>) -> Electorate<'a> {
        let reach = touched.map_or_else(|| Reach::Nothing(self.tiers.iter().collect()), Reach::Touched);
        let Settings { trust, rules, cluster, .. } = &self.settings;
        Electorate { trust: *trust, rules, cluster: cluster.as_ref(), reach }
    }

    /// The times after `now` at which an exception changes by itself, be it through the keys that approved it.
    pub fn boundaries(
        &self,
        exception: &CompiledException,
        now: Timestamp,
    ) -> impl Iterator<Item = Timestamp> {
        let keys =
            exception.keys().flat_map(|key| self.tiers.iter().flat_map(|it| it.approvers.boundaries(key)));
        exception.boundaries(now).chain(keys.filter(move |moment| *moment > now))
    }

    /// What happens in a tier to what fails a standard, by its place: as recorded, or as its plan begins.
    #[must_use]
    pub fn action(&self, standard: usize, tier: &Text) -> Option<Action> {
        let standard = self.standards.get(standard)?;
        let recorded = self.stages.get(&(standard.name.clone(), tier.clone())).map(|record| record.action);
        recorded.or_else(|| standard.rollout.plan(Some(tier)).actions().next())
    }
}

impl Refused {
    fn new(
        kind: Kind,
        meta: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta,
        errors: CompileErrors,
    ) -> Self {
        let text = |value: &Option<String>| Text::from(value.as_deref().unwrap_or_default());
        Self { kind, namespace: text(&meta.namespace), name: text(&meta.name), errors }
    }
}

/// What the status of a standard says that is in force while the newest spec is not, if it can still be used.
pub(super) fn in_force(standard: &SecurityStandard) -> Option<(CompiledStandard, InForce)> {
    let in_force = standard.status.as_ref()?.in_force.clone()?;
    let spec = serde_json::from_value(Value::Object(in_force.spec.clone())).ok()?;
    let then = SecurityStandard { metadata: standard.metadata.clone(), spec, status: None };
    Some((CompiledStandard::compile(&then).ok()?, in_force))
}

/// The stages that a standard's status has recorded.
pub(super) fn recorded_stages(standard: &SecurityStandard) -> impl Iterator<Item = ((Text, Text), Record)> {
    let name = Text::from(standard.metadata.name.as_deref().unwrap_or_default());
    let tiers = standard.status.iter().flat_map(|status| &status.tiers);
    let watch = standard.status.as_ref().and_then(Watch::recorded);
    tiers.filter_map(move |tier| {
        let tripped = tier.tripped.as_ref().map(|time| time.0);
        let record = Record { action: tier.action?, since: tier.since.as_ref()?.0, watch, tripped };
        Some(((name.clone(), Text::from(tier.name.as_str())), record))
    })
}
