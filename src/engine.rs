//! The engine: facts, standards, tiers and exceptions in, posture out.
//!
//! Pure and total: no clock, no IO, no panic. What can't be judged is [`Verdict::Unknown`](control::Verdict), counted
//! apart and never a pass. The same inputs give the same posture, byte for byte.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`control`], [`parameters`], [`pattern`] | what a control is, and what it can be told |
//! | [`framework`] | the published frameworks, their clauses, and the assessment counted by them |
//! | [`catalogue`] | every control by its id |
//! | [`standard`], [`tier`], [`exception`], [`rollout`] | what people wrote, compiled |
//! | [`approval`] | which approvals count: names, and signatures |
//! | [`decisions`] | the same of a cluster, kept while it changes |
//! | [`evaluate`] | the assessment: every outcome, joined with tiers and exceptions; of a cluster, kept while it changes |
//! | [`needs`] | what controls look at besides their subject |
//! | [`focus`] | a part of the assessment |
//! | [`posture`] | the assessment, counted |
//! | [`status`] | the posture as the three kinds show it |
//! | [`notice`] | what somebody must be told of it |
//! | [`ratchet`] | an old judgement against a new one |

pub mod approval;
pub mod catalogue;
pub mod control;
pub mod decisions;
pub mod error;
pub mod evaluate;
pub mod exception;
pub mod fingerprint;
pub mod focus;
pub mod framework;
pub mod needs;
pub mod notice;
pub mod parameters;
pub mod pattern;
pub mod policy;
pub mod posture;
pub mod ratchet;
pub mod rollout;
pub mod standard;
pub mod status;
pub mod suggest;
pub mod tier;
