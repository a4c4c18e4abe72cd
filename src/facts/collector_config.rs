//! The configuration of a log collector, in an entry of a config map: whose logs it reads. It is looked at while it is
//! read; what is kept are patterns of paths and namespaces, and never an address or a credential.
//!
//! What can't be understood is kept as such, with the reason: a guess would make a collector of something that reads
//! nothing. One file a syntax, each with the upstream page that it follows.

use super::glob::Glob;
use super::selector::Selector;
use super::text::Text;

mod alloy;
mod beats;
mod fluent_bit;
mod fluentd;
mod otel;
mod promtail;
mod vector;
mod yaml;

/// Longer values are not looked at.
pub const LONGEST: usize = 256 * 1024;

/// The most sources, and the most patterns of a source, that are kept.
const MOST: usize = 64;

/// What a collector's configuration says of the logs that it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectorConfig {
    /// Whose configuration it is.
    pub syntax: Syntax,
    /// What it reads: any of these.
    pub sources: Vec<LogSource>,
    /// Where what it reads goes.
    pub output: Output,
    /// Whether it lets pods say that they are not to be read, where that is a setting.
    pub obeys_pods: bool,
    /// What can't be understood and may keep logs from being read or sent.
    pub unclear: Option<Text>,
}

/// Whose configuration it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Syntax {
    /// Grafana Alloy.
    Alloy,
    /// Filebeat and Elastic Agent.
    Beats,
    /// Fluent Bit, in either of its formats.
    FluentBit,
    /// Fluentd.
    Fluentd,
    /// The OpenTelemetry Collector.
    Otel,
    /// Promtail, and the Grafana Agent that followed it.
    Promtail,
    /// Vector.
    Vector,
}

/// Where what a collector reads goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Output {
    /// No output is named.
    #[default]
    Unnamed,
    /// Nowhere: to its own console, or thrown away.
    Nowhere,
    /// To some other place.
    Elsewhere,
}

/// A source of logs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogSource {
    /// What it reads, before it leaves anything out.
    pub reads: Reads,
    /// Patterns of files that it doesn't read, as paths in the collector's container.
    pub exclude: Vec<Text>,
    /// What must hold of a pod for its logs to be read.
    pub rules: Vec<Rule>,
    /// Environment variables of the collector that, where they are set, replace what is known here.
    pub unless_env: Vec<Text>,
    /// What of it can't be understood.
    pub unclear: Option<Text>,
}

/// What a source reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reads {
    /// Files, by patterns of paths in the collector's container.
    Files(Vec<Text>),
    /// The log files of the pods that the API server names on its node.
    PodFiles,
    /// Logs that the API server hands out: no file is read.
    Api,
}

impl Default for Reads {
    fn default() -> Self {
        Self::Files(Vec::new())
    }
}

/// What must hold of a pod for its logs to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What is looked at.
    pub on: RuleOn,
    /// Whether what matches is kept; otherwise it is left out.
    pub keep: bool,
    /// A regular expression for the whole value; absent values are empty.
    pub pattern: Text,
}

/// What a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleOn {
    /// The namespace's name.
    Namespace,
    /// The container's name.
    Container,
    /// The container's image, as it is written.
    Image,
    /// A label of the pod, by its name with `_` for whatever is no letter or digit.
    PodLabel(Text),
    /// An annotation of the pod, named in the same way.
    PodAnnotation(Text),
    /// Several of these, joined.
    Joined {
        /// What is joined.
        parts: Vec<RuleOn>,
        /// What stands between them.
        separator: Text,
    },
    /// The labels of the pod, by a selector in place of the pattern.
    PodSelector(Selector),
    /// The labels of the namespace, by a selector in place of the pattern.
    NamespaceSelector(Selector),
}

impl CollectorConfig {
    /// Reads a value; nothing if it is no configuration of a collector that we know.
    pub(super) fn read(value: &str) -> Option<Self> {
        if value.len() > LONGEST {
            return None;
        }
        let syntax = recognize(value)?;
        let mut config = match syntax {
            Syntax::Alloy => alloy::read(value),
            Syntax::Beats => beats::read(value),
            Syntax::FluentBit => fluent_bit::read(value),
            Syntax::Fluentd => fluentd::read(value),
            Syntax::Otel => otel::read(value),
            Syntax::Promtail => promtail::read(value),
            Syntax::Vector => vector::read(value),
        };
        config.bound();
        Some(config)
    }

    fn new(syntax: Syntax) -> Self {
        Self { syntax, sources: Vec::new(), output: Output::Unnamed, obeys_pods: false, unclear: None }
    }

