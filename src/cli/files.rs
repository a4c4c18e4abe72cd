//! Finding and reading files.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use ignore::gitignore::Gitignore;
use rayon::prelude::*;

use crate::load::{Role, Settings, Sheet};
use crate::manifest::Limits;

/// What stands for standard input among the paths.
pub(super) const STDIN: &str = "-";
/// What standard input is called in messages.
pub(super) const STDIN_NAME: &str = "<stdin>";
/// The endings of manifests.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// Most manifests have fewer bytes.
const MOSTLY: usize = 8 * 1024;

/// Something to read.
#[derive(Debug)]
enum Source {
    /// Named on the command line, or standard input: whatever it is, it is meant.
    Named(PathBuf),
    /// Met in a folder: it may turn out to be something else.
    Met(PathBuf),
    /// Met in a folder, and a link to a file.
    Linked(PathBuf),
    /// It can't be read, and why.
    Unreadable(PathBuf, String),
}

/// What files hold, by the name that messages give them.
pub(super) type Contents = BTreeMap<String, Vec<u8>>;

/// So many files are read, on all cores, while those before them are taken.
const BATCH: usize = 512;

/// Reads paths, and gives what they hold: policy first, then what is audited but for what is ignored, each in order. A
/// file that is met twice is read once; one whose content is known, not at all.
pub(super) fn read(
    policy: &[PathBuf],
    audited: &[PathBuf],
    ignores: &Gitignore,
    known: &Contents,
    settings: &Settings,
    mut take: impl FnMut(Sheet, Role) + Send,
) {
    let mut sources: Vec<(Source, Role)> = Vec::new();
    let mut met: HashMap<OsString, usize> = HashMap::new();
    let mut folders = Folders::default();
    for (paths, ignores, role) in
        [(policy, &Gitignore::empty(), Role::Policy), (audited, ignores, Role::Audited)]
    {
        for source in paths.iter().flat_map(|path| find(path, ignores)) {
            let identity = folders.identity(&source);
            if let Some((_, before)) = met.get(&identity).and_then(|index| sources.get_mut(*index)) {
                *before = role.max(*before);
            } else {
                met.insert(identity, sources.len());
                sources.push((source, role));
            }
        }
    }
    let mut before: Vec<(Sheet, Role)> = Vec::new();
    for batch in sources.chunks(BATCH) {
        let read = |(source, role): &(Source, Role)| (source.read(known, settings), *role);
        let taken = std::mem::take(&mut before);
        let taking = || taken.into_iter().for_each(|(sheet, role)| take(sheet, role));
        ((), before) = rayon::join(taking, || batch.par_iter().map(read).collect());
    }
    for (sheet, role) in before {
        take(sheet, role);
    }
}

/// The files of a path. What is named is not ignored.
fn find(path: &Path, ignores: &Gitignore) -> Vec<Source> {
    if path.as_os_str() == STDIN {
        return vec![Source::Named(path.to_owned())];
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => walk(path, ignores),
        Ok(_) => vec![Source::Named(path.to_owned())],
        Err(error) => vec![Source::Unreadable(path.to_owned(), in_words(&error))],
    }
}

/// The manifests below a folder, by name. Hidden files and what Git or the configuration ignores are passed over.
fn walk(folder: &Path, ignores: &Gitignore) -> Vec<Source> {
    let mut walk = WalkBuilder::new(folder);
    if !ignores.is_empty() {
        let (here, ignores) = (folder.to_owned(), ignores.clone());
        let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        walk.filter_entry(move |entry| {
            let path = real.join(entry.path().strip_prefix(&here).unwrap_or(entry.path()));
            let is_folder = entry.file_type().is_some_and(|it| it.is_dir());
            !(path.starts_with(ignores.path()) && ignores.matched(&path, is_folder).is_ignore())
        });
    }
    // What is found must not depend on the settings of whoever looks.
    walk.require_git(false).git_global(false).git_exclude(false).sort_by_file_name(OsStr::cmp);
    let found: Vec<Source> = walk.build().filter_map(|entry| met(folder, entry)).collect();
    if found.is_empty() {
        let others = if ignores.is_empty() {
            "hidden files and what Git ignores"
        } else {
            "hidden files, what Git ignores and the `ignores` of the configuration"
        };
        let message = format!("no .yaml, .yml or .json file in this folder; {others} don't count");
        return vec![Source::Unreadable(folder.to_owned(), message)];
    }
    found
}

