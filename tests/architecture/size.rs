//! Sizes, attributes and file names.

use crate::source::Source;

const LONGEST_FILE: usize = 599;
const LONGEST_MAIN: usize = 39;
const LONGEST_FUNCTION: usize = 59;

/// Files that are too long.
pub(crate) fn file_problems(source: &Source) -> Vec<String> {
    let most = if source.path == "src/main.rs" { LONGEST_MAIN } else { LONGEST_FILE };
    let lines = source.text.lines().count();
    let problem = || format!("{}: {lines} lines, at most {most}: take out what can stand alone", source.path);
    (lines > most).then(problem).into_iter().collect()
}

/// Functions that are too long, from their first line to the brace that closes them, as rustfmt sets it.
pub(crate) fn function_problems(source: &Source) -> Vec<String> {
    let code = source.code();
    let mut problems = Vec::new();
    for (position, (number, line)) in code.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = |line: &str| line.len() - line.trim_start().len();
        if line.trim_end().ends_with(['}', ';']) {
            continue;
        }
        let closing = code.iter().skip(position + 1).find(|(_, after)| {
            let declared = after.trim_end().ends_with(';') && !after.trim_start().starts_with('}');
            indent(after) == indent(line)
                && (after.trim_end() == format!("{}}}", " ".repeat(indent(line))) || declared)
        });
        let lines = closing.map_or(0, |(end, _)| end - number + 1);
        if lines > LONGEST_FUNCTION {
            let path = &source.path;
            problems.push(format!(
                "{path}:{number}: `{name}` has {lines} lines, at most {LONGEST_FUNCTION}: name its parts"
            ));
        }
    }
    problems
}

fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let keywords = ["pub", "pub(crate)", "pub(super)", "const", "async", "default"];
    let only_keywords = before.split_whitespace().all(|word| keywords.contains(&word));
    only_keywords.then(|| after.split(['(', '<']).next().unwrap_or(after))
}

/// Lints that are allowed, and tests that are not run.
pub(crate) fn attribute_problems(source: &Source) -> Vec<String> {
    let mut problems = Vec::new();
    for (number, line) in (1..).zip(source.text.lines()) {
        let line = line.trim_start();
        if line.starts_with("#[allow(") || line.starts_with("#![allow(") {
            let path = &source.path;
            problems.push(format!("{path}:{number}: write `#[expect(…, reason = …)]` instead of `allow`"));
        }
        if line.starts_with("#[ignore") {
            problems.push(format!("{}:{number}: run this test or remove it", source.path));
        }
    }
    problems
}

/// Modules in files that don't have their name.
pub(crate) fn module_problems(source: &Source) -> Vec<String> {
    let problem = || format!("{}: a module `foo` is `foo.rs` beside `foo/`", source.path);
    source.path.ends_with("/mod.rs").then(problem).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: String) -> Source {
        Source { path: path.to_owned(), text }
    }

    #[test]
    fn a_long_file_is_found() {
        let lines = |count: usize| "x\n".repeat(count);
        assert_eq!(file_problems(&source("src/facts.rs", lines(599))), [""; 0]);
        assert_eq!(file_problems(&source("src/facts.rs", lines(600))).len(), 1);
        assert_eq!(file_problems(&source("src/main.rs", lines(40))).len(), 1);
    }

    #[test]
    fn a_long_function_is_found_and_one_in_a_test_is_not() {
        let function =
            |lines: usize| format!("    pub fn long(\n    ) {{\n{}    }}\n", "        x\n".repeat(lines - 3));
        let check = |text: String| function_problems(&source("src/facts.rs", text));
        assert_eq!(check(function(59)), [""; 0]);
        let found = check(format!("fn short() {{}}\nfn declared();\n{}", function(60)));
        assert_eq!(found, ["src/facts.rs:3: `long` has 60 lines, at most 59: name its parts"]);
        assert_eq!(check(format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(60))), [""; 0]);
        let declared = format!("    fn declared(\n        a: u8,\n    ) -> u8;\n\n{}", function(59));
        assert_eq!(check(declared), [""; 0]);
    }

    #[test]
    fn allowed_lints_ignored_tests_and_mod_files_are_found() {
        let text = "#![allow(dead_code)]\n#[expect(dead_code, reason = \"\")]\n    #[ignore = \"slow\"]\n// #[allow(x)]\n";
        let found = attribute_problems(&source("src/facts.rs", text.to_owned()));
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(module_problems(&source("src/facts/mod.rs", String::new())).len(), 1);
    }
}
