//! Kinds of workloads that a CRD of somebody else defines, and where their pod template stands: what configuration says,
//! such as `argoproj.io/v1alpha1/Rollout=spec.template`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::meta::Meta;
use super::object::{ObjectKind, Recognition, recognize};
use super::pod::PodTemplate;
use super::text::Text;
use super::workload::WorkloadKind;

/// The most kinds of one configuration. Each is watched.
pub const MOST_KINDS: usize = 32;

/// The most kinds of one process, which may come to read several configurations.
const SLOTS: usize = 128;

/// The deepest place of a template.
const DEEPEST: usize = 8;

/// The longest word of a declaration.
const LONGEST: usize = 253;

/// How a declaration looks.
const EXAMPLE: &str = "`argoproj.io/v1alpha1/Rollout=spec.template`";

/// Every kind that was declared, once, in the order of their numbers. A slot never changes: a number means the same for
/// as long as the process lives, so that a kind takes no more room in facts than one that is built in.
static DECLARED: [OnceLock<Definition>; SLOTS] = [const { OnceLock::new() }; SLOTS];

/// A kind of workload that configuration declares.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CustomKind(u8);

/// What is known of such a kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Definition {
    /// What reports call it: its kind, and its group where another kind is called so, too.
    name: String,
    declaration: Declaration,
    /// Where the pod spec stands.
    pod_spec: Vec<&'static str>,
}

/// A declaration, as far as it can be told right from wrong alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Declaration {
    group: String,
    version: String,
    kind: String,
    plural: String,
    /// Where the pod template stands; empty for the object itself.
    template: Vec<String>,
}

/// Why a declaration can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{declared}` declares no kind of workload: {why}")]
pub struct DeclarationError {
    declared: String,
    why: String,
}

/// The kinds that a configuration declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomKinds(Vec<CustomKind>);

impl FromStr for Declaration {
    type Err = DeclarationError;

    fn from_str(declared: &str) -> Result<Self, DeclarationError> {
        let wrong = |why: String| DeclarationError { declared: declared.to_owned(), why };
        let Some((kind, path)) = declared.split_once('=') else {
            return Err(wrong(format!(
                "say where its pod template stands, after a `=`, as in {EXAMPLE}; `.` if it is the object itself"
            )));
        };
        let parts: Vec<&str> = kind.split('/').collect();
        let (group, version, kind, plural) = match parts.as_slice() {
            [group, version, kind] => (*group, *version, *kind, regular_plural(kind)),
            [group, version, kind, plural] => (*group, *version, *kind, (*plural).to_owned()),
            _ => {
                return Err(wrong(format!(
                    "write group, version and kind before the `=`, as in {EXAMPLE}, and the name of its resource after them \
                     where that isn't the kind in lower case with an s"
                )));
            }
        };
        let is_label =
            |text: &str| is_word(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !group.contains('.') || !group.split('.').all(is_label) || group.len() > LONGEST {
            return Err(wrong(format!("`{group}` is no API group of a CRD, such as `argoproj.io`")));
        }
        if !is_label(version) || !version.starts_with('v') {
            return Err(wrong(format!("`{version}` is no version, such as `v1alpha1`")));
        }
        let alphanumeric = |text: &str| is_word(text, |c| c.is_ascii_alphanumeric());
        if !alphanumeric(kind) || !kind.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Err(wrong(format!("`{kind}` is no kind, such as `Rollout`")));
        }
        if !is_label(&plural) {
            return Err(wrong(format!("`{plural}` is no resource, such as `rollouts`")));
        }
        if let Recognition::Facts(known) = recognize(&format!("{group}/{version}"), kind) {
            return Err(wrong(format!("{known} of {group} is known anyway; leave it out")));
        }
        let template = template(path).map_err(wrong)?;
        let [group, version, kind] = [group, version, kind].map(str::to_owned);
        Ok(Self { group, version, kind, plural, template })
    }
}

