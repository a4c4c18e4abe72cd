//! One control plane for all tests of this program, used by one of them at a time.

use std::path::Path;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use crate::controlplane::ControlPlane;

/// How long anything may take that is awaited: much more than it takes on a machine that does something else as well.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// How often is looked whether it has come.
const STEP: Duration = Duration::from_millis(40);

/// The user that `deploy/rbac.yaml` gives its rights to.
pub(crate) const OPERATOR: &str = "system:serviceaccount:stanchion-system:stanchion";

/// The namespace of the lease.
pub(crate) const HOME: &str = "stanchion-system";

/// A control plane that knows our kinds, and in which the operator has the rights of `deploy/rbac.yaml`.
pub(crate) struct Cluster {
    pub(crate) plane: ControlPlane,
    runtime: tokio::runtime::Runtime,
    client: Client,
}

/// The control plane, for one test at a time; whatever the one before left is gone.
pub(crate) fn cluster() -> MutexGuard<'static, Cluster> {
    static CLUSTER: LazyLock<Mutex<Cluster>> = LazyLock::new(|| Mutex::new(Cluster::start()));
    // A test that failed left nothing that the next one can't sweep.
    let cluster = CLUSTER.lock().unwrap_or_else(PoisonError::into_inner);
    cluster.sweep();
    cluster
}

impl Cluster {
    fn start() -> Self {
        let plane = ControlPlane::start_with(&["--audit-log"]);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(1).build().unwrap();
        let path = plane.kubeconfig("admin");
        let client = runtime.block_on(async {
            let kubeconfig = Kubeconfig::read_from(path).unwrap();
            let config =
                Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
            Client::try_from(config).unwrap()
        });
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let crds = root.join("crds");
        let rbac = root.join("deploy/rbac.yaml");
        for path in [&crds, &rbac] {
            plane.kubectl(&["apply", "--server-side", "-f", &path.to_string_lossy()]);
        }
        plane.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
        Self { plane, runtime, client }
    }

