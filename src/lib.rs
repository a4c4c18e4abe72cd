//! Scratch.
pub mod api;
pub mod controls;
pub mod engine;
pub mod facts;
