//! `image.latest-tag`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::declared;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// No container (init, sidecar and ephemeral ones included) and no `image` volume uses the tag `latest`, or names
    /// neither a tag nor a digest, which means `latest`. Beside a digest the tag doesn't count. The parameter `tags`
    /// names further tags that move by design. Where every image must be pinned, `image.mutable-tag` is the stricter
    /// control; this one is the first step towards it.
    ///
    /// ## Why it matters
    ///
    /// `latest` is whatever was pushed last. Nobody can say which version runs, a restart can bring an untested one,
    /// and there is nothing to roll back to.
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
    ///       image: registry.example.com/app:latest
    /// ```
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app
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
    /// ```
    ///
    /// ## How to fix
    ///
    /// Name the version that you mean, and better its digest too.
    pub static LATEST_TAG = {
        id: "image.latest-tag",
        title: "Image follows the latest tag",
        severity: Medium,
        subject: Workload,
        parameters: LatestTag,
        references: [
            Framework::Nist80053.clause("CM-2"),
            Framework::Soc2.clause("CC8.1"),
            Framework::Iso27001.clause("8.9"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Which tags move.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct LatestTag {
    /// The tags that move by design. Default: `[latest]`. Example: `[latest, main, stable]`. While `latest` is among
    /// them, an image without tag and digest counts as well.
    tags: Vec<String>,
}

impl Default for LatestTag {
    fn default() -> Self {
        Self { tags: vec![LATEST.to_owned()] }
    }
}

impl Parameters for LatestTag {
    fn check(&self) -> Vec<ParameterError> {
        if self.tags.is_empty() {
            return vec![ParameterError::new(
                "tags",
                "no tag is left to look for; name one such as `latest`",
            )];
        }
        let wrong = |tag: &str| tag.is_empty() || tag.contains([':', '@', '/', '*']);
        let say = |tag: &str| format!("`{tag}` is no tag; write the tag alone, such as `latest`");
        let tags = self.tags.iter().enumerate();
        tags.filter(|(_, tag)| wrong(tag))
            .map(|(index, tag)| ParameterError::new(format!("tags[{index}]"), say(tag)))
            .collect()
    }
}

/// What an image without tag and digest means.
const LATEST: &str = "latest";

fn evaluate(workload: &Workload, parameters: &LatestTag, context: &Context<'_>) -> Verdict {
    declared::judge(workload, context, |image| {
        let parsed = image.parse()?;
        let tag = parsed.tag().unwrap_or(LATEST);
        if parsed.digest().is_some() || !parameters.tags.iter().any(|moving| moving == tag) {
            return Ok(None);
        }
        let message = match parsed.tag() {
            Some(_) => format!("`{}` moves with its tag", image.reference),
            None => format!("`{}` has no tag, which means `latest`", image.reference),
        };
        Ok(Some(image.finding(message).fix("name a version, or better a digest")))
    })
}

#[cfg(test)]
mod tests {
    use super::declared::testing::{DIGEST, running};
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    fn found(image: &str) -> Vec<String> {
        messages(judge(&LATEST_TAG, &running(image)))
    }

    #[test]
    fn latest_and_no_tag_are_the_same() {
        assert_eq!(
            found("nginx:latest"),
            ["app: `nginx:latest` moves with its tag; name a version, or better a digest"]
        );
        assert_eq!(
            found("localhost:5000/nginx"),
            [
                "app: `localhost:5000/nginx` has no tag, which means `latest`; name a version, or better a digest"
            ]
        );
    }

    #[test]
    fn a_digest_makes_the_tag_a_remark() {
        assert!(found(&format!("nginx:latest@{DIGEST}")).is_empty());
        assert!(found(&format!("nginx@{DIGEST}")).is_empty());
    }

    #[test]
    fn only_the_whole_tag_counts() {
        assert!(found("nginx:latest-alpine").is_empty());
        assert!(found("latest/nginx:1").is_empty());
        assert!(found("nginx:LATEST").is_empty());
    }

    #[test]
    fn further_tags_can_be_named() {
        let parameters = serde_json::json!({"tags": ["main"]});
        let of = |image: &str| messages(judge_with(&LATEST_TAG, &parameters, &running(image)));
        assert_eq!(of("nginx:main").len(), 1);
        assert!(of("nginx:latest").is_empty() && of("nginx").is_empty());
    }

    #[test]
    fn a_tag_that_is_none_is_refused() {
        let wrong = LatestTag { tags: vec!["nginx:latest".to_owned()] };
        assert_eq!(wrong.check()[0].path, "tags[0]");
        assert_eq!(LatestTag { tags: Vec::new() }.check()[0].path, "tags");
    }
}
