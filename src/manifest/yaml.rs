//! Reads one YAML document by the rules of `kubectl`.

use std::borrow::Cow;
use std::collections::VecDeque;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span};

use super::builder::Builder;
use super::scalar::{Scalar, Tag, resolve, resolve_tagged};
use super::{Limits, Malformed, Node, Position};
use super::{plain, template};

/// Reads the one document of a text; nothing if it holds none, or only comments.
///
/// Scalars, tags, merge keys and non-string keys come out as `kubectl` would send them to the API server. Unlike
/// `kubectl`, which keeps the last of them, a key that is set twice is an error.
pub fn parse<'a>(text: &'a str, limits: &Limits) -> Result<Option<Node<'a>>, Malformed> {
    parse_from(text, 1, limits).map(|parsed| parsed.root)
}

/// A document, and what its text gives away about its origin.
#[derive(Debug)]
pub(crate) struct Parsed<'a> {
    /// The tree, if the document isn't empty.
    pub(crate) root: Option<Node<'a>>,
    /// The first plain scalar that holds an action of a Helm template.
    pub(crate) action: Option<Position>,
}

/// Reads the one document of a text that begins at a line of its file.
pub(crate) fn parse_from<'a>(
    text: &'a str,
    first_line: u32,
    limits: &Limits,
) -> Result<Parsed<'a>, Malformed> {
    match plain::read(text, first_line, limits) {
        Some(root) => Ok(Parsed { root: Some(root), action: None }),
        None => parse_any(text, first_line, limits),
    }
}

/// The same for whatever YAML has, with its library.
pub(super) fn parse_any<'a>(
    text: &'a str,
    first_line: u32,
    limits: &Limits,
) -> Result<Parsed<'a>, Malformed> {
    let mut options = Options::default();
    options.set_emit_comments(false);
    // The builder has a limit of its own, on both kinds of nesting together.
    options.flow_nesting_limit = limits.depth() + 1;
    options.block_nesting_limit = limits.depth() + 1;
    let mut loader = Loader {
        builder: Builder::new(limits),
        lines_before: first_line.saturating_sub(1),
        documents: 0,
        templated: text.contains("{{"),
        action: None,
        separators: separators(text),
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => loader.event(event, &span)?,
            Err(error) => return Err(loader.syntax(&error, limits)),
        }
    }
    if let Some((at, character)) = loader.separators.front() {
        let position = place_after(text.get(..*at).unwrap_or_default(), first_line);
        return Err(Malformed::LineSeparator { position, character: *character });
    }
    Ok(Parsed { action: loader.action, root: loader.builder.finish() })
}

/// The characters that end a line in YAML 1.1, which `kubectl` reads, but not in YAML 1.2.
fn separators(text: &str) -> VecDeque<(usize, char)> {
    if text.is_ascii() {
        return VecDeque::new();
    }
    text.char_indices().filter(|(_, c)| matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')).collect()
}

/// The place in the file after some text that begins on a line of it.
pub(crate) fn place_after(text: &str, first_line: u32) -> Position {
    let tail = text.rsplit(['\n', '\r']).next().unwrap_or_default();
    let breaks = text.matches(['\n', '\r']).count() - text.matches("\r\n").count();
    let place = Position::new(breaks, tail.chars().count() + 1);
    Position { line: place.line.saturating_add(first_line), ..place }
}

struct Loader<'a, 'l> {
    builder: Builder<'a, 'l>,
    lines_before: u32,
    documents: usize,
    templated: bool,
    action: Option<Position>,
    /// The line separators that no quotes are known to hold.
    separators: VecDeque<(usize, char)>,
}

impl<'a> Loader<'a, '_> {
    fn event(&mut self, event: Event<'a>, span: &Span) -> Result<(), Malformed> {
        let position = self.position(span.start.line(), span.start.col());
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
                    self.pass_separators(span);
                }
                let tag = tag.map(|tag| Tag::named(&format!("{}{}", tag.handle(), tag.suffix())));
                if self.templated
                    && self.action.is_none()
                    && style == ScalarStyle::Plain
                    && template::is_action(&text)
                {
                    self.action = Some(position);
                }
                self.scalar(text, style, anchor, tag, position)
            }
            Event::SequenceStart(_, anchor, _) => self.builder.start_list(position, anchor),
            Event::MappingStart(_, anchor, _) => self.builder.start_map(position, anchor),
            Event::SequenceEnd | Event::MappingEnd => self.builder.end(),
            Event::Alias(anchor) => self.builder.alias(anchor, position),
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Malformed::syntax(
                        position,
                        "a second document begins; read them one by one",
                    ));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'a, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Tag>,
        position: Position,
    ) -> Result<(), Malformed> {
        let is_key = self.builder.expects_key();
        let scalar = match tag {
            None if style != ScalarStyle::Plain => Scalar::Text,
            None => resolve(&text),
            Some(tag) => resolve_tagged(tag, &text).ok_or_else(|| Malformed::Tag {
                position,
                text: shortened(&text),
                wanted: tag.wanted(),
            })?,
        };
        if is_key {
            if text == "<<" && (tag.is_none() && style == ScalarStyle::Plain || tag == Some(Tag::Merge)) {
                self.builder.merge_key();
                return Ok(());
            }
            if anchor != 0
                && let Some(value) = scalar.clone().into_value(text.clone())
            {
                self.builder.anchor_key(Node { value, position }, anchor)?;
            }
            let key = scalar.into_key(text).map_err(|found| Malformed::KeyType { position, found })?;
            self.builder.key(key, position);
            return Ok(());
        }
        if let Scalar::Float(number) = scalar
            && !number.is_finite()
        {
            return Err(Malformed::NotFinite { position, text: text.into_owned() });
        }
        match scalar.into_value(text) {
            Some(value) => self.builder.value(Node { value, position }, anchor),
            None => Ok(()),
        }
    }

    /// Passes the separators of a quoted scalar: there they can't end the value, whatever they do to its text. One before
    /// it stays in front for good, so that a document costs one pass over both.
    fn pass_separators(&mut self, quoted: &Span) {
        let range = quoted.byte_range().unwrap_or_default();
        while self.separators.front().is_some_and(|(at, _)| range.contains(at)) {
            self.separators.pop_front();
        }
    }

    fn position(&self, line: usize, column: usize) -> Position {
        let place = Position::new(line, column.saturating_add(1));
        Position { line: place.line.saturating_add(self.lines_before), ..place }
    }

    fn syntax(&self, error: &ScanError, limits: &Limits) -> Malformed {
        let position = self.position(error.marker().line(), error.marker().col());
        match error.kind() {
            ErrorKind::RecursionLimitExceeded => Malformed::TooDeep { position, limit: limits.depth() },
            kind => Malformed::syntax(position, reason(kind)),
        }
    }
}

