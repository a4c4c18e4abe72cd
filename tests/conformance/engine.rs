//! The engine, directly: objects in, everything that it says of them out, as a tree.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use stanchion::api::{Kind, RiskException, SecurityStandard, ServiceTier};
use stanchion::engine::evaluate::{Assessed, Assessment, Detail, Outcome, assess};
use stanchion::engine::policy::{Policy, Refused, Settings};
use stanchion::engine::posture::{Posture, measure};
use stanchion::engine::status::{Findings, refused};
use stanchion::facts::object::{Object, ObjectKind, Recognition, recognize};
use stanchion::facts::{Inventory, Text};
use stanchion::manifest::{Limits, read};

use crate::case::Case;
use crate::status;

/// What a case holds, and what was made of it.
pub(crate) struct Judged {
    pub(crate) policy: Policy,
    pub(crate) assessment: Assessment,
    pub(crate) posture: Posture,
    /// Everything that the engine says, as a tree.
    pub(crate) tree: Value,
}

/// Objects that were read, and what could not be.
#[derive(Default)]
pub(crate) struct Objects {
    pub(crate) inventory: Inventory,
    standards: Vec<SecurityStandard>,
    tiers: Vec<ServiceTier>,
    exceptions: Vec<RiskException>,
    unreadable: BTreeMap<String, String>,
    settings: Settings,
}

impl Objects {
    /// None yet, under the settings of a case.
    pub(crate) fn under(case: &Case) -> Self {
        Self { settings: case.settings(), ..Self::default() }
    }

    /// Reads a case's objects with the product's own reader.
    pub(crate) fn of(case: &Case) -> Self {
        let mut objects = Self::under(case);
        for (_, text) in case.texts() {
            let reading = read(&case.name, text.as_bytes(), &Limits::default());
            assert!(reading.problems.is_empty(), "{}: {:?}", case.name, reading.problems);
            for document in reading.documents {
                let name = document.node.get("metadata").and_then(|it| it.get("name")?.as_str());
                let called = format!("{} {}", document.kind, name.unwrap_or_default());
                let Recognition::Facts(kind) = recognize(&document.api_version, &document.kind) else {
                    continue;
                };
                match Object::decode(kind, &document.node) {
                    Ok(object) => objects.add(kind, object),
                    Err(error) => drop(objects.unreadable.insert(called, error.to_string())),
                }
            }
        }
        objects
    }

    /// Adds an object; one that names no namespace is in `default`.
    pub(crate) fn add(&mut self, kind: ObjectKind, mut object: Object) {
        let namespaced = kind.is_namespaced();
        if let Object::RiskException(it) = &mut object {
            it.metadata.namespace.get_or_insert_with(|| "default".into());
        } else if let Some(meta) = object.meta_mut().filter(|_| namespaced) {
            meta.namespace.get_or_insert_with(|| "default".into());
        }
        match object {
            Object::SecurityStandard(it) => self.standards.push(*it),
            Object::ServiceTier(it) => self.tiers.push(*it),
            Object::RiskException(it) => self.exceptions.push(*it),
            fact => drop(self.inventory.add(fact)),
        }
    }

    /// Judges them at a time.
    pub(crate) fn judge(&self, now: Timestamp) -> Judged {
        let settings = self.settings.clone();
        let (policy, refusals) = Policy::compile(&self.standards, &self.tiers, &self.exceptions, settings);
        let assessment = assess(&policy, &self.inventory, now);
        let posture = measure(&policy, &assessment);
        let findings = Findings { policy: &policy, assessment: &assessment, posture: &posture };
        let tree = json!({
            "subjects": subjects(&policy, &assessment),
            "standards": self.standards(&findings, &refusals),
            "tiers": self.tiers(&findings, &refusals),
            "exceptions": self.exceptions(&findings, &refusals),
            "refused": refusals.iter().map(|it| (called(it), json!(it.errors.to_string()))).collect::<Map<_, _>>(),
            "unreadable": self.unreadable,
        });
        Judged { policy, assessment, posture, tree }
    }

    fn standards(&self, findings: &Findings<'_>, refusals: &[Refused]) -> Map<String, Value> {
        let one = |standard: &SecurityStandard| {
            let name = standard.metadata.name.clone().unwrap();
            let before = standard.status.as_ref();
            let index = findings.policy.standards.iter().position(|it| it.name == name.as_str());
            let made = index.and_then(|index| findings.standard(index, before, 1));
            let errors =
                refusals.iter().find(|it| it.kind == Kind::SecurityStandard && it.name == name.as_str());
            let made = made.map(|made| serde_json::to_value(made).unwrap());
            let made = made.unwrap_or_else(|| said(Kind::SecurityStandard, errors.unwrap(), findings));
            (name, status::standard(&made))
        };
        self.standards.iter().map(one).collect()
    }

