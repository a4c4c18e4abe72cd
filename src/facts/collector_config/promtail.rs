//! Promtail: <https://grafana.com/docs/loki/latest/send-data/promtail/configuration/>, and what Alloy has of it:
//! relabelling by what service discovery says of pods.

use serde_json::Value;

use super::yaml::{entries, list, parse, texts};
use super::{CollectorConfig, LogSource, Output, Rule, RuleOn, Syntax, strange_pattern};

/// What the discovery says that leaves the pods of this node alone, whatever a rule makes of it: the node itself, pods
/// that are over, and how a target is reached.
const HARMLESS: [&str; 6] = [
    "__meta_kubernetes_pod_node_name",
    "__meta_kubernetes_pod_phase",
    "__meta_kubernetes_pod_uid",
    "__meta_kubernetes_pod_ip",
    "__meta_kubernetes_pod_container_init",
    "__host__",
];

pub(super) fn read(value: &str) -> CollectorConfig {
    let mut config = CollectorConfig::new(Syntax::Promtail);
    let Some(tree) = parse(value) else {
        return CollectorConfig::unreadable(Syntax::Promtail, "it is no valid YAML");
    };
    if !list(tree.get("clients")).is_empty() {
        config.sends(Output::Elsewhere);
    }
    for job in list(tree.get("scrape_configs")) {
        config.sources.extend(source(job));
    }
    config
}

fn source(job: &Value) -> Option<LogSource> {
    let discoveries = list(job.get("kubernetes_sd_configs"));
    let mut source = if discoveries.is_empty() {
        let labels = list(job.get("static_configs")).iter().filter_map(|it| it.get("labels"));
        let paths: Vec<&str> = labels.flat_map(|it| texts(it.get("__path__"))).collect();
        if paths.is_empty() {
            return None;
        }
        let mut source = LogSource::files(paths.iter().copied());
        source.unclear = strange_pattern(&super::texts(paths));
        source
    } else {
        let mut source = LogSource::pods();
        for discovery in discoveries {
            discovered(discovery, &mut source);
        }
        source
    };
    for rule in list(job.get("relabel_configs")) {
        let text = |name: &str| rule.get(name).and_then(Value::as_str);
        let labels = texts(rule.get("source_labels"));
        let separator = text("separator").unwrap_or(";");
        relabel(text("action").unwrap_or("replace"), &labels, separator, text("regex"), &mut source);
    }
    for stage in list(job.get("pipeline_stages")) {
        let drops = |it: &Value| it.get("action").and_then(Value::as_str) == Some("drop");
        if let Some((_, stage)) = entries(Some(stage)).find(|(name, it)| *name == "match" && drops(it)) {
            let selector = stage.get("selector").and_then(Value::as_str).unwrap_or_default();
            if !selector.contains('|') {
                source.doubt("a stage drops what matches a selector");
            }
        }
    }
    Some(source)
}

/// The namespaces and selectors of a discovery of pods.
fn discovered(discovery: &Value, source: &mut LogSource) {
    let names = texts(discovery.get("namespaces").and_then(|it| it.get("names")));
    restrict(&names, source);
    for selector in list(discovery.get("selectors")) {
        let field = selector.get("field").and_then(Value::as_str).unwrap_or_default();
        if selector.get("label").is_some() || !(field.is_empty() || field.starts_with("spec.nodeName=")) {
            source.doubt("its discovery selects pods");
        }
    }
}

/// Keeps the pods of these namespaces alone, unless there are none.
pub(super) fn restrict(namespaces: &[&str], source: &mut LogSource) {
    if !namespaces.is_empty() {
        let any: Vec<String> = namespaces.iter().map(|name| regex::escape(name)).collect();
        source.rules.push(Rule::whole(RuleOn::Namespace, true, &any.join("|")));
    }
}

/// Takes in one rule of relabelling. Those that keep and drop nothing only name things.
pub(super) fn relabel(
    action: &str,
    labels: &[&str],
    separator: &str,
    regex: Option<&str>,
    source: &mut LogSource,
) {
    let keep = match action {
        "keep" => true,
        "drop" => false,
        "keepequal" | "dropequal" => return source.doubt("relabelling compares two labels"),
        _ => return,
    };
    // Without an expression, everything matches.
    let pattern = regex.unwrap_or("(.*)");
    match labels {
        [label] if HARMLESS.contains(label) => {}
        [label] => match rule_on(label) {
            Some(on) => source.rules.push(Rule::whole(on, keep, pattern)),
            None => source.doubt(format!("relabelling goes by `{label}`")),
        },
        several => {
            let parts: Option<Vec<RuleOn>> = several.iter().map(|label| rule_on(label)).collect();
            match parts {
                Some(parts) => {
                    let on = RuleOn::Joined { parts, separator: separator.into() };
                    source.rules.push(Rule::whole(on, keep, pattern));
                }
                None => source.doubt("relabelling goes by several labels at once"),
            }
        }
    }
}

fn rule_on(label: &str) -> Option<RuleOn> {
    let name = label.strip_prefix("__meta_kubernetes_")?;
    match name {
        "namespace" => return Some(RuleOn::Namespace),
        "pod_container_name" => return Some(RuleOn::Container),
        _ => {}
    }
    if let Some(name) = name.strip_prefix("pod_label_") {
        return Some(RuleOn::PodLabel(name.into()));
    }
    name.strip_prefix("pod_annotation_").map(|name| RuleOn::PodAnnotation(name.into()))
}
