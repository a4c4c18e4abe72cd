//! Patterns for names and images, with one meaning wherever a user writes one.

use std::borrow::Cow;
use std::fmt;

use globset::{GlobBuilder, GlobMatcher};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::facts::image::{ImageRef, canonical_registry, is_host, same_host};
use crate::relations::rbac::{Principal, RoleKey};

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
        Ok(Self { written: pattern.to_owned(), matcher: glob(pattern, false)? })
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

/// An image reference with the registry and `library/` that the container runtime adds; as written if it is none.
fn completed(image: &str) -> Cow<'_, str> {
    ImageRef::parse(image).map_or(Cow::Borrowed(image), |image| Cow::Owned(image.to_string()))
}

/// Where images may come from: a registry (`ghcr.io`), a repository or what stands below a path (`ghcr.io/acme`), or
/// a glob over the whole name (`*.example.com/team-?/**`). One word is an official image of Docker Hub: `nginx` is
/// `docker.io/library/nginx`. An entry covers what stands below it, at whole parts of the path: `ghcr.io/acme` never
/// covers `ghcr.io/acme-evil`.
#[derive(Clone)]
pub struct RepositoryPattern {
    written: String,
    meaning: Meaning,
}

#[derive(Clone)]
enum Meaning {
    /// A registry, and a path in it; an empty path is the whole registry.
    Below { registry: String, path: String },
    /// Matched against the completed name and the paths above it.
    Glob(GlobMatcher),
}

impl RepositoryPattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern, and what to write, in words.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let meaning = Self::read(pattern)?;
        Ok(Self { written: pattern.to_owned(), meaning })
    }

    fn read(pattern: &str) -> Result<Meaning, String> {
        let no_name = |why: &dyn fmt::Display| {
            format!("`{pattern}` names no registry or repository: {why}; write one such as `ghcr.io/acme`")
        };
        if let Some((scheme, rest)) = pattern.split_once("://") {
            return Err(format!("`{pattern}` is an address; leave out `{scheme}://` and write `{rest}`"));
        }
        if pattern.contains(['*', '?', '{']) {
            return Ok(Meaning::Glob(glob(pattern, true)?));
        }
        let name = pattern.trim_end_matches('/');
        let port =
            name.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let is_registry = name == "localhost" || name.starts_with('[') || name.contains('.') || port;
        if !name.contains('/') && is_registry && is_host(name) {
            let registry = canonical_registry(name).to_owned();
            return Ok(Meaning::Below { registry, path: String::new() });
        }
        let image = ImageRef::parse(name).map_err(|error| no_name(&error))?;
        if image.tag().is_some() || image.digest().is_some() {
            return Err(format!("`{pattern}` names one version; leave out its tag and digest"));
        }
        let path = image.path();
        if !image.official().is_empty() && name.contains('/') {
            // `docker.io/acme` is an official image to the runtime, and a namespace to whoever writes it in a list.
            if !pattern.ends_with('/') && path != "library" {
                return Err(format!(
                    "`{pattern}` can be read in two ways; write `docker.io/{path}/` for the namespace, or \
                     `docker.io/library/{path}` for the image"
                ));
            }
            return Ok(Meaning::Below { registry: image.registry().to_owned(), path: path.to_owned() });
        }
        let path = format!("{}{path}", image.official());
        Ok(Meaning::Below { registry: image.registry().to_owned(), path })
    }

    /// Whether an image comes from there.
    #[must_use]
    pub fn covers(&self, image: &ImageRef<'_>) -> bool {
        match &self.meaning {
            Meaning::Below { registry, path } => {
                same_host(registry, image.registry()) && is_below(path, image.official(), image.path())
            }
            Meaning::Glob(glob) => {
                let name = image.name();
                let above = |path: &&str| path.rsplit_once('/').map(|(above, _)| above).map(str::len);
                let mut paths = std::iter::successors(Some(name.as_str()), |path| {
                    above(path).and_then(|length| name.get(..length))
                });
                paths.any(|path| glob.is_match(path))
            }
        }
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

/// Whether the path `official` + `path` is `top` or stands below it.
fn is_below(top: &str, official: &str, path: &str) -> bool {
    let at_boundary = |rest: &str| rest.is_empty() || rest.starts_with('/');
    if top.is_empty() {
        return true;
    }
    match top.strip_prefix(official) {
        Some(top) => path.strip_prefix(top).is_some_and(at_boundary),
        // All official images.
        None => official.strip_suffix('/') == Some(top),
    }
}

/// Who may have a right, as bindings call them: `User NAME`, `Group NAME` or `ServiceAccount NAMESPACE/NAME`. In names
/// `*` stands for anything, in those of service accounts for anything but the slash.
#[derive(Clone)]
pub struct SubjectPattern {
    written: String,
    matcher: GlobMatcher,
    kind: SubjectKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SubjectKind {
    User,
    Group,
    ServiceAccount,
}

impl SubjectPattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern, and what to write, in words.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let unknown = || {
            format!(
                "`{pattern}` names nobody; write `User NAME`, `Group NAME` or `ServiceAccount NAMESPACE/NAME`"
            )
        };
        let (kind, name) = pattern.split_once(' ').ok_or_else(unknown)?;
        let slashes = name.matches('/').count();
        let kind = match kind {
            "User" if !name.is_empty() => SubjectKind::User,
            "Group" if !name.is_empty() => SubjectKind::Group,
            "ServiceAccount" if slashes == 1 => SubjectKind::ServiceAccount,
            _ => return Err(unknown()),
        };
        let matcher = glob_over(name, false, kind == SubjectKind::ServiceAccount)?;
        Ok(Self { written: pattern.to_owned(), matcher, kind })
    }

    /// Whether somebody is meant.
    #[must_use]
    pub fn matches(&self, who: &Principal) -> bool {
        match (self.kind, who) {
            (SubjectKind::User, Principal::User(name)) | (SubjectKind::Group, Principal::Group(name)) => {
                self.matcher.is_match(name.as_str())
            }
            (SubjectKind::ServiceAccount, Principal::ServiceAccount { namespace, name }) => {
                self.matcher.is_match(format!("{namespace}/{name}"))
            }
            _ => false,
        }
    }
}

