//! Images as they run: which digests a tag stands for in the cluster, by the status of its pods.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::running::RunningContainer;
use crate::facts::{Image, ImageRef, Inventory, List, Running, Text};

/// Where a digest runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spread {
    /// In how many containers.
    pub containers: usize,
    /// On which nodes, as far as that is known.
    pub nodes: BTreeSet<Text>,
}

/// The digests that a tag runs as, those that most containers run first.
pub type Digests = Vec<(String, Spread)>;

/// What an image runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsAs<'a> {
    /// It is not known to run, or is not named by a tag.
    Unknown,
    /// Its tag stands for one digest.
    One,
    /// Its tag stands for several.
    Several(&'a Digests),
}

/// Every tag that runs, by its completed reference.
#[derive(Debug, Default)]
pub struct RunningImages {
    /// Of each tag the ids by which containers run it, as the runtimes write them, and how many do. Ids with one digest
    /// stand under the first of them.
    tags: BTreeMap<Text, List<(Text, u32)>>,
    /// The tags with several digests.
    mixed: BTreeMap<String, Digests>,
}

impl RunningImages {
    /// The images of all these facts.
    #[must_use]
    pub fn of_all(inventory: &Inventory) -> Self {
        // The same few texts come from every pod.
        let mut written: BTreeMap<(&Text, &Text), u32> = BTreeMap::new();
        for (_, container) in all(inventory) {
            *written.entry((&container.image, &container.image_id)).or_default() += 1;
        }
        let mut runs: Vec<Run<'_>> = written.into_iter().filter_map(Run::of).collect();
        runs.sort_unstable();
        let tags = runs.chunk_by(|one, other| one.tag == other.tag);
        let tags = tags.filter_map(|runs| Some((runs.first()?.tag.clone(), Run::ids(runs)))).collect();
        let mut images = Self { tags, mixed: BTreeMap::new() };
        let several = images.tags.iter().filter(|(_, ids)| ids.len() > 1);
        let tags: BTreeSet<String> = several.map(|(tag, _)| tag.to_string()).collect();
        images.spread(inventory, &tags);
        images
    }

    /// Takes containers that don't run any more, and others that do now. Returns the tags of which something else is to be
    /// said than before.
    pub(super) fn update<'a>(
        &mut self,
        inventory: &Inventory,
        gone: impl Iterator<Item = &'a RunningContainer>,
        come: impl Iterator<Item = &'a RunningContainer>,
    ) -> BTreeSet<String> {
        let mut touched = BTreeSet::new();
        let containers = gone.map(|it| (it, false)).chain(come.map(|it| (it, true)));
        for (container, comes) in containers {
            let Some(tag) = tag_of(&container.image, &container.image_id) else { continue };
            let before = self.tags.get(&*tag).map_or(0, |ids| ids.len());
            self.count(kept(tag.clone(), &container.image), &container.image_id, |known| {
                *known = if comes { known.saturating_add(1) } else { known.saturating_sub(1) };
            });
            let after = self.tags.get(&*tag).map_or(0, |ids| ids.len());
            // How many containers run one digest is not said.
            if before != after || after > 1 {
                touched.insert(tag);
            }
        }
        self.spread(inventory, &touched);
        touched
    }

    /// What an image runs as.
    #[must_use]
    pub fn runs_as(&self, image: &Image) -> RunsAs<'_> {
        if self.tags.is_empty() {
            return RunsAs::Unknown;
        }
        let tag = tag(image).filter(|tag| self.tags.contains_key(&**tag));
        match tag.map(|tag| self.mixed.get(&tag)) {
            None => RunsAs::Unknown,
            Some(None) => RunsAs::One,
            Some(Some(digests)) => RunsAs::Several(digests),
        }
    }

    /// Changes how many containers run a tag by an id.
    fn count(&mut self, tag: Text, id: &Text, change: impl FnOnce(&mut u32)) {
        let mut ids = self.tags.get(&tag).map(|ids| ids.to_vec()).unwrap_or_default();
        let known = ids.iter().position(|(known, _)| digest_of(known) == digest_of(id));
        let place = known.unwrap_or_else(|| {
            ids.push((id.clone(), 0));
            ids.len() - 1
        });
        if let Some((_, number)) = ids.get_mut(place) {
            change(number);
            if *number == 0 {
                ids.swap_remove(place);
            }
        }
        if ids.is_empty() {
            self.tags.remove(&tag);
        } else {
            self.tags.insert(tag, ids.into());
        }
    }

    /// Finds where the digests of tags run that have several.
    fn spread(&mut self, inventory: &Inventory, tags: &BTreeSet<String>) {
        for tag in tags {
            self.mixed.remove(tag);
        }
        let several = tags.iter().filter(|tag| self.tags.get(tag.as_str()).is_some_and(|ids| ids.len() > 1));
        let several: BTreeSet<&String> = several.collect();
        if several.is_empty() {
            return;
        }
        let ids = several.iter().filter_map(|tag| self.tags.get(tag.as_str())).flatten();
        let asked: BTreeSet<&str> = ids.filter_map(|(id, _)| digest_of(id)).collect();
        let mut found: BTreeMap<String, BTreeMap<String, Spread>> = BTreeMap::new();
        for (node, container) in all(inventory) {
            let Some(digest) = digest_of(&container.image_id).filter(|digest| asked.contains(digest)) else {
                continue;
            };
            let tag = tag_of(&container.image, &container.image_id);
            let Some(tag) = tag.filter(|tag| several.contains(tag)) else { continue };
            let spread = found.entry(tag).or_default().entry(digest.to_owned()).or_default();
            spread.containers += 1;
            spread.nodes.extend(node.cloned());
        }
        let sorted = |digests: BTreeMap<String, Spread>| {
            let mut digests = Digests::from_iter(digests);
            digests.sort_by_key(|(_, spread)| std::cmp::Reverse(spread.containers));
            digests
        };
        self.mixed.extend(found.into_iter().map(|(tag, digests)| (tag, sorted(digests))));
    }
}

