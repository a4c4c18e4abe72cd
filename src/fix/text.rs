//! Lines, and values as text.

use std::ops::Range;

use serde_json::Value;

use super::tree::{Branch, Content};
use crate::manifest::{Limits, yaml};

/// A part of a text; nothing if there is no such part.
pub(super) fn part(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

/// Where the line begins that holds a byte.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    part(text, 0..at).rfind(['\n', '\r']).map_or(0, |before| before + 1)
}

/// Where the line ends that holds a byte, without its break.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    part(text, at..text.len()).find(['\n', '\r']).map_or(text.len(), |length| at + length)
}

/// Where the next line begins.
pub(super) fn next_line(text: &str, end: usize) -> usize {
    let rest = part(text, end..text.len());
    end + if rest.starts_with("\r\n") { 2 } else { usize::from(!rest.is_empty()) }
}

/// The break between lines: that of the first line.
pub(super) fn line_break(text: &str) -> &'static str {
    match text.find(['\n', '\r']).map(|at| part(text, at..text.len())) {
        Some(rest) if rest.starts_with("\r\n") => "\r\n",
        Some(rest) if rest.starts_with('\r') => "\r",
        _ => "\n",
    }
}

/// How many columns stand before a byte of its line; what is no space counts as one.
pub(super) fn column(text: &str, at: usize) -> usize {
    part(text, line_start(text, at)..at).chars().count()
}

/// Whether only white space stands between the beginning of a line and a byte of it.
pub(super) fn opens_line(text: &str, at: usize) -> bool {
    part(text, line_start(text, at)..at).trim().is_empty()
}

/// The end of the last of the comment lines that follow directly upon a line and are indented by at least so much.
pub(super) fn after_comments(text: &str, mut end: usize, indent: usize) -> usize {
    loop {
        let start = next_line(text, end);
        if start == end {
            return end;
        }
        let until = line_end(text, start);
        let line = part(text, start..until);
        let content = line.trim_start_matches(' ');
        if !content.starts_with('#') || line.len() - content.len() < indent {
            return end;
        }
        end = until;
    }
}

/// How a document is laid out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// By how much a map is indented under its key.
    pub(super) step: usize,
    /// By how much the dashes of a list are.
    pub(super) dash: usize,
    /// The break between lines.
    pub(super) line_break: &'static str,
}

impl Layout {
    /// As the first map and the first list of a document have it.
    pub(super) fn of(text: &str, root: &Branch) -> Self {
        let (mut step, mut dash) = (None, None);
        let mut pending = vec![root];
        while let Some(branch) = pending.pop() {
            match &branch.content {
                Content::Map(entries, _) => {
                    for entry in entries {
                        let by = || inset(text, &entry.key, &entry.value);
                        match &entry.value.content {
                            Content::Map(inner, _) if !inner.is_empty() => step = step.or_else(by),
                            Content::List(inner, flow) if !inner.is_empty() && !*flow => {
                                dash = dash.or_else(by);
                            }
                            _ => {}
                        }
                    }
                    pending.extend(entries.iter().rev().map(|entry| &entry.value));
                }
                Content::List(items, _) => pending.extend(items.iter().rev()),
                Content::Scalar(_) | Content::Alias => {}
            }
        }
        let step = step.filter(|step| *step > 0).unwrap_or(2);
        Self { step, dash: dash.unwrap_or(step), line_break: line_break(text) }
    }
}

/// By how much a value on lines of its own is indented under its key. What stands in braces shows it with its first key.
fn inset(text: &str, key: &Branch, value: &Branch) -> Option<usize> {
    let first = match &value.content {
        Content::Map(entries, true) => entries.first()?.key.span.start,
        _ => value.span.start,
    };
    let own_line = line_start(text, first) > key.span.start;
    let base =
        if value.is_flow() { indent_of_line(text, key.span.start) } else { column(text, key.span.start) };
    if own_line { column(text, first).checked_sub(base) } else { None }
}

/// By how much the line that holds a byte is indented.
pub(super) fn indent_of_line(text: &str, at: usize) -> usize {
    let line = part(text, line_start(text, at)..at);
    line.len() - line.trim_start().len()
}

/// How scalars and keys are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// Only where YAML needs them.
    Needed,
    /// As in JSON.
    Double,
    /// As in JSON, and without any white space.
    Compact,
}

