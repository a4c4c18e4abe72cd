//! Builds a tree from the flat events of a parser, without recursion and within the limits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use super::scalar::Scalar;
use super::{Key, Limits, Malformed, Node, Position, Value};

/// Maps up to this size are searched for duplicate keys by comparing, larger ones by hashing.
const COMPARED: usize = 16;

/// Most documents have fewer items and entries open at a time.
const MOSTLY: usize = 32;

/// A tree in the making.
///
/// Items and entries of all open collections lie on two shared stacks, so that each collection is allocated once, at its
/// final size.
pub(crate) struct Builder<'a, 'l> {
    limits: &'l Limits,
    frames: Vec<Frame<'a>>,
    items: Vec<Node<'a>>,
    entries: Vec<(Key<'a>, Node<'a>)>,
    root: Option<Node<'a>>,
    /// What anchors stand for; nothing while the anchored value is still open.
    anchors: HashMap<usize, Option<Rc<Anchored<'a>>>>,
    nodes: usize,
    repeated_bytes: usize,
}

enum Frame<'a> {
    List { start: usize, position: Position, anchor: usize },
    Map { start: usize, position: Position, anchor: usize, pending: Pending<'a>, merges: Vec<Merge<'a>> },
}

/// What the next value of a map is.
enum Pending<'a> {
    /// A key.
    Nothing,
    /// The value of a key.
    Value(Key<'a>),
    /// What `<<` merges.
    Merge,
}

/// What `<<` merges, and after how many entries of its map.
struct Merge<'a> {
    after: usize,
    source: Node<'a>,
}

struct Anchored<'a> {
    node: Node<'a>,
    size: Size,
}

#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
    height: usize,
}

