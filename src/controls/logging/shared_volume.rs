//! Volumes through which one container of a pod hands its logs to another.

use crate::engine::pattern::ImagePattern;
use crate::facts::volume::Volume;
use crate::facts::{ContainerClass, ContainerRef, Image};
use crate::relations::collectors::Product;

/// Sources of volumes that a program writes to.
const WRITABLE: [&str; 4] = ["emptyDir", "ephemeral", "hostPath", "persistentVolumeClaim"];

/// Whether programs can write to a volume of this kind.
pub(super) fn is_writable(volume: &Volume) -> bool {
    volume.sources.iter().any(|source| WRITABLE.contains(source))
}

/// Whether an image holds a log collector: one that is known, or one of these.
pub(super) fn is_collector(image: Option<&Image>, further: &[ImagePattern]) -> bool {
    image.is_some_and(|image| {
        Product::of_image(image).is_some() || further.iter().any(|pattern| pattern.matches(image))
    })
}

/// Whether a container goes on running beside the others.
pub(super) fn stays(container: ContainerRef<'_>) -> bool {
    container.class == ContainerClass::Application || container.is_sidecar()
}
