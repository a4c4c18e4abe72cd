//! The first difference between what is written and what is wanted, as changes to the text.

use std::ops::Range;

use granit_parser::ScalarStyle;
use serde_json::{Map, Value};

use super::Refusal;
use super::text::{self, Layout, Quotes, part};
use super::tree::{Branch, Content, Entry};

/// Keys that are put behind another that they are about, rather than behind all.
const BESIDE: [(&str, &str); 1] = [("imagePullPolicy", "image")];

/// Text in place of a range of bytes.
pub(super) type Change = (Range<usize>, String);

/// What is written, and how.
#[derive(Clone, Copy)]
pub(super) struct Page<'t> {
    pub(super) text: &'t str,
    pub(super) layout: Layout,
    /// How what has no siblings is quoted.
    pub(super) quotes: Quotes,
}

impl<'t> Page<'t> {
    pub(super) fn new(text: &'t str, root: &Branch) -> Self {
        let quotes = match &root.content {
            Content::Map(entries, true) => entries.first().map_or(Quotes::Needed, |it| quotes(text, it)),
            _ => Quotes::Needed,
        };
        Self { text, layout: Layout::of(text, root), quotes }
    }

    /// The changes that remove the first difference between a node and what is wanted of it. `have` is what the reader
    /// makes of the node.
    pub(super) fn step(self, node: &Branch, have: &Value, want: &Value) -> Result<Vec<Change>, Refusal> {
        match (&node.content, have, want) {
            (Content::Alias, ..) => Err(Refusal::Shared),
            _ if node.tagged => Err(Refusal::Tagged),
            (Content::Map(entries, _), Value::Object(have), Value::Object(want)) => {
                self.map(node, entries, have, want)
            }
            (Content::List(items, _), Value::Array(have), Value::Array(want)) => {
                self.list(node, items, have, want)
            }
            (Content::Scalar(style), ..) => self.scalar(node, *style, want),
            _ => Err(Refusal::Unlike),
        }
    }

    fn map(
        self,
        node: &Branch,
        entries: &[Entry],
        have: &Map<String, Value>,
        want: &Map<String, Value>,
    ) -> Result<Vec<Change>, Refusal> {
        let place = |name: &str| entries.iter().position(|it| it.name.as_deref() == Some(name));
        for (name, wanted) in want {
            let Some(had) = have.get(name) else { return self.insert(node, entries, name, wanted) };
            if had == wanted {
                continue;
            }
            let entry = place(name).and_then(|place| entries.get(place)).ok_or(Refusal::Shared)?;
            let blank = entry.value.is_blank() || had.is_null() || is_hollow(&entry.value);
            return if blank && !node.is_flow() {
                self.fill(entry, had, wanted)
            } else if entry.value.is_blank() {
                Err(Refusal::Unlike)
            } else {
                self.step(&entry.value, had, wanted)
            };
        }
        let surplus = have.keys().find(|name| !want.contains_key(*name)).ok_or(Refusal::Unlike)?;
        let place = place(surplus).ok_or(Refusal::Shared)?;
        let spans: Vec<Range<usize>> = entries.iter().map(|it| it.key.span.start..it.end()).collect();
        self.remove(&spans, place, node.is_flow())
    }

    fn list(
        self,
        node: &Branch,
        items: &[Branch],
        have: &[Value],
        want: &[Value],
    ) -> Result<Vec<Change>, Refusal> {
        let pairs = items.iter().zip(have).zip(want);
        for ((item, had), wanted) in pairs {
            if had != wanted {
                return self.step(item, had, wanted);
            }
        }
        let spans: Vec<Range<usize>> = items.iter().map(|it| it.span.clone()).collect();
        match want.get(have.len()) {
            None => self.remove(&spans, want.len(), node.is_flow()),
            Some(wanted) if node.is_flow() => {
                let value = |quotes| text::inline(wanted, quotes);
                Ok(self.insert_in_flow(node, &spans, self.quotes, &|quotes, _| value(quotes)))
            }
            Some(wanted) => {
                let indent = text::column(self.text, node.span.start);
                let lines = text::item(wanted, indent, self.quotes, self.layout);
                let at = self.without_space(spans.last().ok_or(Refusal::Unlike)?.end);
                Ok(vec![self.lines_after(at, indent, &lines)])
            }
        }
    }

