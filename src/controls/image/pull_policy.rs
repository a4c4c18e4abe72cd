//! `image.pull-policy`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::declared::{self, Declared};
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::{ImageRef, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// Every image that is not pinned by a digest is pulled with the policy `Always`: the kubelet then asks the
    /// registry at each start of a container, and downloads only what is new. Containers of every class and `image`
    /// volumes are looked at. An absent policy is what the API server makes of it: `Always` for the tag `latest` and
    /// for no tag at all, `IfNotPresent` otherwise.
    ///
    /// An image with a digest passes with any policy, as its bytes can't go stale. Set `images: All` to judge it like
    /// the others, as the admission plugin `AlwaysPullImages` does; set `policy` where another one is wanted.
    ///
    /// ## Why it matters
    ///
    /// With `IfNotPresent` each node keeps the image that it happened to pull first. When a tag is moved to a fixed
    /// version, old nodes go on running the vulnerable one, and replicas of one workload differ. On a node that
    /// tenants share, a cached image is moreover started for a pod that has no right to pull it, unless the kubelet
    /// verifies credentials for images that are present: that is the reason for `images: All`.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    ///       imagePullPolicy: IfNotPresent
    /// ```
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    ///       imagePullPolicy: Always
    /// ```
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    ///       imagePullPolicy: IfNotPresent
    /// ```
    ///
    /// ## How to fix
    ///
    /// Pin the image by its digest and keep the policy, or set `imagePullPolicy: Always`. Note that with `Always` a
    /// container can't start while the registry is out of reach.
    pub static PULL_POLICY = {
        id: "image.pull-policy",
        title: "Image may be stale on the node",
        severity: Low,
        subject: Workload,
        parameters: PullPolicy,
        references: [
            Framework::Nist80053.clause("SI-2"),
            Framework::Iso27001.clause("8.8"),
            Framework::PciDss.clause("6.3.3"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Which policy is wanted, and for what.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct PullPolicy {
    /// The wanted policy: `Always`, `IfNotPresent` or `Never`. Default: `Always`. Example: `Never`, for nodes that
    /// are filled with images beforehand.
    policy: Policy,
    /// The images that it is wanted for: `Mutable`, those without a digest, or `All`. Default: `Mutable`. Example:
    /// `All`, on nodes that tenants share.
    images: Images,
}

#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize, JsonSchema)]
enum Policy {
    #[default]
    Always,
    IfNotPresent,
    Never,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum Images {
    #[default]
    Mutable,
    All,
}

impl Parameters for PullPolicy {}

impl Policy {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}

/// Why a person should look at a policy that relies on the nodes.
const NODES: &str = "the image must be on every node already";

fn evaluate(workload: &Workload, parameters: &PullPolicy, context: &Context<'_>) -> Verdict {
    let wanted = parameters.policy.as_str();
    declared::judge(workload, context, |image| {
        let parsed = image.parse()?;
        let pinned = parsed.digest().is_some();
        let policy = image.pull_policy.unwrap_or(default_policy(&parsed));
        if policy == wanted || (pinned && parameters.images == Images::Mutable) {
            return Ok(None);
        }
        let by_default = if image.pull_policy.is_none() { " by default" } else { "" };
        let message = format!("is pulled `{policy}`{by_default}, not `{wanted}`");
        let finding = image.policy_finding(message).fix(advice(image, wanted, parameters.images));
        let path = finding.path.clone();
        let finding = match parameters.policy {
            Policy::Always => finding.safe_patch(path, wanted),
            Policy::IfNotPresent | Policy::Never => finding.patch_to_review(path, wanted, NODES),
        };
        Ok(Some(if image.pull_policy.is_some() { finding.value(policy) } else { finding }))
    })
}

/// What the API server sets. It looks at the tag even where a digest decides.
fn default_policy(image: &ImageRef<'_>) -> &'static str {
    match (image.tag(), image.digest()) {
        (Some("latest"), _) | (None, None) => Policy::Always.as_str(),
        _ => Policy::IfNotPresent.as_str(),
    }
}

fn advice(image: &Declared<'_>, wanted: &str, images: Images) -> String {
    let field = image.policy_field();
    match images {
        Images::Mutable => format!("set `{field}: {wanted}`, or pin the image by digest"),
        Images::All => format!("set `{field}: {wanted}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::declared::testing::DIGEST;
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    fn container(image: &str, policy: &str) -> String {
        pod(&format!("containers: [{{name: app, image: {image:?}, imagePullPolicy: {policy}}}]"))
    }

    #[test]
    fn a_tag_that_is_not_always_pulled_fails() {
        for policy in ["IfNotPresent", "Never"] {
            assert_eq!(
                messages(judge(&PULL_POLICY, &container("nginx:1.25", policy))),
                [format!(
                    "app: is pulled `{policy}`, not `Always`; set `imagePullPolicy: Always`, or pin the image by digest"
                )]
            );
        }
        assert_eq!(judge(&PULL_POLICY, &container("nginx:1.25", "Always")), Verdict::Pass);
    }

    #[test]
    fn an_absent_policy_is_what_the_api_server_makes_of_it() {
        let absent = |image: &str| messages(judge(&PULL_POLICY, &container(image, "null")));
        assert!(absent("nginx").is_empty());
        assert!(absent("nginx:latest").is_empty());
        assert!(
            absent("nginx:1.25")[0].starts_with("app: is pulled `IfNotPresent` by default, not `Always`;")
        );
        assert_eq!(messages(judge(&PULL_POLICY, &container("nginx:1.25", "''"))).len(), 1);
    }

    #[test]
    fn a_digest_passes_with_any_policy_unless_all_images_are_meant() {
        let pinned = container(&format!("nginx@{DIGEST}"), "IfNotPresent");
        assert_eq!(judge(&PULL_POLICY, &pinned), Verdict::Pass);
        let all = serde_json::json!({"images": "All"});
        assert_eq!(
            messages(judge_with(&PULL_POLICY, &all, &pinned)),
            ["app: is pulled `IfNotPresent`, not `Always`; set `imagePullPolicy: Always`"]
        );
        let tagged = container(&format!("nginx:latest@{DIGEST}"), "null");
        assert_eq!(judge_with(&PULL_POLICY, &all, &tagged), Verdict::Pass);
    }

    #[test]
    fn another_policy_can_be_wanted() {
        let never = serde_json::json!({"policy": "Never"});
        assert_eq!(judge_with(&PULL_POLICY, &never, &container("nginx:1.25", "Never")), Verdict::Pass);
        assert_eq!(messages(judge_with(&PULL_POLICY, &never, &container("nginx", "null"))).len(), 1);
    }

    #[test]
    fn an_image_volume_has_its_own_field() {
        let spec = "containers: [{name: app, image: a}]\nvolumes: [{name: model, image: {reference: 'm:1'}}]";
        let Verdict::Fail(findings) = judge(&PULL_POLICY, &pod(spec)) else { panic!("passes") };
        assert_eq!(findings[0].path.to_string(), "spec.volumes[0].image.pullPolicy");
        assert!(findings[0].fix.advice.starts_with("set `pullPolicy: Always`"));
    }
}
