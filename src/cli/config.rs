//! Finding `.stanchion.yaml`, and filling in with it what flags leave open.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::cluster::Way;
use super::sources::Sources;
use super::terminal::Terminal;
use super::trust::TrustArgs;
use super::{files, presets};
use crate::config::{Config, ConfigError, ConfigFile, FILE_NAME, FailOn, LARGEST};
use crate::engine::policy;
use crate::facts::custom::Declaration;
use crate::facts::{CustomKinds, Text};
use crate::manifest::Limits;

/// Which configuration is used.
#[derive(Debug, clap::Args)]
pub(super) struct ConfigArgs {
    /// The configuration file; unless given, the nearest .stanchion.yaml
    ///
    /// Looked for from the first PATH upwards, to the root of its Git work tree or, outside of one, the current folder.
    /// Flags replace what it says. docs/configuration.md lists its keys.
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,

    /// Use no configuration file
    #[arg(long)]
    no_config: bool,

    /// A kind of workload that a CRD defines, and where its pod template stands; can be given several times
    ///
    /// Such as `argoproj.io/v1alpha1/Rollout=spec.template`. Objects of it are judged as Deployments are. Unless given, the
    /// `workloadKinds` of the configuration file; docs/workload-kinds.md has more.
    #[arg(long, value_name = "GROUP/VERSION/KIND=PATH")]
    workload_kind: Vec<Declaration>,
}

/// What the flags of a command say; the configuration fills in the rest.
#[derive(Debug, Clone, Default)]
pub(super) struct Given<'a> {
    pub(super) paths: &'a [PathBuf],
    /// The cluster that is judged in the place of paths.
    pub(super) cluster: Option<Way>,
    pub(super) standards: &'a [PathBuf],
    pub(super) presets: &'a [String],
    pub(super) namespace: Option<&'a str>,
    pub(super) exempt: Option<&'a [String]>,
    pub(super) trust: Option<&'a TrustArgs>,
}

/// A configuration and where it stands. Without a file, it says nothing.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    file: ConfigFile,
    /// Its folder, as messages name what is in it.
    base: PathBuf,
    /// Its folder without links.
    folder: PathBuf,
    /// What its paths may not lead out of.
    root: PathBuf,
    /// Kinds of workloads that are not built in.
    kinds: CustomKinds,
}

impl ConfigArgs {
    /// Finds and reads the configuration for these paths, and says so if there is something in it.
    pub(super) fn load(&self, paths: &[PathBuf], terminal: &mut Terminal) -> anyhow::Result<Configuration> {
        let mut configuration = match &self.config {
            Some(file) => Configuration::read(file)?,
            None if self.no_config => Configuration::default(),
            None => match nearest(paths.first().map_or(Path::new(files::STDIN), PathBuf::as_path)) {
                Some(file) => Configuration::found(&file)?,
                None => Configuration::default(),
            },
        };
        if configuration.file.config != Config::default() {
            terminal.note(&format!("using {}", configuration.file.name));
        }
        configuration.kinds = self.kinds(&configuration.file)?;
        Ok(configuration)
    }

    /// The kinds of workloads that the flags declare or, without any, the file.
    fn kinds(&self, file: &ConfigFile) -> anyhow::Result<CustomKinds> {
        if self.workload_kind.is_empty() {
            return Ok(file.workload_kinds()?);
        }
        CustomKinds::new(self.workload_kind.clone()).map_err(|(_, error)| anyhow!("--workload-kind: {error}"))
    }
}

impl Configuration {
    /// Reads a file that nobody named: it must be what it seems.
    fn found(file: &Path) -> anyhow::Result<Self> {
        let shown = shown(file);
        let name = shown.display();
        let real = fs::canonicalize(file).map_err(|error| anyhow!("{name}: {}", files::in_words(&error)))?;
        let folder = file.parent().unwrap_or(file);
        let root = work_tree(folder).unwrap_or(folder);
        if !real.starts_with(root) {
            let root = root.display();
            bail!(
                "{name}: it links to a file outside of {root}: name that with --config, or give --no-config"
            );
        }
        if !real.is_file() {
            bail!("{name}: it is no file: remove it, or give --no-config");
        }
        Self::read(&shown)
    }

