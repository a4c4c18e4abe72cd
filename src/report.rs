//! Reports: judgements and the catalogue as people and programs read them.
//!
//! One renderer a file. Each takes values and returns text: nothing here prints, reads a file or knows a terminal.
//!
//! | module | what it renders |
//! | --- | --- |
//! | [`explain`] | a control, or the whole catalogue, for a terminal |
//! | [`json`] | an audit, for programs: versioned types |
//! | [`html`] | an audit, as one page for a browser |
//! | [`table`] | an audit, for a terminal |
//! | [`framework_page`] | the clauses that controls serve, in Markdown |
//! | [`control_page`] | a control's page and the catalogue's table, in Markdown |

mod clauses;
pub mod control_page;
pub mod explain;
pub mod framework_page;
pub mod html;
pub mod json;
mod parameter;
pub mod table;
