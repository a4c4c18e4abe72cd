//! From the bytes of a file to Kubernetes objects, what is wrong with it, and what it holds besides.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::json::Stream;
use super::object::{Kind, classify};
use super::split::{Chunk, Chunks};
use super::{Limits, Malformed, Node, Position, template, yaml};

/// What a file holds.
#[derive(Debug, Default)]
pub struct Reading<'a> {
    /// Its Kubernetes objects, in order, lists taken apart.
    pub documents: Vec<Document<'a>>,
    /// What could not be read, in order.
    pub problems: Vec<Problem>,
    /// What is no Kubernetes object, in order. Empty documents are not worth a mention.
    pub skipped: Vec<Skipped>,
}

/// A Kubernetes object and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Document<'a> {
    /// Group and version, such as `apps/v1`.
    pub api_version: Cow<'a, str>,
    /// The kind, such as `Deployment`.
    pub kind: Cow<'a, str>,
    /// The whole object. What the item of a typed list inherits from its list is filled in.
    pub node: Node<'a>,
    /// The name of the file.
    pub file: Arc<str>,
    /// Which document of the file this is, from zero, those without content not counted. Items of one list share it.
    pub index: usize,
    /// The line that the object begins on, from one.
    pub line: u32,
}

/// Something that could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The name of the file.
    pub file: Arc<str>,
    /// Where it stands.
    pub position: Position,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.position, self.fault)
    }
}

impl std::error::Error for Problem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.fault)
    }
}

/// Why a file, or a document of it, could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The document is neither YAML nor JSON.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The file is larger than [`Limits::file_bytes`](field@Limits::file_bytes).
    #[error("the file has {size} bytes, more than the limit of {limit}; split it or raise the limit")]
    FileTooLarge {
        /// The size of the file.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The document is larger than [`Limits::document_bytes`](field@Limits::document_bytes).
    #[error("the document has {size} bytes, more than the limit of {limit}; split it or raise the limit")]
    DocumentTooLarge {
        /// The size of the document.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The file has more documents than [`Limits::documents`](field@Limits::documents).
    #[error("more than {limit} documents in one file; split it or raise the limit")]
    TooManyDocuments {
        /// The limit.
        limit: usize,
    },
    /// The file begins with the mark of UTF-16.
    #[error("the file is UTF-16; convert it to UTF-8")]
    Utf16,
    /// The document holds bytes that are not UTF-8.
    #[error("byte {offset} of the file is not UTF-8; convert the file to UTF-8")]
    NotUtf8 {
        /// The offset in the file, from zero.
        offset: usize,
    },
    /// The document holds a control character.
    #[error("the control character {character:?} is not allowed; write it as an escape in double quotes{}", hint(*.character))]
    ControlCharacter {
        /// The character.
        character: char,
    },
    /// `apiVersion` or `kind` is not a string, or empty.
    #[error("`{field}` is not a name; an object says its type with two strings, `apiVersion` and `kind`")]
    TypeNotString {
        /// The field.
        field: &'static str,
    },
    /// `metadata` is missing, or not a map.
    #[error("`{kind}` has no map `metadata`; an object is named by `metadata.name`")]
    NoMetadata {
        /// The kind of the object.
        kind: String,
    },
    /// `items` of a `List` is not a list.
    #[error("`items` is not a list; a `{kind}` holds its objects there")]
    ItemsNotList {
        /// The kind of the list.
        kind: String,
    },
}

fn hint(character: char) -> &'static str {
    if character == '\0' { ", or convert the file if it is UTF-16" } else { "" }
}

/// Something that is no Kubernetes object, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The name of the file.
    pub file: Arc<str>,
    /// Where it begins.
    pub position: Position,
    /// Why it was left aside.
    pub reason: SkipReason,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: skipped, {}", self.file, self.position, self.reason)
    }
}

/// Why something in a file was left aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// It has no `apiVersion` or no `kind`: a values file, a `Chart.yaml`, anything else that is YAML or JSON.
    NotKubernetes,
    /// It configures a tool, such as a `Kustomization`; no API server ever sees it.
    Configuration,
    /// It is a question to an API server, such as a `SubjectAccessReview`, which answers and keeps nothing.
    Request,
    /// It is the source of a Helm template; only what Helm renders from it is a manifest.
    HelmTemplate,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotKubernetes => "not a Kubernetes object",
            Self::Configuration => "the configuration of a tool",
            Self::Request => "a request, which no cluster keeps",
            Self::HelmTemplate => "the source of a Helm template; render it first",
        })
    }
}

/// Reads a file. Its name is only for messages.
#[must_use]
pub fn read<'a>(name: &str, bytes: &'a [u8], limits: &Limits) -> Reading<'a> {
    let mut reader = Reader { file: name.into(), limits, index: 0, reading: Reading::default() };
    if bytes.len() > limits.file_bytes {
        reader.problem(Position::START, Fault::FileTooLarge { size: bytes.len(), limit: limits.file_bytes });
    } else if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        reader.problem(Position::START, Fault::Utf16);
    } else {
        let (bytes, mark) = bytes.strip_prefix(b"\xEF\xBB\xBF").map_or((bytes, 0), |rest| (rest, 3));
        if looks_like_json(bytes) {
            reader.json(bytes, mark);
        } else {
            reader.yaml(bytes, 1, mark);
        }
    }
    reader.reading
}

/// Whether a text begins like a JSON object or list. `{{` begins a template.
fn looks_like_json(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    (text.starts_with(b"{") && !text.starts_with(b"{{")) || text.starts_with(b"[")
}

struct Reader<'a, 'l> {
    file: Arc<str>,
    limits: &'l Limits,
    index: usize,
    reading: Reading<'a>,
}

