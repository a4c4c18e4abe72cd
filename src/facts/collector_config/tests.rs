use super::*;

fn read(value: &str) -> CollectorConfig {
    CollectorConfig::read(value).expect("it is a collector's configuration")
}

fn only(value: &str) -> LogSource {
    let config = read(value);
    assert_eq!(config.unclear, None);
    assert_eq!(config.sources.len(), 1, "{config:?}");
    config.sources.into_iter().next().unwrap()
}

fn rules(source: &LogSource) -> Vec<(RuleOn, bool, &str)> {
    source.rules.iter().map(|it| (it.on.clone(), it.keep, it.pattern.as_str())).collect()
}

fn files(source: &LogSource) -> Vec<&str> {
    let Reads::Files(files) = &source.reads else { panic!("{source:?}") };
    files.iter().map(Text::as_str).collect()
}

#[test]
fn what_configures_no_collector_is_not_looked_at() {
    for value in
        ["", "hush", "server:\n  port: 80\n", "scrape_configs:\n  - job_name: a\n", "[mysqld]\nport=1\n"]
    {
        assert_eq!(CollectorConfig::read(value), None, "{value}");
    }
    let long = format!("[INPUT]\n Name tail\n{}", "#".repeat(LONGEST));
    assert_eq!(CollectorConfig::read(&long), None);
}

#[test]
fn nothing_secret_is_kept() {
    let config =
        read("[INPUT]\n  Name tail\n  Path /var/log/*.log\n[OUTPUT]\n  Name es\n  HTTP_Passwd hush\n");
    assert!(!format!("{config:?}").contains("hush"));
}

