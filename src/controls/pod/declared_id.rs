//! User and group ids as a pod declares them, for all containers or for one.

use crate::engine::control::{Context, Finding};
use crate::facts::security::{PodSecurityContext, SecurityContext};
use crate::facts::{ContainerRef, Workload};

/// An id that both a pod and a container can declare; the container's wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Id {
    /// `runAsUser`
    User,
    /// `runAsGroup`
    Group,
}

/// What holds for one container, or for all that declare nothing themselves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Declared<'a> {
    /// The container declares it.
    ByContainer(ContainerRef<'a>, i64),
    /// The pod declares it, and a container takes it over.
    ByPod(i64),
    /// Neither does, for some container: the image decides.
    Nowhere,
}

impl Id {
    /// The field that declares it.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::User => "runAsUser",
            Self::Group => "runAsGroup",
        }
    }

    fn of_pod(self, settings: &PodSecurityContext) -> Option<i64> {
        match self {
            Self::User => settings.run_as_user,
            Self::Group => settings.run_as_group,
        }
    }

    fn of_container(self, settings: &SecurityContext) -> Option<i64> {
        match self {
            Self::User => settings.run_as_user,
            Self::Group => settings.run_as_group,
        }
    }

    /// Every declaration that takes effect in a container that is looked at.
    pub(super) fn declared<'a>(
        self,
        workload: &'a Workload,
        context: &Context<'a>,
    ) -> impl Iterator<Item = Declared<'a>> {
        let own = move |container: &ContainerRef<'a>| {
            container.container.security_context.as_ref().and_then(|settings| self.of_container(settings))
        };
        let pods = workload.spec().security_context.as_ref().and_then(|settings| self.of_pod(settings));
        let inherited = context.containers(workload).any(|container| own(&container).is_none());
        let by_containers = context
            .containers(workload)
            .filter_map(move |container| own(&container).map(|id| Declared::ByContainer(container, id)));
        by_containers.chain(inherited.then(|| pods.map_or(Declared::Nowhere, Declared::ByPod)))
    }

    /// A finding at the declaration.
    pub(super) fn finding(self, declared: Declared<'_>, workload: &Workload, message: String) -> Finding {
        let field = ["securityContext", self.field()];
        let (finding, id) = match declared {
            Declared::ByContainer(container, id) => {
                (Finding::in_container(container, &field, message), Some(id))
            }
            Declared::ByPod(id) => (Finding::new(workload.spec_path().keys(&field), message), Some(id)),
            Declared::Nowhere => (Finding::new(workload.spec_path().keys(&field), message), None),
        };
        let finding = finding.discriminator(self.field());
        match id {
            Some(id) => finding.value(id),
            None => finding,
        }
    }
}

impl Declared<'_> {
    /// The id, if it is declared.
    pub(super) const fn id(self) -> Option<i64> {
        match self {
            Self::ByContainer(_, id) | Self::ByPod(id) => Some(id),
            Self::Nowhere => None,
        }
    }
}
