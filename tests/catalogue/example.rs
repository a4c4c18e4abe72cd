//! The examples of a control's page, run as they are written.
//!
//! The first document of an example is judged; the others are facts beside it. A `SecurityStandard` gives the
//! control's parameters, a `ServiceTier` the tier, a label `owner` the owner. A Pod is judged in the template of every other kind, too.

use serde_json::{Map, Value, json};
use stanchion::engine::control::{Control, Heading, Scene, Subject, Verdict};
use stanchion::engine::tier::CompiledTier;
use stanchion::facts::object::{ObjectKind, Recognition, recognize};
use stanchion::facts::{Inventory, Object, WorkloadKind};
use stanchion::relations::Relations;

/// The time that every example is judged for.
const NOW: &str = "2026-11-23T12:00:00Z";

/// Controls of Pods that nothing made: a template of another kind is just what they ask for.
const ABOUT_PODS_ALONE: [&str; 1] = ["pod.bare"];

/// What is wrong with the examples of a control's page.
pub(crate) fn problems(control: &Control) -> Vec<String> {
    let mut problems = Vec::new();
    for heading in [Heading::Violating, Heading::Compliant] {
        for (number, block) in control.examples(heading).iter().enumerate() {
            let outcome = Example::parse(block).and_then(|example| check(control, heading, &example));
            let name = |problem| format!("`{}`, example {}: {problem}", heading.as_str(), number + 1);
            problems.extend(outcome.err().map(name));
        }
    }
    problems
}

/// Judges an example as it is written and, for a Pod, in the templates of the other kinds.
fn check(control: &Control, heading: Heading, example: &Example) -> Result<(), String> {
    let written = example.judge(control)?;
    let as_expected = match heading {
        Heading::Violating => matches!(written, Verdict::Fail(_)),
        _ => written == Verdict::Pass,
    };
    if !as_expected {
        return Err(format!("the verdict is {}", in_words(&written)));
    }
    let kinds = example.wrapped().filter(|_| !ABOUT_PODS_ALONE.contains(&control.id));
    for (kind, wrapped) in kinds {
        let verdict = wrapped.judge(control)?;
        if said(&verdict) != said(&written) {
            let (verdict, written) = (in_words(&verdict), in_words(&written));
            return Err(format!("as a {kind}, the verdict is {verdict}; as a Pod, {written}"));
        }
    }
    Ok(())
}

fn in_words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass => "a pass".to_owned(),
        Verdict::Fail(_) => format!("a failure: {}", said(verdict).join(", ")),
        Verdict::NotApplicable => "that the control does not apply: change the example".to_owned(),
        Verdict::Unknown(why) => format!("that it can't be said ({why}): add what is missing to the example"),
        Verdict::Error(why) => format!("an error: {why}"),
    }
}

/// What a verdict says to people, without the paths, which differ by kind.
fn said(verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Fail(findings) => findings
            .iter()
            .map(|finding| format!("{}: {}", finding.container.as_deref().unwrap_or("-"), finding.message))
            .collect(),
        other => vec![format!("{other:?}")],
    }
}

/// The documents of one block of YAML.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    /// The object that is judged.
    pub(crate) subject: Value,
    /// What stands beside it.
    beside: Vec<Value>,
}

impl Example {
    pub(crate) fn parse(block: &str) -> Result<Self, String> {
        let documents: Vec<Value> =
            serde_saphyr::from_multiple(block).map_err(|error| format!("it is no YAML: {error}"))?;
        let mut documents = documents.into_iter();
        let subject = documents.next().ok_or("it is empty")?;
        Ok(Self { subject, beside: documents.collect() })
    }

    /// The same with another object in the place of the one that is judged.
    pub(crate) fn with(&self, subject: Value) -> Self {
        Self { subject, beside: self.beside.clone() }
    }

