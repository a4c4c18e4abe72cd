//! The scene: two operators, each behind a proxy, and what happens to them and to the control plane.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::history::History;
use crate::operator::Operator;
use crate::plane::{Cluster, HOME, OPERATOR, eventually};
use crate::proxy::Proxy;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    Kill,
    Terminate,
    Freeze,
    RestartServer,
    RestartStore,
    PauseServer,
    Compact,
    Cut,
    Withdraw,
    DropKind,
    DropLease,
}

/// Everything that can happen.
pub(crate) const EVENTS: &[Event] = &[
    Event::Kill,
    Event::Terminate,
    Event::Freeze,
    Event::RestartServer,
    Event::RestartStore,
    Event::PauseServer,
    Event::Compact,
    Event::Cut,
    Event::Withdraw,
    Event::DropKind,
    Event::DropLease,
];

/// Longer than a lease lasts that nobody renews.
const LONG: Duration = Duration::from_secs(18);

/// Kinds of ours that are deleted and made again.
const KINDS: &[&str] = &["riskexceptions", "securitystandards", "servicetiers"];

/// Rights that are withdrawn and given back: a verb, and what for.
const RIGHTS: &[(&str, &str)] = &[
    ("watch", "configmaps"),
    ("watch", "deployments"),
    ("list", "clusterrolebindings"),
    ("watch", "securitystandards"),
    ("patch", "riskexceptions/status"),
];

/// An operator, as the kubelet keeps it.
struct Replica {
    name: &'static str,
    proxy: Proxy,
    operator: Option<Operator>,
    starts: u32,
    folder: TempDir,
}

/// All of it.
pub(crate) struct Scene<'a> {
    cluster: &'a Cluster,
    dice: fastrand::Rng,
    replicas: Vec<Replica>,
    /// What no operator should do.
    pub(crate) wrongs: Vec<String>,
}

impl<'a> Scene<'a> {
    /// Two operators.
    pub(crate) fn open(cluster: &'a Cluster, seed: u64, history: &Arc<History>) -> Self {
        let kubeconfig = cluster.plane.kubeconfig(OPERATOR);
        let replica = |(number, name)| Replica {
            name,
            proxy: Proxy::start(&kubeconfig, seed + number, history),
            operator: None,
            starts: 0,
            folder: tempfile::tempdir().unwrap(),
        };
        let replicas = [(1, "first"), (2, "second")].into_iter().map(replica).collect();
        let dice = fastrand::Rng::with_seed(seed);
        let mut scene = Self { cluster, dice, replicas, wrongs: Vec::new() };
        scene.replicas.iter_mut().for_each(Replica::start);
        scene
    }

    /// Whether requests go wrong from now on.
    pub(crate) fn disturb(&self, disturb: bool) {
        self.replicas.iter().for_each(|it| it.proxy.disturb(disturb));
    }

    /// What went wrong with requests, and how often.
    pub(crate) fn disturbed(&self) -> String {
        let done = self.replicas.iter().map(|it| format!("{:?}", it.proxy.done()));
        done.collect::<Vec<_>>().join(" ")
    }

    /// Has something happen, to its end.
    pub(crate) fn happen(&mut self, event: Event) {
        let place = self.dice.usize(0..self.replicas.len());
        let moment = Duration::from_millis(self.dice.u64(200..3_000));
        let long = if self.dice.bool() { LONG } else { moment };
        match event {
            Event::Kill => {
                self.end(place, false);
                sleep(moment);
                self.replicas[place].start();
            }
            Event::Terminate => {
                self.end(place, true);
                self.replicas[place].start();
            }
            Event::Freeze => {
                self.operator(place).freeze();
                sleep(long);
                self.operator(place).thaw();
            }
            Event::RestartServer => self.cluster.plane.command("restart kube-apiserver"),
            Event::RestartStore => self.cluster.plane.command("restart etcd"),
            Event::PauseServer => {
                self.cluster.plane.command("pause kube-apiserver");
                sleep(long);
                self.cluster.plane.command("resume kube-apiserver");
            }
            Event::Compact => self.compact(place),
            Event::Cut => {
                self.replicas[place].proxy.down();
                sleep(moment);
                self.replicas[place].proxy.up();
            }
            Event::Withdraw => self.withdraw(moment),
            Event::DropKind => self.drop_kind(),
            Event::DropLease => {
                self.kubectl(&["delete", "lease", "stanchion", "-n", HOME, "--ignore-not-found"]);
            }
        }
        self.look_after();
    }

    /// While an operator is cut off, everything that it could go on from is forgotten.
    fn compact(&mut self, place: usize) {
        self.replicas[place].proxy.down();
        sleep(Duration::from_secs(1));
        self.cluster.plane.command("compact etcd");
        self.cluster.plane.command("restart kube-apiserver");
        self.replicas[place].proxy.up();
    }

