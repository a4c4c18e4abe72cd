//! Small worlds, made at random from what matters to the engine.

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};
use stanchion::api::{RiskException, SecurityStandard, ServiceTier};
use stanchion::engine::catalogue;
use stanchion::engine::evaluate::{Assessment, assess};
use stanchion::engine::policy::{Policy, Settings};
use stanchion::engine::posture::{Posture, measure};
use stanchion::engine::status::Findings;
use stanchion::facts::object::{Object, ObjectKind};
use stanchion::facts::{Inventory, WorkloadKind};

/// Controls that look at a workload's tier: their findings may come and go with it.
const OF_TIERS: [&str; 2] = ["pod.no-disruption-budget", "pod.single-replica"];

/// The time that scenes are judged for: 2026-11-23T12:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::constant(1_795_435_200, 0);

/// When every exception of a scene has ended: a year later.
pub(crate) const END: Timestamp = Timestamp::constant(1_795_435_200 + 31_536_000, 0);

/// A cluster and what people decided.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scene {
    pub(crate) workloads: Vec<Value>,
    pub(crate) standards: Vec<SecurityStandard>,
    pub(crate) tiers: Vec<ServiceTier>,
    pub(crate) exceptions: Vec<RiskException>,
}

impl Scene {
    fn policy(&self) -> Policy {
        let Self { standards, tiers, exceptions, .. } = self;
        let (policy, refused) = Policy::compile(standards, tiers, exceptions, Settings::default());
        assert_eq!(refused, [], "a scene is made of what compiles");
        policy
    }

    fn inventory(&self) -> Inventory {
        let mut inventory = Inventory::default();
        for workload in &self.workloads {
            let kind = ObjectKind::Workload(WorkloadKind::Deployment);
            if let Ok(workload) = Object::decode(kind, workload) {
                inventory.put(workload);
            }
        }
        inventory
    }

    /// Judges it.
    pub(crate) fn judge(&self) -> Assessment {
        self.judge_at(NOW)
    }

    /// Judges it at a time.
    pub(crate) fn judge_at(&self, now: Timestamp) -> Assessment {
        assess(&self.policy(), &self.inventory(), now)
    }

    /// Counts it.
    pub(crate) fn measure(&self) -> Posture {
        measure(&self.policy(), &self.judge())
    }

    /// Every status.
    pub(crate) fn statuses(&self) -> Value {
        let written = self.with_statuses();
        let named = |meta: &kube::core::ObjectMeta, status: Value| (meta.name.clone().unwrap(), status);
        let standards = written.standards.iter().map(|it| named(&it.metadata, json!(it.status)));
        let tiers = written.tiers.iter().map(|it| named(&it.metadata, json!(it.status)));
        let exceptions = written.exceptions.iter().map(|it| named(&it.metadata, json!(it.status)));
        json!({
            "standards": standards.collect::<Map<_, _>>(),
            "tiers": tiers.collect::<Map<_, _>>(),
            "exceptions": exceptions.collect::<Map<_, _>>(),
        })
    }

    /// The same with the statuses that an operator would write.
    pub(crate) fn with_statuses(&self) -> Self {
        let policy = self.policy();
        let assessment = assess(&policy, &self.inventory(), NOW);
        let posture = measure(&policy, &assessment);
        let findings = Findings { policy: &policy, assessment: &assessment, posture: &posture };
        let mut written = self.clone();
        for standard in &mut written.standards {
            let name = standard.metadata.name.as_deref().unwrap();
            let index = policy.standards.iter().position(|it| it.name == name).unwrap();
            standard.status = findings.standard(index, standard.status.as_ref(), 1);
        }
        for tier in &mut written.tiers {
            let name = tier.metadata.name.as_deref().unwrap();
            tier.status = findings.tier(name, tier.status.as_ref(), 1);
        }
        for exception in &mut written.exceptions {
            let name = exception.metadata.name.as_deref().unwrap();
            let index = policy.exceptions.iter().position(|it| it.name == name).unwrap();
            exception.status = findings.exception(index, exception.status.as_ref(), 1);
        }
        written
    }
}

/// Any scene.
pub(crate) fn scene() -> impl Strategy<Value = Scene> {
    (vec(workload(), 1..6), vec(standard(), 1..4), tiers(), vec(exception(), 0..5)).prop_map(
        |(workloads, standards, tiers, exceptions)| Scene {
            workloads: numbered(workloads, "workload"),
            standards: typed(numbered(standards, "standard")),
            tiers: typed(tiers),
            exceptions: typed(numbered(exceptions, "exception")),
        },
    )
}

