//! What holds for every pod, whoever wrote it.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use stanchion::engine::control::{Finding, Patch, Verdict};
use stanchion::facts::{Step, WorkloadKind};

use crate::ours::{Controls, Wrapped};
use crate::{CHECKS, findings, upstream};

/// Longer ones are cut or wrapped where people read them.
const LONGEST_MESSAGE: usize = 80;
const LONGEST_ADVICE: usize = 60;

static OURS: LazyLock<Controls> = LazyLock::new(|| Controls::new(CHECKS.iter().map(|(_, control)| *control)));
static ALL: LazyLock<Controls> = LazyLock::new(Controls::all);

fn failures(verdicts: &[Verdict]) -> impl Iterator<Item = (usize, &Finding)> {
    verdicts.iter().enumerate().flat_map(|(control, verdict)| {
        let findings = if let Verdict::Fail(findings) = verdict { &findings[..] } else { &[] };
        findings.iter().map(move |finding| (control, finding))
    })
}

#[test]
fn a_finding_is_short_and_points_at_what_it_says() {
    for pod in upstream::generate(3_000, 2) {
        let object: Value = serde_json::from_str(&pod.text).unwrap();
        let verdicts = OURS.judge(&Wrapped::bare(&pod.text));
        for (_, finding) in failures(&verdicts) {
            assert!(finding.message.chars().count() <= LONGEST_MESSAGE, "{}", finding.message);
            assert!(finding.fix.advice.chars().count() <= LONGEST_ADVICE, "{}", finding.fix.advice);
            assert!(!finding.fix.advice.is_empty(), "{finding:?} says what to do");
            let (Some(value), Some(there)) = (&finding.value, object.pointer(&finding.path.to_pointer()))
            else {
                continue;
            };
            match there {
                Value::String(text) => assert_eq!(text, value.as_str(), "{finding:?}\n{}", pod.text),
                // In the node's network 0 stands for the container's port.
                Value::Number(zero) if *zero == 0.into() && finding.message.ends_with("`hostNetwork`") => {}
                Value::Bool(_) | Value::Number(_) => {
                    assert_eq!(there.to_string(), value.as_str(), "{finding:?}");
                }
                Value::Null | Value::Array(_) | Value::Object(_) => {}
            }
        }
        for verdict in &verdicts {
            let mut marks: Vec<_> = findings(verdict).into_iter().map(|(of, mark, _)| (of, mark)).collect();
            let all = marks.len();
            marks.sort_unstable();
            marks.dedup();
            assert_eq!(marks.len(), all, "two findings can't be told apart: {verdict:?}");
        }
    }
}

#[test]
fn a_patch_ends_its_finding_and_brings_no_other() {
    let mut patched = 0;
    for pod in upstream::generate(1_000, 3) {
        let before = OURS.judge(&Wrapped::bare(&pod.text));
        let known: Vec<(usize, &str)> =
            failures(&before).map(|(control, finding)| (control, &*finding.message)).collect();
        for (control, finding) in failures(&before) {
            let Some(patch) = &finding.fix.patch else { continue };
            let mut object: Value = serde_json::from_str(&pod.text).unwrap();
            apply(&mut object, patch);
            let after = OURS.judge(&Wrapped::bare(&object.to_string()));
            for (other, left) in failures(&after) {
                let same = left.container == finding.container && left.discriminator == finding.discriminator;
                assert!(other != control || !same, "{finding:?} is still there\n{}\n{object}", pod.text);
                assert!(known.contains(&(other, &left.message)), "{left:?} is new\n{}\n{object}", pod.text);
            }
            patched += 1;
        }
    }
    assert!(patched > 1_000, "only {patched} patches");
}

/// Sets or, if it is null, removes the value at a path; what is missing on the way is made.
fn apply(object: &mut Value, patch: &Patch) {
    let (last, way) = patch.path.steps().split_last().expect("a patch changes a part");
    let mut place = object;
    for step in way {
        if place.is_null() {
            *place = json!({});
        }
        place = match step {
            Step::Key(key) => &mut place[&**key],
            Step::Index(index) => &mut place[*index],
        };
    }
    let Step::Key(key) = last else { panic!("{patch:?} sets a field") };
    if place.is_null() {
        *place = json!({});
    }
    let fields = place.as_object_mut().expect("fields are of an object");
    if patch.value.is_null() {
        fields.remove(&**key);
    } else {
        fields.insert(key.to_string(), patch.value.clone());
    }
}

