//! The engine: facts, standards, tiers and exceptions in, posture out.
//!
//! Pure and total: no clock, no IO, no panic. What can't be judged is [`Verdict::Unknown`](control::Verdict), counted
//! apart and never a pass. The same inputs give the same posture, byte for byte.

pub mod catalogue;
pub mod control;
pub mod parameters;
pub mod pattern;
pub mod suggest;
pub mod tier;
