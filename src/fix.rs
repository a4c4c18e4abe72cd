//! Patches made in the text of a manifest, without touching anything else in it.
//!
//! Comments, order, quotes, indentation and line breaks stay as they are, byte for byte: an edit inserts lines, changes
//! one scalar, or takes an entry out. After every patch the text is read again; unless the object is exactly what the
//! patch makes of it, and everything around it what it was, the patch is refused and the text stays as it is.
//!
//! Pure: bytes in, bytes out.

mod edit;
mod target;
#[cfg(test)]
mod tests;
mod text;
mod tree;

use std::collections::BTreeMap;

use serde_json::Value;
use similar::{DiffTag, TextDiff};

use self::edit::Page;
use self::tree::Branch;
use crate::engine::control::Patch;
use crate::manifest::{self, Chunk, Chunks, Document, Limits, Position};

/// More edits than this no patch takes.
const MOST_EDITS: usize = 64;

/// A patch, and the object that it is for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Where the object begins, as the reader says.
    pub start: Position,
    /// The patch.
    pub patch: &'a Patch,
}

/// Why a patch was not made. Reads on after "because".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Refusal {
    /// The text is no UTF-8, or not what was read before.
    #[error("the object is not found there any more")]
    Lost,
    /// The document's text is no single YAML document: a stream of JSON values, say.
    #[error("the document is not one of YAML or JSON alone")]
    Unread,
    /// The patch doesn't fit the object.
    #[error("the patch has no place in the object")]
    NoPlace,
    /// What would change is repeated elsewhere.
    #[error("an anchor, an alias or a merge key shares this part with another")]
    Shared,
    /// It has a tag.
    #[error("a tag says how to read this part")]
    Tagged,
    /// It would take a comment with it.
    #[error("a comment would be lost")]
    Comment,
    /// It is written in a way that can't be edited exactly.
    #[error("it is written in a way that can't be edited exactly")]
    Unlike,
}

/// A file with patches made.
#[derive(Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The file.
    pub bytes: Vec<u8>,
    /// What became of each patch, in order: whether it changed anything, or why it was not made.
    pub results: Vec<Result<bool, Refusal>>,
}

/// Makes patches in the text of a file, one after the other, each wholly or not at all.
#[must_use]
pub fn fix(bytes: &[u8], wanted: &[Wanted<'_>], limits: &Limits) -> Fixed {
    let (content, mark) = bytes.strip_prefix(b"\xEF\xBB\xBF").map_or((bytes, 0), |rest| (rest, 3));
    let refused = |refusal| Fixed { bytes: bytes.to_vec(), results: vec![Err(refusal); wanted.len()] };
    let Ok(text) = std::str::from_utf8(content) else { return refused(Refusal::Lost) };
    let mut pieces = pieces(text, limits);
    // Every object by its place before anything moves.
    let places: Vec<Option<(usize, usize)>> = wanted.iter().map(|it| find(&pieces, it.start)).collect();
    let mut results = vec![Err(Refusal::Lost); wanted.len()];
    for wave in waves(&places) {
        let Some(piece) = pieces.get_mut(wave.piece) else { continue };
        let patches: Vec<(usize, &Patch)> = wave
            .patches
            .iter()
            .filter_map(|(object, place)| Some((*object, wanted.get(*place)?.patch)))
            .collect();
        for ((_, place), result) in wave.patches.iter().zip(piece.patch(&patches, limits)) {
            if let Some(known) = results.get_mut(*place) {
                *known = result;
            }
        }
    }
    let mut fixed = bytes.get(..mark).unwrap_or_default().to_vec();
    for piece in &pieces {
        fixed.extend_from_slice(piece.text.as_bytes());
    }
    // The documents are still those of one file.
    let whole = manifest::read("", &fixed, limits);
    let parts = pieces.iter().flat_map(|piece| &piece.objects);
    if !whole
        .documents
        .iter()
        .map(|it| &it.node)
        .map(manifest::Node::to_json)
        .eq(parts.map(|it| it.value.clone()))
    {
        return refused(Refusal::Unlike);
    }
    Fixed { bytes: fixed, results }
}

/// Lines of a file, and what would stand in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The first of the lines, from 1.
    pub first: u32,
    /// How many there are; none where lines are only added before the first.
    pub lines: u32,
    /// Whether the last of them ends without a line break, as the last of a file may.
    pub open_end: bool,
    /// What would stand there, line breaks included.
    pub text: String,
}

/// What each patch by itself would change in a file; nothing where it changes nothing.
#[must_use]
pub fn edits(bytes: &[u8], wanted: &[Wanted<'_>], limits: &Limits) -> Vec<Result<Vec<Edit>, Refusal>> {
    // A byte order mark is part of no line.
    let content = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(content) else { return vec![Err(Refusal::Lost); wanted.len()] };
    let pieces = pieces(text, limits);
    let one = |it: &Wanted<'_>| {
        let (place, object) = find(&pieces, it.start).ok_or(Refusal::Lost)?;
        let piece = pieces.get(place).ok_or(Refusal::Lost)?;
        let (_, made) = piece.made(&[(object, it.patch)], limits)?;
        Ok(made.map_or_else(Vec::new, |made| piece.edits(&made.text)))
    };
    wanted.iter().map(one).collect()
}

/// The text of one document.
struct Piece {
    text: String,
    /// The line of the file that it begins on.
    line: u32,
    objects: Vec<Read>,
    /// How much of it could not be used.
    others: (usize, usize),
}

/// An object as the reader has it.
struct Read {
    start: Position,
    value: Value,
}

