//! The corpus through the operator: each case is applied to the cluster, and the statuses must become what the engine
//! says. The operator has one clock, so the times of a case are moved to today.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Map, Value, json};
use stanchion::facts::object::{Object, Recognition, recognize};
use stanchion::manifest::{Limits, read};

use crate::case::Case;
use crate::command::{self, Run};
use crate::compare;
use crate::engine::Objects;
use crate::plane::{Cluster, clock, eventually_within};
use crate::status;

/// How long a case may take to come out right; after the first time its records are set once more.
const TRIES: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(30)];

/// How far two clocks may be apart.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(2);

/// What differs in a case, if anything.
pub(crate) fn run(cluster: &Cluster, case: &Case) -> Vec<String> {
    let now = seconds(clock());
    let shift = Shift { from: case.now, to: now };
    let shifted = objects(case).into_iter().map(|it| shift.object(it));
    let objects: Vec<Value> = shifted.map(sealed).collect();
    prepare_namespaces(cluster, &objects);
    let refusals: Vec<String> =
        objects.iter().filter_map(|it| create(cluster, it).err()).map(|error| error.to_string()).collect();
    let differences = match &case.refused {
        Some(words) if refusals.iter().any(|it| it.contains(words)) => Vec::new(),
        Some(words) => vec![format!("the API server must refuse with `{words}`, and says {refusals:?}")],
        None if refusals.is_empty() => judge(cluster, case, &objects, shift),
        None => refusals,
    };
    // Standards first, so that nothing is written about what is going.
    objects.iter().rev().filter(|it| it["kind"] != "Namespace").for_each(|it| cluster.delete(it));
    differences
}

/// Signatures are over the times as they were moved.
fn sealed(object: Value) -> Value {
    let text = object.to_string();
    if text.contains("${") { serde_json::from_str(&Case::sealed(&text, &object)).unwrap() } else { object }
}

fn objects(case: &Case) -> Vec<Value> {
    let mut objects = Vec::new();
    for (_, text) in &case.manifests {
        let mut object = object(text);
        let text = |field: &str| object[field].as_str().unwrap_or_default();
        let known = recognize(text("apiVersion"), text("kind"));
        let cluster_scoped = matches!(known, Recognition::Facts(kind) if !kind.is_namespaced());
        if !cluster_scoped && object["metadata"]["namespace"].is_null() {
            object["metadata"]["namespace"] = json!("default");
        }
        objects.push(object);
    }
    objects
}

/// The object of a manifest, as the reader has it.
pub(crate) fn object(text: &str) -> Value {
    read("a case", text.as_bytes(), &Limits::default()).documents.first().unwrap().node.to_json()
}

/// The items of a list, or what is none.
pub(crate) fn list(mut printed: Value) -> Vec<Value> {
    match printed["items"].take() {
        Value::Array(items) => items,
        _ => vec![printed],
    }
}

/// Every namespace that a case names has the labels that the case gives it, and no others from the case before.
fn prepare_namespaces(cluster: &Cluster, objects: &[Value]) {
    let named: BTreeSet<&str> =
        objects.iter().filter_map(|it| it["metadata"]["namespace"].as_str()).collect();
    let given: BTreeMap<&str, &Value> = objects
        .iter()
        .filter(|it| it["kind"] == "Namespace")
        .filter_map(|it| Some((it["metadata"]["name"].as_str()?, &it["metadata"])))
        .collect();
    for name in named.iter().chain(given.keys()).collect::<BTreeSet<_>>() {
        let metadata = given.get(name).copied().unwrap_or(&Value::Null);
        cluster.namespace(name, &metadata["labels"], &metadata["annotations"]);
    }
}

fn create(cluster: &Cluster, object: &Value) -> Result<(), kube::Error> {
    if object["kind"] == "Namespace" {
        return Ok(());
    }
    let mut object = object.clone();
    // No pod is created with them: they are added afterwards, as `kubectl debug` does.
    let debuggers = object["spec"].as_object_mut().and_then(|spec| spec.remove("ephemeralContainers"));
    cluster.try_create(&object)?;
    if let Some(debuggers) = debuggers {
        let patch = json!({"spec": {"ephemeralContainers": debuggers}});
        cluster.patch_subresource(&object, "ephemeralcontainers", &patch);
    }
    Ok(())
}

fn judge(cluster: &Cluster, case: &Case, objects: &[Value], shift: Shift) -> Vec<String> {
    let mut ours = Objects::under(case);
    for object in objects {
        let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        let Recognition::Facts(kind) = recognize(&text("apiVersion"), &text("kind")) else { continue };
        ours.add(kind, Object::decode(kind, object).unwrap());
    }
    let engine = ours.judge(shift.to).tree;
    let expected = in_statuses(&engine);
    let mut differences = Vec::new();
    for limit in TRIES {
        let mut found = Value::Null;
        let mut look = || {
            found = statuses(cluster, objects);
            differences = compare::disagreements(
                ("the engine", &expected),
                ("the operator", &aligned(&expected, &found)),
            );
            Ok::<_, String>(differences.is_empty())
        };
        if settles(limit, &mut look) {
            let unmet = compare::unmet(&shift.expectation(&in_statuses(&case.expect)), &found);
            return if unmet.is_empty() { audited(cluster, case, objects, &found) } else { unmet };
        }
        // Between creation and record the operator may have made one of its own.
        for standard in objects.iter().filter(|it| it["kind"] == "SecurityStandard") {
            let tiers = standard["status"]["tiers"].clone();
            cluster.patch_subresource(standard, "status", &json!({"status": {"tiers": tiers}}));
        }
    }
    differences
}

