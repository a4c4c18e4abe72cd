//! What a control says of its violating examples: words that read well, a path that exists, a patch that works.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use stanchion::engine::control::{Control, Finding, Heading, Patch, Verdict};
use stanchion::facts::{Path, Step, Text};

use crate::example::Example;

/// Longer messages don't fit an admission warning.
const LONGEST_MESSAGE: usize = 120;

/// Words that a sentence in the imperative does not begin with.
const NOT_IMPERATIVE: &[&str] = &[
    "a",
    "an",
    "consider",
    "containers",
    "do",
    "fix",
    "it",
    "must",
    "no",
    "please",
    "should",
    "that",
    "the",
    "there",
    "this",
    "to",
    "you",
    "your",
];

/// What is wrong with the findings of a control's violating examples.
pub(crate) fn problems(control: &Control) -> Vec<String> {
    let mut problems = Vec::new();
    // What is no example at all is the examples' own check to say.
    for example in control.examples(Heading::Violating).iter().filter_map(|block| Example::parse(block).ok())
    {
        problems.extend(of_example(control, &example));
        for (kind, wrapped) in example.wrapped() {
            problems.extend(of_example(control, &wrapped).into_iter().map(|it| format!("as a {kind}, {it}")));
        }
    }
    problems.sort();
    problems.dedup();
    problems
}

fn of_example(control: &Control, example: &Example) -> Vec<String> {
    let Ok(Verdict::Fail(findings)) = example.judge(control) else { return Vec::new() };
    let mut problems = Vec::new();
    let mut known = BTreeSet::new();
    for finding in &findings {
        let texts = text_problems(finding);
        let misplaced = path_problem(&finding.path, &example.subject).map(|why| format!("the path {why}"));
        let useless = patch_problem(control, example, finding).map(|why| format!("the patch {why}"));
        let again = (!known.insert(key(finding))).then(|| {
            "another finding has the same place: tell them apart with `.discriminator(…)`".to_owned()
        });
        let all = texts.into_iter().chain(misplaced).chain(useless).chain(again);
        problems.extend(all.map(|problem| format!("{:?}: {problem}", finding.message)));
    }
    problems
}

/// What tells a finding from the others of its control and subject.
fn key(finding: &Finding) -> (Path, Option<Text>, Option<Text>) {
    (finding.path.clone(), finding.container.clone(), finding.discriminator.clone())
}

fn text_problems(finding: &Finding) -> Vec<String> {
    let message: &str = &finding.message;
    let mut problems = Vec::new();
    if message.chars().count() > LONGEST_MESSAGE {
        problems.push(format!("the message is longer than {LONGEST_MESSAGE} characters"));
    }
    if !starts_low(message) {
        problems.push("the message starts with neither a small letter, a number nor a backtick".to_owned());
    }
    if message.ends_with(['.', '!', ' ', ';']) {
        problems.push("the message ends with a stop: leave it out".to_owned());
    }
    if let Some(container) = &finding.container {
        let prefixed =
            [format!("{container}:"), format!("`{container}`:"), format!("container `{container}`")];
        if prefixed.iter().any(|prefix| message.starts_with(prefix)) {
            problems.push("the message names its container: whoever shows it does that".to_owned());
        }
    }
    problems.extend(advice_problem(&finding.fix.advice));
    problems
}

fn starts_low(text: &str) -> bool {
    text.starts_with(|first: char| first.is_lowercase() || first.is_ascii_digit() || first == '`')
}

fn advice_problem(advice: &str) -> Option<String> {
    if advice.is_empty() {
        return Some("it has no advice: say what to do with `.fix(…)`".to_owned());
    }
    let verb = advice.split(' ').next().unwrap_or(advice);
    let describes = verb.ends_with('s') && !verb.ends_with("ss");
    let continues = verb.ends_with("ing") && verb != "bring";
    let commands = starts_low(advice) && !advice.starts_with('`') && !describes && !continues;
    if !commands || NOT_IMPERATIVE.contains(&verb) {
        return Some(format!("the advice {advice:?} does not begin with a verb in the imperative"));
    }
    advice.ends_with(['.', ' ', ';']).then(|| format!("the advice {advice:?} ends with a stop: leave it out"))
}

