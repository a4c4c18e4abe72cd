//! A control's file, its `mod` line and its entry in `CATALOGUE` go together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Rust sources by their path below `src/`.
pub(crate) type Sources = BTreeMap<String, String>;

/// What a new control has where its author is to write.
const PLACEHOLDER: &str = "FILL:";

/// `src/controls.rs` and everything below `src/controls/`.
#[expect(clippy::disallowed_methods, reason = "this check reads the source")]
pub(crate) fn sources() -> Sources {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Sources::new();
    let mut folders = vec![src.join("controls")];
    let mut read = |path: &Path| {
        let name = path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        sources.insert(name, fs::read_to_string(path).unwrap());
    };
    read(&src.join("controls.rs"));
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                read(&path);
            }
        }
    }
    sources
}

/// Ids out of order or given twice.
pub(crate) fn order_problems(ids: &[&str]) -> Vec<String> {
    let pairs = ids.iter().zip(ids.iter().skip(1));
    let mut problems: Vec<String> = pairs
        .filter(|(first, second)| first > second)
        .map(|(first, second)| format!("move `{second}` before `{first}` in CATALOGUE, src/controls.rs"))
        .collect();
    problems.extend(twice("id", ids));
    problems
}

/// Names given twice.
pub(crate) fn twice(what: &str, names: &[&str]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let again = names.iter().filter(|name| !seen.insert(**name));
    again.map(|name| format!("two controls have the {what} `{name}`: give one of them another")).collect()
}

/// What is wrong between files, `mod` lines and the catalogue.
pub(crate) fn problems(sources: &Sources, ids: &[&str]) -> Vec<String> {
    let entries = entries(sources);
    let mut problems = Vec::new();
    let mut declared = BTreeSet::new();
    for (path, text) in sources {
        for declaration in declarations(text) {
            declared.insert(declaration.id.clone());
            problems.extend(declaration.problems(path, sources, &entries));
        }
        if declarations(text).len() > 1 {
            problems.push(format!("src/{path} declares more than one control: one file each"));
        }
        for (number, _) in text.lines().enumerate().filter(|(_, line)| line.contains(PLACEHOLDER)) {
            problems.push(format!(
                "src/{path}:{} still says `{PLACEHOLDER}`: write what the line asks for",
                number + 1
            ));
        }
    }
    let without_file = ids.iter().filter(|id| !declared.contains(**id));
    problems.extend(without_file.map(|id| {
        format!("`{id}` is in CATALOGUE and no file below src/controls/ declares it: restore its file")
    }));
    let registered: BTreeSet<&str> = ids.iter().copied().collect();
    let unregistered = declared.iter().filter(|id| !registered.contains(id.as_str()));
    problems.extend(unregistered.map(|id| {
        format!("`{id}` is declared but not in CATALOGUE: add it there, src/controls.rs, sorted by id")
    }));
    problems
}

/// The entries of `CATALOGUE` as they are written, without the ampersand.
fn entries(sources: &Sources) -> BTreeSet<String> {
    let text = sources.get("controls.rs").map_or("", String::as_str);
    let list = text.split_once("CATALOGUE: &[&Control] = &[").and_then(|(_, after)| after.split_once(']'));
    let entries = list.map_or("", |(list, _)| list).split(',');
    entries.filter_map(|entry| entry.trim().strip_prefix('&')).map(str::to_owned).collect()
}

/// What a `declare_control!` block says its control is.
struct Declaration {
    id: String,
    name: String,
}

fn declarations(text: &str) -> Vec<Declaration> {
    let between = |block: &str, before: &str, after: &str| {
        let (_, rest) = block.split_once(before)?;
        rest.split_once(after).map(|(found, _)| found.to_owned())
    };
    let blocks = text.split("\ndeclare_control! {\n").skip(1);
    blocks
        .map(|block| Declaration {
            id: between(block, "\n        id: \"", "\"").unwrap_or_default(),
            name: between(block, "pub static ", " = {").unwrap_or_default(),
        })
        .collect()
}

