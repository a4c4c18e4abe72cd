//! `pod.unsafe-app-armor`

use super::quoted::Quoted;
use super::security_context::{Holder, settings};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::security::Profile;
use crate::facts::{Text, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// Where the pod or a container, init container or ephemeral container sets an AppArmor profile, its type is
    /// `RuntimeDefault` or `Localhost`. The annotations of old,
    /// `container.apparmor.security.beta.kubernetes.io/…`, count too: they may be empty, `runtime/default` or
    /// `localhost/…`, even for a container that doesn't exist.
    ///
    /// ## Why it matters
    ///
    /// AppArmor keeps even a root process of a container from writing to `/proc` and `/sys`, mounting and tracing.
    /// `Unconfined` takes this wall away.
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
    ///       securityContext:
    ///         appArmorProfile:
    ///           type: Unconfined
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
    ///       securityContext:
    ///         appArmorProfile:
    ///           type: RuntimeDefault
    /// ```
    ///
    /// ## How to fix
    ///
    /// Use `RuntimeDefault`, or leave the profile out where nodes have AppArmor. Where the container needs more than
    /// that, load a profile on the nodes and name it with `Localhost`. Replace annotations by the field.
    pub static UNSAFE_APP_ARMOR = {
        id: "pod.unsafe-app-armor",
        title: "Container switches AppArmor off",
        severity: Medium,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::PodSecurityBaseline.clause("AppArmor"),
            Framework::CisKubernetes.clause("5.7.3"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("CM-7"),
            Framework::NsaCisa.clause("Hardening container environments"),
            Framework::MitreAttack.clause("T1611"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("8.9"),
            Framework::PciDss.clause("2.2.6"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Before the container's name in the key of the annotation that came before the field.
const ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";
const FIELD: &str = "appArmorProfile";

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    let fields =
        settings(workload, context, |it| it.app_armor_profile.as_ref(), |it| it.app_armor_profile.as_ref())
            .filter(|(_, profile)| !matches!(profile.kind.as_str(), "RuntimeDefault" | "Localhost"))
            .map(|(holder, profile)| of_field(holder, profile));
    let annotations = workload
        .template
        .metadata
        .annotations
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix(ANNOTATION)?, key, value)))
        .filter(|(container, _, value)| !is_safe(value) && !is_exempt(workload, container, context))
        .map(|(container, key, value)| of_annotation(workload, container, key, value));
    fields.chain(annotations).collect()
}

fn of_field(holder: Holder<'_>, profile: &Profile) -> Finding {
    let message = match profile.kind.as_str() {
        "" => "has an AppArmor profile without a type".to_owned(),
        kind => format!("has the AppArmor profile {}", Quoted(kind)),
    };
    holder
        .finding(&[FIELD, "type"], message)
        .value(&profile.kind)
        .fix("use `RuntimeDefault`")
        .safe_patch(holder.path(&[FIELD]), serde_json::json!({"type": "RuntimeDefault"}))
}

fn of_annotation(workload: &Workload, container: &str, key: &Text, value: &Text) -> Finding {
    let path = workload.template_path().keys(&["metadata", "annotations"]).key(key.to_string());
    let named = workload.containers().find(|known| known.name == *container);
    let message = match named {
        Some(_) => format!("is annotated with the AppArmor profile {}", Quoted(value)),
        None => format!("an annotation sets the AppArmor profile {}", Quoted(value)),
    };
    Finding { container: named.map(|known| known.name.clone()), ..Finding::new(path.clone(), message) }
        .discriminator(key)
        .value(value)
        .fix("use `runtime/default`")
        .patch_to_review(path, "runtime/default", "the API server wants annotation and field to agree")
}

fn is_safe(profile: &str) -> bool {
    profile.is_empty() || profile == "runtime/default" || profile.starts_with("localhost/")
}

/// Whether an annotation is about a container that exists, and that is exempt.
fn is_exempt(workload: &Workload, container: &str, context: &Context<'_>) -> bool {
    !context.common.exempt_images.is_empty()
        && workload.containers().any(|known| known.name == *container)
        && context.containers(workload).all(|judged| judged.name != *container)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    fn annotated(container: &str, profile: &str) -> String {
        let annotation = format!("{{annotations: {{'{ANNOTATION}{container}': '{profile}'}}}}");
        pod("containers: [{name: app, image: 'agent:1'}]").replace("{name: example}", &annotation)
    }

    #[test]
    fn fields_of_pods_and_containers_count() {
        let found = messages(judge(
            &UNSAFE_APP_ARMOR,
            &pod("
securityContext: {appArmorProfile: {type: Unconfined}}
initContainers: [{name: setup, securityContext: {appArmorProfile: {type: runtime/default}}}]
containers: [{name: app, securityContext: {appArmorProfile: {}}}, {name: web, securityContext: {appArmorProfile: null}}]
"),
        ));
        assert_eq!(
            found,
            [
                "has the AppArmor profile `Unconfined`; use `RuntimeDefault`",
                "setup: has the AppArmor profile `runtime/default`; use `RuntimeDefault`",
                "app: has an AppArmor profile without a type; use `RuntimeDefault`",
            ]
        );
    }

    #[test]
    fn an_annotation_counts_with_its_container() {
        let found = judge(&UNSAFE_APP_ARMOR, &annotated("app", "unconfined"));
        let Verdict::Fail(findings) = &found else { panic!("{found:?}") };
        assert_eq!(findings[0].path.to_string(), format!("metadata.annotations[{ANNOTATION}app]"));
        assert_eq!(
            messages(found),
            ["app: is annotated with the AppArmor profile `unconfined`; use `runtime/default`"]
        );
        for safe in ["", "runtime/default", "localhost/", "localhost/profile"] {
            assert_eq!(judge(&UNSAFE_APP_ARMOR, &annotated("app", safe)), Verdict::Pass, "{safe}");
        }
    }

    #[test]
    fn an_annotation_for_no_container_counts_too() {
        for missing in ["missing", ""] {
            let found = messages(judge(&UNSAFE_APP_ARMOR, &annotated(missing, "docker/default")));
            assert_eq!(
                found,
                ["an annotation sets the AppArmor profile `docker/default`; use `runtime/default`"]
            );
        }
    }

    #[test]
    fn an_annotation_too_long_to_keep_counts_too() {
        let long = |start: &str| annotated("app", &format!("{start}{}", "x".repeat(2000)));
        assert!(matches!(judge(&UNSAFE_APP_ARMOR, &long("")), Verdict::Fail(_)));
        assert_eq!(judge(&UNSAFE_APP_ARMOR, &long("localhost/")), Verdict::Pass);
    }

    #[test]
    fn a_template_is_annotated_and_not_its_owner() {
        let deployment = |owner: &str, template: &str| {
            let annotation = format!("{{annotations: {{'{ANNOTATION}app': unconfined}}}}");
            let metadata = |set: &str| if set.is_empty() { "{}" } else { &annotation }.to_owned();
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {}\nspec: {{template: {{metadata: {}, spec: {{}}}}}}",
                metadata(owner),
                metadata(template)
            )
        };
        assert_eq!(judge(&UNSAFE_APP_ARMOR, &deployment("set", "")), Verdict::Pass);
        let found = judge(&UNSAFE_APP_ARMOR, &deployment("", "set"));
        let Verdict::Fail(findings) = found else { panic!("{found:?}") };
        assert_eq!(
            findings[0].path.to_string(),
            format!("spec.template.metadata.annotations[{ANNOTATION}app]")
        );
    }

    #[test]
    fn the_annotation_of_an_exempt_container_is_exempt() {
        let exempt = serde_json::json!({"exemptImages": ["agent:*"]});
        let of = |container| judge_with(&UNSAFE_APP_ARMOR, &exempt, &annotated(container, "unconfined"));
        assert_eq!(of("app"), Verdict::Pass);
        assert!(matches!(of("missing"), Verdict::Fail(_)));
    }
}
