//! `stanchion audit --fix`: what can be mended safely, shown and made.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::audit::Audit;
use super::edits::{self, Fixable};
use super::files::{self, Contents};
use super::judging::Judged;
use super::terminal::Terminal;
use super::{Ended, output};
use crate::engine::control::Patch;
use crate::facts::{Path as Field, SubjectKey};
use crate::fix::{self, Wanted};
use crate::manifest::Limits;
use crate::report::patch;
use crate::report::table::plural;

/// One patch may make place for another: a list that takes an item at a time, a container that may be less privileged
/// only once it isn't privileged. More rounds than this no set of controls takes.
const ROUNDS: usize = 40;
/// More than this that is left as it is, is counted only.
const MOST_LEFT: usize = 20;

pub(super) fn run(audit: &Audit<'_>, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let args = audit.args;
    let outputs = output::beside_a_diff(&args.output)?;
    let mut work = Work::new(audit)?;
    let before = audit.judge(&work.now, Some(terminal))?;
    let mut after = None;
    for _ in 0..ROUNDS {
        if !work.round(after.as_ref().unwrap_or(&before)) {
            break;
        }
        after = Some(audit.judge(&work.now, None)?);
    }
    for (name, old) in &work.before {
        let new = work.now.get(name).unwrap_or(old);
        let text = String::from_utf8_lossy;
        terminal.print(&patch::render(name, &text(old), &text(new)))?;
    }
    if args.write {
        work.write()?;
    }
    let shown = if args.write { after.as_ref().unwrap_or(&before) } else { &before };
    let report = shown.report(audit, &outputs, terminal)?;
    let ended = shown.end(&report, terminal);
    work.tell(args.write, after.as_ref().unwrap_or(&before), terminal);
    Ok(ended)
}

/// Files in the making.
struct Work {
    /// The named paths, as they are on disk.
    named: Vec<PathBuf>,
    /// What the files held that are changed, by name.
    before: Contents,
    /// What they hold now, and standard input.
    now: Contents,
    /// What was made, so that controls that disagree don't go in circles.
    made: BTreeSet<(SubjectKey, Field, String)>,
    /// What was left as it is, and why.
    left: BTreeMap<(Arc<str>, String), String>,
    patches: u64,
}

/// A patch that is to be made, and what for.
struct Task<'a> {
    subject: &'a SubjectKey,
    place: String,
    wanted: Wanted<'a>,
}

impl Work {
    fn new(audit: &Audit<'_>) -> anyhow::Result<Self> {
        let paths = &audit.sources.paths;
        let mut now = Contents::new();
        if paths.iter().any(|path| path.as_os_str() == files::STDIN) {
            if audit.args.write {
                bail!("standard input can't be written to: name files, or leave --write out to get the diff");
            }
            let bytes = files::stdin(&Limits::default()).context("standard input can't be read")?;
            now.insert(files::STDIN_NAME.to_owned(), bytes);
        }
        let named = paths.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
        let (before, made, left) = (Contents::new(), BTreeSet::new(), BTreeMap::new());
        Ok(Self { named, before, now, made, left, patches: 0 })
    }

    /// Makes what can be made by now, and says whether anything was.
    fn round(&mut self, judged: &Judged) -> bool {
        self.left.clear();
        let mut changed = false;
        for (file, tasks) in self.tasks(judged) {
            let old = match self.content(&file) {
                Ok(old) => old,
                Err(why) => {
                    self.leave(&file, tasks.iter(), &why);
                    continue;
                }
            };
            let wanted: Vec<Wanted<'_>> = tasks.iter().map(|task| task.wanted).collect();
            let fixed = fix::fix(&old, &wanted, &Limits::default());
            for (task, result) in tasks.iter().zip(&fixed.results) {
                match result {
                    Ok(made) => self.patches += u64::from(*made),
                    Err(why) => self.leave(&file, std::iter::once(task), &why.to_string()),
                }
                let Patch { path, value, .. } = task.wanted.patch;
                self.made.insert((task.subject.clone(), path.clone(), value.to_string()));
            }
            if fixed.bytes != old {
                changed = true;
                self.before.entry(file.to_string()).or_insert(old);
                self.now.insert(file.to_string(), fixed.bytes);
            }
        }
        changed
    }

