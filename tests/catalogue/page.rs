//! A control's data and the text of its page.

use stanchion::engine::control::{Control, Heading};

/// Longer titles don't fit the tables that show them.
const LONGEST_TITLE: usize = 60;

/// What is wrong with a control's id, title, release, references and documentation.
pub(crate) fn problems(control: &Control) -> Vec<String> {
    let mut problems = Vec::new();
    if !well_formed_id(control.id) {
        problems.push("the id is not `family.kebab-name` in lower case".to_owned());
    }
    problems.extend(title_problems(control.title));
    if release(control.since).is_none_or(|since| Some(since) > this_release()) {
        problems.push(format!("`since: {:?}` is no release up to this one", control.since));
    }
    if control.references.is_empty() {
        problems.push("no reference: name a clause of a published framework".to_owned());
    }
    if let Some(empty) = control.references.iter().find(|reference| reference.clause.trim().is_empty()) {
        problems.push(format!("the reference to {} names no clause", empty.framework.as_str()));
    }
    problems.extend(documentation_problems(control));
    problems
}

fn well_formed_id(id: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    id.split_once('.').is_some_and(|(family, name)| word(family) && name.split('-').all(word))
}

fn title_problems(title: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if !title.starts_with(|first: char| first.is_uppercase()) {
        problems.push(format!("the title {title:?} does not start with a capital letter"));
    }
    if title.ends_with(['.', '!', ' ']) {
        problems.push(format!("the title {title:?} ends with a stop: leave it out"));
    }
    if title.chars().count() > LONGEST_TITLE {
        problems.push(format!("the title {title:?} is longer than {LONGEST_TITLE} characters"));
    }
    problems
}

fn release(version: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    let release = (numbers.next()??, numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some(release)
}

/// The release that is being made; of a pre-release, the release that it comes before.
fn this_release() -> Option<(u32, u32, u32)> {
    env!("CARGO_PKG_VERSION").split(['-', '+']).next().and_then(release)
}

fn documentation_problems(control: &Control) -> Vec<String> {
    let documentation = control.documentation();
    let mut problems = Vec::new();
    let mut headings = Vec::new();
    let mut in_code = false;
    for line in documentation.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            if !in_code && language != "yaml" {
                problems.push(format!("a code block is marked `{language}`: only `yaml` is shown and run"));
            }
            in_code = !in_code;
        } else if let Some(heading) = line.strip_prefix("## ") {
            if in_code {
                problems.push(format!("`{line}` in a code block reads as a heading: write `# {heading}`"));
            } else {
                headings.push(heading);
            }
        } else if headings.is_empty() && !line.trim().is_empty() {
            problems.push(format!("{line:?} stands before the first heading"));
        }
    }
    if in_code {
        problems.push("a code block is not closed".to_owned());
    }
    let expected = Heading::ALL.map(Heading::as_str);
    if headings != expected {
        problems.push(format!("the headings are {headings:?}: they are to be {expected:?}, in this order"));
    }
    problems.extend(Heading::ALL.into_iter().filter_map(|heading| section_problem(control, heading)));
    problems
}

fn section_problem(control: &Control, heading: Heading) -> Option<String> {
    let name = heading.as_str();
    let section = control.section(heading);
    if section.is_empty() {
        return Some(format!("nothing is written under `{name}`"));
    }
    if matches!(heading, Heading::Violating | Heading::Compliant) {
        let examples = control.examples(heading);
        return examples.is_empty().then(|| format!("no example under `{name}`: add a block of `yaml`"));
    }
    let ends_well = section.ends_with(['.', '?', '|']) || section.ends_with("```");
    (!ends_well).then(|| format!("the text under `{name}` does not end with a full stop"))
}

#[cfg(test)]
mod tests {
    use stanchion::declare_control;
    use stanchion::engine::control::{Context, Verdict};
    use stanchion::engine::parameters::NoParameters;
    use stanchion::facts::Workload;

    use super::*;

    declare_control! {
        /// Stray.
        ///
        /// ## What it checks
        ///
        /// Nothing
        ///
        /// ## Violating
        ///
        /// None.
        ///
        /// ## Why it matters
        ///
        /// ## Compliant
        ///
        /// ```json
        /// {}
        /// ```
        static FALSE = {
            id: "Pod.runs_As",
            title: "a title.",
            severity: Low,
            subject: Workload,
            parameters: NoParameters,
            references: [],
            since: "99.0.0",
            evaluate: pass,
        }
    }

    fn pass(_: &Workload, _: &NoParameters, _: &Context<'_>) -> Verdict {
        Verdict::Pass
    }

    #[test]
    fn everything_that_is_wrong_with_a_false_control_is_found() {
        let found = problems(&FALSE);
        for expected in [
            "the id is not `family.kebab-name`",
            "does not start with a capital letter",
            "ends with a stop",
            "`since: \"99.0.0\"` is no release up to this one",
            "no reference",
            "\"Stray.\" stands before the first heading",
            "a code block is marked `json`",
            "they are to be [\"What it checks\", \"Why it matters\",",
            "the text under `What it checks` does not end with a full stop",
            "nothing is written under `Why it matters`",
            "no example under `Violating`",
            "no example under `Compliant`",
            "nothing is written under `How to fix`",
        ] {
            assert!(found.iter().any(|problem| problem.contains(expected)), "{expected}: {found:#?}");
        }
        assert_eq!(found.len(), 13, "{found:#?}");
    }

    #[test]
    fn ids_are_told_from_what_only_looks_like_one() {
        assert!(well_formed_id("image.mutable-tag"));
        assert!(well_formed_id("network.no-tls12"));
        for id in ["image", "image.", ".tag", "image.-tag", "image.mutable--tag", "image.a.b", "Image.tag"] {
            assert!(!well_formed_id(id), "{id}");
        }
    }
}
