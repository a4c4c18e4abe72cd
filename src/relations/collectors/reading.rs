//! What a collector reads: its configuration, and the folders of its node that it sees.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use regex::{Regex, RegexBuilder};

use super::product::{FLUENTD_FOR_KUBERNETES, Product};
use crate::facts::collector_config::{
    CollectorConfig, LONGEST, LogSource, Output, Reads, Rule, RuleOn, sanitized,
};
use crate::facts::config_map::ConfigMap;
use crate::facts::glob::{Glob, Matches};
use crate::facts::volume::HostPath;
use crate::facts::{Container, Inventory, Text, TextMap, Workload, WorkloadKind};

/// Where kubelets put the files of container logs, and the links to them (Kubernetes, logging architecture).
const POD_LOGS: &str = "/var/log/pods";
const CONTAINER_LOGS: &str = "/var/log/containers";
const DOCKER_LOGS: &str = "/var/lib/docker/containers";

/// Config maps that every pod has, and none of which configures anything.
const NO_CONFIGURATION: [&str; 2] = ["kube-root-ca.crt", "openshift-service-ca.crt"];

/// The largest regular expression of a rule, compiled.
const LARGEST_EXPRESSION: usize = 1 << 18;

/// What a collector reads.
#[derive(Debug)]
pub(super) enum Reading {
    /// What any of these sources reads.
    Sources(Vec<Source>),
    /// Nothing, and why.
    Nothing(String),
    /// That can't be said, and why not.
    Unclear(String),
}

/// A source of logs, compiled.
#[derive(Debug)]
pub(super) struct Source {
    /// The log files that it reads, by where they are; none for what it reads through an API.
    files: Vec<Files>,
    through_api: bool,
    rules: Vec<Compiled>,
    unclear: Option<Text>,
    /// The files of the node that it reads, as patterns.
    pub(super) host_files: Vec<String>,
}

#[derive(Debug)]
struct Compiled {
    rule: Rule,
    regex: Regex,
}

/// What a configuration and its mounts come to.
pub(super) struct Configured {
    pub(super) reading: Reading,
    /// Whether it lets pods say that they are not to be read, if that is known.
    pub(super) obeys: Option<bool>,
    /// It reads through the API server, so that it needs to run on no particular node.
    pub(super) from_anywhere: bool,
}

/// A container whose logs are to be read.
pub(super) struct Wanted<'a> {
    pub(super) workload: &'a Workload,
    pub(super) container: &'a Container,
    pub(super) namespace: &'a str,
    paths: [OnceCell<String>; 3],
}

impl<'a> Wanted<'a> {
    pub(super) fn new(workload: &'a Workload, container: &'a Container, namespace: &'a str) -> Self {
        Self { workload, container, namespace, paths: Default::default() }
    }

    /// The file that its logs are in, as far as that is known before it runs.
    fn path(&self, layout: Layout) -> &str {
        let written = || {
            let name = self.workload.meta.display_name();
            let pod = match self.workload.kind {
                WorkloadKind::Pod => name.replace('*', "\0"),
                _ => [&name, "-\0"].concat(),
            };
            layout.path(&pod, self.namespace, &self.container.name)
        };
        let [links, pods, docker] = &self.paths;
        match layout {
            Layout::Links => links.get_or_init(written),
            Layout::Pods => pods.get_or_init(written),
            Layout::Docker => docker.get_or_init(written),
        }
    }
}

/// Where the log of a container is to be found on its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Among the links of [`CONTAINER_LOGS`].
    Links,
    /// Below [`POD_LOGS`], where the files are.
    Pods,
    /// Below [`DOCKER_LOGS`], where they are with Docker.
    Docker,
}

impl Layout {
    const ALL: [Self; 3] = [Self::Links, Self::Pods, Self::Docker];

