//! `iam.altered-default-role`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::rbac::{Role, Rule};
use crate::facts::{Path, Text};
use crate::relations::rbac::{RoleKey, covers, shipped};

declare_control! {
    /// ## What it checks
    ///
    /// A role with the name of one that Kubernetes ships (`view`, `system:node`, and in `kube-system` and `kube-public`
    /// some Roles) allows nothing that Kubernetes 1.33 to 1.37 doesn't ship under that name. An aggregated one collects
    /// by the shipped labels alone; what it collects is judged in the roles that it comes from. Whether anybody holds
    /// it doesn't matter.
    ///
    /// Other roles are not applicable, whatever their name or label says: the label `kubernetes.io/bootstrapping` and
    /// the prefix `system:` can be given to anything.
    ///
    /// ## Why it matters
    ///
    /// Nobody reviews a role that came with the cluster, and everybody binds `view` without reading it. The API server
    /// adds what is missing at every start, but takes nothing away: an added rule stays, through every upgrade.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: system:discovery}
    /// rules:
    ///   - nonResourceURLs: [/healthz, /version]
    ///     verbs: [get]
    ///   - apiGroups: [""]
    ///     resources: [secrets]
    ///     verbs: [get, list]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: system:discovery}
    /// rules:
    ///   - nonResourceURLs: [/healthz, /version]
    ///     verbs: [get]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Remove the rule and put it into a role with a name of its own. To add to `admin`, `edit` or `view`, give that
    /// role the label `rbac.authorization.k8s.io/aggregate-to-view: "true"` or its like. If the rule came with an older
    /// Kubernetes, it is no longer needed.
    pub static ALTERED_DEFAULT_ROLE = {
        id: "iam.altered-default-role",
        title: "Role that Kubernetes ships allows more",
        severity: High,
        subject: Role,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("AC-6"),
            Framework::Nist80053.clause("CM-6"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::MitreAttack.clause("T1098.006"),
            Framework::MitreAttack.clause("T1036"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Soc2.clause("CC8.1"),
            Framework::Iso27001.clause("8.2"),
            Framework::Iso27001.clause("8.9"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(role: &Role, _: &NoParameters, _: &Context<'_>) -> Verdict {
    let key = RoleKey::of(role);
    if !shipped::is_shipped(&key) {
        return Verdict::NotApplicable;
    }
    if shipped::as_shipped(role) {
        return Verdict::Pass;
    }
    let name = &role.metadata.name;
    if role.aggregation.is_some() {
        let message = format!("`{name}` collects roles that Kubernetes doesn't let it collect");
        let advice = "label roles as the shipped `aggregationRule` selects them";
        return [Finding::new(Path::of(&["aggregationRule"]), message).fix(advice)].into_iter().collect();
    }
    let as_shipped = shipped::rules(&key);
    let added = role.rules.iter().enumerate().filter(|(_, rule)| !covers(as_shipped, rule));
    added
        .map(|(number, rule)| {
            let message = format!("`{name}` allows {}, which Kubernetes doesn't ship", in_words(rule));
            let finding = Finding::new(Path::of(&["rules"]).index(number), message);
            finding.fix("put the rule into a role with a name of its own")
        })
        .collect()
}

/// `get` and 1 more on `secrets`
fn in_words(rule: &Rule) -> String {
    let list = |texts: &[Text]| match texts {
        [] => "nothing".to_owned(),
        [only] => format!("`{only}`"),
        [first, rest @ ..] => format!("`{first}` and {} more", rest.len()),
    };
    let on = if rule.resources.is_empty() { &rule.non_resource_urls } else { &rule.resources };
    format!("{} on {}", list(&rule.verbs), list(on))
}

#[cfg(test)]
mod tests {
    use super::super::judge::testing::{found, unbound};
    use super::*;

    fn named(name: &str, rules: &str) -> String {
        unbound(rules).replace("name: ci", &format!("name: {name}"))
    }

    const SECRETS: &str = "{apiGroups: [\"\"], resources: [secrets], verbs: [get, list]}";

    #[test]
    fn an_added_rule_is_found_and_less_is_no_defect() {
        let pods = "{apiGroups: [\"\"], resources: [pods], verbs: [get]}";
        assert_eq!(found(&ALTERED_DEFAULT_ROLE, &named("view", pods)), [""; 0]);
        assert_eq!(
            found(&ALTERED_DEFAULT_ROLE, &named("view", &format!("{pods}, {SECRETS}"))),
            ["rules[1]: `view` allows `get` and 1 more on `secrets`, which Kubernetes doesn't ship"]
        );
        let urls = "{nonResourceURLs: [/logs], verbs: [get]}";
        assert_eq!(
            found(&ALTERED_DEFAULT_ROLE, &named("system:discovery", urls)),
            ["rules[0]: `system:discovery` allows `get` on `/logs`, which Kubernetes doesn't ship"]
        );
        assert_eq!(found(&ALTERED_DEFAULT_ROLE, &named("system:mine", SECRETS)), ["-"]);
    }

    #[test]
    fn what_an_aggregated_role_selects_must_be_as_shipped() {
        let selecting = |label: &str| {
            let rule = format!(
                "aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{{label}: \"true\"}}}}]}}"
            );
            format!("{}{rule}\n", named("view", SECRETS))
        };
        let shipped = "rbac.authorization.k8s.io/aggregate-to-view";
        assert_eq!(found(&ALTERED_DEFAULT_ROLE, &selecting(shipped)), [""; 0]);
        assert_eq!(
            found(&ALTERED_DEFAULT_ROLE, &selecting("acme.example/view")),
            ["aggregationRule: `view` collects roles that Kubernetes doesn't let it collect"]
        );
    }
}
