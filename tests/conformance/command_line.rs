//! The command line: `stanchion audit` over the files of a case, and what its report must be by the engine's word.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};
use stanchion::engine::evaluate::{Assessed, Outcome};
use stanchion::engine::policy::Policy;
use stanchion::engine::posture::{Counts, UNCLASSIFIED, worst};
use stanchion::engine::status::Findings;

use crate::case::Case;
use crate::engine::Judged;
use crate::status;

/// What `stanchion audit` says of a case: its report, and the resources with their statuses.
#[expect(clippy::disallowed_methods, reason = "the program writes files")]
pub(crate) fn audit(case: &Case, folder: &Path) -> (Value, Vec<Value>) {
    let (manifests, resources) = (folder.join("manifests"), folder.join("resources.yaml"));
    fs::create_dir(&manifests).unwrap();
    for (index, (list, text)) in case.texts().enumerate() {
        let file = fs::File::create_new(manifests.join(format!("{index:03}-{list}.yaml"))).unwrap();
        std::io::Write::write_all(&mut &file, text.as_bytes()).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanchion"));
    command.arg("audit").arg(&manifests).args(["--output", "json", "--at", &case.now.to_string()]);
    command.args(case.flags());
    command.arg("--output").arg(format!("yaml={}", resources.display()));
    let output = command.output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{}: {error}: {}", case.name, String::from_utf8_lossy(&output.stderr));
    });
    assert_eq!(
        output.status.code().map(Value::from),
        Some(report["summary"]["exitCode"].clone()),
        "{}",
        case.name
    );
    (report, serde_saphyr::from_multiple(&fs::read_to_string(resources).unwrap()).unwrap())
}

/// The statuses of resources, in the form of the engine's tree.
pub(crate) fn statuses(resources: &[Value]) -> Value {
    let mut tree = json!({"standards": {}, "tiers": {}, "exceptions": {}});
    for it in resources {
        let name = text(&it["metadata"]["name"]);
        match it["kind"].as_str() {
            Some("SecurityStandard") => tree["standards"][&name] = status::standard(&it["status"]),
            Some("ServiceTier") => tree["tiers"][&name] = status::tier(&it["status"]),
            _ => {
                let name = format!("{}/{name}", text(&it["metadata"]["namespace"]));
                tree["exceptions"][&name] = status::exception(&it["status"]);
            }
        }
    }
    tree
}