    fn api(&self, object: &Value) -> (Api<DynamicObject>, String) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (kind, api_version) = (text(&object["kind"]), text(&object["apiVersion"]));
        let namespace = object["metadata"]["namespace"].as_str();
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", &api_version));
        let resource = ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version: api_version.clone(),
            plural: plural(&kind),
            kind,
        };
        let api = match namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        };
        (api, text(&object["metadata"]["name"]))
    }

    /// Creates an object, with its status where it has one.
    pub(crate) fn try_create(&self, object: &Value) -> Result<Value, kube::Error> {
        let (api, name) = self.api(object);
        let mut object = object.clone();
        let status = object.as_object_mut().and_then(|fields| fields.remove("status"));
        let parameters = PostParams { field_manager: Some("test".to_owned()), ..PostParams::default() };
        let mut created: DynamicObject = serde_json::from_value(object).unwrap();
        self.runtime.block_on(async {
            created = api.create(&parameters, &created).await?;
            if let Some(status) = status {
                let patch = Patch::Merge(json!({"status": status}));
                created = api.patch_status(&name, &PatchParams::default(), &patch).await?;
            }
            Ok(serde_json::to_value(&created).unwrap())
        })
    }

    /// Creates an object.
    pub(crate) fn create(&self, object: &Value) -> Value {
        self.try_create(object).unwrap_or_else(|error| panic!("{object}: {error}"))
    }

    /// Makes sure that a namespace is there, with these labels and annotations and no others.
    pub(crate) fn namespace(&self, name: &str, labels: &Value, annotations: &Value) {
        let mut metadata = json!({"name": name, "annotations": annotations});
        if labels.is_object() {
            metadata["labels"] = labels.clone();
        }
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
        let (api, _) = self.api(&namespace);
        let parameters = PatchParams::apply("test").force();
        self.runtime.block_on(api.patch(name, &parameters, &Patch::Apply(&namespace))).unwrap();
    }

    /// Changes an object.
    pub(crate) fn patch(&self, object: &Value, patch: &Value) {
        let (api, name) = self.api(object);
        let patch = Patch::Merge(patch);
        self.runtime.block_on(api.patch(&name, &PatchParams::default(), &patch)).unwrap();
    }

    /// Changes a subresource of an object.
    pub(crate) fn patch_subresource(&self, object: &Value, subresource: &str, patch: &Value) {
        let (api, name) = self.api(object);
        let patch = Patch::Merge(patch);
        self.runtime
            .block_on(api.patch_subresource(subresource, &name, &PatchParams::default(), &patch))
            .unwrap();
    }

    /// Applies a status under the name of another manager.
    pub(crate) fn apply_status(&self, object: &Value, manager: &str, status: &Value) {
        let (api, name) = self.api(object);
        let body = json!({
            "apiVersion": object["apiVersion"],
            "kind": object["kind"],
            "metadata": {"name": name},
            "status": status,
        });
        let parameters = PatchParams::apply(manager);
        self.runtime.block_on(api.patch_status(&name, &parameters, &Patch::Apply(&body))).unwrap();
    }

    /// The object as it is; null if it is gone.
    pub(crate) fn get(&self, object: &Value) -> Value {
        let (api, name) = self.api(object);
        let found = self.runtime.block_on(api.get_opt(&name)).unwrap();
        found.map_or(Value::Null, |object| serde_json::to_value(object).unwrap())
    }

    /// Deletes an object at once.
    pub(crate) fn delete(&self, object: &Value) {
        let (api, name) = self.api(object);
        let _ = self.runtime.block_on(api.delete(&name, &DeleteParams::background().grace_period(0)));
    }

    /// Installs the rules of `deploy/policies.yaml`, or removes them.
    pub(crate) fn set_rules(&self, installed: bool) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/policies.yaml");
        let path = path.to_string_lossy();
        if installed {
            self.plane.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", &path]);
        } else {
            self.plane.kubectl(&["delete", "--ignore-not-found", "-f", &path]);
        }
    }

    /// Deletes what a test can have made. Namespaces stay, for nobody would end them.
    fn sweep(&self) {
        let ours =
            [("stanchion.dev/v1alpha1", "SecurityStandard"), ("stanchion.dev/v1alpha1", "ServiceTier")];
        let namespaced = [
            ("stanchion.dev/v1alpha1", "RiskException"),
            ("v1", "Pod"),
            ("v1", "ReplicationController"),
            ("apps/v1", "DaemonSet"),
            ("apps/v1", "Deployment"),
            ("apps/v1", "ReplicaSet"),
            ("apps/v1", "StatefulSet"),
            ("batch/v1", "CronJob"),
            ("batch/v1", "Job"),
            ("policy/v1", "PodDisruptionBudget"),
            ("coordination.k8s.io/v1", "Lease"),
        ];
        for (api_version, kind) in ours.into_iter().chain(namespaced) {
            let (api, _) = self.api(&json!({"apiVersion": api_version, "kind": kind}));
            let listed = self.runtime.block_on(api.list(&ListParams::default())).unwrap();
            for object in listed {
                let object = json!({"apiVersion": api_version, "kind": kind, "metadata": object.metadata});
                if kind != "Lease" || object["metadata"]["namespace"] == HOME {
                    self.delete(&object);
                }
            }
        }
    }

    /// The kubeconfig of the operator's user.
    pub(crate) fn kubeconfig(&self) -> std::path::PathBuf {
        self.plane.kubeconfig(OPERATOR)
    }
}

/// Waits until something holds, and gives what it was; fails with what was last there instead.
pub(crate) fn eventually<T, W: std::fmt::Display>(what: &str, mut look: impl FnMut() -> Result<T, W>) -> T {
    eventually_within(DEADLINE, what, &mut look)
}

/// The same with a deadline of one's own.
pub(crate) fn eventually_within<T, W: std::fmt::Display>(
    deadline: Duration,
    what: &str,
    look: &mut impl FnMut() -> Result<T, W>,
) -> T {
    let begun = now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(last) => assert!(begun.elapsed() < deadline, "{what}: not within {deadline:?}; last: {last}"),
        }
        std::thread::sleep(STEP);
    }
}

/// A moment to measure from.
#[expect(clippy::disallowed_methods, reason = "tests have a clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// How the API server names a kind in paths.
pub(crate) fn plural(kind: &str) -> String {
    let singular = kind.to_lowercase();
    match singular.strip_suffix('y') {
        Some(stem) if !stem.ends_with('a') => format!("{stem}ies"),
        _ if singular.ends_with('s') => singular + "es",
        _ => singular + "s",
    }
}

/// The time of day, which the operator under test has as well.
#[expect(clippy::disallowed_methods, reason = "tests have a clock")]
pub(crate) fn clock() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
