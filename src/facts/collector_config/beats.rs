//! Filebeat and Elastic Agent: <https://www.elastic.co/docs/reference/beats/filebeat/configuration-autodiscover> and
//! <https://www.elastic.co/docs/reference/fleet/elastic-agent-configuration>.

use serde_json::Value;

use super::yaml::{at, entries, is_true, list, parse, texts};
use super::{CollectorConfig, LogSource, Output, Reads, Rule, RuleOn, Syntax, strange_pattern};

/// The folder whose files are links: an input `filestream` follows them only if it is told to.
const LINKS: &str = "/var/log/containers/";

pub(super) fn read(value: &str) -> CollectorConfig {
    let mut config = CollectorConfig::new(Syntax::Beats);
    let Some(tree) = parse(value) else {
        return CollectorConfig::unreadable(Syntax::Beats, "it is no valid YAML");
    };
    for name in ["inputs", "prospectors"] {
        let inputs = list(field(&tree, "filebeat", name));
        config.sources.extend(inputs.iter().filter_map(input));
    }
    for provider in list(field(&tree, "filebeat", "autodiscover").and_then(|it| it.get("providers"))) {
        autodiscover(provider, &mut config);
    }
    if field(&tree, "filebeat", "autodiscover").is_none() {
        let providers = list(tree.get("filebeat.autodiscover.providers"));
        for provider in providers {
            autodiscover(provider, &mut config);
        }
    }
    for input in list(tree.get("inputs")) {
        agent(input, &mut config);
    }
    outputs(&tree, &mut config);
    let rules = dropped(list(tree.get("processors")), &mut config);
    config.sources.iter_mut().for_each(|source| source.rules.extend(rules.iter().cloned()));
    config
}

/// `filebeat: {inputs: …}` or `filebeat.inputs: …`.
fn field<'a>(tree: &'a Value, group: &str, name: &str) -> Option<&'a Value> {
    tree.get(format!("{group}.{name}")).or_else(|| at(tree, &[group, name]))
}

fn input(written: &Value) -> Option<LogSource> {
    let kind = written.get("type").and_then(Value::as_str).unwrap_or_default();
    let on = written.get("enabled").is_none_or(|it| is_true(Some(it)));
    if !on || !["container", "filestream", "log", "docker"].contains(&kind) {
        return None;
    }
    Some(scanned(written, files(&texts(written.get("paths")))))
}

/// What the scanner of an input makes of its paths: files that it leaves out, and links that it doesn't follow.
fn scanned(written: &Value, mut source: LogSource) -> LogSource {
    let scanner = |name: &str| {
        let dotted = written.get(format!("prospector.scanner.{name}"));
        let nested = at(written, &["prospector", "scanner", name]);
        dotted.or(nested).or_else(|| written.get("prospector.scanner")?.get(name))
    };
    let leaves_out = |name: &str| written.get(name).is_some() || scanner(name).is_some();
    if ["exclude_files", "include_files"].into_iter().any(leaves_out) {
        source.doubt("it leaves files out by an expression");
    }
    let links = matches!(&source.reads, Reads::Files(files) if files.iter().any(|it| it.starts_with(LINKS)));
    let follows = written.get("type").and_then(Value::as_str) != Some("filestream")
        || is_true(scanner("symlinks").or_else(|| written.get("symlinks")));
    if links && !follows {
        source.doubt("it reads links, and is not told to follow them by `symlinks`");
    }
    source
}

/// A source of files. The id of a container is filled in for each one that is found, so that it stands for any.
fn files(paths: &[&str]) -> LogSource {
    let any: Vec<String> = paths.iter().map(|path| filled(path)).collect();
    let mut source = LogSource::files(any.iter().map(String::as_str));
    if let Reads::Files(files) = &source.reads {
        source.unclear = strange_pattern(files);
    }
    source
}

fn filled(path: &str) -> String {
    let ids = [
        "${data.kubernetes.container.id}",
        "${data.container.id}",
        "${kubernetes.container.id}",
        "${data.kubernetes.container.name}",
        "${data.kubernetes.pod.uid}",
        "${data.kubernetes.namespace}",
        "${data.kubernetes.pod.name}",
    ];
    let filled = ids.iter().fold(path.to_owned(), |path, id| path.replace(id, "*"));
    filled.replace("**.log", "*.log")
}

