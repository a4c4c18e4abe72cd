//! Image references, read as the kubelet and container runtimes read them.
//!
//! The grammar is that of `distribution/reference` (`ParseNormalizedNamed`, version 0.6) with the digests of
//! `opencontainers/go-digest`. It is written out here because every image control reads every reference: the parts
//! are borrowed and nothing is allocated. The crate `oci-spec` departs from that grammar in five places, which a
//! test below holds: it takes 64 hexadecimal digits for a name, upper-case hexadecimal for a digest, letters
//! outside ASCII in a tag, `Acme/app` for a repository of Docker Hub (it is the registry `Acme`), and refuses
//! registries that are IPv6 addresses.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Deserializer};
use thiserror::Error;

use super::text::Text;

/// The registry of references that name none.
pub const DOCKER_HUB: &str = "docker.io";

/// Other hosts of Docker Hub. Runtimes complete only the first two; what the others serve is the same.
const DOCKER_HUB_HOSTS: [&str; 4] =
    [DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"];

/// Where Docker Hub keeps images that are named by one word.
const OFFICIAL: &str = "library/";

/// The longest repository, registry not counted.
const LONGEST_REPOSITORY: usize = 255;

/// The longest tag.
const LONGEST_TAG: usize = 128;

/// An image reference as it is written, with the places of its parts: it is read once, and asked by many controls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    written: Text,
    /// Nothing for what is no reference.
    parts: Option<Parts>,
}

/// Where the parts of a reference end; a part that is not there ends where the one before it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    registry: u16,
    path: u16,
    tag: u16,
}

impl Image {
    /// The reference in its parts.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(&self) -> Result<ImageRef<'_>, ImageError> {
        let parts = self.parts.and_then(|parts| parts.of(&self.written));
        parts.map_or_else(|| ImageRef::parse(&self.written), Ok)
    }
}

impl Parts {
    fn read(written: &str) -> Option<Self> {
        let ImageRef { registry, path, tag, .. } = ImageRef::parse(written).ok()?;
        let registry = registry.map_or(0, str::len);
        // A slash, a colon and an `@` stand between the parts.
        let path = if registry == 0 { path.len() } else { registry + 1 + path.len() };
        let tag = path + tag.map_or(0, |tag| 1 + tag.len());
        let place = |place: usize| u16::try_from(place).ok();
        Some(Self { registry: place(registry)?, path: place(path)?, tag: place(tag)? })
    }

    fn of(self, written: &str) -> Option<ImageRef<'_>> {
        let [registry, path, tag] = [self.registry, self.path, self.tag].map(usize::from);
        let after = |end: usize, next: usize| {
            if end < next { written.get(end + 1..next).map(Some) } else { Some(None) }
        };
        Some(ImageRef {
            registry: if registry == 0 { None } else { Some(written.get(..registry)?) },
            path: written.get(if registry == 0 { 0 } else { registry + 1 }..path)?,
            tag: after(path, tag)?,
            digest: after(tag, written.len())?,
        })
    }
}

impl From<Text> for Image {
    fn from(written: Text) -> Self {
        Self { parts: Parts::read(&written), written }
    }
}

impl From<&str> for Image {
    fn from(written: &str) -> Self {
        Self::from(Text::from(written))
    }
}

impl Deref for Image {
    type Target = str;

    fn deref(&self) -> &str {
        &self.written
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Image {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(Self::from)
    }
}

/// A valid image reference, in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageRef<'a> {
    registry: Option<&'a str>,
    path: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

/// Why a text is no image reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ImageError {
    /// Nothing at all.
    #[error("it is empty")]
    Empty,
    /// A blank, tab or line break.
    #[error("it holds white space")]
    WhiteSpace,
    /// What could be the identifier of an image.
    #[error("64 hexadecimal digits are an identifier, not a name")]
    Identifier,
    /// The part before the first slash is no host.
    #[error("its registry is no host name")]
    Registry,
    /// An upper-case letter in the repository.
    #[error("upper case in its repository")]
    UpperCase,
    /// A repository against the grammar.
    #[error("its repository is malformed")]
    Repository,
    /// A repository of more than 255 characters.
    #[error("its repository is longer than {LONGEST_REPOSITORY} characters")]
    TooLong,
    /// A tag against the grammar.
    #[error("its tag is malformed")]
    Tag,
    /// A digest of another algorithm.
    #[error("its digest is not of sha256, sha384 or sha512")]
    DigestAlgorithm,
    /// A digest with too few or too many digits.
    #[error("its digest has {found} digits where {wanted} are needed")]
    DigestLength {
        /// How many there are.
        found: usize,
        /// How many the algorithm has.
        wanted: usize,
    },
    /// A digest with something else than `0-9a-f`.
    #[error("its digest is not in lower-case hexadecimal")]
    DigestDigits,
}

