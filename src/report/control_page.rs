//! The catalogue in Markdown: a page for each control, and the table that leads to them.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::clauses::called;
use super::parameter::{Parameter, parameters};
use crate::engine::control::{Control, Heading, SubjectType};

/// The name of a control's page.
#[must_use]
pub fn file_name(control: &Control) -> String {
    format!("{}.md", control.id)
}

/// The page of a control.
#[must_use]
pub fn render(control: &Control) -> String {
    let mut page = String::new();
    let source = format!("src/controls/{}.rs", control.id.replace('.', "/").replace('-', "_"));
    line(&mut page, format_args!("<!-- Made from {source} by `make generate`: edit that file instead. -->"));
    line(&mut page, format_args!("\n# `{}`\n", control.id));
    line(&mut page, format_args!("**{}.**\n", control.title));
    page.push_str(&body(control));
    page
}

/// What stands below the title of a control's page.
#[must_use]
pub fn body(control: &Control) -> String {
    let mut page = String::new();
    line(&mut page, format_args!("| Severity | Judges | Since |\n| --- | --- | --- |"));
    let judged = judged(control.subject);
    line(&mut page, format_args!("| {} | {judged} | {} |", control.severity, control.since));
    for heading in Heading::ALL {
        line(&mut page, format_args!("\n## {}\n\n{}", heading.as_str(), control.section(heading)));
    }
    line(&mut page, format_args!("\n## Parameters\n\n{}", parameter_table(&parameters(control))));
    line(&mut page, format_args!("\n## References\n"));
    for reference in control.references {
        line(&mut page, format_args!("- {}: {}", reference.framework.as_str(), called(*reference)));
    }
    page
}

/// The table of all controls, by family.
pub fn table<'a>(controls: impl IntoIterator<Item = &'a Control>) -> String {
    let mut page = String::new();
    line(
        &mut page,
        format_args!("<!-- Made from src/controls by `make generate`: edit those files instead. -->"),
    );
    line(&mut page, format_args!("\n# Controls\n"));
    line(&mut page, format_args!("The same text is in the terminal: `stanchion explain ID`."));
    let mut family = "";
    for control in controls {
        if control.family() != family {
            family = control.family();
            line(&mut page, format_args!("\n## {family}\n"));
            line(&mut page, format_args!("| Control | What is wrong | Severity | Frameworks |"));
            line(&mut page, format_args!("| --- | --- | --- | --- |"));
        }
        let link = format!("[`{}`]({})", control.id, file_name(control));
        let (title, severity) = (control.title, control.severity);
        line(&mut page, format_args!("| {link} | {title} | {severity} | {} |", frameworks(control)));
    }
    page
}

/// What a subject type is called, in the plural.
pub(super) fn judged(subject: SubjectType) -> &'static str {
    match subject {
        SubjectType::Workload => "workloads",
        SubjectType::Namespace => "namespaces",
        SubjectType::ServiceAccount => "service accounts",
        SubjectType::Role => "roles",
        SubjectType::Binding => "role bindings",
        SubjectType::Service => "services",
        SubjectType::Ingress => "ingresses",
        SubjectType::Gateway => "gateways",
        SubjectType::ConfigMap => "config maps",
        SubjectType::Secret => "secrets",
        SubjectType::AuditPolicy => "audit policies",
    }
}

fn frameworks(control: &Control) -> String {
    let names: BTreeSet<&str> = control.references.iter().map(|it| it.framework.as_str()).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn parameter_table(parameters: &[Parameter]) -> String {
    let mut table = "| Name | Type | Default | Meaning |\n| --- | --- | --- | --- |".to_owned();
    for parameter in parameters {
        let default = parameter.default.as_ref().map_or_else(String::new, |it| format!("`{}`", in_cell(it)));
        let (name, type_name) = (in_cell(&parameter.name), in_cell(&parameter.type_name));
        let meaning = in_cell(&parameter.description);
        let _ = write!(table, "\n| `{name}` | {type_name} | {default} | {meaning} |");
    }
    table
}

/// A bar would end the cell.
fn in_cell(text: &str) -> String {
    text.replace('|', "\\|")
}

// Writing to a string can't fail, here and above.
fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = writeln!(page, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::catalogue;

    #[test]
    fn a_page_has_the_control_s_headings_parameters_and_references() {
        let page = render(catalogue::find("pod.privileged").unwrap());
        let headings: Vec<&str> = page.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(
            headings,
            [
                "# `pod.privileged`",
                "## What it checks",
                "## Why it matters",
                "## Violating",
                "## Compliant",
                "## How to fix",
                "## Parameters",
                "## References",
            ]
        );
        assert!(page.contains("\n| Critical | workloads | 0.1.0 |\n"), "{page}");
        assert!(
            page.contains("\n| `exemptImages` | list of strings | `[]` | Images whose containers"),
            "{page}"
        );
        assert!(page.contains("\n- Pod Security Standards (baseline): Privileged Containers\n"), "{page}");
    }

    #[test]
    fn the_table_has_a_heading_for_each_family_and_a_link_for_each_control() {
        let table = table(catalogue::all().iter().copied());
        assert!(table.contains("\n## pod\n"), "{table}");
        let row = "\n| [`pod.privileged`](pod.privileged.md) | Container is privileged | Critical |";
        assert!(table.contains(row), "{table}");
    }

    #[test]
    fn a_bar_does_not_end_a_cell() {
        assert_eq!(in_cell("a|b"), "a\\|b");
    }
}
