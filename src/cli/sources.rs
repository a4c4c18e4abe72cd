//! What is judged, and what it is judged by.

use std::path::PathBuf;
use std::sync::Arc;

use ignore::gitignore::Gitignore;

use super::cluster::{self, Way};
use super::terminal::Terminal;
use super::{files, presets};
use crate::engine::policy;
use crate::facts::{CustomKinds, ObjectKind, Text};
use crate::load::{Collection, Role, Settings, Sheet};
use crate::manifest::Limits;

/// Where everything comes from.
#[derive(Debug)]
pub(super) struct Sources {
    /// What is judged.
    pub(super) paths: Vec<PathBuf>,
    /// The cluster that is judged in their place.
    pub(super) cluster: Option<Way>,
    /// What is passed over in its folders.
    pub(super) ignores: Gitignore,
    /// Policy beside it.
    pub(super) standards: Vec<PathBuf>,
    /// Standards that come with the program.
    pub(super) presets: Vec<String>,
    /// The namespace of objects that name none.
    pub(super) namespace: String,
    /// Who is exempt, and what names an owner.
    pub(super) policy: policy::Settings,
    /// Kinds of workloads that are not built in.
    pub(super) kinds: CustomKinds,
}

impl Sources {
    /// How files are read.
    pub(super) fn settings(&self) -> Settings {
        let namespace = Text::from(self.namespace.as_str());
        let kinds = self.kinds.clone();
        Settings { namespace, limits: Limits::default(), keys: Arc::default(), kinds }
    }

    /// Reads every file, with what is known of files in their place, and gives what they hold.
    pub(super) fn read(&self, known: &files::Contents, take: impl FnMut(Sheet, Role) + Send) {
        files::read(&self.standards, &self.paths, &self.ignores, known, &self.settings(), take);
    }

    /// Reads everything, with what is known of files in their place; with a terminal, says what judges.
    pub(super) fn collect(
        &self,
        known: &files::Contents,
        mut terminal: Option<&mut Terminal>,
    ) -> anyhow::Result<Collection> {
        let mut collection = match &self.cluster {
            Some(way) => cluster::gather(way, &self.kinds, terminal.as_deref_mut())?,
            None => Collection::with_kinds(self.kinds.clone()),
        };
        let settings = self.settings();
        let preset = |name: &&str| presets::sheet(name, &settings);
        let mut wanted: Vec<&str> = self.presets.iter().map(String::as_str).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let ((), mut given) = rayon::join(
            || self.read(known, |sheet, role| collection.add(sheet, role)),
            || wanted.iter().filter_map(preset).collect::<Vec<Sheet>>(),
        );
        if let Some(path) = self.standards.first() {
            collection.expect_policy(&path.to_string_lossy());
        }
        if wanted.is_empty() && !collection.mentions_standards() {
            wanted = presets::DEFAULTS.to_vec();
            given = wanted.iter().filter_map(preset).collect();
            if let Some(terminal) = terminal {
                tell_what_judges(&collection, &wanted, terminal);
            }
        }
        for sheet in given {
            collection.add_preset(sheet);
        }
        collection.expect_objects();
        Ok(collection)
    }
}

/// Says that presets judge, which nobody asked for.
fn tell_what_judges(collection: &Collection, wanted: &[&str], terminal: &mut Terminal) {
    let others: Vec<&str> = presets::names().filter(|name| !wanted.contains(name)).collect();
    let others =
        if others.is_empty() { String::new() } else { format!("; --preset knows {}", others.join(", ")) };
    let judging = wanted.join(" and ");
    let unread = collection.inventory.unread();
    let why = match &collection.cluster {
        None => "no SecurityStandard given",
        Some(_) if unread.contains(&ObjectKind::SecurityStandard) => "no SecurityStandard could be read",
        Some(_) => "no SecurityStandard in the cluster",
    };
    terminal.note(&format!("{why}: judging by the presets {judging}{others}"));
}
