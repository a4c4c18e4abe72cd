//! The configuration of the command line: what `.stanchion.yaml` may say, and what is wrong with one.
//!
//! Pure: whoever finds the file brings its bytes.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::Severity;
use crate::engine::approval;
use crate::engine::suggest::nearest;
use crate::facts::CustomKinds;
use crate::facts::custom::{Declaration, DeclarationError};
use crate::manifest::{Chunks, Limits, Malformed, Node, Position, Segment, decode, path_text, yaml};

/// The name of the file that is looked for.
pub const FILE_NAME: &str = ".stanchion.yaml";

/// Bytes of a configuration: far more than anybody writes, far less than hurts.
pub const LARGEST: usize = 256 << 10;
/// Values of a configuration, those that aliases repeat included.
const MOST_VALUES: usize = 20_000;

/// What `.stanchion.yaml` may say. Every key may be left out. Paths are relative to the file, and stay within the Git
/// work tree that it stands in or, outside of one, within its folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// Files and folders that are judged when the command line names none. Without it, the command line has to.
    pub paths: Option<Vec<String>>,
    /// What is passed over in the folders that are judged: lines as `.gitignore` has them, relative to the file, such as
    /// `tests/` or `*.generated.yaml`. A file that is named is judged all the same. Without it, nothing but hidden files
    /// and what Git ignores.
    pub ignores: Option<Vec<String>>,
    /// Files and folders with the SecurityStandards, ServiceTiers and RiskExceptions to judge by, as `--standards`, which
    /// replaces them. Without it, those among the files that are judged.
    pub standards: Option<Vec<String>>,
    /// Standards that come with the program, as `--preset`, which replaces them, such as `pod-security-baseline`. Without
    /// it, the Pod Security Standards if there is no other standard.
    pub presets: Option<Vec<String>>,
    /// The severity from which on a finding makes the exit code 1, as `--fail-on`, which replaces it. Without it, `high`.
    pub fail_on: Option<FailOn>,
    /// The namespace of objects that name none, as `-n`, which replaces it. Without it, `default`.
    pub namespace: Option<String>,
    /// Namespaces that are not judged, as `--exempt-namespace`, which replaces them. They take the place of
    /// kube-node-lease, kube-public, kube-system and stanchion-system, which they are unless given: `[]` judges all.
    pub exempt_namespaces: Option<Vec<String>>,
    /// Labels and annotations that name the owner of a workload, the first found counts; looked up on the workload, then
    /// on its namespace. They take the place of stanchion.dev/owner, app.kubernetes.io/owner, owner and team, which they
    /// are unless given.
    pub owner_keys: Option<Vec<String>>,
    /// Kinds of workloads that a CRD defines, each with the place of its pod template, as `--workload-kind`, which replaces
    /// them, such as `argoproj.io/v1alpha1/Rollout=spec.template`. Without it, the kinds of Kubernetes alone.
    pub workload_kinds: Option<Vec<String>>,
    /// Which approvals of exceptions count, as `--trust`, which replaces it: `recorded`, names as they are written, or
    /// `signed`, signatures of the tier's approvers alone. Without it, `recorded`.
    pub trust: Option<Trust>,
    /// The name of the cluster that the files are for, as `--cluster-name`, which replaces it: exceptions name it in
    /// `clusters`. Without it, the cluster has no name.
    pub cluster_name: Option<String>,
}

/// Which approvals count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// Names as they are written.
    #[default]
    Recorded,
    /// Signatures alone, by keys of the tier's approvers.
    Signed,
}

impl Trust {
    /// Every choice.
    pub const ALL: [Self; 2] = [Self::Recorded, Self::Signed];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Signed => "signed",
        }
    }
}

impl From<Trust> for approval::Trust {
    fn from(it: Trust) -> Self {
        match it {
            Trust::Recorded => Self::Recorded,
            Trust::Signed => Self::Signed,
        }
    }
}

/// The severity from which on a finding makes the exit code 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Every finding does.
    Low,
    /// Findings of medium severity do, and worse ones.
    Medium,
    /// Findings of high severity do, and critical ones.
    #[default]
    High,
    /// Critical findings alone do.
    Critical,
    /// No finding does.
    Never,
}

impl FailOn {
    /// Every choice, the strictest first.
    pub const ALL: [Self; 5] = [Self::Low, Self::Medium, Self::High, Self::Critical, Self::Never];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
            Self::Never => "never",
        }
    }

    /// The severity; none if no finding counts.
    #[must_use]
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::Low => Some(Severity::Low),
            Self::Medium => Some(Severity::Medium),
            Self::High => Some(Severity::High),
            Self::Critical => Some(Severity::Critical),
            Self::Never => None,
        }
    }
}

/// What keeps a configuration from being used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{position}: {message}")]
pub struct ConfigError {
    /// The name of the file.
    pub file: String,
    /// The place in it.
    pub position: Position,
    /// The key, what is wrong with it and what to do.
    pub message: String,
}

/// A configuration that knows where everything stands in its file.
#[derive(Debug, Clone, Default)]
pub struct ConfigFile {
    /// The name of the file, for messages.
    pub name: String,
    /// What it says.
    pub config: Config,
    root: Option<Node<'static>>,
}

