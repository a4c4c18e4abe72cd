//! Tiers: what matters how much, and which workloads are in which.

use std::collections::BTreeMap;

use super::approval::Approvers;
use super::error::{CompileError, CompileErrors};
use crate::api::{Duration, ExceptionBounds, LabelSelector, ServiceTier, Targets};
use crate::facts::{Selector, Text, TextMap};

/// The label with which a workload raises its own criticality: a tier's name, or its level. It can never lower it.
pub const TIER_LABEL: &str = "stanchion.dev/tier";

/// A checked tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledTier {
    /// The tier's name.
    pub name: Text,
    /// 0 is the most critical.
    pub level: i32,
    /// What exceptions may be in this tier.
    pub bounds: ExceptionBounds,
    /// Who may approve them by signature.
    pub approvers: Approvers,
    /// What the tier is measured against.
    pub targets: Targets,
    /// How long logs must be kept, if it asks.
    pub minimum_retention: Option<Duration>,
    /// Whether it asks for threat models; how old they may be, if it says.
    pub threat_model: Option<Option<Duration>>,
    is_default: bool,
    selectors: Vec<TierSelector>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct TierSelector {
    namespace: Option<Selector>,
    workload: Option<Selector>,
}

impl CompiledTier {
    /// Checks a tier as written.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(tier: &ServiceTier) -> Result<Self, CompileErrors> {
        let spec = &tier.spec;
        let mut errors = Vec::new();
        if spec.level < 0 {
            errors.push(CompileError::new("spec.level", "must be 0, the most critical, or more"));
        }
        if !spec.default && spec.selectors.is_empty() {
            errors.push(CompileError::new(
                "spec.selectors",
                "this tier would have no workloads: give selectors, or make it the default one with `default: true`",
            ));
        }
        for (index, selector) in spec.selectors.iter().enumerate() {
            let path = format!("spec.selectors[{index}]");
            if selector.namespace_selector.is_none() && selector.workload_selector.is_none() {
                errors.push(CompileError::new(&path, "give a namespaceSelector, a workloadSelector or both"));
            }
            check_selector(
                &format!("{path}.namespaceSelector"),
                selector.namespace_selector.as_ref(),
                &mut errors,
            );
            check_selector(
                &format!("{path}.workloadSelector"),
                selector.workload_selector.as_ref(),
                &mut errors,
            );
        }
        let approvers = Approvers::compile(&spec.approvers, &mut errors);
        let selectors = spec.selectors.iter().map(|selector| TierSelector {
            namespace: selector.namespace_selector.as_ref().map(Selector::from),
            workload: selector.workload_selector.as_ref().map(Selector::from),
        });
        let compiled = Self {
            name: tier.metadata.name.clone().unwrap_or_default().into(),
            level: spec.level,
            bounds: spec.exception_bounds(),
            approvers,
            targets: spec.targets.clone().unwrap_or_default(),
            minimum_retention: spec.logging.as_ref().and_then(|it| it.minimum_retention),
            threat_model: spec.threat_model.as_ref().map(|it| it.max_age),
            is_default: spec.default,
            selectors: selectors.collect(),
        };
        CompileErrors::check(compiled, errors)
    }

    fn selects(&self, namespace: &TextMap, workload: &TextMap) -> bool {
        self.selectors.iter().any(|selector| {
            selector.namespace.as_ref().is_none_or(|wanted| wanted.matches(namespace))
                && selector.workload.as_ref().is_none_or(|wanted| wanted.matches(workload))
        })
    }

    fn is_called(&self, label: &str) -> bool {
        self.name == label || label.parse() == Ok(self.level)
    }
}

/// Of some tiers the most critical ones, each once: several if they are equally critical.
pub(super) fn most_critical<'a>(tiers: impl Iterator<Item = &'a CompiledTier>) -> Vec<&'a CompiledTier> {
    let mut least: BTreeMap<&Text, &CompiledTier> = BTreeMap::new();
    for tier in tiers {
        let level = least.values().next().map_or(tier.level, |it| it.level);
        if tier.level < level {
            least.clear();
        }
        if tier.level <= level {
            least.insert(&tier.name, tier);
        }
    }
    least.into_values().collect()
}

