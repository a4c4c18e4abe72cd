//! The table of what was tried.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use crate::attempts::Attempt;
use crate::scene::{ARGO, OPERATOR, Start, words};
use crate::server::Answer;

/// The page.
const PAGE: &str = "docs/forgery.md";

/// A line of the table.
pub(crate) struct Row {
    number: usize,
    what: &'static str,
    by: &'static str,
    before: &'static str,
    code: u16,
    said: String,
}

impl Row {
    pub(crate) fn new(number: usize, attempt: &Attempt, name: &str, answer: &Answer) -> Self {
        let by = match attempt.by {
            ARGO => "Argo CD's account",
            OPERATOR => "the operator's account",
            user => user,
        };
        let before = match attempt.start {
            Start::Nothing => "nothing",
            Start::Asked("mallory") => "asked for by mallory",
            Start::Asked(_) => "asked for by bob",
            Start::Approved => "and approved by ana",
            Start::Revoked => "and revoked by carol",
            Start::Signed => "applied from Git, signed by ana",
            Start::BrokenGlass => "written by the operator for bob, who broke the glass",
        };
        let said = match answer.is_success() {
            false => words(answer).replace(name, "NAME").replace('|', "\\|"),
            true if attempt.start == Start::Approved => "taken, and the approvals are dropped".to_owned(),
            true => "taken, and nothing of it stays".to_owned(),
        };
        Self { number, what: attempt.what, by, before, code: answer.code, said }
    }
}

/// Compares the page with what came of the attempts, or writes it with `STANCHION_GENERATE` set.
#[expect(clippy::disallowed_methods, reason = "tests have files and an environment")]
pub(crate) fn check(parts: &[(&'static str, Vec<Row>)]) {
    let page = render(parts);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if env::var_os("STANCHION_GENERATE").is_some() {
        fs::write(&file, page).unwrap();
        return;
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    let differs = found.lines().zip(page.lines()).find(|(found, wanted)| found != wanted);
    assert!(found == page, "{PAGE} is stale: run this test with STANCHION_GENERATE=1; first: {differs:?}");
}

fn render(parts: &[(&'static str, Vec<Row>)]) -> String {
    let mut page = HEAD.to_owned();
    for (title, rows) in parts {
        write!(page, "\n## {title}\n\n| # | attempt | as | of an exception | code | answer |\n").unwrap();
        page.push_str("| --- | --- | --- | --- | --- | --- |\n");
        for row in rows {
            let Row { number, what, by, before, code, said } = row;
            writeln!(page, "| {number} | {what} | {by} | {before} | {code} | {said} |").unwrap();
        }
    }
    page
}

const HEAD: &str = "\
# What was tried, and what the API server answered

Made by `tests/forgery.rs` on a real API server, with the operator down. Each attempt is made by a user with a certificate of
their own, and afterwards the exception is compared with what it was: none got through. The rules are those of
[rules.md](rules.md); the same attempts are refused where the API server doesn't stamp.

Everybody has at least the rights that they would have: bob and carol edit exceptions and their status in the namespace, ana and
dan approve them, mallory does both, oscar approves in another namespace, eve may do nothing; admin is a member of
`system:masters`, and Argo CD's account is cluster-admin. The namespace is in a tier with at most 30 days and no renewals.
";
