//! Loading: from the bytes of files to facts that know their place, and to what people decided.
//!
//! [`Sheet::read`] takes one file, alone, so that many can be read at once; [`Collection`] takes the sheets in their
//! order. Pure: whoever has files, a pipe or a network brings the bytes.

mod collection;
mod decision;
mod observed;
mod origin;
mod policy;
mod sheet;

use std::fmt;
use std::sync::Arc;

pub use collection::{Collection, Counts, Role, Written};
pub use observed::CLUSTER;
pub use origin::Origin;
pub use sheet::{Settings, Sheet};

use crate::manifest::Position;

/// Something that could not be used, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The name of the file, or what stands for one, such as [`CLUSTER`].
    pub file: Arc<str>,
    /// The place in it; none if it is about the whole file.
    pub position: Option<Position>,
    /// What is wrong and what to do.
    pub message: String,
    /// What it is an instance of.
    pub cause: Cause,
}

/// What keeps something from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A file, or what is looked for in it, is not there.
    Missing,
    /// It is no YAML, no JSON or no object as Kubernetes has them.
    Syntax,
    /// Our API group has no such kind.
    Kind,
    /// The schema refuses it.
    Schema,
    /// A rule of the schema refuses it.
    Rule,
    /// The schema doesn't know the field.
    Field,
    /// It passes the schema and means nothing, such as a control that isn't there.
    Value,
    /// Another object has its name.
    Name,
}

/// Something that was left aside, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The name of the file.
    pub file: Arc<str>,
    /// The place in it; none if it is the whole file.
    pub position: Option<Position>,
    /// Kind and name, if it is an object.
    pub object: Option<String>,
    /// Why.
    pub reason: String,
}

/// `file:line:column: message`; what is wrong in a cluster says so itself.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.as_ref() != CLUSTER {
            place(f, &self.file, self.position)?;
        }
        f.write_str(&self.message)
    }
}

/// `file:line:column: Kind name: reason`
impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        place(f, &self.file, self.position)?;
        if let Some(object) = &self.object {
            write!(f, "{object}: ")?;
        }
        f.write_str(&self.reason)
    }
}

fn place(f: &mut fmt::Formatter<'_>, file: &str, position: Option<Position>) -> fmt::Result {
    match position {
        Some(position) => write!(f, "{file}:{position}: "),
        None => write!(f, "{file}: "),
    }
}