    /// A new entry of a map, behind the one that it is about or behind all others.
    fn insert(
        self,
        node: &Branch,
        entries: &[Entry],
        name: &str,
        value: &Value,
    ) -> Result<Vec<Change>, Refusal> {
        let quotes = entries.first().map_or(self.quotes, |first| quotes(self.text, first));
        if node.is_flow() {
            let spans: Vec<Range<usize>> = entries.iter().map(|it| it.key.span.start..it.end()).collect();
            let entry = |quotes, indent: Option<&str>| {
                let value = match indent {
                    Some(indent) => text::spread(value, indent, quotes, self.layout),
                    None => text::inline(value, quotes),
                };
                let colon = if quotes == Quotes::Compact { ":" } else { ": " };
                format!("{}{colon}{value}", text::scalar(name, quotes))
            };
            return Ok(self.insert_in_flow(node, &spans, quotes, &entry));
        }
        let first = entries.first().ok_or(Refusal::Unlike)?;
        let indent = text::column(self.text, first.key.span.start);
        let lines = text::block(name, value, indent, quotes, self.layout);
        let about = BESIDE.iter().find(|(new, _)| *new == name).map(|(_, about)| *about);
        let beside = entries.iter().find(|it| it.name.is_some() && it.name.as_deref() == about);
        let last = entries.last().ok_or(Refusal::Unlike)?;
        // Comments at the margin of a map are about what follows them, unless nothing does.
        let indent = if beside.is_some_and(|it| it.end() != last.end()) { indent + 1 } else { indent };
        Ok(vec![self.lines_after(self.end(beside.unwrap_or(last)), indent, &lines)])
    }

    /// Where an entry's text ends, the colon of an empty one included.
    fn end(self, entry: &Entry) -> usize {
        let end = entry.end();
        if entry.value.is_blank() { self.colon(entry).unwrap_or(end) } else { self.without_space(end) }
    }

    /// The end without the line breaks that belong to a block scalar.
    fn without_space(self, end: usize) -> usize {
        part(self.text, 0..end).trim_end().len()
    }

    /// Where the value of an entry may begin: after its colon.
    fn colon(self, entry: &Entry) -> Option<usize> {
        let end = entry.key.span.end;
        let rest = part(self.text, end..self.text.len());
        let colon = rest.find(':').filter(|at| part(rest, 0..*at).trim().is_empty())?;
        Some(end + colon + 1)
    }

    /// A value for a key in block style that has none, `null`, or an empty collection.
    fn fill(self, entry: &Entry, had: &Value, value: &Value) -> Result<Vec<Change>, Refusal> {
        let colon = self.colon(entry).ok_or(Refusal::Unlike)?;
        let blank = entry.value.is_blank();
        let own_line = !blank
            && text::line_start(self.text, entry.value.span.start) > text::line_start(self.text, colon);
        let wide = matches!(value, Value::Object(fields) if !fields.is_empty())
            || matches!(value, Value::Array(items) if !items.is_empty());
        if entry.value.tagged || own_line {
            return if had.is_null() { Err(Refusal::Unlike) } else { self.step(&entry.value, had, value) };
        }
        let written = if blank { colon..colon } else { entry.value.span.clone() };
        if !wide {
            let space = if blank { " " } else { "" };
            return Ok(vec![(written, format!("{space}{}", text::inline(value, self.quotes)))]);
        }
        let indent = text::column(self.text, entry.key.span.start);
        let quotes = quotes(self.text, entry);
        let lines = text::block("", value, indent, quotes, self.layout);
        // The anchor of the value, if it has one, stays with the key.
        let before = part(self.text, colon..written.start).trim_end().len();
        let clear = colon + before..written.end;
        let own = lines.get(1..).unwrap_or_default();
        let mut changes = vec![self.lines_after(written.end, indent + 1, own)];
        if !clear.is_empty() {
            changes.push((clear, String::new()));
        }
        Ok(changes)
    }

    /// Another scalar in the place of one.
    fn scalar(self, node: &Branch, style: ScalarStyle, value: &Value) -> Result<Vec<Change>, Refusal> {
        let written = part(self.text, node.span.clone());
        let text = match (style, value) {
            (ScalarStyle::Literal, Value::String(text)) if text::is_block(text) => {
                return self.literal(node, text);
            }
            (ScalarStyle::Literal | ScalarStyle::Folded, _) => return Err(Refusal::Unlike),
            _ if node.span.is_empty() || written.contains(['\n', '\r']) => return Err(Refusal::Unlike),
            (ScalarStyle::SingleQuoted, Value::String(text)) if !text.contains('\'') => format!("'{text}'"),
            (ScalarStyle::DoubleQuoted, value) => text::inline(value, Quotes::Double),
            (_, value) => text::inline(value, self.quotes),
        };
        Ok(vec![(node.span.clone(), text)])
    }

