//! Log collectors by their images, and how a pod keeps them from reading its logs.

use std::collections::BTreeMap;

use crate::facts::collector_config::Syntax;
use crate::facts::{Container, Image, Meta, PodTemplate, Text, Workload, WorkloadKind};

/// A log collector, as its makers ship it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Product {
    /// Grafana Alloy.
    Alloy,
    /// The agent of Azure Monitor, as AKS runs it.
    AzureMonitor,
    /// Datadog's agent.
    Datadog,
    /// Elastic Agent.
    ElasticAgent,
    /// Filebeat.
    Filebeat,
    /// Fluent Bit, and what clouds make of it.
    FluentBit,
    /// Fluentd.
    Fluentd,
    /// Grafana Agent, the predecessor of Alloy.
    GrafanaAgent,
    /// The OpenTelemetry Collector, in any distribution.
    Otel,
    /// Promtail.
    Promtail,
    /// Splunk's universal forwarder.
    SplunkForwarder,
    /// Vector.
    Vector,
}

/// The last parts of repositories, by what they hold; a star stands for a beginning.
const IMAGES: &[(&str, Product)] = &[
    ("alloy", Product::Alloy),
    ("aws-for-fluent-bit", Product::FluentBit),
    ("aws-otel-collector", Product::Otel),
    ("elastic-agent*", Product::ElasticAgent),
    ("filebeat*", Product::Filebeat),
    ("fluent-bit", Product::FluentBit),
    ("fluent-bit-debug", Product::FluentBit),
    ("fluent-bit-plugin-loki", Product::FluentBit),
    ("fluentbit", Product::FluentBit),
    ("fluentd", Product::Fluentd),
    ("fluentd-hec", Product::Fluentd),
    (FLUENTD_FOR_KUBERNETES, Product::Fluentd),
    ("grafana-agent", Product::GrafanaAgent),
    ("opentelemetry-collector*", Product::Otel),
    ("otel-collector*", Product::Otel),
    ("promtail", Product::Promtail),
    ("splunk-otel-collector*", Product::Otel),
    ("universalforwarder", Product::SplunkForwarder),
    ("vector", Product::Vector),
];

/// The same for repositories whose last part says too little.
const IN_FOLDERS: &[(&str, &str, Product)] = &[
    ("azuremonitor", "ciprod", Product::AzureMonitor),
    ("datadog", "agent", Product::Datadog),
    ("grafana", "agent", Product::GrafanaAgent),
];

/// The image with a configuration of its own: <https://github.com/fluent/fluentd-kubernetes-daemonset>.
pub(super) const FLUENTD_FOR_KUBERNETES: &str = "fluentd-kubernetes-daemonset";

impl Product {
    /// The collector that an image holds.
    #[must_use]
    pub fn of_image(image: &Image) -> Option<Self> {
        let image = image.parse().ok()?;
        let path = image.path();
        let (folders, last) = path.rsplit_once('/').unwrap_or((image.registry(), path));
        let is = |pattern: &str| match pattern.strip_suffix('*') {
            Some(beginning) => last.starts_with(beginning),
            None => last == pattern,
        };
        let alone = IMAGES.iter().find(|(pattern, _)| is(pattern)).map(|(_, product)| *product);
        alone.or_else(|| {
            let below = |folder: &str| folders.contains(folder);
            let found = IN_FOLDERS.iter().find(|(folder, name, _)| last == *name && below(folder));
            found.map(|(.., product)| *product)
        })
    }

    /// The name that people know it by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alloy => "Alloy",
            Self::AzureMonitor => "Azure Monitor",
            Self::Datadog => "Datadog",
            Self::ElasticAgent => "Elastic Agent",
            Self::Filebeat => "Filebeat",
            Self::FluentBit => "Fluent Bit",
            Self::Fluentd => "Fluentd",
            Self::GrafanaAgent => "Grafana Agent",
            Self::Otel => "OpenTelemetry Collector",
            Self::Promtail => "Promtail",
            Self::SplunkForwarder => "Splunk forwarder",
            Self::Vector => "Vector",
        }
    }

    /// Whether it can be configured in this syntax.
    #[must_use]
    pub const fn reads(self, syntax: Syntax) -> bool {
        match syntax {
            Syntax::Alloy => matches!(self, Self::Alloy | Self::GrafanaAgent),
            Syntax::Beats => matches!(self, Self::Filebeat | Self::ElasticAgent),
            Syntax::FluentBit => matches!(self, Self::FluentBit),
            Syntax::Fluentd => matches!(self, Self::Fluentd),
            Syntax::Otel => matches!(self, Self::Otel),
            Syntax::Promtail => matches!(self, Self::Promtail | Self::GrafanaAgent),
            Syntax::Vector => matches!(self, Self::Vector),
        }
    }
}

