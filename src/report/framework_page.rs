//! The frameworks in Markdown: which of their clauses controls serve.

use std::fmt::Write as _;

use super::clauses::listed;
use super::control_page::file_name;
use crate::engine::control::Control;
use crate::engine::framework::Framework;
use crate::engine::framework::coverage::{Served, served, uncovered};

/// What stands before the frameworks.
const INTRODUCTION: &str = "\
<!-- Made from src/controls and src/engine/framework by `make generate`: edit those files instead. -->

# Frameworks

Which clauses of published frameworks the [controls](controls/README.md) serve. `stanchion audit --framework NAME` counts
what is judged by these clauses.

A mapping is evidence for a clause, not compliance with it. Most clauses ask for people, procedures and systems that no
cluster shows; a control that passes says that one thing, where it was judged, is as the clause wants it. Titles of
SOC 2, ISO/IEC 27001, PCI DSS and the CIS Benchmark are paraphrases; what counts is the framework's own text.
";

/// The page of all frameworks.
#[must_use]
pub fn render(catalogue: &[&'static Control]) -> String {
    Framework::ALL.into_iter().fold(INTRODUCTION.to_owned(), |mut page, framework| {
        section(framework, catalogue, &mut page);
        page
    })
}

// Writing to a string can't fail, here and below.
fn section(framework: Framework, catalogue: &[&'static Control], page: &mut String) {
    let served = served(framework, catalogue);
    let missing = uncovered(framework, &served);
    let total = framework.clauses().count();
    let _ = writeln!(page, "\n## {}\n", framework.as_str());
    let _ = writeln!(
        page,
        "`--framework {}`: {}. Controls serve {} of its {total} clauses.",
        framework.name(),
        framework.edition(),
        total - missing.len(),
    );
    // Clauses without a number say what they are.
    let has_titles = served.iter().any(|it| it.clause.title().is_some());
    let heading = if has_titles { "Clause | What it is about" } else { "Clause" };
    let rule = if has_titles { "--- | ---" } else { "---" };
    if !served.is_empty() {
        let _ = writeln!(page, "\n| {heading} | Controls |\n| {rule} | --- |");
    }
    for it in &served {
        let title = it.clause.title().map_or_else(String::new, |title| format!(" {title} |"));
        let _ = writeln!(page, "| {} |{title} {} |", it.clause.clause, links(it));
    }
    if !missing.is_empty() {
        let ids: Vec<&str> = missing.iter().map(|clause| clause.clause).collect();
        let _ = writeln!(page, "\nNot covered by any control: {}.", listed(framework, &ids));
    }
}

fn links(served: &Served) -> String {
    let link = |control: &&Control| format!("[`{}`](controls/{})", control.id, file_name(control));
    served.controls.iter().map(link).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::catalogue;

    #[test]
    fn every_framework_has_its_clauses_with_the_controls_that_serve_them() {
        let page = render(catalogue::all());
        for framework in Framework::ALL {
            assert!(page.contains(&format!(
                "\n## {}\n\n`--framework {}`",
                framework.as_str(),
                framework.name()
            )));
        }
        let row = page.lines().find(|line| line.starts_with("| AC-6 | Least Privilege | ")).unwrap();
        assert!(row.contains("[`pod.privileged`](controls/pod.privileged.md)"), "{row}");
        assert!(page.contains(", AT-1–AT-6, "), "{page}");
        assert!(page.contains("A mapping is evidence for a clause, not compliance with it."), "{page}");
    }
}
