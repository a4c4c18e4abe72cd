//! Fluent Bit: <https://docs.fluentbit.io/manual/administration/configuring-fluent-bit>, its input `tail` and its
//! filters `kubernetes` and `grep`.

use serde_json::Value;

use super::yaml::{at, entries, list, parse};
use super::{CollectorConfig, LogSource, Output, Rule, RuleOn, Syntax, sanitized, strange_pattern};
use crate::facts::glob::{Glob, Matches};
use crate::facts::text::Text;

/// Outputs that keep nothing.
const NOWHERE: [&str; 4] = ["null", "stdout", "counter", "exit"];

/// One `[INPUT]`, `[FILTER]` or `[OUTPUT]`, whichever format it is written in. Names are in lower case.
#[derive(Default)]
struct Section {
    kind: String,
    settings: Vec<(String, String)>,
}

impl Section {
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.settings.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn get<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).last()
    }

    fn plugin(&self) -> String {
        self.get("name").unwrap_or_default().to_lowercase()
    }

    fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| ["on", "true", "yes"].contains(&value.to_lowercase().as_str()))
    }
}

pub(super) fn read(value: &str) -> CollectorConfig {
    let mut config = CollectorConfig::new(Syntax::FluentBit);
    let in_yaml = value.lines().any(|line| line.starts_with("pipeline:"));
    let sections = if in_yaml {
        let Some(sections) = parse(value).map(|tree| yaml_sections(&tree)) else {
            return CollectorConfig::unreadable(Syntax::FluentBit, "it is no valid YAML");
        };
        sections
    } else {
        classic_sections(value)
    };
    let inputs: Vec<&Section> = of_kind(&sections, "input").filter(|it| it.plugin() == "tail").collect();
    let mut sources: Vec<LogSource> = inputs.iter().map(|input| source(input)).collect();
    for filter in of_kind(&sections, "filter") {
        match filter.plugin().as_str() {
            "kubernetes" => config.obeys_pods |= filter.is_on("k8s-logging.exclude"),
            "grep" => {
                for (input, source) in inputs.iter().zip(&mut sources) {
                    if meets(filter, input) {
                        grep(filter, source);
                    }
                }
            }
            _ => {}
        }
    }
    config.sources = sources;
    for output in of_kind(&sections, "output") {
        let nowhere = NOWHERE.contains(&output.plugin().as_str());
        config.sends(if nowhere { Output::Nowhere } else { Output::Elsewhere });
    }
    config
}

fn of_kind<'a>(sections: &'a [Section], kind: &'a str) -> impl Iterator<Item = &'a Section> {
    sections.iter().filter(move |section| section.kind == kind)
}

fn source(input: &Section) -> LogSource {
    let split = |name| input.all(name).flat_map(|value| value.split(','));
    let mut source = LogSource::files(split("path"));
    source.exclude = super::texts(split("exclude_path"));
    let files = if let super::Reads::Files(files) = &source.reads { files.clone() } else { Vec::new() };
    source.unclear = strange_pattern(files.iter().chain(&source.exclude));
    source
}

/// Whether records of an input come to a filter. What can't be told may.
fn meets(filter: &Section, input: &Section) -> bool {
    let tag = input.get("tag").unwrap_or("tail.0").replace('*', "\0");
    match filter.get("match") {
        Some(pattern) => {
            Glob::read(&pattern.replace('*', "**")).is_none_or(|it| it.matches(&tag) > Matches::No)
        }
        None => true,
    }
}

/// The rules of a filter `grep`: those on what Kubernetes says. Those on the content of records leave a pod's logs as
/// such alone.
fn grep(filter: &Section, source: &mut LogSource) {
    let either = filter.get("logical_op").is_some_and(|operator| !operator.eq_ignore_ascii_case("and"));
    for (keep, setting) in [(true, "regex"), (false, "exclude")] {
        for (key, pattern) in
            filter.all(setting).filter_map(|value| value.trim().split_once(char::is_whitespace))
        {
            if !key.contains("kubernetes") {
                continue;
            }
            match rule_on(key).filter(|_| !either) {
                Some(on) => source.rules.push(Rule::part(on, keep, pattern.trim())),
                None => source.doubt(format!("a filter looks at `{key}`")),
            }
        }
    }
}

/// What a record accessor stands for: `$kubernetes['namespace_name']`.
fn rule_on(key: &str) -> Option<RuleOn> {
    let parts: Vec<&str> = key
        .trim_start_matches('$')
        .split(['[', ']', '\'', '"', '.'])
        .filter(|part| !part.is_empty())
        .collect();
    match parts.as_slice() {
        ["kubernetes", "namespace_name"] => Some(RuleOn::Namespace),
        ["kubernetes", "container_name"] => Some(RuleOn::Container),
        ["kubernetes", "labels", name @ ..] if !name.is_empty() => {
            Some(RuleOn::PodLabel(Text::from(sanitized(&name.join(".")))))
        }
        ["kubernetes", "annotations", name @ ..] if !name.is_empty() => {
            Some(RuleOn::PodAnnotation(Text::from(sanitized(&name.join(".")))))
        }
        _ => None,
    }
}

fn classic_sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(kind) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            sections.push(Section { kind: kind.to_lowercase(), settings: Vec::new() });
        } else if let Some((key, value)) = line.split_once(char::is_whitespace)
            && let Some(section) = sections.last_mut()
        {
            section.settings.push((key.to_lowercase(), value.trim().to_owned()));
        }
    }
    sections
}

fn yaml_sections(tree: &Value) -> Vec<Section> {
    let kinds = [("input", "inputs"), ("filter", "filters"), ("output", "outputs")];
    let mut sections = Vec::new();
    for (kind, field) in kinds {
        for plugin in list(at(tree, &["pipeline", field])) {
            let mut section = Section { kind: kind.to_owned(), ..Section::default() };
            for (key, value) in entries(Some(plugin)) {
                let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                section.settings.extend(items.iter().filter_map(|item| {
                    let text = match item {
                        Value::String(text) => text.clone(),
                        Value::Bool(truth) => truth.to_string(),
                        Value::Number(number) => number.to_string(),
                        _ => return None,
                    };
                    Some((key.to_lowercase(), text))
                }));
            }
            sections.push(section);
        }
    }
    sections
}