/// The names of some namespaces: `*` stands for anything.
#[derive(Clone)]
pub struct NamespacePattern {
    written: String,
    matcher: GlobMatcher,
}

impl NamespacePattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern, in words.
    pub fn new(pattern: &str) -> Result<Self, String> {
        if pattern.is_empty() {
            return Err(
                "an empty pattern matches nothing; write a namespace such as `kube-system`".to_owned()
            );
        }
        Ok(Self { written: pattern.to_owned(), matcher: glob(pattern, false)? })
    }

    /// Whether a namespace is meant.
    #[must_use]
    pub fn matches(&self, namespace: &str) -> bool {
        self.matcher.is_match(namespace)
    }
}

/// The names of some roles: `NAME` and `ClusterRole NAME` mean a `ClusterRole`, `Role NAMESPACE/NAME` a Role. In names
/// `*` stands for anything but a slash.
#[derive(Clone)]
pub struct RolePattern {
    written: String,
    matcher: GlobMatcher,
}

impl RolePattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern, and what to write, in words.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let unknown = || {
            format!("`{pattern}` names no role; write `NAME`, `ClusterRole NAME` or `Role NAMESPACE/NAME`")
        };
        let meant = match pattern.split_once(' ') {
            Some(("ClusterRole", name)) if !name.is_empty() && !name.contains('/') => pattern.to_owned(),
            Some(("Role", name)) if name.matches('/').count() == 1 => pattern.to_owned(),
            None if !pattern.is_empty() && !pattern.contains('/') => format!("ClusterRole {pattern}"),
            _ => return Err(unknown()),
        };
        Ok(Self { written: pattern.to_owned(), matcher: glob(&meant, false)? })
    }

    /// Whether a role is meant.
    #[must_use]
    pub fn matches(&self, role: &RoleKey) -> bool {
        self.matcher.is_match(role.to_string())
    }

    /// The one `ClusterRole` that is meant, if the pattern is a name.
    #[must_use]
    pub fn cluster_role(&self) -> Option<RoleKey> {
        let name = self.written.strip_prefix("ClusterRole ").unwrap_or(&self.written);
        let role = RoleKey::cluster(name);
        (!name.contains(['*', '?', '[', '{']) && self.matches(&role)).then_some(role)
    }
}

/// The names of some environment variables, keys or annotations: `*` stands for anything.
#[derive(Clone)]
pub struct KeyPattern {
    written: String,
    matcher: GlobMatcher,
}