    /// The path; `\0` is what is not known of it ([`glob::UNKNOWN`](crate::facts::glob::UNKNOWN)).
    fn path(self, pod: &str, namespace: &str, container: &str) -> String {
        match self {
            Self::Links => [CONTAINER_LOGS, "/", pod, "_", namespace, "_", container, "-\0.log"].concat(),
            Self::Pods => [POD_LOGS, "/", namespace, "_", pod, "_\0/", container, "/\0.log"].concat(),
            Self::Docker => [DOCKER_LOGS, "/\0/\0-json.log"].concat(),
        }
    }

    /// How a pattern stands to the file of any container at all.
    fn any_matched_by(self, glob: &Glob) -> Matches {
        glob.matches(&self.path("\0", "\0", "\0"))
    }
}

/// What a source reads of one layout.
#[derive(Debug)]
struct Files {
    layout: Layout,
    /// All of them, but for what is left out.
    everything: bool,
    include: Vec<Glob>,
    exclude: Vec<(Text, Glob)>,
}

/// Whether logs are read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    No(String),
    Maybe(String),
    Yes,
}

pub(super) fn configured(
    product: Product,
    workload: &Workload,
    container: &Container,
    inventory: &Inventory,
) -> Configured {
    let of = |reading, obeys| Configured { reading, obeys, from_anywhere: false };
    match product {
        Product::Datadog => of(datadog(container), Some(true)),
        Product::AzureMonitor => of(azure(workload, inventory), Some(false)),
        Product::SplunkForwarder => {
            of(Reading::Unclear("its configuration is not one that is known".to_owned()), None)
        }
        _ => from_maps(product, workload, container, inventory),
    }
}

/// The configuration as its config maps have it.
fn from_maps(
    product: Product,
    workload: &Workload,
    container: &Container,
    inventory: &Inventory,
) -> Configured {
    let mounts = Mounts::of(workload, container);
    let maps = Maps::of(workload, container, inventory);
    let configs: Vec<&CollectorConfig> = maps.configs(product).collect();
    let unclear =
        |why: String| Configured { reading: Reading::Unclear(why), obeys: None, from_anywhere: false };
    let obeys = match product {
        Product::Vector => true,
        _ => configs.iter().any(|config| config.obeys_pods),
    };
    let done = |reading| Configured { reading, obeys: Some(obeys), from_anywhere: false };
    if let Some(why) = configs.iter().find_map(|config| config.unclear.as_deref()) {
        return unclear(format!("its configuration can't be understood: {why}"));
    }
    let mut sources: Vec<LogSource> =
        configs.iter().flat_map(|config| config.sources.iter().cloned()).collect();
    let mut output = configs.iter().map(|config| config.output).max().unwrap_or_default();
    if sources.is_empty() && configs.is_empty() && is_baked(container) && maps.is_unremarkable() {
        sources = vec![baked()];
        output = Output::Elsewhere;
    }
    if sources.is_empty() {
        if !mounts.sees_logs() && !matches!(product, Product::Alloy | Product::GrafanaAgent) {
            return done(Reading::Nothing("it mounts no folder of container logs".to_owned()));
        }
        return match maps.doubt(&configs) {
            Some(why) => unclear(why),
            None => done(Reading::Nothing("its configuration reads no container logs".to_owned())),
        };
    }
    match output {
        Output::Nowhere => return done(Reading::Nothing("its configuration sends nothing on".to_owned())),
        Output::Unnamed => return unclear("its configuration names no output".to_owned()),
        Output::Elsewhere => {}
    }
    for source in &mut sources {
        if let Some(name) =
            source.unless_env.iter().find(|name| container.env.iter().any(|it| it.name == **name))
        {
            source.unclear = Some(format!("its variable `{name}` changes it").into());
        }
    }
    let from_anywhere = sources.iter().any(|source| source.reads == Reads::Api);
    let compiled: Vec<Source> =
        sources.iter().filter_map(|source| Source::compile(source, &mounts)).collect();
    if compiled.is_empty() {
        return done(Reading::Nothing(
            "it mounts none of the folders that its configuration reads".to_owned(),
        ));
    }
    Configured { reading: Reading::Sources(compiled), obeys: Some(obeys), from_anywhere }
}

