//! `iam.static-cloud-credentials`

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::env::{EnvSource, EnvVar};
use crate::facts::{ContainerRef, Workload};

declare_control! {
    /// ## What it checks
    ///
    /// No container is given a key of a cloud account that doesn't end by itself:
    ///
    /// - by an environment variable of `variables`, be it written there or a key of a Secret or a `ConfigMap`;
    /// - by a file: a variable of `files`, which name files with credentials, in a container that mounts a Secret.
    ///
    /// A variable that another field of the pod fills is not judged, nor what `envFrom` brings, whose names aren't known.
    /// A store that only speaks a cloud's protocol, such as `MinIO` with `AWS_SECRET_ACCESS_KEY`, is found too: take the
    /// variable out of `variables`, or exempt the image.
    ///
    /// ## Why it matters
    ///
    /// Such a key is good from anywhere, for ever, and is rarely changed: a copy in a log or a laptop is as good as the
    /// cluster. Where the cloud takes the workload's own token (IAM roles for service accounts and EKS Pod Identity,
    /// Workload Identity Federation for GKE, Microsoft Entra Workload ID), there is nothing to steal that lasts.
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
    ///         - name: AWS_SECRET_ACCESS_KEY
    ///           valueFrom: {secretKeyRef: {name: aws, key: secret}}
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
    ///       env: [{name: GOOGLE_APPLICATION_CREDENTIALS, value: /keys/key.json}]
    ///       volumeMounts: [{name: keys, mountPath: /keys}]
    ///   volumes: [{name: keys, secret: {secretName: gcp}}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   serviceAccountName: uploads
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    ///       env: [{name: AWS_REGION, value: eu-central-1}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Let the workload's service account be the identity: annotate or associate it with a role of the cloud, remove the
    /// variable and the Secret, and end the key.
    pub static STATIC_CLOUD_CREDENTIALS = {
        id: "iam.static-cloud-credentials",
        title: "Workload uses a cloud key that does not end",
        severity: High,
        subject: Workload,
        parameters: StaticCloudCredentials,
        references: [
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("IA-5(7)"),
            Framework::MitreAttack.clause("T1552.001"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("8.5"),
            Framework::PciDss.clause("8.6.2"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// What gives a credential away.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct StaticCloudCredentials {
    /// Environment variables that hold a key. Default: the secret part of the keys of AWS, Azure, Google Cloud and
    /// Alibaba Cloud. Example: `[AWS_SECRET_ACCESS_KEY]`.
    variables: BTreeSet<String>,
    /// Environment variables that name a file with a key, if it comes from a Secret. Default: those of AWS, Azure and
    /// Google Cloud. Example: `[GOOGLE_APPLICATION_CREDENTIALS]`.
    files: BTreeSet<String>,
}

impl Default for StaticCloudCredentials {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            variables: names(&[
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
                "ARM_CLIENT_SECRET",
                "AWS_SECRET_ACCESS_KEY",
                "AZURE_CLIENT_SECRET",
                "AZURE_STORAGE_CONNECTION_STRING",
                "AZURE_STORAGE_KEY",
                "GOOGLE_CREDENTIALS",
            ]),
            files: names(&[
                "AWS_SHARED_CREDENTIALS_FILE",
                "AZURE_CLIENT_CERTIFICATE_PATH",
                "GOOGLE_APPLICATION_CREDENTIALS",
            ]),
        }
    }
}

impl Parameters for StaticCloudCredentials {
    fn check(&self) -> Vec<ParameterError> {
        let lists = [("variables", &self.variables), ("files", &self.files)];
        let empty = lists.into_iter().filter(|(_, list)| list.contains(""));
        empty.map(|(name, _)| ParameterError::new(name, "no variable has an empty name; remove it")).collect()
    }
}

fn evaluate(workload: &Workload, parameters: &StaticCloudCredentials, context: &Context<'_>) -> Verdict {
    let secrets: BTreeSet<&str> = workload
        .spec()
        .volumes
        .iter()
        .filter(|volume| !volume.secrets.is_empty())
        .map(|volume| volume.name.as_str())
        .collect();
    let mut findings = Vec::new();
    for container in context.containers(workload) {
        let mounts_secret = container.volume_mounts.iter().any(|mount| secrets.contains(mount.name.as_str()));
        for (at, variable) in container.env.iter().enumerate() {
            let name = variable.name.as_str();
            let by_file = parameters.files.contains(name) && mounts_secret;
            if parameters.variables.contains(name) || by_file {
                findings.extend(source(variable, by_file).map(|from| finding(container, at, name, &from)));
            }
        }
    }
    findings.into_iter().collect()
}

/// Where a key comes from; nothing for what can be none.
fn source(variable: &EnvVar, by_file: bool) -> Option<String> {
    match &variable.source {
        EnvSource::Literal | EnvSource::ConfigMap { .. } if by_file => Some("a mounted Secret".to_owned()),
        EnvSource::Literal => Some("the manifest".to_owned()),
        EnvSource::Secret { name, .. } => Some(format!("Secret `{name}`")),
        EnvSource::ConfigMap { name, .. } => Some(format!("ConfigMap `{name}`")),
        EnvSource::Other => None,
    }
}

fn finding(container: ContainerRef<'_>, at: usize, name: &str, from: &str) -> Finding {
    let message = format!("`{name}` is a lasting key of a cloud account, from {from}");
    Finding::in_container(container, &["env"], message)
        .further(|variables| variables.index(at).key("name"))
        .value(name)
        .discriminator(name)
        .fix("use the cloud's workload identity, and end the key")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    fn found(container: &str) -> Vec<String> {
        let manifest = pod(&format!(
            "initContainers: [{{name: app, {container}}}]\nvolumes: [{{name: keys, secret: {{secretName: gcp}}}}, {{name: tmp}}]"
        ));
        let found = messages(judge(&STATIC_CLOUD_CREDENTIALS, &manifest));
        found.into_iter().map(|it| it.split_once(';').unwrap().0.to_owned()).collect()
    }

    #[test]
    fn a_variable_holds_a_key_wherever_it_comes_from() {
        let key =
            |source: &str| found(&format!("env: [{{name: A}}, {{name: AWS_SECRET_ACCESS_KEY, {source}}}]"));
        assert_eq!(
            key("value: hush"),
            ["app: `AWS_SECRET_ACCESS_KEY` is a lasting key of a cloud account, from the manifest"]
        );
        assert!(key("valueFrom: {secretKeyRef: {name: aws, key: k}}")[0].ends_with("from Secret `aws`"));
        assert!(
            key("valueFrom: {configMapKeyRef: {name: aws, key: k}}")[0].ends_with("from ConfigMap `aws`")
        );
        assert_eq!(key("valueFrom: {fieldRef: {fieldPath: spec.nodeName}}"), [""; 0]);
        assert_eq!(found("env: [{name: AWS_ROLE_ARN, value: x}]"), [""; 0]);
    }

    #[test]
    fn a_file_holds_a_key_where_a_secret_is_mounted() {
        let key = |mount: &str| {
            found(&format!(
                "env: [{{name: GOOGLE_APPLICATION_CREDENTIALS, value: /k}}], volumeMounts: [{{name: {mount}}}]"
            ))
        };
        assert_eq!(key("keys").len(), 1);
        assert_eq!(key("tmp"), [""; 0]);
    }

    #[test]
    fn the_lists_are_what_counts() {
        let mine = json!({"variables": ["MY_CLOUD_KEY"], "files": []});
        let manifest = pod(
            "containers: [{name: app, env: [{name: MY_CLOUD_KEY, value: x}, {name: AWS_SECRET_ACCESS_KEY, value: x}]}]",
        );
        assert_eq!(messages(judge_with(&STATIC_CLOUD_CREDENTIALS, &mine, &manifest)).len(), 1);
        let empty =
            StaticCloudCredentials { files: [String::new()].into(), ..StaticCloudCredentials::default() };
        assert_eq!(empty.check()[0].path, "files");
    }
}