/// What the report says, in the form of [`expected`].
pub(crate) fn reported(report: &Value) -> Value {
    let list = |field: &Value| field.as_array().cloned().unwrap_or_default();
    let by_name = |field: &Value, then: &dyn Fn(&Value) -> Value| -> Value {
        let name = |it: &Value| it["name"].as_str().unwrap_or_default().to_owned();
        Value::Object(list(field).iter().map(|it| (name(it), then(it))).collect())
    };
    let standard = |it: &Value| {
        let controls = list(&it["controls"]);
        let control = |it: &Value| {
            let counts = json!({"counts": counts(it), "severity": it["severity"]});
            (it["id"].as_str().unwrap_or_default().to_owned(), counts)
        };
        json!({"counts": counts(it), "controls": controls.iter().map(control).collect::<Map<_, _>>()})
    };
    let exception = |it: &Value| {
        let name = format!("{}/{}", text(&it["namespace"]), text(&it["name"]));
        let of = ["state", "effect", "requiredApprovals", "validApprovals", "covers", "findings"];
        (name, Value::Object(of.into_iter().map(|field| (field.to_owned(), it[field].clone())).collect()))
    };
    let owners = list(&report["posture"]["owners"]);
    json!({
        "total": counts(&report["posture"]["total"]),
        "exempt": report["summary"]["exempt"],
        "standards": by_name(&report["posture"]["standards"], &standard),
        "tiers": by_name(&report["posture"]["tiers"], &|it| json!({"counts": counts(it), "workloads": it["workloads"]})),
        "owners": owners.iter().map(|it| (text(&it["owner"]), counts(it))).collect::<Map<_, _>>(),
        "subjects": subjects(list(&report["subjects"])),
        "exceptions": list(&report["exceptions"]).iter().map(exception).collect::<Map<_, _>>(),
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn counts(it: &Value) -> Value {
    let fields = ["evaluated", "compliant", "excepted", "failing", "unknown"];
    Value::Object(fields.into_iter().map(|field| (field.to_owned(), it[field].clone())).collect())
}

/// Of two with one name the one that was read first is the first.
fn subjects(mut reported: Vec<Value>) -> Map<String, Value> {
    reported.sort_by_key(|it| text(&it["location"]["file"]));
    let mut subjects = Map::new();
    for it in reported {
        let namespace = text(&it["namespace"]);
        let slash = if namespace.is_empty() { "" } else { "/" };
        let name = format!("{} {namespace}{slash}{}", text(&it["kind"]), text(&it["name"]));
        let same = subjects.keys().filter(|known: &&String| known.split(" #").next() == Some(&name)).count();
        let findings = it["findings"].as_array().into_iter().flatten().map(|it| {
            let of = [
                "control",
                "outcome",
                "container",
                "path",
                "message",
                "severity",
                "fingerprint",
                "standards",
            ];
            let mut kept: Map<String, Value> =
                of.into_iter().map(|field| (field.to_owned(), it[field].clone())).collect();
            kept.insert("exception".to_owned(), it["exception"]["name"].clone());
            Value::Object(kept)
        });
        let unknowns = it["unknowns"].as_array().into_iter().flatten();
        let unknowns = unknowns
            .map(|it| json!({"control": it["control"], "outcome": it["outcome"], "why": it["reason"]}));
        let subject = json!({
            "tier": it["tier"],
            "owner": it["owner"],
            "outcome": it["outcome"],
            "passes": it["passes"],
            "findings": sorted(findings),
            "unknowns": sorted(unknowns),
        });
        subjects.insert(if same == 0 { name } else { format!("{name} #{}", same + 1) }, subject);
    }
    subjects
}

fn sorted(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut values: Vec<Value> = values.collect();
    values.sort_by_cached_key(ToString::to_string);
    values
}

/// What the report must say, by the engine.
pub(crate) fn expected(judged: &Judged) -> Value {
    let Judged { policy, assessment, posture, .. } = judged;
    let standards = policy.standards.iter().zip(&posture.standards).map(|(standard, posture)| {
        let control = |it: &stanchion::engine::posture::ControlPosture| {
            (
                it.control.id.to_owned(),
                json!({"counts": counted(&it.counts), "severity": it.severity.as_str()}),
            )
        };
        let controls: Map<_, _> = posture.controls.iter().map(control).collect();
        (standard.name.to_string(), json!({"counts": counted(&posture.counts), "controls": controls}))
    });
    let tiers = posture.tiers.iter().map(|(name, it)| {
        (name.to_string(), json!({"counts": counted(&it.counts), "workloads": it.workloads}))
    });
    let owners = posture
        .owners
        .iter()
        .map(|(owner, it)| (owner.as_deref().unwrap_or_default().to_owned(), counted(&it.counts)));
    let subjects = assessment.subjects.iter().map(|(key, assessed)| {
        let number = if key.instance == 0 { String::new() } else { format!(" #{}", key.instance + 1) };
        (format!("{key}{number}"), subject(policy, assessed))
    });
    json!({
        "total": counted(&posture.total),
        "exempt": assessment.exempt,
        "standards": standards.collect::<Map<_, _>>(),
        "tiers": tiers.collect::<Map<_, _>>(),
        "owners": owners.collect::<Map<_, _>>(),
        "subjects": subjects.collect::<Map<_, _>>(),
        "exceptions": exceptions(judged),
    })
}

fn counted(counts: &Counts) -> Value {
    json!({
        "evaluated": counts.evaluated,
        "compliant": counts.compliant,
        "excepted": counts.excepted,
        "failing": counts.failing,
        "unknown": counts.unknown,
    })
}

/// An outcome as JSON has it.
fn spelt(outcome: Outcome) -> String {
    let name = format!("{outcome:?}");
    name[..1].to_lowercase() + &name[1..]
}

fn subject(policy: &Policy, assessed: &Assessed) -> Value {
    let passes = assessed.outcomes.iter().filter(|it| **it == Outcome::Pass).count();
    let unknowns: BTreeMap<String, Value> = assessed
        .details
        .iter()
        .filter_map(|it| {
            let why = it.reason.as_deref()?;
            let value = json!({"control": it.control.id, "outcome": spelt(it.outcome), "why": why});
            Some((value.to_string(), value))
        })
        .collect();
    json!({
        "tier": assessed.tier.as_deref(),
        "owner": assessed.owner.as_deref(),
        "outcome": spelt(worst(assessed.outcomes.iter().copied())),
        "passes": passes,
        "findings": sorted(findings(policy, assessed).into_values()),
        "unknowns": unknowns.into_values().collect::<Vec<_>>(),
    })
}

/// What several standards find is one finding, as grave as the gravest of them says.
fn findings(policy: &Policy, assessed: &Assessed) -> BTreeMap<String, Value> {
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    let mut gravest = BTreeMap::new();
    for detail in &assessed.details {
        let standard = &policy.standards[detail.standard];
        let tier = assessed.tier.as_deref().unwrap_or(UNCLASSIFIED);
        let recorded = policy.stages.get(&(standard.name.clone(), tier.into())).map(|record| record.action);
        let first = standard.rollout.plan(assessed.tier.as_deref()).actions().next();
        let action = recorded.or(first).unwrap_or_default();
        for judged in &detail.findings {
            let id = judged.fingerprint.to_string();
            let exception = judged.exception.map(|index| policy.exceptions[index].name.to_string());
            let entry = found.entry(id.clone()).or_insert_with(|| {
                json!({
                    "control": detail.control.id,
                    "outcome": if exception.is_some() { "excepted" } else { "fail" },
                    "container": judged.finding.container.as_deref(),
                    "path": judged.finding.path.to_string(),
                    "message": judged.finding.message,
                    "fingerprint": id,
                    "exception": exception,
                    "standards": [],
                })
            });
            let severity = gravest.entry(id).or_insert(detail.severity);
            *severity = (*severity).max(detail.severity);
            entry["severity"] = json!(severity.as_str());
            let asked = json!({"name": standard.name.as_str(), "severity": detail.severity.as_str(), "action": action});
            entry["standards"].as_array_mut().unwrap().push(asked);
        }
    }
    found
}

fn exceptions(judged: &Judged) -> Map<String, Value> {
    let Judged { policy, assessment, posture, .. } = judged;
    let findings = Findings { policy, assessment, posture };
    let one = |index: usize| {
        let (exception, state) = (&policy.exceptions[index], &assessment.exceptions[index]);
        let status = findings.exception(index, None, 1).unwrap();
        let reason =
            |kind: &str| status.conditions.iter().find(|it| it.type_ == kind).map(|it| it.reason.clone());
        let value = json!({
            "state": reason("Active"),
            "effect": reason("Effective"),
            "requiredApprovals": state.approvals.required,
            "validApprovals": state.approvals.valid,
            "covers": state.covered.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "findings": state.findings.len(),
        });
        (format!("{}/{}", exception.namespace, exception.name), value)
    };
    (0..policy.exceptions.len()).map(one).collect()
}