    fn withdraw(&mut self, moment: Duration) {
        let (verb, what) = self.dice.choice(RIGHTS).copied().unwrap();
        let role = self.kubectl(&["get", "clusterrole", "stanchion", "-o", "json"]);
        let Ok(before) = serde_json::from_str::<Value>(&role) else { return };
        let mut rules = before["rules"].as_array().unwrap().clone();
        let of = |rule: &&mut Value| {
            let has = |field: &str, it: &str| rule[field].as_array().unwrap().contains(&json!(it));
            has("resources", what) && has("verbs", verb)
        };
        let found = rules.iter_mut().find(of).unwrap();
        found["resources"].as_array_mut().unwrap().retain(|it| it != what);
        let patch = |rules: &Value| json!({"rules": rules}).to_string();
        let set = |scene: &Self, rules: &Value| {
            scene.kubectl(&["patch", "clusterrole", "stanchion", "--type=merge", "-p", &patch(rules)])
        };
        set(self, &json!(rules));
        // A watch that runs is not ended by it.
        self.replicas.iter_mut().for_each(|it| it.proxy.down());
        self.replicas.iter_mut().for_each(|it| it.proxy.up());
        sleep(moment);
        set(self, &before["rules"]);
    }

    fn drop_kind(&mut self) {
        let kind = self.dice.choice(KINDS).copied().unwrap();
        let name = format!("{kind}.stanchion.dev");
        self.kubectl(&["delete", "crd", &name, "--timeout=30s"]);
        self.install();
    }

    /// Makes sure that our kinds are there.
    pub(crate) fn install(&self) {
        let crds = format!("{}/crds", env!("CARGO_MANIFEST_DIR"));
        // One that is still being deleted takes what is applied, and goes all the same.
        eventually("our kinds", || {
            self.kubectl(&["apply", "--server-side", "-f", &crds]);
            self.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"]);
            let going =
                self.kubectl(&["get", "crd", "-o", "jsonpath={.items[*].metadata.deletionTimestamp}"]);
            if going.is_empty() { Ok(()) } else { Err(format!("being deleted since {going}")) }
        });
    }

    fn kubectl(&self, arguments: &[&str]) -> String {
        eventually(&format!("kubectl {arguments:?}"), || {
            let output = self.cluster.plane.try_kubectl("admin", arguments);
            let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
        })
    }

    fn operator(&self, place: usize) -> &Operator {
        self.replicas[place].operator.as_ref().unwrap()
    }

    /// Notes an operator that ended by itself, and starts it again.
    fn look_after(&mut self) {
        for place in 0..self.replicas.len() {
            let replica = &mut self.replicas[place];
            let ended = replica.operator.as_mut().and_then(Operator::has_ended);
            if let Some(status) = ended {
                let log = replica.operator.as_ref().map(Operator::log).unwrap_or_default();
                let last = log.iter().rev().take(3);
                let last: Vec<String> = last.map(ToString::to_string).collect();
                self.wrongs.push(format!("{} ended by itself: {status} {last:?}", replica.name));
                self.end(place, false);
                self.replicas[place].start();
            }
        }
    }

    fn end(&mut self, place: usize, gracefully: bool) {
        let Some(operator) = self.replicas[place].operator.take() else { return };
        let written = operator.written();
        let bad = ["panicked at", "the evaluation failed"];
        let lines = written.lines().filter(|line| bad.iter().any(|bad| line.contains(bad)));
        self.wrongs.extend(lines.map(ToOwned::to_owned));
        if gracefully {
            let status = operator.terminate();
            if !status.success() {
                self.wrongs.push(format!("asked to stop, it ended with {status}"));
            }
        }
    }

    /// The number of the operators that lead.
    pub(crate) fn leaders(&self) -> usize {
        let leads =
            |it: &&Replica| it.operator.as_ref().is_some_and(|it| it.metric("stanchion_leader") > 0.0);
        self.replicas.iter().filter(leads).count()
    }

    /// Ends every operator.
    pub(crate) fn close(&mut self) {
        (0..self.replicas.len()).for_each(|place| self.end(place, true));
    }
}

impl Replica {
    /// Starts it, as a Pod of another name.
    fn start(&mut self) {
        self.starts += 1;
        let identity = format!("{}-{}", self.name, self.starts);
        self.proxy.belongs_to(&identity);
        let path: PathBuf = self.folder.path().join("kubeconfig");
        fs::File::create(&path).unwrap();
        write(&path, &self.proxy.kubeconfig());
        self.operator = Some(Operator::start_by(&path, &identity, &[]));
    }
}

#[expect(clippy::disallowed_methods, reason = "tests have files")]
fn write(path: &std::path::Path, text: &str) {
    fs::write(path, text).unwrap();
}