/// Whether a container's image brings a configuration that is known.
fn is_baked(container: &Container) -> bool {
    container.image.as_deref().is_some_and(|image| image.contains(FLUENTD_FOR_KUBERNETES))
}

/// What that image reads: <https://github.com/fluent/fluentd-kubernetes-daemonset>.
fn baked() -> LogSource {
    LogSource {
        reads: Reads::Files(vec!["/var/log/containers/*.log".into()]),
        unless_env: vec!["FLUENT_CONTAINER_TAIL_PATH".into(), "FLUENT_CONTAINER_TAIL_EXCLUDE_PATH".into()],
        ..LogSource::default()
    }
}

/// The config maps that a collector's container mounts.
struct Maps<'a> {
    known: Vec<&'a ConfigMap>,
    missing: Vec<&'a Text>,
    secret: bool,
}

impl<'a> Maps<'a> {
    fn of(workload: &'a Workload, container: &Container, inventory: &'a Inventory) -> Self {
        let namespace = workload.meta.namespace.as_deref().unwrap_or_default();
        let mounts: BTreeSet<&Text> = container.volume_mounts.iter().map(|mount| &mount.name).collect();
        let mounted = |name: &Text| mounts.contains(name);
        let volumes = || workload.spec().volumes.iter().filter(|volume| mounted(&volume.name));
        let mut maps = Self { known: Vec::new(), missing: Vec::new(), secret: false };
        for name in volumes().flat_map(|volume| &volume.config_maps) {
            match inventory.config_map(namespace, name) {
                Some(map) => maps.known.push(map),
                None if NO_CONFIGURATION.contains(&name.as_str()) => {}
                None => maps.missing.push(name),
            }
        }
        maps.secret = volumes().any(|volume| !volume.secrets.is_empty());
        maps
    }

    fn configs(&self, product: Product) -> impl Iterator<Item = &'a CollectorConfig> {
        let entries = self.known.iter().flat_map(|map| map.data.values());
        entries.filter_map(|entry| entry.collector.as_deref()).filter(move |it| product.reads(it.syntax))
    }

    /// Whether nothing is mounted that could be a configuration.
    fn is_unremarkable(&self) -> bool {
        self.known.is_empty() && self.missing.is_empty() && !self.secret
    }

    /// Why a configuration without sources may have some, after all.
    fn doubt(&self, configs: &[&CollectorConfig]) -> Option<String> {
        if let Some(name) = self.missing.first() {
            return Some(format!("its ConfigMap `{name}` is not among the facts"));
        }
        if self.known.iter().flat_map(|map| map.data.values()).any(|entry| entry.size > LONGEST) {
            return Some("its configuration is too long to be looked at".to_owned());
        }
        if !configs.is_empty() {
            return None;
        }
        let secret = "its configuration is in a Secret, and those are never read";
        let elsewhere = "its configuration is in no ConfigMap";
        Some(if self.secret { secret } else { elsewhere }.to_owned())
    }
}