/// A pod with every field that our controls look at.
fn full_pod() -> Value {
    let context = json!({
        "privileged": true, "allowPrivilegeEscalation": true, "procMount": "Unmasked", "runAsNonRoot": false,
        "runAsUser": 0, "capabilities": {"add": ["SYS_ADMIN", "CHOWN"], "drop": ["NET_RAW"]},
        "seccompProfile": {"type": "Localhost", "localhostProfile": "a.json"},
        "appArmorProfile": {"type": "Unconfined"}, "windowsOptions": {"hostProcess": true},
        "seLinuxOptions": {"type": "spc_t", "user": "system_u", "role": "system_r", "level": "s0"},
    });
    let mut container = json!({
        "name": "app", "image": "registry.example.com/app:1.0", "securityContext": context,
        "ports": [{"containerPort": 8080, "hostPort": 80, "protocol": "TCP"}, {"containerPort": 8081}],
        "volumeMounts": [{"name": "logs", "mountPath": "/var/log", "readOnly": true}],
        "resources": {"limits": {"cpu": 1, "memory": "1Gi"}, "requests": {"cpu": "500m"}},
        "livenessProbe": {"httpGet": {"host": "localhost", "port": 80}},
        "readinessProbe": {"tcpSocket": {"host": "10.0.0.1", "port": 80}},
        "startupProbe": {"exec": {"command": ["true"]}},
        "lifecycle": {"postStart": {"httpGet": {"host": "a", "port": 1}}, "preStop": {"tcpSocket": {"host": "b"}}},
    });
    let app = container.clone();
    container["name"] = json!("other");
    json!({
        "metadata": {
            "name": "pod", "labels": {"app": "a"},
            "annotations": {"container.apparmor.security.beta.kubernetes.io/app": "unconfined"},
        },
        "spec": {
            "hostNetwork": true, "hostPID": true, "hostIPC": true, "hostUsers": true, "os": {"name": "linux"},
            "securityContext": {
                "runAsNonRoot": false, "runAsUser": 0, "sysctls": [{"name": "kernel.msgmax", "value": "1"}],
                "seccompProfile": {"type": "Unconfined"}, "appArmorProfile": {"type": "Unconfined"},
                "seLinuxOptions": {"type": "spc_t"}, "windowsOptions": {"hostProcess": true},
            },
            "initContainers": [container.clone()], "containers": [app], "ephemeralContainers": [container],
            "volumes": [
                {"name": "logs", "hostPath": {"path": "/var/log", "type": "Directory"}},
                {"name": "data", "nfs": {"server": "s", "path": "/"}}, {"name": "tmp"},
            ],
        },
    })
}

#[test]
fn a_pod_with_every_field_fails_every_control() {
    let verdicts = OURS.judge(&Wrapped::bare(&full_pod().to_string()));
    for ((_, control), verdict) in CHECKS.iter().zip(verdicts) {
        assert!(matches!(verdict, Verdict::Fail(_)), "{control}: {verdict:?}");
    }
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-2_i64..70_000).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["", "windows", "ALL", "Localhost", "Default", "..", "\u{1b}[2J"])
            .prop_map(Value::from),
        Just(Value::from("é".repeat(2_000))),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,6}", inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

/// Replaces the n-th value of a tree, counted from the root; counts down on the way.
fn replace(tree: &mut Value, n: &mut usize, with: &Value) {
    if *n == 0 {
        *tree = with.clone();
        *n = usize::MAX;
        return;
    }
    *n -= 1;
    match tree {
        Value::Array(list) => list.iter_mut().for_each(|inner| replace(inner, n, with)),
        Value::Object(map) => map.values_mut().for_each(|inner| replace(inner, n, with)),
        _ => {}
    }
}

fn size(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(list) => list.iter().map(size).sum(),
        Value::Object(map) => map.values().map(size).sum(),
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn no_pod_makes_a_control_panic(changes in prop::collection::vec((any::<Index>(), anything()), 1..5)) {
        let mut pod = full_pod();
        for (place, with) in &changes {
            let mut place = place.index(size(&pod));
            replace(&mut pod, &mut place, with);
        }
        let text = pod.to_string();
        // What can't be read is said to be so, and there is nothing to judge.
        if let Ok(workload) = Wrapped::bare(&text).decode() {
            ALL.judge_facts(&workload);
            let bare = OURS.judge_facts(&workload);
            for kind in WorkloadKind::ALL {
                let wrapped = OURS.judge(&Wrapped::template(kind, &text));
                prop_assert!(
                    wrapped.iter().map(findings).eq(bare.iter().map(findings)),
                    "a {} with this template is judged in another way: {}", kind, text
                );
            }
        }
    }
}