impl ConfigFile {
    /// Reads a configuration by the rules of manifests. An empty file is one that says nothing.
    pub fn read(name: &str, bytes: &[u8], presets: &[&str]) -> Result<Self, ConfigError> {
        let error = |position, message| ConfigError { file: name.to_owned(), position, message };
        let text = text(bytes).map_err(|(position, message)| error(position, message))?;
        let limits = Limits { nodes: MOST_VALUES, document_bytes: LARGEST, ..Limits::default() };
        let root = yaml::parse(text, &limits).map_err(|it| error(it.position(), malformed(&it, text)))?;
        let Some(root) = root.filter(|root| !root.is_null()) else {
            return Ok(Self { name: name.to_owned(), ..Self::default() });
        };
        check_keys(&root).map_err(|(position, message)| error(position, message))?;
        let config = decode(&root).map_err(|it| error(it.position, it.to_string()))?;
        let file = Self { name: name.to_owned(), config, root: Some(root.into_owned()) };
        file.check_values(presets)?;
        Ok(file)
    }

    /// What is wrong with a value: of a key, or of an item of its list.
    #[must_use]
    pub fn error(&self, key: &str, index: Option<usize>, message: &str) -> ConfigError {
        let path: Vec<Segment<'_>> =
            std::iter::once(Segment::Key(key)).chain(index.map(Segment::Index)).collect();
        let node = self.root.as_ref().and_then(|root| root.at(&path));
        let position = node.map_or(Position::START, |node| node.position);
        let message = format!("{}: {message}", path_text(&path));
        ConfigError { file: self.name.clone(), position, message }
    }

    /// The kinds of workloads that it declares.
    ///
    /// # Errors
    /// If one of them can't be used.
    pub fn workload_kinds(&self) -> Result<CustomKinds, ConfigError> {
        const KEY: &str = "workloadKinds";
        let declared = self.config.workload_kinds.iter().flatten().enumerate();
        let declarations: Result<Vec<Declaration>, ConfigError> = declared
            .map(|(index, text)| text.parse().map_err(|error: DeclarationError| (index, error)))
            .map(|parsed| parsed.map_err(|(index, error)| self.error(KEY, Some(index), &error.to_string())))
            .collect();
        CustomKinds::new(declarations?)
            .map_err(|(index, error)| self.error(KEY, Some(index), &error.to_string()))
    }

    /// What types can't say.
    fn check_values(&self, presets: &[&str]) -> Result<(), ConfigError> {
        const EMPTY: &str = "it is empty: write a value, or remove it";
        let Config { paths, ignores, standards, exempt_namespaces, owner_keys, .. } = &self.config;
        for (key, list) in [
            ("paths", paths),
            ("ignores", ignores),
            ("standards", standards),
            ("presets", &self.config.presets),
            ("exemptNamespaces", exempt_namespaces),
            ("ownerKeys", owner_keys),
        ] {
            if let Some(index) = list.iter().flatten().position(|it| it.trim().is_empty()) {
                return Err(self.error(key, Some(index), EMPTY));
            }
        }
        for (key, text) in [("namespace", &self.config.namespace), ("clusterName", &self.config.cluster_name)]
        {
            if text.as_ref().is_some_and(|it| it.trim().is_empty()) {
                return Err(self.error(key, None, EMPTY));
            }
        }
        for (index, preset) in self.config.presets.iter().flatten().enumerate() {
            if !presets.contains(&preset.as_str()) {
                let message = format!("no preset has this name; {}", instead(preset, presets));
                return Err(self.error("presets", Some(index), &message));
            }
        }
        for (index, glob) in self.config.ignores.iter().flatten().enumerate() {
            if glob.starts_with("./") || glob.starts_with("../") {
                let message = "it matches nothing: begin with `/` for the folder of this file";
                return Err(self.error("ignores", Some(index), message));
            }
        }
        self.workload_kinds().map(drop)
    }
}

/// The text of a file, or what is wrong with its bytes and where.
fn text(bytes: &[u8]) -> Result<&str, (Position, String)> {
    let whole = |message: String| Err((Position::START, message));
    if bytes.len() > LARGEST {
        return whole(format!(
            "more than {LARGEST} bytes are no configuration: check that it is the right file"
        ));
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return whole("the file is UTF-16; convert it to UTF-8".to_owned());
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let (before, _) = bytes.split_at(error.valid_up_to());
        let position = yaml::place_after(&String::from_utf8_lossy(before), 1);
        (position, "what stands here is not UTF-8; convert the file to UTF-8".to_owned())
    })
}

/// What is wrong with a text. Limits of the reader are no advice here: no configuration comes near them.
fn malformed(error: &Malformed, text: &str) -> String {
    let second = Chunks::new(text.as_bytes(), 1).nth(1);
    match error {
        Malformed::TooDeep { .. } | Malformed::TooManyNodes { .. } | Malformed::TooMuchText { .. } => {
            "no configuration holds that much: check that it is the right file".to_owned()
        }
        Malformed::Syntax { position, .. } if second.is_some_and(|it| it.line == position.line) => {
            "a second document begins here: a configuration is one, remove the other".to_owned()
        }
        _ => error.to_string(),
    }
}

/// Every key must be known: one that is misspelt must not look like one that holds.
fn check_keys(root: &Node<'_>) -> Result<(), (Position, String)> {
    let Some(entries) = root.as_map() else {
        let message = "a configuration is a map: write keys and values, such as `failOn: medium`";
        return Err((root.position, message.to_owned()));
    };
    let schema = schemars::schema_for!(Config);
    let known = schema.get("properties").and_then(serde_json::Value::as_object);
    let known: Vec<&str> = known.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    match entries.iter().find(|(key, _)| !known.contains(&&*key.text)) {
        Some((key, _)) => {
            let path = path_text(&[Segment::Key(&key.text)]);
            let message = format!("{path}: there is no such key; {}", instead(&key.text, &known));
            Err((key.position, message))
        }
        None => Ok(()),
    }
}

/// The nearest of the known names, or all of them if none is near.
fn instead(given: &str, known: &[&str]) -> String {
    match nearest(given, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests;
