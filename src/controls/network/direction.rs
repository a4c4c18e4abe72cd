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

#[cfg(test)]
pub(super) mod testing {
    //! Network policies beside what is judged.

    use std::fmt::Write as _;

    /// A manifest, and network policies of the namespace `shop` with these specs.
    pub(crate) fn beside(mut manifest: String, policies: &[&str]) -> String {
        for (number, spec) in policies.iter().enumerate() {
            let _ = write!(
                manifest,
                "\n---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, \
                 metadata: {{name: p{number}, namespace: shop}}, spec: {spec}}}"
            );
        }
        manifest
    }
}
