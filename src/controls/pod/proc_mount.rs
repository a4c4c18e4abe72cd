//! How `/proc` is mounted: what the two controls about it share.

use super::quoted::Quoted;
use crate::engine::control::{Context, Finding, Verdict};
use crate::facts::Workload;

/// The only type that masks what the node's kernel shows in `/proc`.
const DEFAULT: &str = "Default";
const FIELD: [&str; 2] = ["securityContext", "procMount"];

/// A finding for each container that sets another type than `Default`, the empty one included.
pub(super) fn other_than_default(workload: &Workload, context: &Context<'_>) -> Verdict {
    context
        .containers(workload)
        .filter_map(|container| {
            let set = container.container.security_context.as_ref()?.proc_mount.as_ref()?;
            (set != DEFAULT).then_some((container, set))
        })
        .map(|(container, set)| {
            Finding::in_container(container, &FIELD, format!("mounts `/proc` as {}", Quoted(set)))
                .value(set)
                .fix("remove `procMount`")
                .safe_patch(container.path().keys(&FIELD), DEFAULT)
        })
        .collect()
}