/// A value as an error message quotes it.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// What is wrong and what to do about it, for the mistakes that people make.
fn reason(kind: &ErrorKind) -> String {
    let reason = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart => "a tab stands where YAML wants spaces; indent with spaces",
        ErrorKind::UnclosedQuotedScalar => "the quote that opens here is never closed; add the closing quote",
        ErrorKind::DocumentIndicatorInQuotedScalar => {
            "the quote that opens here is not closed before the document ends; add the closing quote"
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            return format!("the `{open}` that opens here is never closed; close it");
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return format!("`{close}` closes what `{open}` opened; use the matching bracket");
        }
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator => {
            "a list in `[]` or a map in `{}` is not well-formed; check its commas and brackets, and quote a value that begins with one"
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            "a bracket closes what was never opened; remove it or quote the value"
        }
        ErrorKind::UnknownAnchor => {
            "the alias names no anchor of this document; define it with `&` before, or quote a value that begins with `*`"
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            "a line that is neither `key: value` nor a list item; add the colon, or indent it under its key"
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            "a `: ` where none fits; check the indentation and the brackets above, or quote the value that holds it"
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed => {
            "the line fits neither the map nor the list around it; align it with its siblings"
        }
        kind => return reason_in_value(kind),
    };
    reason.to_owned()
}

/// The same, for mistakes within a value.
fn reason_in_value(kind: &ErrorKind) -> String {
    let reason = match kind {
        ErrorKind::InvalidQuotedScalarIndent | ErrorKind::InvalidBlockScalarIndent => {
            "the text of a value is indented less than its key; indent it further"
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return format!("a value can't begin with {character:?} here; quote it");
        }
        ErrorKind::ExpectedWhitespace | ErrorKind::CommentNotSeparated => "a space is missing here",
        ErrorKind::CommentInterceptedScalar => {
            "a comment stands within a value of several lines; move it or quote the value"
        }
        ErrorKind::UndeclaredTagHandle => {
            "the tag uses a prefix that no `%TAG` line declares; quote a value that begins with `!`"
        }
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape => {
            "an unknown escape in double quotes; write `\\\\` for a backslash, or use single quotes"
        }
        ErrorKind::UnsupportedYamlMajorVersion => {
            "the `%YAML` line asks for a version that doesn't exist; remove it"
        }
        ErrorKind::ExpectedDocumentStart | ErrorKind::InvalidDocumentEnd => {
            "text follows the end of the document; begin another with `---`, or indent it"
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            "text follows the closing quote; quote the whole value, or escape the quote within"
        }
        ErrorKind::BomInsideDocument => "a byte order mark within the text; remove it",
        _ => "not valid YAML from here; check indentation, quotes and colons",
    };
    reason.to_owned()
}

#[cfg(test)]
mod tests;
