//! A part of an assessment: some controls, some subjects.

use std::sync::Arc;

use super::catalogue;
use super::evaluate::{Assessed, Assessment, Outcome};
use super::policy::Policy;
use super::posture::UNCLASSIFIED;
use super::standard::CompiledControl;
use crate::api::Severity;
use crate::facts::{ObjectKind, SubjectKey};

/// What to look at. What is left empty narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Focus {
    /// Controls by id or, as `pod.*`, by family.
    pub controls: Vec<String>,
    /// The severity from which on controls count, as their standards give it.
    pub severity: Option<Severity>,
    /// Tiers by name; `unclassified` for what is in none.
    pub tiers: Vec<String>,
    /// Namespaces by name: what is in them, and themselves.
    pub namespaces: Vec<String>,
    /// Owners by name; an empty one for what names none.
    pub owners: Vec<String>,
}

impl Focus {
    /// Leaves of an assessment what is in focus. Other subjects go; other controls come out as not applicable, so that
    /// whatever is counted afterwards is counted without them. Exceptions are left as they are: what one does doesn't
    /// change with who looks.
    pub fn apply(&self, policy: &Policy, assessment: &mut Assessment) {
        assessment.subjects.retain(|key, assessed| self.has_subject(key, assessed));
        if self.controls.is_empty() && self.severity.is_none() {
            return;
        }
        let wanted = policy.standards.iter().flat_map(|standard| &standard.controls);
        let kept: Vec<bool> = wanted.map(|it| self.has_control(it)).collect();
        for assessed in assessment.subjects.values_mut() {
            let assessed = Arc::make_mut(assessed);
            let outcomes = assessed.outcomes.iter().zip(&kept);
            assessed.outcomes = outcomes
                .map(|(outcome, kept)| if *kept { *outcome } else { Outcome::NotApplicable })
                .collect();
            assessed.details.retain(|detail| self.has(detail.control.id, detail.severity));
        }
    }

    fn has_subject(&self, key: &SubjectKey, assessed: &Assessed) -> bool {
        let tier = assessed.tier.as_deref().unwrap_or(UNCLASSIFIED);
        let owner = assessed.owner.as_deref().unwrap_or_default();
        let namespace = if key.kind == ObjectKind::Namespace { &key.name } else { &key.namespace };
        is_among(&self.tiers, tier) && is_among(&self.namespaces, namespace) && is_among(&self.owners, owner)
    }

    fn has_control(&self, wanted: &CompiledControl) -> bool {
        self.has(wanted.control.id, wanted.severity)
    }

    fn has(&self, id: &str, severity: Severity) -> bool {
        let is_named = || self.controls.iter().any(|selector| catalogue::covers(selector, id));
        self.severity.is_none_or(|least| severity >= least) && (self.controls.is_empty() || is_named())
    }
}

/// Whether a name is wanted.
fn is_among(wanted: &[String], name: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|it| it == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::evaluate::assess;
    use crate::engine::policy;
    use crate::engine::posture::measure;
    use crate::load::{Collection, Role, Settings, Sheet};

    const MANIFESTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {stanchion.dev/owner: team-shop}}
---
apiVersion: v1
kind: Pod
metadata: {name: cart, namespace: shop}
spec: {hostNetwork: true, containers: [{name: app, image: 'nginx:1'}]}
---
apiVersion: v1
kind: Pod
metadata: {name: tool, namespace: tools}
spec: {containers: [{name: app, image: 'nginx:1'}]}
---
apiVersion: stanchion.dev/v1alpha1
kind: SecurityStandard
metadata: {name: one}
spec:
  controls:
    - {id: pod.host-namespaces}
    - {id: image.mutable-tag, severity: Low}
    - {id: network.no-default-deny}
";

    /// How many subjects are judged, and the controls that fail.
    fn failing(focus: &Focus) -> (usize, Vec<&'static str>, u64) {
        let settings = Settings {
            namespace: "default".into(),
            limits: crate::manifest::Limits::default(),
            keys: std::sync::Arc::default(),
            kinds: crate::facts::CustomKinds::default(),
        };
        let mut collection = Collection::default();
        collection.add(Sheet::read("a.yaml", MANIFESTS.as_bytes(), &settings), Role::Audited);
        assert!(collection.problems.is_empty(), "{:?}", collection.problems);
        let policy = collection.compile(policy::Settings::default());
        let mut assessment = assess(&policy, &collection.inventory, jiff::Timestamp::UNIX_EPOCH);
        focus.apply(&policy, &mut assessment);
        let details = assessment.subjects.values().flat_map(|it| &it.details);
        let controls = details.map(|detail| detail.control.id).collect();
        (assessment.subjects.len(), controls, measure(&policy, &assessment).total.failing)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn without_a_focus_everything_stays() {
        let (subjects, controls, failing) = failing(&Focus::default());
        assert_eq!((subjects, controls.len(), failing), (3, 4, 3));
    }

    #[test]
    fn controls_that_are_not_asked_for_are_not_counted() {
        let focus = Focus { controls: names(&["pod.*"]), ..Focus::default() };
        assert_eq!(failing(&focus), (3, vec!["pod.host-namespaces"], 1));
        let focus = Focus { controls: names(&["image.mutable-tag"]), ..Focus::default() };
        assert_eq!(failing(&focus), (3, vec!["image.mutable-tag"; 2], 2));
    }

    #[test]
    fn a_severity_is_the_standards() {
        let focus = Focus { severity: Some(Severity::Medium), ..Focus::default() };
        assert!(!failing(&focus).1.contains(&"image.mutable-tag"));
    }

    #[test]
    fn subjects_are_kept_by_namespace_owner_and_tier() {
        let shop = Focus { namespaces: names(&["shop"]), ..Focus::default() };
        assert_eq!(failing(&shop).0, 2, "the namespace itself, and what is in it");
        let owned = Focus { owners: names(&["team-shop"]), ..Focus::default() };
        assert_eq!(failing(&owned).0, 2);
        let nobodys = Focus { owners: names(&[""]), ..Focus::default() };
        assert_eq!(failing(&nobodys).0, 1);
        let unclassified = Focus { tiers: names(&["unclassified"]), ..Focus::default() };
        assert_eq!(failing(&unclassified).0, 3);
        let other = Focus { tiers: names(&["tier-0"]), ..Focus::default() };
        assert_eq!(failing(&other).0, 0);
    }
}