/// The bounds that keep to those of each tier; the defaults where there is none.
pub(super) fn strictest(tiers: &[&CompiledTier]) -> ExceptionBounds {
    let each = tiers.iter().map(|tier| tier.bounds.clone());
    let stricter = |one: ExceptionBounds, other: ExceptionBounds| ExceptionBounds {
        max_duration: one.max_duration.min(other.max_duration),
        max_renewals: one.max_renewals.min(other.max_renewals),
        required_approvals: one.required_approvals.max(other.required_approvals),
        review_every: one.review_every.min(other.review_every),
    };
    each.reduce(stricter).unwrap_or_default()
}

/// What the API server can't refuse in a file: operators and values that don't fit, and selectors of everything.
pub(super) fn check_selector(path: &str, selector: Option<&LabelSelector>, errors: &mut Vec<CompileError>) {
    use crate::api::Operator;

    let Some(selector) = selector else { return };
    if selector.is_empty() {
        errors.push(CompileError::new(
            path,
            "an empty selector selects everything: remove it, or give it labels",
        ));
    }
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        let takes_values = matches!(requirement.operator, Operator::In | Operator::NotIn);
        if takes_values == requirement.values.is_empty() {
            let message = if takes_values {
                "the operators In and NotIn need values: list at least one"
            } else {
                "the operators Exists and DoesNotExist look at the key alone: remove values"
            };
            errors.push(CompileError::new(format!("{path}.matchExpressions[{index}].values"), message));
        }
    }
}

/// Why a subject is in its tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// A selector of the tier matches.
    Selected,
    /// The workload's own label raised it.
    Raised,
    /// No selector matches, and this is the default tier.
    Default,
    /// No tier has it.
    Unclassified,
}

/// The tier of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution<'a> {
    /// The tier; none if the subject is unclassified.
    pub tier: Option<&'a CompiledTier>,
    /// Why.
    pub placement: Placement,
    /// Other tiers whose selectors match, less critical or of the same level.
    pub overlaps: Vec<&'a CompiledTier>,
}

/// All tiers, the most critical first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tiers(Vec<CompiledTier>);

impl Tiers {
    /// Orders tiers by level and name.
    #[must_use]
    pub fn new(mut tiers: Vec<CompiledTier>) -> Self {
        tiers.sort_by(|a, b| (a.level, &a.name).cmp(&(b.level, &b.name)));
        Self(tiers)
    }

    /// Each tier, the most critical first.
    pub fn iter(&self) -> impl Iterator<Item = &CompiledTier> {
        self.0.iter()
    }

    /// The tier of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&CompiledTier> {
        self.0.iter().find(|tier| tier.name == name)
    }

    /// The tiers that say they are the default one; more than one is a mistake, and the most critical counts.
    pub fn defaults(&self) -> impl Iterator<Item = &CompiledTier> {
        self.0.iter().filter(|tier| tier.is_default)
    }

    /// The tier of a subject with these labels, in a namespace with those. Where several match, the most critical
    /// wins; the subject's own label can raise it further.
    #[must_use]
    pub fn resolve(&self, namespace: &TextMap, subject: &TextMap) -> Resolution<'_> {
        let mut matching = self.0.iter().filter(|tier| tier.selects(namespace, subject));
        let selected = matching.next();
        let overlaps: Vec<_> = matching.collect();
        let placed = selected.map(|tier| (tier, Placement::Selected));
        let placed = placed.or_else(|| self.defaults().next().map(|tier| (tier, Placement::Default)));
        let claimed =
            subject.get(TIER_LABEL).and_then(|label| self.0.iter().find(|tier| tier.is_called(label)));
        let raised = claimed.filter(|claim| placed.is_none_or(|(tier, _)| claim.level < tier.level));
        match (raised, placed) {
            (Some(tier), _) => Resolution { tier: Some(tier), placement: Placement::Raised, overlaps },
            (None, Some((tier, placement))) => Resolution { tier: Some(tier), placement, overlaps },
            (None, None) => Resolution { tier: None, placement: Placement::Unclassified, overlaps },
        }
    }
}

