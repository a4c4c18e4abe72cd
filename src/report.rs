//! Reports: judgements and the catalogue as people and programs read them.
//!
//! One renderer a file. Each takes values and returns text: nothing here prints, reads a file or knows a terminal.
//!
//! | module | what it renders |
//! | --- | --- |
//! | [`diff`] | what is different between two audits |
//! | [`explain`] | a control, or the whole catalogue, for a terminal |
//! | [`exceptions`] | exceptions by the day on which they end, for a terminal and for programs |
//! | [`json`] | an audit, for programs: versioned types |
//! | [`past`] | none: it reads an audit back |
//! | [`posture`] | the posture alone, for a terminal and for programs |
//! | [`resources`] | standards, tiers and exceptions with the status that the operator would write, in YAML |
//! | [`sarif`] | an audit, for code scanning and editors |
//! | [`junit`] | an audit, for CI servers that show tests |
//! | [`github`] | an audit, as annotations of a pull request on GitHub |
//! | [`gitlab`] | an audit, as GitLab's code quality report |
//! | [`markdown`] | an audit, as a comment on a pull request |
//! | [`policy_report`] | an audit, as reports that cluster dashboards read |
//! | [`lint`] | what is wrong with policy files, for a terminal and for programs |
//! | [`lint_page`] | the table of all lints, in Markdown |
//! | [`html`] | an audit, as one page for a browser |
//! | [`table`] | an audit, for a terminal |
//! | [`why`] | one subject: each control, what it says and what comes of it |
//! | [`wide`] | an audit, a finding a line |
//! | [`patch`] | what `--fix` changes in a file |
//! | [`framework_page`] | the clauses that controls serve, in Markdown |
//! | [`control_page`] | a control's page and the catalogue's table, in Markdown |

mod clauses;
pub mod control_page;
pub mod diff;
pub mod exceptions;
pub mod explain;
pub mod framework_page;
pub mod github;
pub mod gitlab;
pub mod html;
pub mod json;
pub mod junit;
pub mod lint;
pub mod lint_page;
pub mod markdown;
mod parameter;
pub mod past;
pub mod patch;
pub mod policy_report;
pub mod posture;
pub mod resources;
pub mod sarif;
pub mod table;
pub mod why;
pub mod wide;
mod wording;
