//! An audit as one page for a browser: complete without a script, and asking the network for nothing.
//!
//! What comes from a manifest is text in it and nothing else: the templates escape, and what would turn text around is
//! shown as its number. The page's own style and script are allowed by their hashes, everything else is forbidden.
//! Lists have bounds, which the page states where they cut something off.

mod chart;
mod controls;
mod exceptions;
mod findings;
mod frameworks;
mod group;
mod head;
mod left;
mod measures;
mod posture;
mod words;

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::json::{AuditReport, FrameworkReport};
use super::table::clean;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// The page. `frameworks` are those to show.
#[must_use]
pub fn render(report: &AuditReport, frameworks: &[FrameworkReport]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="generator" content={ (report.tool.name) " " (report.tool.version) };
                // Browsers ask for an icon unless there is one.
                link rel="icon" href="data:,";
                title { "Security posture, " (words::day(&report.at)) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body(report, frameworks)) }
        }
    };
    harmless(&page.into_string())
}

fn body(report: &AuditReport, frameworks: &[FrameworkReport]) -> Markup {
    html! {
        a.skip href="#main" { "Skip to the numbers" }
        (chart::patterns())
        (head::render(report))
        main #main tabindex="-1" {
            (posture::total(report))
            (posture::tiers(report))
            (posture::owners(report))
            (controls::render(report))
            (exceptions::render(report))
            (measures::render(report))
            (frameworks::render(frameworks))
            (findings::render(report))
            (left::render(report))
        }
        footer {
            p {
                "Made by " (report.tool.name) " " (report.tool.version) @if report.cluster.is_some() { " from a cluster, for " } @else { " from files, for " }
                time datetime=(report.at) { (words::moment(&report.at)) }
                ". The same inputs give the same page. "
                code { "stanchion explain CONTROL" }
                " says why a control matters and how to fix what it finds; "
                code { "stanchion audit -o json" }
                " has everything that is here, for programs."
            }
        }
        script { (PreEscaped(SCRIPT)) }
    }
}

/// A part of the page, with a heading that the contents link to.
fn section(id: &str, title: &str, content: &Markup) -> Markup {
    html! {
        section #(id) aria-labelledby={ (id) "-title" } {
            h2 #{ (id) "-title" } { (title) }
            div.content { (content) }
        }
    }
}

/// What the browser may do: nothing, but for the style and the script of this page and the empty icon.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let (style, script) = (hash(STYLE), hash(SCRIPT));
    format!(
        "default-src 'none'; style-src {style}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'"
    )
}

/// The page without a character that acts on a terminal or turns text around.
fn harmless(page: &str) -> String {
    let mut safe = String::with_capacity(page.len() + 1);
    for line in page.lines() {
        safe.push_str(&clean(line));
        safe.push('\n');
    }
    safe
}
