//! Patterns for names and images, with one meaning wherever a user writes one.

use std::borrow::Cow;
use std::fmt;

use globset::{GlobBuilder, GlobMatcher};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A pattern for image references: `*` stands for anything but a slash, `**` for anything, `?` for one character.
/// It is matched against the reference as written and as the container runtime completes it, so that `nginx:*`
/// and `docker.io/library/nginx:*` both match `nginx:1.25`.
#[derive(Clone)]
pub struct ImagePattern {
    written: String,
    matcher: GlobMatcher,
}

impl ImagePattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern, in words.
    pub fn new(pattern: &str) -> Result<Self, String> {
        if pattern.is_empty() {
            return Err(
                "an empty pattern matches nothing; write an image such as `ghcr.io/acme/**`".to_owned()
            );
        }
        let glob = GlobBuilder::new(pattern)
            .literal_separator(true)
            .backslash_escape(false)
            .build()
            .map_err(|error| format!("`{pattern}` is no pattern: {}", error.kind()))?;
        Ok(Self { written: pattern.to_owned(), matcher: glob.compile_matcher() })
    }

    /// Whether an image reference matches.
    #[must_use]
    pub fn matches(&self, image: &str) -> bool {
        self.matcher.is_match(image) || self.matcher.is_match(&*completed(image))
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

/// An image reference with the registry and `library/` that the container runtime adds
/// (`distribution/reference`, `ParseNormalizedNamed`): the first part is a registry if it has a dot or a colon, or is
/// `localhost`.
fn completed(image: &str) -> Cow<'_, str> {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => Cow::Borrowed(image),
        Some(_) => Cow::Owned(format!("docker.io/{image}")),
        None => Cow::Owned(format!("docker.io/library/{image}")),
    }
}

impl PartialEq for ImagePattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for ImagePattern {}

impl fmt::Debug for ImagePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.written, f)
    }
}

impl<'de> Deserialize<'de> for ImagePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        Self::new(&written).map_err(serde::de::Error::custom)
    }
}

impl Serialize for ImagePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

impl JsonSchema for ImagePattern {
    fn schema_name() -> Cow<'static, str> {
        "ImagePattern".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_image_as_written_and_as_completed() {
        let matches = |pattern: &str, image: &str| ImagePattern::new(pattern).unwrap().matches(image);
        assert!(matches("nginx:*", "nginx:1.25"));
        assert!(matches("docker.io/library/nginx:*", "nginx:1.25"));
        assert!(matches("ghcr.io/acme/**", "ghcr.io/acme/team/app:1"));
        assert!(!matches("ghcr.io/acme/*", "ghcr.io/acme/team/app:1"));
        assert!(!matches("ghcr.io/acme/**", "ghcr.io/acme.example/app:1"));
        assert!(matches("localhost:5000/**", "localhost:5000/app"));
    }

    #[test]
    fn a_broken_pattern_is_refused_in_words() {
        assert!(ImagePattern::new("[a").unwrap_err().contains("`[a` is no pattern"));
    }
}
