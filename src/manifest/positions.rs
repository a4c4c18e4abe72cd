//! The places of a tree, in sixteen bytes a node, for when the tree itself is gone.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Node, Position, Segment, Value};

/// The distinct keys of many trees, each with a number. Manifests have few: a table for a whole run stays small.
///
/// Threads may share it.
#[derive(Debug, Default)]
pub struct Keys {
    numbers: RwLock<HashMap<Box<str>, u32>>,
}

impl Keys {
    /// The number of a key, if any tree has it.
    fn number(&self, key: &str) -> Option<u32> {
        self.numbers.read().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }
}

/// The places of one tree.
///
/// For each value the index keeps the place that an editor should show: a map's or list's key, because `securityContext:`
/// says more than the first line under it; a scalar itself; and an item of a list where the item begins.
#[derive(Debug, Clone)]
pub struct Positions {
    keys: Arc<Keys>,
    entries: Box<[Entry]>,
}

/// One value, in the order in which they stand in the file.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The number of its key, or [`ITEM`].
    key: u32,
    /// The entry after its last descendant.
    end: u32,
    line: u32,
    column: u32,
}

/// In place of a key's number: the item of a list, or the whole tree.
const ITEM: u32 = u32::MAX;

impl Positions {
    /// The places of a tree. Its keys are numbered by a table that other trees may share.
    #[must_use]
    pub fn new(root: &Node<'_>, keys: &Arc<Keys>) -> Self {
        let mut entries = Vec::new();
        // Most trees have no key that others don't have, too: threads that only read the table don't wait for one
        // another.
        let known = {
            let numbers = keys.numbers.read().unwrap_or_else(PoisonError::into_inner);
            collect(root, ITEM, root.position, &mut |key| numbers.get(key).copied(), &mut entries)
        };
        if known.is_none() {
            entries.clear();
            let mut numbers = keys.numbers.write().unwrap_or_else(PoisonError::into_inner);
            collect(root, ITEM, root.position, &mut |key| Some(number(&mut numbers, key)), &mut entries);
        }
        Self { keys: Arc::clone(keys), entries: entries.into_boxed_slice() }
    }

    /// The place to show for a path: that of its end, or of the nearest ancestor that exists.
    ///
    /// A finding about what is missing is thus shown at the key of the map that lacks it, or where the list's item begins
    /// that does.
    #[must_use]
    pub fn lookup(&self, path: &[Segment<'_>]) -> Position {
        let mut at = 0;
        for segment in path {
            let Some(child) = self.child(at, *segment) else {
                break;
            };
            at = child;
        }
        let entry = self.entries.get(at);
        entry.map_or(Position::START, |entry| Position { line: entry.line, column: entry.column })
    }

    /// How many values the tree has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the tree has no values; no tree is like that.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn child(&self, parent: usize, segment: Segment<'_>) -> Option<usize> {
        let end = self.entries.get(parent)?.end as usize;
        let (wanted, mut skip) = match segment {
            Segment::Key(key) => (self.keys.number(key)?, 0),
            Segment::Index(index) => (ITEM, index),
        };
        let mut at = parent + 1;
        while at < end {
            let entry = self.entries.get(at)?;
            if entry.key == wanted {
                if skip == 0 {
                    return Some(at);
                }
                skip -= 1;
            }
            at = entry.end as usize;
        }
        None
    }
}

/// Adds a value and its descendants; stops at a key that has no number. The depth of a tree is within the reader's limit,
/// and so is this recursion's.
fn collect(
    node: &Node<'_>,
    key: u32,
    place: Position,
    number: &mut impl FnMut(&str) -> Option<u32>,
    entries: &mut Vec<Entry>,
) -> Option<()> {
    let at = entries.len();
    entries.push(Entry { key, end: 0, line: place.line, column: place.column });
    match &node.value {
        Value::List(items) => {
            for item in items {
                collect(item, ITEM, item.position, number, entries)?;
            }
        }
        Value::Map(map) => {
            for (key, value) in map {
                let place = match &value.value {
                    Value::List(_) | Value::Map(_) | Value::Null => key.position,
                    _ => value.position,
                };
                let key = number(&key.text)?;
                collect(value, key, place, number, entries)?;
            }
        }
        _ => {}
    }
    let end = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    entries.get_mut(at)?.end = end;
    Some(())
}

fn number(numbers: &mut HashMap<Box<str>, u32>, key: &str) -> u32 {
    if let Some(number) = numbers.get(key) {
        return *number;
    }
    let number = u32::try_from(numbers.len()).unwrap_or(ITEM);
    numbers.insert(key.into(), number);
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Limits, yaml};

    const POD: &str = "\
kind: Pod
spec:
  hostNetwork: true
  volumes: []
  securityContext:
  containers:
    - name: a
      image: b
      securityContext:
        runAsUser: 0
    - name: c
      args: [x, {k: v}]
";

    fn positions(text: &str, keys: &Arc<Keys>) -> Positions {
        Positions::new(&yaml::parse(text, &Limits::default()).unwrap().unwrap(), keys)
    }

    #[test]
    fn a_path_leads_to_the_line_that_a_reader_wants_to_see() {
        use Segment::{Index, Key};
        let found = positions(POD, &Arc::default());
        for (path, place) in [
            (vec![], "1:1"),
            (vec![Key("metadata"), Key("name")], "1:1"),
            (vec![Key("spec")], "2:1"),
            (vec![Key("spec"), Key("hostPID")], "2:1"),
            (vec![Key("spec"), Key("hostNetwork")], "3:16"),
            (vec![Key("spec"), Key("volumes"), Index(0)], "4:3"),
            (vec![Key("spec"), Key("securityContext"), Key("fsGroup")], "5:3"),
            (vec![Key("spec"), Key("containers")], "6:3"),
            (vec![Key("spec"), Key("containers"), Index(0), Key("image")], "8:14"),
            (vec![Key("spec"), Key("containers"), Index(0), Key("securityContext")], "9:7"),
            (
                vec![Key("spec"), Key("containers"), Index(0), Key("securityContext"), Key("privileged")],
                "9:7",
            ),
            (
                vec![Key("spec"), Key("containers"), Index(0), Key("securityContext"), Key("runAsUser")],
                "10:20",
            ),
            (
                vec![Key("spec"), Key("containers"), Index(1), Key("securityContext"), Key("privileged")],
                "11:7",
            ),
            (vec![Key("spec"), Key("containers"), Index(1), Key("args"), Index(1), Key("k")], "12:21"),
            (vec![Key("spec"), Key("containers"), Index(7), Key("image")], "6:3"),
            (vec![Key("spec"), Index(0)], "2:1"),
        ] {
            assert_eq!(found.lookup(&path).to_string(), place, "{path:?}");
        }
    }

    #[test]
    fn trees_share_one_table_of_keys() {
        let keys = Arc::default();
        let (first, second) = (positions("a: {b: 1}", &keys), positions("b:\n  a: 1\n  c: 2", &keys));
        assert_eq!(keys.numbers.read().unwrap().len(), 3);
        assert_eq!(first.lookup(&[Segment::Key("a"), Segment::Key("b")]).to_string(), "1:8");
        assert_eq!(second.lookup(&[Segment::Key("b"), Segment::Key("c")]).to_string(), "3:6");
        assert_eq!(second.lookup(&[Segment::Key("c")]).to_string(), "1:1");
    }

    #[test]
    fn an_entry_takes_sixteen_bytes() {
        assert_eq!(size_of::<Entry>(), 16);
        assert_eq!(positions(POD, &Arc::default()).len(), 18);
    }
}
