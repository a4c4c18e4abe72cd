//! `logging.opted-out`

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::Workload;
use crate::relations::collectors::opt_outs;

declare_control! {
    /// ## What it checks
    ///
    /// No annotation or label of the pods tells a log collector to leave their logs alone:
    ///
    /// - Fluent Bit: `fluentbit.io/exclude: "true"`, also with a stream and a container (`fluentbit.io/exclude_stdout-app`)
    /// - Vector: the label `vector.dev/exclude: "true"`, and `vector.dev/exclude-containers`
    /// - Datadog: `ad.datadoghq.com/exclude` and `logs_exclude`, also of one container
    /// - Filebeat: `co.elastic.logs/enabled: "false"`, also of one container
    /// - the OpenTelemetry Collector: `io.opentelemetry.discovery.logs/enabled: "false"` and, in Splunk's distribution,
    ///   `splunk.com/exclude: "true"`
    ///
    /// Where collectors are known, only words count that one of them obeys: Fluent Bit does with `K8S-Logging.Exclude
    /// On`, Filebeat with hints. What a namespace says of all its pods is a matter of `logging.not-shipped`.
    ///
    /// ## Why it matters
    ///
    /// It is one line, mostly meant for a noisy job of long ago, and it hides all that the workload does. Leaving it out
    /// may be right, but somebody else should have agreed to it.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: example
    ///   annotations: {fluentbit.io/exclude: "true"}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: example
    ///   annotations: {fluentbit.io/parser: json}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the annotation. If single lines are the trouble, drop those in the collector or lower the level at which
    /// the program logs. If all of the logs really are to stay away, ask for an exception from this control and, where it
    /// is asked for, from `logging.not-shipped`.
    pub static OPTED_OUT = {
        id: "logging.opted-out",
        title: "Pods opt out of log collection",
        severity: Medium,
        subject: Workload,
        parameters: OptedOut,
        references: [
            Framework::Nist80053.clause("AU-12"),
            Framework::NsaCisa.clause("Worker node and container logging"),
            Framework::Soc2.clause("CC7.2"),
            Framework::Iso27001.clause("8.15"),
            Framework::PciDss.clause("10.2.1"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// What else opts out.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct OptedOut {
    /// Further annotations and labels that keep logs from being collected, with their value; an empty value means any.
    /// Default: `{}`. Example: `{"promtail.example.com/ignore": "true"}`.
    also: BTreeMap<String, String>,
}

impl Parameters for OptedOut {}

fn evaluate(workload: &Workload, parameters: &OptedOut, context: &Context<'_>) -> Verdict {
    let metadata = &workload.template.metadata;
    let at = |field: &'static str, key: &str| {
        workload.template_path().keys(&["metadata", field]).key(key.to_owned())
    };
    let said = opt_outs(&workload.template);
    let names: BTreeSet<&str> = if said.iter().all(|it| it.containers.is_empty()) {
        BTreeSet::new()
    } else {
        context.containers(workload).map(|container| container.container.name.as_str()).collect()
    };
    let obeyed = said.iter().filter(|it| {
        let about_some = it.containers.is_empty() || it.containers.iter().any(|name| names.contains(name));
        about_some && context.relations.collectors().may_obey(it)
    });
    let of_products = obeyed.map(|it| {
        let product = it.product.as_str();
        let message = match it.containers.as_slice() {
            [] => format!("`{}: {}` keeps {product} from reading its logs", it.key, it.value),
            names => format!("`{}` keeps {product} from reading `{}`", it.key, names.join(", ")),
        };
        (it.field, it.key, it.value, message)
    });
    let own = [("annotations", &metadata.annotations), ("labels", &metadata.labels)];
    let further = parameters.also.iter().flat_map(|(key, wanted)| {
        own.iter().filter_map(move |(field, map)| {
            let (key, value) = map.iter().find(|(known, _)| known.as_str() == key)?;
            let told = wanted.is_empty() || value.as_str() == wanted;
            told.then(|| (*field, key, value, format!("`{key}: {value}` keeps its logs from being read")))
        })
    });
    of_products
        .chain(further)
        .map(|(field, key, value, message)| {
            Finding::new(at(field, key), message)
                .value(value)
                .fix("remove it, and drop single lines in the collector instead")
                .patch_to_review(
                    at(field, key),
                    Value::Null,
                    "the lines may have been kept out for what they hold",
                )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    fn pod(metadata: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: Pod, metadata: {metadata}, spec: {{containers: [{{name: app}}]}}}}\n"
        )
    }

    #[test]
    fn all_of_a_pod_or_one_of_its_containers() {
        let whole = pod("{annotations: {ad.datadoghq.com/logs_exclude: 'true'}}");
        assert_eq!(
            messages(judge(&OPTED_OUT, &whole)),
            [
                "`ad.datadoghq.com/logs_exclude: true` keeps Datadog from reading its logs; remove it, and drop single \
              lines in the collector instead"
            ]
        );
        let one = pod("{annotations: {vector.dev/exclude-containers: 'app, proxy'}}");
        assert!(messages(judge(&OPTED_OUT, &one))[0].contains("keeps Vector from reading `app, proxy`"));
        let gone = pod("{annotations: {fluentbit.io/exclude-proxy: 'true'}}");
        assert_eq!(judge(&OPTED_OUT, &gone), Verdict::Pass, "there is no such container");
    }

    #[test]
    fn a_collector_that_is_not_there_or_does_not_listen_is_not_asked() {
        let out = pod("{annotations: {fluentbit.io/exclude: 'true'}}");
        let vector = "---\n{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: v, namespace: logging}, \
            spec: {template: {spec: {containers: [{name: v, image: 'timberio/vector:0.40.0'}]}}}}";
        assert_eq!(judge(&OPTED_OUT, &(out + vector)), Verdict::Pass);
        let label = pod("{labels: {vector.dev/exclude: 'true'}}");
        assert_eq!(messages(judge(&OPTED_OUT, &(label + vector))).len(), 1);
    }

    #[test]
    fn words_of_one_s_own_can_be_added() {
        let parameters = json!({"also": {"example.com/no-logs": "", "example.com/logs": "off"}});
        let with = |metadata| messages(judge_with(&OPTED_OUT, &parameters, &pod(metadata)));
        assert_eq!(
            with("{annotations: {example.com/no-logs: x}, labels: {example.com/logs: 'off'}}").len(),
            2
        );
        assert_eq!(with("{labels: {example.com/logs: 'on'}}"), [""; 0]);
    }
}