    /// Other lines in the place of those after a `|`, indented as they are.
    fn literal(self, node: &Branch, text: &str) -> Result<Vec<Change>, Refusal> {
        let start = node.span.start;
        let indent = part(self.text, text::line_start(self.text, start)..start);
        if !indent.trim().is_empty() {
            return Err(Refusal::Unlike);
        }
        let between = format!("{}{indent}", self.layout.line_break);
        let lines: Vec<&str> = text.lines().collect();
        Ok(vec![(start..self.without_space(node.span.end), lines.join(&between))])
    }

    /// A new item or entry in brackets or braces, behind the last.
    fn insert_in_flow(
        self,
        node: &Branch,
        spans: &[Range<usize>],
        quotes: Quotes,
        render: &dyn Fn(Quotes, Option<&str>) -> String,
    ) -> Vec<Change> {
        let Some(last) = spans.last() else {
            return vec![(node.span.start + 1..node.span.start + 1, render(quotes, None))];
        };
        let after = part(self.text, last.end..node.span.end);
        let comma = after.trim_start().starts_with(',');
        let stands_alone = text::opens_line(self.text, last.start)
            && text::line_start(self.text, last.start) > node.span.start;
        if !stands_alone {
            let separator = if quotes == Quotes::Compact { "," } else { ", " };
            return vec![(last.end..last.end, format!("{separator}{}", render(quotes, None)))];
        }
        let indent = part(self.text, text::line_start(self.text, last.start)..last.start);
        let line = render(quotes, Some(indent));
        let line_break = self.layout.line_break;
        let end = text::line_end(self.text, last.end);
        if end >= node.span.end {
            // What closes the collection stands on the same line.
            return vec![(last.end..last.end, format!(",{line_break}{indent}{line}"))];
        }
        let (separator, closing) = if comma { ("", ",") } else { (",", "") };
        if end == last.end {
            return vec![(end..end, format!("{separator}{line_break}{indent}{line}{closing}"))];
        }
        let mut changes = vec![(end..end, format!("{line_break}{indent}{line}{closing}"))];
        if !comma {
            changes.push((last.end..last.end, separator.to_owned()));
        }
        changes
    }

    /// Without one of several items or entries.
    fn remove(self, spans: &[Range<usize>], place: usize, flow: bool) -> Result<Vec<Change>, Refusal> {
        let span = spans.get(place).filter(|_| spans.len() > 1).ok_or(Refusal::Unlike)?;
        let range = if flow {
            match (place.checked_sub(1).and_then(|before| spans.get(before)), spans.get(place + 1)) {
                (Some(before), _) => before.end..span.end,
                (None, Some(after)) => span.start..after.start,
                (None, None) => return Err(Refusal::Unlike),
            }
        } else {
            let start = text::line_start(self.text, span.start);
            let before = part(self.text, start..span.start).trim();
            if !before.is_empty() && before != "-"
                || spans.iter().any(|it| *it != *span && it.start >= start && it.start < span.end)
            {
                return Err(Refusal::Unlike);
            }
            start..text::next_line(self.text, text::line_end(self.text, self.without_space(span.end)))
        };
        if part(self.text, range.clone()).contains('#') {
            return Err(Refusal::Comment);
        }
        Ok(vec![(range, String::new())])
    }

    /// Lines behind the line that holds a byte, and behind comments below it that are indented by at least so much.
    fn lines_after(self, at: usize, indent: usize, lines: &[String]) -> Change {
        let end = text::after_comments(self.text, text::line_end(self.text, at), indent);
        let text: String = lines.iter().flat_map(|line| [self.layout.line_break, line]).collect();
        (end..end, text)
    }
}

/// Whether a value is `{}` or `[]`.
fn is_hollow(value: &Branch) -> bool {
    match &value.content {
        Content::Map(entries, true) => entries.is_empty(),
        Content::List(items, true) => items.is_empty(),
        _ => false,
    }
}

/// How the siblings of an entry are best quoted.
fn quotes(text: &str, entry: &Entry) -> Quotes {
    if !matches!(entry.key.content, Content::Scalar(ScalarStyle::DoubleQuoted)) {
        return Quotes::Needed;
    }
    let between = part(text, entry.key.span.end..entry.value.span.start);
    if between == ":" { Quotes::Compact } else { Quotes::Double }
}

/// The text with the changes made.
pub(super) fn apply(text: &str, mut changes: Vec<Change>) -> String {
    changes.sort_by_key(|(range, _)| range.start);
    let mut edited = String::with_capacity(text.len() + 256);
    let mut at = 0;
    for (range, new) in changes {
        edited.push_str(part(text, at..range.start));
        edited.push_str(&new);
        at = range.end;
    }
    edited.push_str(part(text, at..text.len()));
    edited
}
