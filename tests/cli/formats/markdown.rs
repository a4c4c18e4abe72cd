//! The comment as GitHub shows it: what its Markdown becomes.

use markdown::{CompileOptions, Options, ParseOptions};

use crate::program::{privileged, stanchion};

/// What GitHub takes.
const LONGEST: usize = 65_536;

/// The comment in HTML, with GitHub's tables and links, and with HTML that stands in it let through.
pub(super) fn html(comment: &str) -> String {
    let compile = CompileOptions { allow_dangerous_html: true, ..CompileOptions::gfm() };
    markdown::to_html_with_options(comment, &Options { parse: ParseOptions::gfm(), compile }).unwrap()
}

#[test]
fn thousands_of_findings_fit_into_a_comment_and_the_rest_is_counted() {
    let pods: Vec<String> = (0..3_000).map(|number| privileged(&format!("pod-{number}"))).collect();
    let run = stanchion(&["audit", "-", "--preset", "pod-security-baseline", "-o", "markdown"])
        .stdin(pods.join("---\n"))
        .run();
    assert!(run.stdout.len() <= LONGEST, "{}", run.stdout.len());
    assert!(run.stdout.starts_with("<!-- stanchion-audit -->\n## Stanchion: failed\n"));
    let shown = run.stdout.matches("\n| critical | ").count();
    let rest = format!("\n{} more are not listed here.\n", 3_000 - shown);
    assert!(shown > 200 && run.stdout.contains(&rest), "{shown} shown");
}

#[test]
fn the_comment_is_tables_lists_and_folds() {
    let html = html(&super::company("markdown"));
    assert_eq!(html.matches("<table>").count(), 2, "{html}");
    assert!(
        html.contains("<td><code>pod.privileged</code><br><code>sidecar</code>: runs privileged</td>"),
        "{html}"
    );
    assert!(html.contains("<details><summary>12 findings of medium or low severity</summary>"), "{html}");
}
