//! Scratch.
pub mod manifest;
