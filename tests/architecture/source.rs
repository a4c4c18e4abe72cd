//! Rust sources as text.

use std::fs;
use std::path::Path;

/// A source file.
pub(crate) struct Source {
    /// The path from the repository's root.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository, if it exists.
#[expect(clippy::disallowed_methods, reason = "these checks read the repository")]
pub(crate) fn try_text(path: &str) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}

/// A file of the repository.
pub(crate) fn text(path: &str) -> String {
    let text = try_text(path);
    assert!(text.is_some(), "{path} is missing");
    text.unwrap_or_default()
}

/// Every Rust source below these folders, sorted by path.
#[expect(clippy::disallowed_methods, reason = "these checks read the repository")]
pub(crate) fn below(folders: &[&str]) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut left: Vec<String> = folders.iter().map(|folder| (*folder).to_owned()).collect();
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(root().join(&folder)).into_iter().flatten() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                left.push(path);
            } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
                sources.push(Source { text: text(&path), path });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

impl Source {
    /// The path of its module from the crate's root: `["controls", "pod", "privileged"]`.
    pub(crate) fn module_path(&self) -> Vec<&str> {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        path.strip_suffix(".rs").unwrap_or(path).split('/').collect()
    }

    /// The module of the crate's root that it belongs to: `controls`.
    pub(crate) fn module(&self) -> &str {
        self.module_path().first().copied().unwrap_or_default()
    }

    /// The lines with their numbers, from 1, without comments and without modules of tests. Columns are kept.
    pub(crate) fn code(&self) -> Vec<(usize, &str)> {
        if self.path.ends_with("/tests.rs") {
            return Vec::new();
        }
        let mut code = Vec::new();
        let mut lines = (1..).zip(self.text.lines()).peekable();
        while let Some((number, line)) = lines.next() {
            let module = lines.peek().is_some_and(|(_, next)| next.contains("mod ") && next.ends_with('{'));
            if line == "#[cfg(test)]" && module {
                lines.by_ref().find(|(_, line)| *line == "}");
            } else if let Some(line) = line.split("//").next().filter(|line| !line.trim().is_empty()) {
                code.push((number, line));
            }
        }
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_test_modules_are_no_code() {
        let text = "//! Docs.\nfn a() {} // why\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
        let source = Source { path: "src/facts/pod.rs".to_owned(), text: text.to_owned() };
        assert_eq!(source.code(), [(2, "fn a() {} "), (8, "fn c() {}")]);
        assert_eq!(source.module_path(), ["facts", "pod"]);
        assert_eq!(source.module(), "facts");
    }
}