/// A tag, the digest that it runs as and an id with it, and how many containers run so.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Run<'a> {
    tag: Text,
    digest: &'a str,
    id: &'a Text,
    number: u32,
}

impl<'a> Run<'a> {
    fn of(((image, id), number): ((&'a Text, &'a Text), u32)) -> Option<Self> {
        Some(Self { tag: kept(tag_of(image, id)?, image), digest: digest_of(id)?, id, number })
    }

    /// The ids of sorted runs of one tag, each digest once.
    fn ids(runs: &[Self]) -> List<(Text, u32)> {
        let digests = runs.chunk_by(|one, other| one.digest == other.digest);
        let together = |same: &[Self]| same.iter().fold(0_u32, |sum, run| sum.saturating_add(run.number));
        digests.filter_map(|same| Some((same.first()?.id.clone(), together(same)))).collect()
    }
}

/// All containers that run, with their nodes.
fn all(inventory: &Inventory) -> impl Iterator<Item = (Option<&Text>, &RunningContainer)> {
    let owned = inventory.owned().map(|(_, owned)| (Some(owned.running()), owned.node.as_ref()));
    let bare = inventory.workloads().map(|(_, it)| (it.running.as_deref(), it.spec().node_name.as_ref()));
    owned.chain(bare).flat_map(|(running, node)| {
        running.into_iter().flat_map(Running::containers).map(move |container| (node, container))
    })
}

/// The tag that an image is named by.
pub(super) fn tag(image: &Image) -> Option<String> {
    image.parse().ok().and_then(completed_tag)
}

/// The tag that a container runs, if its image has one and it is known by which digest.
fn tag_of(image: &str, id: &str) -> Option<String> {
    digest_of(id)?;
    ImageRef::parse(image).ok().and_then(completed_tag)
}

/// The whole reference of an image with a tag and no digest; `latest` where no tag is written.
fn completed_tag(image: ImageRef<'_>) -> Option<String> {
    if image.digest().is_some() {
        return None;
    }
    let tag = if image.tag().is_some() { "" } else { ":latest" };
    Some(format!("{image}{tag}"))
}

/// The text of a tag: that of the image, where it is written out.
fn kept(tag: String, image: &Text) -> Text {
    if *image == *tag { image.clone() } else { tag.into() }
}

/// The digest that a registry gave, in `imageID` of a container's status (`docker.io/library/nginx@sha256:…`). An id
/// without a repository is the runtime's own, and tells nothing about the registry.
fn digest_of(id: &str) -> Option<&str> {
    id.rsplit_once('@').map(|(_, digest)| digest).filter(|digest| digest.contains(':'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::facts::{Object, ObjectKind, WorkloadKind};

    fn inventory(pods: &[(&str, &str, &str)]) -> Inventory {
        let mut inventory = Inventory::default();
        for (number, (node, image, id)) in pods.iter().enumerate() {
            let owner =
                json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "cart", "controller": true});
            let owners = if number % 2 == 0 { json!([owner]) } else { json!([]) };
            let pod = json!({
                "metadata": {"name": format!("cart-{number}"), "namespace": "shop", "ownerReferences": owners},
                "spec": {"nodeName": node},
                "status": {"containerStatuses": [{"name": "app", "image": image, "imageID": id}]},
            });
            inventory.put(Object::decode(ObjectKind::Workload(WorkloadKind::Pod), &pod).unwrap());
        }
        inventory
    }

    #[test]
    fn digests_are_found_by_tag_however_it_is_written() {
        let images = RunningImages::of_all(&inventory(&[
            ("a", "docker.io/library/nginx:1", "docker.io/library/nginx@sha256:1"),
            ("a", "nginx:1", "docker-pullable://nginx@sha256:1"),
            ("b", "nginx:1", "docker.io/library/nginx@sha256:2"),
            ("b", "sha256:abc", "docker.io/library/nginx@sha256:3"),
            ("b", "nginx:2", "sha256:4"),
            ("b", "redis", "redis@sha256:5"),
        ]));
        let RunsAs::Several(digests) = images.runs_as(&"nginx:1".into()) else { panic!("several") };
        let shown: Vec<_> =
            digests.iter().map(|(digest, it)| (digest.as_str(), it.containers, it.nodes.len())).collect();
        assert_eq!(shown, [("sha256:1", 2, 1), ("sha256:2", 1, 1)]);
        assert_eq!(images.runs_as(&"nginx:2".into()), RunsAs::Unknown);
        assert_eq!(images.runs_as(&"redis:latest".into()), RunsAs::One);
    }
}
