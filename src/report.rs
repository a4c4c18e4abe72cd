//! Reports: judgements and the catalogue as people and programs read them.
//!
//! One renderer a file. Each takes values and returns text: nothing here prints, reads a file or knows a terminal.
//!
//! | module | what it renders |
//! | --- | --- |
//! | [`explain`] | a control, or the whole catalogue, for a terminal |
//! | [`exceptions`] | exceptions by the day on which they end, for a terminal and for programs |
//! | [`json`] | an audit, for programs: versioned types |
//! | [`lint`] | what is wrong with policy files, for a terminal and for programs |
//! | [`lint_page`] | the table of all lints, in Markdown |
//! | [`table`] | an audit, for a terminal |
//! | [`framework_page`] | the clauses that controls serve, in Markdown |
//! | [`control_page`] | a control's page and the catalogue's table, in Markdown |

mod clauses;
pub mod control_page;
pub mod exceptions;
pub mod explain;
pub mod framework_page;
pub mod json;
pub mod lint;
pub mod lint_page;
mod parameter;
pub mod table;
