//! The exception in a file that is approved, or printed as it is signed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use serde_json::Value;

use crate::api::RiskException;
use crate::cli::config::ConfigArgs;
use crate::cli::{Terminal, files};
use crate::facts::object::{Object, ObjectKind, Recognition, recognize};
use crate::facts::{CustomKinds, Text};
use crate::load::{Settings, Sheet};
use crate::manifest::{self, Limits, Position};

/// Which exception.
#[derive(Debug, clap::Args)]
pub(super) struct SubjectArgs {
    /// The file that the exception stands in
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Its name, where the file has several
    #[arg(long, value_name = "NAME")]
    exception: Option<String>,

    /// Its namespace, where it names none: it is part of what is signed
    #[arg(short = 'n', long, value_name = "NAME")]
    namespace: Option<String>,

    /// The cluster that it must be for; unless given or configured, any
    #[arg(long, env = "STANCHION_CLUSTER_NAME", value_name = "NAME")]
    cluster_name: Option<String>,

    #[command(flatten)]
    config: ConfigArgs,
}

/// An exception, and where it stands.
pub(super) struct Subject {
    /// The file.
    pub(super) file: PathBuf,
    /// What it holds.
    pub(super) bytes: Vec<u8>,
    /// Where the exception begins in it.
    pub(super) start: Position,
    /// The exception, with its namespace.
    pub(super) exception: RiskException,
    /// Its approvals as they are written.
    pub(super) approvals: Vec<Value>,
}

impl SubjectArgs {
    /// Finds it, if it can be signed as it stands.
    pub(super) fn find(&self, terminal: &mut Terminal) -> anyhow::Result<Subject> {
        let configuration = self.config.load(std::slice::from_ref(&self.file), terminal)?;
        let namespace = self.namespace.as_deref().or(configuration.namespace());
        let limits = Limits::default();
        let name = self.file.display();
        let bytes = files::content(&self.file, &limits)
            .map_err(|error| anyhow!("{name}: {}", files::in_words(&error)))?;
        let Found { start, mut exception, approvals } = pick(&self.file, &bytes, self.exception.as_deref())?;
        let called = called(&exception);
        let found = exception.metadata.namespace.as_deref().or(namespace).with_context(|| {
            format!("{name}: {called}: metadata.namespace is missing, and part of what is signed: write it, or give -n")
        })?;
        exception.metadata.namespace = Some(found.to_owned());
        let given = self.cluster_name.as_deref().filter(|it| !it.is_empty());
        let cluster = given.or(configuration.cluster_name());
        if let Some(cluster) = cluster.filter(|it| !exception.spec.clusters.iter().any(|name| name == it)) {
            bail!(
                "{name}: {called}: spec.clusters doesn't name `{cluster}`: add it, or nothing is approved there"
            );
        }
        if exception.spec.requested_by.is_none() {
            bail!(
                "{name}: {called}: spec.requestedBy is missing: say who asks for it, so that nobody approves their own"
            );
        }
        Ok(Subject { file: self.file.clone(), bytes, start, exception, approvals })
    }
}

/// An exception as a file has it.
struct Found {
    start: Position,
    exception: RiskException,
    approvals: Vec<Value>,
}

impl Subject {
    /// The exception as the file would hold it with other bytes: in the same place, and with the same namespace.
    pub(super) fn within(&self, bytes: &[u8]) -> Option<RiskException> {
        let all = exceptions(&self.file.to_string_lossy(), bytes);
        let mut found = all.into_iter().find(|it| it.start == self.start)?.exception;
        found.metadata.namespace.clone_from(&self.exception.metadata.namespace);
        Some(found)
    }
}

/// Every exception of a file.
fn exceptions(name: &str, bytes: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    for document in manifest::read(name, bytes, &Limits::default()).documents {
        let kind = recognize(&document.api_version, &document.kind);
        if kind != Recognition::Facts(ObjectKind::RiskException) {
            continue;
        }
        if let Ok(Object::RiskException(exception)) =
            Object::decode(ObjectKind::RiskException, &document.node)
        {
            let spec = document.node.to_json();
            let approvals = spec.pointer("/spec/approvals").and_then(Value::as_array).cloned();
            let approvals = approvals.unwrap_or_default();
            found.push(Found { start: document.node.position, exception: *exception, approvals });
        }
    }
    found
}

/// The one exception of a file, or the one of that name.
fn pick(file: &Path, bytes: &[u8], wanted: Option<&str>) -> anyhow::Result<Found> {
    let (name, limits) = (file.to_string_lossy(), Limits::default());
    let found = exceptions(&name, bytes);
    let settings = Settings {
        namespace: Text::from("default"),
        limits,
        keys: Arc::default(),
        kinds: CustomKinds::default(),
    };
    let problems = Sheet::read(&name, bytes, &settings).problems;
    if let Some(problem) = problems.first() {
        bail!("{problem}: mend it first, what is signed can't be changed");
    }
    let names: Vec<String> = found.iter().map(|it| called(&it.exception)).collect();
    let is_it = |it: &RiskException| wanted.is_none_or(|name| it.metadata.name.as_deref() == Some(name));
    let mut fitting = found.into_iter().filter(|it| is_it(&it.exception));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => bail!("{name}: it has {}: say which with --exception", names.join(", ")),
        (None, _) if names.is_empty() => bail!("{name}: no RiskException in it"),
        (None, _) => bail!("{name}: no such RiskException in it: it has {}", names.join(", ")),
    }
}

/// The exception in words.
pub(super) fn called(exception: &RiskException) -> String {
    let meta = &exception.metadata;
    let namespace = meta.namespace.as_ref().map(|it| format!("{it}/")).unwrap_or_default();
    format!("RiskException {namespace}{}", meta.name.as_deref().unwrap_or_default())
}