impl KeyPattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern, in words.
    pub fn new(pattern: &str) -> Result<Self, String> {
        if pattern.is_empty() {
            return Err("an empty pattern matches nothing; write a name such as `TEST_PASSWORD`".to_owned());
        }
        Ok(Self { written: pattern.to_owned(), matcher: glob_over(pattern, false, false)? })
    }

    /// Whether a key is meant.
    #[must_use]
    pub fn matches(&self, key: &str) -> bool {
        self.matcher.is_match(key)
    }
}

fn glob(pattern: &str, any_case: bool) -> Result<GlobMatcher, String> {
    glob_over(pattern, any_case, true)
}

/// A glob in which `*` stops at a slash, if slashes separate parts.
fn glob_over(pattern: &str, any_case: bool, slashes_separate: bool) -> Result<GlobMatcher, String> {
    GlobBuilder::new(pattern)
        .literal_separator(slashes_separate)
        .backslash_escape(false)
        .case_insensitive(any_case)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| format!("`{pattern}` is no pattern: {}", error.kind()))
}

/// What every pattern is to a user: the text that was written.
macro_rules! written_as_text {
    ($pattern:ident) => {
        impl PartialEq for $pattern {
            fn eq(&self, other: &Self) -> bool {
                self.written == other.written
            }
        }

        impl Eq for $pattern {}

        impl fmt::Debug for $pattern {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.written, f)
            }
        }

        impl<'de> Deserialize<'de> for $pattern {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let written = String::deserialize(deserializer)?;
                Self::new(&written).map_err(serde::de::Error::custom)
            }
        }

        impl Serialize for $pattern {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.written)
            }
        }

        impl JsonSchema for $pattern {
            fn schema_name() -> Cow<'static, str> {
                stringify!($pattern).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                String::json_schema(generator)
            }
        }
    };
}

