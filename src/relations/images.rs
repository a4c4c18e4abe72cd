//! Images as they run: which digests a tag stands for in the cluster, by the status of its pods.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Image, ImageRef, Inventory, Running, Text};

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

/// Every tag that runs, by its completed reference.
#[derive(Debug, Default)]
pub struct RunningImages {
    by_tag: BTreeMap<String, Digests>,
}

impl RunningImages {
    /// The images of all these facts.
    #[must_use]
    pub fn of_all(inventory: &Inventory) -> Self {
        // As the runtimes write it first: the same few texts come from every pod.
        let mut written: BTreeMap<(&Text, &Text), Spread> = BTreeMap::new();
        let owned = inventory.owned().filter_map(|(_, owned)| Some((owned.running.as_deref()?, &owned.node)));
        let bare = inventory
            .workloads()
            .filter_map(|(_, workload)| Some((workload.running.as_deref()?, &workload.spec().node_name)));
        for (running, node) in owned.chain(bare) {
            for container in Running::containers(running) {
                let spread = written.entry((&container.image, &container.image_id)).or_default();
                spread.containers += 1;
                if let Some(node) = node
                    && !spread.nodes.contains(node)
                {
                    spread.nodes.insert(node.clone());
                }
            }
        }
        let mut by_tag: BTreeMap<String, BTreeMap<String, Spread>> = BTreeMap::new();
        for ((image, id), spread) in written {
            let (Some(tag), Some(digest)) =
                (ImageRef::parse(image).ok().and_then(completed_tag), digest_of(id))
            else {
                continue;
            };
            let known = by_tag.entry(tag).or_default().entry(digest.to_owned()).or_default();
            known.containers += spread.containers;
            known.nodes.extend(spread.nodes);
        }
        let sorted = |digests: BTreeMap<String, Spread>| {
            let mut digests = Digests::from_iter(digests);
            digests.sort_by_key(|(_, spread)| std::cmp::Reverse(spread.containers));
            digests
        };
        Self { by_tag: by_tag.into_iter().map(|(tag, digests)| (tag, sorted(digests))).collect() }
    }

    /// The digests that an image with a tag runs as; nothing if it is not known to run, or is not named by a tag.
    #[must_use]
    pub fn digests(&self, image: &Image) -> Option<&Digests> {
        if self.by_tag.is_empty() {
            return None;
        }
        self.by_tag.get(&completed_tag(image.parse().ok()?)?)
    }
}

impl RunningImages {
    /// What is said of an image: whether it is known to run, and if so as which digests, where these are several.
    pub(super) fn told(&self, image: &Image) -> Option<Option<&Digests>> {
        self.digests(image).map(|digests| (digests.len() > 1).then_some(digests))
    }
}

/// The whole reference of an image with a tag and no digest; `latest` where no tag is written.
fn completed_tag(image: ImageRef<'_>) -> Option<String> {
    if image.digest().is_some() {
        return None;
    }
    let tag = if image.tag().is_some() { "" } else { ":latest" };
    Some(format!("{image}{tag}"))
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
        let digests = images.digests(&"nginx:1".into()).unwrap();
        let shown: Vec<_> =
            digests.iter().map(|(digest, it)| (digest.as_str(), it.containers, it.nodes.len())).collect();
        assert_eq!(shown, [("sha256:1", 2, 1), ("sha256:2", 1, 1)]);
        assert!(images.digests(&"nginx:2".into()).is_none());
        assert!(images.digests(&"redis:latest".into()).is_some());
    }
}