/// Datadog's agent is configured by its environment: <https://docs.datadoghq.com/containers/kubernetes/log/> and its
/// guide to container discovery management.
fn datadog(container: &Container) -> Reading {
    let variable = |name: &str| container.env.iter().find(|it| it.name == name);
    let is_true = |name| variable(name).is_some_and(|it| it.value.as_deref() == Some("true"));
    let hidden = |name| variable(name).is_some_and(|it| it.value.is_none());
    for name in ["DD_LOGS_ENABLED", "DD_LOGS_CONFIG_CONTAINER_COLLECT_ALL"] {
        if hidden(name) || (!is_true(name) && !container.env_from.is_empty()) {
            return Reading::Unclear(format!("its variable `{name}` is not written in its template"));
        }
        if !is_true(name) {
            return if name == "DD_LOGS_ENABLED" {
                Reading::Nothing(format!("its variable `{name}` is not `true`"))
            } else {
                Reading::Unclear("it reads what pods ask for in their annotations alone".to_owned())
            };
        }
    }
    let mut source = LogSource { reads: Reads::Api, ..LogSource::default() };
    for name in ["DD_CONTAINER_EXCLUDE", "DD_CONTAINER_EXCLUDE_LOGS"] {
        for term in variable(name).and_then(|it| it.value.as_deref()).unwrap_or_default().split_whitespace() {
            match term.split_once(':') {
                Some(("kube_namespace", pattern)) => {
                    source.rules.push(Rule::part(RuleOn::Namespace, false, pattern));
                }
                Some(("name", pattern)) => source.rules.push(Rule::part(RuleOn::Container, false, pattern)),
                Some(("image", pattern)) => source.rules.push(Rule::part(RuleOn::Image, false, pattern)),
                _ => source.unclear = Some(format!("its `{name}` holds `{term}`").into()),
            }
        }
    }
    if ["DD_CONTAINER_INCLUDE", "DD_CONTAINER_INCLUDE_LOGS"].iter().any(|name| variable(name).is_some()) {
        source.rules.clear();
        source.unclear = Some("it includes again what it leaves out".into());
    }
    Reading::Sources(Source::compile(&source, &Mounts::default()).into_iter().collect())
}

/// The agent of AKS reads all but `kube-system`, unless its settings say otherwise, in TOML:
/// <https://learn.microsoft.com/azure/azure-monitor/containers/container-insights-data-collection-configure>.
fn azure(workload: &Workload, inventory: &Inventory) -> Reading {
    let namespace = workload.meta.namespace.as_deref().unwrap_or_default();
    if inventory.config_map(namespace, "container-azm-ms-agentconfig").is_some() {
        return Reading::Unclear("its ConfigMap `container-azm-ms-agentconfig` is not understood".to_owned());
    }
    let rules = vec![Rule::equal(RuleOn::Namespace, false, "kube-system")];
    let source = LogSource { reads: Reads::Api, rules, ..LogSource::default() };
    Reading::Sources(Source::compile(&source, &Mounts::default()).into_iter().collect())
}

/// The folders of the node that a container sees: where they are mounted, and what they are.
#[derive(Default)]
struct Mounts(Vec<(String, String)>);

impl Mounts {
    fn of(workload: &Workload, container: &Container) -> Self {
        let volumes = workload.spec().volumes.iter();
        let hosts: BTreeMap<&Text, &HostPath> =
            volumes.filter_map(|volume| Some((&volume.name, volume.host_path.as_ref()?))).collect();
        let mounts = container.volume_mounts.iter().filter_map(|mount| {
            let on_node = joined(&hosts.get(&mount.name)?.path, &mount.sub_path);
            Some((joined(&mount.mount_path, ""), on_node))
        });
        let mut mounts: Vec<(String, String)> = mounts.collect();
        // The longest first, which is the one that counts.
        mounts.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        Self(mounts)
    }

    /// A path, or pattern of paths, of the container as one of the node; nothing if it isn't on the node.
    fn on_node(&self, path: &str) -> Option<String> {
        let (at, on_node) = self.0.iter().find(|(at, _)| holds(at, path))?;
        let rest = if at == "/" { path } else { path.get(at.len()..)? };
        let on_node = if on_node == "/" { "" } else { on_node };
        Some(format!("{on_node}{rest}"))
    }

    /// Whether a folder of the node is mounted, by itself or within another one.
    fn has(&self, folder: &str) -> bool {
        self.0.iter().any(|(_, on_node)| holds(on_node, folder))
    }

    fn sees_logs(&self) -> bool {
        [POD_LOGS, CONTAINER_LOGS, DOCKER_LOGS].iter().any(|folder| self.has(folder))
    }
}

/// A path without slashes that don't count, with another below it.
fn joined(path: &str, below: &str) -> String {
    let parts = path.split('/').chain(below.split('/')).filter(|part| !part.is_empty() && *part != ".");
    let joined: String = parts.flat_map(|part| ["/", part]).collect();
    if joined.is_empty() { "/".to_owned() } else { joined }
}