/// The steps to a pod template, or what is wrong with them.
fn template(path: &str) -> Result<Vec<String>, String> {
    if path == "." {
        return Ok(Vec::new());
    }
    let steps: Vec<String> = path.split('.').map(str::to_owned).collect();
    let is_field = |step: &String| is_word(step, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !steps.iter().all(is_field) {
        return Err(format!(
            "`{path}` is no path of fields, such as `spec.template`: a template in a list can't be told; `.` is the object itself"
        ));
    }
    if steps.len() > DEEPEST {
        return Err(format!("`{path}` is deeper than {DEEPEST} fields, where no template stands"));
    }
    match steps.first().map(String::as_str) {
        Some(first @ ("apiVersion" | "kind" | "metadata" | "status")) => {
            Err(format!("no template stands in `{first}`; write a path such as `spec.template`"))
        }
        _ => Ok(steps),
    }
}

fn is_word(text: &str, is_allowed: impl Fn(char) -> bool) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.chars().all(is_allowed)
}

/// The resource of a kind, as nearly every API has it.
#[must_use]
pub fn regular_plural(kind: &str) -> String {
    let singular = kind.to_ascii_lowercase();
    match singular.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if singular.ends_with(['s', 'x']) || singular.ends_with("ch") => format!("{singular}es"),
        _ => format!("{singular}s"),
    }
}

impl CustomKinds {
    /// Takes declarations over; the same one twice is one.
    ///
    /// # Errors
    /// If two of them say different things of one kind, or there are too many: the number of the wrong one, and why.
    pub fn new(declarations: Vec<Declaration>) -> Result<Self, (usize, DeclarationError)> {
        let mut kinds = Self::default();
        for (index, declaration) in declarations.into_iter().enumerate() {
            let wrong = |why: String| (index, DeclarationError { declared: declaration.to_string(), why });
            let Declaration { group, kind, .. } = &declaration;
            match kinds.find(group, kind).map(CustomKind::declaration) {
                Some(known) if *known == declaration => continue,
                Some(known) => {
                    return Err(wrong(format!("`{known}` declares the same kind; keep one of them")));
                }
                None => {}
            }
            let is_taken = ObjectKind::all().any(|known| known.as_str() == kind)
                || kinds.iter().any(|known| known.as_str() == kind);
            let name = if is_taken { format!("{kind}.{group}") } else { kind.clone() };
            if kinds.0.len() == MOST_KINDS {
                return Err(wrong(format!("there are {MOST_KINDS} before it, which is the most")));
            }
            let kind = CustomKind::of(&name, &declaration);
            kinds.0.push(kind.ok_or_else(|| wrong(format!("this process knows {SLOTS} others")))?);
        }
        Ok(kinds)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = CustomKind> + use<> {
        self.0.clone().into_iter()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The kind of workload of this group and name, be it built in or one of these. Any version counts.
    #[must_use]
    pub fn workload(&self, group: &str, kind: &str) -> Option<WorkloadKind> {
        WorkloadKind::of(group, kind).or_else(|| self.find(group, kind).map(WorkloadKind::Custom))
    }

    /// What an object of this `apiVersion` and `kind` is to us.
    #[must_use]
    pub fn recognize(&self, api_version: &str, kind: &str) -> Recognition {
        match recognize(api_version, kind) {
            Recognition::Foreign => {
                let (group, _) = api_version.split_once('/').unwrap_or(("", api_version));
                let known =
                    self.find(group, kind).map(|kind| ObjectKind::Workload(WorkloadKind::Custom(kind)));
                known.map_or(Recognition::Foreign, Recognition::Facts)
            }
            known => known,
        }
    }

    /// Every kind that becomes facts.
    pub fn all(&self) -> impl Iterator<Item = ObjectKind> + use<> {
        ObjectKind::all().chain(self.iter().map(|kind| ObjectKind::Workload(WorkloadKind::Custom(kind))))
    }

    fn find(&self, group: &str, kind: &str) -> Option<CustomKind> {
        self.iter().find(|known| known.group() == group && known.kind() == kind)
    }
}

impl CustomKind {
    /// The number of a definition, which is the same for the same one.
    fn of(name: &str, declaration: &Declaration) -> Option<Self> {
        let leak = |step: &String| -> &'static str { step.clone().leak() };
        let known = |slot: &OnceLock<Definition>| {
            slot.get().is_some_and(|it| it.name == name && it.declaration == *declaration)
        };
        for (number, slot) in DECLARED.iter().enumerate() {
            if slot.get().is_none() {
                let mut pod_spec: Vec<&'static str> = declaration.template.iter().map(leak).collect();
                pod_spec.push("spec");
                // Somebody else may have been faster, with the same or another one.
                let definition =
                    Definition { name: name.to_owned(), declaration: declaration.clone(), pod_spec };
                let _ = slot.set(definition);
            }
            if known(slot) {
                return u8::try_from(number).ok().map(Self);
            }
        }
        None
    }

    /// There is one for every number that was given.
    fn definition(self) -> &'static Definition {
        static NONE: Definition = Definition {
            name: String::new(),
            declaration: Declaration {
                group: String::new(),
                version: String::new(),
                kind: String::new(),
                plural: String::new(),
                template: Vec::new(),
            },
            pod_spec: Vec::new(),
        };
        DECLARED.get(usize::from(self.0)).and_then(OnceLock::get).unwrap_or(&NONE)
    }

    fn declaration(self) -> &'static Declaration {
        &self.definition().declaration
    }

