//! Field paths: where in an object a value stands.

use std::borrow::Cow;
use std::fmt;

/// One step into an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A field or map key.
    Key(Cow<'static, str>),
    /// A position in a list, from 0.
    Index(usize),
}

/// Where in an object a value stands, printed as `kubectl explain` readers know it:
/// `spec.containers[0].image`, `metadata.annotations[example.com/owner]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

/// The steps from a container to most fields of it.
const FURTHER: usize = 5;

impl Path {
    /// The object itself.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// A path of plain field names.
    #[must_use]
    pub fn of(fields: &[&'static str]) -> Self {
        // Paths are made for every finding, and mostly lead some steps further.
        let mut steps = Vec::with_capacity(fields.len() + FURTHER);
        steps.extend(fields.iter().map(|field| Step::Key(Cow::Borrowed(*field))));
        Self(steps)
    }

    /// One field or map key further.
    #[must_use]
    pub fn key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Step::Key(key.into()));
        self
    }

    /// One list position further.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    /// All the fields of `further`, further.
    #[must_use]
    pub fn keys(mut self, further: &[&'static str]) -> Self {
        self.0.extend(further.iter().map(|field| Step::Key(Cow::Borrowed(*field))));
        self
    }

    /// The steps from the root.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The same place as a JSON pointer (RFC 6901).
    #[must_use]
    pub fn to_pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.0 {
            pointer.push('/');
            match step {
                Step::Key(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Step::Index(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if key.contains(['.', '/', '[', ']']) || key.is_empty() => {
                    write!(f, "[{key}]")?;
                }
                Step::Key(key) if position == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_people_write_it() {
        let image = Path::of(&["spec", "containers"]).index(0).key("image");
        assert_eq!(image.to_string(), "spec.containers[0].image");
        let owner = Path::of(&["metadata", "annotations"]).key("example.com/owner");
        assert_eq!(owner.to_string(), "metadata.annotations[example.com/owner]");
        assert_eq!(owner.to_pointer(), "/metadata/annotations/example.com~1owner");
    }
}
