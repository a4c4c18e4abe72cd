//! A case of the corpus: what people wrote, in their own format, a time, and what must come of it.
//!
//! Objects are kept as their author spelt them, to the letter: every way in reads that text by itself.

use std::{collections::BTreeSet, fs, path::Path};

use jiff::Timestamp;
use serde_json::Value;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{HashAlg, LineEnding, PrivateKey};
use stanchion::api::RiskException;
use stanchion::engine::approval::{self, Trust};
use stanchion::engine::policy::Settings;
use stanchion::facts::Text;
use stanchion::manifest::{Limits, Node, read, yaml};

/// The fields of a case that hold objects, in the order in which they are applied.
const LISTS: [&str; 4] = ["objects", "tiers", "exceptions", "standards"];

/// The other fields that a case can have.
const FIELDS: [&str; 8] =
    ["description", "now", "expect", "apiServer", "onlyFiles", "kubernetes", "trust", "clusterName"];

/// One case.
pub(crate) struct Case {
    /// The name of its file, without the ending.
    pub(crate) name: String,
    /// The time that it is judged for.
    pub(crate) now: Timestamp,
    /// Every object: the list that it stands in, and its text.
    pub(crate) manifests: Vec<(&'static str, String)>,
    /// What must come of it.
    pub(crate) expect: Value,
    /// What an API server says that refuses one of the objects; none if it takes them all.
    pub(crate) refused: Option<String>,
    /// Why no cluster can be in this state, if none can.
    pub(crate) only_files: Option<String>,
    /// Which approvals count; none for the default. A case with trust has texts such as `${key:ana}`, which become ana's
    /// public key, and in approvals `${signature:ana}`, which become her signature over the rest.
    pub(crate) trust: Option<String>,
    /// The name of the cluster, if it has one.
    pub(crate) cluster_name: Option<String>,
    /// The minor version of Kubernetes since which a cluster keeps all of it; 0 for all that are supported.
    pub(crate) since: u64,
}

impl Case {
    /// The texts of its manifests, sealed as of its own time.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.manifests.iter().map(|(list, text)| {
            if !text.contains("${") {
                return (*list, text.clone());
            }
            let seen = read(&self.name, text.as_bytes(), &Limits::default()).documents;
            (*list, Self::sealed(text, &seen.first().unwrap().node.to_json()))
        })
    }

    /// Every case, by name.
    #[expect(clippy::disallowed_methods, reason = "tests have files")]
    pub(crate) fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/cases");
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let read = |path: &std::path::PathBuf| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            Self::read(name, &fs::read_to_string(path).unwrap())
        };
        files.iter().map(read).collect()
    }

    fn read(name: String, text: &str) -> Self {
        let root = yaml::parse(text, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let root = root.unwrap_or_else(|| panic!("{name}: it is empty"));
        let known: BTreeSet<&str> = LISTS.into_iter().chain(FIELDS).collect();
        for (key, _) in root.as_map().unwrap() {
            assert!(known.contains(&*key.text), "{name}: `{}` is no field of a case", key.text);
        }
        let field = |field: &str| root.get(field).unwrap_or_else(|| panic!("{name}: no `{field}`"));
        assert!(
            field("description").as_str().is_some_and(|it| it.len() > 20),
            "{name}: say what it is about"
        );
        let api_server = root.get("apiServer").map(|it| it.get("refuses").and_then(Node::as_str));
        let optional = |field: &str| root.get(field).and_then(Node::as_str).map(str::to_owned);
        Self {
            trust: optional("trust"),
            cluster_name: optional("clusterName"),
            now: field("now").as_str().unwrap_or_default().parse().unwrap_or_else(|error| {
                panic!("{name}: `now` is a time in quotes: {error}");
            }),
            manifests: LISTS.into_iter().flat_map(|list| items(&root, list, text)).collect(),
            expect: field("expect").to_json(),
            refused: api_server.map(|it| it.expect("apiServer: {refuses: …}").to_owned()),
            only_files: root.get("onlyFiles").map(|it| it.as_str().expect("a reason").to_owned()),
            since: root.get("kubernetes").map_or(0, |it| {
                let minor = it.as_str().and_then(|it| it.strip_prefix("1.")?.parse().ok());
                minor.expect("kubernetes: \"1.35\"")
            }),
            name,
        }
    }
}

impl Case {
    /// What the engine is set to.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            trust: if self.trust.is_some() { Trust::Signed } else { Trust::Recorded },
            cluster: self.cluster_name.as_deref().map(Text::from),
            ..Settings::default()
        }
    }

    /// The flags that say the same.
    pub(crate) fn flags(&self) -> Vec<String> {
        let flag = |name: &str, value: &Option<String>| value.as_ref().map(|it| format!("--{name}={it}"));
        flag("trust", &self.trust).into_iter().chain(flag("cluster-name", &self.cluster_name)).collect()
    }

    /// A manifest, with keys and signatures where it asks for them. `seen` is the object that signatures are over.
    pub(crate) fn sealed(text: &str, seen: &Value) -> String {
        let mut sealed = text.to_owned();
        let people = text.split("${").skip(1).filter_map(|after| after.split_once('}'));
        for (kind, person) in people.filter_map(|(inner, _)| inner.split_once(':')) {
            let seal = match kind {
                "key" => key(person).public_key().to_openssh().unwrap(),
                _ => signature(seen, person).replace('\n', " "),
            };
            sealed = sealed.replace(&format!("${{{kind}:{person}}}"), &seal);
        }
        sealed
    }
}

/// The key of a person: made from their name, so that it is the same every time.
fn key(person: &str) -> PrivateKey {
    let mut seed = [7; 32];
    seed.iter_mut().zip(person.bytes()).for_each(|(byte, it)| *byte = it);
    PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed)), person).unwrap()
}

/// A person's signature over an exception that has their approval.
fn signature(exception: &Value, person: &str) -> String {
    let mut exception: RiskException = serde_json::from_value(exception.clone()).unwrap();
    exception.metadata.namespace.get_or_insert_with(|| "default".to_owned());
    let wanted = format!("${{signature:{person}}}");
    let mut approvals = exception.spec.approvals.iter();
    let approval = approvals.find(|it| it.signature.as_ref() == Some(&wanted)).unwrap();
    let content = approval::content(&exception, approval).unwrap();
    key(person).sign(approval::NAMESPACE, HashAlg::Sha512, &content).unwrap().to_pem(LineEnding::LF).unwrap()
}

/// The items of a list as they are written, each made a document of its own.
fn items(root: &Node<'_>, list: &'static str, text: &str) -> Vec<(&'static str, String)> {
    let Some((key, node)) = root.entry(list) else { return Vec::new() };
    let lines: Vec<&str> = text.lines().collect();
    let first = usize::try_from(key.position.line).unwrap();
    // A field of the case begins at the margin, and so does a comment between two.
    let end = (first..lines.len()).find(|at| lines[*at].starts_with(|it: char| !it.is_whitespace()));
    let own = &lines[first..end.unwrap_or(lines.len())];
    let mut items: Vec<String> = Vec::new();
    for line in own {
        if let Some(begun) = line.strip_prefix("  - ") {
            items.push(begun.to_owned());
        } else if let Some(item) = items.last_mut() {
            item.push('\n');
            item.push_str(line.strip_prefix("    ").unwrap_or_default());
        }
    }
    assert_eq!(
        items.len(),
        node.as_list().map_or(0, <[Node<'_>]>::len),
        "{list}: indent its items by two blanks"
    );
    items.into_iter().map(|item| (list, item + "\n")).collect()
}