/// A path leads to a value, or to where one would stand: fields may be missing at its end (`securityContext.runAsUser`
/// of a container without `securityContext`), list positions may not.
fn path_problem(path: &Path, object: &Value) -> Option<String> {
    let mut here = Some(object);
    for step in path.steps() {
        here = match (step, here) {
            (Step::Index(index), at) => match at.and_then(|list| list.get(index)) {
                Some(item) => Some(item),
                None => return Some(format!("`{path}` has no [{index}] in the object")),
            },
            (Step::Key(key), Some(Value::Object(fields))) => fields.get(&**key),
            (Step::Key(_), None | Some(Value::Null)) => None,
            (Step::Key(key), Some(_)) => return Some(format!("`{path}` looks for `{key}` in no object")),
        };
    }
    None
}

/// Applies a finding's patch and judges again: the finding must be gone.
fn patch_problem(control: &Control, example: &Example, finding: &Finding) -> Option<String> {
    let patch = finding.fix.patch.as_deref()?;
    let mut object = example.subject.clone();
    if let Err(why) = apply(&mut object, patch) {
        return Some(why);
    }
    if object == example.subject {
        return Some("changes nothing".to_owned());
    }
    match example.with(object).judge(control) {
        Err(why) => Some(format!("breaks the object: {why}")),
        Ok(Verdict::Fail(left)) => {
            let same = left.iter().any(|after| key(after) == key(finding));
            same.then(|| format!("at `{}` does not end it", patch.path))
        }
        Ok(Verdict::Pass | Verdict::NotApplicable) => None,
        Ok(unclear) => Some(format!("leads to {unclear:?}")),
    }
}