/// What an audit of the cluster says otherwise than the operator.
fn audited(cluster: &Cluster, case: &Case, objects: &[Value], operator: &Value) -> Vec<String> {
    let flags = case.flags();
    let args: Vec<&str> =
        ["audit", "-o", "yaml"].into_iter().chain(flags.iter().map(String::as_str)).collect();
    let run = Run::as_user(cluster, "admin", &args);
    let written = run.documents();
    let status = |object: &Value| {
        let same = |it: &&Value| command::name(it) == command::name(object);
        written.iter().find(same).map_or(Value::Null, |it| it["status"].clone())
    };
    let said = tree(objects, status);
    let differences =
        compare::disagreements(("the operator", operator), ("`audit --cluster`", &aligned(operator, &said)));
    let told = |difference| format!("{difference}; it said {}", run.stderr);
    differences.into_iter().map(told).collect()
}

/// Whether something comes to hold in time.
fn settles(limit: Duration, look: &mut dyn FnMut() -> Result<bool, String>) -> bool {
    let begun = crate::plane::now();
    eventually_within(limit * 2, "an answer", &mut || match look() {
        Ok(true) => Ok(true),
        Ok(false) if begun.elapsed() > limit => Ok(false),
        Ok(false) => Err("not yet".to_owned()),
        Err(error) => Err(error),
    })
}

/// The parts of a tree that statuses show.
fn in_statuses(tree: &Value) -> Value {
    let parts = ["standards", "tiers", "exceptions"];
    let part = |part: &str| tree.get(part).cloned().unwrap_or_else(|| json!({}));
    parts.into_iter().map(|it| (it.to_owned(), part(it))).collect()
}

fn statuses(cluster: &Cluster, objects: &[Value]) -> Value {
    tree(objects, |object| cluster.get(object)["status"].take())
}

/// The statuses of all of our objects.
fn tree(objects: &[Value], status_of: impl Fn(&Value) -> Value) -> Value {
    let (mut standards, mut tiers, mut exceptions) = (Map::new(), Map::new(), Map::new());
    for object in objects {
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let status = || status_of(object);
        match object["kind"].as_str().unwrap_or_default() {
            "SecurityStandard" => drop(standards.insert(name, status::standard(&status()))),
            "ServiceTier" => drop(tiers.insert(name, status::tier(&status()))),
            "RiskException" => {
                let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
                exceptions.insert(format!("{namespace}/{name}"), status::exception(&status()));
            }
            _ => {}
        }
    }
    json!({"standards": standards, "tiers": tiers, "exceptions": exceptions})
}

/// What was found, with what may differ by the second at which it was said put as it is expected.
fn aligned(expected: &Value, found: &Value) -> Value {
    let moment = |value: &Value| value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let soaking = |value: &Value| value.as_str().is_some_and(|text| text.starts_with("soaking until "));
    match (expected, found) {
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            expected.iter().zip(found).map(|(expected, found)| aligned(expected, found)).collect()
        }
        (Value::Object(expected), Value::Object(found)) => {
            let one = |(name, found): (&String, &Value)| {
                (name.clone(), expected.get(name).map_or_else(|| found.clone(), |it| aligned(it, found)))
            };
            found.iter().map(one).collect()
        }
        _ => match (moment(expected), moment(found)) {
            (Some(a), Some(b)) if a.duration_since(b).abs() <= TOLERANCE => expected.clone(),
            _ if soaking(expected) && soaking(found) => expected.clone(),
            _ => found.clone(),
        },
    }
}

/// From the time of a case to the present.
#[derive(Clone, Copy)]
struct Shift {
    from: Timestamp,
    to: Timestamp,
}

impl Shift {
    /// Moments keep their distance to the present; days keep it in days.
    fn text(self, text: &str) -> String {
        if let Ok(moment) = text.parse::<Timestamp>() {
            return self.moment(moment).to_string();
        }
        // `frozen until 2026-12-01`
        let day = |word: &str| {
            word.parse::<Date>().map_or_else(|_| word.to_owned(), |day| self.day(day).to_string())
        };
        text.split(' ').map(day).collect::<Vec<_>>().join(" ")
    }

    fn moment(self, moment: Timestamp) -> Timestamp {
        moment + self.to.duration_since(self.from)
    }

    fn day(self, day: Date) -> Date {
        let of = |moment: Timestamp| TimeZone::UTC.to_datetime(moment).date();
        day + (of(self.to) - of(self.from)).get_days().days()
    }

    /// An object of ours with its times moved; any other as it is.
    fn object(self, object: Value) -> Value {
        let ours = object["apiVersion"].as_str().is_some_and(|it| it.starts_with("stanchion.dev/"));
        if ours { self.times(object) } else { object }
    }

    fn times(self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.times(item)).collect(),
            Value::Object(fields) => {
                fields.into_iter().map(|(name, field)| (name, self.times(field))).collect()
            }
            other => other,
        }
    }

    /// What a case expects, without the moments: those are compared with the engine's.
    fn expectation(self, expect: &Value) -> Value {
        match expect {
            Value::Object(fields) => {
                let timeless = |name: &&String| {
                    !["since", "promotableFrom", "ratchetUntil", "nextReview", "uncompensatedSince"]
                        .contains(&name.as_str())
                };
                let kept = fields.iter().filter(|(name, _)| timeless(name));
                kept.map(|(name, field)| (name.clone(), self.expectation(field))).collect()
            }
            other => self.times(other.clone()),
        }
    }
}

fn seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap()
}
