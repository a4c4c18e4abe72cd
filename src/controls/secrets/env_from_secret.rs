//! `secrets.env-from-secret`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::engine::pattern::KeyPattern;
use crate::facts::env::EnvSource;
use crate::facts::{ContainerRef, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// No container (init, sidecar and ephemeral ones included) takes a Secret into its environment, be it one key by
    /// `valueFrom.secretKeyRef` or all of them by `envFrom`. Mounting it as a file is what passes.
    ///
    /// ## Why it matters
    ///
    /// The environment goes where a file doesn't: to every child process, into crash reports, debug pages and logs that print
    /// it, and to whoever may read `/proc` on the node. And it stays as it was at the start: a Secret that is changed reaches
    /// the program only when it is started again.
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
    ///           valueFrom: {secretKeyRef: {name: db, key: password}}
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
    ///       envFrom:
    ///         - secretRef: {name: db}
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
    ///       volumeMounts: [{name: db, mountPath: /secrets/db, readOnly: true}]
    ///   volumes: [{name: db, secret: {secretName: db}}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Mount the Secret as a volume and have the program read the file; many images take `…_FILE` variables for it. A program
    /// that only knows the environment can be listed by its variable in `exemptKeys`.
    pub static ENV_FROM_SECRET = {
        id: "secrets.env-from-secret",
        title: "Secret is given by the environment instead of a file",
        severity: Low,
        subject: Workload,
        parameters: EnvFromSecret,
        references: [
            Framework::CisKubernetes.clause("5.4.1"),
            Framework::Nist80053.clause("IA-5(6)"),
            Framework::NsaCisa.clause("Secrets"),
            Framework::MitreAttack.clause("T1552"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("5.17"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// What is left alone.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct EnvFromSecret {
    /// Variables that a Secret may fill; `*` stands for anything. Default: none. Example: `[POSTGRES_PASSWORD]`.
    exempt_keys: Vec<KeyPattern>,
    /// Secrets that may be taken into the environment, by name; `*` stands for anything. Default: none. Example:
    /// `[legacy-*]`.
    exempt_secrets: Vec<KeyPattern>,
}

impl Parameters for EnvFromSecret {}

fn evaluate(workload: &Workload, parameters: &EnvFromSecret, context: &Context<'_>) -> Verdict {
    let of_container = |container| variables(container, parameters).chain(wholes(container, parameters));
    context.containers(workload).flat_map(of_container).collect()
}

fn any(patterns: &[KeyPattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

/// Variables that one key fills.
fn variables<'a>(
    container: ContainerRef<'a>,
    parameters: &'a EnvFromSecret,
) -> impl Iterator<Item = Finding> + 'a {
    container.container.env.iter().enumerate().filter_map(move |(at, variable)| {
        let EnvSource::Secret { name, .. } = &variable.source else { return None };
        if any(&parameters.exempt_keys, &variable.name) || any(&parameters.exempt_secrets, name) {
            return None;
        }
        let message = format!("`{}` is filled from Secret `{name}`", variable.name);
        let finding = Finding::in_container(container, &["env"], message)
            .further(|variables| variables.index(at).keys(&["valueFrom", "secretKeyRef"]))
            .discriminator(&variable.name);
        Some(finding.fix("mount the Secret as a file"))
    })
}

/// Secrets whose keys all become variables.
fn wholes<'a>(
    container: ContainerRef<'a>,
    parameters: &'a EnvFromSecret,
) -> impl Iterator<Item = Finding> + 'a {
    container.container.env_from.iter().enumerate().filter_map(move |(at, source)| {
        let name = source.secret.as_ref().filter(|name| !any(&parameters.exempt_secrets, name))?;
        let message = format!("all of Secret `{name}` is in its environment");
        let finding = Finding::in_container(container, &["envFrom"], message)
            .further(|sources| sources.index(at).key("secretRef"))
            .discriminator(name);
        Some(finding.fix("mount the Secret as a file"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controls::testing::{judge_with, messages, pod};

    const FIELDS: &str = "env: [{name: A, value: b}, {name: DB, valueFrom: {secretKeyRef: {name: db, key: k}}}], \
                          envFrom: [{configMapRef: {name: c}}, {secretRef: {name: all}}]";

    fn found(parameters: &Value, fields: &str) -> Vec<String> {
        let manifest = pod(&format!("containers: [{{name: app, {fields}}}]"));
        messages(judge_with(&ENV_FROM_SECRET, parameters, &manifest))
    }

    #[test]
    fn one_key_and_all_keys_are_found() {
        assert_eq!(
            found(&json!({}), FIELDS),
            [
                "app: `DB` is filled from Secret `db`; mount the Secret as a file",
                "app: all of Secret `all` is in its environment; mount the Secret as a file"
            ]
        );
        assert_eq!(
            found(&json!({}), "env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: k}}}]"),
            [""; 0]
        );
    }

    #[test]
    fn variables_and_secrets_can_be_exempt() {
        assert_eq!(found(&json!({"exemptKeys": ["D*"]}), FIELDS).len(), 1);
        assert_eq!(found(&json!({"exemptSecrets": ["db"]}), FIELDS).len(), 1);
        assert_eq!(found(&json!({"exemptSecrets": ["*"]}), FIELDS), [""; 0]);
    }
}