/// A scalar, or a whole value on one line.
pub(super) fn inline(value: &Value, quotes: Quotes) -> String {
    let (colon, comma) = if quotes == Quotes::Compact { (":", ",") } else { (": ", ", ") };
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{}{colon}{}", scalar(name, quotes), inline(value, quotes)))
                .collect();
            format!("{{{}}}", fields.join(comma))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| inline(item, quotes)).collect();
            format!("[{}]", items.join(comma))
        }
        Value::String(text) => scalar(text, quotes),
        other => other.to_string(),
    }
}

/// A key or a text.
pub(super) fn scalar(text: &str, quotes: Quotes) -> String {
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '_' | '-' | '.' | '/'))
        && yaml::parse(text, &Limits::default())
            .is_ok_and(|node| node.is_some_and(|node| node.as_str() == Some(text)));
    if plain && quotes == Quotes::Needed { text.to_owned() } else { Value::from(text).to_string() }
}

/// A key with its value on lines of its own, in block style, without the break after the last.
pub(super) fn block(name: &str, value: &Value, indent: usize, quotes: Quotes, layout: Layout) -> Vec<String> {
    let key = format!("{:indent$}{}:", "", scalar(name, quotes));
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let inner = fields
                .iter()
                .flat_map(|(name, value)| block(name, value, indent + layout.step, quotes, layout));
            std::iter::once(key).chain(inner).collect()
        }
        Value::Array(items) if !items.is_empty() => {
            let indent = indent + layout.dash;
            let inner = items.iter().flat_map(|value| item(value, indent, quotes, layout));
            std::iter::once(key).chain(inner).collect()
        }
        Value::String(text) if quotes == Quotes::Needed && is_block(text) => {
            let inner = text.lines().map(|line| format!("{:1$}{line}", "", indent + layout.step));
            std::iter::once(format!("{key} {}", block_header(text))).chain(inner).collect()
        }
        value => vec![format!("{key} {}", inline(value, quotes))],
    }
}

/// An item of a list in block style: on one line, unless a text in it has several.
pub(super) fn item(value: &Value, indent: usize, quotes: Quotes, layout: Layout) -> Vec<String> {
    let is_tall = |value: &Value| value.as_str().is_some_and(is_block);
    let fields = match value {
        Value::Object(fields) if quotes == Quotes::Needed && fields.values().any(is_tall) => fields,
        value => return vec![format!("{:indent$}- {}", "", inline(value, quotes))],
    };
    let inner = fields.iter().flat_map(|(name, value)| block(name, value, indent + 2, quotes, layout));
    let mut lines: Vec<String> = inner.collect();
    if let Some(first) = lines.first_mut() {
        *first = format!("{:indent$}- {}", "", first.trim_start());
    }
    lines
}

/// Whether a text is best written line by line, after `|`: it has several, and none that YAML could read otherwise.
pub(super) fn is_block(text: &str) -> bool {
    let is_plain = |line: &str| {
        !line.is_empty()
            && !line.starts_with(' ')
            && line.chars().all(|it| it == ' ' || it.is_ascii_graphic())
    };
    text.contains('\n') && text.split_terminator('\n').all(is_plain)
}

/// What a text of several lines begins with.
fn block_header(text: &str) -> &'static str {
    if text.ends_with('\n') { "|" } else { "|-" }
}

/// A value in braces over several lines, as JSON is mostly written; its first line continues one that is there.
pub(super) fn spread(value: &Value, indent: &str, quotes: Quotes, layout: Layout) -> String {
    let unit = if indent.contains('\t') { "\t".to_owned() } else { " ".repeat(layout.step) };
    let inner = format!("{indent}{unit}");
    let (open, lines, close): (_, Vec<String>, _) = match value {
        Value::Object(fields) if !fields.is_empty() => {
            let line = |(name, value): (&String, &Value)| {
                format!("{inner}{}: {}", scalar(name, quotes), spread(value, &inner, quotes, layout))
            };
            ("{", fields.iter().map(line).collect(), "}")
        }
        Value::Array(items) if !items.is_empty() => {
            let line = |value: &Value| format!("{inner}{}", spread(value, &inner, quotes, layout));
            ("[", items.iter().map(line).collect(), "]")
        }
        value => return inline(value, quotes),
    };
    let between = layout.line_break;
    format!("{open}{between}{}{between}{indent}{close}", lines.join(&format!(",{between}")))
}