/// A word in a pod's metadata that keeps a collector from reading its logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptOut<'a> {
    /// Who obeys it.
    pub product: Product,
    /// The field of the metadata that it stands in: `annotations` or `labels`.
    pub field: &'static str,
    /// The key.
    pub key: &'a Text,
    /// The value.
    pub value: &'a Text,
    /// The containers that it is about; none for all of the pod.
    pub containers: Vec<&'a str>,
}

/// Everything in a pod's metadata that keeps a collector from reading its logs.
///
/// Sources, by collector: Fluent Bit, filter `kubernetes`, annotations of pods; Vector, source `kubernetes_logs`, pod and
/// container exclusion; Datadog, container discovery management; Filebeat, hints based autodiscover; Splunk's
/// distribution of the OpenTelemetry Collector, logs and events; its README of `receiver_creator` for the collector's own.
#[must_use]
pub fn opt_outs(template: &PodTemplate) -> Vec<OptOut<'_>> {
    let annotations = template.metadata.annotations.iter().filter_map(|(key, value)| annotation(key, value));
    let labels = template.metadata.labels.iter().filter_map(|(key, value)| label(key, value));
    annotations.chain(labels).collect()
}

/// The same, to be asked about one container after the other.
#[derive(Debug, Default)]
pub(super) struct OptOuts<'a> {
    whole: Vec<(Product, &'a Text)>,
    by_container: BTreeMap<(Product, &'a str), &'a Text>,
}

impl<'a> OptOuts<'a> {
    pub(super) fn of(template: &'a PodTemplate) -> Self {
        let mut all = Self::default();
        for OptOut { product, key, containers, .. } in opt_outs(template) {
            if containers.is_empty() {
                all.whole.push((product, key));
            }
            all.by_container.extend(containers.into_iter().map(|name| ((product, name), key)));
        }
        all
    }

    /// The key of what keeps a collector from reading a container.
    pub(super) fn of_container(&self, product: Product, container: &str) -> Option<&'a Text> {
        let whole = self.whole.iter().find(|(of, _)| *of == product).map(|(_, key)| *key);
        whole.or_else(|| self.by_container.get(&(product, container)).copied())
    }
}

/// The same for what a namespace says of all of its pods.
#[must_use]
pub fn of_namespace(metadata: &Meta) -> Option<OptOut<'_>> {
    let mut annotations = metadata.annotations.iter().filter(|(key, _)| *key == "splunk.com/exclude");
    let said = annotations.find_map(|(key, value)| annotation(key, value));
    said.or_else(|| metadata.labels.iter().find_map(|(key, value)| label(key, value)))
}

fn label<'a>(key: &'a Text, value: &'a Text) -> Option<OptOut<'a>> {
    let told = key == "vector.dev/exclude" && value == "true";
    told.then(|| OptOut { product: Product::Vector, field: "labels", key, value, containers: Vec::new() })
}

fn annotation<'a>(key: &'a Text, value: &'a Text) -> Option<OptOut<'a>> {
    let (domain, name) = key.split_once('/')?;
    let whole = || Some(Vec::new());
    let one = |container: &'a str| Some(vec![container]);
    let (product, containers) = match (domain, name) {
        ("fluentbit.io", name) if value.eq_ignore_ascii_case("true") => {
            let rest = name.strip_prefix("exclude")?;
            let rest = ["_stdout", "_stderr"].iter().find_map(|it| rest.strip_prefix(it)).unwrap_or(rest);
            (Product::FluentBit, if rest.is_empty() { whole() } else { one(rest.strip_prefix('-')?) })
        }
        ("vector.dev", "exclude-containers") => {
            let names: Vec<&str> = value.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
            (Product::Vector, (!names.is_empty()).then_some(names))
        }
        ("ad.datadoghq.com", "exclude" | "logs_exclude") if value == "true" => (Product::Datadog, whole()),
        ("ad.datadoghq.com", name) if value == "true" => {
            let container = name.strip_suffix(".logs_exclude").or_else(|| name.strip_suffix(".exclude"))?;
            (Product::Datadog, one(container))
        }
        ("co.elastic.logs", "enabled") if value == "false" => (Product::Filebeat, whole()),
        (domain, "enabled") if value == "false" => {
            if domain == "io.opentelemetry.discovery.logs" {
                (Product::Otel, whole())
            } else {
                (Product::Filebeat, one(domain.strip_prefix("co.elastic.logs.")?))
            }
        }
        ("splunk.com", "exclude") if value == "true" => (Product::Otel, whole()),
        _ => return None,
    };
    Some(OptOut { product, field: "annotations", key, value, containers: containers? })
}

