//! A real API server for tests: starts `target/controlplane/bin/controlplane`, and stops it whatever happens. With
//! `STANCHION_KUBERNETES=1.33` it is the one of that version, in `target/controlplane-1.33`.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::{Mutex, OnceLock, mpsc},
    thread,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

/// How long a start may take, on a machine that does something else at the same time.
const READY_WITHIN: Duration = Duration::from_secs(200);
/// How long a stop may take before it is enforced.
const STOPPED_WITHIN: Duration = Duration::from_secs(20);

/// A control plane of one's own: API server and etcd, no nodes. It ends with this value, and with the process.
pub(crate) struct ControlPlane {
    launcher: Child,
    /// The launcher stops when this ends, which it also does when the process dies.
    stdin: Option<ChildStdin>,
    /// What the launcher prints, line by line.
    lines: Mutex<mpsc::Receiver<String>>,
    dir: TempDir,
}

impl ControlPlane {
    /// The one that all tests of this program share. Use a namespace of your own in it.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<ControlPlane> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one, after building it where it isn't built yet.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with further flags of `controlplane up`.
    pub(crate) fn start_with(flags: &[&str]) -> Self {
        let launcher = program("controlplane");
        if !launcher.exists() {
            build();
        }
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        remove_leftovers(parent);
        let dir = tempfile::Builder::new().prefix("controlplane-").tempdir_in(parent).unwrap();
        let mut launcher = Command::new(launcher)
            .args(["up", "--timeout=180s", "--dir"])
            .arg(dir.path())
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = launcher.stdin.take();
        let stdout = BufReader::new(launcher.stdout.take().unwrap());
        let (send, lines) = mpsc::channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        // From here on a panic stops it.
        let plane = Self { launcher, stdin, lines: Mutex::new(lines), dir };
        let ready = plane.answer();
        assert_eq!(ready["ready"], true, "{ready}");
        plane
    }

    /// Has the launcher carry out a command such as `restart kube-apiserver`, and waits until it is done.
    pub(crate) fn command(&self, command: &str) {
        let mut stdin = self.stdin.as_ref().expect("it is open until the end");
        writeln!(stdin, "{command}").unwrap();
        let answer = self.answer();
        assert_eq!(answer["ok"], true, "{command}: {answer}");
    }

    fn answer(&self) -> Value {
        let line = self.lines.lock().unwrap().recv_timeout(READY_WITHIN);
        serde_json::from_str(&line.expect("no answer in time; what the control plane said is above")).unwrap()
    }

    /// The log of every request, where it was started with `--audit-log`.
    pub(crate) fn audit_log(&self) -> PathBuf {
        self.dir.path().join("audit.log")
    }

    /// The path of a user's kubeconfig: `admin` may do everything, and any other name nothing until it is given a role.
    pub(crate) fn kubeconfig(&self, user: &str) -> PathBuf {
        let path = self.dir.path().join(format!("{user}.kubeconfig"));
        if !path.exists() {
            let mut command = Command::new(program("controlplane"));
            let made = command.arg("user").arg("--dir").arg(self.dir.path()).arg(user).output().unwrap();
            assert!(made.status.success(), "{}", text(&made.stderr));
        }
        path
    }

    /// Runs kubectl as `admin`, and gives what it printed; panics where it fails.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        let output = self.try_kubectl("admin", arguments);
        assert!(output.status.success(), "kubectl {arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// The minor version of its API server: 33 of 1.33.
    pub(crate) fn minor_version(&self) -> u64 {
        let printed: serde_json::Value =
            serde_json::from_str(&self.kubectl(&["get", "--raw", "/version"])).unwrap();
        printed["minor"].as_str().unwrap().parse().unwrap()
    }

    /// Runs kubectl as a user, whatever comes of it.
    pub(crate) fn try_kubectl(&self, user: &str, arguments: &[&str]) -> Output {
        let kubeconfig = self.kubeconfig(user);
        let home = self.dir.path(); // where kubectl keeps its cache
        Command::new(program("kubectl"))
            .env("KUBECONFIG", kubeconfig)
            .env("HOME", home)
            .args(arguments)
            .output()
            .unwrap()
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let step = Duration::from_millis(50);
        for _ in 0..STOPPED_WITHIN.as_millis() / step.as_millis() {
            if matches!(self.launcher.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(step);
        }
        // Its servers die with it.
        let _ = self.launcher.kill();
        let _ = self.launcher.wait();
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Of the newest Kubernetes, or of the one that `STANCHION_KUBERNETES` names.
#[expect(clippy::disallowed_methods, reason = "tests have an environment")]
fn program(name: &str) -> PathBuf {
    let version = std::env::var("STANCHION_KUBERNETES").unwrap_or_default();
    let dash = if version.is_empty() { "" } else { "-" };
    root().join(format!("target/controlplane{dash}{version}/bin")).join(name)
}

fn build() {
    let built = Command::new(root().join("tests/controlplane/build.sh")).status();
    let built = built.expect("tests/controlplane/build.sh can't be run");
    assert!(built.success(), "tests/controlplane/build.sh failed; what it said is above");
}

/// A shared control plane stops with its process, but nobody is left to remove its directory: the next start does.
/// Whoever can take the launcher's lock knows that it is gone.
fn remove_leftovers(parent: &Path) {
    for entry in parent.read_dir().into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with("controlplane-");
        let lock = fs::OpenOptions::new().write(true).open(entry.path().join("lock"));
        if ours && lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// What a program printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