    /// For a Pod, the example in the template of every other kind; for anything else, nothing.
    pub(crate) fn wrapped(&self) -> impl Iterator<Item = (WorkloadKind, Self)> + '_ {
        let is_pod = self.subject["kind"] == "Pod";
        let others = WorkloadKind::ALL.into_iter().filter(move |kind| is_pod && *kind != WorkloadKind::Pod);
        others.map(|kind| (kind, self.with(wrap(&self.subject, kind))))
    }

    pub(crate) fn judge(&self, control: &Control) -> Result<Verdict, String> {
        let check = (control.compile)(&self.parameters(control.id)).map_err(|errors| {
            let errors = errors.iter().map(|error| format!("`{}`: {}", error.path, error.message));
            format!("its parameters are refused: {}", errors.collect::<Vec<_>>().join(", "))
        })?;
        let tier = self.tier()?;
        let judged = decode(&self.subject)?;
        let subject = Subject::of(&judged).filter(|subject| subject.kind() == control.subject);
        let Some(subject) = subject else {
            let kind = &self.subject["kind"];
            return Err(format!("its first document is a {kind}, which this control does not judge"));
        };
        let mut inventory = Inventory::default();
        for document in [&self.subject].into_iter().chain(&self.beside) {
            inventory.add(decode(document)?);
        }
        let relations = Relations::new(&inventory);
        let owner = subject.meta().labels.get("owner");
        let scene = Scene { tier: tier.as_ref(), owner, ..Scene::new(&relations, NOW.parse().unwrap()) };
        Ok(check.judge(subject, &scene))
    }

    /// The parameters that a `SecurityStandard` beside the subject gives to a control.
    fn parameters(&self, id: &str) -> Map<String, Value> {
        let standards = self.beside.iter().filter(|document| document["kind"] == "SecurityStandard");
        let controls = standards.filter_map(|document| document["spec"]["controls"].as_array()).flatten();
        let parameters =
            controls.filter(|control| control["id"] == id).map(|it| it["parameters"].as_object());
        parameters.flatten().next().cloned().unwrap_or_default()
    }

    fn tier(&self) -> Result<Option<CompiledTier>, String> {
        let Some(document) = self.beside.iter().find(|document| document["kind"] == "ServiceTier") else {
            return Ok(None);
        };
        let Object::ServiceTier(tier) = decode(document)? else {
            return Err("its ServiceTier is of another API group".to_owned());
        };
        CompiledTier::compile(&tier)
            .map(Some)
            .map_err(|errors| format!("its ServiceTier is refused: {errors}"))
    }
}

fn decode(document: &Value) -> Result<Object, String> {
    let text = |field: &str| document[field].as_str().ok_or(format!("a document has no `{field}`"));
    let (api_version, kind) = (text("apiVersion")?, text("kind")?);
    let Recognition::Facts(known) = recognize(api_version, kind) else {
        return Err(format!("no control looks at a {api_version} {kind}: leave that document out"));
    };
    Object::decode(known, document).map_err(|error| format!("its {kind} can't be read: {error}"))
}

/// A workload of this kind whose template is this Pod.
fn wrap(pod: &Value, kind: WorkloadKind) -> Value {
    let metadata = &pod["metadata"];
    let template_metadata = json!({"labels": metadata["labels"], "annotations": metadata["annotations"]});
    let mut object = json!({"metadata": template_metadata, "spec": pod["spec"]});
    for field in kind.template_path().iter().rev() {
        object = json!({*field: object});
    }
    let api_version = if kind.group().is_empty() { "v1".to_owned() } else { format!("{}/v1", kind.group()) };
    json!({"apiVersion": api_version, "kind": kind.as_str(), "metadata": metadata, "spec": object["spec"]})
}

#[cfg(test)]
mod tests {
    use stanchion::declare_control;
    use stanchion::engine::control::{Context, Finding};
    use stanchion::engine::parameters::NoParameters;
    use stanchion::facts::{Path, Workload};

    use super::*;