/// Whether a workload is a collector itself: a `DaemonSet` with the image of one.
#[must_use]
pub fn is_collector(workload: &Workload) -> bool {
    workload.kind == WorkloadKind::DaemonSet && product_of(workload).is_some()
}

/// The collector that a workload runs, and its container.
pub(super) fn product_of(workload: &Workload) -> Option<(Product, &Container)> {
    let mut containers = workload.spec().containers.iter();
    containers.find_map(|it| Some((Product::of_image(it.image.as_ref()?)?, it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collectors_are_known_by_the_last_part_of_their_repository() {
        let of = |image: &str| Product::of_image(&Image::from(image)).map(Product::as_str);
        for (image, product) in [
            ("fluent/fluent-bit:3.1", "Fluent Bit"),
            ("cr.fluentbit.io/fluent/fluent-bit:3.1.4", "Fluent Bit"),
            ("public.ecr.aws/aws-observability/aws-for-fluent-bit:stable", "Fluent Bit"),
            ("gke.gcr.io/fluent-bit:v1.8", "Fluent Bit"),
            ("fluent/fluentd-kubernetes-daemonset:v1-debian-elasticsearch", "Fluentd"),
            ("timberio/vector:0.40.0-distroless-libc", "Vector"),
            ("otel/opentelemetry-collector-contrib:0.110.0", "OpenTelemetry Collector"),
            ("quay.io/signalfx/splunk-otel-collector:0.110.0", "OpenTelemetry Collector"),
            ("grafana/alloy:v1.4", "Alloy"),
            ("docker.io/grafana/promtail:3.0.0", "Promtail"),
            ("gcr.io/datadoghq/agent:7", "Datadog"),
            ("datadog/agent:7", "Datadog"),
            ("grafana/agent:v0.43", "Grafana Agent"),
            ("docker.elastic.co/beats/filebeat:8.15.0", "Filebeat"),
            ("docker.elastic.co/elastic-agent/elastic-agent:8.15", "Elastic Agent"),
            ("mcr.microsoft.com/azuremonitor/containerinsights/ciprod:3.1", "Azure Monitor"),
        ] {
            assert_eq!(of(image), Some(product), "{image}");
        }
        for image in ["acme/agent:1", "gke.gcr.io/fluent-bit-gke-exporter:1", "acme/vectorize:1", "nginx"] {
            assert_eq!(of(image), None, "{image}");
        }
    }

    fn said(metadata: &serde_json::Value) -> Vec<(&'static str, Vec<String>)> {
        let template: PodTemplate =
            serde_json::from_value(serde_json::json!({"metadata": metadata})).unwrap();
        let found = opt_outs(&template);
        let names = |it: &OptOut<'_>| it.containers.iter().map(|name| (*name).to_owned()).collect();
        found.iter().map(|it| (it.product.as_str(), names(it))).collect()
    }

    #[test]
    fn a_pod_opts_out_in_the_words_of_each_collector() {
        let annotation = |key: &str, value: &str| said(&serde_json::json!({"annotations": {key: value}}));
        for (key, value, product) in [
            ("fluentbit.io/exclude", "true", "Fluent Bit"),
            ("fluentbit.io/exclude_stderr", "true", "Fluent Bit"),
            ("ad.datadoghq.com/logs_exclude", "true", "Datadog"),
            ("ad.datadoghq.com/exclude", "true", "Datadog"),
            ("co.elastic.logs/enabled", "false", "Filebeat"),
            ("splunk.com/exclude", "true", "OpenTelemetry Collector"),
            ("io.opentelemetry.discovery.logs/enabled", "false", "OpenTelemetry Collector"),
        ] {
            assert_eq!(annotation(key, value), [(product, vec![])], "{key}");
        }
        for (key, value, product) in [
            ("fluentbit.io/exclude-app", "true", "Fluent Bit"),
            ("fluentbit.io/exclude_stdout-app", "true", "Fluent Bit"),
            ("ad.datadoghq.com/app.logs_exclude", "true", "Datadog"),
            ("vector.dev/exclude-containers", "app", "Vector"),
            ("co.elastic.logs.app/enabled", "false", "Filebeat"),
        ] {
            assert_eq!(annotation(key, value), [(product, vec!["app".to_owned()])], "{key}");
        }
        for (key, value) in [
            ("fluentbit.io/exclude", "false"),
            ("fluentbit.io/parser", "true"),
            ("co.elastic.logs/enabled", "true"),
            ("ad.datadoghq.com/app.logs", "[]"),
            ("example.com/enabled", "false"),
        ] {
            assert_eq!(annotation(key, value), [], "{key}");
        }
        assert_eq!(
            said(&serde_json::json!({"labels": {"vector.dev/exclude": "true"}})),
            [("Vector", vec![])]
        );
    }
}
