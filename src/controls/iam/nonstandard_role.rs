//! `iam.nonstandard-role`

use std::borrow::Cow;
use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account::Account;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::engine::pattern::RolePattern;
use crate::facts::{List, Rule, Text, Workload};
use crate::relations::rbac::{RoleKey, covers, shipped};

declare_control! {
    /// ## What it checks
    ///
    /// Every role that the workload's service account is bound to, itself or by a group of service accounts, is one of
    /// `standard`. Without that list there is nothing to judge, and neither is there for an account that no binding
    /// names: the control is not applicable. So its compliance is the share of services with rights that get along with
    /// standard roles.
    ///
    /// An entry of `standard` is the name of a `ClusterRole` (`view`, `acme-*`) or, with its namespace, a Role
    /// (`Role */leader-election`). A finding names the nearest standard role: the one that allows all that the role in
    /// question does and the least besides, or else the one that lacks the least. Roles are compared rule by rule, as
    /// the API server compares them.
    ///
    /// ## Why it matters
    ///
    /// A hundred roles that almost say the same are read by nobody. A few that are reviewed, named and kept are, and a
    /// role beside them is then worth a question.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   serviceAccountName: cart
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata: {name: cart}
    /// rules:
    ///   - {apiGroups: [""], resources: [pods, services], verbs: [get, list, watch]}
    ///   - {apiGroups: [""], resources: [pods/exec], verbs: [create]}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: cart, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cart}
    /// subjects: [{kind: ServiceAccount, name: cart, namespace: shop}]
    /// ---
    /// apiVersion: stanchion.dev/v1alpha1
    /// kind: SecurityStandard
    /// metadata: {name: example}
    /// spec:
    ///   controls:
    ///     - id: iam.nonstandard-role
    ///       parameters: {standard: [view]}
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop}
    /// spec:
    ///   serviceAccountName: cart
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata: {name: cart, namespace: shop}
    /// roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
    /// subjects: [{kind: ServiceAccount, name: cart, namespace: shop}]
    /// ---
    /// apiVersion: stanchion.dev/v1alpha1
    /// kind: SecurityStandard
    /// metadata: {name: example}
    /// spec:
    ///   controls:
    ///     - id: iam.nonstandard-role
    ///       parameters: {standard: [view]}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Bind the nearest standard role if what it allows besides does no harm. If it lacks something that the workload
    /// needs, ask for that in a standard role, or add the role to the list once it has been reviewed.
    pub static NONSTANDARD_ROLE = {
        id: "iam.nonstandard-role",
        title: "Workload is bound to a role that is not standard",
        severity: Low,
        subject: Workload,
        parameters: NonstandardRole,
        references: [
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Role-based access control"),
            Framework::Soc2.clause("CC6.3"),
            Framework::Iso27001.clause("5.18"),
            Framework::PciDss.clause("7.2.1"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Which roles are standard.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct NonstandardRole {
    /// The roles that workloads may be bound to: `NAME` of a `ClusterRole`, or `Role NAMESPACE/NAME`, with `*` for any
    /// part of a name. Default: none, which leaves nothing to judge. Example: `[view, edit, "acme-*"]`.
    standard: Vec<RolePattern>,
}

impl Parameters for NonstandardRole {}

/// How many rights a message names.
const NAMED: usize = 2;

fn evaluate(workload: &Workload, parameters: &NonstandardRole, context: &Context<'_>) -> Verdict {
    let account = Account::of(workload, context);
    let roles = account.roles();
    if parameters.standard.is_empty() || roles.is_empty() {
        return Verdict::NotApplicable;
    }
    let standard = |role: &RoleKey| parameters.standard.iter().any(|pattern| pattern.matches(role));
    let others = roles.into_iter().filter(|role| !standard(role));
    others.map(|role| finding(&account, role, parameters, context)).collect()
}

/// A standard role, and how it differs.
struct Nearest {
    role: RoleKey,
    /// What it doesn't allow.
    lacks: BTreeSet<String>,
    /// How much it allows besides: by wildcards, which are worth any number, and otherwise.
    besides: (usize, usize),
}

fn finding(
    account: &Account<'_>,
    role: &RoleKey,
    parameters: &NonstandardRole,
    context: &Context<'_>,
) -> Finding {
    let rules = rules(role, context);
    let nearest = rules
        .filter(|rules| !rules.is_empty())
        .and_then(|rules| nearest(account, rules, parameters, context));
    let (what, fix) = match &nearest {
        Some(Nearest { role, lacks, besides }) if lacks.is_empty() => {
            let besides = match besides {
                (0, 0) => "allows the same".to_owned(),
                (0, 1) => "allows the same and one right more".to_owned(),
                (0, many) => format!("allows the same and {many} rights more"),
                _ => "allows the same and, by wildcards, much more".to_owned(),
            };
            (format!("; `{}` {besides}", role.name), Cow::Owned(format!("bind {role}")))
        }
        Some(Nearest { role, lacks, .. }) => {
            let what = format!("; `{}` lacks {}", role.name, listed(lacks));
            (what, Cow::Owned(format!("bind {role}, or review what it lacks")))
        }
        None => (String::new(), Cow::Borrowed("bind a standard role, or review this one")),
    };
    let message = format!("is bound to {role}{what}");
    account.finding(message).value(role).discriminator(role.to_string()).fix(fix)
}

fn rules<'a>(role: &RoleKey, context: &'a Context<'_>) -> Option<&'a [Rule]> {
    let known = context.relations.rbac().role(role).map(|known| &*known.rules);
    known.or_else(|| shipped::role(role).map(|known| &*known.rules))
}

fn nearest(
    account: &Account<'_>,
    wanted: &[Rule],
    parameters: &NonstandardRole,
    context: &Context<'_>,
) -> Option<Nearest> {
    let rbac = context.relations.rbac();
    let here = |key: &&RoleKey| key.namespace.is_empty() || key.namespace == account.namespace;
    let meant = |key: &&RoleKey| parameters.standard.iter().any(|pattern| pattern.matches(key));
    let known = rbac.roles().map(|(key, _)| key).filter(here).filter(meant).cloned();
    let named = parameters.standard.iter().filter_map(RolePattern::cluster_role);
    let candidates: BTreeSet<RoleKey> = known.chain(named).collect();
    let compared = candidates.into_iter().filter_map(|role| {
        let rules = rules(&role, context)?;
        let lacks = units(wanted).filter(|unit| !covers(rules, unit)).map(|unit| in_words(&unit)).collect();
        let besides = units(rules).filter(|unit| !covers(wanted, unit));
        let (wild, plain): (Vec<Rule>, Vec<Rule>) = besides.partition(is_wild);
        Some(Nearest { role, lacks, besides: (wild.len(), plain.len()) })
    });
    compared.min_by_key(|it| (it.lacks.len(), it.besides))
}

/// Rules, taken apart into one verb on one resource or path each.
fn units(rules: &[Rule]) -> impl Iterator<Item = Rule> {
    fn one(word: &Text) -> List<Text> {
        List::from(vec![word.clone()])
    }

    rules.iter().flat_map(|rule| {
        rule.verbs.iter().flat_map(move |verb| {
            let unit = move || Rule { verbs: one(verb), ..Rule::default() };
            let resources = rule.api_groups.iter().flat_map(move |group| {
                rule.resources.iter().map(move |resource| Rule {
                    api_groups: one(group),
                    resources: one(resource),
                    resource_names: rule.resource_names.clone(),
                    ..unit()
                })
            });
            let paths = rule.non_resource_urls.iter();
            resources.chain(paths.map(move |path| Rule { non_resource_urls: one(path), ..unit() }))
        })
    })
}

/// Whether a unit stands for any number of others.
fn is_wild(unit: &Rule) -> bool {
    [&unit.verbs, &unit.api_groups, &unit.resources].into_iter().flatten().any(|word| word == "*")
}

/// `create pods/exec`
fn in_words(unit: &Rule) -> String {
    let first = |list: &[Text]| list.first().cloned().unwrap_or_default();
    let on = if unit.resources.is_empty() { &unit.non_resource_urls } else { &unit.resources };
    format!("{} {}", first(&unit.verbs), first(on))
}

fn listed(all: &BTreeSet<String>) -> String {
    let named: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
    match all.len().saturating_sub(NAMED) {
        0 => named.join(" and "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge_with, messages};

    const POD: &str =
        "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {serviceAccountName: cart}}";

    fn bound(role: &str, rules: &str) -> String {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {{name: {role}, namespace: shop}}, rules: [{rules}]}}\n\
             ---\n{{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: {role}, namespace: shop}}, \
             roleRef: {{kind: Role, name: {role}}}, subjects: [{{kind: ServiceAccount, name: cart}}]}}"
        )
    }

    const STANDARD: &str = "
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: acme-read},
 rules: [{verbs: [get, list], apiGroups: [''], resources: [pods, services]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: acme-all},
 rules: [{verbs: ['*'], apiGroups: [''], resources: ['*']}]}
