//! ARCHITECTURE.md and deny.toml.

use std::collections::BTreeSet;

/// The heading over the invariants.
const INVARIANTS: &str = "\n## Invariants\n";
/// What stands before the names of what holds an invariant.
const HELD_BY: &str = "Held by:";

/// Invariants that nothing holds, or that name what doesn't exist.
///
/// An invariant is an item of a list that starts with a bold sentence and ends with `Held by:` and pairs of a file
/// and a name in backticks: a test in a Rust file, any text in another.
pub(crate) fn invariant_problems(document: &str, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let section = document.split_once(INVARIANTS).map_or("", |(_, after)| after);
    let section = section.split("\n## ").next().unwrap_or(section);
    let invariants: Vec<&str> = section.split("\n- **").skip(1).collect();
    if invariants.is_empty() {
        return vec!["ARCHITECTURE.md has no invariant: `- **…**` under `## Invariants`".to_owned()];
    }
    let mut problems = Vec::new();
    for invariant in invariants {
        let sentence = invariant.split("**").next().unwrap_or(invariant);
        let named: Vec<&str> = invariant
            .split_once(HELD_BY)
            .map_or("", |(_, after)| after)
            .split('`')
            .skip(1)
            .step_by(2)
            .collect();
        if named.len() < 2 {
            problems.push(format!("**{sentence}** names nothing that holds it: `{HELD_BY} `file` `test``"));
        }
        for pair in named.chunks(2) {
            let [file, name] = pair else {
                problems.push(format!("**{sentence}** names a file without a test: {pair:?}"));
                continue;
            };
            let wanted =
                if file.strip_suffix(".rs").is_some() { format!("fn {name}(") } else { (*name).to_owned() };
            if !read(file).is_some_and(|text| text.contains(&wanted)) {
                problems.push(format!("**{sentence}** is held by `{name}`, which is not in {file}"));
            }
        }
    }
    problems
}

/// Modules of the crate's root that the code map leaves out.
pub(crate) fn map_problems(document: &str, modules: &BTreeSet<String>) -> Vec<String> {
    let without = modules.iter().filter(|module| !document.contains(&format!("`src/{module}.rs`")));
    without.map(|module| format!("`src/{module}.rs` is not in the code map of ARCHITECTURE.md")).collect()
}

/// Exceptions of deny.toml without a reason.
pub(crate) fn unreasoned(deny: &str) -> Vec<String> {
    let entries = (1..).zip(deny.lines()).filter(|(_, line)| line.trim_start().starts_with('{'));
    let without = entries.filter(|(_, line)| !line.contains("reason = \""));
    without.map(|(number, line)| format!("deny.toml:{number}: no reason: {}", line.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> Option<String> {
        match path {
            "tests/a.rs" => Some("fn holds() {}".to_owned()),
            "Cargo.toml" => Some("unsafe_code = \"forbid\"".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn an_invariant_that_nothing_holds_is_found() {
        let document = "\n## Invariants\n
- **One is held.** Held by: `tests/a.rs` `holds`, `Cargo.toml` `unsafe_code`.
- **Two is not.** Nobody looks.
- **Three is by what is gone.** Held by: `tests/a.rs` `gone`, `tests/b.rs` `holds`.
- **Four is half.** Held by: `tests/a.rs` `holds`, `tests/a.rs`.

## Decisions

- **Five is none.**
";
        let found = invariant_problems(document, &read);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[0].starts_with("**Two is not.** names nothing"), "{found:?}");
        assert_eq!(found[1], "**Three is by what is gone.** is held by `gone`, which is not in tests/a.rs");
        assert_eq!(found[2], "**Three is by what is gone.** is held by `holds`, which is not in tests/b.rs");
        assert!(found[3].starts_with("**Four is half.** names a file without a test"), "{found:?}");
        assert_eq!(invariant_problems("", &read).len(), 1);
    }

    #[test]
    fn a_module_outside_the_map_is_found() {
        let modules = ["facts".to_owned(), "new".to_owned()].into();
        assert_eq!(map_problems("- `src/facts.rs`: facts", &modules).len(), 1);
    }

    #[test]
    fn an_exception_without_a_reason_is_found() {
        let deny =
            "skip = [\n    { crate = \"a@1\", reason = \"b brings it\" },\n    { crate = \"c@1\" },\n]\n";
        assert_eq!(unreasoned(deny), ["deny.toml:3: no reason: { crate = \"c@1\" },"]);
    }
}