/// Whether a path is a folder or stands below it, at whole parts.
pub(super) fn holds(folder: &str, path: &str) -> bool {
    folder == "/" || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Source {
    /// Joins a source with what its container sees of the node; nothing if it sees nothing that it reads.
    fn compile(source: &LogSource, mounts: &Mounts) -> Option<Self> {
        let host_files: Vec<String> = match &source.reads {
            Reads::Api => Vec::new(),
            Reads::PodFiles if mounts.has(POD_LOGS) => vec![format!("{POD_LOGS}/*/*/*.log")],
            Reads::PodFiles => return None,
            Reads::Files(files) => {
                let seen = files.iter().filter_map(|file| mounts.on_node(file));
                // The links lead to files elsewhere.
                seen.filter(|file| !holds(CONTAINER_LOGS, file) || mounts.has(POD_LOGS)).collect()
            }
        };
        // A path that can't be compared may be anywhere.
        if host_files.is_empty() && source.reads != Reads::Api && source.unclear.is_none() {
            return None;
        }
        let mut unclear = source.unclear.clone();
        let mut exclude = Vec::new();
        for pattern in &source.exclude {
            let on_node = mounts.on_node(pattern).unwrap_or_else(|| pattern.to_string());
            match Glob::read(&on_node) {
                Some(glob) => exclude.push((pattern.clone(), glob)),
                None => unclear = Some(format!("the pattern `{pattern}` can't be compared").into()),
            }
        }
        let include: Vec<Glob> = host_files.iter().filter_map(|file| Glob::read(file)).collect();
        let files =
            Layout::ALL.into_iter().filter_map(|layout| Files::of(layout, &include, &exclude)).collect();
        let mut rules = Vec::new();
        for rule in &source.rules {
            match Compiled::new(rule) {
                Some(compiled) => rules.push(compiled),
                None => unclear = Some(format!("the expression `{}` can't be read", rule.pattern).into()),
            }
        }
        Some(Self { files, through_api: source.reads == Reads::Api, rules, unclear, host_files })
    }

    /// Whether it reads a container's logs.
    pub(super) fn reads(&self, wanted: &Wanted<'_>, inventory: &Inventory) -> Read {
        if let Some(why) = &self.unclear {
            return Read::Maybe(why.to_string());
        }
        let mut answer = if self.through_api { Read::Yes } else { self.files(wanted) };
        for rule in &self.rules {
            match rule.judge(wanted, inventory) {
                Read::Maybe(why) if answer == Read::Yes => answer = Read::Maybe(why),
                Read::Yes | Read::Maybe(_) => {}
                no @ Read::No(_) => return no,
            }
        }
        answer
    }

    /// Whether it reads the file in some layout.
    fn files(&self, wanted: &Wanted<'_>) -> Read {
        let mut answer = Read::No("reads other files".to_owned());
        for files in &self.files {
            match (files.read(wanted), &answer) {
                (Read::Yes, _) => return Read::Yes,
                (maybe @ Read::Maybe(_), Read::No(_)) => answer = maybe,
                (no @ Read::No(_), Read::No(_)) => answer = no,
                _ => {}
            }
        }
        answer
    }
}

impl Files {
    /// What of the patterns is about a layout; nothing if no file of it is read.
    fn of(layout: Layout, include: &[Glob], exclude: &[(Text, Glob)]) -> Option<Self> {
        let about = |glob: &Glob| layout.any_matched_by(glob) > Matches::No;
        let include: Vec<Glob> = include.iter().filter(|glob| about(glob)).cloned().collect();
        let everything = include.iter().any(|glob| layout.any_matched_by(glob) == Matches::Yes);
        let exclude = exclude.iter().filter(|(_, glob)| about(glob)).cloned().collect();
        (!include.is_empty()).then_some(Self { layout, everything, include, exclude })
    }

    fn read(&self, wanted: &Wanted<'_>) -> Read {
        if self.everything && self.exclude.is_empty() {
            return Read::Yes;
        }
        let path = wanted.path(self.layout);
        let included = || self.include.iter().map(|glob| glob.matches(path)).max().unwrap_or(Matches::No);
        let included = if self.everything { Matches::Yes } else { included() };
        if included == Matches::No {
            return Read::No("reads other files".to_owned());
        }
        let excluded = self.exclude.iter().map(|(pattern, glob)| (glob.matches(path), pattern));
        match excluded.max_by_key(|(matches, _)| *matches) {
            Some((Matches::Yes, pattern)) => Read::No(format!("leaves out `{pattern}`")),
            Some((Matches::Maybe, pattern)) => {
                Read::Maybe(format!("leaves out `{pattern}`, which some of its pods may match"))
            }
            _ if included == Matches::Maybe => {
                Read::Maybe("reads files that only some of its pods match".to_owned())
            }
            _ => Read::Yes,
        }
    }
}

impl Compiled {
    fn new(rule: &Rule) -> Option<Self> {
        let whole = format!("^(?s:{})$", rule.pattern);
        let regex = RegexBuilder::new(&whole).size_limit(LARGEST_EXPRESSION).build().ok()?;
        Some(Self { rule: rule.clone(), regex })
    }

    fn judge(&self, wanted: &Wanted<'_>, inventory: &Inventory) -> Read {
        let labels = &wanted.workload.template.metadata.labels;
        let namespace = wanted.namespace;
        match &self.rule.on {
            RuleOn::PodSelector(selector) if selector.matches(labels) => Read::Yes,
            RuleOn::PodSelector(_) => Read::No("selects other labels".to_owned()),
            RuleOn::NamespaceSelector(_) if inventory.namespace(namespace).is_none() => {
                Read::Maybe(format!("selects namespaces by label, and `{namespace}` is not among the facts"))
            }
            RuleOn::NamespaceSelector(selector)
                if selector.matches(&inventory.namespace_labels(namespace)) =>
            {
                Read::Yes
            }
            RuleOn::NamespaceSelector(_) => Read::No(format!("leaves out the namespace `{namespace}`")),
            on if self.regex.is_match(&value_of(on, wanted)) == self.rule.keep => Read::Yes,
            on => Read::No(why_not(on, wanted)),
        }
    }
}

/// What a rule looks at.
fn value_of<'a>(on: &RuleOn, wanted: &'a Wanted<'_>) -> Cow<'a, str> {
    let metadata = &wanted.workload.template.metadata;
    Cow::Borrowed(match on {
        RuleOn::Namespace => wanted.namespace,
        RuleOn::Container => &wanted.container.name,
        RuleOn::Image => wanted.container.image.as_deref().unwrap_or_default(),
        RuleOn::PodLabel(name) => find(&metadata.labels, name),
        RuleOn::PodAnnotation(name) => find(&metadata.annotations, name),
        RuleOn::Joined { parts, separator } => {
            let values: Vec<Cow<'_, str>> = parts.iter().map(|part| value_of(part, wanted)).collect();
            return Cow::Owned(values.join(separator));
        }
        RuleOn::PodSelector(_) | RuleOn::NamespaceSelector(_) => "",
    })
}

fn why_not(on: &RuleOn, wanted: &Wanted<'_>) -> String {
    match on {
        RuleOn::Namespace => format!("leaves out the namespace `{}`", wanted.namespace),
        RuleOn::Container => format!("leaves out containers called `{}`", wanted.container.name),
        RuleOn::Image => "leaves out its image".to_owned(),
        RuleOn::PodLabel(name) => format!("goes by the label `{name}`"),
        RuleOn::PodAnnotation(name) => format!("goes by the annotation `{name}`"),
        _ => "goes by its labels".to_owned(),
    }
}

/// The value of the label or annotation with this name, as configurations write names.
fn find<'a>(map: &'a TextMap, name: &str) -> &'a str {
    let found = map.iter().find(|(key, _)| key.len() == name.len() && sanitized(key) == name);
    found.map(|(_, value)| value.as_str()).unwrap_or_default()
}
