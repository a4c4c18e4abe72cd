//! Secrets: credentials that stand where everybody can read them, and Secrets that reach a container by its environment.
//!
//! Values are judged while objects are read, by [`facts::credential`](crate::facts::credential), and never kept: findings
//! name the place and what the value looks like, and nothing of the value.

pub mod env_from_secret;
pub mod in_annotation;
pub mod in_config_map;
pub mod plain_argument;
pub mod plain_env;

mod spotting;
