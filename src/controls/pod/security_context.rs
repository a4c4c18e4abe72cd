//! Security contexts of a pod and of its containers, seen as one sequence of places.

use std::borrow::Cow;

use crate::engine::control::{Context, Finding};
use crate::facts::security::{PodSecurityContext, SecurityContext};
use crate::facts::{ContainerRef, Path, Workload};

/// Whose `securityContext` a setting stands in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holder<'a> {
    /// The pod's: it holds for every container that says nothing else.
    Pod(&'a Workload),
    /// One container's.
    Container(ContainerRef<'a>),
}

impl Holder<'_> {
    /// The path of a field below `securityContext`.
    pub(super) fn path(&self, field: &[&'static str]) -> Path {
        let holder = match self {
            Self::Pod(workload) => workload.spec_path(),
            Self::Container(container) => container.path(),
        };
        holder.key("securityContext").keys(field)
    }

    /// A finding about a field below `securityContext`.
    pub(super) fn finding(&self, field: &[&'static str], message: impl Into<Cow<'static, str>>) -> Finding {
        let container = match self {
            Self::Pod(_) => None,
            Self::Container(container) => Some(container.name.clone()),
        };
        Finding { container, ..Finding::new(self.path(field), message) }
    }
}

/// A setting that pods and containers both have, wherever it is set: first the pod's, then those of the containers
/// that the control is to look at.
pub(super) fn settings<'s, T: 's>(
    workload: &'s Workload,
    context: &Context<'_>,
    of_pod: fn(&PodSecurityContext) -> Option<&T>,
    of_container: fn(&SecurityContext) -> Option<&T>,
) -> impl Iterator<Item = (Holder<'s>, &'s T)> {
    let pod = workload.spec().security_context.as_deref().filter(|_| !is_exempt(workload, context));
    let pod = pod.and_then(of_pod).map(|setting| (Holder::Pod(workload), setting));
    let containers = context.containers(workload).filter_map(move |container| {
        let setting = of_container(container.container.security_context.as_deref()?)?;
        Some((Holder::Container(container), setting))
    });
    pod.into_iter().chain(containers)
}

/// Whether every container is exempt by its image; what such a pod sets for all of them is exempt too.
pub(super) fn is_exempt(workload: &Workload, context: &Context<'_>) -> bool {
    !context.common.exempt_images.is_empty() && context.containers(workload).next().is_none()
}