    declare_control! {
        /// ## Violating
        ///
        /// ```yaml
        /// apiVersion: v1
        /// kind: Pod
        /// metadata: {name: job}
        /// ```
        ///
        /// ```yaml
        /// apiVersion: v1
        /// kind: Pod
        /// metadata: {name: harmless}
        /// ```
        ///
        /// ```yaml
        /// apiVersion: v1
        /// kind: LimitRange
        /// metadata: {name: settings}
        /// ```
        ///
        /// ```yaml
        /// apiVersion: v1
        /// kind: Namespace
        /// metadata: {name: shop}
        /// ```
        ///
        /// ## Compliant
        ///
        /// ```yaml
        /// apiVersion: v1
        /// kind: Pod
        /// metadata: {name: unclear}
        /// ```
        ///
        /// ```yaml
        /// {
        /// ```
        ///
        /// ```yaml
        /// apiVersion: v1
        /// kind: Pod
        /// metadata: {name: harmless}
        /// ---
        /// apiVersion: stanchion.dev/v1alpha1
        /// kind: SecurityStandard
        /// metadata: {name: strict}
        /// spec:
        ///   controls: [{id: pod.false, parameters: {strict: true}}]
        /// ```
        static FALSE = {
            id: "pod.false",
            title: "False",
            severity: Low,
            subject: Workload,
            parameters: NoParameters,
            references: [],
            since: "0.1.0",
            evaluate: judge,
        }
    }

    fn judge(workload: &Workload, _: &NoParameters, _: &Context<'_>) -> Verdict {
        match workload.meta.name.as_str() {
            "unclear" => Verdict::Unknown("no one knows".into()),
            "job" if workload.kind != WorkloadKind::CronJob => {
                [Finding::new(Path::root(), "fails")].into_iter().collect()
            }
            _ => Verdict::Pass,
        }
    }

    #[test]
    fn examples_that_are_judged_otherwise_are_found() {
        let found = problems(&FALSE);
        for (expected, problem) in [
            "`Violating`, example 1: as a CronJob, the verdict is a pass; as a Pod, a failure: -: fails",
            "`Violating`, example 2: the verdict is a pass",
            "`Violating`, example 3: no control looks at a v1 LimitRange: leave that document out",
            "`Violating`, example 4: its first document is a \"Namespace\", which this control does not judge",
            "`Compliant`, example 1: the verdict is that it can't be said (no one knows)",
            "`Compliant`, example 2: it is no YAML",
            "`Compliant`, example 3: its parameters are refused: `strict`: no such parameter",
        ]
        .into_iter()
        .zip(&found)
        {
            assert!(problem.starts_with(expected), "{expected}\n{problem}");
        }
        assert_eq!(found.len(), 7, "{found:#?}");
    }

    #[test]
    fn a_pod_is_wrapped_in_every_kind_with_its_name_labels_and_spec() {
        let example = Example::parse(
            "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {a: b}}, spec: {hostPID: true}}",
        )
        .unwrap();
        assert_eq!(example.wrapped().count(), WorkloadKind::ALL.len() - 1);
        for (kind, wrapped) in example.wrapped() {
            let Object::Workload(workload) = decode(&wrapped.subject).unwrap() else { panic!("a workload") };
            assert_eq!(workload.kind, kind);
            assert_eq!(workload.meta.name, "p");
            assert_eq!(workload.template.metadata.labels.get("a").unwrap(), "b");
            assert!(workload.spec().host_pid, "{kind}");
        }
    }

    #[test]
    fn a_service_tier_beside_the_subject_is_its_tier() {
        let block = "{apiVersion: v1, kind: Pod}\n---\n\
            {apiVersion: stanchion.dev/v1alpha1, kind: ServiceTier, metadata: {name: tier-0}, spec: {level: 0, default: true}}";
        let tier = Example::parse(block).unwrap().tier().unwrap().unwrap();
        assert_eq!((tier.name.as_str(), tier.level), ("tier-0", 0));
    }

    #[test]
    fn documents_that_only_stand_beside_are_facts() {
        let account = decode(&json!({"apiVersion": "v1", "kind": "ServiceAccount"})).unwrap();
        assert!(matches!(account, Object::ServiceAccount(_)));
        let standard = recognize("stanchion.dev/v1alpha1", "SecurityStandard");
        assert_eq!(standard, Recognition::Facts(ObjectKind::SecurityStandard));
    }
}
