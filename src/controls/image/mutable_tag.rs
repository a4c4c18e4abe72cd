//! `image.mutable-tag`

use std::borrow::Cow;

use super::declared;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::{ImageRef, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// The image of every container (init, sidecar and ephemeral ones included) and of every `image` volume is named
    /// by its digest: `app@sha256:…`, or `app:1.0@sha256:…`, where the tag is for people and the digest is what runs.
    /// A digest that is none, by its length or its algorithm, fails as an absent one does. For another reference that
    /// can't be parsed the answer is unknown.
    ///
    /// ## Why it matters
    ///
    /// A tag is a pointer that whoever may push to the repository can move. What was reviewed, scanned and signed is
    /// then not what runs, two replicas of one Deployment can run different code, and a rollback may bring back
    /// something else. A digest is the checksum of the image: it can't mean other bytes.
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
    ///       image: registry.example.com/app:1.0@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    /// ```
    ///
    /// ## How to fix
    ///
    /// Append the digest that the registry shows for the tag (`crane digest IMAGE`, or `docker buildx imagetools
    /// inspect IMAGE`), and let a bot such as Renovate keep tag and digest up to date together.
    pub static MUTABLE_TAG = {
        id: "image.mutable-tag",
        title: "Image is not pinned by digest",
        severity: Medium,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("CM-2"),
            Framework::Nist80053.clause("SI-7"),
            Framework::MitreAttack.clause("T1525"),
            Framework::Soc2.clause("CC8.1"),
            Framework::Iso27001.clause("8.19"),
            Framework::PciDss.clause("6.5.1"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    declared::judge(workload, context, |image| {
        let message = match image.parse() {
            Ok(parsed) if parsed.digest().is_some() => return Ok(None),
            Ok(_) => format!("`{}` has no digest", image.reference),
            Err(error) if error.is_of_digest() => {
                format!("`{}` is not pinned: {error}", image.reference)
            }
            Err(error) => return Err(error),
        };
        Ok(Some(image.finding(message).fix(advice(image.reference))))
    })
}

/// The image with a digest in place of its tag, if that is short enough to be read.
fn advice(reference: &str) -> Cow<'static, str> {
    const LONGEST: usize = 60;
    let named = reference.split_once('@').map_or(reference, |(named, _)| named);
    let tag = ImageRef::parse(named).ok().and_then(|image| image.tag());
    let without_tag = tag.and_then(|tag| named.strip_suffix(tag)?.strip_suffix(':')).unwrap_or(named);
    let advice = format!("use `{without_tag}@sha256:…`");
    if advice.chars().count() <= LONGEST {
        Cow::Owned(advice)
    } else {
        Cow::Borrowed("append its digest, `@sha256:…`")
    }
}

#[cfg(test)]
mod tests {
    use super::declared::testing::{DIGEST, running};
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    fn found(image: &str) -> Vec<String> {
        messages(judge(&MUTABLE_TAG, &running(image)))
    }

    #[test]
    fn a_digest_passes_with_and_without_a_tag() {
        assert!(found(&format!("nginx@{DIGEST}")).is_empty());
        assert!(found(&format!("localhost:5000/nginx:1.25@{DIGEST}")).is_empty());
        assert!(found(&format!("nginx@sha512:{}", "0".repeat(128))).is_empty());
    }

    #[test]
    fn a_tag_is_not_enough() {
        assert_eq!(found("nginx:1.25"), ["app: `nginx:1.25` has no digest; use `nginx@sha256:…`"]);
        assert_eq!(found("nginx"), ["app: `nginx` has no digest; use `nginx@sha256:…`"]);
        assert_eq!(
            found("registry:5000/app:1"),
            ["app: `registry:5000/app:1` has no digest; use `registry:5000/app@sha256:…`"]
        );
    }

    #[test]
    fn a_broken_digest_pins_nothing() {
        assert_eq!(
            found("nginx:1@sha256:abc"),
            ["app: `nginx:1@sha256:abc` is not pinned: its digest has 3 digits where 64 are needed; \
              use `nginx@sha256:…`"]
        );
        let md5 = format!("nginx@md5:{}", "0".repeat(32));
        assert!(found(&md5)[0].contains("is not pinned: its digest is not of sha256"));
    }

    #[test]
    fn a_long_name_is_not_repeated_in_the_advice() {
        let long = format!("registry.example.com/{}:1", "team/".repeat(9) + "app");
        assert!(found(&long)[0].ends_with("; append its digest, `@sha256:…`"));
    }

    #[test]
    fn every_class_of_container_and_image_volumes_count() {
        let spec = "
initContainers: [{name: setup, image: 'a:1'}, {name: mesh, image: 'b:1', restartPolicy: Always}]
containers: [{name: app, image: 'c:1'}]
ephemeralContainers: [{name: debug, image: 'd:1'}]
volumes: [{name: model, image: {reference: 'e:1'}}, {name: tmp, emptyDir: {}}]
";
        let Verdict::Fail(findings) = judge(&MUTABLE_TAG, &pod(spec)) else { panic!("passes") };
        let values: Vec<_> = findings.iter().filter_map(|finding| finding.value.as_deref()).collect();
        assert_eq!(values, ["a:1", "b:1", "c:1", "d:1", "e:1"]);
    }

    #[test]
    fn an_unreadable_image_is_unknown_unless_another_fails() {
        assert!(matches!(judge(&MUTABLE_TAG, &running("Nginx:1")), Verdict::Unknown(_)));
        let spec = "containers: [{name: app, image: 'Nginx:1'}, {name: log, image: 'log:1'}]";
        assert_eq!(messages(judge(&MUTABLE_TAG, &pod(spec))).len(), 1);
    }

    #[test]
    fn an_exempt_image_is_not_looked_at_in_a_volume_either() {
        let spec = "
containers: [{name: app, image: 'ghcr.io/acme/app:1'}]
volumes: [{name: model, image: {reference: 'ghcr.io/acme/model:1'}}]
";
        let parameters = serde_json::json!({"exemptImages": ["ghcr.io/acme/*"]});
        assert_eq!(judge_with(&MUTABLE_TAG, &parameters, &pod(spec)), Verdict::Pass);
    }
}
