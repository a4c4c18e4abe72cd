//! Where an object stands, and every field of it.

use std::sync::Arc;

use crate::facts::{Path, Step};
use crate::manifest::{Keys, Node, Position, Positions, Segment};

/// Where an object stands, and every field of it.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The name of the file.
    pub file: Arc<str>,
    positions: Positions,
}

impl Origin {
    /// The places of an object's tree.
    #[must_use]
    pub fn new(file: Arc<str>, node: &Node<'_>, keys: &Arc<Keys>) -> Self {
        Self { file, positions: Positions::new(node, keys) }
    }

    /// Where the object begins.
    #[must_use]
    pub fn start(&self) -> Position {
        self.positions.lookup(&[])
    }

    /// The place of a field, or of the nearest ancestor that is there.
    #[must_use]
    pub fn locate(&self, path: &Path) -> Position {
        let segments: Vec<Segment<'_>> = path
            .steps()
            .iter()
            .map(|step| match step {
                Step::Key(key) => Segment::Key(key),
                Step::Index(index) => Segment::Index(*index),
            })
            .collect();
        self.positions.lookup(&segments)
    }

    /// The same for a path as messages write it: `spec.controls[2].parameters.registries`.
    #[must_use]
    pub fn locate_written(&self, path: &str) -> Position {
        self.positions.lookup(&segments(path))
    }
}

/// The steps of a written path. What stands in brackets is a position if it is a number, and else a key.
fn segments(path: &str) -> Vec<Segment<'_>> {
    let mut segments = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some((inside, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let key = inside.trim_matches('"');
            segments.push(inside.parse().map_or(Segment::Key(key), Segment::Index));
            rest = after;
        } else {
            let end = rest.find(['.', '[']).filter(|end| *end > 0).unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            segments.push(Segment::Key(key));
            rest = after;
        }
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_path_is_taken_apart() {
        use Segment::{Index, Key};
        assert_eq!(
            segments("spec.controls[2].parameters.registries[0]"),
            [Key("spec"), Key("controls"), Index(2), Key("parameters"), Key("registries"), Index(0)]
        );
        assert_eq!(
            segments("metadata.labels[example.com/a].x"),
            [Key("metadata"), Key("labels"), Key("example.com/a"), Key("x")]
        );
        assert_eq!(segments(""), []);
        for odd in ["[", "]", "..", "a[", "[]", ".a"] {
            assert!(!segments(odd).is_empty(), "{odd}");
        }
    }
}