    /// What reports call it: its kind, with its group where another kind is called so, too.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        &self.definition().name
    }

    /// The kind's name in the API.
    #[must_use]
    pub fn kind(self) -> &'static str {
        &self.declaration().kind
    }

    /// The kind's API group.
    #[must_use]
    pub fn group(self) -> &'static str {
        &self.declaration().group
    }

    /// The version in which it is read.
    #[must_use]
    pub fn version(self) -> &'static str {
        &self.declaration().version
    }

    /// Its resource.
    #[must_use]
    pub fn plural(self) -> &'static str {
        &self.declaration().plural
    }

    /// Where the pod template stands in an object of this kind; empty for the object itself.
    #[must_use]
    pub fn template_path(self) -> &'static [&'static str] {
        self.pod_spec_path().split_last().map_or(&[], |(_, template)| template)
    }

    /// Where the pod spec stands in an object of this kind.
    #[must_use]
    pub fn pod_spec_path(self) -> &'static [&'static str] {
        &self.definition().pod_spec
    }
}

/// By name, whatever was declared first.
impl Ord for CustomKind {
    fn cmp(&self, other: &Self) -> Ordering {
        if self == other { Ordering::Equal } else { self.definition().cmp(other.definition()) }
    }
}

impl PartialOrd for CustomKind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for CustomKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// As it is written.
impl fmt::Display for Declaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, version, kind, plural, template } = self;
        write!(f, "{group}/{version}/{kind}")?;
        if *plural != regular_plural(kind) {
            write!(f, "/{plural}")?;
        }
        let path = if template.is_empty() { ".".to_owned() } else { template.join(".") };
        write!(f, "={path}")
    }
}

/// What is read of an object: whatever else its author put into it is passed over.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) metadata: Meta,
    /// What stands beside the template in `spec`, where it is a number.
    pub(super) replicas: Option<i32>,
    pub(super) template: PodTemplate,
}

impl Found {
    /// Reads an object whose template stands there.
    pub(super) fn decode<'de, D: Deserializer<'de>>(
        path: &[&'static str],
        deserializer: D,
    ) -> Result<Self, D::Error> {
        let mut found = Self::default();
        Level { path, depth: 0, found: &mut found }.deserialize(deserializer)?;
        Ok(found)
    }
}

/// One map on the way to the template.
struct Level<'a> {
    /// The steps that are left.
    path: &'a [&'static str],
    /// The steps that are done.
    depth: usize,
    found: &'a mut Found,
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.first() {
            Some(next) => write!(f, "a map with `{next}`, which leads to the pod template"),
            None => f.write_str("a map"),
        }
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { path, depth, found } = self;
        while let Some(key) = map.next_key::<Text>()? {
            match (key.as_str(), path) {
                ("metadata", _) if depth == 0 => {
                    found.metadata = map.next_value::<Option<Meta>>()?.unwrap_or_default();
                }
                (key, [last]) if key == *last => {
                    found.template = map.next_value::<Option<PodTemplate>>()?.unwrap_or_default();
                }
                (key, [next, rest @ ..]) if key == *next => {
                    map.next_value_seed(Level { path: rest, depth: depth + 1, found })?;
                }
                ("replicas", _) if depth == 1 => found.replicas = map.next_value::<Number>()?.0,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A number, or anything else, which is none.
struct Number(Option<i32>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Any {
            Number(i32),
            Other(IgnoredAny),
        }

        Ok(Self(match Any::deserialize(deserializer)? {
            Any::Number(number) => Some(number),
            Any::Other(IgnoredAny) => None,
        }))
    }
}

#[cfg(test)]
mod tests;
