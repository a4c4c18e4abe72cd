//! Controls as rules: those that the standards ask for.

use std::collections::BTreeMap;

use super::log::{Configuration, Help, Message, Rule, RuleProperties};
use super::{level, text::escaped};
use crate::api::Severity;
use crate::engine::catalogue;
use crate::engine::control::{Control, Heading};
use crate::engine::framework::{Framework, Reference};
use crate::report::clauses::called;
use crate::report::json::AuditReport;
use crate::report::{control_page, explain};

/// Tags that GitHub takes of a rule; it refuses the file for one more.
const MOST_TAGS: usize = 20;
/// The columns of help in plain text.
const COLUMNS: usize = 100;

/// The rules, by id.
pub(super) fn rules(report: &AuditReport) -> Vec<Rule> {
    let asked = report.posture.standards.iter().flat_map(|it| &it.controls).map(|it| (it.id, it.severity));
    let mut severities: BTreeMap<&str, Severity> = BTreeMap::new();
    for (id, severity) in asked {
        let worst = severities.entry(id).or_insert(severity);
        *worst = severity.max(*worst);
    }
    severities.iter().filter_map(|(id, severity)| Some(rule(catalogue::find(id)?, *severity))).collect()
}

fn rule(control: &'static Control, severity: Severity) -> Rule {
    let first = control.section(Heading::WhatItChecks);
    let first = first.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let called = |reference: &Reference| format!("{}: {}", reference.framework.as_str(), called(*reference));
    Rule {
        id: control.id,
        short_description: Message { text: control.title.to_owned() },
        full_description: Message { text: escaped(&first) },
        help: Help {
            text: escaped(&explain::control(control, COLUMNS, false)),
            markdown: control_page::body(control),
        },
        default_configuration: Configuration { level: level(severity) },
        properties: RuleProperties {
            security_severity: security_severity(severity),
            tags: tags(control),
            references: control.references.iter().map(called).collect(),
        },
    }
}

/// What GitHub makes a severity of: over 9.0 is critical, from 7.0 on high, from 4.0 on medium.
const fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.5",
    }
}

/// `security`, the family, and clauses such as `nist-800-53/AC-6`: first one of each framework, then their others, as
/// only the first of them are shown.
fn tags(control: &Control) -> Vec<String> {
    let mut rounds: Vec<(usize, &Reference)> = Vec::new();
    let mut seen: BTreeMap<Framework, usize> = BTreeMap::new();
    for reference in control.references {
        let round = seen.entry(reference.framework).or_default();
        rounds.push((*round, reference));
        *round += 1;
    }
    rounds.sort_by_key(|(round, _)| *round);
    let clauses =
        rounds.iter().map(|(_, it)| format!("{}/{}", it.framework.name(), it.clause.replace(' ', "-")));
    ["security".to_owned(), control.family().to_owned()].into_iter().chain(clauses).take(MOST_TAGS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rule_of_the_catalogue_has_more_tags_or_words_than_github_takes() {
        for control in catalogue::all() {
            let rule = rule(control, control.severity);
            assert!(rule.properties.tags.len() <= MOST_TAGS, "{}", control.id);
            let frameworks: std::collections::BTreeSet<_> =
                control.references.iter().map(|it| it.framework.name()).collect();
            for framework in frameworks {
                let shown = rule.properties.tags.iter().any(|tag| tag.starts_with(framework));
                assert!(shown, "{} says nothing of {framework}", control.id);
            }
            for text in [&rule.short_description.text, &rule.full_description.text] {
                assert!(!text.is_empty() && text.chars().count() <= 1024, "{}: {text}", control.id);
            }
        }
    }
}