    /// One that can't be read at all.
    fn unreadable(syntax: Syntax, why: &str) -> Self {
        Self { unclear: Some(why.into()), ..Self::new(syntax) }
    }

    /// Notes something that can't be understood; the first is kept.
    fn doubt(&mut self, why: impl Into<Text>) {
        self.unclear.get_or_insert(why.into());
    }

    fn sends(&mut self, output: Output) {
        self.output = self.output.max(output);
    }

    /// Drops what is beyond any sensible size, and says so.
    fn bound(&mut self) {
        let many = |source: &LogSource| {
            let files = if let Reads::Files(files) = &source.reads { files.len() } else { 0 };
            files.max(source.exclude.len()).max(source.rules.len()) > MOST
        };
        if self.sources.len() > MOST || self.sources.iter().any(many) {
            self.sources.clear();
            self.doubt("it lists more sources than are looked at");
        }
    }
}

impl LogSource {
    /// A source of files.
    fn files<'a>(globs: impl IntoIterator<Item = &'a str>) -> Self {
        Self { reads: Reads::Files(texts(globs)), ..Self::default() }
    }

    /// A source of whatever pods there are.
    fn pods() -> Self {
        Self { reads: Reads::PodFiles, ..Self::default() }
    }

    /// Notes something that can't be understood; the first is kept.
    fn doubt(&mut self, why: impl Into<Text>) {
        self.unclear.get_or_insert(why.into());
    }
}

impl Rule {
    /// A rule with a regular expression for the whole value.
    fn whole(on: RuleOn, keep: bool, pattern: &str) -> Self {
        Self { on, keep, pattern: pattern.into() }
    }

    /// A rule with a regular expression for a part of the value.
    #[must_use]
    pub fn part(on: RuleOn, keep: bool, pattern: &str) -> Self {
        Self::whole(on, keep, &format!(".*(?:{pattern}).*"))
    }

    /// A rule with the value itself.
    #[must_use]
    pub fn equal(on: RuleOn, keep: bool, value: &str) -> Self {
        Self::whole(on, keep, &regex::escape(value))
    }

    fn selector(on: RuleOn) -> Self {
        Self::whole(on, true, "")
    }
}

/// The name of a label as configurations write it: `_` for whatever is no letter or digit.
#[must_use]
pub fn sanitized(name: &str) -> String {
    name.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).collect()
}

/// Whose configuration a value looks like. Cheap, for there are values of all kinds; each syntax is told by words that
/// nothing else has together.
fn recognize(value: &str) -> Option<Syntax> {
    let line_starts = |word: &str| {
        let mut places = value.match_indices(word).map(|(place, _)| place);
        places.any(|place| {
            let before = value.get(..place).unwrap_or_default();
            before.rsplit('\n').next().is_none_or(|indent| indent.trim().is_empty())
        })
    };
    let has = |word: &str| value.contains(word);
    if ["[INPUT]", "[FILTER]", "[OUTPUT]", "[Input]", "[input]"].into_iter().any(line_starts) {
        return Some(Syntax::FluentBit);
    }
    if has("@type") && ["<source", "<filter", "<match"].into_iter().any(line_starts) {
        return Some(Syntax::Fluentd);
    }
    if has("loki.source.") || has("loki.write ") {
        return Some(Syntax::Alloy);
    }
    if has("kubernetes_logs") || (has("sources") && has("sinks")) {
        return Some(Syntax::Vector);
    }
    if line_starts("receivers:") && line_starts("service:") {
        return Some(Syntax::Otel);
    }
    if has("scrape_configs:") && line_starts("clients:") {
        return Some(Syntax::Promtail);
    }
    if line_starts("pipeline:") && ["inputs:", "filters:", "outputs:"].into_iter().any(line_starts) {
        return Some(Syntax::FluentBit);
    }
    let beats = line_starts("filebeat") || (line_starts("inputs:") && has("/var/log/"));
    beats.then_some(Syntax::Beats)
}

fn texts<'a>(all: impl IntoIterator<Item = &'a str>) -> Vec<Text> {
    all.into_iter().map(str::trim).filter(|text| !text.is_empty()).map(Text::from).collect()
}

/// The doubt about patterns that can't be compared.
fn strange_pattern<'a>(globs: impl IntoIterator<Item = &'a Text>) -> Option<Text> {
    let strange = globs.into_iter().find(|glob| Glob::read(glob).is_none())?;
    Some(format!("the pattern `{strange}` can't be compared").into())
}

#[cfg(test)]
mod tests;
