//! One file: its objects as facts, and what could not be used.

use std::sync::Arc;

use super::{Cause, Origin, Problem, Skipped, policy};
use crate::api;
use crate::engine::suggest::did_you_mean;
use crate::facts::object::{Object, ObjectKind, Recognition};
use crate::facts::{CustomKinds, Text};
use crate::manifest::{self, Document, Keys, Limits};

/// What is the same for every file of a run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The namespace of objects that name none.
    pub namespace: Text,
    /// What a file may ask of the reader.
    pub limits: Limits,
    /// The keys of all trees, numbered.
    pub keys: Arc<Keys>,
    /// Kinds of workloads that are not built in.
    pub kinds: CustomKinds,
}

/// Whether it is known that the API server would take what a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Checked {
    No,
    Before,
}

/// What one file holds.
#[derive(Debug, Default)]
pub struct Sheet {
    /// The name of the file.
    pub name: Arc<str>,
    /// How many Kubernetes objects it has, those included that no control looks at.
    pub objects: usize,
    /// How many of them are standards, those included that can't be used.
    pub standards: usize,
    /// What could not be used, in the order of the file.
    pub problems: Vec<Problem>,
    /// What was left aside, in the order of the file.
    pub skipped: Vec<Skipped>,
    pub(super) facts: Vec<(Object, Origin)>,
}

impl Sheet {
    /// Reads a file. Its name is for messages alone.
    #[must_use]
    pub fn read(name: &str, bytes: &[u8], settings: &Settings) -> Self {
        let reading = manifest::read(name, bytes, &settings.limits);
        let mut sheet = Self { name: name.into(), ..Self::default() };
        sheet.problems.extend(reading.problems.into_iter().map(|problem| Problem {
            message: problem.fault.to_string(),
            position: Some(problem.position),
            file: problem.file,
            cause: Cause::Syntax,
        }));
        sheet.skipped.extend(reading.skipped.into_iter().map(|skipped| Skipped {
            reason: skipped.reason.to_string(),
            position: Some(skipped.position),
            object: None,
            file: skipped.file,
        }));
        for document in reading.documents {
            sheet.take(&document, settings, Checked::No);
        }
        sheet.problems.sort_by_key(|problem| problem.position);
        sheet.skipped.sort_by_key(|skipped| skipped.position);
        sheet
    }

    /// Reads a file that comes with the program. Tests hold it to the schemas, so it isn't held to them once more.
    #[must_use]
    pub fn read_own(name: &str, bytes: &[u8], settings: &Settings) -> Self {
        let reading = manifest::read(name, bytes, &settings.limits);
        let mut sheet = Self { name: name.into(), ..Self::default() };
        for document in reading.documents {
            sheet.take(&document, settings, Checked::Before);
        }
        sheet
    }

    /// A file that could not be read at all.
    #[must_use]
    pub fn unreadable(name: &str, message: impl Into<String>) -> Self {
        let problem =
            Problem { file: name.into(), position: None, message: message.into(), cause: Cause::Missing };
        Self { name: name.into(), problems: vec![problem], ..Self::default() }
    }

    /// Whether anything of it is or could be an object.
    #[must_use]
    pub fn has_objects(&self) -> bool {
        self.objects > 0
    }

    /// Treats what is wrong with it as reasons to leave it aside: for files that turned out to be something else.
    #[must_use]
    pub fn set_aside(mut self) -> Self {
        let problems = std::mem::take(&mut self.problems);
        self.skipped.extend(problems.into_iter().map(|problem| Skipped {
            file: problem.file,
            position: problem.position,
            object: None,
            reason: format!("no manifest, and not readable: {}", problem.message),
        }));
        self
    }

    fn take(&mut self, document: &Document<'_>, settings: &Settings, checked: Checked) {
        let kind = match settings.kinds.recognize(&document.api_version, &document.kind) {
            Recognition::Facts(kind) => kind,
            Recognition::Kubernetes => {
                self.objects += 1;
                return;
            }
            Recognition::Foreign if is_ours(&document.api_version) => {
                self.refuse_kind(document);
                return;
            }
            Recognition::Foreign => {
                self.objects += 1;
                self.skip(document, format!("a custom resource of {}", document.api_version));
                return;
            }
        };
        self.objects += 1;
        self.standards += usize::from(kind == ObjectKind::SecurityStandard);
        let origin = Origin::new(Arc::clone(&document.file), &document.node, &settings.keys);
        let problems = match checked {
            Checked::No => policy::check(kind, document, &origin),
            Checked::Before => Vec::new(),
        };
        let refused = problems.iter().any(|(refused, _)| *refused);
        self.problems.extend(problems.into_iter().map(|(_, problem)| problem));
        if refused {
            return;
        }
        match Object::decode(kind, &document.node) {
            Ok(mut object) => {
                if kind.is_namespaced() {
                    fill_namespace(&mut object, &settings.namespace);
                }
                fill_name(&mut object, &document.file);
                self.facts.push((object, origin));
            }
            Err(error) => self.problems.push(Problem {
                file: Arc::clone(&document.file),
                position: Some(error.position),
                message: format!("{}: {error}", called(document)),
                cause: Cause::Syntax,
            }),
        }
    }

    fn skip(&mut self, document: &Document<'_>, reason: String) {
        self.skipped.push(Skipped {
            file: Arc::clone(&document.file),
            position: Some(document.node.position),
            object: Some(called(document)),
            reason,
        });
    }

    /// A slip in the name of one of our kinds must not make a standard vanish.
    fn refuse_kind(&mut self, document: &Document<'_>) {
        let kinds = api::Kind::ALL.map(api::Kind::as_str);
        self.problems.push(Problem {
            file: Arc::clone(&document.file),
            position: Some(document.node.position),
            message: format!(
                "`{}` is no kind of {}{}",
                document.kind,
                api::GROUP,
                did_you_mean(&document.kind, kinds)
            ),
            cause: Cause::Kind,
        });
    }
}

fn is_ours(api_version: &str) -> bool {
    api_version.split_once('/').is_some_and(|(group, _)| group == api::GROUP)
}

/// An object's kind and name, as messages have it: `Deployment shop/cart`.
pub(super) fn called(document: &Document<'_>) -> String {
    let metadata = document.node.get("metadata");
    let field = |name: &str| metadata.and_then(|it| it.get(name)).and_then(manifest::Node::as_str);
    let name = match (field("name"), field("generateName")) {
        (Some(name), _) => name.to_owned(),
        (None, Some(prefix)) => format!("{prefix}*"),
        (None, None) => "without a name".to_owned(),
    };
    match field("namespace") {
        Some(namespace) => format!("{} {namespace}/{name}", document.kind),
        None => format!("{} {name}", document.kind),
    }
}

/// An audit policy mostly has no name but that of its file.
fn fill_name(object: &mut Object, file: &str) {
    if let Object::AuditPolicy(policy) = object
        && policy.metadata.name.is_empty()
    {
        policy.metadata.name = Text::from(file);
    }
}

fn fill_namespace(object: &mut Object, namespace: &Text) {
    if let Object::RiskException(exception) = object {
        let own = &mut exception.metadata.namespace;
        if own.as_ref().is_none_or(String::is_empty) {
            *own = Some(namespace.to_string());
        }
    } else if let Some(meta) = object.meta_mut()
        && meta.namespace.as_ref().is_none_or(|known| known.is_empty())
    {
        meta.namespace = Some(namespace.clone());
    }
}