impl ImageError {
    /// Whether the digest is what is wrong.
    #[must_use]
    pub const fn is_of_digest(self) -> bool {
        matches!(self, Self::DigestAlgorithm | Self::DigestLength { .. } | Self::DigestDigits)
    }
}

impl<'a> ImageRef<'a> {
    /// Reads a reference.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(reference: &'a str) -> Result<Self, ImageError> {
        Self::read(reference).map_err(|error| match error {
            _ if reference.is_empty() => ImageError::Empty,
            _ if reference.contains(char::is_whitespace) => ImageError::WhiteSpace,
            error => error,
        })
    }

    fn read(reference: &'a str) -> Result<Self, ImageError> {
        if reference.len() == 64 && reference.bytes().all(is_lower_hexadecimal) {
            return Err(ImageError::Identifier);
        }
        let (registry, rest) = split_registry(reference);
        // A first part such as `a_b.example` is no host, yet the grammar lets it through as a part of the path.
        if registry.is_some_and(|host| !is_host(host) && !is_path(host)) {
            return Err(ImageError::Registry);
        }
        let (named, digest) = split_once(rest, '@');
        let (path, tag) = split_once(named, ':');
        let image = Self { registry, path, tag, digest };
        if !is_path(path) {
            let upper_case = path.chars().any(char::is_uppercase);
            return Err(if upper_case { ImageError::UpperCase } else { ImageError::Repository });
        }
        if path.len() > LONGEST_REPOSITORY - OFFICIAL.len()
            && image.official().len() + path.len() > LONGEST_REPOSITORY
        {
            return Err(ImageError::TooLong);
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(ImageError::Tag);
        }
        digest.map_or(Ok(()), check_digest)?;
        Ok(image)
    }

    /// The registry's host, and its port unless that is 443; `docker.io` for every host of Docker Hub. Hosts are
    /// the same in upper and lower case: compare with [`same_host`].
    #[must_use]
    pub fn registry(&self) -> &'a str {
        self.registry.map_or(DOCKER_HUB, canonical_registry)
    }

    /// The repository's path, without the `library/` of [`ImageRef::official`].
    #[must_use]
    pub const fn path(&self) -> &'a str {
        self.path
    }

    /// `library/` if the path is an image of Docker Hub that is named by one word, or nothing.
    #[must_use]
    pub fn official(&self) -> &'static str {
        if self.path.contains('/') || self.registry() != DOCKER_HUB { "" } else { OFFICIAL }
    }

    /// The tag, if one is written.
    #[must_use]
    pub const fn tag(&self) -> Option<&'a str> {
        self.tag
    }

    /// The digest, if one is written.
    #[must_use]
    pub const fn digest(&self) -> Option<&'a str> {
        self.digest
    }

    /// Registry and repository, completed: `docker.io/library/nginx`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}{}", self.registry(), self.official(), self.path)
    }
}

/// The whole reference, completed but for a missing tag.
impl fmt::Display for ImageRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.registry(), self.official(), self.path)?;
        if let Some(tag) = self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