impl<'a, 'l> Builder<'a, 'l> {
    pub(crate) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            frames: Vec::new(),
            items: Vec::with_capacity(MOSTLY),
            entries: Vec::with_capacity(MOSTLY),
            root: None,
            anchors: HashMap::new(),
            nodes: 0,
            repeated_bytes: 0,
        }
    }

    /// The finished tree, if any value came.
    pub(crate) fn finish(self) -> Option<Node<'a>> {
        self.root
    }

    /// Whether the next scalar is a key.
    pub(crate) fn expects_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame::Map { pending: Pending::Nothing, .. }))
    }

    pub(crate) fn start_list(&mut self, position: Position, anchor: usize) -> Result<(), Malformed> {
        self.check_collection(position, "a list", anchor)?;
        self.frames.push(Frame::List { start: self.items.len(), position, anchor });
        Ok(())
    }

    pub(crate) fn start_map(&mut self, position: Position, anchor: usize) -> Result<(), Malformed> {
        self.check_collection(position, "a map", anchor)?;
        self.frames.push(Frame::Map {
            start: self.entries.len(),
            position,
            anchor,
            pending: Pending::Nothing,
            merges: Vec::new(),
        });
        Ok(())
    }

    fn check_collection(
        &mut self,
        position: Position,
        found: &'static str,
        anchor: usize,
    ) -> Result<(), Malformed> {
        if self.expects_key() {
            return Err(Malformed::KeyType { position, found });
        }
        let limit = self.limits.depth();
        if self.frames.len() >= limit {
            return Err(Malformed::TooDeep { position, limit });
        }
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        Ok(())
    }

    /// Ends the innermost collection.
    pub(crate) fn end(&mut self) -> Result<(), Malformed> {
        let (value, position, anchor) = match self.frames.pop() {
            Some(Frame::List { start, position, anchor }) => {
                (Value::List(self.items.drain(start..).collect()), position, anchor)
            }
            Some(Frame::Map { start, position, anchor, merges, .. }) => {
                let entries: Vec<_> = self.entries.drain(start..).collect();
                refuse_duplicates(&entries)?;
                let entries = if merges.is_empty() { entries } else { merged(entries, merges) };
                (Value::Map(entries), position, anchor)
            }
            None => return Ok(()),
        };
        self.value(Node { value, position }, anchor)
    }

    /// Takes `<<` as a key.
    pub(crate) fn merge_key(&mut self) {
        if let Some(Frame::Map { pending, .. }) = self.frames.last_mut() {
            *pending = Pending::Merge;
        }
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, text: Cow<'a, str>, position: Position) {
        if let Some(Frame::Map { pending, .. }) = self.frames.last_mut() {
            *pending = Pending::Value(Key { text, position });
        }
    }

    /// Takes a scalar or a finished collection, where a value is due.
    pub(crate) fn value(&mut self, node: Node<'a>, anchor: usize) -> Result<(), Malformed> {
        self.charge(1, node.position)?;
        if anchor != 0 {
            let size = measure(&node);
            self.charge_repeated(size, node.position)?;
            self.anchors.insert(anchor, Some(Rc::new(Anchored { node: node.clone(), size })));
        }
        self.place(node)
    }

    /// Takes the value of an anchor once more.
    pub(crate) fn alias(&mut self, anchor: usize, position: Position) -> Result<(), Malformed> {
        let Some(Some(anchored)) = self.anchors.get(&anchor).cloned() else {
            return Err(Malformed::AliasCycle { position });
        };
        if self.expects_key() {
            let key = alias_key(&anchored.node).map_err(|found| Malformed::KeyType { position, found })?;
            self.key(key, position);
            return Ok(());
        }
        let limit = self.limits.depth();
        if self.frames.len() + anchored.size.height > limit {
            return Err(Malformed::TooDeep { position, limit });
        }
        self.charge_repeated(anchored.size, position)?;
        self.place(anchored.node.clone())
    }

    /// Remembers what the anchor of a key stands for.
    pub(crate) fn anchor_key(&mut self, node: Node<'a>, anchor: usize) -> Result<(), Malformed> {
        let size = measure(&node);
        self.charge_repeated(size, node.position)?;
        self.anchors.insert(anchor, Some(Rc::new(Anchored { node, size })));
        Ok(())
    }

    fn place(&mut self, node: Node<'a>) -> Result<(), Malformed> {
        match self.frames.last_mut() {
            None => self.root = Some(node),
            Some(Frame::List { .. }) => self.items.push(node),
            Some(Frame::Map { start, pending, merges, .. }) => {
                match std::mem::replace(pending, Pending::Nothing) {
                    Pending::Value(key) => self.entries.push((key, node)),
                    Pending::Merge if is_mergeable(&node) => {
                        merges.push(Merge { after: self.entries.len() - *start, source: node });
                    }
                    Pending::Merge => return Err(Malformed::Merge { position: node.position }),
                    Pending::Nothing => {
                        return Err(Malformed::KeyType { position: node.position, found: "this value" });
                    }
                }
            }
        }
        Ok(())
    }

    fn charge(&mut self, nodes: usize, position: Position) -> Result<(), Malformed> {
        self.nodes = self.nodes.saturating_add(nodes);
        let limit = self.limits.nodes;
        if self.nodes > limit { Err(Malformed::TooManyNodes { position, limit }) } else { Ok(()) }
    }

    /// Copies cost like the real thing: the node count bounds their number, and the bytes of a document their text.
    fn charge_repeated(&mut self, size: Size, position: Position) -> Result<(), Malformed> {
        self.charge(size.nodes, position)?;
        self.repeated_bytes = self.repeated_bytes.saturating_add(size.bytes);
        let limit = self.limits.document_bytes;
        if self.repeated_bytes > limit { Err(Malformed::TooMuchText { position, limit }) } else { Ok(()) }
    }
}

fn is_mergeable(node: &Node<'_>) -> bool {
    match &node.value {
        Value::Map(_) => true,
        Value::List(items) => items.iter().all(|item| item.as_map().is_some()),
        _ => false,
    }
}

