//! All files together: facts with their places, and what people decided.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::decision::Decision;
use super::{CLUSTER, Cause, Origin, Problem, Sheet, Skipped};
use crate::api::{Kind, RiskException, SecurityStandard, ServiceTier};
use crate::engine::policy::{Policy, Refused, Settings};
use crate::facts::object::Object;
use crate::facts::{CustomKinds, Inventory, SubjectKey, Text, Workload};
use crate::manifest::SkipReason;

/// What a file is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Its standards, tiers and exceptions count, and the labels of its namespaces; nothing in it is judged.
    Policy,
    /// Everything in it counts, and is judged.
    Audited,
}

/// How much was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files.
    pub files: usize,
    /// Kubernetes objects.
    pub objects: usize,
    /// Standards among them, those included that can't be used.
    pub standards: usize,
}

/// One of our objects as written, and where.
#[derive(Debug, Clone)]
pub struct Written<T> {
    /// The object.
    pub object: T,
    /// Where it stands; nothing for what is in a cluster.
    pub origin: Option<Origin>,
}

/// Namespace, empty for cluster-scoped kinds, and name.
pub(super) type Name = (Text, Text);

/// All files together. The same sheets in the same order give the same collection.
#[derive(Debug, Default)]
pub struct Collection {
    /// Facts.
    pub inventory: Inventory,
    /// The address of the cluster that all of it but policy was read of; nothing if it is of files.
    pub cluster: Option<Arc<str>>,
    /// Where each subject of a file stands that is to be judged.
    pub origins: HashMap<SubjectKey, Origin>,
    /// What must hold, by name (the namespace is empty).
    pub standards: BTreeMap<Name, Written<SecurityStandard>>,
    /// What matters how much, by name (the namespace is empty).
    pub tiers: BTreeMap<Name, Written<ServiceTier>>,
    /// What is excused, by namespace and name.
    pub exceptions: BTreeMap<Name, Written<RiskException>>,
    /// What could not be used.
    pub problems: Vec<Problem>,
    /// Standards, tiers and exceptions that can't be used; the problems tell of them too.
    pub refused: Vec<Refused>,
    /// What was left aside.
    pub skipped: Vec<Skipped>,
    /// How much was read.
    pub counts: Counts,
    /// The place of each file among all, by its name.
    order: BTreeMap<Arc<str>, usize>,
}

impl Collection {
    /// An empty one, for files or a cluster with these kinds of workloads, too.
    #[must_use]
    pub fn with_kinds(kinds: CustomKinds) -> Self {
        Self { inventory: Inventory::with_kinds(kinds), ..Self::default() }
    }

    /// Adds a file. Of two namespaces with one name the later counts.
    pub fn add(&mut self, sheet: Sheet, role: Role) {
        let place = self.order.len();
        self.order.entry(Arc::clone(&sheet.name)).or_insert(place);
        self.counts.files += 1;
        self.counts.objects += sheet.objects;
        self.counts.standards += sheet.standards;
        self.problems.extend(sheet.problems);
        self.skipped.extend(sheet.skipped);
        for (object, origin) in sheet.facts {
            match object {
                Object::SecurityStandard(object) => self.keep_written(*object, origin),
                Object::ServiceTier(object) => self.keep_written(*object, origin),
                Object::RiskException(object) => self.keep_written(*object, origin),
                object => self.add_facts(object, origin, role),
            }
        }
    }

    /// Whether a subject is judged: everything in a cluster, and of files what isn't policy alone.
    #[must_use]
    pub fn is_judged(&self, key: &SubjectKey) -> bool {
        self.cluster.is_some() || self.origins.contains_key(key)
    }

    /// Adds a standard that comes with the program: no file that anybody gave.
    pub fn add_preset(&mut self, sheet: Sheet) {
        let counts = self.counts;
        self.add(sheet, Role::Policy);
        self.counts = counts;
    }

    /// Whether any file has a standard, be it one that can't be used.
    #[must_use]
    pub fn mentions_standards(&self) -> bool {
        self.counts.standards > 0
    }

    /// Files without any object were hardly meant to be audited: that is a problem, not a clean result.
    pub fn expect_objects(&mut self) {
        if self.counts.objects > 0 || !self.problems.is_empty() || self.cluster.is_some() {
            return;
        }
        let file = self.skipped.first().map_or_else(|| Arc::from("<stdin>"), |it| Arc::clone(&it.file));
        let templates = self.skipped.iter().any(|it| it.reason == SkipReason::HelmTemplate.to_string());
        let message = if templates {
            "nothing to audit but Helm templates: render them, `helm template CHART | stanchion audit -`"
        } else {
            "nothing to audit: no Kubernetes object in it"
        };
        let message = message.to_owned();
        self.problems.push(Problem { file, position: None, message, cause: Cause::Missing });
    }

    /// Files given as policy, without any in them, are a problem too.
    pub fn expect_policy(&mut self, path: &str) {
        let has_none = self.standards.is_empty() && self.tiers.is_empty() && self.exceptions.is_empty();
        if has_none && self.problems.is_empty() {
            let message = "no SecurityStandard, ServiceTier or RiskException in it to judge by".to_owned();
            let cause = Cause::Missing;
            self.problems.push(Problem { file: path.into(), position: None, message, cause });
        }
    }

