//! A case of the corpus: what people wrote, in their own format, a time, and what must come of it.
//!
//! Objects are kept as their author spelt them, to the letter: every way in reads that text by itself.

use std::{collections::BTreeSet, fs, path::Path};

use jiff::Timestamp;
use serde_json::Value;
use stanchion::manifest::{Limits, Node, yaml};

/// The fields of a case that hold objects, in the order in which they are applied.
const LISTS: [&str; 4] = ["objects", "tiers", "exceptions", "standards"];

/// The other fields that a case can have.
const FIELDS: [&str; 6] = ["description", "now", "expect", "apiServer", "onlyFiles", "kubernetes"];

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
    /// The minor version of Kubernetes since which a cluster keeps all of it; 0 for all that are supported.
    pub(crate) since: u64,
}

impl Case {
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
        Self {
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
