//! Vector: <https://vector.dev/docs/reference/configuration/sources/kubernetes_logs/>, and its sources `file`.

use serde_json::Value;

use super::yaml::{at, entries, parse, texts};
use super::{CollectorConfig, LogSource, Output, Reads, Rule, RuleOn, Syntax, strange_pattern};
use crate::facts::glob::{Glob, Matches};
use crate::facts::selector::{Operator, Requirement, Selector};
use crate::facts::text::Text;

/// Sinks that keep nothing.
const NOWHERE: [&str; 2] = ["blackhole", "console"];

/// How many transforms may follow each other.
const DEEPEST: usize = 8;

/// The files that the source looks at, unless it is told otherwise.
const EVERYTHING: [&str; 2] = ["**/*", "**"];

pub(super) fn read(value: &str) -> CollectorConfig {
    let mut config = CollectorConfig::new(Syntax::Vector);
    let Some(tree) = parse(value).filter(Value::is_object) else {
        return CollectorConfig::unreadable(Syntax::Vector, "it is no valid YAML or JSON");
    };
    let mut names = Vec::new();
    for (name, source) in entries(tree.get("sources")) {
        match source.get("type").and_then(Value::as_str).unwrap_or_default() {
            "kubernetes_logs" => config.sources.push(pods(source)),
            "file" => config.sources.push(files(source)),
            _ => continue,
        }
        names.push(name);
    }
    // Where the logs go, not what else the collector does: the chart sends metrics elsewhere, and logs to the console.
    let mut direct = false;
    for (_, sink) in entries(tree.get("sinks")) {
        let inputs = texts(sink.get("inputs"));
        if !comes_from(&tree, &names, &inputs, 0) {
            continue;
        }
        let kind = sink.get("type").and_then(Value::as_str).unwrap_or_default();
        let nowhere = NOWHERE.contains(&kind);
        config.sends(if nowhere { Output::Nowhere } else { Output::Elsewhere });
        direct |= !nowhere && inputs.iter().any(|input| names.iter().any(|name| is_named(input, name)));
    }
    if !direct {
        filters(&tree, &mut config);
    }
    config
}

/// Whether some of these inputs come from some of these sources, through transforms or not.
fn comes_from(tree: &Value, sources: &[&str], inputs: &[&str], depth: usize) -> bool {
    let through = |name: &str, transform: &Value| {
        inputs.iter().any(|input| is_named(input, name))
            && comes_from(tree, sources, &texts(transform.get("inputs")), depth + 1)
    };
    inputs.iter().any(|input| sources.iter().any(|source| is_named(input, source)))
        || (depth < DEEPEST && entries(tree.get("transforms")).any(|(name, it)| through(name, it)))
}

/// Whether an input names a component, or one of its outputs: `route.errors`. A star may stand for any part.
fn is_named(input: &str, name: &str) -> bool {
    let of_output = input.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    let by_star =
        || input.contains('*') && Glob::read(input).is_some_and(|it| it.matches(name) == Matches::Yes);
    input == name || of_output || by_star()
}

fn pods(written: &Value) -> LogSource {
    let mut source = LogSource::pods();
    let include = texts(written.get("include_paths_glob_patterns"));
    if !include.is_empty() && !include.iter().any(|glob| EVERYTHING.contains(glob)) {
        source.reads = Reads::Files(super::texts(include.iter().copied()));
    }
    source.exclude = super::texts(texts(written.get("exclude_paths_glob_patterns")));
    let patterns = super::texts(include);
    source.unclear = strange_pattern(patterns.iter().chain(&source.exclude));
    let text = |name: &str| written.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    for (name, on) in [
        ("extra_label_selector", RuleOn::PodSelector as fn(Selector) -> RuleOn),
        ("extra_namespace_label_selector", RuleOn::NamespaceSelector),
    ] {
        match text(name).map(selector) {
            Some(Some(selector)) => source.rules.push(Rule::selector(on(selector))),
            Some(None) => source.doubt(format!("its `{name}` can't be read")),
            None => {}
        }
    }
    if let Some(fields) = text("extra_field_selector") {
        field_rules(fields, &mut source);
    }
    source
}

fn files(written: &Value) -> LogSource {
    let include = texts(written.get("include"));
    let mut source = LogSource::files(include.iter().copied());
    source.exclude = super::texts(texts(written.get("exclude")));
    let patterns = super::texts(include);
    source.unclear = strange_pattern(patterns.iter().chain(&source.exclude));
    source
}