written_as_text!(ImagePattern);
written_as_text!(RepositoryPattern);
written_as_text!(SubjectPattern);
written_as_text!(NamespacePattern);
written_as_text!(RolePattern);
written_as_text!(KeyPattern);

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
    fn a_role_is_meant_by_its_kind_and_name() {
        let role = |namespace: &str, name: &str| match namespace {
            "" => RoleKey::cluster(name),
            _ => {
                RoleKey { kind: crate::facts::RoleKind::Role, namespace: namespace.into(), name: name.into() }
            }
        };
        let matches = |pattern: &str, role: &RoleKey| RolePattern::new(pattern).unwrap().matches(role);
        assert!(matches("view", &role("", "view")) && matches("ClusterRole acme-*", &role("", "acme-web")));
        assert!(!matches("view", &role("shop", "view")) && !matches("acme-*", &role("", "view")));
        assert!(matches("Role */reader", &role("shop", "reader")));
        assert_eq!(RolePattern::new("view").unwrap().cluster_role(), Some(role("", "view")));
        assert_eq!(RolePattern::new("v*").unwrap().cluster_role(), None);
        assert_eq!(RolePattern::new("Role a/b").unwrap().cluster_role(), None);
        for wrong in ["", "shop/reader", "Role reader", "Group view"] {
            assert!(RolePattern::new(wrong).unwrap_err().contains("names no role"), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_meant_by_a_name_or_a_pattern() {
        let matches = |pattern: &str, key: &str| KeyPattern::new(pattern).unwrap().matches(key);
        assert!(matches("TEST_*", "TEST_PASSWORD") && !matches("TEST", "TEST_PASSWORD"));
        assert!(matches("example.com/*", "example.com/a/b") && !matches("a", "A"));
        assert!(KeyPattern::new("").is_err());
    }

    #[test]
    fn a_broken_pattern_is_refused_in_words() {
        assert!(ImagePattern::new("[a").unwrap_err().contains("`[a` is no pattern"));
    }
    fn covers(pattern: &str, image: &str) -> bool {
        RepositoryPattern::new(pattern).unwrap().covers(&ImageRef::parse(image).unwrap())
    }

    #[test]
    fn a_registry_covers_all_that_it_serves() {
        assert!(covers("ghcr.io", "ghcr.io/acme/app:1"));
        assert!(covers("ghcr.io", "GHCR.io:443/acme/app:1"));
        assert!(covers("GHCR.IO/", "ghcr.io/acme/app:1"));
        assert!(!covers("ghcr.io", "ghcr.io:8443/acme/app:1"));
        assert!(!covers("ghcr.io", "ghcr.io.example/acme/app:1"));
        assert!(!covers("ghcr.io", "evil.example/ghcr.io/app:1"));
        assert!(covers("localhost:5000", "localhost:5000/app"));
        assert!(covers("registry:5000", "registry:5000/app"));
        assert!(covers("localhost", "localhost/app"));
        assert!(covers("docker.io", "nginx"));
        assert!(covers("index.docker.io", "registry-1.docker.io/acme/app"));
    }

    #[test]
    fn a_path_covers_what_stands_below_it_at_whole_parts() {
        assert!(covers("ghcr.io/acme", "ghcr.io/acme/app:1"));
        assert!(covers("ghcr.io/acme", "ghcr.io/acme/team/app"));
        assert!(covers("ghcr.io/acme", "ghcr.io/acme:1"));
        assert!(!covers("ghcr.io/acme", "ghcr.io/acme-evil/app:1"));
        assert!(!covers("ghcr.io/acme/app", "ghcr.io/acme/application"));
        assert!(covers("acme/app", "docker.io/acme/app:1"));
        assert!(!covers("acme/app", "ghcr.io/acme/app:1"));
    }

    #[test]
    fn one_word_is_an_official_image() {
        assert!(covers("nginx", "docker.io/library/nginx:1"));
        assert!(!covers("nginx", "nginx/app"));
        assert!(!covers("nginx", "nginxinc"));
        assert!(covers("docker.io/library", "nginx"));
        assert!(covers("docker.io/acme/", "acme/app"));
        assert!(!covers("docker.io/acme/", "acme"));
    }

    #[test]
    fn a_glob_is_matched_against_the_whole_name_and_the_paths_above_it() {
        assert!(covers("*.example.com", "eu.example.com/acme/app"));
        assert!(!covers("*.example.com", "example.com.evil/acme/app"));
        assert!(!covers("*.example.com", "evil.test/x.example.com/app"));
        assert!(covers("ghcr.io/acme-*", "ghcr.io/acme-web/app:1"));
        assert!(covers("docker.io/library/*", "nginx"));
        assert!(covers("{ghcr,quay}.io/acme/**", "quay.io/acme/team/app"));
        assert!(covers("*.Example.com", "EU.example.COM/app"));
    }

    #[test]
    fn an_entry_that_can_t_mean_what_it_says_is_refused_with_what_to_write() {
        let refused = |pattern: &str| RepositoryPattern::new(pattern).unwrap_err();
        assert!(refused("https://ghcr.io/acme").contains("leave out `https://` and write `ghcr.io/acme`"));
        assert!(refused("nginx:1.25").contains("names one version"));
        assert!(refused("ghcr.io/Acme").contains("upper case in its repository"));
        assert!(refused("").contains("it is empty"));
        assert!(refused("docker.io/acme").contains("write `docker.io/acme/` for the namespace"));
        assert!(refused("{a").contains("`{a` is no pattern"));
    }

    #[test]
    fn subjects_are_told_by_kind_and_name() {
        let matches = |pattern: &str, who: &Principal| SubjectPattern::new(pattern).unwrap().matches(who);
        let account = Principal::service_account("argocd", "server");
        assert!(matches("ServiceAccount argocd/*", &account));
        assert!(matches("ServiceAccount */server", &account));
        assert!(!matches("ServiceAccount argo/*", &account));
        assert!(!matches("User *", &account));
        let group = Principal::Group("oidc:acme/platform".into());
        assert!(matches("Group oidc:*", &group));
        assert!(!matches("User oidc:*", &group));
        assert!(matches("User ada", &Principal::User("ada".into())));
        for wrong in ["ada", "User ", "Groups a", "ServiceAccount server", "ServiceAccount a/b/c", "User {"] {
            assert!(SubjectPattern::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn namespaces_are_told_by_name() {
        let matches = |pattern: &str, name: &str| NamespacePattern::new(pattern).unwrap().matches(name);
        assert!(matches("kube-*", "kube-system") && !matches("kube-system", "kube-system-2"));
        assert!(NamespacePattern::new("").is_err());
    }
}
