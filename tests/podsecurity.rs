//! Our controls against the upstream evaluator of the Pod Security Standards, check by check.
//!
//! Upstream's verdicts come from `podsecurity`, a program of `tests/controlplane` around the published Go module
//! `k8s.io/pod-security-admission`. It judges its own fixtures and pods made at random, and no verdict may differ.

// What clippy spares in tests it spares in all of this file.
#![cfg(test)]

#[path = "support/go.rs"]
mod go;
#[path = "podsecurity/ours.rs"]
mod ours;
#[path = "podsecurity/properties.rs"]
mod properties;
#[path = "podsecurity/upstream.rs"]
mod upstream;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ours::{Controls, Wrapped};
use stanchion::engine::catalogue;
use stanchion::engine::control::{Framework, Verdict};
use stanchion::facts::WorkloadKind;
use upstream::{Answer, Mode, Pod};

/// Each upstream check and the control that stands for it.
const CHECKS: [(&str, &str); 19] = [
    ("allowPrivilegeEscalation", "pod.privilege-escalation"),
    ("appArmorProfile", "pod.unsafe-app-armor"),
    ("capabilities_baseline", "pod.added-capabilities"),
    ("capabilities_restricted", "pod.undropped-capabilities"),
    ("hostNamespaces", "pod.host-namespaces"),
    ("hostPathVolumes", "pod.host-path-volume"),
    ("hostPorts", "pod.host-port"),
    ("hostProbesAndHostLifecycle", "pod.host-probe"),
    ("privileged", "pod.privileged"),
    ("procMount", "pod.unmasked-proc"),
    ("procMount_restricted", "pod.custom-proc-mount"),
    ("restrictedVolumes", "pod.restricted-volume-type"),
    ("runAsNonRoot", "pod.runs-as-root"),
    ("runAsUser", "pod.root-user"),
    ("seLinuxOptions", "pod.unsafe-selinux"),
    ("seccompProfile_baseline", "pod.unsafe-seccomp"),
    ("seccompProfile_restricted", "pod.no-seccomp"),
    ("sysctls", "pod.unsafe-sysctl"),
    ("windowsHostProcess", "pod.windows-host-process"),
];

const GENERATED: usize = 25_000;
const SEED: u64 = 1;
/// How often each outcome of a check has to come up among the generated pods, for agreement to mean something.
const OFTEN_ENOUGH: usize = 100;

#[test]
fn every_upstream_check_has_one_control_of_the_same_level() {
    let theirs: BTreeMap<String, String> =
        upstream::checks().into_iter().map(|check| (check.id, check.level)).collect();
    let ours: BTreeMap<String, String> = CHECKS
        .iter()
        .map(|(check, control)| {
            let control = catalogue::find(control).unwrap_or_else(|| panic!("no control `{control}`"));
            let level = |framework| match framework {
                Framework::PodSecurityBaseline => Some("baseline"),
                Framework::PodSecurityRestricted => Some("restricted"),
                _ => None,
            };
            let levels: Vec<&str> =
                control.references.iter().filter_map(|reference| level(reference.framework)).collect();
            ((*check).to_owned(), levels.join(" and "))
        })
        .collect();
    assert_eq!(ours, theirs);

    let controls: BTreeSet<&str> = CHECKS.iter().map(|(_, control)| *control).collect();
    assert_eq!(controls.len(), CHECKS.len(), "a control stands for one check");
    let claiming = catalogue::all().iter().filter(|control| {
        control.references.iter().any(|reference| {
            matches!(reference.framework, Framework::PodSecurityBaseline | Framework::PodSecurityRestricted)
        })
    });
    for control in claiming {
        assert!(
            controls.contains(control.id),
            "{control:?} claims a clause of the standards without a check"
        );
    }
}

#[test]
fn upstream_fixtures_are_judged_alike() {
    let fixtures = upstream::fixtures();
    assert!(fixtures.len() > 1_000, "only {} fixtures", fixtures.len());
    let counts = compare(&fixtures);
    println!("{} fixtures of upstream, no difference\n{}", fixtures.len(), table(&counts));
}

