//! `secrets.plain-argument`

use std::collections::BTreeSet;

use super::spotting::Spotting;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// No argument in `command` or `args` of a container (init, sidecar and ephemeral ones included) is a credential or holds one,
    /// be it after a flag (`--password=…`, `--token …`), as a header or in a script. What counts is a value whose form says what it is (a private key, a token with a published prefix, an address with a
    /// password) or one that is written out under a name that says password, secret or token. References such as
    /// `$(DB_PASSWORD)`, placeholders, hashes, paths and hosts don't count.
    /// What is glued to a flag of one letter, `-p…`, is not seen, nor are the commands of probes and hooks.
    ///
    /// ## Why it matters
    ///
    /// A manifest is read by many more than a Secret: by whoever may `get` the object, by everybody with access to the Git
    /// repository and its history, by pipelines and by the tools that copy objects into tickets and dashboards. An argument is
    /// shown by `ps`, too, to every process that shares the namespace and to whoever is on the node.
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
    ///       args: [--db-host=db.example.com, --db-password=correct-horse-7]
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
    ///       args: [--db-host=db.example.com, --db-password-file=/secrets/db/password]
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
    ///       args: [--db-host=db.example.com, --db-password=$(DB_PASSWORD)]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Take the value for known: end it at its issuer and make a new one. Put that into a Secret, mount it and give
    /// the program the file; most have a flag for it. What stands in `$(…)` is filled in from the environment, but shown by `ps`
    /// all the same.
    pub static PLAIN_ARGUMENT = {
        id: "secrets.plain-argument",
        title: "Credential is written as an argument",
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

fn evaluate(workload: &Workload, parameters: &Spotting, context: &Context<'_>) -> Verdict {
    let mut findings = Vec::new();
    for container in context.containers(workload) {
        let mut known = BTreeSet::new();
        for spot in &container.credentials {
            let name = spot.name.as_str();
            // One finding a flag: where it stands in the list doesn't tell it from others.
            let told_apart = if name.is_empty() { spot.kind.as_str() } else { name };
            if !parameters.counts(spot.kind, &[name]) || !known.insert((spot.field, told_apart)) {
                continue;
            }
            let kind = spot.kind;
            let message = match name {
                "" => format!("an argument looks like {kind}, written in the manifest"),
                name => format!("the argument `{name}` looks like {kind}, written in the manifest"),
            };
            let finding = Finding::in_container(container, &[spot.field], message)
                .further(|arguments| arguments.index(spot.index))
                .discriminator(told_apart);
            findings
                .push(finding.fix("move it to a Secret that is mounted, and end the value that was written"));
        }
    }
    findings.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    fn found(parameters: &Value, fields: &str) -> Vec<String> {
        let manifest = pod(&format!("containers: [{{name: app, {fields}}}]"));
        let found = messages(judge_with(&PLAIN_ARGUMENT, parameters, &manifest));
        found.into_iter().map(|it| it.split_once(';').unwrap().0.to_owned()).collect()
    }

    #[test]
    fn a_flag_and_its_value_are_seen_together_and_not_shown() {
        let expected =
            ["app: the argument `password` looks like a password or token, written in the manifest"];
        assert_eq!(found(&json!({}), "args: [--password=hush-hush-7]"), expected);
        assert_eq!(found(&json!({}), "command: [run, --password], args: [hush-hush-7]"), expected);
        assert_eq!(found(&json!({}), "args: [--password=hush-hush-7, --password=hush-hush-8]"), expected);
        let manifest = pod("containers: [{name: app, command: [run, --password], args: [hush-hush-7]}]");
        let Verdict::Fail(findings) = judge(&PLAIN_ARGUMENT, &manifest) else { panic!("it passes") };
        assert_eq!(findings[0].path.to_string(), "spec.containers[0].args[0]");
        assert!(!format!("{findings:?}").contains("hush"));
    }

    #[test]
    fn an_address_with_a_password_needs_no_flag() {
        let address = "args: ['postgres://shop:hush-hush-7@db.example.com/shop']";
        let expected =
            "app: an argument looks like a connection string with a password, written in the manifest";
        assert_eq!(found(&json!({"certainOnly": true}), address), [expected]);
    }

    #[test]
    fn references_files_and_exempt_names_pass() {
        for fields in
            ["args: [--password=$(PASSWORD)]", "args: [--password-file=/secrets/password]", "args: []"]
        {
            assert_eq!(found(&json!({}), fields), [""; 0], "{fields}");
        }
        assert_eq!(found(&json!({"exemptKeys": ["pass*"]}), "args: [--password=hush-hush-7]"), [""; 0]);
        assert_eq!(found(&json!({"certainOnly": true}), "args: [--password=hush-hush-7]"), [""; 0]);
    }
}
