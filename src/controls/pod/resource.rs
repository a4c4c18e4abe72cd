//! Resources of containers: the names that parameters use, and which containers have them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::control::Context;
use crate::engine::parameters::ParameterError;
use crate::facts::{ContainerClass, ContainerRef, Text, TextMap, Workload};

/// Resources that Kubernetes itself counts. Others have a slash in their name, as `nvidia.com/gpu`.
const BUILT_IN: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// The name of a resource, as in `resources.limits`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub(super) struct ResourceName(String);

impl ResourceName {
    /// The name.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ResourceName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let known = BUILT_IN.contains(&name.as_str()) || name.starts_with("hugepages-") || name.contains('/');
        if known {
            Ok(Self(name))
        } else {
            Err(format!("`{name}` is no resource; write one such as `memory`, `cpu` or `nvidia.com/gpu`"))
        }
    }
}

impl From<ResourceName> for String {
    fn from(name: ResourceName) -> Self {
        name.0
    }
}

/// These built-in resources.
pub(super) fn names(built_in: &[&str]) -> BTreeSet<ResourceName> {
    built_in.iter().map(|name| ResourceName((*name).to_owned())).collect()
}

/// Refuses an empty list, which would look for nothing.
pub(super) fn check(resources: &BTreeSet<ResourceName>) -> Vec<ParameterError> {
    let error =
        || ParameterError::new("resources", "no resource is left to look for; name one such as `memory`");
    resources.is_empty().then(error).into_iter().collect()
}

/// The containers that can have resources: all but ephemeral ones.
pub(super) fn containers<'a>(
    workload: &'a Workload,
    context: &Context<'a>,
) -> impl Iterator<Item = ContainerRef<'a>> {
    context.containers(workload).filter(|container| container.class != ContainerClass::Ephemeral)
}

/// The quantity of a resource, unless it is zero.
pub(super) fn amount<'a>(quantities: &'a TextMap, resource: &ResourceName) -> Option<&'a Text> {
    quantities.get(resource.as_str()).filter(|quantity| !is_zero(quantity))
}

/// Whether a quantity is zero, in any unit: `0`, `0Mi`, `0.0`.
fn is_zero(quantity: &str) -> bool {
    let number = quantity.trim_start_matches(['+', '-']);
    let mut digits = number.chars().take_while(|one| one.is_ascii_digit() || *one == '.').peekable();
    digits.peek().is_some() && digits.all(|one| matches!(one, '0' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_zero_in_any_unit() {
        for zero in ["0", "0Mi", "0.0", "00m", "+0", "0e3"] {
            assert!(is_zero(zero), "{zero}");
        }
        for some in ["1", "0.5", "100m", "10Mi", ".5", "1e0"] {
            assert!(!is_zero(some), "{some}");
        }
    }

    #[test]
    fn a_resource_that_nobody_counts_is_refused() {
        assert!(ResourceName::try_from("ram".to_owned()).unwrap_err().contains("`ram` is no resource"));
        for name in ["cpu", "ephemeral-storage", "hugepages-2Mi", "nvidia.com/gpu"] {
            assert!(ResourceName::try_from(name.to_owned()).is_ok(), "{name}");
        }
    }
}
