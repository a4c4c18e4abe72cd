//! Who may use whom.

use crate::source::Source;

/// The modules that do no IO and have no clock.
const PURE: &[&str] = &[
    "admission",
    "api",
    "config",
    "controls",
    "draft",
    "engine",
    "facts",
    "fix",
    "lint",
    "load",
    "manifest",
    "policies",
    "relations",
    "report",
];

/// What each module of the crate's root may use besides itself.
const ARROWS: &[(&str, &[&str])] = &[
    ("api", &[]),
    ("facts", &["api"]),
    ("policies", &["api"]),
    ("manifest", &["api", "facts"]),
    ("relations", &["facts"]),
    ("engine", &["api", "facts", "relations"]),
    ("fix", &["engine", "facts", "manifest"]),
    ("load", &["api", "engine", "facts", "manifest"]),
    ("controls", &["api", "declare_control", "engine", "facts", "relations"]),
    ("admission", &["api", "engine", "facts", "relations"]),
    ("config", &["api", "engine", "facts", "manifest"]),
    ("draft", &["api", "engine", "facts"]),
    ("lint", &["api", "engine", "facts", "load", "manifest"]),
    ("report", &["api", "engine", "facts", "fix", "lint", "load", "manifest"]),
    ("cluster", &["api", "facts"]),
    (
        "operator",
        &[
            "admission",
            "api",
            "cluster",
            "controls",
            "engine",
            "facts",
            "load",
            "manifest",
            "policies",
            "report",
            "webhook",
        ],
    ),
    ("webhook", &["admission"]),
    (
        "cli",
        &[
            "admission",
            "api",
            "cluster",
            "config",
            "controls",
            "draft",
            "engine",
            "facts",
            "fix",
            "lint",
            "load",
            "manifest",
            "operator",
            "policies",
            "report",
            "webhook",
        ],
    ),
    ("lib", &[]),
    ("main", &["cli"]),
];

/// The one place of the engine that knows the controls.
const CATALOGUE: &str = "src/engine/catalogue.rs";

/// What only the shells around the core have.
const IMPURE: &[&str] = &[
    "tokio",
    "futures",
    "axum",
    "kube::Api",
    "kube::Client",
    "kube::api",
    "kube::client",
    "kube::runtime",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "std::time::Instant",
    "std::time::SystemTime",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "Timestamp::now",
    "Zoned::now",
    "SystemTime::now",
    "Instant::now",
];

/// Macros and keywords that only the shells have.
const IMPURE_WORDS: &[&str] = &["println!", "eprintln!", "print!", "eprint!", "dbg!", "async", ".await"];

/// Paths to modules that this one may not use.
pub(crate) fn problems(source: &Source) -> Vec<String> {
    let module = source.module();
    let Some((_, targets)) = ARROWS.iter().find(|(name, _)| *name == module) else {
        let path = &source.path;
        return vec![format!("{path}: say in tests/architecture/arrows.rs what `{module}` may use")];
    };
    let may_use = |target: &str| {
        target == module
            || targets.contains(&target)
            || (source.path == CATALOGUE && target == "controls")
            // An item of the crate's root that is no module.
            || !ARROWS.iter().any(|(name, _)| *name == target)
    };
    let used = paths(source).into_iter().filter_map(|(line, path)| Some((line, crate_path(source, &path)?)));
    let forbidden = used.filter(|(_, path)| path.first().is_some_and(|target| !may_use(target)));
    forbidden
        .map(|(line, path)| format!("{}:{line}: `{module}` may not use `{}`", source.path, path.join("::")))
        .collect()
}

/// Controls that use a control or another family; what a family shares is in modules without `declare_control!`.
pub(crate) fn between_controls(sources: &[Source]) -> Vec<String> {
    let is_control = |path: &[String]| {
        let file =
            format!("src/{}.rs", path.iter().take(3).map(String::as_str).collect::<Vec<_>>().join("/"));
        sources.iter().any(|source| source.path == file && source.text.contains("\ndeclare_control! {"))
    };
    let mut problems = Vec::new();
    for source in sources {
        let here = source.module_path();
        for (line, path) in paths(source) {
            let Some(path) = crate_path(source, &path) else { continue };
            if path.first().is_none_or(|module| module != "controls") {
                continue;
            }
            let same_file = path.iter().take(3).eq(here.iter().take(3));
            if path.get(1).map(String::as_str) != here.get(1).copied() || (is_control(&path) && !same_file) {
                let path = path.join("::");
                problems.push(format!(
                    "{}:{line}: move what `{path}` shares to a module of the family without a control",
                    source.path
                ));
            }
        }
    }
    problems
}

