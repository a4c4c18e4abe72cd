//! `secrets.in-annotation`

use super::spotting::Spotting;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::facts::{Meta, Path, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// No annotation of the workload or of its pod template has a credential for its value. What counts is a value whose form says what it is (a private key, a token with a published prefix, an address with a
    /// password) or one that is written out under a name that says password, secret or token. References such as
    /// `$(DB_PASSWORD)`, placeholders, hashes, paths and hosts don't count.
    /// `kubectl.kubernetes.io/last-applied-configuration` is a copy of the object, and not judged by itself. A key that
    /// stands in both places is found once.
    ///
    /// ## Why it matters
    ///
    /// Annotations are meant for everybody: monitoring, inventories, the Downward API and many controllers copy them on, and
    /// no role can hide them from whoever may read the object.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: example
    ///   annotations:
    ///     example.com/api-token: correct-horse-7
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
    /// metadata:
    ///   name: example
    ///   annotations:
    ///     example.com/team: shop
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Take the value for known: end it at its issuer and make a new one. Put that into a Secret, and let the annotation name the
    /// Secret, where its reader can do so.
    pub static IN_ANNOTATION = {
        id: "secrets.in-annotation",
        title: "Credential is written in an annotation",
        severity: High,
        subject: Workload,
        parameters: Spotting,
        references: [
            Framework::CisKubernetes.clause("5.4.1"),
            Framework::Nist80053.clause("IA-5(7)"),
            Framework::NsaCisa.clause("Secrets"),
            Framework::MitreAttack.clause("T1552"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("5.17"),
            Framework::PciDss.clause("8.6.2"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, parameters: &Spotting, _: &Context<'_>) -> Verdict {
    let (object, template) = (&workload.meta, &workload.template.metadata);
    let mut findings: Vec<Finding> = found(object, Path::root, parameters).collect();
    // What stands in both is one credential; of a Pod the two are the same.
    let in_both: Vec<_> = findings.iter().map(|finding| finding.message.clone()).collect();
    let of_template = found(template, || workload.template_path(), parameters);
    findings.extend(of_template.filter(|finding| !in_both.contains(&finding.message)));
    findings.into_iter().collect()
}

/// The findings in the metadata that stands below a place.
fn found<'a>(
    meta: &'a Meta,
    below: impl Fn() -> Path,
    parameters: &'a Spotting,
) -> impl Iterator<Item = Finding> {
    let counted = meta.annotation_credentials.iter().filter(|(key, kind)| parameters.counts(*kind, &[key]));
    counted.map(move |(key, kind)| {
        let message = format!("the annotation `{key}` looks like {kind}");
        let finding = Finding::new(below().keys(&["metadata", "annotations"]).key(key.to_string()), message);
        finding.fix("move it to a Secret, and end the value that was written")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, annotations: {example.com/api-token: hush-hush-7, example.com/team: shop}}
spec: {template: {metadata: {annotations: {example.com/password: hush-hush-8}}}}
";

    fn found(parameters: &Value, manifest: &str) -> Vec<String> {
        let found = messages(judge_with(&IN_ANNOTATION, parameters, manifest));
        found.into_iter().map(|it| it.split_once(';').unwrap().0.to_owned()).collect()
    }

    #[test]
    fn the_object_and_its_template_are_judged() {
        assert_eq!(
            found(&json!({}), DEPLOYMENT),
            [
                "the annotation `example.com/api-token` looks like a password or token",
                "the annotation `example.com/password` looks like a password or token"
            ]
        );
        let Verdict::Fail(findings) = judge(&IN_ANNOTATION, DEPLOYMENT) else { panic!("it passes") };
        assert_eq!(
            findings[1].path.to_pointer(),
            "/spec/template/metadata/annotations/example.com~1password"
        );
    }

    #[test]
    fn a_pod_s_annotations_are_found_once() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a, annotations: {example.com/password: hush-hush-8}}}";
        assert_eq!(found(&json!({}), pod).len(), 1);
    }

    #[test]
    fn keys_can_be_exempt() {
        assert_eq!(found(&json!({"exemptKeys": ["example.com/*"]}), DEPLOYMENT), [""; 0]);
        assert_eq!(found(&json!({"certainOnly": true}), DEPLOYMENT), [""; 0]);
    }
}
