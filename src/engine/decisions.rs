//! What people wrote, compiled as it comes. Where the newest spec of a standard or a tier can't be used, the last one
//! that could goes on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::approval::Rules;
use super::error::CompileErrors;
use super::evaluate::Decided;
use super::exception::CompiledException;
use super::policy::{self, Policy, Settings};
use super::standard::CompiledStandard;
use super::status::Refusal;
use super::tier::{CompiledTier, Tiers};
use crate::api::{Action, InForce, Kind, RiskException, SecurityStandard, ServiceTier};
use crate::facts::Text;

type Key = (Kind, Text, Text);

/// The policy of a cluster, kept while its standards, tiers and exceptions change.
#[derive(Debug, Default)]
pub struct Decisions {
    policy: Policy,
    tiers: BTreeMap<Text, CompiledTier>,
    refused: BTreeMap<Key, CompileErrors>,
    /// The generation of each standard that is in force, as it was written.
    in_force: BTreeMap<Text, InForce>,
    /// Of which standard or tier a version is in force, by its uid: one that was made anew under a name is another.
    uids: BTreeMap<(Kind, Text), Option<String>>,
    decided: Decided,
}

impl Decisions {
    /// None yet, under these settings.
    #[must_use]
    pub fn under(settings: Settings) -> Self {
        Self { policy: Policy { settings, ..Policy::default() }, ..Self::default() }
    }

    /// The API server holds its rules, or does no more.
    pub fn set_rules(&mut self, rules: &Rules) {
        if self.policy.settings.rules != *rules {
            self.policy.settings.rules = rules.clone();
            self.decided.rules = true;
        }
    }

