//! Manifests: from the bytes of a file to Kubernetes objects that know their place in it.
//!
//! Everything here is pure: bytes in, values out, no files, no clock, no environment.
//!
//! - [`read`] splits a file into documents and returns the Kubernetes objects that it holds, what is wrong with the rest
//!   and what was left aside, so that one bad document never hides its neighbours;
//! - [`Node`] is the tree of one document, with the line and column of every key and value;
//! - [`decode`] turns a tree into any type that derives `Deserialize`, and names field and place when it can't;
//! - [`yaml`] and [`json`] read one text each, by the rules of `kubectl`, because a reader that takes `yes` for a string
//!   or `0644` for six hundred and forty-four judges an object that the cluster never runs;
//! - [`Positions`] keeps the places of a tree, in a few bytes a value, after the tree is gone.

mod builder;
mod decode;
mod error;
mod file;
pub mod json;
mod limits;
mod node;
mod object;
mod plain;
mod positions;
mod scalar;
mod split;
mod template;
pub mod yaml;

pub use decode::{DecodeError, decode};
pub use error::Malformed;
pub use file::{Document, Fault, Problem, Reading, SkipReason, Skipped, read};
pub use limits::Limits;
pub use node::{Key, Node, Position, Segment, Value, path_text};
pub use positions::{Keys, Positions};
pub(crate) use split::{Chunk, Chunks};