impl<'a> Reader<'a, '_> {
    fn problem(&mut self, position: Position, fault: Fault) {
        self.reading.problems.push(Problem { file: Arc::clone(&self.file), position, fault });
    }

    fn skip(&mut self, position: Position, reason: SkipReason) {
        self.reading.skipped.push(Skipped { file: Arc::clone(&self.file), position, reason });
    }

    /// Whether another document may come; says so once if not.
    fn has_room(&mut self, position: Position) -> bool {
        let limit = self.limits.documents;
        if self.index == limit {
            self.problem(position, Fault::TooManyDocuments { limit });
        }
        self.index < limit
    }

    /// Reads values in JSON, one after the other, or documents of YAML if that is what the text turns out to be.
    fn json(&mut self, bytes: &'a [u8], offset: usize) {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let (before, _) = bytes.split_at(error.valid_up_to());
                self.problem(
                    yaml::place_after(valid(before), 1),
                    Fault::NotUtf8 { offset: offset + before.len() },
                );
                return;
            }
        };
        let mut stream = Stream::new(text, self.limits);
        loop {
            stream.skip_space();
            let (position, before) = (stream.position(), stream.offset());
            if stream.rest().starts_with("---") && position.column == 1 {
                return self.yaml(stream.rest().as_bytes(), position.line, offset + before);
            }
            if stream.rest().is_empty() || !self.has_room(position) {
                return;
            }
            match stream.next_value() {
                Ok(Some(root)) => {
                    let (size, limit) = (stream.offset() - before, self.limits.document_bytes);
                    if size > limit {
                        self.problem(position, Fault::DocumentTooLarge { size, limit });
                    } else {
                        self.document(root);
                    }
                    self.index += 1;
                }
                Ok(None) => return,
                // `{a: b}` is YAML, and so is JSON with comments or a comma too many. `kubectl` tries both too.
                Err(error @ Malformed::Syntax { .. }) if self.index == 0 => {
                    return self.either(bytes, offset, error);
                }
                Err(error) => return self.problem(error.position(), error.into()),
            }
        }
    }

    /// Reads as YAML what is no JSON. If it is neither, a file that is called JSON gets the error of that reader.
    fn either(&mut self, bytes: &'a [u8], offset: usize, error: Malformed) {
        self.yaml(bytes, 1, offset);
        let is_json =
            self.file.rsplit('.').next().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if let Some(problem) = self.reading.problems.first_mut().filter(|_| is_json) {
            problem.position = error.position();
            problem.fault = error.into();
        }
    }

    /// Takes a document for what it is; lists are taken apart.
    fn document(&mut self, root: Node<'a>) {
        let mut pending = vec![root];
        while let Some(node) = pending.pop() {
            let position = node.position;
            match classify(node) {
                Ok(Kind::Object { api_version, kind, node }) => self.reading.documents.push(Document {
                    api_version,
                    kind,
                    node,
                    file: Arc::clone(&self.file),
                    index: self.index,
                    line: position.line,
                }),
                Ok(Kind::List(items)) => pending.extend(items.into_iter().rev()),
                Ok(Kind::Other(reason)) => self.skip(position, reason),
                Err((position, fault)) => self.problem(position, fault),
            }
        }
    }

    /// Reads documents in YAML, from a line of the file and after so many bytes of it.
    fn yaml(&mut self, bytes: &'a [u8], line: u32, offset: usize) {
        for chunk in Chunks::new(bytes, line) {
            let start = Position { line: chunk.line, column: 1 };
            if !self.has_room(start) {
                return;
            }
            self.chunk(chunk, start, offset);
        }
    }

    fn chunk(&mut self, chunk: Chunk<'a>, start: Position, offset: usize) {
        let (size, limit) = (chunk.bytes.len(), self.limits.document_bytes);
        if size > limit {
            self.problem(start, Fault::DocumentTooLarge { size, limit });
            self.index += 1;
            return;
        }
        let text = match std::str::from_utf8(chunk.bytes) {
            Ok(text) => text,
            Err(error) => {
                let (before, _) = chunk.bytes.split_at(error.valid_up_to());
                let position = yaml::place_after(valid(before), chunk.line);
                self.problem(position, Fault::NotUtf8 { offset: offset + chunk.offset + before.len() });
                self.index += 1;
                return;
            }
        };
        match yaml::parse_from(text, chunk.line, self.limits) {
            Ok(yaml::Parsed { root: None, .. }) => {}
            Ok(yaml::Parsed { root: Some(root), .. }) if root.is_null() => {}
            Ok(yaml::Parsed { root: Some(root), action }) => {
                if action.is_some() && !is_argo(&root) {
                    self.skip(root.position, SkipReason::HelmTemplate);
                } else {
                    self.document(root);
                }
                self.index += 1;
            }
            Err(error) => {
                if let Some((position, character)) = control_character(text, chunk.line) {
                    self.problem(position, Fault::ControlCharacter { character });
                } else if template::has_bare_braces(text) {
                    self.skip(start, SkipReason::HelmTemplate);
                } else {
                    self.problem(error.position(), error.into());
                }
                self.index += 1;
            }
        }
    }
}

/// Argo's templates look like Helm's, and an `ApplicationSet` may leave them without quotes.
fn is_argo(root: &Node<'_>) -> bool {
    root.get("apiVersion").and_then(Node::as_str).is_some_and(|version| version.starts_with("argoproj.io/"))
}

/// The first control character that YAML refuses.
fn control_character(text: &str, first_line: u32) -> Option<(Position, char)> {
    let (at, character) =
        text.char_indices().find(|(_, c)| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}'))?;
    Some((yaml::place_after(text.get(..at).unwrap_or_default(), first_line), character))
}

/// The text that bytes up to the first invalid one are.
fn valid(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests;
