//! The places of a tree, in a few bytes a value, for when the tree itself is gone.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Node, Position, Segment, Value};

/// The distinct keys of many trees, each with a number. Manifests have few: a table for a whole run stays small.
///
/// Threads may share it.
#[derive(Debug, Default)]
pub struct Keys {
    numbers: RwLock<Numbers>,
}

/// Every key of every tree is looked up, so the hash is a fast one; it is seeded anew for each table.
type Numbers = HashMap<Box<str>, u32, foldhash::fast::RandomState>;

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
    /// One value after the other, in the order in which they stand in the file. Each is a row of numbers, most of which
    /// take one byte: see [`collect`] and [`Entry::read`].
    bytes: Box<[u8]>,
}

/// One value.
#[derive(Debug, Clone)]
struct Entry {
    /// The number of its key; none for the item of a list and the whole tree.
    key: Option<u32>,
    place: Position,
    /// Where its descendants are; the next value is after them.
    inside: Range<usize>,
}

/// How many bytes say how many bytes the descendants of a list or map take.
const SIZE: usize = size_of::<u32>();

impl Positions {
    /// The places of a tree. Its keys are numbered by a table that other trees may share.
    #[must_use]
    pub fn new(root: &Node<'_>, keys: &Arc<Keys>) -> Self {
        let mut bytes = Vec::new();
        // Most trees have no key that others don't have, too: threads that only read the table don't wait for one
        // another.
        let known = {
            let numbers = keys.numbers.read().unwrap_or_else(PoisonError::into_inner);
            let mut number = |key: &str| numbers.get(key).copied();
            collect(root, 0, (root.position, 0), &mut number, &mut bytes)
        };
        if known.is_none() {
            bytes.clear();
            let mut numbers = keys.numbers.write().unwrap_or_else(PoisonError::into_inner);
            let mut number = |key: &str| Some(number(&mut numbers, key));
            collect(root, 0, (root.position, 0), &mut number, &mut bytes);
        }
        Self { keys: Arc::clone(keys), bytes: bytes.into_boxed_slice() }
    }

    /// The place to show for a path: that of its end, or of the nearest ancestor that exists.
    ///
    /// A finding about what is missing is thus shown at the key of the map that lacks it, or where the list's item begins
    /// that does.
    #[must_use]
    pub fn lookup(&self, path: &[Segment<'_>]) -> Position {
        let Some(mut found) = Entry::read(&self.bytes, 0, 0) else {
            return Position::START;
        };
        for segment in path {
            let Some(child) = self.child(&found, *segment) else {
                break;
            };
            found = child;
        }
        found.place
    }

    fn child(&self, parent: &Entry, segment: Segment<'_>) -> Option<Entry> {
        let (wanted, mut skip) = match segment {
            Segment::Key(key) => (Some(self.keys.number(key)?), 0),
            Segment::Index(index) => (None, index),
        };
        let mut at = parent.inside.start;
        while at < parent.inside.end {
            let entry = Entry::read(&self.bytes, at, parent.place.line)?;
            at = entry.inside.end;
            if entry.key == wanted {
                if skip == 0 {
                    return Some(entry);
                }
                skip -= 1;
            }
        }
        None
    }
}

impl Entry {
    /// Reads what [`collect`] wrote.
    fn read(bytes: &[u8], mut at: usize, line_before: u32) -> Option<Self> {
        let head = take(bytes, &mut at)?;
        let line = i64::from(line_before) + unfold(take(bytes, &mut at)?);
        let column = take(bytes, &mut at)?;
        let mut inside = at..at;
        if head & 1 == 1 {
            let size = bytes.get(at..at + SIZE)?.first_chunk().copied().map(u32::from_le_bytes)?;
            inside = at + SIZE..at + SIZE + size as usize;
        }
        let narrow = |number: u64| u32::try_from(number).ok();
        let place = Position { line: u32::try_from(line).ok()?, column: narrow(column)? };
        Some(Self { key: narrow(head >> 1)?.checked_sub(1), place, inside })
    }
}

/// Adds a value and its descendants; stops at a key that has no number. The depth of a tree is within the reader's limit,
/// and so is this recursion's.
///
/// A value is its key's number and whether it has descendants, the lines from the value around it, its column, and the
/// bytes of its descendants.
fn collect(
    node: &Node<'_>,
    key: u64,
    (place, line_before): (Position, u32),
    number: &mut impl FnMut(&str) -> Option<u32>,
    bytes: &mut Vec<u8>,
) -> Option<()> {
    let holds = match &node.value {
        Value::List(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
        _ => false,
    };
    put(bytes, key << 1 | u64::from(holds));
    put(bytes, fold(i64::from(place.line) - i64::from(line_before)));
    put(bytes, u64::from(place.column));
    if !holds {
        return Some(());
    }
    let at = bytes.len();
    bytes.extend([0; SIZE]);
    match &node.value {
        Value::List(items) => {
            for item in items {
                collect(item, 0, (item.position, place.line), number, bytes)?;
            }
        }
        Value::Map(entries) => {
            for (key, value) in entries {
                let at = match &value.value {
                    Value::List(_) | Value::Map(_) | Value::Null => key.position,
                    _ => value.position,
                };
                let key = u64::from(number(&key.text)?) + 1;
                collect(value, key, (at, place.line), number, bytes)?;
            }
        }
        _ => {}
    }
    let size = u32::try_from(bytes.len() - at - SIZE).unwrap_or(u32::MAX);
    bytes.get_mut(at..at + SIZE)?.copy_from_slice(&size.to_le_bytes());
    Some(())
}

/// Writes a number, seven bits a byte; all but its last have the eighth.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

/// Reads what [`put`] wrote.
fn take(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// A number with a sign as one without, so that small ones stay small: what an alias repeats stands before it.
fn fold(number: i64) -> u64 {
    number.unsigned_abs() << 1 | u64::from(number < 0)
}

/// What [`fold`] folded.
fn unfold(folded: u64) -> i64 {
    let number = (folded >> 1).cast_signed();
    if folded & 1 == 1 { -number } else { number }
}

fn number(numbers: &mut Numbers, key: &str) -> u32 {
    if let Some(number) = numbers.get(key) {
        return *number;
    }
    let number = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
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
    fn a_value_takes_a_few_bytes() {
        let found = positions(POD, &Arc::default());
        assert_eq!(found.bytes.len(), 18 * 3 + 8 * SIZE);
    }

    #[test]
    fn a_value_may_stand_far_from_what_holds_it_or_before_it() {
        use Segment::{Index, Key};
        let text = format!("a: &x {{k: v}}\nb:\n{}  - *x\n  - {}y\n", "\n".repeat(70_000), " ".repeat(300));
        let found = positions(&text, &Arc::default());
        assert_eq!(found.lookup(&[Key("b"), Index(0), Key("k")]).to_string(), "1:11");
        assert_eq!(found.lookup(&[Key("b"), Index(1)]).to_string(), "70004:305");
    }

    #[test]
    fn numbers_come_back_as_they_went() {
        for number in [0, 1, -1, 63, -64, 64, 8191, -8192, i64::from(u32::MAX), -i64::from(u32::MAX)] {
            let mut bytes = Vec::new();
            put(&mut bytes, fold(number));
            let mut at = 0;
            assert_eq!(take(&bytes, &mut at).map(unfold), Some(number));
            assert_eq!(at, bytes.len());
        }
        assert_eq!(take(&[0x80], &mut 0), None);
    }
}
