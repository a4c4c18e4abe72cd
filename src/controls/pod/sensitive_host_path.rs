//! `pod.sensitive-host-path`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::host_volume::{HostVolume, ResolvedPath, host_volumes};
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// No `hostPath` volume is one of `paths`, stands below one, or holds one, unless it is one of `allowed` or stands
    /// below it. Paths are compared by whole parts once they are tidied (`//`, `.`, `..`, `/var/run` for `/run`).
    /// The default list has what holds credentials, other pods' data and the controls of the node; the root directory
    /// holds them all. A volume that only containers with an exempt image mount is left out. Behind a persistent
    /// volume the path can't be seen.
    ///
    /// ## Why it matters
    ///
    /// Reading is enough: `/etc/kubernetes` and `/var/lib/kubelet` hold keys of the cluster and the tokens of every
    /// pod of the node, `/var/lib/etcd` holds all Secrets, `/proc` and `/dev` the memory of other processes, and a
    /// link that is planted in `/var/log` makes the kubelet serve any file of the node.
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
    ///         - {name: etc, mountPath: /host/etc, readOnly: true}
    ///   volumes:
    ///     - name: etc
    ///       hostPath: {path: /etc/kubernetes}
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
    ///         - {name: time, mountPath: /etc/localtime, readOnly: true}
    ///   volumes:
    ///     - name: time
    ///       hostPath: {path: /etc/localtime}
    /// ```
    ///
    /// ## How to fix
    ///
    /// Use a volume that is made for the purpose: a `ConfigMap`, a Secret, a projected token, a persistent volume, a
    /// device plugin. A node agent gets the one directory that it reads, by `allowed` or by exempting its image.
    pub static SENSITIVE_HOST_PATH = {
        id: "pod.sensitive-host-path",
        title: "Sensitive path of the node is mounted",
        severity: High,
        subject: Workload,
        parameters: SensitiveHostPath,
        references: [
            Framework::CisKubernetes.clause("5.2.12"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Pod security enforcement"),
            Framework::MitreAttack.clause("T1611"),
            Framework::MitreAttack.clause("T1552.001"),
            Framework::Soc2.clause("CC6.1"),
            Framework::Iso27001.clause("8.3"),
            Framework::PciDss.clause("2.2.3"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// What is sensitive, and what isn't after all.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct SensitiveHostPath {
    /// Sensitive paths of the node, absolute; what stands below them and what holds them is sensitive too, but for
    /// `/`, which stands for itself alone. A list here replaces the default. Default: the root directory, `/boot`,
    /// `/dev`, `/etc`, `/home`, `/proc`, `/root`, `/sys`, `/var/log`, and where systemd, cron, the kubelet, etcd,
    /// Kubernetes distributions and container runtimes keep theirs. Example: `[/, /etc, /var/lib/kubelet]`.
    paths: Vec<ResolvedPath>,
    /// Paths that may be mounted all the same, with what stands below them. A list here replaces the default.
    /// Default: the time zone and the public certificates, `[/etc/localtime, /etc/timezone, /etc/ssl/certs,
    /// /etc/pki/ca-trust]`. Example: `[/var/log/pods, /dev/fuse]`.
    allowed: Vec<ResolvedPath>,
}

const PATHS: &[&str] = &[
    "/",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/proc",
    "/root",
    "/run/dbus",
    "/run/secrets",
    "/run/systemd",
    "/sys",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/etcd",
    "/var/lib/k0s",
    "/var/lib/kubelet",
    "/var/lib/rancher",
    "/var/log",
    "/var/snap/microk8s",
    "/var/spool/cron",
];

const ALLOWED: &[&str] = &["/etc/localtime", "/etc/timezone", "/etc/ssl/certs", "/etc/pki/ca-trust"];

impl Default for SensitiveHostPath {
    fn default() -> Self {
        Self { paths: ResolvedPath::list(PATHS), allowed: ResolvedPath::list(ALLOWED) }
    }
}

impl Parameters for SensitiveHostPath {
    fn check(&self) -> Vec<ParameterError> {
        let error = || ParameterError::new("paths", "no path is left to look for; leave `paths` out");
        self.paths.is_empty().then(error).into_iter().collect()
    }
}

fn evaluate(workload: &Workload, parameters: &SensitiveHostPath, context: &Context<'_>) -> Verdict {
    host_volumes(workload, context).filter_map(|volume| judge_volume(&volume, parameters)).collect()
}

fn judge_volume(volume: &HostVolume<'_>, parameters: &SensitiveHostPath) -> Option<Finding> {
    let path = &volume.path;
    if parameters.allowed.iter().any(|allowed| allowed.holds(path)) {
        return None;
    }
    let within =
        |sensitive: &&ResolvedPath| sensitive.holds(path) && (!sensitive.is_root() || path.is_root());
    let message = if parameters.paths.iter().any(|sensitive| within(&sensitive)) {
        format!("mounts `{path}` of the node")
    } else {
        let held = parameters.paths.iter().find(|sensitive| path.holds(sensitive))?;
        format!("mounts `{path}` of the node, which holds `{held}`")
    };
    Some(volume.finding(message).fix("use another kind of volume"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge_with, messages, pod};

    fn found_with(parameters: &serde_json::Value, path: &str) -> Vec<String> {
        let spec =
            format!("containers: [{{name: app}}]\nvolumes: [{{name: node, hostPath: {{path: {path}}}}}]");
        messages(judge_with(&SENSITIVE_HOST_PATH, parameters, &pod(&spec)))
    }

    fn found(path: &str) -> Vec<String> {
        found_with(&serde_json::json!({}), path)
    }

    #[test]
    fn a_sensitive_path_fails_with_what_stands_below_and_above_it() {
        assert_eq!(found("/etc"), ["mounts `/etc` of the node; use another kind of volume"]);
        assert_eq!(found("/var/lib/kubelet/pki").len(), 1);
        assert_eq!(
            found("/var/lib"),
            ["mounts `/var/lib` of the node, which holds `/var/lib/containerd`; use another kind of volume"]
        );
        assert_eq!(found("/"), ["mounts `/` of the node; use another kind of volume"]);
        assert_eq!(found("/opt/../etc//shadow").len(), 1);
        assert_eq!(
            found("/proc/1/root/srv/../"),
            ["mounts `/proc/1/root/srv/../` of the node; use another kind of volume"]
        );
    }

    #[test]
    fn other_paths_pass() {
        for path in
            ["/srv/data", "/etcd", "/var/lib/app", "/opt/cni/bin", "/lib/modules", "/run/app", "/var/logs"]
        {
            assert!(found(path).is_empty(), "{path}");
        }
    }

    #[test]
    fn what_is_allowed_is_allowed_with_what_stands_below_it_alone() {
        assert!(found("/etc/localtime").is_empty());
        let allowed = serde_json::json!({"allowed": ["/var/log/pods"]});
        assert!(found_with(&allowed, "/var/log/pods/").is_empty());
        assert!(found_with(&allowed, "/var/log/pods/shop").is_empty());
        assert_eq!(found_with(&allowed, "/var/log").len(), 1);
        assert_eq!(found_with(&allowed, "/var/log/pods/../audit").len(), 1);
        assert_eq!(found_with(&allowed, "/etc/localtime").len(), 1);
    }

    #[test]
    fn the_list_can_be_replaced() {
        let paths = serde_json::json!({"paths": ["/", "/srv/secret"]});
        assert!(found_with(&paths, "/etc").is_empty());
        assert_eq!(found_with(&paths, "/").len(), 1);
        assert_eq!(found_with(&paths, "/srv").len(), 1);
        let empty = serde_json::json!({"paths": []});
        assert!((SENSITIVE_HOST_PATH.compile)(empty.as_object().unwrap()).is_err());
        let relative = serde_json::json!({"paths": ["etc"]});
        assert!((SENSITIVE_HOST_PATH.compile)(relative.as_object().unwrap()).is_err());
    }
}
