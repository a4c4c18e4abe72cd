//! Files of the repository as the engine takes them.

use std::{fs, path::Path};

use stanchion::api::{RiskException, SecurityStandard, ServiceTier};
use stanchion::facts::object::{Recognition, recognize};
use stanchion::facts::{Inventory, Object};
use stanchion::manifest::{Limits, read};

/// What a file or a folder holds.
#[derive(Default)]
pub(crate) struct Manifests {
    pub(crate) standards: Vec<SecurityStandard>,
    pub(crate) tiers: Vec<ServiceTier>,
    pub(crate) exceptions: Vec<RiskException>,
    pub(crate) inventory: Inventory,
}

impl Manifests {
    /// Reads a file, or every file below a folder; panics where one holds anything that can't be read.
    pub(crate) fn read(path: &str) -> Self {
        let mut all = Self::default();
        for file in listed(path) {
            all.add(&file, &text(&file));
        }
        all
    }

    /// Reads a text as if a file held it.
    pub(crate) fn add(&mut self, file: &str, text: &str) {
        let reading = read(file, text.as_bytes(), &Limits::default());
        let problems: Vec<String> = reading.problems.iter().map(ToString::to_string).collect();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
        assert!(reading.skipped.is_empty(), "{file} holds something that is no Kubernetes object");
        for document in reading.documents {
            let Recognition::Facts(kind) = recognize(&document.api_version, &document.kind) else { continue };
            let json = document.node.to_json();
            match Object::decode(kind, &json).unwrap_or_else(|error| panic!("{file}: {error}")) {
                Object::SecurityStandard(standard) => self.standards.push(*standard),
                Object::ServiceTier(tier) => self.tiers.push(*tier),
                Object::RiskException(exception) => self.exceptions.push(*exception),
                fact => drop(self.inventory.add(fact)),
            }
        }
    }
}

/// The text of a file of the repository.
#[expect(clippy::disallowed_methods, reason = "tests have files")]
pub(crate) fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The YAML files below a folder of the repository, sorted; or the file itself.
#[expect(clippy::disallowed_methods, reason = "tests have files")]
pub(crate) fn listed(path: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if root.join(path).is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let kept = names.iter().map(|name| format!("{path}/{name}"));
    kept.filter(|path| Path::new(path).extension().is_some_and(|it| it == "yaml") || root.join(path).is_dir())
        .flat_map(|path| listed(&path))
        .collect()
}