fn autodiscover(provider: &Value, config: &mut CollectorConfig) {
    if provider.get("type").and_then(Value::as_str) != Some("kubernetes") {
        return;
    }
    let hints = provider.get("hints.enabled").or_else(|| at(provider, &["hints", "enabled"]));
    if is_true(hints) {
        config.obeys_pods = true;
        let defaults = |name: &str| {
            let dotted =
                provider.get("hints.default_config").or_else(|| at(provider, &["hints", "default_config"]));
            dotted.and_then(|it| it.get(name))
        };
        let enabled = defaults("enabled").or_else(|| provider.get("hints.default_config.enabled"));
        let mut source = match texts(defaults("paths")) {
            paths if paths.is_empty() => files(&["/var/log/containers/*.log"]),
            paths => {
                let dotted = provider.get("hints.default_config");
                let written = dotted.or_else(|| at(provider, &["hints", "default_config"]));
                scanned(written.unwrap_or(&Value::Null), files(&paths))
            }
        };
        if enabled.is_some_and(|it| !is_true(Some(it))) {
            let on = RuleOn::PodAnnotation("co_elastic_logs_enabled".into());
            source.rules.push(Rule::equal(on, true, "true"));
        }
        config.sources.push(source);
    }
    for template in list(provider.get("templates")) {
        let rule = template.get("condition").map(namespace_rule);
        for written in list(template.get("config")) {
            let Some(mut source) = input(written) else { continue };
            match &rule {
                Some(Some(rule)) => source.rules.push(Rule { keep: true, ..rule.clone() }),
                Some(None) => source.doubt("a template has a condition"),
                None => {}
            }
            config.sources.push(source);
        }
    }
}

/// A condition on the namespace alone: `equals: {kubernetes.namespace: a}`, or the same with `regexp`, `contains`.
fn namespace_rule(condition: &Value) -> Option<Rule> {
    let mut conditions = entries(Some(condition));
    let (operator, fields) =
        conditions.next().filter(|_| condition.as_object().is_some_and(|it| it.len() == 1))?;
    let mut fields = entries(Some(fields));
    let (field, value) = fields.next()?;
    let value = value.as_str().filter(|_| fields.next().is_none() && field == "kubernetes.namespace")?;
    match operator {
        "equals" => Some(Rule::equal(RuleOn::Namespace, false, value)),
        "contains" => Some(Rule::part(RuleOn::Namespace, false, &regex::escape(value))),
        "regexp" => Some(Rule::part(RuleOn::Namespace, false, value)),
        _ => None,
    }
}

/// The rules of processors that drop whole events by what Kubernetes says.
fn dropped(processors: &[Value], config: &mut CollectorConfig) -> Vec<Rule> {
    let mut rules = Vec::new();
    for when in processors.iter().filter_map(|it| at(it, &["drop_event", "when"])) {
        match namespace_rule(when) {
            Some(rule) => rules.push(rule),
            None if when.to_string().contains("kubernetes") => {
                config.doubt("a processor drops events by what Kubernetes says");
            }
            None => {}
        }
    }
    rules
}

/// An input of Elastic Agent.
fn agent(written: &Value, config: &mut CollectorConfig) {
    if written.get("type").and_then(Value::as_str) != Some("filestream") {
        return;
    }
    for stream in list(written.get("streams")) {
        let mut source = files(&texts(stream.get("paths")));
        if stream
            .get("exclude_files")
            .or_else(|| at(stream, &["prospector", "scanner", "exclude_files"]))
            .is_some()
        {
            source.doubt("it leaves files out by an expression");
        }
        if stream.get("condition").or_else(|| written.get("condition")).is_some() {
            source.doubt("a stream has a condition");
        }
        config.sources.push(source);
    }
}

fn outputs(tree: &Value, config: &mut CollectorConfig) {
    let dotted = entries(Some(tree)).filter_map(|(key, _)| key.strip_prefix("output.").map(str::to_owned));
    let nested = entries(tree.get("output")).map(|(key, _)| key.to_owned());
    let agents = entries(tree.get("outputs"))
        .map(|(_, it)| it.get("type").and_then(Value::as_str).unwrap_or("elasticsearch").to_owned());
    for name in dotted.chain(nested).chain(agents) {
        let nowhere = name.starts_with("console") || name.starts_with("discard");
        config.sends(if nowhere { Output::Nowhere } else { Output::Elsewhere });
    }
}