/// What a module of the core uses and only the shells around it may.
pub(crate) fn impurities(source: &Source) -> Vec<String> {
    if !PURE.contains(&source.module()) {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for (line, path) in paths(source) {
        let within = |banned: &&&str| path == **banned || path.starts_with(&format!("{banned}::"));
        if let Some(banned) = IMPURE.iter().find(within) {
            problems.push(format!("{}:{line}: `{banned}` is for the shells, not for the core", source.path));
        }
    }
    for (line, code) in source.code() {
        let words = code.split(|c: char| c.is_whitespace() || "(){};,".contains(c));
        let found = words.filter_map(|word| {
            IMPURE_WORDS
                .iter()
                .find(|banned| word == **banned || (banned.starts_with('.') && word.ends_with(**banned)))
        });
        let here = |banned| format!("{}:{line}: `{banned}` is for the shells, not for the core", source.path);
        problems.extend(found.map(here));
    }
    problems
}

/// A path from the crate's root, of one that starts with `crate`, `self` or `super`.
fn crate_path(source: &Source, path: &str) -> Option<Vec<String>> {
    let mut here: Vec<String> = source.module_path().into_iter().map(str::to_owned).collect();
    let mut steps = path.split("::").peekable();
    match steps.peek().copied() {
        Some("crate" | "$crate") => {
            here.clear();
            steps.next();
        }
        Some("super") => {
            while steps.next_if_eq(&"super").is_some() {
                here.pop();
            }
        }
        _ => return None,
    }
    here.extend(steps.map(str::to_owned));
    Some(here)
}

/// Every path of two steps and more in a source, with its line. Groups are taken apart: `a::{b, c::d}` is `a::b` and
/// `a::c::d`.
pub(crate) fn paths(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // Where each open group of a `use` started from; `None` for any other brace.
    let mut groups: Vec<Option<String>> = Vec::new();
    for (number, line) in source.code() {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            if first.is_alphanumeric() || first == '_' || first == '$' {
                let (path, after, opens) = take_path(rest);
                let prefix = groups.last().cloned().flatten().unwrap_or_default();
                let whole = format!("{prefix}{path}");
                rest = after;
                if opens {
                    groups.push(Some(format!("{whole}::")));
                } else if whole.contains("::") {
                    found.push((number, whole));
                }
                continue;
            }
            match first {
                '{' => groups.push(None),
                '}' => drop(groups.pop()),
                _ => {}
            }
            rest = rest.strip_prefix(first).unwrap_or_default();
        }
    }
    found
}

/// The path at the start of a text, what follows, and whether that is the inside of a group.
fn take_path(text: &str) -> (&str, &str, bool) {
    let mut end = 0;
    let mut rest = text;
    loop {
        let word =
            rest.len() - rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '$').len();
        end += word;
        let (_, after) = text.split_at(end);
        let (path, _) = text.split_at(end);
        match after.strip_prefix("::") {
            Some(inside) if inside.starts_with('{') => {
                return (path, inside.strip_prefix('{').unwrap_or(inside), true);
            }
            Some(next) if next.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                end += 2;
                rest = next;
            }
            _ => return (path, after, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn paths_are_found_in_groups_bodies_and_macros() {
        let found = paths(&source(
            "src/facts/pod.rs",
            "use std::{fmt, io::{self, stdout}};\nuse crate::engine;\nfn f() { a::<u8>(); let _ = $crate::x!(b::C { d }); }\n",
        ));
        let found: Vec<&str> = found.iter().map(|(_, path)| path.as_str()).collect();
        assert_eq!(
            found,
            ["std::fmt", "std::io::self", "std::io::stdout", "crate::engine", "$crate::x", "b::C"]
        );
    }

    #[test]
    fn an_arrow_that_points_back_is_found() {
        let facts =
            source("src/facts/pod.rs", "use super::meta::Meta;\nuse crate::{api, engine::control};\n");
        assert_eq!(problems(&facts), ["src/facts/pod.rs:2: `facts` may not use `engine::control`"]);
        let text = "use crate::controls::CATALOGUE;\n";
        assert_eq!(problems(&source("src/engine/tier.rs", text)).len(), 1);
        assert_eq!(problems(&source(CATALOGUE, text)), [""; 0]);
        let climbing = source("src/report/explain.rs", "fn f() { super::super::cli::run() }\n");
        assert_eq!(problems(&climbing), ["src/report/explain.rs:1: `report` may not use `cli::run`"]);
        assert!(problems(&source("src/new.rs", ""))[0].contains("say in tests/architecture/arrows.rs"));
    }

    #[test]
    fn a_control_that_uses_another_is_found() {
        let control = |path, text: &str| source(path, &format!("{text}\ndeclare_control! {{\n}}\n"));
        let sources = [
            control("src/controls/pod/a.rs", "use super::b::helper;\nuse super::shared::ok;\n"),
            control(
                "src/controls/pod/b.rs",
                "use crate::controls::image::shared::x;\nuse crate::controls::pod::b::y;",
            ),
            source("src/controls/pod/shared.rs", ""),
        ];
        let found = between_controls(&sources);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("src/controls/pod/a.rs:1: move what `controls::pod::b::helper` shares"),
            "{found:?}"
        );
        assert!(
            found[1].starts_with("src/controls/pod/b.rs:1: move what `controls::image::shared::x`"),
            "{found:?}"
        );
    }

    #[test]
    fn what_is_not_pure_is_found_in_the_core_alone() {
        let text = "use std::{collections::BTreeMap, fs};\nuse kube::{Client, CustomResource};\nfn f() { println!(\"\"); }\n\
            // std::env in a comment\nasync fn g() { jiff::Timestamp::now(); h().await; }\n";
        let found = impurities(&source("src/engine/tier.rs", text));
        let banned: Vec<&str> = found.iter().filter_map(|problem| problem.split('`').nth(1)).collect();
        assert_eq!(
            banned,
            ["std::fs", "kube::Client", "jiff::Timestamp::now", "println!", "async", ".await"],
            "{found:?}"
        );
        assert_eq!(impurities(&source("src/cli/audit.rs", text)), [""; 0]);
    }
}
