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

use std::ops::Range;

use serde_json::Value;

use self::edit::Page;
use self::tree::Branch;
use crate::engine::control::Patch;
use crate::manifest::{self, Chunks, Document, Limits, Position};

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
    let mut results = Vec::new();
    for (wanted, place) in wanted.iter().zip(places) {
        let piece = place.and_then(|(piece, object)| Some((pieces.get_mut(piece)?, object)));
        results.push(
            piece.map_or(Err(Refusal::Lost), |(piece, object)| piece.patch(object, wanted.patch, limits)),
        );
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
    let mut pieces = Vec::new();
    for chunk in Chunks::new(text.as_bytes(), 1) {
        let range: Range<usize> = chunk.offset..chunk.offset + chunk.bytes.len();
        let text = text::part(text, range).to_owned();
        let (objects, others) = read(&text, limits);
        pieces.push(Piece { text, line: chunk.line, objects, others });
    }
    pieces
}

fn read(text: &str, limits: &Limits) -> (Vec<Read>, (usize, usize)) {
    let reading = manifest::read("", text.as_bytes(), limits);
    let object = |document: Document| Read { start: document.node.position, value: document.node.to_json() };
    let others = (reading.problems.len(), reading.skipped.len());
    (reading.documents.into_iter().map(object).collect(), others)
}

/// The piece and the object in it that begins at a place of the file.
fn find(pieces: &[Piece], start: Position) -> Option<(usize, usize)> {
    let place = pieces.iter().rposition(|piece| piece.line <= start.line)?;
    let piece = pieces.get(place)?;
    let within = Position { line: start.line - piece.line + 1, ..start };
    let object = piece.objects.iter().position(|object| object.start == within)?;
    Some((place, object))
}

impl Piece {
    /// Makes a patch, or leaves everything as it is.
    fn patch(&mut self, object: usize, patch: &Patch, limits: &Limits) -> Result<bool, Refusal> {
        let now = self.objects.get(object).ok_or(Refusal::Lost)?;
        let mut target = now.value.clone();
        target::apply(&mut target, patch).ok_or(Refusal::NoPlace)?;
        if target == now.value {
            return Ok(false);
        }
        let (mut start, mut value) = (now.start, now.value.clone());
        let mut text = self.text.clone();
        for _ in 0..MOST_EDITS {
            let root = Branch::parse(&text).ok_or(Refusal::Unread)?;
            let node = root.find(start).ok_or(Refusal::Unread)?;
            let changes = Page::new(&text, &root).step(node, &value, &target)?;
            text = edit::apply(&text, changes);
            let (objects, others) = read(&text, limits);
            let edited = objects.get(object).ok_or(Refusal::Unlike)?;
            if !self.agrees(&objects, others, object) {
                return Err(if root.is_shared() { Refusal::Shared } else { Refusal::Unlike });
            }
            if edited.value == target {
                *self = Self { text, objects, others, line: self.line };
                return Ok(true);
            }
            (start, value) = (edited.start, edited.value.clone());
        }
        Err(Refusal::Unlike)
    }

    /// Whether everything but one object is what it was.
    fn agrees(&self, objects: &[Read], others: (usize, usize), but: usize) -> bool {
        self.others == others
            && self.objects.len() == objects.len()
            && self
                .objects
                .iter()
                .zip(objects)
                .enumerate()
                .all(|(place, (before, after))| place == but || before.value == after.value)
    }
}
