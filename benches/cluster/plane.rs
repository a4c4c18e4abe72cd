//! The control plane, and a client that may do everything.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use stanchion::api;

use crate::controlplane::ControlPlane;

/// How long anything may take that is awaited.
const DEADLINE: Duration = Duration::from_secs(600);

/// How often is looked whether it has come: what is measured so is longer by this at most.
const STEP: Duration = Duration::from_millis(10);

/// The user that `deploy/rbac.yaml` gives its rights to.
pub(crate) const OPERATOR: &str = "system:serviceaccount:stanchion-system:stanchion";

/// The namespace of the lease.
pub(crate) const HOME: &str = "stanchion-system";

/// The standards: one of every control, and one of [`FLIPPED`] alone.
pub(crate) const STANDARDS: [&str; 2] = ["everything", "one-thing"];

/// The control that changes make a workload fail, and pass again.
pub(crate) const FLIPPED: &str = "pod.host-namespaces";

/// A control plane that knows our kinds, and in which the operator has the rights of `deploy/rbac.yaml`.
pub(crate) struct Cluster {
    pub(crate) plane: ControlPlane,
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) client: Client,
}

impl Cluster {
    /// Starts it.
    pub(crate) fn start() -> Self {
        let plane = ControlPlane::start_with(&["--audit-log"]);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let client = runtime.block_on(client(&plane.kubeconfig("admin")));
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for path in ["crds", "deploy/rbac.yaml"] {
            plane.kubectl(&["apply", "--server-side", "-f", &root.join(path).to_string_lossy()]);
        }
        plane.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
        Self { plane, runtime, client }
    }

    /// The kubeconfig of the operator's user.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.plane.kubeconfig(OPERATOR)
    }

    /// All standards.
    pub(crate) fn standards(&self) -> Api<DynamicObject> {
        let resource =
            ApiResource::from_gvk(&GroupVersionKind::gvk(api::GROUP, api::VERSION, "SecurityStandard"));
        Api::all_with(self.client.clone(), &resource)
    }

    /// How many workloads fail [`FLIPPED`] by the status of each standard, as far as there is one.
    pub(crate) fn failing(&self) -> Vec<Option<u64>> {
        let standards = self.standards();
        let status = |name| self.runtime.block_on(standards.get(name)).unwrap();
        STANDARDS.iter().map(|name| failing(&status(name))).collect()
    }

    /// Takes the statuses away, which no operator has written then.
    pub(crate) fn forget(&self) {
        for name in STANDARDS {
            let patch = Patch::Merge(json!({"status": null}));
            let standards = self.standards();
            self.runtime.block_on(standards.patch_status(name, &PatchParams::default(), &patch)).unwrap();
        }
    }
}

/// How many workloads fail [`FLIPPED`] by the status of a standard.
pub(crate) fn failing(standard: &DynamicObject) -> Option<u64> {
    let of_controls: &Vec<Value> = standard.data["status"]["controls"].as_array()?;
    of_controls.iter().find(|it| it["id"] == FLIPPED)?["failing"].as_u64()
}

/// A client by a kubeconfig.
pub(crate) async fn client(kubeconfig: &Path) -> Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}

/// Waits until something holds, and gives what it was; fails with what was last there instead.
pub(crate) fn eventually<T, W: Display>(what: &str, mut look: impl FnMut() -> Result<T, W>) -> T {
    let began = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(last) => assert!(began.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?}; last: {last}"),
        }
        std::thread::sleep(STEP);
    }
}