";

    fn verdict(standard: &serde_json::Value, bound: &str) -> Verdict {
        let manifests = format!("{POD}\n---\n{bound}\n---\n{STANDARD}");
        judge_with(&NONSTANDARD_ROLE, &json!({"standard": standard}), &manifests)
    }

    fn found(standard: &serde_json::Value, rules: &str) -> String {
        messages(verdict(standard, &bound("cart", rules))).join("\n")
    }

    #[test]
    fn the_nearest_role_allows_all_and_least_besides_or_lacks_least() {
        let all = json!(["acme-*"]);
        let pods = "{verbs: [get, list], apiGroups: [''], resources: [pods]}";
        assert_eq!(
            found(&all, pods),
            "is bound to Role shop/cart; `acme-read` allows the same and 2 rights more; bind ClusterRole acme-read"
        );
        let both = "{verbs: [get, list], apiGroups: [''], resources: [services, pods]}";
        assert!(found(&all, both).contains("`acme-read` allows the same; bind"));
        let exec = "{verbs: [get], apiGroups: [''], resources: [pods]}, {verbs: [create, get, delete], apiGroups: [''], resources: [pods/exec]}";
        assert!(found(&all, exec).contains("`acme-all` allows the same and, by wildcards, much more"));
        assert!(
            found(&json!(["acme-read"]), exec)
                .contains("`acme-read` lacks create pods/exec, delete pods/exec and 1 more")
        );
        let paths = "{verbs: [get], nonResourceURLs: [/metrics]}";
        assert!(found(&json!(["acme-all"]), paths).contains("`acme-all` lacks get /metrics;"));
        assert!(
            found(&json!(["view"]), pods).contains("`view` allows the same and "),
            "shipped roles are known"
        );
        assert_eq!(
            found(&json!(["gone"]), pods),
            "is bound to Role shop/cart; bind a standard role, or review this one"
        );
    }

    #[test]
    fn standard_roles_pass_and_without_a_list_or_a_role_nothing_is_judged() {
        let cart = bound("cart", "");
        assert_eq!(verdict(&json!(["Role */cart"]), &cart), Verdict::Pass);
        assert_eq!(verdict(&json!([]), &cart), Verdict::NotApplicable);
        assert_eq!(
            verdict(&json!(["view"]), "{apiVersion: v1, kind: Namespace, metadata: {name: a}}"),
            Verdict::NotApplicable
        );
    }

    #[test]
    fn a_wrong_entry_is_refused_at_its_place() {
        let given = json!({"standard": ["view", "shop/reader"]});
        let errors = (NONSTANDARD_ROLE.compile)(given.as_object().unwrap()).unwrap_err();
        assert_eq!(errors[0].path, "standard[1]");
    }
}
