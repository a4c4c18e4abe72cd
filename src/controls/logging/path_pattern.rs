//! Patterns of paths in a container, as a parameter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::facts::glob::{Glob, Matches};

/// A path with `*` for anything but a slash and `**` for anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub(super) struct PathPattern {
    written: String,
    glob: Glob,
}

impl PathPattern {
    /// All of these, which are patterns.
    pub(super) fn list(written: &[&str]) -> Vec<Self> {
        written.iter().filter_map(|pattern| Self::try_from((*pattern).to_owned()).ok()).collect()
    }

    /// Whether a path matches.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.glob.matches(path) == Matches::Yes
    }
}

impl TryFrom<String> for PathPattern {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        match Glob::read(&written).filter(|_| !written.is_empty()) {
            Some(glob) => Ok(Self { written, glob }),
            None => {
                Err(format!("`{written}` is no pattern; write a path with `*` and `**` such as `**/logs`"))
            }
        }
    }
}

impl From<PathPattern> for String {
    fn from(pattern: PathPattern) -> Self {
        pattern.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pattern_is_refused_with_what_to_write() {
        let refused = |written: &str| PathPattern::try_from(written.to_owned()).unwrap_err();
        assert!(refused("{a").contains("such as `**/logs`"));
        assert!(refused("").contains("is no pattern"));
        assert!(PathPattern::list(&["**/logs"])[0].matches("/srv/app/logs"));
    }
}