    fn read(file: &Path) -> anyhow::Result<Self> {
        let name = file.to_string_lossy();
        let limits = Limits { file_bytes: LARGEST, ..Limits::default() };
        let bytes =
            files::content(file, &limits).map_err(|error| anyhow!("{name}: {}", files::in_words(&error)))?;
        let presets: Vec<&str> = presets::names().collect();
        let read = ConfigFile::read(&name, &bytes, &presets)?;
        let folder = folder_of(file).with_context(|| format!("{name}: its folder can't be found"))?;
        let root = work_tree(&folder).unwrap_or(&folder).to_owned();
        let base = file.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { file: read, base: base.to_owned(), folder, root, kinds: CustomKinds::default() })
    }

    /// Everything that is judged and by what. A flag replaces what the file says.
    pub(super) fn sources(&self, given: Given<'_>) -> anyhow::Result<Sources> {
        let config = &self.file.config;
        let needs_paths = given.cluster.is_none();
        let paths = if given.paths.is_empty() && needs_paths {
            self.resolve("paths", config.paths.as_deref())?
        } else {
            given.paths.to_vec()
        };
        if paths.is_empty() && needs_paths {
            bail!("nothing to read: give a PATH, `-` for standard input, or `paths` in {FILE_NAME}");
        }
        let standards = if given.standards.is_empty() {
            self.resolve("standards", config.standards.as_deref())?
        } else {
            given.standards.to_vec()
        };
        let presets = if given.presets.is_empty() {
            config.presets.clone().unwrap_or_default()
        } else {
            given.presets.to_vec()
        };
        let namespace = given.namespace.or(config.namespace.as_deref()).unwrap_or("default").to_owned();
        let policy = self.policy(&given);
        Ok(Sources {
            paths,
            cluster: given.cluster,
            ignores: self.ignores()?,
            standards,
            presets,
            namespace,
            policy,
            kinds: self.kinds.clone(),
        })
    }

    /// The severity from which on a finding makes the exit code 1.
    pub(super) fn fail_on(&self) -> Option<FailOn> {
        self.file.config.fail_on
    }

    /// The namespace of what names none.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.file.config.namespace.as_deref()
    }

    /// The name of the cluster.
    pub(super) fn cluster_name(&self) -> Option<&str> {
        self.file.config.cluster_name.as_deref()
    }

    /// Whom standards pass over, what names an owner, and which approvals count.
    fn policy(&self, given: &Given<'_>) -> policy::Settings {
        let mut settings = policy::Settings::default();
        let text = |name: &String| Text::from(name.as_str());
        if let Some(names) = given.exempt.or(self.file.config.exempt_namespaces.as_deref()) {
            settings.exempt_namespaces = names.iter().filter(|name| !name.is_empty()).map(text).collect();
        }
        if let Some(keys) = &self.file.config.owner_keys {
            settings.owner_keys = keys.iter().map(text).collect();
        }
        let trust = given.trust.and_then(|it| it.trust).or(self.file.config.trust);
        settings.trust = trust.unwrap_or_default().into();
        let cluster = given.trust.and_then(|it| it.cluster.name()).or(self.cluster_name());
        settings.cluster = cluster.map(Text::from);
        settings
    }

    /// The paths of a key, which are there and don't lead out.
    fn resolve(&self, key: &str, paths: Option<&[String]>) -> Result<Vec<PathBuf>, ConfigError> {
        let resolve = |(index, path): (usize, &String)| {
            let wrong = |message: &str| self.file.error(key, Some(index), message);
            let path = self.base.join(path);
            let real = fs::canonicalize(&path).map_err(|error| wrong(&files::in_words(&error)))?;
            if real.starts_with(&self.root) {
                return Ok(path);
            }
            let message =
                format!("it leads out of {}: only the command line may name it", self.root.display());
            Err(wrong(&message))
        };
        paths.unwrap_or_default().iter().enumerate().map(resolve).collect()
    }

    /// What is passed over in folders.
    fn ignores(&self) -> anyhow::Result<Gitignore> {
        let mut globs = GitignoreBuilder::new(&self.folder);
        for (index, line) in self.file.config.ignores.iter().flatten().enumerate() {
            let wrong = |error: ignore::Error| {
                self.file.error(
                    "ignores",
                    Some(index),
                    &format!("it is no glob as .gitignore has them: {error}"),
                )
            };
            globs.add_line(None, line).map_err(wrong)?;
        }
        Ok(globs.build()?)
    }
}

/// The nearest configuration from a path upwards, to the root of its Git work tree. Outside of one it ends at the current
/// folder: what stands above, in a home or for all users, was not meant for what is judged here.
fn nearest(path: &Path) -> Option<PathBuf> {
    let start = folder_of(path)?;
    let here = fs::canonicalize(".").ok().filter(|here| start.starts_with(here));
    let top = work_tree(&start).or(here.as_deref()).unwrap_or(&start);
    let folders = start.ancestors().take_while(|folder| folder.starts_with(top));
    folders.map(|folder| folder.join(FILE_NAME)).find(|file| file.symlink_metadata().is_ok())
}

/// The root of the Git work tree that a folder is in.
fn work_tree(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| folder.join(".git").exists())
}

/// The folder that a path is or stands in, without links; standard input is in the current one.
fn folder_of(path: &Path) -> Option<PathBuf> {
    let folder = if path.is_dir() { Some(path) } else { path.parent() };
    let folder = folder.filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::canonicalize(folder).ok()
}

/// A path as seen from the current folder.
fn shown(path: &Path) -> PathBuf {
    let Ok(here) = fs::canonicalize(".") else { return path.to_owned() };
    if let Ok(below) = path.strip_prefix(&here) {
        return below.to_owned();
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return path.to_owned() };
    match here.strip_prefix(folder) {
        Ok(down) => down.components().map(|_| "..").collect::<PathBuf>().join(name),
        Err(_) => path.to_owned(),
    }
}