/// `metadata.namespace!=kube-system`; names of pods are not known beforehand.
fn field_rules(written: &str, source: &mut LogSource) {
    for term in written.split(',') {
        let (field, keep, value) = match term.split_once("!=") {
            Some((field, value)) => (field, false, value),
            None => match term.split_once("==").or_else(|| term.split_once('=')) {
                Some((field, value)) => (field, true, value),
                None => (term, true, ""),
            },
        };
        match field.trim() {
            "metadata.namespace" => source.rules.push(Rule::equal(RuleOn::Namespace, keep, value.trim())),
            // The node that it runs on, and pods that are gone: each of them leaves others alone.
            "spec.nodeName" | "status.phase" => {}
            "metadata.name" if !keep => {}
            other => source.doubt(format!("its `extra_field_selector` looks at `{other}`")),
        }
    }
}

/// Filters between the sources and the sinks, as far as they look at what Kubernetes says.
fn filters(tree: &Value, config: &mut CollectorConfig) {
    for (name, transform) in entries(tree.get("transforms")) {
        if transform.get("type").and_then(Value::as_str) != Some("filter") {
            continue;
        }
        let condition = transform.get("condition");
        let written = condition.and_then(Value::as_str).or_else(|| at(condition?, &["source"])?.as_str());
        let written = written.unwrap_or_default();
        if !written.contains("kubernetes") {
            continue;
        }
        match namespace_condition(written) {
            Some((keep, value)) => {
                let rule = Rule::equal(RuleOn::Namespace, keep, value);
                config.sources.iter_mut().for_each(|source| source.rules.push(rule.clone()));
            }
            None => config.doubt(format!("the transform `{name}` filters by what Kubernetes says")),
        }
    }
}

/// `.kubernetes.pod_namespace != "kube-system"`, and nothing more.
fn namespace_condition(written: &str) -> Option<(bool, &str)> {
    let rest = written.trim().strip_prefix(".kubernetes.pod_namespace")?.trim_start();
    let (keep, value) = match rest.strip_prefix("!=") {
        Some(value) => (false, value),
        None => (true, rest.strip_prefix("==")?),
    };
    let value = value.trim().strip_prefix('"')?.strip_suffix('"')?;
    (!value.contains('"')).then_some((keep, value))
}

/// A label selector as `kubectl` takes it: `a=b,c!=d,e in (f, g),h,!i`.
pub(super) fn selector(written: &str) -> Option<Selector> {
    let mut requirements = Vec::new();
    let mut rest = written.trim();
    while !rest.is_empty() {
        let end = end_of_term(rest);
        let (term, after) = rest.split_at_checked(end)?;
        requirements.push(requirement(term.trim())?);
        rest = after.trim_start_matches(',').trim();
    }
    Some(Selector { match_expressions: requirements.into(), ..Selector::default() })
}

fn end_of_term(text: &str) -> usize {
    let mut inside = false;
    let comma = text.char_indices().find(|(_, character)| {
        inside = (inside || *character == '(') && *character != ')';
        *character == ',' && !inside
    });
    comma.map_or(text.len(), |(place, _)| place)
}

fn requirement(term: &str) -> Option<Requirement> {
    let one = |key: &str, operator, values: Vec<Text>| {
        let key = key.trim();
        let plain = !key.is_empty() && !key.contains(char::is_whitespace) && !key.contains(['$', '{']);
        plain.then(|| Requirement { key: key.into(), operator, values: values.into() })
    };
    let value = |value: &str| (!value.contains(['$', '{'])).then(|| vec![Text::from(value.trim())]);
    if let Some((key, wanted)) = term.split_once("!=") {
        return one(key, Operator::NotIn, value(wanted)?);
    }
    if let Some((key, wanted)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return one(key, Operator::In, value(wanted)?);
    }
    if let Some((head, list)) = term.split_once('(') {
        let values = list.trim_end().strip_suffix(')')?.split(',').map(|it| Text::from(it.trim())).collect();
        let (key, operator) = head.trim().rsplit_once(char::is_whitespace)?;
        return match operator {
            "in" => one(key, Operator::In, values),
            "notin" => one(key, Operator::NotIn, values),
            _ => None,
        };
    }
    match term.strip_prefix('!') {
        Some(key) => one(key, Operator::DoesNotExist, Vec::new()),
        None => one(term, Operator::Exists, Vec::new()),
    }
}
