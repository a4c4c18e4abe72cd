//! `image.inconsistent-digest`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;
use crate::relations::images::{Digests, RunsAs, Spread};

declare_control! {
    /// ## What it checks
    ///
    /// An image that the workload names by a tag runs as one and the same digest all over the cluster, in the pods of this
    /// workload and of all others. It is read from the status of running pods, so that in files, mostly, there is nothing
    /// to judge; nor is there where none of the images runs under its tag. An image with a digest can't differ.
    ///
    /// ## Why it matters
    ///
    /// The tag has moved, and what was reviewed is not what runs everywhere: some pods have the fix and some don't, some
    /// the build of an intruder who got hold of the registry. A restart decides which one comes next.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: running-a, namespace: shop}
    /// spec: {nodeName: node-a}
    /// status:
    ///   containerStatuses:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    ///       imageID: registry.example.com/app@sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: running-b, namespace: shop}
    /// spec: {nodeName: node-b}
    /// status:
    ///   containerStatuses:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    ///       imageID: registry.example.com/app@sha256:a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: running, namespace: shop}
    /// spec: {nodeName: node-a}
    /// status:
    ///   containerStatuses:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    ///       imageID: registry.example.com/app@sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Find out which digest is meant and name the image by it. Then restart what runs another one, and find out how that
    /// came about: who pushed the tag again?
    pub static INCONSISTENT_DIGEST = {
        id: "image.inconsistent-digest",
        title: "One tag runs as several images",
        severity: High,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("CM-2"),
            Framework::Nist80053.clause("SI-7"),
            Framework::MitreAttack.clause("T1525"),
            Framework::Soc2.clause("CC7.1"),
            Framework::Soc2.clause("CC8.1"),
            Framework::Iso27001.clause("8.9"),
            Framework::PciDss.clause("11.5.2"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// More digests than this are counted, not listed.
const MOST_LISTED: usize = 2;

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    let running = context.relations.images();
    let mut known = false;
    let mut findings = Vec::new();
    for container in context.containers(workload) {
        let Some(image) = &container.container.image else { continue };
        let runs_as = running.runs_as(image);
        known |= runs_as != RunsAs::Unknown;
        if let RunsAs::Several(digests) = runs_as {
            let message = format!("its tag runs as {} images: {}", digests.len(), listed(digests));
            let finding = Finding::in_container(container, &["image"], message).value(image);
            findings.push(finding.fix("name the image by its digest, and restart what differs"));
        }
    }
    if known { findings.into_iter().collect() } else { Verdict::NotApplicable }
}

fn listed(digests: &Digests) -> String {
    let shown = digests.iter().take(MOST_LISTED).map(|(digest, spread)| one(digest, spread));
    let others = digests.len().saturating_sub(MOST_LISTED);
    shown.chain((others > 0).then(|| format!("and {others} more"))).collect::<Vec<_>>().join(", ")
}

/// `sha256:0f1e2d3c4b5a (3 pods on 2 nodes)`
fn one(digest: &str, spread: &Spread) -> String {
    const SHOWN: usize = "sha256:".len() + 12;
    let short = digest.get(..SHOWN).unwrap_or(digest);
    let pods = plural(spread.containers, "pod");
    match spread.nodes.len() {
        0 => format!("{short} ({pods})"),
        nodes => format!("{short} ({pods} on {})", plural(nodes, "node")),
    }
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::controls::testing::{judge, messages};

    fn beside(image: &str, running: &[(&str, &str, &str)]) -> String {
        let mut manifest = format!(
            "{{apiVersion: v1, kind: Pod, metadata: {{name: a}}, spec: {{containers: [{{name: app, image: '{image}'}}]}}}}"
        );
        for (number, (node, tag, digest)) in running.iter().enumerate() {
            let _ = write!(
                manifest,
                "\n---\n{{apiVersion: v1, kind: Pod, metadata: {{name: r{number}}}, spec: {{nodeName: {node}}}, \
                 status: {{containerStatuses: [{{name: app, image: '{tag}', imageID: 'app@{digest}'}}]}}}}"
            );
        }
        manifest
    }

    #[test]
    fn the_digests_are_shown_with_where_they_run() {
        let running = [
            ("a", "app:1", "sha256:1111111111111111"),
            ("a", "app:1", "sha256:2222222222222222"),
            ("b", "docker.io/library/app:1", "sha256:2222222222222222"),
            ("b", "app:2", "sha256:3333333333333333"),
        ];
        assert_eq!(
            messages(judge(&INCONSISTENT_DIGEST, &beside("app:1", &running))),
            ["app: its tag runs as 2 images: sha256:222222222222 (2 pods on 2 nodes), sha256:111111111111 \
                 (1 pod on 1 node); name the image by its digest, and restart what differs"]
        );
        assert_eq!(judge(&INCONSISTENT_DIGEST, &beside("app:2", &running)), Verdict::Pass);
    }

    #[test]
    fn what_does_not_run_is_not_judged() {
        assert_eq!(judge(&INCONSISTENT_DIGEST, &beside("app:1", &[])), Verdict::NotApplicable);
        let running = [("a", "app:1", "sha256:1111111111111111")];
        let pinned = format!("app:1@sha256:{}", "1".repeat(64));
        assert_eq!(judge(&INCONSISTENT_DIGEST, &beside(&pinned, &running)), Verdict::NotApplicable);
    }
}