/// Whether two registries are one: hosts don't differ by case.
#[must_use]
pub fn same_host(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// A registry without the port that is meant anyway; `docker.io` for every host of Docker Hub.
#[must_use]
pub fn canonical_registry(registry: &str) -> &str {
    let host = registry.strip_suffix(":443").unwrap_or(registry);
    if DOCKER_HUB_HOSTS.iter().any(|known| same_host(host, known)) { DOCKER_HUB } else { host }
}

/// Whether a text is a host that a registry may have, with or without a port.
#[must_use]
pub fn is_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            let known = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
            if address.is_empty() || !address.bytes().all(known) {
                return false;
            }
            if port.is_empty() {
                return true;
            }
            let Some(port) = port.strip_prefix(':') else { return false };
            ("", Some(port))
        }
        None => split_once(host, ':'),
    };
    let bracketed = name.is_empty() && host.starts_with('[');
    (bracketed || is_domain(name))
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Labels of letters and digits with hyphens inside, and dots between them.
fn is_domain(name: &str) -> bool {
    let last = name.bytes().try_fold(b'.', |previous, byte| match (previous, byte) {
        (_, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9') => Some(b'a'),
        (b'a' | b'-', b'-') | (b'a', b'.') => Some(byte),
        _ => None,
    });
    last == Some(b'a')
}

/// The registry, if the first part of a reference is one, and the rest.
fn split_registry(reference: &str) -> (Option<&str>, &str) {
    match reference.split_once('/') {
        Some((first, rest))
            if first.bytes().any(|byte| matches!(byte, b'.' | b':' | b'A'..=b'Z'))
                || first == "localhost" =>
        {
            (Some(first), rest)
        }
        _ => (None, reference),
    }
}

fn split_once(text: &str, separator: char) -> (&str, Option<&str>) {
    text.split_once(separator).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Parts with slashes between them; each is lower-case letters and digits, in words that a dot, one or two
/// underscores, or hyphens stand between.
fn is_path(path: &str) -> bool {
    // What came last: a letter or digit (`a`), a slash or the start, or a separator; `=` is the second underscore.
    let last = path.bytes().try_fold(b'/', |previous, byte| match (previous, byte) {
        (_, b'a'..=b'z' | b'0'..=b'9') => Some(b'a'),
        (b'a', b'.' | b'_' | b'-' | b'/') | (b'-', b'-') => Some(byte),
        (b'_', b'_') => Some(b'='),
        _ => None,
    });
    last == Some(b'a')
}

fn is_tag(tag: &str) -> bool {
    !tag.is_empty()
        && tag.len() <= LONGEST_TAG
        && !tag.starts_with(['.', '-'])
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

fn check_digest(digest: &str) -> Result<(), ImageError> {
    let (algorithm, digits) = split_once(digest, ':');
    let wanted = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Err(ImageError::DigestAlgorithm),
    };
    let digits = digits.unwrap_or_default();
    if digits.len() != wanted {
        return Err(ImageError::DigestLength { found: digits.len(), wanted });
    }
    if digits.bytes().all(is_lower_hexadecimal) { Ok(()) } else { Err(ImageError::DigestDigits) }
}

const fn is_lower_hexadecimal(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use oci_spec::distribution::Reference;
    use proptest::prelude::*;

    use super::*;

    const SHA256: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// Texts of which many are references, and many are so but for one character.
    const LIKE_REFERENCES: &str = concat!(
        "([a-z0-9]{1,3}[.:_-]{0,2}[a-z0-9]{1,3}(:[0-9]{0,2})?/)?",
        "[a-z0-9._-]{1,6}(/[a-z0-9._-]{1,4})?",
        "(:[A-Za-z0-9._-]{0,4})?(@sha256:[0-9a-f]{63,65})?",
    );

    fn completed(reference: &str) -> String {
        ImageRef::parse(reference).unwrap().to_string()
    }

    fn refused(reference: &str) -> ImageError {
        ImageRef::parse(reference).unwrap_err()
    }

    #[test]
    fn a_name_is_completed_as_the_runtime_completes_it() {
        assert_eq!(completed("nginx"), "docker.io/library/nginx");
        assert_eq!(completed("nginx:1.25"), "docker.io/library/nginx:1.25");
        assert_eq!(completed("acme/app:1"), "docker.io/acme/app:1");
        assert_eq!(completed("docker.io/nginx"), "docker.io/library/nginx");
        assert_eq!(completed("localhost/app"), "localhost/app");
        assert_eq!(completed("localhost:5000/team/app:1"), "localhost:5000/team/app:1");
        assert_eq!(completed("registry:5000/app"), "registry:5000/app");
        assert_eq!(completed("test.example:5000"), "docker.io/library/test.example:5000");
        assert_eq!(completed("[2001:db8::1]:5000/app"), "[2001:db8::1]:5000/app");
        assert_eq!(completed("Acme/app"), "Acme/app");
        assert_eq!(completed("library/nginx"), "docker.io/library/nginx");
        assert_eq!(completed("a_b.example/app"), "a_b.example/app");
    }

    #[test]
    fn every_host_of_docker_hub_is_docker_hub() {
        for host in ["docker.io", "index.docker.io", "registry-1.docker.io", "Docker.IO", "docker.io:443"] {
            assert_eq!(completed(&format!("{host}/nginx:1")), "docker.io/library/nginx:1");
            assert_eq!(completed(&format!("{host}/acme/app:1")), "docker.io/acme/app:1");
        }
    }

    #[test]
    fn the_https_port_is_no_other_registry() {
        assert_eq!(ImageRef::parse("ghcr.io:443/acme/app").unwrap().registry(), "ghcr.io");
        assert_eq!(ImageRef::parse("ghcr.io:8443/acme/app").unwrap().registry(), "ghcr.io:8443");
    }

    #[test]
    fn tag_and_digest_are_told_apart() {
        let written = format!("ghcr.io/acme/app:1.0@{SHA256}");
        let image = ImageRef::parse(&written).unwrap();
        assert_eq!((image.tag(), image.digest()), (Some("1.0"), Some(SHA256)));
        assert_eq!(image.name(), "ghcr.io/acme/app");
        let long = format!("app@sha512:{}", "0".repeat(128));
        assert!(ImageRef::parse(&long).unwrap().digest().is_some());
    }

    #[test]
    fn what_is_no_reference_is_refused_for_its_reason() {
        assert_eq!(refused(""), ImageError::Empty);
        assert_eq!(refused(" "), ImageError::WhiteSpace);
        assert_eq!(refused("nginx:1 "), ImageError::WhiteSpace);
        assert_eq!(refused(&"a".repeat(64)), ImageError::Identifier);
        assert_eq!(refused("Nginx"), ImageError::UpperCase);
        assert_eq!(refused("ghcr.io/Acme/app"), ImageError::UpperCase);
        assert_eq!(refused("ghcr.io./acme/app"), ImageError::Registry);
        assert_eq!(refused("-a.example/app"), ImageError::Registry);
        assert_eq!(refused("registry:/app"), ImageError::Registry);
        assert_eq!(refused("https://ghcr.io/acme/app"), ImageError::Registry);
        assert_eq!(refused("acme//app"), ImageError::Repository);
        assert_eq!(refused("acme/"), ImageError::Repository);
        assert_eq!(refused("a..b"), ImageError::Repository);
        assert_eq!(refused(":1.0"), ImageError::Repository);
        assert_eq!(refused(&"a".repeat(256)), ImageError::TooLong);
        assert_eq!(refused("nginx:"), ImageError::Tag);
        assert_eq!(refused("nginx:-1"), ImageError::Tag);
        assert_eq!(refused(&format!("nginx:{}", "1".repeat(129))), ImageError::Tag);
        assert_eq!(refused("nginx:{{ .Values.tag }}"), ImageError::WhiteSpace);
        assert_eq!(refused("nginx@sha256:abc"), ImageError::DigestLength { found: 3, wanted: 64 });
        assert_eq!(refused(&format!("nginx@md5:{}", "0".repeat(32))), ImageError::DigestAlgorithm);
        assert_eq!(refused(&format!("nginx@{}", SHA256.to_uppercase())), ImageError::DigestAlgorithm);
        assert_eq!(refused(&format!("nginx@sha256:{}", "A".repeat(64))), ImageError::DigestDigits);
        assert_eq!(refused("nginx@"), ImageError::DigestAlgorithm);
    }

    #[test]
    fn oci_spec_departs_from_the_grammar_in_five_places() {
        let accepts = |reference: &str| Reference::try_from(reference).is_ok();
        assert!(accepts(&"a".repeat(64)));
        assert!(accepts(&format!("nginx@sha256:{}", "A".repeat(64))));
        assert!(accepts("nginx:é"));
        assert_eq!(Reference::try_from("Acme/app").unwrap().registry(), "docker.io");
        assert!(!accepts("[::1]:5000/app"));
    }

    proptest! {
        #[test]
        fn elsewhere_oci_spec_reads_the_same(
            reference in LIKE_REFERENCES,
        ) {
            let theirs = Reference::try_from(reference.as_str());
            let ours = ImageRef::parse(&reference);
            prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?} {:?}", ours, theirs);
            if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
                prop_assert_eq!(ours.registry(), canonical_registry(theirs.registry()));
                prop_assert_eq!(format!("{}{}", ours.official(), ours.path()), theirs.repository());
                prop_assert_eq!(ours.digest(), theirs.digest());
                let assumed = ours.digest().is_none().then_some("latest");
                prop_assert_eq!(ours.tag().or(assumed), theirs.tag());
            }
        }

        #[test]
        fn an_image_keeps_the_parts_of_its_reference(reference in LIKE_REFERENCES) {
            let image = Image::from(reference.as_str());
            prop_assert_eq!(image.parse(), ImageRef::parse(&reference));
        }

        #[test]
        fn no_text_breaks_it(reference in "\\PC*") {
            let image = Image::from(reference.as_str());
            prop_assert_eq!(image.parse(), ImageRef::parse(&reference));
        }
    }
}