#[test]
fn generated_pods_are_judged_alike() {
    let pods = upstream::generate(GENERATED, SEED);
    assert_eq!(pods.len(), GENERATED);
    let counts = compare(&pods);
    println!("{GENERATED} generated pods, no difference\n{}", table(&counts));
    for (check, [allowed, refused]) in counts {
        assert!(
            allowed >= OFTEN_ENOUGH && refused >= OFTEN_ENOUGH,
            "{check}: {allowed} allowed and {refused} refused pods say little"
        );
    }
}

/// How often each check allowed and refused.
type Counts = BTreeMap<&'static str, [usize; 2]>;

/// Compares every verdict on every pod, as the API server completes it and as it is written.
fn compare(pods: &[Pod]) -> Counts {
    let controls = Controls::new(CHECKS.iter().map(|(_, control)| *control));
    let mut counts = Counts::new();
    let mut differences = Vec::new();
    std::thread::scope(|scope| {
        let mut completed = upstream::evaluate(scope, Mode::Completed, pods);
        let mut written = upstream::evaluate(scope, Mode::Written, pods);
        for pod in pods {
            let theirs = [completed.next().expect("an answer"), written.next().expect("an answer")];
            assert!(theirs.iter().all(|answer| answer.id == pod.id), "answers come in order");
            let verdicts = controls.judge(&Wrapped::bare(&pod.text));
            differences.extend(compare_verdicts(pod, &theirs, &verdicts, &mut counts));
            let wrapped = controls.judge(&Wrapped::template(WorkloadKind::Deployment, &pod.text));
            if wrapped.iter().map(findings).ne(verdicts.iter().map(findings)) {
                differences.push(format!("a Deployment of this pod is judged in another way\n{}", pod.text));
            }
        }
        assert!(completed.next().is_none() && written.next().is_none(), "one answer a pod");
    });
    let first: Vec<String> = differences.iter().take(5).cloned().collect();
    assert!(
        differences.is_empty(),
        "{} differences; the first:\n\n{}",
        differences.len(),
        first.join("\n\n")
    );
    counts
}

fn compare_verdicts(
    pod: &Pod,
    [completed, written]: &[Answer; 2],
    verdicts: &[Verdict],
    counts: &mut Counts,
) -> Vec<String> {
    let mut differences = Vec::new();
    for ((check, control), verdict) in CHECKS.iter().zip(verdicts) {
        let ours = is_allowed(verdict);
        counts.entry(check).or_default()[usize::from(!ours)] += 1;
        let (completed, written) = (completed.allows(check), written.allows(check));
        if ours != completed || (ours != written && !completion_decides(check, pod)) {
            differences.push(format!(
                "{check} allows it: {completed} completed, {written} as written\n{control}: {verdict:?}\n{}",
                pod.text
            ));
        }
    }
    differences
}

fn is_allowed(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Pass | Verdict::NotApplicable => true,
        Verdict::Fail(findings) => {
            assert!(!findings.is_empty(), "a failure names what it found");
            false
        }
        Verdict::Unknown(why) | Verdict::Error(why) => panic!("{why}"),
    }
}

/// What a verdict says, but for where: the kind of the object decides that.
fn findings(verdict: &Verdict) -> Vec<(Option<&str>, Option<&str>, &str)> {
    let Verdict::Fail(findings) = verdict else { return Vec::new() };
    findings
        .iter()
        .map(|finding| (finding.container.as_deref(), finding.discriminator.as_deref(), &*finding.message))
        .collect()
}

/// Two checks ask about fields that the API server fills in before it asks them. Our facts are the completed ones,
/// so that a file is judged as the cluster would judge it: a volume without a source is an `emptyDir`, and in the
/// node's network a port that is listed is a port of the node.
fn completion_decides(check: &str, pod: &Pod) -> bool {
    let spec = pod.spec();
    let list = |field: &str| spec[field].as_array().cloned().unwrap_or_default();
    match check {
        "restrictedVolumes" => list("volumes")
            .iter()
            .filter_map(|volume| volume.as_object())
            .any(|volume| volume.iter().all(|(field, value)| field == "name" || value.is_null())),
        "hostPorts" => spec["hostNetwork"] == true,
        _ => false,
    }
}

fn table(counts: &Counts) -> String {
    let mut table = format!("{:>8} {:>8}  check\n", "allowed", "refused");
    for (check, [allowed, refused]) in counts {
        let _ = writeln!(table, "{allowed:>8} {refused:>8}  {check}");
    }
    table
}