fn numbered(mut objects: Vec<Value>, what: &str) -> Vec<Value> {
    for (number, object) in objects.iter_mut().enumerate() {
        object["metadata"]["name"] = json!(format!("{what}-{number}"));
    }
    objects
}

fn typed<T: serde::de::DeserializeOwned>(objects: Vec<Value>) -> Vec<T> {
    objects.into_iter().map(|object| serde_json::from_value(object).unwrap()).collect()
}

fn workload() -> impl Strategy<Value = Value> {
    let labels = (select(vec!["a", "b"]), select(vec!["gold", "silver", "none"]), any::<bool>());
    (select(vec!["shop", "payments"]), labels, template()).prop_map(
        |(namespace, (app, tier, claims), template)| {
            let mut labels = json!({"app": app, "tier": tier});
            if claims {
                labels["stanchion.dev/tier"] = json!("2");
            }
            json!({
                "metadata": {"namespace": namespace, "labels": labels},
                "spec": {"template": template},
            })
        },
    )
}

/// A pod template with something of everything that controls look at.
pub(crate) fn template() -> impl Strategy<Value = Value> {
    (vec(container(), 1..4), pod_fields(), vec(volume(), 0..3), 0_usize..3).prop_map(
        |(containers, mut spec, volumes, init)| {
            let named: Vec<Value> = numbered_containers(containers);
            let init = init.min(named.len() - 1);
            let (first, rest) = named.split_at(init);
            spec["initContainers"] = json!(first);
            spec["containers"] = json!(rest);
            spec["volumes"] = json!(volumes);
            json!({"metadata": {"labels": {"app": "it"}}, "spec": spec})
        },
    )
}

fn numbered_containers(mut containers: Vec<Value>) -> Vec<Value> {
    for (number, container) in containers.iter_mut().enumerate() {
        container["name"] = json!(format!("c{number}"));
    }
    containers
}

/// Some of these fields.
fn some_of(fields: Value) -> impl Strategy<Value = Value> {
    let Value::Object(fields) = fields else { panic!("fields") };
    let pairs: Vec<(String, Value)> = fields.into_iter().collect();
    let most = pairs.len();
    subsequence(pairs, 0..=most).prop_map(|kept| Value::Object(kept.into_iter().collect()))
}

fn security() -> impl Strategy<Value = Value> {
    (
        some_of(json!({
            "runAsUser": 0, "runAsGroup": 0, "runAsNonRoot": true, "privileged": true, "procMount": "Unmasked",
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
            "seccompProfile": {"type": "RuntimeDefault"}, "appArmorProfile": {"type": "Unconfined"},
            "seLinuxOptions": {"type": "spc_t"}, "windowsOptions": {"hostProcess": true},
        })),
        some_of(json!({"add": ["SYS_ADMIN", "CHOWN"], "drop": ["ALL"]})),
    )
        .prop_map(|(mut security, capabilities)| {
            security["capabilities"] = capabilities;
            security
        })
}

fn container() -> impl Strategy<Value = Value> {
    let images = ["nginx", "ghcr.io/acme/app:1", "ghcr.io/Acme/app", "ghcr.io/acme/app:latest"];
    let fields = some_of(json!({
        "ports": [{"containerPort": 80, "hostPort": 80}, {"containerPort": 81}],
        "livenessProbe": {"httpGet": {"host": "example.com", "port": 80}},
        "readinessProbe": {"tcpSocket": {"port": 80}},
        "imagePullPolicy": "Always",
        "restartPolicy": "Always",
        "resources": {"limits": {"memory": "1Gi", "cpu": 1}},
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    }));
    (select(images.to_vec()), security(), fields).prop_map(|(image, security, mut container)| {
        container["image"] = json!(image);
        container["securityContext"] = security;
        container
    })
}

fn pod_fields() -> impl Strategy<Value = Value> {
    let fields = some_of(json!({
        "hostNetwork": true, "hostPID": true, "hostUsers": false, "shareProcessNamespace": true,
        "enableServiceLinks": false, "os": {"name": "windows"}, "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["a"]}],
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}},
    }));
    (fields, security()).prop_map(|(mut spec, security)| {
        spec["securityContext"] = security;
        spec
    })
}

fn volume() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"name": "v"}),
        json!({"name": "v", "hostPath": {"path": "/var/run"}}),
        json!({"name": "v", "hostPath": {"path": "/srv"}}),
        json!({"name": "v", "nfs": {"server": "a", "path": "/b"}}),
        json!({"name": "v", "image": {"reference": "nginx:latest"}}),
    ])
}

