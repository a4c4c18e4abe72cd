//! What people wrote, compiled as it comes. Where the newest spec of a standard or a tier can't be used, the last one
//! that could goes on.

use std::collections::BTreeMap;

use super::error::CompileErrors;
use super::evaluate::Decided;
use super::exception::CompiledException;
use super::policy::{self, Policy, Settings};
use super::standard::CompiledStandard;
use super::tier::{CompiledTier, Tiers};
use crate::api::{Kind, RiskException, SecurityStandard, ServiceTier};
use crate::facts::Text;

type Key = (Kind, Text, Text);

/// The policy of a cluster, kept while its standards, tiers and exceptions change.
#[derive(Debug, Default)]
pub struct Decisions {
    policy: Policy,
    tiers: BTreeMap<Text, CompiledTier>,
    refused: BTreeMap<Key, CompileErrors>,
    decided: Decided,
}

impl Decisions {
    /// Nothing decided yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { policy: Policy { settings, ..Policy::default() }, ..Self::default() }
    }

    /// What is in force.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What is wrong with the newest spec of an object; nothing if it is in force. The namespace is empty for kinds of
    /// the cluster.
    #[must_use]
    pub fn refusal(&self, kind: Kind, namespace: &str, name: &str) -> Option<&CompileErrors> {
        self.refused.get(&(kind, namespace.into(), name.into()))
    }

    /// What is different since the last time that this was asked.
    pub fn take(&mut self) -> Decided {
        std::mem::take(&mut self.decided)
    }

    /// Forgets what is there no more.
    pub fn retain(&mut self, is_there: impl Fn(Kind, &str, &str) -> bool) {
        let of_cluster = |kind, name: &Text| is_there(kind, "", name);
        self.refused.retain(|(kind, namespace, name), _| is_there(*kind, namespace, name));
        self.policy.standards.retain(|it| of_cluster(Kind::SecurityStandard, &it.name));
        self.policy.stages.retain(|(name, _), _| of_cluster(Kind::SecurityStandard, name));
        self.tiers.retain(|name, _| of_cluster(Kind::ServiceTier, name));
        self.policy.exceptions.retain(|it| is_there(Kind::RiskException, &it.namespace, &it.name));
        self.renew_tiers();
    }

    /// A standard is there, or has another spec.
    pub fn put_standard(&mut self, standard: &SecurityStandard) {
        let name = name_of(standard.metadata.name.as_deref());
        let compiled = CompiledStandard::compile(standard);
        if let Some(compiled) = self.settle((Kind::SecurityStandard, Text::default(), name.clone()), compiled)
        {
            match self.policy.standards.binary_search_by(|it| it.name.cmp(&name)) {
                Ok(place) => self.policy.standards.splice(place..=place, [compiled]).for_each(drop),
                Err(place) => self.policy.standards.insert(place, compiled),
            }
            self.decided.rules = true;
        }
        self.record(standard);
    }

    /// A standard says other stages: what its status has recorded.
    pub fn record(&mut self, standard: &SecurityStandard) {
        let name = name_of(standard.metadata.name.as_deref());
        self.policy.stages.retain(|(of, _), _| *of != name);
        self.policy.stages.extend(policy::recorded_stages(standard));
    }

    /// A standard is gone.
    pub fn remove_standard(&mut self, name: &str) {
        self.refused.remove(&(Kind::SecurityStandard, Text::default(), name.into()));
        self.policy.standards.retain(|it| it.name != name);
        self.policy.stages.retain(|(of, _), _| of != name);
        self.decided.rules = true;
    }

    /// A tier is there, or has another spec.
    pub fn put_tier(&mut self, tier: &ServiceTier) {
        let name = name_of(tier.metadata.name.as_deref());
        let compiled = CompiledTier::compile(tier);
        if let Some(compiled) = self.settle((Kind::ServiceTier, Text::default(), name.clone()), compiled) {
            self.tiers.insert(name, compiled);
            self.renew_tiers();
        }
    }

    /// A tier is gone.
    pub fn remove_tier(&mut self, name: &str) {
        self.refused.remove(&(Kind::ServiceTier, Text::default(), name.into()));
        self.tiers.remove(name);
        self.renew_tiers();
    }

    /// An exception is there, or has another spec. One that can't be used is none: nothing of it goes on.
    pub fn put_exception(&mut self, exception: &RiskException) {
        let namespace = name_of(exception.metadata.namespace.as_deref());
        let name = name_of(exception.metadata.name.as_deref());
        let compiled = CompiledException::compile(exception);
        let compiled = self.settle((Kind::RiskException, namespace.clone(), name.clone()), compiled);
        self.set_exception(namespace, name, compiled);
    }

    /// An exception is gone.
    pub fn remove_exception(&mut self, namespace: &str, name: &str) {
        let (namespace, name) = (Text::from(namespace), Text::from(name));
        self.refused.remove(&(Kind::RiskException, namespace.clone(), name.clone()));
        self.set_exception(namespace, name, None);
    }

    fn set_exception(&mut self, namespace: Text, name: Text, compiled: Option<CompiledException>) {
        let all = &mut self.policy.exceptions;
        match all.binary_search_by(|it| (&it.namespace, &it.name).cmp(&(&namespace, &name))) {
            Ok(place) => all.splice(place..=place, compiled).for_each(drop),
            Err(place) => all.splice(place..place, compiled).for_each(drop),
        }
        self.decided.exceptions.insert((namespace, name));
    }

    fn renew_tiers(&mut self) {
        self.policy.tiers = Tiers::new(self.tiers.values().cloned().collect());
        self.decided.rules = true;
    }

    /// Notes whether a spec can be used.
    fn settle<T>(&mut self, key: Key, compiled: Result<T, CompileErrors>) -> Option<T> {
        match compiled {
            Ok(compiled) => {
                self.refused.remove(&key);
                Some(compiled)
            }
            Err(errors) => {
                self.refused.insert(key, errors);
                None
            }
        }
    }
}

fn name_of(name: Option<&str>) -> Text {
    Text::from(name.unwrap_or_default())
}
