//! The OpenTelemetry Collector: <https://opentelemetry.io/docs/collector/configuration/>, its receivers `filelog` and
//! `receiver_creator` and its processor `filter`, as their READMEs in opentelemetry-collector-contrib describe them.

use serde_json::Value;

use super::yaml::{at, entries, is_true, list, parse, texts};
use super::{CollectorConfig, LogSource, Output, Rule, RuleOn, Syntax, sanitized, strange_pattern};

/// Exporters that keep nothing.
const NOWHERE: [&str; 3] = ["debug", "logging", "nop"];

/// The annotation by which a pod asks for its logs to be read, or not.
const DISCOVERY: &str = "io.opentelemetry.discovery.logs/enabled";

/// The annotation that Splunk's distribution filters by, in its own words.
const SPLUNK: &str = "splunk.com/exclude";

pub(super) fn read(value: &str) -> CollectorConfig {
    let mut config = CollectorConfig::new(Syntax::Otel);
    let Some(tree) = parse(value) else {
        return CollectorConfig::unreadable(Syntax::Otel, "it is no valid YAML");
    };
    for (name, pipeline) in entries(at(&tree, &["service", "pipelines"])) {
        if kind(name) != "logs" {
            continue;
        }
        let first = config.sources.len();
        for receiver in texts(pipeline.get("receivers")) {
            let written = at(&tree, &["receivers", receiver]).unwrap_or(&Value::Null);
            match kind(receiver) {
                "filelog" | "file_log" => config.sources.push(files(written)),
                "receiver_creator" => config.sources.push(discovered(written)),
                _ => {}
            }
        }
        let mut rules = Vec::new();
        for processor in texts(pipeline.get("processors")).into_iter().filter(|it| kind(it) == "filter") {
            let written = at(&tree, &["processors", processor]).unwrap_or(&Value::Null);
            filter(processor, written, &mut rules, &mut config);
        }
        config.sources.iter_mut().skip(first).for_each(|source| source.rules.extend(rules.iter().cloned()));
        if first < config.sources.len() {
            for exporter in texts(pipeline.get("exporters")) {
                let nowhere = NOWHERE.contains(&kind(exporter));
                config.sends(if nowhere { Output::Nowhere } else { Output::Elsewhere });
            }
        }
    }
    config
}

/// The type of a component: what stands before the slash of its name.
fn kind(name: &str) -> &str {
    name.split_once('/').map_or(name, |(kind, _)| kind)
}

fn files(written: &Value) -> LogSource {
    let include = texts(written.get("include"));
    let mut source = LogSource::files(include.iter().copied());
    source.exclude = super::texts(texts(written.get("exclude")));
    let patterns = super::texts(include);
    source.unclear = strange_pattern(patterns.iter().chain(&source.exclude));
    for operator in list(written.get("operators")) {
        let expression = operator.get("expr").and_then(Value::as_str).unwrap_or_default();
        let drops = operator.get("type").and_then(Value::as_str) == Some("filter");
        if drops && ["namespace", "k8s.", "file.path"].iter().any(|word| expression.contains(word)) {
            source.doubt("an operator filters by where a log comes from");
        }
    }
    source
}

/// The receiver that makes others for the pods that it finds.
fn discovered(written: &Value) -> LogSource {
    let mut source = LogSource::pods();
    let discovery = written.get("discovery");
    if !is_true(at(written, &["discovery", "enabled"])) {
        source.doubt("it makes receivers by rules of its own");
        return source;
    }
    let defaults = discovery.and_then(|it| it.get("default_annotations")?.get(DISCOVERY));
    let on = RuleOn::PodAnnotation(sanitized(DISCOVERY).into());
    let rule =
        if is_true(defaults) { Rule::equal(on, false, "false") } else { Rule::equal(on, true, "true") };
    source.rules.push(rule);
    source
}

/// What a processor `filter` leaves out of logs, as far as it goes by what Kubernetes says.
fn filter(name: &str, written: &Value, rules: &mut Vec<Rule>, config: &mut CollectorConfig) {
    let Some(logs) = written.get("logs").or_else(|| written.get("log_conditions")) else { return };
    let by_splunk = at(logs, &["exclude", "resource_attributes"]).is_some_and(|attributes| {
        list(Some(attributes)).iter().all(|it| it.get("key").and_then(Value::as_str) == Some(SPLUNK))
    });
    if by_splunk {
        config.obeys_pods = true;
        return;
    }
    if logs.get("include").is_some() || logs.get("exclude").is_some() {
        config.doubt(format!("the processor `{name}` filters logs"));
        return;
    }
    let conditions = logs.get("log_record").or_else(|| logs.get("resource")).unwrap_or(logs);
    for condition in texts(Some(conditions)) {
        if condition.trim() == format!("resource.attributes[\"{SPLUNK}\"] == \"true\"") {
            config.obeys_pods = true;
            continue;
        }
        if !["k8s.", "resource.", "attributes[\"log.file"].iter().any(|word| condition.contains(word)) {
            continue;
        }
        match namespace_condition(condition) {
            Some(rule) => rules.push(rule),
            None => config.doubt(format!("the processor `{name}` filters by what Kubernetes says")),
        }
    }
}

/// `resource.attributes["k8s.namespace.name"] == "a"` or `IsMatch(…, "a|b")`, alone: what holds is left out.
fn namespace_condition(written: &str) -> Option<Rule> {
    const ATTRIBUTE: &str = "resource.attributes[\"k8s.namespace.name\"]";
    let written = written.trim();
    let text = |quoted: &str| {
        let inner = quoted.trim().strip_prefix('"')?.strip_suffix('"')?;
        (!inner.contains('"')).then(|| inner.to_owned())
    };
    if let Some(rest) = written.strip_prefix(ATTRIBUTE) {
        let rest = rest.trim_start();
        if let Some(value) = rest.strip_prefix("==") {
            return Some(Rule::equal(RuleOn::Namespace, false, &text(value)?));
        }
        return Some(Rule::equal(RuleOn::Namespace, true, &text(rest.strip_prefix("!=")?)?));
    }
    let arguments = written.strip_prefix("IsMatch(")?.strip_suffix(')')?;
    let pattern = arguments.trim().strip_prefix(ATTRIBUTE)?.trim_start().strip_prefix(',')?;
    Some(Rule::part(RuleOn::Namespace, false, &text(pattern)?))
}
