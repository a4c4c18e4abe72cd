//! `image.unparsable-reference`

use super::declared;
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::{ImageError, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// Every container and every `image` volume names an image, by a reference that a container runtime can read:
    /// `[registry[:port]/]repository[:tag][@digest]`, with the repository in lower case and a digest of sha256,
    /// sha384 or sha512 at full length. An absent image fails too.
    ///
    /// ## Why it matters
    ///
    /// The API server takes almost any text for an image, and the pod then stays at `InvalidImageName` on its node.
    /// Until it is mended nothing can be said about the image: the other `image.*` controls answer unknown. A
    /// placeholder that nobody filled in, such as `app:$VERSION`, is the usual cause.
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
    ///       image: registry.example.com/Shop/app:1.0
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
    ///       image: registry.example.com/shop/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Correct the reference. Repositories are in lower case, a tag has at most 128 characters out of letters, digits,
    /// `_`, `.` and `-`, and a sha256 digest has 64 digits. Check that the template which writes the manifest has a
    /// value for every placeholder.
    pub static UNPARSABLE_REFERENCE = {
        id: "image.unparsable-reference",
        title: "Image reference can't be parsed",
        severity: Medium,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("CM-8"),
            Framework::Iso27001.clause("5.9"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    declared::judge(workload, context, |image| {
        let Err(error) = image.parse() else { return Ok(None) };
        let (message, advice) = match error {
            ImageError::Empty => ("names no image".to_owned(), "name an image"),
            _ => (format!("`{}` is no image: {error}", image.reference), advice(error)),
        };
        Ok(Some(image.finding(message).fix(advice)))
    })
}

const fn advice(error: ImageError) -> &'static str {
    match error {
        ImageError::Empty | ImageError::Identifier => "name an image",
        ImageError::WhiteSpace => "write it without white space",
        ImageError::UpperCase => "write the repository in lower case",
        ImageError::Registry => "write a host as registry, without `https://`",
        ImageError::Repository | ImageError::TooLong => "correct the repository",
        ImageError::Tag => "correct the tag, or leave it and its colon out",
        ImageError::DigestAlgorithm | ImageError::DigestLength { .. } | ImageError::DigestDigits => {
            "copy the whole digest from the registry"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::declared::testing::{DIGEST, running};
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    fn found(image: &str) -> Vec<String> {
        messages(judge(&UNPARSABLE_REFERENCE, &running(image)))
    }

    #[test]
    fn a_valid_reference_passes() {
        for image in ["nginx", "localhost:5000/a/b:1", &format!("ghcr.io/acme/app:1@{DIGEST}")] {
            assert!(found(image).is_empty(), "{image}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        assert_eq!(
            found("Nginx:1"),
            ["app: `Nginx:1` is no image: upper case in its repository; write the repository in lower case"]
        );
        assert_eq!(
            found("app:$VERSION"),
            [
                "app: `app:$VERSION` is no image: its tag is malformed; correct the tag, or leave it and its colon out"
            ]
        );
        assert_eq!(
            found("app@sha256:abc"),
            [
                "app: `app@sha256:abc` is no image: its digest has 3 digits where 64 are needed; copy the whole digest \
             from the registry"
            ]
        );
        assert_eq!(found(" "), ["app: ` ` is no image: it holds white space; write it without white space"]);
    }

    #[test]
    fn an_absent_and_an_empty_image_fail_at_the_place_where_it_would_stand() {
        for container in ["{name: app}", "{name: app, image: ''}", "{name: app, image: null}"] {
            let verdict = judge(&UNPARSABLE_REFERENCE, &pod(&format!("containers: [{container}]")));
            let Verdict::Fail(findings) = verdict else { panic!("{container}") };
            assert_eq!(findings[0].message, "names no image");
            assert_eq!(findings[0].path.to_string(), "spec.containers[0].image");
            assert_eq!(findings[0].value, None);
        }
    }

    #[test]
    fn a_volume_s_image_counts_too() {
        let spec = "containers: [{name: app, image: a}]\nvolumes: [{name: model, image: {reference: A}}]";
        let Verdict::Fail(findings) = judge(&UNPARSABLE_REFERENCE, &pod(spec)) else { panic!("passes") };
        assert_eq!(findings[0].path.to_string(), "spec.volumes[0].image.reference");
        assert_eq!(findings[0].discriminator.as_deref(), Some("model"));
        assert_eq!(findings[0].container, None);
    }
}
