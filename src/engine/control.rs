//! What a control is: its data, its judgement of one subject, and the macro that declares it.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

pub use super::framework::{Framework, Reference};
use super::parameters::{Common, ParameterError};
use super::tier::CompiledTier;
use crate::api::{Date, Severity};
use crate::facts::{
    AuditPolicy, Binding, ConfigMap, ContainerRef, Gateway, Ingress, Inventory, Meta, Namespace, Object,
    Path, Role, Secret, Service, ServiceAccount, Text, Workload,
};
use crate::relations::Relations;
use jiff::Timestamp;

/// A rule of the catalogue. Declared with [`declare_control!`](crate::declare_control), one file each.
pub struct Control {
    /// `family.kebab-name`. Names the defect, reads well after "accept", and never changes meaning.
    pub id: &'static str,
    /// The defect in a few words, without a final stop.
    pub title: &'static str,
    /// How bad it is, unless a standard says otherwise.
    pub severity: Severity,
    /// What it judges.
    pub subject: SubjectType,
    /// The clauses of published frameworks that it serves.
    pub references: &'static [Reference],
    /// The release that brought it.
    pub since: &'static str,
    /// The doc comment as the compiler gives it; [`Control::documentation`] is what people read.
    pub docs: &'static str,
    /// The JSON schema of its parameters.
    pub parameters: fn() -> schemars::Schema,
    /// Checks parameters, and binds them to the judgement.
    pub compile: Compile,
}

/// Checks parameters, and binds them to a control's judgement.
pub type Compile = fn(&Map<String, Value>) -> Result<Check, Vec<ParameterError>>;

/// What kind of subject a control judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectType {
    /// Anything with a pod template.
    Workload,
    /// A Namespace.
    Namespace,
    /// A `ServiceAccount`.
    ServiceAccount,
    /// A Role or a `ClusterRole`.
    Role,
    /// A `RoleBinding` or a `ClusterRoleBinding`.
    Binding,
    /// A Service.
    Service,
    /// An Ingress.
    Ingress,
    /// A Gateway.
    Gateway,
    /// A `ConfigMap`.
    ConfigMap,
    /// A Secret, without its data.
    Secret,
    /// The audit policy of an API server.
    AuditPolicy,
}