fn standard() -> impl Strategy<Value = Value> {
    let ids: Vec<&str> =
        catalogue::all().iter().map(|it| it.id).filter(|id| !OF_TIERS.contains(id)).collect();
    let scopes = vec![json!({}), json!({"workloadSelector": {"matchLabels": {"app": "a"}}})];
    let plans = vec![
        json!({}),
        json!({"stages": [{"action": "Audit", "soak": "7d", "promoteAt": {"compliance": 90}}, {"action": "Deny"}]}),
        json!({"stages": [{"action": "Audit", "soak": "1d"}, {"action": "Warn"}], "hold": true}),
    ];
    (subsequence(ids, 1..6), select(scopes), select(plans)).prop_map(|(ids, scope, rollout)| {
        let controls: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        json!({
            "apiVersion": "stanchion.dev/v1alpha1",
            "kind": "SecurityStandard",
            "metadata": {},
            "spec": {"controls": controls, "scope": scope, "rollout": rollout},
        })
    })
}

/// The more critical a tier, the narrower its bounds.
fn tiers() -> impl Strategy<Value = Vec<Value>> {
    let tier = |name: &str, level: i32, bounds: Value| {
        json!({
            "apiVersion": "stanchion.dev/v1alpha1",
            "kind": "ServiceTier",
            "metadata": {"name": name},
            "spec": {
                "level": level,
                "default": level == 2,
                "selectors": [{"workloadSelector": {"matchLabels": {"tier": name}}}],
                "exceptions": bounds,
            },
        })
    };
    Just(vec![
        tier("gold", 0, json!({"maxDuration": "30d", "requiredApprovals": 2, "maxRenewals": 0})),
        tier("silver", 1, json!({"maxDuration": "60d", "requiredApprovals": 1, "maxRenewals": 1})),
        tier("bronze", 2, json!({"maxDuration": "90d", "requiredApprovals": 1, "maxRenewals": 2})),
    ])
}

fn exception() -> impl Strategy<Value = Value> {
    let controls = vec![
        json!(["pod.*"]),
        json!(["image.*", "pod.privileged"]),
        json!(["pod.runs-as-root", "pod.from-the-future"]),
    ];
    let targets = vec![
        json!({"names": ["workload-0", "workload-1"]}),
        json!({"selector": {"matchLabels": {"app": "a"}}}),
        json!({"images": ["ghcr.io/acme/**"]}),
        json!({"names": ["workload-0", "workload-2"], "containers": ["c0"]}),
    ];
    let approvals = vec![json!([]), json!([{"by": "ana"}]), json!([{"by": "ana"}, {"by": "bo"}])];
    let more = some_of(json!({
        "renews": "exception-0",
        "maxWorkloads": 1,
        "requestedBy": "ana",
        "compensatingControls": [{"control": "pod.host-namespaces"}],
    }));
    let fields = (select(controls), select(targets), select(approvals), more);
    (select(vec!["shop", "payments"]), fields, 1_i64..100).prop_map(|(namespace, fields, days)| {
        let (controls, target, approvals, mut spec) = fields;
        let day =
            |number: i64| Timestamp::from_second(NOW.as_second() + 86_400 * number).unwrap().to_string();
        spec["controls"] = controls;
        spec["target"] = target;
        spec["approvals"] = approvals;
        spec["reason"] = json!("It is being rewritten this month, and then it ends.");
        spec["owner"] = json!("team-shop");
        spec["validFrom"] = json!(day(-10));
        spec["expiresAt"] = json!(day(days - 10));
        json!({
            "apiVersion": "stanchion.dev/v1alpha1",
            "kind": "RiskException",
            "metadata": {"namespace": namespace},
            "spec": spec,
        })
    })
}

/// Any JSON, with the names of fields that mean something.
pub(crate) fn anything() -> impl Strategy<Value = Value> {
    let names = vec![
        "metadata",
        "spec",
        "template",
        "jobTemplate",
        "containers",
        "initContainers",
        "volumes",
        "hostPath",
        "path",
        "securityContext",
        "capabilities",
        "add",
        "name",
        "namespace",
        "labels",
        "image",
        "ports",
        "hostPort",
        "type",
        "ownerReferences",
        "controller",
        "replicas",
        "annotations",
        "resources",
        "limits",
        "os",
        "runAsUser",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        select(vec!["/", "..", "nginx:1@sha256:", "*", "[", "-1", "0"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((select(names.clone()), inner), 0..6).prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}
