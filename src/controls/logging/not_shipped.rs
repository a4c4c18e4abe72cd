//! `logging.not-shipped`

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared_volume::{is_collector, is_writable, stays};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::engine::pattern::ImagePattern;
use crate::facts::env::EnvSource;
use crate::facts::{Container, ContainerRef, Text, Workload, WorkloadKind};
use crate::relations::collectors::{self, Coverage, Terms};

declare_control! {
    /// ## What it checks
    ///
    /// What every container writes to its standard output leaves the node. One of three does it: a log collector that
    /// runs on every node that the pod may run on and reads this container; a sidecar with the image of a collector,
    /// which shares a volume with it; or the container itself, by OTLP (`OTEL_LOGS_EXPORTER=otlp` and an endpoint).
    ///
    /// Fluent Bit, Fluentd, Vector, the OpenTelemetry Collector, Alloy, Grafana Agent, Promtail, Datadog, Filebeat,
    /// Elastic Agent, Azure Monitor and Splunk's forwarder are known by their images. What they read is taken from their
    /// `ConfigMap`s and from the folders of the node that they mount: patterns of paths, namespaces, selectors, what
    /// pods say of themselves. Whether a collector runs on a node is decided as the scheduler does, by taints,
    /// `nodeSelector` and required node affinity.
    ///
    /// What can't be known is not passed but unknown, with the reason: no collector among some files, a configuration
    /// in a Secret or in words that are not understood, a collector that is not ready on enough nodes. Where nodes are
    /// known and no collector is there at all, it fails. Files tell no nodes: then a collector that tolerates less than
    /// the workload, or that asks for labels of nodes which the workload doesn't ask for, leaves it unknown. A Pod that
    /// doesn't say so is not for Windows nodes. Collectors themselves and init containers that end are not judged.
    ///
    /// ## Why it matters
    ///
    /// Logs on a node are gone with the pod, and an intruder removes them first. After an incident they are what tells
    /// what was done; a workload whose logs stay on the node can't be investigated.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: cart, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/cart:1.0
    /// ---
    /// apiVersion: apps/v1
    /// kind: DaemonSet
    /// metadata: {name: fluent-bit, namespace: logging}
    /// spec:
    ///   template:
    ///     spec:
    ///       containers:
    ///         - name: fluent-bit
    ///           image: cr.fluentbit.io/fluent/fluent-bit:3.1
    ///           volumeMounts:
    ///             - {name: config, mountPath: /fluent-bit/etc/conf}
    ///             - {name: logs, mountPath: /var/log}
    ///       volumes:
    ///         - {name: config, configMap: {name: fluent-bit}}
    ///         - {name: logs, hostPath: {path: /var/log}}
    /// ---
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: fluent-bit, namespace: logging}
    /// data:
    ///   fluent-bit.conf: |
    ///     [INPUT]
    ///         Name         tail
    ///         Path         /var/log/containers/*.log
    ///         Exclude_Path /var/log/containers/*_shop_*.log
    ///     [OUTPUT]
    ///         Name  forward
    ///         Match *
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: cart, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/cart:1.0
    /// ---
    /// apiVersion: apps/v1
    /// kind: DaemonSet
    /// metadata: {name: fluent-bit, namespace: logging}
    /// spec:
    ///   template:
    ///     spec:
    ///       tolerations: [{operator: Exists}]
    ///       containers:
    ///         - name: fluent-bit
    ///           image: cr.fluentbit.io/fluent/fluent-bit:3.1
    ///           volumeMounts:
    ///             - {name: config, mountPath: /fluent-bit/etc/conf}
    ///             - {name: logs, mountPath: /var/log}
    ///       volumes:
    ///         - {name: config, configMap: {name: fluent-bit}}
    ///         - {name: logs, hostPath: {path: /var/log}}
    /// ---
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: fluent-bit, namespace: logging}
    /// data:
    ///   fluent-bit.conf: |
    ///     [INPUT]
    ///         Name         tail
    ///         Path         /var/log/containers/*.log
    ///         Exclude_Path /var/log/containers/fluent-bit-*_logging_*.log
    ///     [OUTPUT]
    ///         Name  forward
    ///         Match *
    /// ```
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: cart, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/cart:1.0
    ///       env:
    ///         - {name: OTEL_LOGS_EXPORTER, value: otlp}
    ///         - {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: "http://collector.logging:4317"}
    /// ```
    ///
    /// ## How to fix
    ///
    /// The finding names the collector and why it doesn't read the workload: a pattern, a namespace that is left out, a
    /// node that it doesn't run on. Mostly it is one line of the collector's configuration, or a toleration of
    /// `operator: Exists` on it. Where something reads logs that can't be seen here, such as the agent of a managed
    /// cluster, say so with `assumeCollector`.
    pub static NOT_SHIPPED = {
        id: "logging.not-shipped",
        title: "Logs are not shipped",
        severity: High,
        subject: Workload,
        parameters: NotShipped,
        references: [
            Framework::Nist80053.clause("AU-6"),
            Framework::Nist80053.clause("AU-12"),
            Framework::NsaCisa.clause("Worker node and container logging"),
            Framework::Soc2.clause("CC7.2"),
            Framework::Iso27001.clause("8.15"),
            Framework::PciDss.clause("10.2.1"),
            Framework::PciDss.clause("10.3.3"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// What ships logs besides what is known.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct NotShipped {
    /// Images of collectors, as patterns. A `DaemonSet` with one counts as reading every container on its nodes, whatever
    /// is known of its configuration; a sidecar with one ships what it shares a volume with. Default: `[]`. Example:
    /// `["registry.example.com/platform/log-agent:*"]`.
    collectors: Vec<ImagePattern>,
    /// Whether something that is not among the facts ships what all containers write to their standard output, such as
    /// the agent of a managed cluster. Then everything passes. Default: `false`.
    assume_collector: bool,
    /// The least part of its nodes, in percent, on which a collector must be ready to count, from 1 to 100. On fewer,
    /// what it reads is unknown, never a failure: nothing is denied while a collector is down. Default: `90`.
    minimum_ready: u8,
}

impl Default for NotShipped {
    fn default() -> Self {
        Self { collectors: Vec::new(), assume_collector: false, minimum_ready: 90 }
    }
}

impl Parameters for NotShipped {
    fn check(&self) -> Vec<ParameterError> {
        let error = || {
            let message =
                format!("`{}` is no part in percent; write a number from 1 to 100", self.minimum_ready);
            ParameterError::new("minimumReady", message)
        };
        (!(1..=100).contains(&self.minimum_ready)).then(error).into_iter().collect()
    }
}

fn evaluate(workload: &Workload, parameters: &NotShipped, context: &Context<'_>) -> Verdict {
    let trusts = |image: &str| parameters.collectors.iter().any(|pattern| pattern.matches(image));
    let trusted = || workload.containers().any(|it| it.image.as_deref().is_some_and(trusts));
    let daemons = workload.kind == WorkloadKind::DaemonSet;
    if collectors::is_collector(workload) || (daemons && trusted()) {
        return Verdict::NotApplicable;
    }
    if parameters.assume_collector {
        return Verdict::Pass;
    }
    let terms = Terms { trusts: &trusts, ready: parameters.minimum_ready };
    let asked = context.relations.collectors().ask(workload);
    let sidecars = Sidecars::of(workload, parameters);
    let (mut judged, mut failing, mut doubt) = (0_usize, Vec::new(), None);
    for container in context.containers(workload).filter(|container| stays(*container)) {
        judged += 1;
        let by_collectors = || asked.coverage(&container, &terms);
        match coverage(container, &sidecars, by_collectors) {
            Coverage::Shipped => {}
            Coverage::Not(why) => failing.push((container, why)),
            Coverage::Unclear(why) => doubt = doubt.or(Some(why)),
        }
    }
    match (failing.is_empty(), doubt) {
        (true, None) if judged == 0 => Verdict::NotApplicable,
        (true, None) => Verdict::Pass,
        (true, Some(why)) => Verdict::Unknown(why.into()),
        (false, _) => findings(workload, &failing, judged),
    }
}

/// One finding where all containers fail alike, and one each where they don't.
fn findings(workload: &Workload, failing: &[(ContainerRef<'_>, String)], judged: usize) -> Verdict {
    const ADVICE: &str = "have a collector read them, add a sidecar that does, or export them by OTLP";
    let alike = failing.iter().zip(failing.iter().skip(1)).all(|((_, a), (_, b))| a == b);
    let said = |why: &str| format!("its logs are not shipped: {why}");
    if let Some((_, why)) = failing.first().filter(|_| alike && failing.len() == judged) {
        let finding = Finding::new(workload.spec_path(), said(why)).fix(ADVICE);
        return [finding].into_iter().collect();
    }
    let each = failing.iter().map(|(container, why)| Finding::in_container(*container, &["name"], said(why)));
    each.map(|finding| finding.fix(ADVICE)).collect()
}

/// Whether a container's logs are shipped by itself, by a sidecar, or by a collector.
fn coverage(
    container: ContainerRef<'_>,
    sidecars: &Sidecars<'_>,
    by_collectors: impl FnOnce() -> Coverage,
) -> Coverage {
    let by_itself = exports(container);
    if by_itself == Coverage::Shipped || sidecars.read(container) {
        return Coverage::Shipped;
    }
    match (by_collectors(), by_itself) {
        (Coverage::Not(_), unclear @ Coverage::Unclear(_)) => unclear,
        (coverage, _) => coverage,
    }
}

/// Whether a container exports its logs by OTLP (OpenTelemetry specification, environment variables): the exporter is
/// named, and an endpoint is, for without one it is a port of the container itself.
fn exports(container: ContainerRef<'_>) -> Coverage {
    let variable = |name: &str| container.env.iter().find(|it| it.name == name);
    let no = || Coverage::Not(String::new());
    let Some(exporter) = variable("OTEL_LOGS_EXPORTER") else { return no() };
    if exporter.source != EnvSource::Literal {
        return Coverage::Unclear(
            "its variable `OTEL_LOGS_EXPORTER` is not written in its template".to_owned(),
        );
    }
    let named = exporter.value.as_deref().unwrap_or_default().split(',').any(|it| it.trim() == "otlp");
    let endpoint = ["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    match (named, endpoint.iter().any(|name| variable(name).is_some())) {
        (true, true) => Coverage::Shipped,
        (true, false) if !container.env_from.is_empty() => {
            Coverage::Unclear("the endpoint of its OTLP exporter is not written in its template".to_owned())
        }
        _ => no(),
    }
}

/// The collectors beside other containers of a pod.
#[derive(Default)]
struct Sidecars<'a> {
    names: BTreeSet<&'a Text>,
    /// The volumes through which they are handed logs.
    volumes: BTreeSet<&'a Text>,
}

impl<'a> Sidecars<'a> {
    fn of(workload: &'a Workload, parameters: &NotShipped) -> Self {
        let stay = || workload.containers().filter(|container| stays(*container)).map(|it| it.container);
        let collects = |container: &Container| is_collector(container.image.as_ref(), &parameters.collectors);
        let found: Vec<&Container> = stay().filter(|container| collects(container)).collect();
        // One alone is beside nothing.
        if found.is_empty() || found.len() == stay().count() {
            return Self::default();
        }
        let writable = workload.spec().volumes.iter().filter(|volume| is_writable(volume));
        let writable: BTreeSet<&Text> = writable.map(|volume| &volume.name).collect();
        let mounts = found.iter().flat_map(|container| &container.volume_mounts);
        Self {
            names: found.iter().map(|container| &container.name).collect(),
            volumes: mounts.map(|mount| &mount.name).filter(|name| writable.contains(name)).collect(),
        }
    }

    /// Whether one of them shares a volume with a container. What they say themselves is their own matter.
    fn read(&self, container: ContainerRef<'_>) -> bool {
        !self.names.is_empty()
            && (self.names.contains(&container.name)
                || container.volume_mounts.iter().any(|mount| self.volumes.contains(&mount.name)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    const NODE: &str = "\n---\n{apiVersion: v1, kind: Node, metadata: {name: n1}}";

    const COLLECTOR: &str = "
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: logging}
spec:
  template:
    spec:
      containers:
        - name: agent
          image: fluent/fluent-bit:3.1
          volumeMounts: [{name: config, mountPath: /etc/conf}, {name: logs, mountPath: /var/log}]
      volumes:
        - {name: config, configMap: {name: agent}}
        - {name: logs, hostPath: {path: /var/log}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: agent, namespace: logging}
data:
  fluent-bit.conf: |
    [INPUT]
        Name tail
        Path /var/log/containers/*.log
        Exclude_Path /var/log/containers/*_logging_*.log,/var/log/containers/*_shop_proxy-*.log
    [FILTER]
        Name kubernetes
        K8S-Logging.Exclude On
    [OUTPUT]
        Name es
";

    fn deployment(spec: &str) -> String {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: cart, namespace: shop}}\n\
             spec: {{template: {spec}}}\n"
        )
    }

    fn app() -> String {
        deployment("{spec: {containers: [{name: app, image: registry.example.com/cart:1}]}}")
    }

    fn with(parameters: &Value, manifest: &str) -> Verdict {
        judge_with(&NOT_SHIPPED, parameters, manifest)
    }

    fn unknown(verdict: Verdict) -> String {
        let Verdict::Unknown(why) = verdict else { panic!("{verdict:?}") };
        why.into_owned()
    }

    #[test]
    fn files_without_a_collector_tell_nothing_and_a_cluster_without_one_does() {
        assert!(unknown(judge(&NOT_SHIPPED, &app())).starts_with("no log collector is among the files"));
        assert_eq!(
            messages(judge(&NOT_SHIPPED, &(app() + NODE))),
            ["its logs are not shipped: no log collector runs in this cluster; have a collector read them, \
              add a sidecar that does, or export them by OTLP"]
        );
        assert_eq!(with(&json!({"assumeCollector": true}), &(app() + NODE)), Verdict::Pass);
    }

    #[test]
    fn a_collector_that_reads_the_container_is_enough() {
        assert_eq!(judge(&NOT_SHIPPED, &(app() + COLLECTOR)), Verdict::Pass);
        assert_eq!(judge(&NOT_SHIPPED, &(app() + COLLECTOR + NODE)), Verdict::Pass);
    }

    #[test]
    fn one_container_that_is_left_out_is_named() {
        let two =
            deployment("{spec: {containers: [{name: app}, {name: proxy}], initContainers: [{name: setup}]}}");
        assert_eq!(
            messages(judge(&NOT_SHIPPED, &(two + COLLECTOR))),
            ["proxy: its logs are not shipped: Fluent Bit `logging/agent` leaves out \
              `/var/log/containers/*_shop_proxy-*.log`; have a collector read them, add a sidecar that does, or \
              export them by OTLP"]
        );
    }

    #[test]
    fn who_opts_out_is_not_shipped() {
        let out = deployment(
            "{metadata: {annotations: {fluentbit.io/exclude: 'true'}}, spec: {containers: [{name: app}]}}",
        );
        let found = messages(judge(&NOT_SHIPPED, &(out + COLLECTOR)));
        assert!(
            found[0].contains("`logging/agent` leaves it out for its `fluentbit.io/exclude`"),
            "{found:?}"
        );
    }

    #[test]
    fn a_sidecar_must_share_a_volume_with_the_container() {
        let pod = |mounts: &str| {
            deployment(&format!(
                "{{spec: {{volumes: [{{name: logs, emptyDir: {{}}}}], containers: [\
                 {{name: app, volumeMounts: {mounts}}}, \
                 {{name: shipper, image: 'fluent/fluent-bit:3', volumeMounts: [{{name: logs, mountPath: /l}}]}}]}}}}"
            )) + NODE
        };
        assert_eq!(judge(&NOT_SHIPPED, &pod("[{name: logs, mountPath: /var/log/app}]")), Verdict::Pass);
        assert_eq!(messages(judge(&NOT_SHIPPED, &pod("[]"))).len(), 1);
    }

    #[test]
    fn an_aggregator_is_no_sidecar_of_itself() {
        let alone = deployment("{spec: {containers: [{name: fluentd, image: 'fluent/fluentd:v1.17'}]}}");
        assert_eq!(messages(judge(&NOT_SHIPPED, &(alone + NODE))).len(), 1);
    }

    #[test]
    fn an_export_by_otlp_needs_an_endpoint() {
        let env = |env: &str| {
            judge(
                &NOT_SHIPPED,
                &(deployment(&format!("{{spec: {{containers: [{{name: app, env: {env}}}]}}}}")) + NODE),
            )
        };
        let exporter = "{name: OTEL_LOGS_EXPORTER, value: 'console,otlp'}";
        let endpoint = "{name: OTEL_EXPORTER_OTLP_ENDPOINT, value: 'http://x:4317'}";
        assert_eq!(env(&format!("[{exporter}, {endpoint}]")), Verdict::Pass);
        assert_eq!(messages(env(&format!("[{exporter}]"))).len(), 1);
        let hidden =
            "[{name: OTEL_LOGS_EXPORTER, valueFrom: {configMapKeyRef: {name: otel, key: exporter}}}]";
        assert!(unknown(env(hidden)).contains("`OTEL_LOGS_EXPORTER`"));
    }

    #[test]
    fn a_collector_of_one_s_own_is_named_by_its_image() {
        let own = "\n---\n{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: shipper, namespace: logging}, \
            spec: {template: {spec: {containers: [{name: shipper, image: 'registry.example.com/shipper:2'}]}}}}";
        let manifest = app() + own + NODE;
        assert_eq!(messages(judge(&NOT_SHIPPED, &manifest)).len(), 1);
        let named = json!({"collectors": ["registry.example.com/shipper:*"]});
        assert_eq!(with(&named, &manifest), Verdict::Pass);
    }

    #[test]
    fn a_collector_is_not_judged_itself() {
        let collector = COLLECTOR.trim_start_matches("\n---\n");
        assert_eq!(judge(&NOT_SHIPPED, collector), Verdict::NotApplicable);
    }

    #[test]
    fn a_part_above_100_percent_is_refused() {
        assert_eq!(
            NotShipped { minimum_ready: 101, ..NotShipped::default() }.check()[0].path,
            "minimumReady"
        );
    }
}