    fn tiers(&self, findings: &Findings<'_>, refusals: &[Refused]) -> Map<String, Value> {
        let one = |tier: &ServiceTier| {
            let name = tier.metadata.name.clone().unwrap();
            let made = findings.tier(&name, tier.status.as_ref(), 1);
            let errors = refusals.iter().find(|it| it.kind == Kind::ServiceTier && it.name == name.as_str());
            let made = made.map(|made| serde_json::to_value(made).unwrap());
            let made = made.unwrap_or_else(|| said(Kind::ServiceTier, errors.unwrap(), findings));
            (name, status::tier(&made))
        };
        self.tiers.iter().map(one).collect()
    }

    fn exceptions(&self, findings: &Findings<'_>, refusals: &[Refused]) -> Map<String, Value> {
        let one = |exception: &RiskException| {
            let meta = &exception.metadata;
            let key = (meta.namespace.clone().unwrap(), meta.name.clone().unwrap());
            let same = |namespace: &str, name: &str| namespace == key.0 && name == key.1;
            let index = findings.policy.exceptions.iter().position(|it| same(&it.namespace, &it.name));
            let made = index.and_then(|index| findings.exception(index, exception.status.as_ref(), 1));
            let errors =
                refusals.iter().find(|it| it.kind == Kind::RiskException && same(&it.namespace, &it.name));
            let made = made.map(|made| serde_json::to_value(made).unwrap());
            let made = made.unwrap_or_else(|| said(Kind::RiskException, errors.unwrap(), findings));
            (format!("{}/{}", key.0, key.1), status::exception(&made))
        };
        self.exceptions.iter().map(one).collect()
    }
}

/// The status of an object that didn't compile.
fn said(kind: Kind, refusal: &Refused, findings: &Findings<'_>) -> Value {
    json!({"conditions": refused(kind, &refusal.errors, false, &[], 1, findings.assessment.at)})
}

fn called(refused: &Refused) -> String {
    let slash = if refused.namespace.is_empty() { "" } else { "/" };
    format!("{} {}{slash}{}", refused.kind, refused.namespace, refused.name)
}

fn subjects(policy: &Policy, assessment: &Assessment) -> Map<String, Value> {
    let mut subjects = Map::new();
    for (key, assessed) in &assessment.subjects {
        let mut name = key.to_string();
        if key.instance > 0 {
            name = format!("{name} #{}", key.instance + 1);
        }
        let subject = json!({
            "tier": assessed.tier.as_deref(),
            "placement": format!("{:?}", assessed.placement),
            "overlaps": assessed.overlaps.iter().map(Text::as_str).collect::<Vec<_>>(),
            "owner": assessed.owner.as_deref(),
            "outcomes": outcomes(policy, assessed),
        });
        subjects.insert(name, subject);
    }
    subjects
}

fn outcomes(policy: &Policy, assessed: &Assessed) -> Map<String, Value> {
    let mut given = assessed.outcomes.iter();
    let mut standards = Map::new();
    for (index, standard) in policy.standards.iter().enumerate() {
        let controls = standard.controls.iter().zip(given.by_ref()).map(|(wanted, outcome)| {
            let id = wanted.control.id;
            let detail = assessed.details.iter().find(|it| it.standard == index && it.control.id == id);
            (id.to_owned(), detail.map_or_else(|| json!({"outcome": name(*outcome)}), |it| full(policy, it)))
        });
        standards.insert(standard.name.to_string(), Value::Object(controls.collect()));
    }
    standards
}

fn full(policy: &Policy, detail: &Detail) -> Value {
    let findings: Vec<Value> = detail
        .findings
        .iter()
        .map(|judged| {
            let exception = judged.exception.map(|index| policy.exceptions[index].name.to_string());
            json!({
                "container": judged.finding.container.as_deref(),
                "path": judged.finding.path.to_string(),
                "message": judged.finding.message,
                "exception": exception,
            })
        })
        .collect();
    json!({
        "outcome": name(detail.outcome),
        "severity": detail.severity.as_str(),
        "findings": findings,
        "why": detail.reason.as_deref(),
    })
}

pub(crate) fn name(outcome: Outcome) -> String {
    format!("{outcome:?}")
}