impl Declaration {
    /// What is wrong with the place, the names and the registration of a control declared in the file at `path`.
    fn problems(&self, path: &str, sources: &Sources, entries: &BTreeSet<String>) -> Vec<String> {
        let Self { id, name } = self;
        let place = path.strip_prefix("controls/").and_then(|path| path.strip_suffix(".rs"));
        let Some((folder, file)) = place.and_then(|place| place.split_once('/')) else {
            return vec![format!("src/{path} declares `{id}`: move it to src/controls/<family>/<name>.rs")];
        };
        let mut problems = Vec::new();
        let mut expect = |holds: bool, problem: String| {
            if !holds {
                problems.push(problem);
            }
        };
        let words = file.replace('_', "-");
        expect(
            *id == format!("{folder}.{words}"),
            format!("src/{path} declares `{id}`: its place makes it `{folder}.{words}`; rename the file"),
        );
        let screaming = file.to_uppercase();
        expect(*name == screaming, format!("src/{path}: name the static `{screaming}`, not `{name}`"));
        let has_line = |file: &str, line: &str| {
            let lines = sources.get(file).map_or("", String::as_str).lines();
            lines.map(|line| line.strip_prefix("pub ").unwrap_or(line)).any(|found| found == line)
        };
        expect(
            has_line(&format!("controls/{folder}.rs"), &format!("mod {file};")),
            format!("src/{path} is not compiled: add `pub mod {file};` to src/controls/{folder}.rs"),
        );
        expect(
            has_line("controls.rs", &format!("mod {folder};")),
            format!("the family `{folder}` is not compiled: add `pub mod {folder};` to src/controls.rs"),
        );
        let entry = format!("{folder}::{file}::{name}");
        expect(
            entries.contains(&entry),
            format!(
                "src/{path} is not registered: add `&{entry},` to CATALOGUE, src/controls.rs, sorted by id"
            ),
        );
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: &str = "//! Images.\n\npub mod mutable_tag;\n";
    const ROOT: &str = "
pub mod image;

pub static CATALOGUE: &[&Control] = &[
    &image::mutable_tag::MUTABLE_TAG,
];
";

    fn control(id: &str, name: &str) -> String {
        format!("\ndeclare_control! {{\n    /// Docs.\n    pub static {name} = {{\n        id: \"{id}\",\n")
    }

    fn tree(files: &[(&str, &str)]) -> Sources {
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    fn found(files: &[(&str, &str)], ids: &[&str]) -> String {
        problems(&tree(files), ids).join("\n")
    }

    #[test]
    fn a_registered_control_is_in_order() {
        let file = control("image.mutable-tag", "MUTABLE_TAG");
        let files =
            [("controls.rs", ROOT), ("controls/image.rs", FAMILY), ("controls/image/mutable_tag.rs", &file)];
        assert_eq!(found(&files, &["image.mutable-tag"]), "");
    }

    #[test]
    fn a_control_without_its_file_its_mod_line_or_its_entry_is_found() {
        let file = control("image.mutable-tag", "MUTABLE_TAG");
        let here = ("controls/image/mutable_tag.rs", file.as_str());
        let no_file = found(&[("controls.rs", ROOT), ("controls/image.rs", FAMILY)], &["image.mutable-tag"]);
        assert!(no_file.contains("no file below src/controls/ declares it: restore its file"), "{no_file}");
        let files = [("controls.rs", ROOT), ("controls/image.rs", "//! Images.\n"), here];
        let no_mod = found(&files, &["image.mutable-tag"]);
        assert!(no_mod.contains("add `pub mod mutable_tag;` to src/controls/image.rs"), "{no_mod}");
        let files = [("controls.rs", "pub mod image;\n"), ("controls/image.rs", FAMILY), here];
        let no_entry = found(&files, &[]);
        assert!(no_entry.contains("add `&image::mutable_tag::MUTABLE_TAG,` to CATALOGUE"), "{no_entry}");
    }

    #[test]
    fn a_control_with_names_that_differ_is_found() {
        let file = control("image.latest-tag", "LATEST");
        let files =
            [("controls.rs", ROOT), ("controls/image.rs", FAMILY), ("controls/image/mutable_tag.rs", &file)];
        let found = found(&files, &["image.latest-tag"]);
        assert!(found.contains("its place makes it `image.mutable-tag`"), "{found}");
        assert!(found.contains("name the static `MUTABLE_TAG`, not `LATEST`"), "{found}");
    }

    #[test]
    fn a_skeleton_that_is_not_filled_in_is_found() {
        let file = control("image.mutable-tag", "MUTABLE_TAG").replace("Docs.", "FILL: what is looked at");
        let files =
            [("controls.rs", ROOT), ("controls/image.rs", FAMILY), ("controls/image/mutable_tag.rs", &file)];
        let found = found(&files, &["image.mutable-tag"]);
        assert_eq!(
            found,
            "src/controls/image/mutable_tag.rs:3 still says `FILL:`: write what the line asks for"
        );
    }

    #[test]
    fn ids_out_of_order_and_given_twice_are_found() {
        let found = order_problems(&["pod.b", "pod.a", "pod.b"]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("move `pod.a` before `pod.b`"), "{found:?}");
        assert!(found[1].contains("two controls have the id `pod.b`"), "{found:?}");
    }
}
