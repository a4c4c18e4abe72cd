//! `logging.unread-volume`

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::path_pattern::PathPattern;
use super::shared_volume::{is_writable, stays};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::engine::pattern::ImagePattern;
use crate::facts::volume::Volume;
use crate::facts::{ContainerRef, Text, Workload};
use crate::relations::collectors::{self, Terms};

declare_control! {
    /// ## What it checks
    ///
    /// A volume that is mounted where programs put their log files (`/var/log`, and folders called `log` or `logs`) is
    /// read by somebody: another container that stays mounts it too, or, for a `hostPath`, a log collector reads that
    /// folder of the node, or, for a claim, another workload of the namespace mounts it. Volumes that a program can't
    /// write to don't count, and neither do those of collectors.
    ///
    /// ## Why it matters
    ///
    /// Collectors read what containers write to their standard output. A file in a volume is read by nobody unless
    /// somebody sees to it: it is gone with the pod, or fills a disk that no one looks at. The program logs, everybody
    /// believes that its logs are collected, and nothing arrives.
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
    ///       volumeMounts:
    ///         - {name: logs, mountPath: /var/log/app}
    ///   volumes:
    ///     - {name: logs, emptyDir: {}}
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
    ///       volumeMounts:
    ///         - {name: logs, mountPath: /var/log/app}
    ///     - name: shipper
    ///       image: cr.fluentbit.io/fluent/fluent-bit:3.1
    ///       volumeMounts:
    ///         - {name: logs, mountPath: /logs, readOnly: true}
    ///   volumes:
    ///     - {name: logs, emptyDir: {}}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Have the program write to its standard output, which collectors read. Where it can't, add a sidecar that reads
    /// the volume: a collector, or `tail -F` to its own standard output. If the folder holds no logs (Kafka calls its
    /// data so), leave it out with `ignore`.
    pub static UNREAD_VOLUME = {
        id: "logging.unread-volume",
        title: "Log files in a volume that nobody reads",
        severity: Low,
        subject: Workload,
        parameters: UnreadVolume,
        references: [
            Framework::Nist80053.clause("AU-4(1)"),
            Framework::Nist80053.clause("AU-12"),
            Framework::NsaCisa.clause("Worker node and container logging"),
            Framework::Iso27001.clause("8.15"),
            Framework::PciDss.clause("10.3.3"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// Where log files are.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct UnreadVolume {
    /// The paths in a container at which log files are kept, as patterns: `*` is anything but a slash, `**` anything.
    /// Default: `["/var/log", "/var/log/**", "/log", "/logs", "**/log", "**/logs"]`.
    paths: Vec<PathPattern>,
    /// Paths that hold no logs after all, as patterns. Default: `[]`. Example: `["**/kafka/**"]`.
    ignore: Vec<PathPattern>,
    /// Images of collectors, as patterns, besides those that are known: a `DaemonSet` with one may read any folder of
    /// its nodes. Default: `[]`. Example: `["registry.example.com/platform/log-agent:*"]`.
    collectors: Vec<ImagePattern>,
}

impl Default for UnreadVolume {
    fn default() -> Self {
        let paths = PathPattern::list(&["/var/log", "/var/log/**", "/log", "/logs", "**/log", "**/logs"]);
        Self { paths, ignore: Vec::new(), collectors: Vec::new() }
    }
}

impl Parameters for UnreadVolume {}

fn evaluate(workload: &Workload, parameters: &UnreadVolume, context: &Context<'_>) -> Verdict {
    let writable = workload.spec().volumes.iter().filter(|volume| is_writable(volume));
    let volumes: BTreeMap<&Text, &Volume> = writable.map(|volume| (&volume.name, volume)).collect();
    if volumes.is_empty() || collectors::is_collector(workload) {
        return Verdict::Pass;
    }
    let mut findings = Vec::new();
    let mut doubt = None;
    let mut mounted: Option<BTreeMap<&Text, usize>> = None;
    for container in context.containers(workload) {
        for (index, mount) in container.container.volume_mounts.iter().enumerate() {
            let Some(volume) = volumes.get(&mount.name) else { continue };
            let path = mount.mount_path.trim_end_matches('/');
            if mount.read_only == Some(true) || !holds_logs(path, parameters) {
                continue;
            }
            let mounted = mounted.get_or_insert_with(|| mounted_by(workload));
            let by_itself = usize::from(stays(container));
            let by_another = mounted.get(&mount.name).is_some_and(|count| *count > by_itself);
            match by_another.then_some(true).or_else(|| is_read(workload, volume, parameters, context)) {
                Some(true) => {}
                None => doubt = Some(format!("a collector may read the volume `{}`", volume.name)),
                Some(false) => findings.push(finding(container, index, path, volume)),
            }
        }
    }
    match doubt {
        Some(why) if findings.is_empty() => Verdict::Unknown(why.into()),
        _ => findings.into_iter().collect(),
    }
}

/// How many containers that stay mount each volume.
fn mounted_by(workload: &Workload) -> BTreeMap<&Text, usize> {
    let mut counts = BTreeMap::new();
    for container in workload.containers().filter(|container| stays(*container)) {
        let volumes: BTreeSet<&Text> = container.container.volume_mounts.iter().map(|it| &it.name).collect();
        for volume in volumes {
            *counts.entry(volume).or_default() += 1;
        }
    }
    counts
}

fn finding(container: ContainerRef<'_>, index: usize, path: &str, volume: &Volume) -> Finding {
    let source = volume.sources.first().copied().unwrap_or("emptyDir");
    let message = format!("nobody reads `{path}`, which is in the volume `{}` ({source})", volume.name);
    Finding::in_container(container, &["volumeMounts"], message)
        .further(|mounts| mounts.index(index))
        .discriminator(&volume.name)
        .value(path)
        .fix("write logs to the standard output, or add a sidecar that reads the volume")
}

fn holds_logs(path: &str, parameters: &UnreadVolume) -> bool {
    let matches = |patterns: &[PathPattern]| patterns.iter().any(|pattern| pattern.matches(path));
    matches(&parameters.paths) && !matches(&parameters.ignore)
}

/// Whether somebody outside of the pod reads a volume; nothing if somebody may.
fn is_read(
    workload: &Workload,
    volume: &Volume,
    parameters: &UnreadVolume,
    context: &Context<'_>,
) -> Option<bool> {
    if let Some(claim) = &volume.claim {
        let namespace = workload.meta.namespace.as_deref().unwrap_or_default();
        return Some(context.relations.claims().mounted_by(namespace, claim) > 1);
    }
    let Some(host) = &volume.host_path else { return Some(false) };
    let trusts = |image: &str| parameters.collectors.iter().any(|pattern| pattern.matches(image));
    let folder = host.path.trim_end_matches('/');
    context.relations.collectors().reads_folder(folder, &Terms { trusts: &trusts, ready: 0 })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    fn mounted(at: &str, volume: &str) -> String {
        pod(&format!(
            "volumes: [{{name: v, {volume}}}]\ncontainers: [{{name: app, volumeMounts: [{{name: v, mountPath: {at}}}]}}]"
        ))
    }

    #[test]
    fn log_folders_are_told_by_their_path_and_volumes_by_their_kind() {
        let found = |at, volume| messages(judge(&UNREAD_VOLUME, &mounted(at, volume)));
        for at in ["/var/log", "/var/log/", "/var/log/nginx", "/srv/app/logs", "/opt/tomcat/log", "/logs"] {
            assert_eq!(found(at, "emptyDir: {}").len(), 1, "{at}");
        }
        for at in ["/var/lib/app", "/tmp", "/srv/catalog", "/srv/logs-archive"] {
            assert_eq!(found(at, "emptyDir: {}"), [""; 0], "{at}");
        }
        assert_eq!(found("/var/log", "configMap: {name: a}"), [""; 0]);
        assert_eq!(
            found("/var/log/app", "hostPath: {path: /srv/logs}"),
            [
                "app: nobody reads `/var/log/app`, which is in the volume `v` (hostPath); write logs to the standard \
              output, or add a sidecar that reads the volume"
            ]
        );
    }

    #[test]
    fn another_container_that_stays_may_read_it() {
        let beside = |class: &str| {
            judge(
                &UNREAD_VOLUME,
                &pod(&format!(
                    "volumes: [{{name: v}}]\ncontainers: [{{name: app, volumeMounts: [{{name: v, mountPath: /logs}}]}}]\n\
                     {class}"
                )),
            )
        };
        let mount = "volumeMounts: [{name: v, mountPath: /x}]";
        assert_eq!(messages(beside(&format!("initContainers: [{{name: a, {mount}}}]"))).len(), 1);
        let sidecar = format!("initContainers: [{{name: a, restartPolicy: Always, {mount}}}]");
        assert_eq!(beside(&sidecar), Verdict::Pass);
    }

    #[test]
    fn a_collector_may_read_the_folder_of_the_node() {
        let app = mounted("/var/log/app", "hostPath: {path: /var/log/app}");
        let agent = |config: &str| {
            format!(
                "{app}---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent, namespace: logging}}
spec:
  template:
    spec:
      containers:
        - name: agent
          image: fluent/fluent-bit:3
          volumeMounts: [{{name: config, mountPath: /c}}, {{name: logs, mountPath: /var/log}}]
      volumes: [{{name: config, configMap: {{name: agent}}}}, {{name: logs, hostPath: {{path: /var/log}}}}]
{config}"
            )
        };
        let map = |path: &str| {
            agent(&format!(
                "---
{{apiVersion: v1, kind: ConfigMap, metadata: {{name: agent, namespace: logging}}, data: \
{{f: \"[INPUT]\\n Name tail\\n Path {path}\\n[OUTPUT]\\n Name es\\n\"}}}}"
            ))
        };
        assert_eq!(judge(&UNREAD_VOLUME, &map("/var/log/app/*.log")), Verdict::Pass);
        assert_eq!(messages(judge(&UNREAD_VOLUME, &map("/var/log/containers/*.log"))).len(), 1);
        assert!(matches!(judge(&UNREAD_VOLUME, &agent("")), Verdict::Unknown(_)));
    }

    #[test]
    fn another_workload_may_read_a_claim() {
        let app = mounted("/logs", "persistentVolumeClaim: {claimName: logs}");
        assert_eq!(messages(judge(&UNREAD_VOLUME, &app)).len(), 1);
        let other = "---\n{apiVersion: v1, kind: Pod, metadata: {name: reader}, spec: {volumes: \
            [{name: l, persistentVolumeClaim: {claimName: logs}}]}}";
        assert_eq!(judge(&UNREAD_VOLUME, &(app + other)), Verdict::Pass);
    }

    #[test]
    fn folders_can_be_left_out() {
        let kafka = mounted("/var/lib/kafka/logs", "emptyDir: {}");
        assert_eq!(judge_with(&UNREAD_VOLUME, &json!({"ignore": ["**/kafka/**"]}), &kafka), Verdict::Pass);
    }
}
