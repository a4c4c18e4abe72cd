//! Each lint has a file in which it is told, at the place that the case names, and one in which it isn't.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::engine::approval::Trust;
use crate::engine::evaluate::assess;
use crate::engine::policy::Settings as Policies;
use crate::load::{Role, Settings, Sheet};
use crate::manifest::Limits;

/// What every case stands beside: two workloads, one of which fails.
const WORLD: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: ledger, namespace: shop}
spec: {template: {spec: {containers: [{name: app, image: a, securityContext: {privileged: true}}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {spec: {containers: [{name: app, image: a}]}}}
---
apiVersion: stanchion.dev/v1alpha1
kind: SecurityStandard
metadata: {name: basics}
spec: {controls: [{id: pod.privileged}]}
---
apiVersion: stanchion.dev/v1alpha1
kind: ServiceTier
metadata: {name: prod}
spec: {level: 1, selectors: [{namespaceSelector: {matchLabels: {env: prod}}}]}
---
apiVersion: stanchion.dev/v1alpha1
kind: ServiceTier
metadata: {name: rest}
spec: {level: 2, default: true}
";

/// What a case's file may replace.
fn exception(fields: &str) -> String {
    let mut lines = vec![
        "apiVersion: stanchion.dev/v1alpha1".to_owned(),
        "kind: RiskException".to_owned(),
        "metadata: {name: it, namespace: shop}".to_owned(),
        "spec:".to_owned(),
    ];
    let given: Vec<&str> = fields.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let defaults = [
        "controls: [pod.privileged]",
        "target: {names: [ledger]}",
        "reason: it is being rewritten this month",
        "owner: team-shop",
        "validFrom: 2026-11-01T00:00:00Z",
        "expiresAt: 2026-12-20T00:00:00Z",
        "approvals: [{by: ana@example.com}]",
    ];
    let field = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
    lines.extend(given.iter().map(|line| format!("  {line}")));
    for default in defaults {
        if !given.iter().any(|line| field(line) == field(default)) {
            lines.push(format!("  {default}"));
        }
    }
    lines.join("\n")
}

fn object(kind: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: stanchion.dev/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

/// What is told of a file beside the world, as `name at line: message`.
fn told(file: &str) -> Vec<(&'static str, u32, String)> {
    let settings = Settings {
        namespace: "default".into(),
        limits: Limits::default(),
        keys: Arc::default(),
        kinds: crate::facts::CustomKinds::default(),
    };
    let mut collection = Collection::default();
    collection.add(Sheet::read("world.yaml", WORLD.as_bytes(), &settings), Role::Audited);
    collection.add(Sheet::read("it.yaml", file.as_bytes(), &settings), Role::Audited);
    let trust = if file.contains("# trust: signed") { Trust::Signed } else { Trust::Recorded };
    let policy = collection.compile(Policies { trust, ..Policies::default() });
    let assessment = assess(&policy, &collection.inventory, "2026-11-23T00:00:00Z".parse().unwrap());
    let files = BTreeSet::from([Arc::from("it.yaml")]);
    let context =
        Context { collection: &collection, policy: &policy, assessment: &assessment, files: &files };
    let line = |it: &Diagnostic| it.position.map_or(0, |at| at.line);
    check(context).iter().map(|it| (it.lint.name, line(it), it.message.clone())).collect()
}

struct Case {
    lint: &'static Lint,
    bad: String,
    line: u32,
    message: &'static str,
    good: String,
}

fn case(bad_for: &'static Lint, bad: String, line: u32, message: &'static str, good: String) -> Case {
    Case { lint: bad_for, bad, line, message, good }
}

fn errors() -> Vec<Case> {
    let standard = |spec: &str| object("SecurityStandard", "it", spec);
    let tier = |spec: &str| object("ServiceTier", "it", spec);
    let good = || standard("{controls: [{id: pod.privileged}]}");
    vec![
        case(&INVALID_SYNTAX, "kind: [".to_owned(), 1, "", good()),
        case(
            &UNKNOWN_KIND,
            "apiVersion: stanchion.dev/v1alpha1\nkind: SecurityStandart\nmetadata: {name: it}".to_owned(),
            1,
            "did you mean `SecurityStandard`?",
            good(),
        ),
        case(&SCHEMA, standard("{controls: []}"), 4, "spec.controls: has 0 items", good()),
        case(&RULE, tier("{level: 0}"), 4, "spec.selectors: this tier would have no workloads", good()),
        case(
            &UNKNOWN_FIELD,
            standard("{controls: [{id: pod.privileged}], rolout: {}}"),
            4,
            "spec.rolout: no such field; did you mean `rollout`?",
            good(),
        ),
        case(
            &UNUSABLE_VALUE,
            standard("{controls: [{id: pod.privilegd}]}"),
            4,
            "no control `pod.privilegd`; did you mean `pod.privileged`?",
            good(),
        ),
        case(
            &DUPLICATE_NAME,
            object("SecurityStandard", "basics", "{controls: [{id: pod.root-user}]}"),
            1,
            "another one has this name, at world.yaml:",
            object("SecurityStandard", "basics", "{controls: [{id: pod.privileged}]}"),
        ),
    ]
}

fn of_standards_and_tiers() -> Vec<Case> {
    let standard = |spec: &str| object("SecurityStandard", "it", spec);
    let tier = |spec: &str| object("ServiceTier", "it", spec);
    let prod = "namespaceSelector: {matchLabels: {env: prod}}";
    let good = || standard("{controls: [{id: pod.privileged}], scope: {tiers: [rest]}}");
    vec![
        case(
            &STANDARD_UNKNOWN_TIER,
            standard("{controls: [{id: pod.privileged}], scope: {tiers: [rests]}}"),
            4,
            "spec.scope.tiers[0]: no ServiceTier `rests` among the files; did you mean `rest`?",
            good(),
        ),
        case(
            &STANDARD_COVERS_NOTHING,
            standard("{controls: [{id: pod.privileged}], scope: {tiers: [prod]}}"),
            4,
            "nothing among the files is in its scope",
            good(),
        ),
        case(
            &STANDARD_ALL_EXCEPTED,
            format!(
                "{}---\n{}",
                standard(
                    "{controls: [{id: pod.privileged}], scope: {workloadSelector: {matchLabels: {a: b}}}}"
                ),
                LABELLED.to_owned() + &exception("target: {names: [labelled]}")
            ),
            4,
            "everything that it judges is excepted (pod.privileged)",
            standard("{controls: [{id: pod.privileged}]}"),
        ),
        case(
            &STANDARD_OVERLAPPING,
            standard("{controls: [{id: pod.privileged, severity: Low}]}"),
            4,
            "spec.controls[0]: `basics` sets pod.privileged differently (severity Critical there, Low here)",
            standard("{controls: [{id: pod.privileged}]}"),
        ),
        case(
            &TIER_SHADOWED,
            tier(&format!(
                "{{level: 3, selectors: [{{{prod}, workloadSelector: {{matchLabels: {{a: b}}}}}}]}}"
            )),
            4,
            "spec.selectors: whatever it selects is in `prod`, which is asked first",
            tier(&format!(
                "{{level: 0, selectors: [{{{prod}, workloadSelector: {{matchLabels: {{a: b}}}}}}]}}"
            )),
        ),
        case(
            &TIER_TWO_DEFAULTS,
            tier("{level: 3, default: true}"),
            4,
            "spec.default: `rest` is the default tier already",
            tier("{level: 3, selectors: [{namespaceSelector: {matchLabels: {env: test}}}]}"),
        ),
        case(
            &TIER_TOO_FEW_APPROVERS,
            tier("{level: 3, selectors: [{namespaceSelector: {matchLabels: {env: test}}}]} # trust: signed"),
            4,
            "spec.approvers: 0 can approve, and 1 must",
            tier("{level: 3, selectors: [{namespaceSelector: {matchLabels: {env: test}}}]}"),
        ),
    ]
}

const LABELLED: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: labelled, namespace: shop, labels: {a: b}}
spec: {template: {spec: {containers: [{name: app, image: a, securityContext: {privileged: true}}]}}}
---
";

fn of_what_exceptions_name() -> Vec<Case> {
    let good = || exception("");
    vec![
        case(
            &EXCEPTION_UNKNOWN_CONTROL,
            exception("controls: [pod.privileged, pod.rot-user]"),
            5,
            "RiskException shop/it: spec.controls[1]: no control `pod.rot-user`; did you mean `pod.root-user`?",
            good(),
        ),
        case(
            &EXCEPTION_UNKNOWN_KIND,
            exception("target: {kind: Deploymnt, names: [ledger]}"),
            5,
            "spec.target.kind: no control judges a `Deploymnt`; did you mean `Deployment`?",
            exception("target: {kind: Deployment, names: [ledger]}"),
        ),
        case(
            &EXCEPTION_UNKNOWN_RENEWAL,
            exception("renews: before"),
            5,
            "spec.renews: no RiskException `before` of namespace `shop` among the files",
            format!(
                "{}\n---\n{}",
                exception("renews: first"),
                exception("").replace("name: it", "name: first")
            ),
        ),
        case(
            &EXCEPTION_OF_A_FAMILY,
            exception("controls: ['pod.*']"),
            5,
            "spec.controls[0]: `pod.*` covers all",
            good(),
        ),
        case(
            &EXCEPTION_OF_A_NAMESPACE,
            exception("target: {images: ['a*']}"),
            5,
            "spec.target: it covers all 2 workloads of the namespace",
            good(),
        ),
    ]
}

fn of_what_becomes_of_exceptions() -> Vec<Case> {
    let good = || exception("");
    vec![
        case(
            &EXCEPTION_OVERBROAD,
            exception("target: {names: [ledger, cart]}\nmaxWorkloads: 1"),
            5,
            "spec.target: it matches 2 workloads and may cover 1",
            good(),
        ),
        case(
            &EXCEPTION_MATCHES_NOTHING,
            exception("target: {names: [leger]}"),
            5,
            "spec.target: no workload of this namespace matches the target",
            good(),
        ),
        case(
            &EXCEPTION_MATCHES_NOTHING,
            exception("controls: [pod.root-user]"),
            5,
            "spec.controls: no standard asks for its controls on the workloads that it matches",
            good(),
        ),
        case(
            &EXCEPTION_NOT_NEEDED,
            exception("target: {names: [cart]}"),
            6,
            "spec.controls: what it matches passes",
            good(),
        ),
        case(
            &EXCEPTION_UNCOMPENSATED,
            exception("compensatingControls: [{control: pod.privileged}]"),
            5,
            "spec.compensatingControls: compensating controls that don't hold: pod.privileged",
            exception("compensatingControls: [{control: pod.host-namespaces}]"),
        ),
        case(
            &EXCEPTION_OUT_OF_BOUNDS,
            exception("expiresAt: 2027-03-01T00:00:00Z"),
            5,
            "spec.expiresAt: an exception in this tier lasts at most 90d",
            good(),
        ),
        case(
            &EXCEPTION_NOT_APPROVED,
            exception("approvals: []"),
            5,
            "spec.approvals: 0 of 1 approvals",
            good(),
        ),
        case(
            &EXCEPTION_APPROVAL_NOT_COUNTED,
            exception(
                "approvals: [{by: ana@example.com, at: 2026-11-20T00:00:00Z}]
                requestedBy: bo@example.com
                # trust: signed",
            ),
            5,
            "spec.approvals[0]: the approval by `ana@example.com` doesn't count: it has no signature",
            good(),
        ),
        case(
            &EXCEPTION_EXPIRED,
            exception("expiresAt: 2026-11-20T00:00:00Z"),
            5,
            "spec.expiresAt: it ended 2026-11-20 00:00 UTC",
            good(),
        ),
        case(
            &EXCEPTION_ENDS_SOON,
            exception("expiresAt: 2026-11-25T00:00:00Z"),
            5,
            "spec.expiresAt: it ends 2026-11-25 00:00 UTC",
            good(),
        ),
    ]
}

fn cases() -> Vec<Case> {
    let all =
        [errors(), of_standards_and_tiers(), of_what_exceptions_name(), of_what_becomes_of_exceptions()];
    all.into_iter().flatten().collect()
}

#[test]
fn each_lint_is_told_where_it_should_be_and_not_where_it_should_not() {
    for case in cases() {
        let name = case.lint.name;
        let bad = told(&case.bad);
        let hit = |(lint, line, message): &(&str, u32, String)| {
            *lint == name && *line == case.line && message.contains(case.message)
        };
        assert!(bad.iter().any(hit), "{name} is not told at line {}: {bad:#?}\n{}", case.line, case.bad);
        let good = told(&case.good);
        assert!(good.iter().all(|(lint, ..)| *lint != name), "{name} is told: {good:#?}\n{}", case.good);
    }
}

#[test]
fn each_lint_has_a_case_and_a_name_of_its_own() {
    let mut tried: BTreeSet<&str> = cases().iter().map(|case| case.lint.name).collect();
    // A file that isn't there is no file beside the world.
    tried.insert(MISSING_FILE.name);
    let all: BTreeSet<&str> = LINTS.iter().map(|lint| lint.name).collect();
    assert_eq!(tried, all);
    assert_eq!(all.len(), LINTS.len());
    for lint in LINTS {
        let is_kebab = lint.name.chars().all(|it| it.is_ascii_lowercase() || it == '-');
        assert!(is_kebab && lint.meaning.ends_with('.') && !lint.remedy.ends_with('.'), "{}", lint.name);
    }
}

#[test]
fn one_run_tells_what_the_schema_a_rule_and_compiling_refuse() {
    let found = told(&object(
        "SecurityStandard",
        "it",
        "{title: '', controls: [{id: pod.rot-user}], rollout: {stages: [{action: Deny}]}}",
    ));
    let names: BTreeSet<&str> = found.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, BTreeSet::from(["rule", "schema", "unusable-value"]), "{found:#?}");
    let stages = found.iter().filter(|(.., message)| message.contains("spec.rollout.stages")).count();
    assert_eq!(stages, 1, "one mistake is told once: {found:#?}");
}

#[test]
fn files_of_context_are_not_warned_about() {
    let shadowed = object("ServiceTier", "late", "{level: 9, default: true}");
    assert!(told(&shadowed).iter().any(|(name, ..)| *name == "tier-two-defaults"));
    // `rest` of the world is the default one after this: the world's file isn't linted.
    let first = object("ServiceTier", "early", "{level: 0, default: true}");
    assert!(told(&first).is_empty(), "{:#?}", told(&first));
}
