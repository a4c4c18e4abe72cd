//! What is judged, by what and as of when: the flags that commands share, and the judgement.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::builder::PossibleValuesParser;
use jiff::Timestamp;

use super::cluster::ClusterArgs;
use super::config::{ConfigArgs, Configuration, Given};
use super::sources::Sources;
use super::terminal::Terminal;
use super::trust::TrustArgs;
use super::{files, moment, presets};
use crate::engine::evaluate::{Assessment, assess};
use crate::engine::policy::Policy;
use crate::load::Collection;
use crate::report::json::Input;

/// What is judged, as of when.
#[derive(Debug, clap::Args)]
pub(super) struct Judging {
    /// Files or folders; `-` reads standard input. Unless given, the `paths` of the configuration file
    ///
    /// In folders only .yaml, .yml and .json files count, without hidden files and what .gitignore lists. A file
    /// that is named is read whatever it is called.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    cluster: ClusterArgs,

    /// Files or folders with SecurityStandards, ServiceTiers and RiskExceptions to judge by
    ///
    /// They are used beside those among the judged files. Namespaces in them count for their labels. Can be given
    /// several times.
    #[arg(long, value_name = "PATH")]
    standards: Vec<PathBuf>,

    /// A standard that comes with stanchion; can be given several times
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(presets::names()))]
    preset: Vec<String>,

    /// Judge as of this moment instead of now: 2027-01-15 (midnight UTC) or 2027-01-15T08:00:00Z
    ///
    /// Shows which exceptions will have ended by then, and what fails without them.
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    at: Option<Timestamp>,

    /// The namespace of objects that name none; unless given or configured, default
    #[arg(short = 'n', long, value_name = "NAME")]
    default_namespace: Option<String>,

    /// A namespace that is not judged; can be given several times
    ///
    /// Given once or more, these are the only ones: `--exempt-namespace ''` judges all. Unless given or configured, they
    /// are kube-node-lease, kube-public, kube-system and stanchion-system.
    #[arg(long, value_name = "NAME")]
    exempt_namespace: Option<Vec<String>>,

    #[command(flatten)]
    trust: TrustArgs,

    #[command(flatten)]
    config: ConfigArgs,
}

/// What was read, and what became of it.
pub(super) struct Judged {
    pub(super) collection: Collection,
    pub(super) policy: Policy,
    pub(super) assessment: Assessment,
}

/// The kind and the name of an object, as kubectl writes them.
pub(super) fn kind_and_name(given: &str) -> anyhow::Result<(&str, &str)> {
    given
        .split_once('/')
        .with_context(|| format!("`{given}`: write a kind and a name, such as deployment/ledger"))
}

impl Judging {
    /// Whether a cluster is judged, which has no files.
    pub(super) fn is_of_cluster(&self) -> bool {
        self.cluster.way().is_some()
    }

    /// Refuses what means something for files alone: `-n` is kubectl's for what `--namespace` says here.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        match &self.default_namespace {
            Some(name) if self.is_of_cluster() => bail!(
                "-n names the namespace of objects that name none, and in a cluster all do: leave it out; \
                 `stanchion audit --cluster --namespace {name}` judges what is in it alone"
            ),
            _ => Ok(()),
        }
    }

    /// What the flags say, and where they say nothing the configuration.
    pub(super) fn sources(&self, terminal: &mut Terminal) -> anyhow::Result<(Configuration, Sources)> {
        self.cluster.check()?;
        let configuration = self.config.load(&self.paths, terminal)?;
        let sources = configuration.sources(Given {
            paths: &self.paths,
            cluster: self.cluster.way(),
            standards: &self.standards,
            presets: &self.preset,
            namespace: self.default_namespace.as_deref(),
            exempt: self.exempt_namespace.as_deref(),
            trust: Some(&self.trust),
        })?;
        Ok((configuration, sources))
    }

    /// Judges everything for the sake of one object, whose namespace -n names, and tells what could not be used.
    pub(super) fn judge_for_one(&self, terminal: &mut Terminal) -> anyhow::Result<(Sources, Judged)> {
        let (_, sources) = self.sources(terminal)?;
        let judged = self.judge(&sources, &files::Contents::new(), Some(terminal))?;
        for problem in &judged.collection.problems {
            terminal.note(&problem.to_string());
        }
        Ok((sources, judged))
    }

    /// Reads everything, with what is known of files in their place, and judges it; with a terminal, says by what.
    pub(super) fn judge(
        &self,
        sources: &Sources,
        known: &files::Contents,
        terminal: Option<&mut Terminal>,
    ) -> anyhow::Result<Judged> {
        let mut collection = sources.collect(known, terminal)?;
        let policy = collection.compile(sources.policy.clone());
        let mut assessment = assess(&policy, &collection.inventory, self.at.unwrap_or_else(moment::now));
        // What stands in policy files alone is known, not judged.
        assessment.subjects.retain(|key, _| collection.is_judged(key));
        Ok(Judged { collection, policy, assessment })
    }

    /// The same from what is on disk or in the cluster.
    pub(super) fn judge_all(&self, terminal: &mut Terminal) -> anyhow::Result<(Sources, Judged)> {
        self.check()?;
        let (_, sources) = self.sources(terminal)?;
        let judged = self.judge(&sources, &files::Contents::new(), Some(terminal))?;
        Ok((sources, judged))
    }
}

impl Judged {
    /// What reports are made from.
    pub(super) fn input(&self) -> Input<'_> {
        Input { collection: &self.collection, policy: &self.policy, assessment: &self.assessment }
    }
}
