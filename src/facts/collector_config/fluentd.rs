//! Fluentd: <https://docs.fluentd.org/configuration/config-file>, its input `tail`, its filter `grep` and the output
//! `null`.

use super::{CollectorConfig, LogSource, Output, Rule, RuleOn, Syntax, sanitized, strange_pattern};
use crate::facts::text::Text;

/// Outputs that keep nothing, or hand on to another one.
const NOWHERE: [&str; 2] = ["null", "stdout"];
const ONWARD: [&str; 6] =
    ["relabel", "copy", "rewrite_tag_filter", "detect_exceptions", "label_router", "route"];

/// How deep elements may stand in each other.
const DEEPEST: usize = 16;

/// `<name argument>`, and what stands in it.
#[derive(Default)]
struct Element<'a> {
    name: &'a str,
    argument: &'a str,
    settings: Vec<(&'a str, &'a str)>,
    children: Vec<Element<'a>>,
}

impl<'a> Element<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.settings.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    fn plugin(&self) -> &'a str {
        self.get("@type").or_else(|| self.get("type")).unwrap_or_default()
    }
}

pub(super) fn read(value: &str) -> CollectorConfig {
    let mut config = CollectorConfig::new(Syntax::Fluentd);
    let Some(root) = parse(value) else {
        return CollectorConfig::unreadable(Syntax::Fluentd, "its elements are not closed");
    };
    let mut dropped = Vec::new();
    let mut rules = Vec::new();
    let mut doubts: Vec<Text> = Vec::new();
    visit(&root, &mut |element| match (element.name, element.plugin()) {
        ("source", "tail") => config.sources.push(source(element)),
        ("filter", "grep") => grep(element, &mut rules, &mut doubts),
        ("match", "null") => dropped.extend(element.argument.split_whitespace().filter_map(dropped_files)),
        ("match" | "store", plugin) if !ONWARD.contains(&plugin) => {
            config.sends(if NOWHERE.contains(&plugin) { Output::Nowhere } else { Output::Elsewhere });
        }
        _ => {}
    });
    for source in &mut config.sources {
        source.exclude.extend(dropped.iter().cloned());
        source.rules.extend(rules.iter().cloned());
        for doubt in &doubts {
            source.doubt(doubt.clone());
        }
    }
    config
}

fn source(element: &Element<'_>) -> LogSource {
    let (path, of_path) = resolved(element.get("path").unwrap_or_default());
    let (exclude, of_exclude) = resolved(element.get("exclude_path").unwrap_or_default());
    let mut source = LogSource::files(items(path));
    source.exclude = super::texts(items(exclude));
    source.unless_env = super::texts([of_path, of_exclude].into_iter().flatten());
    let patterns = super::texts(items(path).chain(items(exclude)));
    source.unclear = strange_pattern(&patterns);
    source
}

/// What stands in a value: one, several with commas, or a list as in JSON.
fn items(value: &str) -> impl Iterator<Item = &str> {
    let inner = value.trim().trim_start_matches('[').trim_end_matches(']');
    inner.split(',').map(unquoted).filter(|item| !item.is_empty())
}

fn unquoted(item: &str) -> &str {
    item.trim().trim_matches(['"', '\''])
}

/// The default of `"#{ENV['NAME'] || 'default'}"`, and the variable that would replace it.
fn resolved(value: &str) -> (&str, Option<&str>) {
    let inner = value.trim().trim_matches('"');
    let Some(ruby) = inner.strip_prefix("#{ENV[").and_then(|it| it.strip_suffix('}')) else {
        return (value, None);
    };
    let Some((name, default)) = ruby.split_once(']') else { return (value, None) };
    let default = default.trim().trim_start_matches("||").trim().trim_matches(['\'', '"']);
    let default = if default == "use_default" || default == "use_nil" { "" } else { default };
    (default, Some(name.trim_matches(['\'', '"'])))
}

/// The rules of a filter `grep` on what Kubernetes says; those on the content of records don't matter.
fn grep(element: &Element<'_>, rules: &mut Vec<Rule>, doubts: &mut Vec<Text>) {
    let numbered = |key: &str| key.starts_with("regexp") || key.starts_with("exclude");
    let old = element.settings.iter().find(|(key, value)| numbered(key) && value.contains("kubernetes"));
    if let Some((_, value)) = old {
        doubts.push(format!("a filter looks at `{value}`").into());
    }
    for (child, joined) in flat(element) {
        let keep = match child.name {
            "regexp" => true,
            "exclude" => false,
            _ => continue,
        };
        let key = child.get("key").unwrap_or_default();
        if !key.contains("kubernetes") {
            continue;
        }
        let pattern = child.get("pattern").unwrap_or_default().trim();
        let pattern = pattern.strip_prefix('/').and_then(|it| it.strip_suffix('/')).unwrap_or(pattern);
        match rule_on(key).filter(|_| !joined) {
            Some(on) => rules.push(Rule::part(on, keep, pattern)),
            None => doubts.push(format!("a filter looks at `{key}`").into()),
        }
    }
}

/// The conditions of a filter, and whether several are joined by `<and>` or `<or>`.
fn flat<'e, 'a>(element: &'e Element<'a>) -> impl Iterator<Item = (&'e Element<'a>, bool)> {
    element.children.iter().flat_map(|child| {
        let joins = matches!(child.name, "and" | "or");
        let inner = if joins { child.children.as_slice() } else { std::slice::from_ref(child) };
        inner.iter().map(move |it| (it, joins && inner.len() > 1))
    })
}

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
        _ => None,
    }
}

/// The files whose records `<match …> @type null` throws away, by the tag that `tail` gives them. What comes last, and
/// takes all that is left, throws nothing of a source away.
fn dropped_files(tag: &str) -> Option<Text> {
    let (_, file) = tag.split_once("var.log.containers.")?;
    Some(format!("/var/log/containers/{}", file.replace("**", "*")).into())
}

fn visit<'e, 'a>(element: &'e Element<'a>, see: &mut dyn FnMut(&'e Element<'a>)) {
    see(element);
    for child in &element.children {
        visit(child, see);
    }
}

fn parse(text: &str) -> Option<Element<'_>> {
    let mut open: Vec<Element<'_>> = vec![Element::default()];
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with("</") {
            let closed = open.pop()?;
            open.last_mut()?.children.push(closed);
        } else if let Some(tag) = line.strip_prefix('<').and_then(|line| line.strip_suffix('>')) {
            let (name, argument) = tag.trim().split_once(char::is_whitespace).unwrap_or((tag.trim(), ""));
            open.push(Element { name, argument: argument.trim(), ..Element::default() });
            if open.len() > DEEPEST {
                return None;
            }
        } else {
            let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            open.last_mut()?.settings.push((key, value.trim()));
        }
    }
    let root = open.pop()?;
    open.is_empty().then_some(root)
}
