//! `secrets.in-config-map`

use std::collections::BTreeMap;

use super::spotting::Spotting;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::facts::config_map::Spotted;
use crate::facts::{ConfigMap, Path};

declare_control! {
    /// ## What it checks
    ///
    /// No entry in `data` of a `ConfigMap` is a credential or holds one: properties, INI, YAML, JSON, `.env` files and scripts
    /// are read line by line. What counts is a value whose form says what it is (a private key, a token with a published prefix, an address with a
    /// password) or one that is written out under a name that says password, secret or token. References such as
    /// `$(DB_PASSWORD)`, placeholders, hashes, paths and hosts don't count. `binaryData` is not read, and of an entry the first
    /// 64 KiB.
    ///
    /// ## Why it matters
    ///
    /// A `ConfigMap` is not made for secrets: the roles that ship with Kubernetes let everybody with `view` read it, it is not
    /// encrypted where only Secrets are, and it lies in Git in the clear. Whoever reads it can log in as the application.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: example}
    /// data:
    ///   app.properties: |
    ///     db.user=shop
    ///     db.password=correct-horse-7
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: example}
    /// data:
    ///   app.properties: |
    ///     db.user=shop
    ///     db.password=${DB_PASSWORD}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Take the value for known: end it at its issuer and make a new one. Put that into a Secret, and leave a reference in the
    /// configuration, such as `${DB_PASSWORD}` or the path of a mounted file.
    pub static IN_CONFIG_MAP = {
        id: "secrets.in-config-map",
        title: "Credential is written in a config map",
        severity: High,
        subject: ConfigMap,
        parameters: Spotting,
        references: [
            Framework::CisKubernetes.clause("5.4.1"),
            Framework::Nist80053.clause("IA-5(7)"),
            Framework::NsaCisa.clause("Secrets"),
            Framework::MitreAttack.clause("T1552.001"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("5.17"),
            Framework::PciDss.clause("8.6.2"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(map: &ConfigMap, parameters: &Spotting, _: &Context<'_>) -> Verdict {
    let mut findings = Vec::new();
    for (key, entry) in &map.data {
        // One finding a name: its line changes when another is added above it.
        let mut places: BTreeMap<&str, (&Spotted, Vec<String>)> = BTreeMap::new();
        for spot in entry.credentials.iter().filter(|it| parameters.counts(it.kind, &[key, &it.key])) {
            let told_apart = if spot.key.is_empty() { spot.kind.as_str() } else { spot.key.as_str() };
            places.entry(told_apart).or_insert((spot, Vec::new())).1.push(spot.line.to_string());
        }
        for (told_apart, (spot, lines)) in places {
            let path = Path::of(&["data"]).key(key.to_string());
            let finding = Finding::new(path, message(key, spot, &lines)).discriminator(told_apart);
            findings.push(finding.fix("move it to a Secret, and end the value that was written"));
        }
    }
    findings.into_iter().collect()
}

/// What is wrong with an entry, in words.
fn message(entry: &str, spot: &Spotted, lines: &[String]) -> String {
    let kind = spot.kind;
    let name = if spot.key.is_empty() { String::new() } else { format!("`{}` in ", spot.key) };
    let place = match lines {
        [only] if only == "1" => String::new(),
        [only] => format!(" (line {only})"),
        several => format!(" (lines {})", several.join(", ")),
    };
    format!("{name}`{entry}`{place} looks like {kind}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    const MAP: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: shop}
data:
  app.properties: |
    db.user=shop
    db.password=hush-hush-7
    [replica]
    db.password=hush-hush-8
  api-token: hush-hush-9
  log-level: debug
";

    fn found(parameters: &Value, manifest: &str) -> Vec<String> {
        let found = messages(judge_with(&IN_CONFIG_MAP, parameters, manifest));
        found.into_iter().map(|it| it.split_once(';').unwrap().0.to_owned()).collect()
    }

    #[test]
    fn entries_and_lines_are_found_and_not_shown() {
        assert_eq!(
            found(&json!({}), MAP),
            [
                "`api-token` looks like a password or token",
                "`db.password` in `app.properties` (lines 2, 4) looks like a password or token"
            ]
        );
        let Verdict::Fail(findings) = judge(&IN_CONFIG_MAP, MAP) else { panic!("it passes") };
        assert_eq!(findings[1].path.to_pointer(), "/data/app.properties");
        assert!(!format!("{findings:?}").contains("hush"));
    }

    #[test]
    fn entries_and_names_in_them_can_be_exempt() {
        assert_eq!(found(&json!({"exemptKeys": ["app.properties"]}), MAP).len(), 1);
        assert_eq!(found(&json!({"exemptKeys": ["db.*"]}), MAP).len(), 1);
        assert_eq!(found(&json!({"certainOnly": true}), MAP), [""; 0]);
    }

    #[test]
    fn a_map_without_credentials_passes() {
        assert_eq!(found(&json!({}), "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"), [""; 0]);
    }
}
