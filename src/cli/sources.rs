//! What is judged, and what it is judged by.

use std::path::PathBuf;
use std::sync::Arc;

use super::terminal::Terminal;
use super::{files, presets};
use crate::facts::Text;
use crate::load::{Collection, Settings};
use crate::manifest::Limits;

/// Where everything comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sources<'a> {
    /// What is judged.
    pub(super) paths: &'a [PathBuf],
    /// Policy beside it.
    pub(super) standards: &'a [PathBuf],
    /// Standards that come with the program.
    pub(super) presets: &'a [String],
    /// The namespace of objects that name none.
    pub(super) namespace: &'a str,
}

/// How files are read.
pub(super) fn settings(namespace: &str) -> Settings {
    Settings { namespace: Text::from(namespace), limits: Limits::default(), keys: Arc::default() }
}

impl Sources<'_> {
    /// Reads everything, with what is known of files in their place; with a terminal, says what judges.
    pub(super) fn collect(&self, known: &files::Contents, terminal: Option<&mut Terminal>) -> Collection {
        let settings = settings(self.namespace);
        let mut collection = Collection::default();
        for (sheet, role) in files::read(self.standards, self.paths, known, &settings) {
            collection.add(sheet, role);
        }
        if let Some(path) = self.standards.first() {
            collection.expect_policy(&path.to_string_lossy());
        }
        let mut wanted: Vec<&str> = self.presets.iter().map(String::as_str).collect();
        if wanted.is_empty() && !collection.mentions_standards() {
            wanted = presets::DEFAULTS.to_vec();
            let others: Vec<&str> = presets::names().filter(|name| !wanted.contains(name)).collect();
            let others = if others.is_empty() {
                String::new()
            } else {
                format!("; --preset knows {}", others.join(", "))
            };
            let judging = wanted.join(" and ");
            if let Some(terminal) = terminal {
                terminal
                    .note(&format!("no SecurityStandard given: judging by the presets {judging}{others}"));
            }
        }
        wanted.sort_unstable();
        wanted.dedup();
        for sheet in wanted.iter().filter_map(|name| presets::sheet(name, &settings)) {
            collection.add_preset(sheet);
        }
        collection.expect_objects();
        collection
    }
}