#[test]
fn fluent_bit_in_its_own_format() {
    let config = read(
        "[SERVICE]
    Daemon Off
@INCLUDE other.conf
[INPUT]
    Name tail
    # Path /nowhere
    Path /var/log/containers/*.log, /var/log/app.log
    Exclude_Path /var/log/containers/*_kube-system_*.log
    Tag kube.*
[INPUT]
    Name systemd
    Tag host.*
[FILTER]
    Name kubernetes
    Match kube.*
    K8S-Logging.Exclude On
[FILTER]
    Name grep
    Match kube.*
    Exclude $kubernetes['namespace_name'] ^kube-.*$
    Regex log error
[FILTER]
    Name grep
    Match host.*
    Exclude $kubernetes['namespace_name'] shop
[OUTPUT]
    Name stdout
    Match host.*
[OUTPUT]
    Name es
    Match kube.*
",
    );
    assert_eq!(
        (config.syntax, config.output, config.obeys_pods),
        (Syntax::FluentBit, Output::Elsewhere, true)
    );
    let source = &config.sources[0];
    assert_eq!(files(source), ["/var/log/containers/*.log", "/var/log/app.log"]);
    assert_eq!(source.exclude, ["/var/log/containers/*_kube-system_*.log"]);
    assert_eq!(rules(source), [(RuleOn::Namespace, false, ".*(?:^kube-.*$).*")]);
}

#[test]
fn fluent_bit_in_yaml_says_the_same() {
    let config = read(
        "service: {flush: 1}
pipeline:
  inputs:
    - {name: tail, path: /var/log/containers/*.log, tag: kube.*, exclude_path: /var/log/containers/a*}
  filters:
    - {name: kubernetes, match: kube.*, k8s-logging.exclude: true}
    - {name: grep, match: '*', regex: \"$kubernetes['labels']['log'] yes\"}
  outputs:
    - {name: 'null', match: '*'}
",
    );
    assert_eq!((config.output, config.obeys_pods), (Output::Nowhere, true));
    assert_eq!(config.sources[0].exclude, ["/var/log/containers/a*"]);
    assert_eq!(rules(&config.sources[0]), [(RuleOn::PodLabel("log".into()), true, ".*(?:yes).*")]);
}

#[test]
fn what_fluent_bit_leaves_to_the_environment_is_unclear() {
    let source = only("[INPUT]\n  Name tail\n  Path ${LOG_PATH}\n");
    assert_eq!(source.unclear.as_deref(), Some("the pattern `${LOG_PATH}` can't be compared"));
    let strange =
        "[INPUT]\n Name tail\n Path /a\n[FILTER]\n Name grep\n Match *\n Exclude $kubernetes['host'] a\n";
    assert!(only(strange).unclear.is_some());
}

#[test]
fn fluentd_reads_drops_and_keeps() {
    let config = read(
        r##"<source>
  @type tail
  path "#{ENV['TAIL_PATH'] || '/var/log/containers/*.log'}"
  exclude_path ["/var/log/containers/fluentd*", "/var/log/containers/*_kube-system_*"]
  <parse>
    @type cri
  </parse>
</source>
<label @FLUENT_LOG>
  <match fluent.**>
    @type null
  </match>
</label>
<match kubernetes.var.log.containers.**noisy**.log>
  @type null
</match>
<filter kubernetes.**>
  @type grep
  <exclude>
    key $.kubernetes.namespace_name
    pattern /^kube-/
  </exclude>
  <exclude>
    key log
    pattern /debug/
  </exclude>
</filter>
<match **>
  @type elasticsearch
  password hush
</match>
"##,
    );
    assert_eq!((config.syntax, config.output), (Syntax::Fluentd, Output::Elsewhere));
    let source = &config.sources[0];
    assert_eq!(files(source), ["/var/log/containers/*.log"]);
    assert_eq!(source.unless_env, ["TAIL_PATH"]);
    let exclude: Vec<&str> = source.exclude.iter().map(Text::as_str).collect();
    assert_eq!(
        exclude,
        [
            "/var/log/containers/fluentd*",
            "/var/log/containers/*_kube-system_*",
            "/var/log/containers/*noisy*.log"
        ]
    );
    assert_eq!(rules(source), [(RuleOn::Namespace, false, ".*(?:^kube-).*")]);
    assert_eq!(source.unclear, None);
}

#[test]
fn fluentd_that_only_prints_sends_nothing() {
    let config = read("<source>\n@type tail\npath /a\n</source>\n<match **>\n@type stdout\n</match>\n");
    assert_eq!(config.output, Output::Nowhere);
    assert!(read("<source>\n@type tail\n").unclear.is_some());
}

#[test]
fn vector_goes_by_what_reaches_a_sink() {
    let config = |sinks: &str| {
        read(&format!(
            "sources:
  logs: {{type: kubernetes_logs}}
  metrics: {{type: host_metrics}}
transforms:
  parse: {{type: remap, inputs: [logs], source: '.'}}
sinks:
  prometheus: {{type: prometheus_exporter, inputs: [metrics]}}
{sinks}"
        ))
    };
    assert_eq!(config("  out: {type: console, inputs: [logs]}\n").output, Output::Nowhere);
    assert_eq!(config("  out: {type: loki, inputs: [parse]}\n").output, Output::Elsewhere);
    assert_eq!(config("  out: {type: loki, inputs: ['*']}\n").output, Output::Elsewhere);
    assert_eq!(config("").output, Output::Unnamed);
    assert_eq!(config("").sources[0].reads, Reads::PodFiles);
}

#[test]
fn vector_selects_by_labels_namespaces_fields_and_paths() {
    let source = only(
        "sources:
  logs:
    type: kubernetes_logs
    extra_label_selector: app!=noisy,tier in (web, api)
    extra_namespace_label_selector: logs=on
    extra_field_selector: metadata.namespace!=kube-system
    exclude_paths_glob_patterns: ['**/secret/**']
sinks:
  out: {type: loki, inputs: [logs]}
",
    );
    assert_eq!(source.exclude, ["**/secret/**"]);
    let on: Vec<&RuleOn> = source.rules.iter().map(|rule| &rule.on).collect();
    assert!(matches!(
        on.as_slice(),
        [RuleOn::PodSelector(pods), RuleOn::NamespaceSelector(_), RuleOn::Namespace]
            if pods.match_expressions.len() == 2
    ));
    assert_eq!(source.rules[2].pattern, "kube\\-system");
    assert!(!source.rules[2].keep);
}

#[test]
fn a_filter_of_vector_counts_where_nothing_goes_past_it() {
    let config = |inputs: &str, condition: &str| {
        read(&format!(
            "sources: {{logs: {{type: kubernetes_logs}}}}
transforms: {{some: {{type: filter, inputs: [logs], condition: '{condition}'}}}}
sinks: {{out: {{type: loki, inputs: {inputs}}}}}
"
        ))
    };
    let by_namespace = ".kubernetes.pod_namespace != \"kube-system\"";
    assert_eq!(config("[some]", by_namespace).sources[0].rules.len(), 1);
    assert_eq!(config("[some, logs]", by_namespace).sources[0].rules.len(), 0);
    assert!(config("[some]", "exists(.kubernetes.pod_labels.x)").unclear.is_some());
    assert_eq!(config("[some]", ".level != \"debug\"").unclear, None);
}

#[test]
fn vector_in_toml_is_not_understood() {
    assert!(
        read("[sources.logs]\ntype = \"kubernetes_logs\"\n[sinks.out]\ntype = \"loki\"\n").unclear.is_some()
    );
}

#[test]
fn the_opentelemetry_collector_reads_what_its_log_pipelines_receive() {
    let config = |exporter: &str| {
        read(&format!(
            "receivers:
  filelog:
    include: [/var/log/pods/*/*/*.log]
    exclude: [/var/log/pods/*/otel-collector/*.log]
  filelog/unused: {{include: [/tmp/x]}}
  otlp: {{}}
processors:
  batch: {{}}
  filter/namespaces:
    logs:
      log_record:
        - resource.attributes[\"k8s.namespace.name\"] == \"kube-system\"
        - IsMatch(resource.attributes[\"k8s.namespace.name\"], \"^test-\")
        - severity_number < 9
exporters: {{otlp: {{}}, debug: {{}}}}
service:
  pipelines:
    logs: {{receivers: [otlp, filelog], processors: [batch, filter/namespaces], exporters: [{exporter}]}}
    metrics: {{receivers: [otlp], exporters: [otlp]}}
"
        ))
    };
    let shipping = config("debug, otlp");
    assert_eq!((shipping.output, shipping.sources.len()), (Output::Elsewhere, 1));
    assert_eq!(files(&shipping.sources[0]), ["/var/log/pods/*/*/*.log"]);
    let expected =
        [(RuleOn::Namespace, false, "kube\\-system"), (RuleOn::Namespace, false, ".*(?:^test-).*")];
    assert_eq!(rules(&shipping.sources[0]), expected);
    assert_eq!(config("debug").output, Output::Nowhere);
}

#[test]
fn the_opentelemetry_collector_asks_pods() {
    let config = |defaults: &str, processor: &str| {
        read(&format!(
            "receivers:
  receiver_creator/logs: {{discovery: {{enabled: true{defaults}}}}}
processors: {{filter/logs: {processor}}}
service:
  pipelines:
    logs/a: {{receivers: [receiver_creator/logs], processors: [filter/logs], exporters: [otlphttp/x]}}
"
        ))
    };
    let on = RuleOn::PodAnnotation("io_opentelemetry_discovery_logs_enabled".into());
    assert_eq!(rules(&config("", "{}").sources[0]), [(on.clone(), true, "true")]);
    let by_default = ", default_annotations: {io.opentelemetry.discovery.logs/enabled: 'true'}";
    assert_eq!(rules(&config(by_default, "{}").sources[0]), [(on, false, "false")]);
    let splunk = "{logs: {exclude: {match_type: strict, resource_attributes: [{key: splunk.com/exclude, value: 'true'}]}}}";
    assert!(config("", splunk).obeys_pods);
    let other = "{logs: {include: {match_type: regexp, resource_attributes: [{key: x, value: y}]}}}";
    assert!(config("", other).unclear.is_some());
}

#[test]
fn promtail_relabels_what_is_discovered() {
    let source = only(
        "clients: [{url: 'http://loki/push'}]
scrape_configs:
  - job_name: pods
    pipeline_stages: [{cri: {}}, {match: {selector: '{app=\"a\"} |= \"debug\"', action: drop}}]
    kubernetes_sd_configs: [{role: pod, namespaces: {names: [shop, cart]}}]
    relabel_configs:
      - {action: replace, source_labels: [__meta_kubernetes_pod_uid], target_label: x}
      - {action: keep, source_labels: [__meta_kubernetes_pod_node_name], regex: a}
      - {action: drop, source_labels: [__meta_kubernetes_namespace], regex: kube-.*}
      - {action: drop, source_labels: [__meta_kubernetes_pod_label_logs], regex: 'off'}
      - {action: drop, source_labels: [__meta_kubernetes_namespace, __meta_kubernetes_pod_container_name],
         separator: /, regex: shop/proxy}
",
    );
    assert_eq!(source.reads, Reads::PodFiles);
    let parts = vec![RuleOn::Namespace, RuleOn::Container];
    assert_eq!(
        rules(&source),
        [
            (RuleOn::Namespace, true, "shop|cart"),
            (RuleOn::Namespace, false, "kube-.*"),
            (RuleOn::PodLabel("logs".into()), false, "off"),
            (RuleOn::Joined { parts, separator: "/".into() }, false, "shop/proxy"),
        ]
    );
    assert_eq!(source.unclear, None);
}

#[test]
fn promtail_by_files_and_by_what_is_not_known() {
    let job = |job: &str| only(&format!("clients: [{{url: x}}]\nscrape_configs:\n  - {job}\n"));
    let by_files = job("{static_configs: [{labels: {__path__: /var/log/pods/*/*/*.log}}]}");
    assert_eq!(files(&by_files), ["/var/log/pods/*/*/*.log"]);
    for rule in [
        "{action: keep, source_labels: [__meta_kubernetes_pod_controller_kind], regex: a}",
        "{action: keepequal, source_labels: [a], target_label: b}",
    ] {
        let source = job(&format!("{{kubernetes_sd_configs: [{{role: pod}}], relabel_configs: [{rule}]}}"));
        assert!(source.unclear.is_some(), "{rule}");
    }
}

#[test]
fn alloy_in_blocks_and_in_modules() {
    let config = |inner: &str| {
        read(&format!(
            "// Pods, and \"nothing\" else.
declare \"pods\" {{
  discovery.kubernetes \"pods\" {{
    role = \"pod\"
    selectors {{
      role  = \"pod\"
      field = \"spec.nodeName=\" + sys.env(\"HOSTNAME\")
    }}
  }}
  discovery.relabel \"pods\" {{
    targets = discovery.kubernetes.pods.targets
    rule {{
      source_labels = [\"__meta_kubernetes_namespace\"]
      target_label  = \"namespace\"
    }}
    {inner}
  }}
  loki.source.file \"pods\" {{
    targets    = discovery.relabel.pods.output
    forward_to = [loki.process.pods.receiver]
  }}
  loki.process \"pods\" {{
    stage.match {{
      selector = \"{{runtime=\\\"docker\\\"}}\"
      stage.docker {{}}
    }}
  }}
}}
loki.write \"loki\" {{
  endpoint {{ url = \"http://loki\" }}
  external_labels = {{ \"cluster\" = \"a\" }}
}}
"
        ))
    };
    let all = config("");
    assert_eq!((all.syntax, all.output, all.unclear.as_deref()), (Syntax::Alloy, Output::Elsewhere, None));
    assert_eq!(all.sources, [LogSource::pods()]);
    let some = config(
        "rule {\n source_labels = [\"__meta_kubernetes_namespace\"]\n regex = \"shop|cart\"\n action = \"keep\"\n}",
    );
    assert_eq!(rules(&some.sources[0]), [(RuleOn::Namespace, true, "shop|cart")]);
}

#[test]
fn alloy_reads_through_the_api_or_by_paths() {
    let api = "discovery.kubernetes \"p\" {\n role = \"pod\"\n}\nloki.source.kubernetes \"p\" {\n targets = discovery.kubernetes.p.targets\n}\n";
    assert_eq!(only(api).reads, Reads::Api);
    let paths = "local.file_match \"f\" {\n path_targets = [{\"__path__\" = \"/var/log/pods/*/*/*.log\"}]\n}\n\
        loki.source.file \"f\" {\n targets = local.file_match.f.targets\n}\n";
    assert_eq!(files(&only(paths)), ["/var/log/pods/*/*/*.log"]);
    assert!(only("loki.source.podlogs \"p\" {\n forward_to = []\n}\n").unclear.is_some());
    assert!(read("loki.source.file \"p\" {").unclear.is_some());
}

#[test]
fn filebeat_by_inputs() {
    let input = |input: &str| {
        only(&format!(
            "filebeat.inputs:\n  - {input}\noutput.elasticsearch: {{hosts: [a], password: hush}}\n"
        ))
    };
    let plain = input("{type: container, paths: [/var/log/containers/*.log]}");
    assert_eq!((files(&plain), plain.unclear.as_deref()), (vec!["/var/log/containers/*.log"], None));
    let stream =
        "{type: filestream, paths: [/var/log/containers/*.log], prospector: {scanner: {symlinks: true}}}";
    assert_eq!(input(stream).unclear, None);
    let no_links = "{type: filestream, paths: [/var/log/containers/*.log]}";
    assert!(input(no_links).unclear.unwrap().contains("links"));
    assert!(input("{type: container, paths: [/a], exclude_files: ['x$']}").unclear.is_some());
    let dropping = only(
        "filebeat.inputs:\n  - {type: container, paths: [/a]}\nprocessors:\n  - drop_event: {when: {equals: \
         {kubernetes.namespace: kube-system}}}\noutput.logstash: {}\n",
    );
    assert_eq!(rules(&dropping), [(RuleOn::Namespace, false, "kube\\-system")]);
}

#[test]
fn filebeat_by_hints_and_templates() {
    let config = |provider: &str| {
        read(&format!(
            "filebeat.autodiscover:\n  providers:\n    - {{type: kubernetes, {provider}}}\noutput.console: {{}}\n"
        ))
    };
    let hints = config(
        "hints.enabled: true, hints.default_config: {type: container, paths: \
         ['/var/log/containers/*-${data.kubernetes.container.id}.log']}",
    );
    assert_eq!((hints.obeys_pods, hints.output), (true, Output::Nowhere));
    assert_eq!(files(&hints.sources[0]), ["/var/log/containers/*-*.log"]);
    let on_demand = config("hints.enabled: true, hints.default_config.enabled: false");
    let on = RuleOn::PodAnnotation("co_elastic_logs_enabled".into());
    assert_eq!(rules(&on_demand.sources[0]), [(on, true, "true")]);
    let template = |condition: &str| {
        config(&format!(
            "templates: [{{condition: {condition}, config: [{{type: container, paths: [/a]}}]}}]"
        ))
    };
    let one = template("{equals: {kubernetes.namespace: shop}}");
    assert_eq!(rules(&one.sources[0]), [(RuleOn::Namespace, true, "shop")]);
    assert!(template("{has_fields: [a]}").sources[0].unclear.is_some());
}

#[test]
fn elastic_agent_by_streams() {
    let source = only(
        "outputs: {default: {type: elasticsearch}}
inputs:
  - id: containers
    type: filestream
    streams:
      - {paths: ['/var/log/containers/*${kubernetes.container.id}.log']}
",
    );
    assert_eq!(files(&source), ["/var/log/containers/*.log"]);
}

#[test]
fn what_lists_too_much_is_unclear() {
    let inputs = "[INPUT]\n Name tail\n Path /a\n".repeat(MOST + 1);
    let config = read(&inputs);
    assert!(config.sources.is_empty() && config.unclear.is_some());
}
