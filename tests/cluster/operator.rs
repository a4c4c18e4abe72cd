//! The operator as a process of its own, as in a Pod.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::plane::{Cluster, HOME, eventually};

/// A running operator. It ends with this value.
pub(crate) struct Operator {
    child: Child,
    folder: TempDir,
    address: String,
}

impl Operator {
    /// Starts it, and waits until its first evaluation is done.
    pub(crate) fn ready(cluster: &Cluster, identity: &str) -> Self {
        Self::ready_with(cluster, identity, &[])
    }

    /// The same, where names count while the API server's rules are in place.
    pub(crate) fn ready_and_vouched_for(cluster: &Cluster, identity: &str) -> Self {
        Self::ready_with(cluster, identity, &["--trust", "enforced"])
    }

    /// The same with more flags.
    pub(crate) fn ready_with(cluster: &Cluster, identity: &str, flags: &[&str]) -> Self {
        let operator = Self::start_with(cluster, identity, flags);
        eventually("readyz of the operator", || operator.answers("/readyz", "200"));
        operator
    }

    /// Starts it, and waits until it listens. Names count as they are written: most tests write them.
    pub(crate) fn start(cluster: &Cluster, identity: &str) -> Self {
        Self::start_with(cluster, identity, &[])
    }

    /// The same with more flags.
    pub(crate) fn start_with(cluster: &Cluster, identity: &str, flags: &[&str]) -> Self {
        Self::start_by(&cluster.kubeconfig(), identity, flags)
    }

    /// The same by a kubeconfig of its own.
    pub(crate) fn start_by(kubeconfig: &Path, identity: &str, flags: &[&str]) -> Self {
        Self::launch("controller", kubeconfig, identity, flags)
    }

    /// The same by another command.
    pub(crate) fn launch(command: &str, kubeconfig: &Path, identity: &str, flags: &[&str]) -> Self {
        let subcommand = command;
        let folder = tempfile::tempdir().unwrap();
        let log = fs::File::create_new(folder.path().join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_stanchion"));
        command.args([subcommand, "--http", "127.0.0.1:0", "--namespace", HOME, "--identity", identity]);
        let trust: &[&str] =
            if flags.iter().any(|flag| flag.starts_with("--trust")) { &[] } else { &["--trust", "recorded"] };
        command.args(trust).args(flags).arg("--kubeconfig").arg(kubeconfig);
        for variable in [
            "STANCHION_LOG",
            "STANCHION_WORKLOAD_KINDS",
            "STANCHION_TRUST",
            "STANCHION_CLUSTER_NAME",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ] {
            command.env_remove(variable);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut operator = Self { child, folder, address: String::new() };
        operator.address = eventually("the address that the operator listens on", || {
            let lines = operator.log();
            let line = lines.iter().find(|line| line["address"].is_string());
            line.and_then(|line| line["address"].as_str()).map(str::to_owned).ok_or("not in its log")
        });
        operator
    }

    /// Where it answers an API server.
    pub(crate) fn webhook(&self) -> String {
        eventually("the address of the webhook", || {
            let lines = self.log();
            let line = lines.iter().find(|line| line["message"] == "answering the API server");
            line.and_then(|line| line["address"].as_str()).map(str::to_owned).ok_or("not in its log")
        })
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        self.written().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// What it wrote so far, log or not.
    #[expect(clippy::disallowed_methods, reason = "tests have files")]
    pub(crate) fn written(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The status line and the body of an answer.
    pub(crate) fn http(&self, path: &str) -> (String, String) {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(&self.address)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let answer = ask().unwrap_or_else(|error| error.to_string());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        (head.lines().next().unwrap_or_default().to_owned(), body.to_owned())
    }

    /// Whether a probe answers with this status.
    pub(crate) fn answers(&self, path: &str, status: &str) -> Result<(), String> {
        let (line, body) = self.http(path);
        if line.contains(status) { Ok(()) } else { Err(format!("{line} {body} {:?}", self.log().last())) }
    }

    /// The sum of a metric over all of its labels.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let (_, body) = self.http("/metrics");
        let of_it = |line: &&str| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with([' ', '{']))
        };
        let value = |line: &str| line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
        body.lines().filter(of_it).filter_map(value).sum()
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Stops the process as it stands; it doesn't notice.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// How it ended, if it did.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Asks it to stop, as the kubelet does.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        self.signal("-TERM");
        eventually("the end of the operator", || self.child.try_wait().unwrap().ok_or("it runs"))
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
