//! Directions of traffic as parameters name them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::parameters::ParameterError;
use crate::facts;

/// A direction of traffic, as a pod sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) enum Direction {
    /// To the pod.
    Ingress,
    /// From the pod.
    Egress,
}

impl Direction {
    pub(super) const fn fact(self) -> facts::Direction {
        match self {
            Self::Ingress => facts::Direction::Ingress,
            Self::Egress => facts::Direction::Egress,
        }
    }

    /// As messages name it.
    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

/// A list of directions must not be empty: nothing would be judged.
pub(super) fn check(directions: &[Direction]) -> Vec<ParameterError> {
    let message = "no direction is given, so nothing would be judged; write `[Ingress]`, `[Egress]` or both";
    let error = ParameterError::new("directions", message);
    if directions.is_empty() { vec![error] } else { Vec::new() }
}