/// The key that an aliased value makes.
fn alias_key<'a>(node: &Node<'a>) -> Result<Cow<'a, str>, &'static str> {
    let scalar = match &node.value {
        Value::List(_) => return Err("a list"),
        Value::Map(_) => return Err("a map"),
        Value::Null => Scalar::Null,
        Value::Bool(value) => Scalar::Bool(*value),
        Value::Int(value) => Scalar::Int(*value),
        Value::UInt(value) => Scalar::UInt(*value),
        Value::Float(value) => Scalar::Float(*value),
        Value::String(text) => return Ok(text.clone()),
    };
    scalar.into_key("")
}

/// The size of a finished tree. Its depth is within the limit, and so is this recursion's.
fn measure(node: &Node<'_>) -> Size {
    let over = |sum: Size, inner: Size| Size {
        nodes: sum.nodes + inner.nodes,
        bytes: sum.bytes + inner.bytes,
        height: sum.height.max(inner.height + 1),
    };
    let one = Size { nodes: 1, ..Size::default() };
    match &node.value {
        Value::String(text) => Size { bytes: text.len(), ..one },
        Value::List(items) => items.iter().map(measure).fold(Size { height: 1, ..one }, over),
        Value::Map(entries) => entries.iter().fold(Size { height: 1, ..one }, |sum, (key, value)| {
            let sum = over(sum, measure(value));
            Size { bytes: sum.bytes + key.text.len(), ..sum }
        }),
        _ => one,
    }
}

fn refuse_duplicates(entries: &[(Key<'_>, Node<'_>)]) -> Result<(), Malformed> {
    let duplicate = if entries.len() <= COMPARED {
        entries.iter().enumerate().find_map(|(index, (key, _))| {
            let (first, _) = entries.iter().take(index).find(|(other, _)| other.text == key.text)?;
            Some((key, first.position))
        })
    } else {
        let mut seen: HashMap<&str, Position> = HashMap::with_capacity(entries.len());
        entries.iter().find_map(|(key, _)| Some((key, seen.insert(&key.text, key.position)?)))
    };
    match duplicate {
        None => Ok(()),
        Some((key, first)) => {
            Err(Malformed::DuplicateKey { position: key.position, key: key.text.to_string(), first })
        }
    }
}

/// The entries of a map that has `<<` keys.
///
/// A later one wins, whether a key or a merge brings it. YAML's own rule prefers the map's keys wherever they stand, but
/// goyaml v2 doesn't, and what `kubectl` sends is what runs.
fn merged<'a>(entries: Vec<(Key<'a>, Node<'a>)>, merges: Vec<Merge<'a>>) -> Vec<(Key<'a>, Node<'a>)> {
    let mut result = Overlay::default();
    let mut merges = merges.into_iter().peekable();
    for (index, (key, value)) in entries.into_iter().enumerate() {
        while let Some(merge) = merges.next_if(|merge| merge.after <= index) {
            result.merge(merge.source);
        }
        result.set(key, value);
    }
    for merge in merges {
        result.merge(merge.source);
    }
    result.entries
}

/// Entries in which a later value replaces an earlier one of the same key.
#[derive(Default)]
struct Overlay<'a> {
    entries: Vec<(Key<'a>, Node<'a>)>,
    index: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Overlay<'a> {
    fn set(&mut self, key: Key<'a>, value: Node<'a>) {
        if let Some(entry) = self.index.get(&key.text).and_then(|index| self.entries.get_mut(*index)) {
            *entry = (key, value);
        } else {
            self.index.insert(key.text.clone(), self.entries.len());
            self.entries.push((key, value));
        }
    }

    fn merge(&mut self, source: Node<'a>) {
        match source.value {
            Value::Map(entries) => {
                for (key, value) in entries {
                    self.set(key, value);
                }
            }
            // The first of a list wins, so it comes last.
            Value::List(items) => {
                for (key, value) in items.into_iter().rev().filter_map(into_map).flatten() {
                    self.set(key, value);
                }
            }
            _ => {}
        }
    }
}

fn into_map(node: Node<'_>) -> Option<Vec<(Key<'_>, Node<'_>)>> {
    match node.value {
        Value::Map(entries) => Some(entries),
        _ => None,
    }
}