impl From<&LabelSelector> for Selector {
    fn from(written: &LabelSelector) -> Self {
        use crate::api::Operator as Written;
        use crate::facts::selector::{Operator, Requirement};

        let operator = |operator| match operator {
            Written::In => Operator::In,
            Written::NotIn => Operator::NotIn,
            Written::Exists => Operator::Exists,
            Written::DoesNotExist => Operator::DoesNotExist,
        };
        Self {
            match_labels: written
                .match_labels
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str()))
                .collect(),
            match_expressions: written
                .match_expressions
                .iter()
                .map(|requirement| Requirement {
                    key: requirement.key.as_str().into(),
                    operator: operator(requirement.operator),
                    values: requirement.values.iter().map(|value| value.as_str().into()).collect(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiers() -> Tiers {
        let tier = |yaml: &str| CompiledTier::compile(&serde_saphyr::from_str(yaml).unwrap()).unwrap();
        Tiers::new(vec![
            tier(
                "{apiVersion: stanchion.dev/v1alpha1, kind: ServiceTier, metadata: {name: standard},
                  spec: {level: 2, default: true}}",
            ),
            tier(
                "{apiVersion: stanchion.dev/v1alpha1, kind: ServiceTier, metadata: {name: important},
                  spec: {level: 1, selectors: [{namespaceSelector: {matchLabels: {env: prod}}}]}}",
            ),
            tier(
                "{apiVersion: stanchion.dev/v1alpha1, kind: ServiceTier, metadata: {name: crown-jewels},
                  spec: {level: 0, selectors: [{namespaceSelector: {matchLabels: {env: prod}},
                    workloadSelector: {matchLabels: {app: ledger}}}]}}",
            ),
        ])
    }

    fn resolve(namespace: &[(&str, &str)], workload: &[(&str, &str)]) -> (String, Placement) {
        let tiers = tiers();
        let found = tiers.resolve(&namespace.iter().copied().collect(), &workload.iter().copied().collect());
        (found.tier.map(|tier| tier.name.to_string()).unwrap_or_default(), found.placement)
    }

    #[test]
    fn of_several_matching_tiers_the_most_critical_wins() {
        let found = resolve(&[("env", "prod")], &[("app", "ledger")]);
        assert_eq!(found, ("crown-jewels".to_owned(), Placement::Selected));
        assert_eq!(resolve(&[("env", "prod")], &[]), ("important".to_owned(), Placement::Selected));
    }

    #[test]
    fn what_no_tier_selects_is_in_the_default_one() {
        assert_eq!(resolve(&[], &[("app", "ledger")]), ("standard".to_owned(), Placement::Default));
    }

    #[test]
    fn a_workload_s_own_label_raises_it_and_never_lowers_it() {
        let raised = ("crown-jewels".to_owned(), Placement::Raised);
        assert_eq!(resolve(&[], &[(TIER_LABEL, "crown-jewels")]), raised);
        assert_eq!(resolve(&[], &[(TIER_LABEL, "0")]), raised);
        let kept = ("important".to_owned(), Placement::Selected);
        assert_eq!(resolve(&[("env", "prod")], &[(TIER_LABEL, "standard")]), kept);
    }

    proptest::proptest! {
        #[test]
        fn no_label_of_a_tenant_lowers_what_its_namespace_makes_critical(
            labels in proptest::collection::btree_map(
                proptest::sample::select(vec![TIER_LABEL, "app", "env", "tier", "stanchion.dev/level"]),
                proptest::sample::select(vec!["standard", "important", "crown-jewels", "0", "1", "2", "9", "-1", "", "prod", "ledger"]),
                0..5,
            ),
        ) {
            let tiers = tiers();
            let labels: TextMap = labels.iter().map(|(key, value)| (*key, *value)).collect();
            let level = |labels: &TextMap| {
                let namespace = [("env", "prod")].into_iter().collect();
                tiers.resolve(&namespace, labels).tier.map(|tier| tier.level)
            };
            proptest::prop_assert!(level(&labels) <= level(&TextMap::default()) && level(&labels).is_some());
        }
    }

    #[test]
    fn without_any_tier_a_workload_is_unclassified() {
        let found = Tiers::default();
        assert_eq!(
            found.resolve(&TextMap::default(), &TextMap::default()).placement,
            Placement::Unclassified
        );
    }
}
