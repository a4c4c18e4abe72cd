//! `secrets.plain-env`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spotting::counts;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::engine::pattern::KeyPattern;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// No environment variable of a container (init, sidecar and ephemeral ones included) has a credential for its value, written
    /// in the manifest. What counts is a value whose form says what it is (a private key, a token with a published prefix, an address with a
    /// password) or one that is written out under a name that says password, secret or token. References such as
    /// `$(DB_PASSWORD)`, placeholders, hashes, paths and hosts don't count. A variable that a Secret, a `ConfigMap` or a field
    /// fills is not judged here.
    ///
    /// Left alone by default are the variables of cloud keys that `iam.static-cloud-credentials` finds already, wherever their
    /// values come from. Where that control isn't asked for, set `exemptKeys: []`.
    ///
    /// ## Why it matters
    ///
    /// A manifest is read by many more than a Secret: by whoever may `get` the object, by everybody with access to the Git
    /// repository and its history, by pipelines and by the tools that copy objects into tickets and dashboards.
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
    ///       env:
    ///         - name: DB_PASSWORD
    ///           value: correct-horse-7
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
    ///       env:
    ///         - name: DB_PASSWORD_FILE
    ///           value: /secrets/db/password
    ///         - name: DB_HOST
    ///           value: db.example.com
    /// ```
    ///
    /// ## How to fix
    ///
    /// Take the value for known: end it at its issuer and make a new one. Put that into a Secret, and mount it as a file or name it
    /// in `valueFrom.secretKeyRef`.
    pub static PLAIN_ENV = {
        id: "secrets.plain-env",
        title: "Credential is written in an environment variable",
        severity: High,
        subject: Workload,
        parameters: PlainEnv,
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

/// What is left alone.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct PlainEnv {
    /// Variables that may be written in the manifest; `*` stands for anything. Default: the cloud keys that
    /// `iam.static-cloud-credentials` finds. Example: `[TEST_*]`.
    exempt_keys: Vec<KeyPattern>,
    /// Whether only values count whose form says what they are, such as private keys and tokens with a published prefix,
    /// and not those that merely stand under a name such as `password`. Default: `false`. Example: `true`.
    certain_only: bool,
}

/// What `iam.static-cloud-credentials` finds by its defaults.
const CLOUD_KEYS: [&str; 7] = [
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ARM_CLIENT_SECRET",
    "AWS_SECRET_ACCESS_KEY",
    "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_KEY",
    "GOOGLE_CREDENTIALS",
];

impl Default for PlainEnv {
    fn default() -> Self {
        let exempt_keys = CLOUD_KEYS.iter().filter_map(|name| KeyPattern::new(name).ok()).collect();
        Self { exempt_keys, certain_only: false }
    }
}

impl Parameters for PlainEnv {}

fn evaluate(workload: &Workload, parameters: &PlainEnv, context: &Context<'_>) -> Verdict {
    let PlainEnv { exempt_keys, certain_only } = parameters;
    let mut findings = Vec::new();
    for container in context.containers(workload) {
        for (at, variable) in container.env.iter().enumerate() {
            let name = variable.name.as_str();
            let Some(kind) = variable.credential else { continue };
            if !counts(exempt_keys, *certain_only, kind, &[name]) {
                continue;
            }
            let message = format!("`{name}` looks like {kind}, written in the manifest");
            let finding = Finding::in_container(container, &["env"], message)
                .further(|variables| variables.index(at).key("value"))
                .discriminator(name);
            findings.push(finding.fix("move it to a Secret, and end the value that was written"));
        }
    }
    findings.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};
    use crate::engine::catalogue;

    fn found(parameters: &Value, variable: &str) -> Vec<String> {
        let manifest =
            pod(&format!("initContainers: [{{name: app, env: [{{name: A, value: b}}, {variable}]}}]"));
        messages(judge_with(&PLAIN_ENV, parameters, &manifest))
    }

    #[test]
    fn a_written_credential_is_found_and_not_shown() {
        assert_eq!(
            found(&json!({}), "{name: DB_PASSWORD, value: hush-hush-7}"),
            [
                "app: `DB_PASSWORD` looks like a password or token, written in the manifest; move it to a Secret, \
                 and end the value that was written"
            ]
        );
        let manifest =
            pod("containers: [{name: app, env: [{name: A}, {name: DB_PASSWORD, value: hush-hush-7}]}]");
        let Verdict::Fail(findings) = judge(&PLAIN_ENV, &manifest) else { panic!("it passes") };
        assert_eq!(findings[0].path.to_string(), "spec.containers[0].env[1].value");
        assert!(!format!("{findings:?}").contains("hush"));
    }

    #[test]
    fn what_comes_from_elsewhere_passes() {
        for variable in [
            "{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}",
            "{name: DB_PASSWORD, value: $(OTHER)}",
            "{name: DB_PASSWORD_FILE, value: /secrets/password}",
        ] {
            assert_eq!(found(&json!({}), variable), [""; 0], "{variable}");
        }
    }

    #[test]
    fn names_can_be_exempt_and_guesses_left_out() {
        let variable = "{name: TEST_PASSWORD, value: hush-hush-7}";
        assert_eq!(found(&json!({"exemptKeys": ["TEST_*"]}), variable), [""; 0]);
        assert_eq!(found(&json!({"certainOnly": true}), variable), [""; 0]);
        assert_eq!(found(&json!({"exemptKeys": ["TEST"]}), variable).len(), 1);
        let address = "{name: DB, value: 'postgres://shop:hush-hush-7@db.example.com/shop'}";
        assert_eq!(found(&json!({"certainOnly": true}), address).len(), 1);
    }

    #[test]
    fn cloud_keys_are_found_once() {
        let iam = catalogue::find("iam.static-cloud-credentials").unwrap();
        for name in CLOUD_KEYS {
            let variable = format!("{{name: {name}, value: hush-hush-hush-7}}");
            assert_eq!(found(&json!({}), &variable), [""; 0], "{name}");
            let manifest = pod(&format!("containers: [{{name: app, env: [{variable}]}}]"));
            assert_eq!(messages(judge(iam, &manifest)).len(), 1, "{name}");
        }
        assert_eq!(
            found(&json!({"exemptKeys": []}), "{name: AZURE_CLIENT_SECRET, value: hush-hush-7}").len(),
            1
        );
    }
}