/// What a control judges, at hand.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// Anything with a pod template.
    Workload(&'a Workload),
    /// A Namespace.
    Namespace(&'a Namespace),
    /// A `ServiceAccount`.
    ServiceAccount(&'a ServiceAccount),
    /// A Role or a `ClusterRole`.
    Role(&'a Role),
    /// A `RoleBinding` or a `ClusterRoleBinding`.
    Binding(&'a Binding),
    /// A Service.
    Service(&'a Service),
    /// An Ingress.
    Ingress(&'a Ingress),
    /// A Gateway.
    Gateway(&'a Gateway),
    /// A `ConfigMap`.
    ConfigMap(&'a ConfigMap),
    /// A Secret, without its data.
    Secret(&'a Secret),
    /// The audit policy of an API server.
    AuditPolicy(&'a AuditPolicy),
}

impl<'a> Subject<'a> {
    /// The subject that an object is, if controls judge its kind.
    #[must_use]
    pub fn of(object: &'a Object) -> Option<Self> {
        Some(match object {
            Object::Workload(workload) => Self::Workload(workload),
            Object::Namespace(it) => Self::Namespace(it),
            Object::ServiceAccount(it) => Self::ServiceAccount(it),
            Object::Role(it) => Self::Role(it),
            Object::Binding(it) => Self::Binding(it),
            Object::Service(it) => Self::Service(it),
            Object::Ingress(it) => Self::Ingress(it),
            Object::Gateway(it) => Self::Gateway(it),
            Object::ConfigMap(it) => Self::ConfigMap(it),
            Object::Secret(it) => Self::Secret(it),
            Object::AuditPolicy(it) => Self::AuditPolicy(it),
            Object::Route(_)
            | Object::NetworkPolicy(_)
            | Object::DisruptionBudget(_)
            | Object::Node(_)
            | Object::SecurityStandard(_)
            | Object::ServiceTier(_)
            | Object::RiskException(_) => return None,
        })
    }

    /// What kind of subject it is.
    #[must_use]
    pub const fn kind(self) -> SubjectType {
        match self {
            Self::Workload(_) => SubjectType::Workload,
            Self::Namespace(_) => SubjectType::Namespace,
            Self::ServiceAccount(_) => SubjectType::ServiceAccount,
            Self::Role(_) => SubjectType::Role,
            Self::Binding(_) => SubjectType::Binding,
            Self::Service(_) => SubjectType::Service,
            Self::Ingress(_) => SubjectType::Ingress,
            Self::Gateway(_) => SubjectType::Gateway,
            Self::ConfigMap(_) => SubjectType::ConfigMap,
            Self::Secret(_) => SubjectType::Secret,
            Self::AuditPolicy(_) => SubjectType::AuditPolicy,
        }
    }

    /// Its metadata.
    #[must_use]
    pub const fn meta(self) -> &'a Meta {
        match self {
            Self::Workload(it) => &it.meta,
            Self::Namespace(it) => &it.metadata,
            Self::ServiceAccount(it) => &it.metadata,
            Self::Role(it) => &it.metadata,
            Self::Binding(it) => &it.metadata,
            Self::Service(it) => &it.metadata,
            Self::Ingress(it) => &it.metadata,
            Self::Gateway(it) => &it.metadata,
            Self::ConfigMap(it) => &it.metadata,
            Self::Secret(it) => &it.metadata,
            Self::AuditPolicy(it) => &it.metadata,
        }
    }
}

/// The headings of a control's documentation, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heading {
    /// What is looked at, and what fails.
    WhatItChecks,
    /// What goes wrong where it fails.
    WhyItMatters,
    /// Manifests that fail, in YAML.
    Violating,
    /// Manifests that pass, in YAML.
    Compliant,
    /// What to change.
    HowToFix,
}

impl Heading {
    /// Every heading, in the order in which a control has them.
    pub const ALL: [Self; 5] =
        [Self::WhatItChecks, Self::WhyItMatters, Self::Violating, Self::Compliant, Self::HowToFix];

    /// The heading as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WhatItChecks => "What it checks",
            Self::WhyItMatters => "Why it matters",
            Self::Violating => "Violating",
            Self::Compliant => "Compliant",
            Self::HowToFix => "How to fix",
        }
    }
}

impl Control {
    /// The family: what stands before the dot of the id.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(family, _)| family)
    }

    /// The documentation in Markdown, under the headings of [`Heading`].
    #[must_use]
    pub fn documentation(&self) -> String {
        // A doc comment keeps the space after its slashes.
        self.docs.lines().flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\n"]).collect()
    }

    /// The text under a heading, or nothing if the heading is missing.
    #[must_use]
    pub fn section(&self, heading: Heading) -> String {
        let documentation = self.documentation();
        let Some((_, after)) = documentation.split_once(&format!("## {}\n", heading.as_str())) else {
            return String::new();
        };
        after.split("\n## ").next().unwrap_or(after).trim().to_owned()
    }

    /// The manifests under [`Heading::Violating`] or [`Heading::Compliant`]: the YAML between fences.
    #[must_use]
    pub fn examples(&self, heading: Heading) -> Vec<String> {
        let section = self.section(heading);
        section
            .split("```yaml\n")
            .skip(1)
            .filter_map(|block| block.split("```").next())
            .map(str::to_owned)
            .collect()
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl PartialEq for Control {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Control {}

/// What a control says of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Judged, and nothing found.
    Pass,
    /// Judged, and this was found; never empty.
    Fail(Vec<Finding>),
    /// Nothing to judge here.
    NotApplicable,
    /// It can't be said, and why.
    Unknown(Cow<'static, str>),
    /// The judgement itself failed, and why.
    Error(Cow<'static, str>),
}

/// One defect in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The container that has it, if it is one container's.
    pub container: Option<Text>,
    /// Where in the object it stands, or would stand.
    pub path: Path,
    /// What tells it from other findings of the same control at the same place: a port, a volume's name. Part of the
    /// fingerprint, so it must not change while the defect stays.
    pub discriminator: Option<Text>,
    /// The offending value; never a secret's.
    pub value: Option<Text>,
    /// What is wrong, without the container's name: "`nginx:1.25` has no digest".
    pub message: Cow<'static, str>,
    /// What to do about it.
    pub fix: Fix,
}

/// How to end a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fix {
    /// In words, in the imperative: "use a digest".
    pub advice: Cow<'static, str>,
    /// A change that is right without knowing more, if there is one.
    pub patch: Option<Box<Patch>>,
}

/// A change to the object: a value set (or, if null, removed) at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// Where.
    pub path: Path,
    /// The new value.
    pub value: Value,
    /// Whether it can be made unseen.
    pub safety: Safety,
}

/// Whether a patch can be made without somebody looking at it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// It is: the API server takes the object with it as it took it before, and all that it does is to hold back what
    /// the workload was given by default or too generously. A security context, a mounted token, a pull policy.
    Safe,
    /// Somebody should look first, and why: it changes what the workload does or whom it works for.
    Review(&'static str),
}

impl Finding {
    /// A finding of the whole subject.
    #[must_use]
    pub fn new(path: Path, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            container: None,
            path,
            discriminator: None,
            value: None,
            message: message.into(),
            fix: Fix::default(),
        }
    }

    /// A finding of one container; `field` is the path below the container.
    #[must_use]
    pub fn in_container(
        container: ContainerRef<'_>,
        field: &[&'static str],
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut finding = Self::new(container.path().keys(field), message);
        finding.container = Some(container.name.clone());
        finding
    }

    /// Further down from where it stands: at an item of a list, at the key of a map.
    #[must_use]
    pub fn further(mut self, way: impl FnOnce(Path) -> Path) -> Self {
        self.path = way(self.path);
        self
    }

    /// With the offending value.
    #[must_use]
    pub fn value(mut self, value: impl fmt::Display) -> Self {
        self.value = Some(Text::from(value.to_string()));
        self
    }

    /// With what tells it from others at the same place.
    #[must_use]
    pub fn discriminator(mut self, discriminator: impl Into<Text>) -> Self {
        self.discriminator = Some(discriminator.into());
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn fix(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.fix.advice = advice.into();
        self
    }

    /// With a change that ends it, and that can be made unseen; see [`Safety::Safe`].
    #[must_use]
    pub fn safe_patch(self, path: Path, value: impl Into<Value>) -> Self {
        self.patched(Patch { path, value: value.into(), safety: Safety::Safe })
    }

    /// With a change that ends it, and why somebody should look at it first: "the program may be there to write".
    #[must_use]
    pub fn patch_to_review(self, path: Path, value: impl Into<Value>, why: &'static str) -> Self {
        self.patched(Patch { path, value: value.into(), safety: Safety::Review(why) })
    }

    fn patched(mut self, patch: Patch) -> Self {
        self.fix.patch = Some(Box::new(patch));
        self
    }
}

/// Collects into a verdict: nothing found is a pass.
impl FromIterator<Finding> for Verdict {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        let findings: Vec<Finding> = findings.into_iter().collect();
        if findings.is_empty() { Self::Pass } else { Self::Fail(findings) }
    }
}

/// What a subject is judged by besides itself.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// All facts, joined.
    pub relations: &'a Relations<'a>,
    /// The subject's tier, if it has one.
    pub tier: Option<&'a CompiledTier>,
    /// Who owns the subject, if anybody says so.
    pub owner: Option<&'a Text>,
    /// The day.
    pub today: Date,
}

impl<'a> Scene<'a> {
    /// A scene of these facts, for a subject in no tier that nobody owns.
    #[must_use]
    pub fn new(relations: &'a Relations<'a>, now: Timestamp) -> Self {
        Self { relations, tier: None, owner: None, today: Date::of(now) }
    }
}

/// What a judgement may look at besides its subject.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// All facts.
    pub inventory: &'a Inventory,
    /// All facts, joined: who may do what, what leads to what.
    pub relations: &'a Relations<'a>,
    /// The subject's tier, if it has one.
    pub tier: Option<&'a CompiledTier>,
    /// Who owns the subject, if anybody says so.
    pub owner: Option<&'a Text>,
    /// The day that it is judged for. No judgement changes in the course of a day, so that none has to be made again
    /// because time goes by.
    pub today: Date,
    /// Parameters that every control has.
    pub common: &'a Common,
}

impl<'a> Context<'a> {
    /// The containers that the control is to look at: all but those whose image is exempt.
    pub fn containers<'s>(
        &self,
        workload: &'s Workload,
    ) -> impl Iterator<Item = ContainerRef<'s>> + use<'a, 's> {
        let exempt = &self.common.exempt_images;
        workload.containers().filter(move |container| {
            exempt.is_empty()
                || !container
                    .image
                    .as_deref()
                    .is_some_and(|image| exempt.iter().any(|pattern| pattern.matches(image)))
        })
    }
}

type Judgement = dyn Fn(Subject<'_>, &Context<'_>) -> Verdict + Send + Sync;

/// A control with its parameters checked, ready to judge.
pub struct Check {
    common: Common,
    judge: Box<Judgement>,
}

impl Check {
    /// A check that judges with these common parameters.
    pub fn new(
        common: Common,
        judge: impl Fn(Subject<'_>, &Context<'_>) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        Self { common, judge: Box::new(judge) }
    }

    /// What the control says of a subject.
    #[must_use]
    pub fn judge(&self, subject: Subject<'_>, scene: &Scene<'_>) -> Verdict {
        let Scene { relations, tier, owner, today } = *scene;
        let inventory = relations.inventory();
        (self.judge)(subject, &Context { inventory, relations, tier, owner, today, common: &self.common })
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("common", &self.common).finish_non_exhaustive()
    }
}

/// Declares a control: its documentation as doc comments under the headings of
/// [`Heading`](crate::engine::control::Heading), then its data. `evaluate` is a function of the subject, the
/// parameters and a [`Context`](crate::engine::control::Context).
#[macro_export]
macro_rules! declare_control {
    (
        $(#[doc = $doc:literal])+
        $visibility:vis static $name:ident = {
            id: $id:literal,
            title: $title:literal,
            severity: $severity:ident,
            subject: $subject:ident,
            parameters: $parameters:ty,
            references: [$($reference:expr),* $(,)?],
            since: $since:literal,
            evaluate: $evaluate:path $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        $visibility static $name: $crate::engine::control::Control = $crate::engine::control::Control {
            id: $id,
            title: $title,
            severity: $crate::api::Severity::$severity,
            subject: $crate::engine::control::SubjectType::$subject,
            references: &[$($reference),*],
            since: $since,
            docs: concat!($($doc, "\n"),+),
            parameters: $crate::engine::parameters::schema::<$parameters>,
            compile: |given| {
                let (common, own) = $crate::engine::parameters::compile::<$parameters>(given)?;
                Ok($crate::engine::control::Check::new(common, move |subject, context| match subject {
                    $crate::engine::control::Subject::$subject(subject) => $evaluate(subject, &own, context),
                    _ => $crate::engine::control::Verdict::NotApplicable,
                }))
            },
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::catalogue;

    #[test]
    fn a_control_s_sections_are_what_its_doc_comment_says() {
        let control = catalogue::find("pod.privileged").unwrap();
        assert!(control.section(Heading::WhatItChecks).starts_with("No container, init container"));
        let examples = control.examples(Heading::Violating);
        assert_eq!(examples.len(), 1);
        assert!(examples[0].starts_with("apiVersion: v1\n"), "{}", examples[0]);
    }
}