fn pieces(text: &str, limits: &Limits) -> Vec<Piece> {
    let piece = |chunk: Chunk<'_>| {
        let range = chunk.offset..chunk.offset + chunk.bytes.len();
        Piece::new(text::part(text, range).to_owned(), chunk.line, limits)
    };
    Chunks::new(text.as_bytes(), 1).map(piece).collect()
}

/// The piece and the object in it that begins at a place of the file.
fn find(pieces: &[Piece], start: Position) -> Option<(usize, usize)> {
    let place = pieces.iter().rposition(|piece| piece.line <= start.line)?;
    let piece = pieces.get(place)?;
    let within = Position { line: start.line - piece.line + 1, ..start };
    let object = piece.objects.iter().position(|object| object.start == within)?;
    Some((place, object))
}

/// Patches of different objects in one piece, that can be made together.
struct Wave {
    piece: usize,
    /// The object, and the place of its patch among all.
    patches: Vec<(usize, usize)>,
}

/// Puts patches into waves. Those of one object keep their order.
fn waves(places: &[Option<(usize, usize)>]) -> Vec<Wave> {
    let mut earlier: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let mut waves: BTreeMap<(usize, usize), Vec<(usize, usize)>> = BTreeMap::new();
    for (place, found) in places.iter().enumerate() {
        let Some((piece, object)) = *found else { continue };
        let turn = earlier.entry((piece, object)).or_default();
        waves.entry((piece, *turn)).or_default().push((object, place));
        *turn += 1;
    }
    waves.into_iter().map(|((piece, _), patches)| Wave { piece, patches }).collect()
}

impl Piece {
    /// Makes patches of different objects: all together, since reading takes long, or else one by one.
    fn patch(&mut self, patches: &[(usize, &Patch)], limits: &Limits) -> Vec<Result<bool, Refusal>> {
        if patches.len() > 1
            && let Ok(changed) = self.make(patches, limits)
        {
            return changed.into_iter().map(Ok).collect();
        }
        let one = |patch: &(usize, &Patch)| {
            let changed = self.make(std::slice::from_ref(patch), limits)?;
            Ok(changed.contains(&true))
        };
        patches.iter().map(one).collect()
    }

    /// Makes all of these patches, or leaves everything as it is. Says which change anything.
    fn make(&mut self, patches: &[(usize, &Patch)], limits: &Limits) -> Result<Vec<bool>, Refusal> {
        let (changed, made) = self.made(patches, limits)?;
        if let Some(made) = made {
            *self = made;
        }
        Ok(changed)
    }

    /// Which of these patches change anything, and the piece with all of them made, if one does.
    fn made(
        &self,
        patches: &[(usize, &Patch)],
        limits: &Limits,
    ) -> Result<(Vec<bool>, Option<Self>), Refusal> {
        let mut targets = BTreeMap::new();
        let mut changed = Vec::new();
        for (object, patch) in patches {
            let now = &self.objects.get(*object).ok_or(Refusal::Lost)?.value;
            let mut target = now.clone();
            target::apply(&mut target, patch).ok_or(Refusal::NoPlace)?;
            changed.push(target != *now);
            targets.insert(*object, target);
        }
        let made = if changed.contains(&true) { Some(self.reach(&targets, limits)?) } else { None };
        Ok((changed, made))
    }

    /// The lines of the file that differ from those of another text of this piece.
    fn edits(&self, other: &str) -> Vec<Edit> {
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let diff = TextDiff::from_lines(self.text.as_str(), other);
        let changes = diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
        changes
            .map(|op| {
                let (old, new) = (op.old_range(), op.new_range());
                let last = diff.old_slices().get(old.clone()).and_then(<[_]>::last);
                Edit {
                    first: self.line.saturating_add(number(old.start)),
                    lines: number(old.len()),
                    open_end: last.is_some_and(|line| !line.ends_with(['\n', '\r'])),
                    text: diff.new_slices().get(new).unwrap_or_default().concat(),
                }
            })
            .collect()
    }

    /// The piece with these objects as they are wanted, and all others as they are.
    fn reach(&self, targets: &BTreeMap<usize, Value>, limits: &Limits) -> Result<Self, Refusal> {
        let mut now = Self::new(self.text.clone(), self.line, limits);
        for _ in 0..MOST_EDITS {
            let root = Branch::parse(&now.text).ok_or(Refusal::Unread)?;
            let page = Page::new(&now.text, &root);
            let mut changes = Vec::new();
            for (object, target) in targets {
                let read = now.objects.get(*object).ok_or(Refusal::Unlike)?;
                if read.value != *target {
                    let node = root.find(read.start).ok_or(Refusal::Unread)?;
                    changes.extend(page.step(node, &read.value, target)?);
                }
            }
            if changes.is_empty() {
                return Ok(now);
            }
            now = Self::new(edit::apply(&now.text, changes), self.line, limits);
            if !self.agrees(&now, targets) {
                return Err(if root.is_shared() { Refusal::Shared } else { Refusal::Unlike });
            }
        }
        Err(Refusal::Unlike)
    }

    fn new(text: String, line: u32, limits: &Limits) -> Self {
        let reading = manifest::read("", text.as_bytes(), limits);
        let others = (reading.problems.len(), reading.skipped.len());
        let object =
            |document: Document<'_>| Read { start: document.node.position, value: document.node.to_json() };
        let objects = reading.documents.into_iter().map(object).collect();
        Self { text, line, objects, others }
    }

    /// Whether everything but some objects is what it was.
    fn agrees(&self, now: &Self, but: &BTreeMap<usize, Value>) -> bool {
        self.others == now.others
            && self.objects.len() == now.objects.len()
            && self
                .objects
                .iter()
                .zip(&now.objects)
                .enumerate()
                .all(|(place, (before, after))| but.contains_key(&place) || before.value == after.value)
    }
}