/// Sets or, for null, removes the value at a patch's path. Objects on the way are made, list items are not.
fn apply(object: &mut Value, patch: &Patch) -> Result<(), String> {
    let lost = || format!("at `{}` has no place in the object", patch.path);
    let Some((end, way)) = patch.path.steps().split_last() else { return Err(lost()) };
    let mut here = object;
    for step in way {
        here = match step {
            Step::Index(index) => here.get_mut(index).ok_or_else(lost)?,
            Step::Key(key) => {
                if here.is_null() {
                    *here = Value::Object(Map::new());
                }
                here.as_object_mut().ok_or_else(lost)?.entry(&**key).or_insert(Value::Null)
            }
        };
    }
    match (end, here, patch.value.is_null()) {
        (Step::Key(key), Value::Object(fields), true) => drop(fields.remove(&**key)),
        (Step::Key(key), Value::Object(fields), false) => {
            fields.insert(key.clone().into_owned(), patch.value.clone());
        }
        (Step::Key(key), here @ Value::Null, false) => {
            *here = Value::Object(Map::from_iter([(key.clone().into_owned(), patch.value.clone())]));
        }
        (Step::Index(index), Value::Array(items), remove) if *index < items.len() => {
            if remove {
                items.remove(*index);
            } else {
                items[*index] = patch.value.clone();
            }
        }
        _ => return Err(lost()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stanchion::declare_control;
    use stanchion::engine::control::{Context, Safety};
    use stanchion::engine::parameters::NoParameters;
    use stanchion::facts::Workload;

    use super::*;

    declare_control! {
        /// ## Violating
        ///
        /// ```yaml
        /// apiVersion: v1
        /// kind: Pod
        /// metadata: {name: example}
        /// spec: {containers: [{name: app}]}
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

    fn judge(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
        let image = |message: &'static str| {
            let container = context.containers(workload).next().expect("the example has a container");
            Finding::in_container(container, &["image"], message)
        };
        let second = Path::of(&["spec", "containers"]).index(1);
        let name = Path::of(&["metadata", "name", "first"]);
        [
            image("The image is missing."),
            image("app: has no image").fix("using an image is better"),
            image("`x` is wrong")
                .discriminator("x")
                .fix("name an image")
                .safe_patch(Path::of(&["metadata", "labels"]), json!({"a": "b"})),
            image("2 are wrong").discriminator("2").fix("name an image").safe_patch(name, true),
            Finding::new(second, "is not there").fix("name it."),
        ]
        .into_iter()
        .collect()
    }

    #[test]
    fn everything_that_is_wrong_with_false_findings_is_found() {
        let example = Example::parse(&FALSE.examples(Heading::Violating)[0]).unwrap();
        assert_eq!(
            of_example(&FALSE, &example),
            [
                "\"The image is missing.\": the message starts with neither a small letter, a number nor a backtick",
                "\"The image is missing.\": the message ends with a stop: leave it out",
                "\"The image is missing.\": it has no advice: say what to do with `.fix(…)`",
                "\"app: has no image\": the message names its container: whoever shows it does that",
                "\"app: has no image\": the advice \"using an image is better\" does not begin with a verb in the \
                 imperative",
                "\"app: has no image\": another finding has the same place: tell them apart with `.discriminator(…)`",
                "\"`x` is wrong\": the patch at `metadata.labels` does not end it",
                "\"2 are wrong\": the patch at `metadata.name.first` has no place in the object",
                "\"is not there\": the advice \"name it.\" ends with a stop: leave it out",
                "\"is not there\": the path `spec.containers[1]` has no [1] in the object",
            ]
        );
        assert!(problems(&FALSE).iter().any(|problem| problem.starts_with("as a CronJob, ")));
    }

    #[test]
    fn advice_is_in_the_imperative() {
        for good in ["remove `privileged: true`", "use a digest", "pass the token as a file", "bring a probe"]
        {
            assert_eq!(advice_problem(good), None);
        }
        for bad in
            ["", "Use a digest", "you should use a digest", "uses a tag", "adding a probe", "`image`: pin it"]
        {
            assert!(advice_problem(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn a_path_may_lead_to_where_a_field_would_stand() {
        let object = json!({"spec": {"containers": [{"name": "app"}], "volumes": null}});
        let problem = |path: Path| path_problem(&path, &object);
        let container = Path::of(&["spec", "containers"]).index(0);
        assert_eq!(problem(container.clone().keys(&["securityContext", "seccompProfile", "type"])), None);
        assert_eq!(problem(Path::root()), None);
        assert!(problem(container.keys(&["name", "first"])).unwrap().contains("in no object"));
        assert!(problem(Path::of(&["spec", "initContainers"]).index(0)).unwrap().contains("no [0]"));
    }

    #[test]
    fn a_patch_sets_makes_and_removes() {
        let patched = |path: Path, value: Value| {
            let mut object = json!({"spec": {"volumes": [{"name": "a"}, {"name": "b"}], "hostPID": true}});
            apply(&mut object, &Patch { path, value, safety: Safety::Safe }).map(|()| object["spec"].clone())
        };
        let volumes = || Path::of(&["spec", "volumes"]);
        assert_eq!(patched(Path::of(&["spec", "hostPID"]), Value::Null).unwrap().get("hostPID"), None);
        assert_eq!(patched(volumes().index(0), Value::Null).unwrap()["volumes"], json!([{"name": "b"}]));
        let made = patched(Path::of(&["spec", "securityContext", "runAsNonRoot"]), json!(true)).unwrap();
        assert_eq!(made["securityContext"], json!({"runAsNonRoot": true}));
        assert!(patched(volumes().index(2), json!({})).is_err());
        assert!(patched(Path::root(), json!({})).is_err());
    }
}