    /// Files to lint, without any standard, tier or exception in them, are a problem too.
    pub fn expect_decisions(&mut self) {
        let has_none = self.standards.is_empty() && self.tiers.is_empty() && self.exceptions.is_empty();
        if has_none && self.problems.is_empty() {
            let file = self.order.keys().next().map_or_else(|| Arc::from("<stdin>"), Arc::clone);
            let message =
                "nothing to lint: no SecurityStandard, ServiceTier or RiskException in it".to_owned();
            self.problems.push(Problem { file, position: None, message, cause: Cause::Missing });
        }
    }

    fn add_facts(&mut self, object: Object, origin: Origin, role: Role) {
        if role == Role::Policy && !matches!(object, Object::Namespace(_)) {
            let reason = "given as policy, where only standards, tiers, exceptions and namespaces count";
            self.skip(&origin, None, reason.to_owned());
            return;
        }
        if self.cluster.is_some() {
            let reason = "given as policy beside a cluster, whose own namespaces count";
            self.skip(&origin, None, reason.to_owned());
            return;
        }
        let part = match &object {
            Object::Workload(workload) => self.why_no_workload(workload).map(|reason| {
                let key = SubjectKey::of(object.kind(), &workload.meta);
                (key.to_string(), reason)
            }),
            _ => None,
        };
        let key = self.inventory.add(object);
        if let Some((key, reason)) = part {
            self.skip(&origin, Some(key), reason);
        } else if let Some(key) = key.filter(|_| role == Role::Audited) {
            self.origins.insert(key, origin);
        }
    }

    /// Why an object of such a kind is no workload by itself, if it is none.
    fn why_no_workload(&self, workload: &Workload) -> Option<String> {
        match workload.owning_workload(self.inventory.kinds()) {
            Some((_, owner)) => Some(format!("part of the {} {} that owns it", owner.kind, owner.name)),
            None if workload.has_template() => None,
            None => Some(format!("it has no pod template at `{}`", workload.template_path())),
        }
    }

    fn skip(&mut self, origin: &Origin, object: Option<String>, reason: String) {
        let (file, position) = (Arc::clone(&origin.file), Some(origin.start()));
        self.skipped.push(Skipped { file, position, object, reason });
    }

    /// Compiles what people decided. What can't be used is left out, and told as problems.
    pub fn compile(&mut self, settings: Settings) -> Policy {
        let (policy, refused) = Policy::compile(
            self.standards.values().map(|written| &written.object),
            self.tiers.values().map(|written| &written.object),
            self.exceptions.values().map(|written| &written.object),
            settings,
        );
        for refused in &refused {
            let problems = self.refusal(refused);
            self.problems.extend(problems);
        }
        self.refused = refused;
        self.problems.sort_by_key(|problem| (self.order.get(&problem.file), problem.position));
        policy
    }

    /// Where a standard, a tier or an exception stands.
    #[must_use]
    pub fn origin(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Origin> {
        let name = &(Text::from(namespace), Text::from(name));
        match kind {
            Kind::SecurityStandard => self.standards.get(name)?.origin.as_ref(),
            Kind::ServiceTier => self.tiers.get(name)?.origin.as_ref(),
            Kind::RiskException => self.exceptions.get(name)?.origin.as_ref(),
        }
    }

    /// The place of a file among all.
    #[must_use]
    pub fn place_of(&self, file: &str) -> Option<usize> {
        self.order.get(file).copied()
    }

    fn refusal(&self, refused: &Refused) -> Vec<Problem> {
        let origin = self.origin(refused.kind, &refused.namespace, &refused.name);
        let slash = if refused.namespace.is_empty() { "" } else { "/" };
        let called = format!("{} {}{slash}{}", refused.kind, refused.namespace, refused.name);
        let problem = |error: &crate::engine::error::CompileError| Problem {
            file: origin.map_or_else(|| Arc::from(CLUSTER), |origin| Arc::clone(&origin.file)),
            position: origin.map(|origin| origin.locate_written(&error.path)),
            message: format!("{called}: {error}"),
            cause: Cause::Value,
        };
        refused.errors.iter().map(problem).collect()
    }

    fn keep_written<T: Decision>(&mut self, object: T, origin: Origin) {
        self.keep(Written { object, origin: Some(origin) });
    }

    /// Keeps one of our objects, unless another one has its name. The very same object may stand in two places; what a
    /// file says counts in the place of what the cluster has.
    pub(super) fn keep<T: Decision>(&mut self, mut written: Written<T>) {
        let meta = written.object.meta();
        let text = |value: &Option<String>| Text::from(value.as_deref().unwrap_or_default());
        let key = (text(&meta.namespace), text(&meta.name));
        let Some(first) = T::known(self).get(&key) else {
            T::known(self).insert(key, written);
            return;
        };
        if first.object == written.object {
            return;
        }
        let slash = if key.0.is_empty() { "" } else { "/" };
        let called = format!("{} {}{slash}{}", T::KIND, key.0, key.1);
        let place = |origin: &Origin| format!("{}:{}", origin.file, origin.start());
        match (&first.origin, &written.origin) {
            (None, Some(origin)) => {
                let reason = format!("the one at {} counts in its place", place(origin));
                written.object.inherit(&first.object);
                T::known(self).insert(key, written);
                let object = Some(called);
                self.skipped.push(Skipped { file: CLUSTER.into(), position: None, object, reason });
            }
            (Some(first), Some(origin)) => {
                let message = format!(
                    "{called}: another one has this name, at {}, and counts; keep one of them",
                    place(first)
                );
                let (file, position) = (Arc::clone(&origin.file), Some(origin.start()));
                self.problems.push(Problem { file, position, message, cause: Cause::Name });
            }
            // A cluster has one of each name, and is read first.
            (_, None) => {}
        }
    }
}