    /// What is in force.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What is wrong with the newest spec of an object; nothing if it is in force. The namespace is empty for kinds of
    /// the cluster.
    #[must_use]
    pub fn refusal(&self, kind: Kind, namespace: &str, name: &str) -> Option<Refusal<'_>> {
        let errors = self.refused.get(&(kind, namespace.into(), name.into()))?;
        let in_force = if kind == Kind::SecurityStandard { self.in_force.get(name) } else { None };
        Some(Refusal { errors, in_force })
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
        self.in_force.retain(|name, _| of_cluster(Kind::SecurityStandard, name));
        self.policy.stages.retain(|(name, _), _| of_cluster(Kind::SecurityStandard, name));
        self.tiers.retain(|name, _| of_cluster(Kind::ServiceTier, name));
        self.uids.retain(|(kind, name), _| of_cluster(*kind, name));
        self.policy.exceptions.retain(|it| is_there(Kind::RiskException, &it.namespace, &it.name));
        self.renew_tiers();
    }

    /// A standard is there, or has another spec. One that can't be used goes on with what it was before; after a restart
    /// its status knows that.
    pub fn put_standard(&mut self, standard: &SecurityStandard) {
        let name = name_of(standard.metadata.name.as_deref());
        let key = (Kind::SecurityStandard, name.clone());
        if self.is_another(&key, standard.metadata.uid.as_deref()) {
            self.remove_standard(&name);
        }
        self.uids.insert(key, standard.metadata.uid.clone());
        let compiled = CompiledStandard::compile(standard).map(|compiled| (compiled, as_written(standard)));
        let newest = self.settle((Kind::SecurityStandard, Text::default(), name.clone()), compiled);
        let is_known = self.in_force.contains_key(&name);
        let usable = newest.or_else(|| if is_known { None } else { policy::in_force(standard) });
        if let Some((compiled, in_force)) = usable {
            self.in_force.insert(name.clone(), in_force);
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

    /// Too much was denied in a tier: what is recorded of it is put back, if it is at Deny. True if it was.
    pub fn trip(&mut self, standard: &Text, tier: &Text, now: Timestamp) -> bool {
        let compiled = self.policy.standards.iter().find(|it| it.name == *standard);
        let record = self.policy.stages.get_mut(&(standard.clone(), tier.clone()));
        match (compiled, record) {
            (Some(compiled), Some(record)) if record.action == Action::Deny => {
                *record = compiled.rollout.trip(Some(tier), *record, now);
                true
            }
            _ => false,
        }
    }

    /// A standard is gone.
    pub fn remove_standard(&mut self, name: &str) {
        self.refused.remove(&(Kind::SecurityStandard, Text::default(), name.into()));
        self.policy.standards.retain(|it| it.name != name);
        self.in_force.remove(name);
        self.uids.remove(&(Kind::SecurityStandard, name.into()));
        self.policy.stages.retain(|(of, _), _| of != name);
        self.decided.rules = true;
    }

    /// A tier is there, or has another spec.
    pub fn put_tier(&mut self, tier: &ServiceTier) {
        let name = name_of(tier.metadata.name.as_deref());
        let key = (Kind::ServiceTier, name.clone());
        if self.is_another(&key, tier.metadata.uid.as_deref()) {
            self.remove_tier(&name);
        }
        self.uids.insert(key, tier.metadata.uid.clone());
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
        self.uids.remove(&(Kind::ServiceTier, name.into()));
        self.renew_tiers();
    }

    /// An exception is there, or has another spec. One that can't be used is none: nothing of it goes on.
    pub fn put_exception(&mut self, exception: &RiskException) {
        let namespace = name_of(exception.metadata.namespace.as_deref());
        let name = name_of(exception.metadata.name.as_deref());
        let compiled = CompiledException::compile(exception, self.policy.settings.trust);
        let compiled = self.settle((Kind::RiskException, namespace.clone(), name.clone()), compiled);
        self.set_exception(namespace, name, compiled);
    }

    /// An exception is gone.
    pub fn remove_exception(&mut self, namespace: &str, name: &str) {
        let (namespace, name) = (Text::from(namespace), Text::from(name));
        self.refused.remove(&(Kind::RiskException, namespace.clone(), name.clone()));
        self.set_exception(namespace, name, None);
    }

    /// An exception says since when it is uncompensated: what its status has recorded.
    pub fn record_exception(&mut self, exception: &RiskException) {
        let namespace = name_of(exception.metadata.namespace.as_deref());
        let name = name_of(exception.metadata.name.as_deref());
        let all = &mut self.policy.exceptions;
        let place = all.binary_search_by(|it| (&it.namespace, &it.name).cmp(&(&namespace, &name)));
        if let Some(known) = place.ok().and_then(|place| all.get_mut(place))
            && known.record(exception)
        {
            self.decided.exceptions.insert((namespace, name));
        }
    }

    fn set_exception(&mut self, namespace: Text, name: Text, compiled: Option<CompiledException>) {
        let all = &mut self.policy.exceptions;
        match all.binary_search_by(|it| (&it.namespace, &it.name).cmp(&(&namespace, &name))) {
            Ok(place) => all.splice(place..=place, compiled).for_each(drop),
            Err(place) => all.splice(place..place, compiled).for_each(drop),
        }
        self.decided.exceptions.insert((namespace, name));
    }

    /// Whether what was known by this name is another object: nothing of it goes on.
    fn is_another(&self, key: &(Kind, Text), uid: Option<&str>) -> bool {
        self.uids.get(key).is_some_and(|known| known.as_deref() != uid)
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

/// What is in force from now on.
fn as_written(standard: &SecurityStandard) -> InForce {
    let spec = match serde_json::to_value(&standard.spec) {
        Ok(Value::Object(spec)) => spec,
        _ => serde_json::Map::new(),
    };
    InForce { generation: standard.metadata.generation.unwrap_or_default(), spec }
}

fn name_of(name: Option<&str>) -> Text {
    Text::from(name.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::SecurityStandardStatus;

    fn standard(generation: i64, control: &str) -> SecurityStandard {
        let object = serde_json::json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard",
            "metadata": {"name": "s", "generation": generation},
            "spec": {"controls": [{"id": control}]},
        });
        serde_json::from_value(object).unwrap()
    }

    fn goes_on(decisions: &Decisions) -> Option<&InForce> {
        decisions.refusal(Kind::SecurityStandard, "", "s").unwrap().in_force
    }

    fn controls(decisions: &Decisions) -> Vec<&str> {
        let standards = decisions.policy().standards.iter();
        standards.flat_map(|it| &it.controls).map(|it| it.control.id).collect()
    }

    #[test]
    fn the_last_good_version_of_a_standard_survives_a_restart_in_its_status() {
        let mut decisions = Decisions::default();
        decisions.put_standard(&standard(1, "pod.privileged"));
        decisions.put_standard(&standard(2, "pod.privilegd"));
        let in_force = goes_on(&decisions).unwrap().clone();
        assert_eq!(in_force.generation, 1);

        let mut broken = standard(2, "pod.privilegd");
        broken.status = Some(SecurityStandardStatus {
            in_force: Some(in_force.clone()),
            ..SecurityStandardStatus::default()
        });
        let (policy, refused) = Policy::compile([&broken], [], [], Settings::default());
        assert_eq!((policy.standards.len(), refused.len()), (1, 1), "the command line says the same");
        let mut restarted = Decisions::default();
        restarted.put_standard(&broken);
        assert_eq!(controls(&restarted), ["pod.privileged"]);
        assert_eq!(goes_on(&restarted), Some(&in_force));

        let mended = SecurityStandard { status: broken.status, ..standard(3, "pod.host-port") };
        restarted.put_standard(&mended);
        assert_eq!(controls(&restarted), ["pod.host-port"]);
        assert!(restarted.refusal(Kind::SecurityStandard, "", "s").is_none());
        restarted.remove_standard("s");
        restarted.put_standard(&standard(1, "pod.privilegd"));
        assert_eq!(
            goes_on(&restarted),
            None,
            "one of the same name that was made anew has nothing to go on with"
        );
    }

    #[test]
    fn one_that_was_made_anew_between_two_looks_does_not_go_on_as_its_predecessor() {
        let anew = |uid: &str, control: &str| {
            let mut standard = standard(1, control);
            standard.metadata.uid = Some(uid.to_owned());
            standard
        };
        let mut decisions = Decisions::default();
        decisions.put_standard(&anew("first", "pod.privileged"));
        decisions.put_standard(&anew("first", "pod.privilegd"));
        assert_eq!(controls(&decisions), ["pod.privileged"], "the same one, broken");
        decisions.put_standard(&anew("second", "pod.privilegd"));
        assert_eq!((controls(&decisions), goes_on(&decisions)), (vec![], None));

        let tier = |uid: &str, level: i32| -> ServiceTier {
            let object = serde_json::json!({
                "apiVersion": "stanchion.dev/v1alpha1", "kind": "ServiceTier",
                "metadata": {"name": "t", "uid": uid}, "spec": {"level": level, "default": true},
            });
            serde_json::from_value(object).unwrap()
        };
        let levels =
            |decisions: &Decisions| decisions.policy().tiers.iter().map(|it| it.level).collect::<Vec<_>>();
        decisions.put_tier(&tier("first", 1));
        decisions.put_tier(&tier("first", -1));
        assert_eq!(levels(&decisions), [1]);
        decisions.put_tier(&tier("second", -1));
        assert!(levels(&decisions).is_empty());
    }

    #[test]
    fn what_a_status_says_is_passed_over_where_it_can_t_be_used() {
        let spec = serde_json::json!({"controls": [{"id": "pod.was-once"}]});
        let in_force = InForce { generation: 1, spec: spec.as_object().unwrap().clone() };
        let mut broken = standard(2, "pod.privilegd");
        broken.status =
            Some(SecurityStandardStatus { in_force: Some(in_force), ..SecurityStandardStatus::default() });
        let mut decisions = Decisions::default();
        decisions.put_standard(&broken);
        assert_eq!((controls(&decisions), goes_on(&decisions)), (vec![], None));
    }
}
