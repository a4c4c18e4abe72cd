//! The tree of a document as it is written: where each node stands, and in which style.

use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle};

use crate::manifest::Position;

/// Nesting beyond this is not edited. The reader refuses it too, unless its limits are raised.
const DEEPEST: usize = 128;

/// A node as it is written.
#[derive(Debug)]
pub(super) struct Branch {
    /// Its bytes. An empty node has none, and stands where the parser missed it.
    pub(super) span: Range<usize>,
    /// Where it begins, as the reader counts.
    pub(super) start: Position,
    /// Whether it has an anchor, so that other places may repeat it.
    pub(super) anchored: bool,
    /// Whether it has a tag.
    pub(super) tagged: bool,
    /// What it is.
    pub(super) content: Content,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Content {
    /// A scalar.
    Scalar(ScalarStyle),
    /// The value of an anchor once more.
    Alias,
    /// A list, and whether it stands in brackets.
    List(Vec<Branch>, Flow),
    /// A map, and whether it stands in braces.
    Map(Vec<Entry>, Flow),
}

/// Whether a collection stands in brackets or braces.
pub(super) type Flow = bool;

/// A key and its value.
#[derive(Debug)]
pub(super) struct Entry {
    /// The text of the key; none if it is an alias or a collection.
    pub(super) name: Option<String>,
    /// The key.
    pub(super) key: Branch,
    /// The value.
    pub(super) value: Branch,
}

impl Branch {
    /// The tree of a document's text; nothing if it is not one well-formed document.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut options = Options::default();
        options.set_emit_comments(false);
        options.flow_nesting_limit = DEEPEST + 1;
        options.block_nesting_limit = DEEPEST + 1;
        let mut events = Vec::new();
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.ok()?;
            let is_node = matches!(
                event,
                Event::Scalar(..)
                    | Event::Alias(_)
                    | Event::SequenceStart(..)
                    | Event::SequenceEnd
                    | Event::MappingStart(..)
                    | Event::MappingEnd
            );
            if is_node {
                events.push((event, span));
            }
        }
        let mut events = events.into_iter();
        let root = node(text, &mut events, 0)?.0;
        events.next().is_none().then_some(root)
    }

    /// The outermost map that begins at a place. A list may seem to begin where its first item does.
    pub(super) fn find(&self, start: Position) -> Option<&Self> {
        if self.start == start && matches!(self.content, Content::Map(..)) {
            return Some(self);
        }
        // Siblings stand in order: it can only be in the last that begins before it.
        let may_hold = |it: &&Self| it.is_collection() && it.start <= start;
        let within = match &self.content {
            Content::Map(entries, _) => entries.iter().map(|entry| &entry.value).rfind(may_hold),
            Content::List(items, _) => items.iter().rfind(may_hold),
            Content::Scalar(_) | Content::Alias => None,
        };
        within?.find(start)
    }

    fn is_collection(&self) -> bool {
        matches!(self.content, Content::Map(..) | Content::List(..))
    }

    /// Whether any part of it may be repeated elsewhere.
    pub(super) fn is_shared(&self) -> bool {
        self.anchored
            || match &self.content {
                Content::Map(entries, _) => entries.iter().any(|it| it.key.anchored || it.value.is_shared()),
                Content::List(items, _) => items.iter().any(Self::is_shared),
                Content::Alias => true,
                Content::Scalar(_) => false,
            }
    }

    /// Whether it is written as nothing at all.
    pub(super) fn is_blank(&self) -> bool {
        matches!(self.content, Content::Scalar(ScalarStyle::Plain)) && self.span.is_empty()
    }

    /// Whether it is written between brackets or braces.
    pub(super) fn is_flow(&self) -> bool {
        matches!(self.content, Content::Map(_, true) | Content::List(_, true))
    }
}

type Events<'t> = std::vec::IntoIter<(Event<'t>, Span)>;

/// The next node, with the text of a scalar. Nothing where a collection ends.
fn node(text: &str, events: &mut Events<'_>, depth: usize) -> Option<(Branch, Option<String>)> {
    let (event, span) = events.next()?;
    if depth > DEEPEST {
        return None;
    }
    let anchored = event.anchor_id().is_some();
    let tagged = event.tag().is_some();
    let range = span.byte_range()?;
    let count = |n: usize| u32::try_from(n).ok();
    let start =
        Position { line: count(span.start.line())?, column: count(span.start.col())?.checked_add(1)? };
    let branch = |span, content| Branch { span, start, anchored, tagged, content };
    Some(match event {
        Event::Scalar(name, style, ..) => (branch(range, Content::Scalar(style)), Some(name.into_owned())),
        Event::Alias(_) => (branch(range, Content::Alias), None),
        Event::SequenceStart(style, ..) => {
            let flow = style == StructureStyle::Flow;
            let (items, end) = items(text, events, depth)?;
            let inner = items.iter().rfind(|it| !it.span.is_empty()).map(|it| it.span.end);
            let end = if flow { end } else { inner.unwrap_or(range.end) };
            let start = if flow { range.start } else { first_dash(text, range.start, &items) };
            (branch(start..end, Content::List(items, flow)), None)
        }
        Event::MappingStart(style, ..) => {
            let flow = style == StructureStyle::Flow;
            let (entries, end) = entries(text, events, depth)?;
            let end = if flow { end } else { entries.last().map_or(range.end, Entry::end) };
            (branch(range.start..end, Content::Map(entries, flow)), None)
        }
        _ => return None,
    })
}

/// Where the first dash of a list stands. That of a list that is not indented the parser places elsewhere.
fn first_dash(text: &str, start: usize, items: &[Branch]) -> usize {
    if text.get(start..).is_some_and(|rest| rest.starts_with('-')) {
        return start;
    }
    let first = items.first().map_or(start, |item| item.span.start);
    text.get(..first).and_then(|before| before.rfind('-')).unwrap_or(start)
}

fn items(text: &str, events: &mut Events<'_>, depth: usize) -> Option<(Vec<Branch>, usize)> {
    let mut items = Vec::new();
    loop {
        if let Some((Event::SequenceEnd, span)) = events.as_slice().first() {
            let end = span.byte_range()?.end;
            events.next();
            return Some((items, end));
        }
        items.push(node(text, events, depth + 1)?.0);
    }
}

fn entries(text: &str, events: &mut Events<'_>, depth: usize) -> Option<(Vec<Entry>, usize)> {
    let mut entries = Vec::new();
    loop {
        if let Some((Event::MappingEnd, span)) = events.as_slice().first() {
            let end = span.byte_range()?.end;
            events.next();
            return Some((entries, end));
        }
        let (key, name) = node(text, events, depth + 1)?;
        let (value, _) = node(text, events, depth + 1)?;
        entries.push(Entry { name, key, value });
    }
}

impl Entry {
    /// Where the entry's text ends.
    pub(super) fn end(&self) -> usize {
        // An empty value may be placed at the next token, behind comments.
        if self.value.is_blank() { self.key.span.end } else { self.value.span.end }
    }
}
