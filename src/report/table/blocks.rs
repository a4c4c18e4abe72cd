//! Which findings stand together: workloads with the same defects once, and what many workloads share once for all.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::View;
use super::findings::{Alike, Kin, Likeness};
use crate::api::Severity;
use crate::report::json::SubjectReport;

/// From so many different blocks on a control is shown once for all of them: what everybody has would otherwise bury
/// what only one has.
const MANY: usize = 4;

/// A subject, and its place in the report.
type Placed<'a> = (usize, &'a SubjectReport);

/// Subjects, and what is wrong with each of them.
pub(super) struct Block<'a> {
    /// In the order of the report.
    subjects: Vec<Placed<'a>>,
    pub(super) rows: Vec<Alike<'a>>,
    /// Whether the rows are taken out of the blocks of many.
    pub(super) is_common: bool,
}

impl<'a> Block<'a> {
    pub(super) fn subjects(&self) -> impl Iterator<Item = &'a SubjectReport> {
        self.subjects.iter().map(|(_, subject)| *subject)
    }

    fn places(&self) -> Vec<usize> {
        self.subjects.iter().map(|(place, _)| *place).collect()
    }

    /// The worst that nothing excuses first; of the same severity, what many share.
    fn rank(&self) -> impl Ord + use<> {
        let worst: Option<Severity> = self.rows.iter().filter_map(Alike::open_severity).max();
        (Reverse(worst), !self.is_common)
    }
}

/// Puts together what belongs together. With `-v` each subject stays alone.
pub(super) fn blocks<'a>(
    shown: impl Iterator<Item = (&'a SubjectReport, Vec<Alike<'a>>)>,
    view: View,
) -> Vec<Block<'a>> {
    let alone = shown
        .enumerate()
        .map(|(place, (subject, rows))| Block { subjects: vec![(place, subject)], rows, is_common: false })
        .collect();
    if view.verbose {
        return alone;
    }
    let (rest, common) = hoist(merged(alone));
    let mut blocks = common;
    blocks.extend(merged(rest));
    blocks.sort_by_cached_key(Block::rank);
    blocks
}

/// Puts together the subjects of one tier that have the same defects, in containers of whatever name, each where the
/// first of them stands.
fn merged(blocks: Vec<Block<'_>>) -> Vec<Block<'_>> {
    let mut merged: Vec<Block<'_>> = Vec::new();
    let mut known: BTreeMap<(Option<i32>, Vec<Likeness<'_>>), usize> = BTreeMap::new();
    for block in blocks {
        let level = block.subjects().next().and_then(|subject| subject.level);
        let likeness = (level, block.rows.iter().map(Alike::likeness).collect());
        if let Some(before) = known.get(&likeness).and_then(|index| merged.get_mut(*index)) {
            before.subjects.extend(block.subjects);
            before.rows.iter_mut().zip(&block.rows).for_each(|(known, row)| known.absorb(row));
        } else {
            known.insert(likeness, merged.len());
            merged.push(block);
        }
    }
    merged
}

/// Takes out of the blocks what many of them share. Gives what is left of them, and what was taken out.
fn hoist(blocks: Vec<Block<'_>>) -> (Vec<Block<'_>>, Vec<Block<'_>>) {
    let mut holders: BTreeMap<Kin<'_>, usize> = BTreeMap::new();
    for block in &blocks {
        let kins: BTreeSet<Kin<'_>> = block.rows.iter().map(Alike::kin).collect();
        for kin in kins {
            *holders.entry(kin).or_default() += 1;
        }
    }
    let is_common = |row: &Alike<'_>| holders.get(&row.kin()).is_some_and(|count| *count >= MANY);
    let mut taken: BTreeMap<Kin<'_>, Block<'_>> = BTreeMap::new();
    let mut rest = Vec::new();
    for mut block in blocks {
        for row in block.rows.extract_if(.., |row| is_common(row)) {
            let common = taken.entry(row.kin()).or_insert_with(|| Block {
                subjects: Vec::new(),
                rows: Vec::new(),
                is_common: true,
            });
            // A block that has several rows of one control is one holder of it.
            if common.subjects.last().map(|it| it.0) != block.subjects.last().map(|it| it.0) {
                common.subjects.extend(&block.subjects);
            }
            match common.rows.first_mut() {
                Some(first) => first.join(&row),
                None => common.rows.push(row),
            }
        }
        if !block.rows.is_empty() {
            rest.push(block);
        }
    }
    (rest, of_the_same(taken.into_values()))
}

/// Puts together what the same subjects share, if it is equally bad.
fn of_the_same<'a>(commons: impl Iterator<Item = Block<'a>>) -> Vec<Block<'a>> {
    let mut found: Vec<Block<'a>> = Vec::new();
    let mut known: BTreeMap<(Option<Severity>, Vec<usize>), usize> = BTreeMap::new();
    for common in commons {
        let severity = common.rows.first().and_then(Alike::open_severity);
        let key = (severity, common.places());
        if let Some(before) = known.get(&key).and_then(|index| found.get_mut(*index)) {
            before.rows.extend(common.rows);
        } else {
            known.insert(key, found.len());
            found.push(common);
        }
    }
    found.sort_by_key(|common| Reverse(common.subjects.len()));
    found
}