fn met(folder: &Path, entry: Result<ignore::DirEntry, ignore::Error>) -> Option<Source> {
    match entry {
        Ok(entry) => {
            let path = entry.path();
            let ending = path.extension()?.to_str()?.to_ascii_lowercase();
            // A link to a file is followed, one to a folder isn't: folders may lead in circles.
            let leads_to_file = || fs::metadata(path).is_ok_and(|it| it.is_file());
            if !ENDINGS.contains(&ending.as_str()) {
                None
            } else if entry.file_type().is_some_and(|it| it.is_file()) {
                Some(Source::Met(entry.into_path()))
            } else {
                leads_to_file().then(|| Source::Linked(path.to_owned()))
            }
        }
        Err(error) => {
            let message = error.io_error().map_or_else(|| error.to_string(), in_words);
            Some(Source::Unreadable(blamed(&error).unwrap_or(folder).to_owned(), message))
        }
    }
}

/// The path that an error is about.
fn blamed(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => blamed(err),
        _ => None,
    }
}

/// The last folder of a file, as it was reached and as it is.
#[derive(Default)]
struct Folders {
    last: Option<(PathBuf, PathBuf)>,
}

impl Folders {
    /// What is the same however a file is reached. Its folder is asked for once: a folder has many files.
    fn identity(&mut self, source: &Source) -> OsString {
        let path = source.path();
        if path.as_os_str() == STDIN {
            return path.into();
        }
        let is_link = match source {
            Source::Met(_) => false,
            Source::Linked(_) => true,
            _ => fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_symlink()),
        };
        match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) if !is_link && !folder.as_os_str().is_empty() => {
                let canonical =
                    |folder: &Path| fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
                if self.last.as_ref().is_none_or(|(known, _)| known != folder) {
                    self.last = Some((folder.to_owned(), canonical(folder)));
                }
                let folder = self.last.as_ref().map_or(folder, |(_, canonical)| canonical);
                folder.join(name).into_os_string()
            }
            _ => fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).into_os_string(),
        }
    }
}

impl Source {
    fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Met(path) | Self::Linked(path) | Self::Unreadable(path, _) => path,
        }
    }

    /// The name for messages: `./shop/cart.yaml` is `shop/cart.yaml`.
    fn name(&self) -> String {
        let path = self.path();
        if path.as_os_str() == STDIN {
            return STDIN_NAME.to_owned();
        }
        let short = path.strip_prefix(".").ok().filter(|rest| !rest.as_os_str().is_empty());
        short.unwrap_or(path).to_string_lossy().into_owned()
    }

    fn read(&self, known: &Contents, settings: &Settings) -> Sheet {
        let name = self.name();
        if let Some(bytes) = known.get(&name) {
            return Sheet::read(&name, bytes, settings);
        }
        let bytes = match self {
            Self::Unreadable(_, message) => return Sheet::unreadable(&name, message.clone()),
            Self::Named(path) if path.as_os_str() == STDIN => stdin(&settings.limits),
            Self::Named(path) | Self::Met(path) | Self::Linked(path) => content(path, &settings.limits),
        };
        match bytes {
            Err(error) => Sheet::unreadable(&name, in_words(&error)),
            Ok(bytes) => {
                let sheet = Sheet::read(&name, &bytes, settings);
                let may_be_else = matches!(self, Self::Met(_) | Self::Linked(_)) && !sheet.has_objects();
                if may_be_else && !mentions_api_version(&bytes) { sheet.set_aside() } else { sheet }
            }
        }
    }
}

/// All of standard input.
pub(super) fn stdin(limits: &Limits) -> io::Result<Vec<u8>> {
    bounded(io::stdin().lock(), limits)
}

/// All of a file.
#[expect(clippy::disallowed_methods, reason = "the command line is what has files")]
pub(super) fn content(path: &Path, limits: &Limits) -> io::Result<Vec<u8>> {
    fs::File::open(path).and_then(|file| bounded(file, limits))
}

/// Everything, or one byte more than a file may have: the reader then says that it is too large.
fn bounded(from: impl io::Read, limits: &Limits) -> io::Result<Vec<u8>> {
    let most = u64::try_from(limits.file_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::with_capacity(MOSTLY);
    from.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a file can hold a Kubernetes object at all. A folder has other YAML and JSON too, in dialects of their own.
fn mentions_api_version(bytes: &[u8]) -> bool {
    const FIELD: &[u8] = b"apiVersion";
    let is_wide = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    is_wide || bytes.windows(FIELD.len()).any(|window| window == FIELD)
}

/// What went wrong and what to do.
pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder: check the path".to_owned(),
        io::ErrorKind::PermissionDenied => "it may not be read: check its permissions".to_owned(),
        _ => format!("it can't be read: {error}"),
    }
}
