//! Workloads of a large cluster, as its API server would have them.

use serde_json::{Value, json};

/// Metadata as an API server has it, with what no fact keeps.
pub(crate) fn meta(namespace: &str, name: &str) -> Value {
    let fields = json!({"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {}}}}});
    let managed = json!([{"manager": "kubectl", "operation": "Apply", "apiVersion": "apps/v1", "time": "2026-11-01T10:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": fields}]);
    let mut meta = json!({
        "name": name, "uid": format!("7e6c6a9a-3b1c-4c0e-9d5e-{:012x}", name.len()), "resourceVersion": "123456",
        "creationTimestamp": "2026-11-01T10:00:00Z", "generation": 1, "managedFields": managed,
    });
    if !namespace.is_empty() {
        meta["namespace"] = json!(namespace);
    }
    meta
}

/// A workload, and what comes with it.
pub(crate) fn objects_of(number: usize) -> Vec<Value> {
    let (namespace, name) = (format!("team-{}", number / 100), format!("service-{number}"));
    let labels = json!({"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": format!("product-{}", number / 10), "team": format!("team-{}", number / 100)});
    let image = format!("registry.example.com/team-{}/{name}:1.{}.0", number / 100, number % 7);
    let spec = spec(number, &name, &image);
    let named = |kind: &str, name: &str, owner: Option<(&str, &str)>| {
        let mut meta = meta(&namespace, name);
        meta["labels"] = labels.clone();
        if let Some((kind, name)) = owner {
            meta["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "u", "controller": true}]);
        }
        json!({"apiVersion": if kind == "Deployment" || kind == "ReplicaSet" { "apps/v1" } else { "v1" }, "kind": kind, "metadata": meta})
    };
    let template = json!({"metadata": {"labels": labels}, "spec": spec});
    let set = format!("{name}-5d4f8c7b6");
    let mut deployment = named("Deployment", &name, None);
    deployment["spec"] = json!({"replicas": 3, "selector": {"matchLabels": {"app.kubernetes.io/name": name}}, "template": template});
    deployment["status"] = json!({"replicas": 3, "readyReplicas": 3, "observedGeneration": 1});
    let mut replicas = named("ReplicaSet", &set, Some(("Deployment", &name)));
    replicas["spec"] = deployment["spec"].clone();
    let mut all = vec![deployment, replicas];
    for pod in 0..3 {
        let mut object = named("Pod", &format!("{set}-{pod}"), Some(("ReplicaSet", &set)));
        object["spec"] = spec.clone();
        object["spec"]["nodeName"] = json!(format!("node-{}", (number + pod) % 100));
        object["status"] = json!({
            "phase": "Running", "podIP": "10.0.0.1", "startTime": "2026-11-01T10:00:00Z",
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-01T10:00:00Z"}],
            "containerStatuses": [{"name": "app", "image": image, "ready": true, "restartCount": 0, "containerID": format!("containerd://{number:064x}"),
                "imageID": format!("registry.example.com/{name}@sha256:{number:064x}")}],
        });
        all.push(object);
    }
    all.push(named("ServiceAccount", &name, None));
    let mut service = named("Service", &name, None);
    service["spec"] = json!({"selector": {"app.kubernetes.io/name": name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]});
    all.push(service);
    if number.is_multiple_of(10) {
        let rules =
            json!([{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps"]}]);
        let mut binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": meta(&namespace, &name)});
        binding["roleRef"] = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name});
        binding["subjects"] = json!([{"kind": "ServiceAccount", "name": name}]);
        all.push(json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta(&namespace, &name), "rules": rules}));
        all.push(binding);
    }
    all
}

/// A container as people write them: every third hardened.
fn spec(number: usize, name: &str, image: &str) -> Value {
    let mut container = json!({
        "name": "app", "image": image, "imagePullPolicy": "IfNotPresent",
        "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "SERVICE", "value": name}, {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": name, "key": "token"}}}],
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "livenessProbe": {"httpGet": {"path": "/live", "port": "http"}, "periodSeconds": 10},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
    });
    if number.is_multiple_of(3) {
        container["securityContext"] = json!({
            "runAsNonRoot": true, "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
        });
    }
    json!({
        "serviceAccountName": name, "containers": [container], "restartPolicy": "Always", "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 30,
    })
}
