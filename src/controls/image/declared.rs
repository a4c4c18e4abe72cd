//! The images that a workload declares: of its containers and of its `image` volumes.

use std::borrow::Cow;

use crate::engine::control::{Context, Finding, Verdict};
use crate::facts::volume::Volume;
use crate::facts::{ContainerRef, Image, ImageError, ImageRef, Text, Workload};

/// Why a control of this family can't judge a workload.
const UNPARSABLE: &str = "an image reference can't be parsed";

/// One image that a workload declares.
pub(super) struct Declared<'a> {
    /// The reference as written; empty if there is none.
    pub(super) reference: &'a str,
    /// The pull policy, if one is written.
    pub(super) pull_policy: Option<&'a str>,
    image: Option<&'a Image>,
    place: Place<'a>,
}

#[derive(Clone, Copy)]
enum Place<'a> {
    Container(ContainerRef<'a>),
    Volume(&'a Workload, usize, &'a Text),
}

impl<'a> Declared<'a> {
    fn of_container(container: ContainerRef<'a>) -> Self {
        Self {
            reference: container.container.image.as_deref().unwrap_or_default(),
            image: container.container.image.as_ref(),
            pull_policy: written(container.container.image_pull_policy.as_ref()),
            place: Place::Container(container),
        }
    }

    fn of_volume(workload: &'a Workload, index: usize, volume: &'a Volume) -> Option<Self> {
        let image = volume.image.as_ref()?;
        Some(Self {
            reference: image.reference.as_deref().unwrap_or_default(),
            image: image.reference.as_ref(),
            pull_policy: written(image.pull_policy.as_ref()),
            place: Place::Volume(workload, index, &volume.name),
        })
    }

    /// The reference in its parts.
    pub(super) fn parse(&self) -> Result<ImageRef<'a>, ImageError> {
        self.image.map_or(Err(ImageError::Empty), Image::parse)
    }

    /// A finding at the reference.
    pub(super) fn finding(&self, message: String) -> Finding {
        let finding = self.finding_at(&["image"], &["image", "reference"], message);
        if self.reference.is_empty() { finding } else { finding.value(self.reference) }
    }

    /// A finding at the pull policy.
    pub(super) fn policy_finding(&self, message: String) -> Finding {
        self.finding_at(&["imagePullPolicy"], &["image", "pullPolicy"], message)
    }

    /// The name of the field that holds the pull policy.
    pub(super) const fn policy_field(&self) -> &'static str {
        match self.place {
            Place::Container(_) => "imagePullPolicy",
            Place::Volume(..) => "pullPolicy",
        }
    }

    fn finding_at(
        &self,
        in_container: &[&'static str],
        in_volume: &[&'static str],
        message: String,
    ) -> Finding {
        match self.place {
            Place::Container(container) => Finding::in_container(container, in_container, message),
            Place::Volume(workload, index, name) => {
                let path = workload.spec_path().key("volumes").index(index).keys(in_volume);
                Finding::new(path, message).discriminator(name)
            }
        }
    }
}

/// Judges every image that isn't exempt. One that can't be parsed is a finding of its own control; for the others it
/// makes the verdict unknown, unless something else fails.
pub(super) fn judge<'a>(
    workload: &'a Workload,
    context: &Context<'a>,
    judge_one: impl Fn(&Declared<'a>) -> Result<Option<Finding>, ImageError>,
) -> Verdict {
    let mut findings = Vec::new();
    let mut unparsable = false;
    for declared in images(workload, context) {
        match judge_one(&declared) {
            Ok(found) => findings.extend(found),
            Err(_) => unparsable = true,
        }
    }
    match (findings.is_empty(), unparsable) {
        (false, _) => Verdict::Fail(findings),
        (true, true) => Verdict::Unknown(Cow::Borrowed(UNPARSABLE)),
        (true, false) => Verdict::Pass,
    }
}

fn images<'a>(workload: &'a Workload, context: &Context<'a>) -> impl Iterator<Item = Declared<'a>> {
    let exempt = &context.common.exempt_images;
    let volumes = workload.spec().volumes.iter().enumerate();
    let of_volumes = volumes
        .filter_map(move |(index, volume)| Declared::of_volume(workload, index, volume))
        .filter(move |image| !exempt.iter().any(|pattern| pattern.matches(image.reference)));
    context.containers(workload).map(Declared::of_container).chain(of_volumes)
}

fn written(policy: Option<&Text>) -> Option<&str> {
    policy.map(Text::as_str).filter(|policy| !policy.is_empty())
}

#[cfg(test)]
pub(super) mod testing {
    //! Pods for tests of this family.

    use crate::controls::testing::pod;

    /// A digest.
    pub(crate) const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// A pod of one container that runs an image.
    pub(crate) fn running(image: &str) -> String {
        pod(&format!("containers: [{{name: app, image: {image:?}}}]"))
    }
}
