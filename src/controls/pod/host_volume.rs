//! The `hostPath` volumes of a workload, and their paths as the node resolves them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::control::{Context, Finding};
use crate::facts::{Container, Text, Workload};

/// A path on a node, compared by whole parts, so that `/etc` holds `/etc/kubernetes` and not `/etcd`. Doubled and
/// trailing slashes, `.` and `..` don't matter, `/var/run` is `/run` as on every current distribution, and what
/// stands below `/proc/1/root` is the node's root again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub(super) struct ResolvedPath {
    written: String,
    parts: Vec<String>,
}

impl ResolvedPath {
    /// The path as the node resolves it.
    pub(super) fn new(written: &str) -> Self {
        let mut parts: Vec<&str> = Vec::new();
        // A Windows path, such as that of a named pipe, has the other slash.
        for part in written.split(['/', '\\']) {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
            if let ["proc", "1" | "self", "root"] = parts.as_slice() {
                parts.clear();
            }
        }
        if let ["var", "run", ..] = parts.as_slice() {
            parts.remove(0);
        }
        Self { written: written.to_owned(), parts: parts.into_iter().map(str::to_owned).collect() }
    }

    /// All of these paths.
    pub(super) fn list(written: &[&str]) -> Vec<Self> {
        written.iter().copied().map(Self::new).collect()
    }

    /// Whether `other` is this path or stands below it.
    pub(super) fn holds(&self, other: &Self) -> bool {
        other.parts.starts_with(&self.parts)
    }

    /// Whether this is the node's root.
    pub(super) fn is_root(&self) -> bool {
        self.parts.is_empty()
    }
}

impl fmt::Display for ResolvedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl TryFrom<String> for ResolvedPath {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        let on_windows = written.starts_with(r"\\") || written.get(1..2) == Some(":");
        if written.starts_with('/') || on_windows {
            Ok(Self::new(&written))
        } else {
            Err(format!("`{written}` is no absolute path; write one such as `/var/log`"))
        }
    }
}

impl From<ResolvedPath> for String {
    fn from(path: ResolvedPath) -> Self {
        path.written
    }
}

/// A `hostPath` volume of a workload.
pub(super) struct HostVolume<'a> {
    /// The volume's name.
    pub(super) name: &'a Text,
    /// The path on the node.
    pub(super) path: ResolvedPath,
    workload: &'a Workload,
    index: usize,
}

impl HostVolume<'_> {
    /// A finding at the volume's path.
    pub(super) fn finding(&self, message: String) -> Finding {
        let path = self.workload.spec_path().key("volumes").index(self.index);
        Finding::new(path.keys(&["hostPath", "path"]), message).discriminator(self.name).value(&self.path)
    }
}

/// The `hostPath` volumes of a workload, but for those that only exempt containers mount.
pub(super) fn host_volumes<'a>(
    workload: &'a Workload,
    context: &Context<'a>,
) -> impl Iterator<Item = HostVolume<'a>> {
    let context = *context;
    workload.spec().volumes.iter().enumerate().filter_map(move |(index, volume)| {
        let written = volume.host_path.as_ref().map(|host| &host.path).filter(|path| !path.is_empty())?;
        let exempt = only_exempt_containers_mount(&volume.name, workload, &context);
        (!exempt).then(|| HostVolume {
            name: &volume.name,
            path: ResolvedPath::new(written),
            workload,
            index,
        })
    })
}

fn only_exempt_containers_mount(volume: &str, workload: &Workload, context: &Context<'_>) -> bool {
    let mounts = |container: &Container| container.volume_mounts.iter().any(|mount| mount.name == volume);
    !context.common.exempt_images.is_empty()
        && workload.containers().any(|container| mounts(&container))
        && !context.containers(workload).any(|container| mounts(&container))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(above: &str, below: &str) -> bool {
        ResolvedPath::new(above).holds(&ResolvedPath::new(below))
    }

    #[test]
    fn a_path_holds_itself_and_what_stands_below_it() {
        assert!(holds("/etc", "/etc"));
        assert!(holds("/etc", "/etc/kubernetes/pki"));
        assert!(!holds("/etc", "/etcd"));
        assert!(!holds("/etc/kubernetes", "/etc"));
        assert!(holds("/", "/anything"));
    }

    #[test]
    fn ways_of_writing_one_path_are_one_path() {
        for written in [
            "/etc/",
            "//etc",
            "/./etc/.",
            "/var/../etc",
            "/../etc",
            "/proc/1/root/etc",
            "/proc/self/root//etc",
        ] {
            assert!(holds("/etc", written) && holds(written, "/etc"), "{written}");
        }
        assert!(holds("/run", "/var/run/docker.sock") && holds("/var/run", "/run/docker.sock"));
        assert!(ResolvedPath::new("/proc/1/root/").is_root());
        assert!(!holds("/run", "/var/runner"));
        assert!(holds("/proc", "/proc/4711/root/etc") && !holds("/etc", "/proc/4711/root/etc"));
    }

    #[test]
    fn a_windows_path_has_parts_too() {
        assert!(holds(r"\\.\pipe", r"\\.\pipe\docker_engine"));
        assert!(holds(r"\\.\pipe\docker_engine", "//./pipe/docker_engine"));
    }

    #[test]
    fn a_parameter_is_an_absolute_path() {
        assert!(ResolvedPath::try_from("var/log".to_owned()).unwrap_err().contains("no absolute path"));
        assert!(ResolvedPath::try_from(r"C:\var\log".to_owned()).is_ok());
    }
}