    /// The safe patches of what nobody excuses, by file. One a place: of several the others have their turn later.
    fn tasks<'a>(&self, judged: &'a Judged) -> BTreeMap<Arc<str>, Vec<Task<'a>>> {
        let mut tasks: BTreeMap<Arc<str>, Vec<Task<'_>>> = BTreeMap::new();
        let mut places: BTreeSet<(&SubjectKey, &Field)> = BTreeSet::new();
        for Fixable { subject, origin, patch, .. } in edits::fixable(judged.input()) {
            let done = (subject.clone(), patch.path.clone(), patch.value.to_string());
            if self.made.contains(&done) || !places.insert((subject, &patch.path)) {
                continue;
            }
            let place = format!("{}: {subject}: {}", origin.locate(&patch.path), patch.path);
            let wanted = Wanted { start: origin.start(), patch };
            tasks.entry(Arc::clone(&origin.file)).or_default().push(Task { subject, place, wanted });
        }
        tasks
    }

    /// What a file holds now, unless it is not ours to change.
    fn content(&self, name: &str) -> Result<Vec<u8>, String> {
        if let Some(known) = self.now.get(name) {
            return Ok(known.clone());
        }
        let real = fs::canonicalize(name).map_err(|error| format!("it can't be found: {error}"))?;
        if !self.named.iter().any(|named| real.starts_with(named)) {
            return Err("it links to a file outside the paths that were named".to_owned());
        }
        files::content(&real, &Limits::default()).map_err(|error| format!("it can't be read: {error}"))
    }

    fn leave<'a>(&mut self, file: &Arc<str>, tasks: impl Iterator<Item = &'a Task<'a>>, why: &str) {
        for task in tasks {
            self.left.insert((Arc::clone(file), task.place.clone()), why.to_owned());
        }
    }

    /// Writes every file that changed.
    fn write(&self) -> anyhow::Result<()> {
        for (name, old) in &self.before {
            let Some(new) = self.now.get(name) else { continue };
            replace(Path::new(name), old, new).with_context(|| format!("{name} can't be fixed"))?;
        }
        Ok(())
    }

    /// What was done and what was not.
    fn tell(&self, written: bool, last: &Judged, terminal: &mut Terminal) {
        for ((file, place), why) in self.left.iter().take(MOST_LEFT) {
            terminal.note(&format!("left as it is: {file}:{place}, because {why}"));
        }
        if let Some(more) = self.left.len().checked_sub(MOST_LEFT).filter(|more| *more > 0) {
            terminal.note(&format!("left as it is: {more} more"));
        }
        let files = plural(u64::try_from(self.before.len()).unwrap_or(u64::MAX), "file");
        let changes = plural(self.patches, "change");
        let done = match (self.before.is_empty(), written) {
            (true, _) => "nothing to fix safely".to_owned(),
            (false, true) => format!("made {changes} in {files}"),
            (false, false) => format!("{changes} in {files}; --write makes them"),
        };
        let rest = match last.open() {
            0 => "no finding is left".to_owned(),
            open => format!("{} left to people", plural(open, "finding")),
        };
        terminal.note(&format!("{done}; {rest}"));
    }
}

/// Replaces a file at once, so that nobody ever sees half of it. A link stays a link, and its target is replaced.
#[expect(clippy::disallowed_methods, reason = "the command line is what has files")]
pub(super) fn replace(path: &Path, old: &[u8], new: &[u8]) -> anyhow::Result<()> {
    let real = fs::canonicalize(path)?;
    if fs::read(&real)? != old {
        bail!("it changed meanwhile; run again");
    }
    let folder = real.parent().context("it stands in no folder")?;
    let mut file = tempfile::Builder::new().prefix(".stanchion-").tempfile_in(folder)?;
    file.write_all(new)?;
    file.as_file().set_permissions(fs::metadata(&real)?.permissions())?;
    file.as_file().sync_all()?;
    file.persist(&real)?;
    Ok(())
}
