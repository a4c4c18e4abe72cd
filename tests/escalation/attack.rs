//! Every way to become somebody else, tried on a real API server from one place: what it lets pass is a hop.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stanchion::facts::{RoleKind, WorkloadKind};
use stanchion::relations::escalation::{Place, Technique};
use stanchion::relations::rbac::{Principal, RoleKey};

use crate::server::{Answer, Asker, Server, collection, headers};
use crate::world::{FREE, World, pod_spec};

const DRY: &str = "dryRun=All";
const RBAC: &str = "rbac.authorization.k8s.io/v1";
const KINDS: [WorkloadKind; 4] =
    [WorkloadKind::Pod, WorkloadKind::Deployment, WorkloadKind::Job, WorkloadKind::CronJob];

/// What one hop comes to.
pub(crate) type Found = BTreeSet<(Technique, Place)>;

/// Somebody at a place of a small cluster, and what the server lets them do.
pub(crate) struct Attack<'a> {
    pub(crate) server: &'a Server,
    pub(crate) world: &'a World,
    pub(crate) place: &'a Place,
    /// The tokens of the cluster's accounts.
    pub(crate) tokens: &'a BTreeMap<Place, String>,
    user: String,
    group: Option<String>,
    found: Found,
}

impl<'a> Attack<'a> {
    pub(crate) fn new(
        server: &'a Server,
        world: &'a World,
        place: &'a Place,
        tokens: &'a BTreeMap<Place, String>,
    ) -> Self {
        let (user, group) = headers(&world.name, place);
        Self { server, world, place, tokens, user, group, found: Found::new() }
    }

    pub(crate) async fn run(mut self) -> Found {
        self.everything().await;
        if self.found.iter().any(|(technique, _)| *technique == Technique::HoldsEverything) {
            return self.found;
        }
        self.admission().await;
        self.certificates().await;
        self.impersonate().await;
        for number in 0..2 {
            let namespace = self.world.home(number);
            self.create(&namespace).await;
            self.secrets(&namespace).await;
            self.bind(&namespace).await;
        }
        self.privileged_elsewhere().await;
        self.tokens().await;
        self.change().await;
        self.enter().await;
        self.bind_everywhere().await;
        self.escalate().await;
        self.found
    }

    fn me(&self) -> Asker<'_> {
        Asker::As(&self.user, self.group.as_deref())
    }

    async fn try_to(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.server.ask(self.me(), method, path, body).await
    }

    async fn succeeds(&self, method: &str, path: &str, body: &Value) -> bool {
        self.try_to(method, path, body).await.0.is_success()
    }

    /// Whether an object can be created, without creating it: by a POST, or under its name by the other two.
    async fn creates(&self, object: &Value) -> bool {
        let all = collection(object);
        let name = object["metadata"]["name"].as_str().unwrap();
        let applied = format!("{all}/{name}?{DRY}&fieldManager=attack&force=true");
        if self.succeeds("POST", &format!("{all}?{DRY}"), object).await {
            return true;
        }
        // Where no rule has that name, nobody may do more under a name than without one.
        self.world.names_what_is_free()
            && (self.succeeds("PATCH", &applied, object).await
                || self.succeeds("PUT", &format!("{all}/{name}?{DRY}"), object).await)
    }

    fn find(&mut self, technique: Technique, place: Place) {
        if place != *self.place {
            self.found.insert((technique, place));
        }
    }

    fn find_accounts(&mut self, technique: Technique, namespace: &str) {
        for account in ["default", "x", "y"] {
            self.find(technique, Place::account(namespace, account));
        }
    }

    async fn everything(&mut self) {
        let all = json!({"verb": "*", "group": "*", "resource": "*"});
        if self.server.may(self.me(), all).await {
            self.find(Technique::HoldsEverything, Place::ClusterAdmin);
        }
    }

    async fn admission(&mut self) {
        let root = "/apis/admissionregistration.k8s.io/v1";
        let hook = self.world.prefixed("hook");
        let config = |name: &str| {
            json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
                "metadata": {"name": name}, "webhooks": []})
        };
        let patched = format!("{root}/mutatingwebhookconfigurations/{hook}?{DRY}");
        let changed = self.succeeds("PATCH", &patched, &json!({"metadata": {"labels": {"a": "b"}}})).await;
        let policy = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy",
            "metadata": {"name": self.world.prefixed(FREE)}, "spec": {
                "failurePolicy": "Ignore", "reinvocationPolicy": "Never",
                "matchConstraints": {"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}]},
                "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[JSONPatch{op: \"add\", path: \"/metadata/labels\", value: {}}]"}}]}});
        let binding = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicyBinding",
            "metadata": {"name": self.world.prefixed(FREE)}, "spec": {"policyName": self.world.prefixed(FREE)}});
        if changed
            || self.creates(&config(&self.world.prefixed(FREE))).await
            || self.creates(&policy).await
                && self
                    .succeeds("POST", &format!("{root}/mutatingadmissionpolicybindings?{DRY}"), &binding)
                    .await
        {
            self.find(Technique::ChangesAdmission, Place::ClusterAdmin);
        }
    }

    async fn certificates(&mut self) {
        let all = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
        for (name, signer) in
            [("csr", "kube-apiserver-client"), ("csr-node", "kube-apiserver-client-kubelet")]
        {
            let name = self.world.prefixed(name);
            let (_, mut request) =
                self.server.ask(Asker::Admin, "GET", &format!("{all}/{name}"), &Value::Null).await;
            assert_eq!(request["spec"]["signerName"], format!("kubernetes.io/{signer}"));
            let condition =
                json!({"type": "Approved", "status": "True", "reason": "Mine", "message": "Mine."});
            request["status"] = json!({"conditions": [condition]});
            if !self.succeeds("PUT", &format!("{all}/{name}/approval?{DRY}"), &request).await {
                continue;
            }
            let fresh = json!({"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
                "metadata": {"name": format!("{name}-new")},
                "spec": {"signerName": request["spec"]["signerName"], "usages": request["spec"]["usages"], "request": request["spec"]["request"]}});
            if !self.creates(&fresh).await {
                continue;
            }
            let technique = Technique::SignsCertificate;
            if name.ends_with("node") {
                self.find(technique, Place::Nodes);
                continue;
            }
            for number in 0..2 {
                self.find_accounts(technique, &self.world.home(number));
            }
            self.find(technique, self.bound_user());
            self.find(technique, self.bound_group());
            for number in 0..2 {
                let group = format!("system:serviceaccounts:{}", self.world.home(number));
                self.find(technique, Place::Principal(Principal::Group(group.into())));
            }
        }
    }

    fn bound_user(&self) -> Place {
        Place::Principal(Principal::User(self.world.prefixed("user").into()))
    }

    fn bound_group(&self) -> Place {
        Place::Principal(Principal::Group(self.world.prefixed("group").into()))
    }

    /// Whether this identity may be impersonated: by doing it, with a token, or, where there is none, by asking.
    async fn impersonates(&self, user: &str, group: Option<&str>) -> bool {
        if let Some(token) = self.tokens.get(self.place) {
            let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
            let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
            let (status, _) = self.server.ask(Asker::With(token, user, group), "POST", path, &review).await;
            return status.is_success();
        }
        let mut asked = vec![match user
            .strip_prefix("system:serviceaccount:")
            .and_then(|it| it.split_once(':'))
        {
            Some((namespace, name)) => {
                json!({"verb": "impersonate", "resource": "serviceaccounts", "namespace": namespace, "name": name})
            }
            None => json!({"verb": "impersonate", "resource": "users", "name": user}),
        }];
        asked.extend(group.map(|group| json!({"verb": "impersonate", "resource": "groups", "name": group})));
        for attributes in asked {
            if !self.server.may(self.me(), attributes).await {
                return false;
            }
        }
        true
    }

    async fn impersonate(&mut self) {
        let mut somebody = Vec::new();
        for number in 0..2 {
            for account in ["default", "x", "y"] {
                let namespace = self.world.home(number);
                let user = format!("system:serviceaccount:{namespace}:{account}");
                if self.impersonates(&user, None).await {
                    self.find(Technique::Impersonates, Place::account(namespace, account));
                    somebody.push(user);
                }
            }
        }
        let user = self.world.prefixed("user");
        if self.impersonates(&user, None).await {
            self.find(Technique::Impersonates, self.bound_user());
            somebody.push(user);
        }
        let Some(somebody) = somebody.first() else { return };
        let group = self.world.prefixed("group");
        if self.impersonates(somebody, Some(&group)).await {
            self.find(Technique::Impersonates, self.bound_group());
        }
        if self.impersonates(somebody, Some("system:masters")).await {
            self.find(Technique::ImpersonatesMasters, Place::ClusterAdmin);
        }
    }

    fn workload(kind: WorkloadKind, namespace: &str, account: &str, privileged: bool) -> Value {
        let mut spec = pod_spec(account, privileged);
        let labels = json!({"app": "new"});
        let metadata = json!({"name": FREE, "namespace": namespace, "labels": labels});
        if kind == WorkloadKind::Pod {
            return json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
        }
        if kind != WorkloadKind::Deployment {
            spec["restartPolicy"] = json!("Never");
        }
        let template = json!({"metadata": {"labels": labels}, "spec": spec});
        let spec = match kind {
            WorkloadKind::Job => json!({"template": template}),
            WorkloadKind::CronJob => {
                json!({"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}})
            }
            _ => json!({"selector": {"matchLabels": labels}, "template": template}),
        };
        json!({"apiVersion": format!("{}/v1", kind.group()), "kind": kind.as_str(), "metadata": metadata, "spec": spec})
    }

    /// Whether a privileged pod passes, be it of this identity or of a controller.
    async fn privileged_passes(&self, namespace: &str) -> bool {
        let pod = Self::workload(WorkloadKind::Pod, namespace, "default", true);
        let (status, _) =
            self.server.ask(Asker::Admin, "POST", &format!("{}?{DRY}", collection(&pod)), &pod).await;
        status.is_success()
    }

    async fn create(&mut self, namespace: &str) {
        let mut created = Vec::new();
        for kind in KINDS {
            if self.creates(&Self::workload(kind, namespace, "y", false)).await {
                self.find_accounts(Technique::Creates(kind), namespace);
                created.push(kind);
            }
        }
        if created.is_empty() {
            return;
        }
        if self.privileged_passes(namespace).await {
            for kind in created {
                self.find(Technique::RunsPrivileged(kind), Place::Nodes);
            }
            return;
        }
        let label = json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}});
        if self.succeeds("PATCH", &format!("/api/v1/namespaces/{namespace}?{DRY}"), &label).await {
            self.find(Technique::Unguards, Place::Nodes);
        }
        let access = json!(["ReadWriteOnce"]);
        let volume = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": self.world.prefixed(FREE)},
            "spec": {"capacity": {"storage": "1Gi"}, "accessModes": access, "hostPath": {"path": "/"}}});
        let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": FREE, "namespace": namespace},
            "spec": {"resources": {"requests": {"storage": "1Gi"}}, "accessModes": access, "storageClassName": ""}});
        if self.creates(&volume).await && self.creates(&claim).await {
            self.find(Technique::MountsVolume, Place::Nodes);
        }
    }

    /// In a namespace that every cluster has, and that nothing guards.
    async fn privileged_elsewhere(&mut self) {
        for kind in KINDS {
            let workload = Self::workload(kind, "kube-system", "default", true);
            if self.creates(&workload).await && self.privileged_passes("kube-system").await {
                self.find(Technique::RunsPrivileged(kind), Place::Nodes);
            }
        }
    }

    async fn tokens(&mut self) {
        for number in 0..2 {
            for account in ["default", "x", "y"] {
                let namespace = self.world.home(number);
                let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token?{DRY}");
                let body =
                    json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
                if self.succeeds("POST", &path, &body).await {
                    self.find(Technique::RequestsToken, Place::account(namespace, account));
                }
            }
        }
    }

    /// Whether an answer shows the content of a Secret of this name; one that isn't there shows that it may be asked for.
    async fn reads(&self, namespace: &str, secret: &str, there: bool) -> bool {
        let all = format!("/api/v1/namespaces/{namespace}/secrets");
        let shown = |(status, answer): Answer| {
            let one = answer["metadata"]["name"] == secret && answer["kind"] == "Secret";
            let listed = answer["items"]
                .as_array()
                .is_some_and(|all| all.iter().any(|it| it["metadata"]["name"] == secret));
            if there { one || listed } else { status.is_success() || status == http::StatusCode::NOT_FOUND }
        };
        let selected = format!("fieldSelector=metadata.name={secret}");
        shown(self.try_to("GET", &format!("{all}/{secret}"), &Value::Null).await)
            || shown(self.try_to("GET", &format!("{all}?{selected}"), &Value::Null).await)
            || shown(
                self.try_to("PATCH", &format!("{all}/{secret}?{DRY}"), &json!({"metadata": {"labels": {}}}))
                    .await,
            )
            || shown(self.try_to("DELETE", &format!("{all}?{DRY}&{selected}"), &Value::Null).await)
    }

    async fn secrets(&mut self, namespace: &str) {
        let secrets: Vec<(String, String)> = self
            .world
            .of("Secret")
            .filter(|it| it["metadata"]["namespace"] == namespace)
            .map(|it| {
                let account = &it["metadata"]["annotations"]["kubernetes.io/service-account.name"];
                (it["metadata"]["name"].as_str().unwrap().to_owned(), account.as_str().unwrap().to_owned())
            })
            .collect();
        for (secret, account) in secrets {
            if self.reads(namespace, &secret, true).await {
                self.find(Technique::ReadsToken, Place::account(namespace, account));
            }
        }
        for name in [FREE, "any"] {
            let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
                "metadata": {"name": name, "namespace": namespace, "annotations": {"kubernetes.io/service-account.name": "y"}}});
            if self.creates(&secret).await && self.reads(namespace, name, false).await {
                self.find_accounts(Technique::MakesToken, namespace);
            }
        }
    }

    async fn change(&mut self) {
        let templates: Vec<Value> =
            self.world.of("Deployment").chain(self.world.of("CronJob")).cloned().collect();
        for object in templates {
            let spec = json!({"template": {"spec": {"serviceAccountName": "y"}}});
            let (kind, spec) = if object["kind"] == "CronJob" {
                (WorkloadKind::CronJob, json!({"jobTemplate": {"spec": spec}}))
            } else {
                (WorkloadKind::Deployment, spec)
            };
            let path =
                format!("{}/{}?{DRY}", collection(&object), object["metadata"]["name"].as_str().unwrap());
            let mut changed = object.clone();
            let pod = if kind == WorkloadKind::CronJob {
                "/spec/jobTemplate/spec/template/spec"
            } else {
                "/spec/template/spec"
            };
            *changed.pointer_mut(pod).unwrap().get_mut("serviceAccountName").unwrap() = json!("y");
            let patched = self.succeeds("PATCH", &path, &json!({"spec": spec})).await;
            if patched || self.succeeds("PUT", &path, &changed).await {
                let namespace = object["metadata"]["namespace"].as_str().unwrap();
                self.find_accounts(Technique::Changes(kind), namespace);
                if self.privileged_passes(namespace).await {
                    self.find(Technique::ChangesToPrivileged(kind), Place::Nodes);
                }
            }
        }
    }

    async fn enter(&mut self) {
        let forbidden = |answer: &Answer| answer.0 == http::StatusCode::FORBIDDEN;
        let node = self.world.prefixed("node");
        let proxy = |node: &str| format!("/api/v1/nodes/{node}/proxy/exec/a/b/c?command=id");
        let any_node = !forbidden(&self.try_to("GET", &proxy("some-node"), &Value::Null).await);
        let one_node = !forbidden(&self.try_to("GET", &proxy(&node), &Value::Null).await);
        let pods: Vec<Value> = self.world.of("Pod").cloned().collect();
        for pod in pods {
            let (name, namespace) =
                (pod["metadata"]["name"].as_str().unwrap(), pod["metadata"]["namespace"].as_str().unwrap());
            let path = format!("{}/{name}", collection(&pod));
            let mut techniques = BTreeSet::new();
            if any_node || one_node && pod["spec"]["nodeName"] == node.as_str() {
                techniques.insert(Technique::ConnectsToKubelet);
            }
            if !forbidden(
                &self.try_to("POST", &format!("{path}/exec?command=id&stdout=true"), &Value::Null).await,
            ) {
                techniques.insert(Technique::Executes);
            }
            let image =
                json!({"spec": {"containers": [{"name": "c", "image": "registry.example.com/mine"}]}});
            if self.succeeds("PATCH", &format!("{path}?{DRY}"), &image).await {
                techniques.insert(Technique::ChangesImage);
            }
            if self.debugs(&path, false).await {
                techniques.insert(Technique::Debugs);
                if self.debugs(&path, true).await {
                    self.find(Technique::Debugs, Place::Nodes);
                }
            }
            for technique in techniques {
                if pod["spec"]["automountServiceAccountToken"] != false {
                    let account = pod["spec"]["serviceAccountName"].as_str().unwrap();
                    self.find(technique, Place::account(namespace, account));
                }
                if pod["spec"]["containers"][0]["securityContext"]["privileged"] == true {
                    self.find(technique, Place::Nodes);
                }
            }
        }
    }

    async fn debugs(&self, pod: &str, privileged: bool) -> bool {
        let mut container = pod_spec("y", privileged)["containers"][0].clone();
        container["name"] = json!("debug");
        let patch = json!({"spec": {"ephemeralContainers": [container]}});
        self.succeeds("PATCH", &format!("{pod}/ephemeralcontainers?{DRY}"), &patch).await
    }

    /// The roles that a binding can name, with `cluster-admin`, which every cluster has.
    fn roles(&self) -> Vec<RoleKey> {
        let keys = self.world.of("ClusterRole").chain(self.world.of("Role")).map(|role| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let kind = if role["kind"] == "Role" { RoleKind::Role } else { RoleKind::ClusterRole };
            RoleKey {
                kind,
                namespace: text(&role["metadata"]["namespace"]).into(),
                name: text(&role["metadata"]["name"]).into(),
            }
        });
        keys.chain([RoleKey::cluster("cluster-admin")]).collect()
    }

    fn binding(&self, kind: &str, namespace: Option<&str>, role: &RoleKey) -> Value {
        let subject = json!({"kind": "User", "name": self.user, "apiGroup": "rbac.authorization.k8s.io"});
        let role_ref =
            json!({"kind": role.kind.as_str(), "name": role.name, "apiGroup": "rbac.authorization.k8s.io"});
        let name = if namespace.is_some() { FREE.to_owned() } else { self.world.prefixed(FREE) };
        let mut binding = json!({"apiVersion": RBAC, "kind": kind, "metadata": {"name": name}, "roleRef": role_ref, "subjects": [subject]});
        if let Some(namespace) = namespace {
            binding["metadata"]["namespace"] = json!(namespace);
        }
        binding
    }

    async fn bind(&mut self, namespace: &str) {
        for role in self.roles().into_iter().filter(|it| it.namespace.is_empty() || it.namespace == namespace)
        {
            if self.creates(&self.binding("RoleBinding", Some(namespace), &role)).await {
                self.bound(role, Some(namespace));
            }
        }
        self.rebind("RoleBinding", Some(namespace)).await;
    }

    fn bound(&mut self, role: RoleKey, scope: Option<&str>) {
        let place = match (&*role.name, scope) {
            ("cluster-admin", None) => Place::ClusterAdmin,
            ("cluster-admin", Some(namespace)) => Place::Everything(Some(namespace.into())),
            (_, scope) => Place::Rights { role, scope: scope.map(Into::into) },
        };
        self.find(Technique::Binds, place);
    }

    async fn bind_everywhere(&mut self) {
        for role in self.roles().into_iter().filter(|it| it.kind == RoleKind::ClusterRole) {
            if self.creates(&self.binding("ClusterRoleBinding", None, &role)).await {
                self.bound(role, None);
            }
        }
        self.rebind("ClusterRoleBinding", None).await;
    }

    async fn rebind(&mut self, kind: &str, namespace: Option<&str>) {
        let here = |it: &&Value| it["metadata"]["namespace"].as_str() == namespace;
        let bindings: Vec<Value> = self.world.of(kind).filter(here).cloned().collect();
        for mut binding in bindings {
            let path =
                format!("{}/{}?{DRY}", collection(&binding), binding["metadata"]["name"].as_str().unwrap());
            let me = json!({"kind": "User", "name": self.user, "apiGroup": "rbac.authorization.k8s.io"});
            binding["subjects"].as_array_mut().unwrap().push(me);
            let more = json!({"subjects": binding["subjects"]});
            if self.succeeds("PATCH", &path, &more).await || self.succeeds("PUT", &path, &binding).await {
                let name = binding["roleRef"]["name"].as_str().unwrap();
                let role = self.roles().into_iter().find(|it| it.name == name).unwrap();
                self.bound(role, namespace);
            }
        }
    }

    /// Whether a binding names whoever is at this place, or is the one by which they came here.
    fn holds(&self, subject: &Value) -> bool {
        match self.place {
            Place::Principal(Principal::ServiceAccount { namespace, name }) => {
                subject["kind"] == "ServiceAccount"
                    && subject["namespace"] == namespace.as_str()
                    && subject["name"] == name.as_str()
                    || subject["kind"] == "Group"
                        && subject["name"] == format!("system:serviceaccounts:{namespace}")
            }
            Place::Principal(Principal::User(name)) => {
                subject["kind"] == "User" && subject["name"] == name.as_str()
            }
            Place::Principal(Principal::Group(name)) => {
                subject["kind"] == "Group" && subject["name"] == name.as_str()
            }
            _ => false,
        }
    }

    async fn escalate(&mut self) {
        let bindings = self.world.of("RoleBinding").chain(self.world.of("ClusterRoleBinding"));
        let held = bindings
            .filter(|it| it["subjects"].as_array().unwrap().iter().any(|subject| self.holds(subject)));
        let mut held: BTreeSet<(String, Option<String>)> = held
            .map(|it| {
                let name = it["roleRef"]["name"].as_str().unwrap().to_owned();
                (name, it["metadata"]["namespace"].as_str().map(str::to_owned))
            })
            .collect();
        if let Place::Rights { role, scope } = self.place {
            held.insert((role.name.to_string(), scope.as_ref().map(ToString::to_string)));
        }
        let bound: Vec<(Technique, Place)> = self.found.iter().cloned().collect();
        // What can be bound can be held.
        held.extend(bound.into_iter().filter_map(|(_, place)| match place {
            Place::Rights { role, scope } => Some((role.name.to_string(), scope.map(|it| it.to_string()))),
            _ => None,
        }));
        let all = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
        for (name, scope) in held {
            let roles = self.world.of("Role").chain(self.world.of("ClusterRole"));
            let Some(mut role) = roles.filter(|it| it["metadata"]["name"] == name.as_str()).last().cloned()
            else {
                continue;
            };
            let path = format!("{}/{name}?{DRY}", collection(&role));
            let aggregated = role["aggregationRule"]["clusterRoleSelectors"][0]["matchLabels"].clone();
            role["rules"] = all.clone();
            let mut part = json!({"apiVersion": RBAC, "kind": "ClusterRole", "rules": all});
            part["metadata"] = json!({"name": self.world.prefixed(FREE), "labels": aggregated});
            let more = json!({"rules": all});
            if self.succeeds("PATCH", &path, &more).await
                || self.succeeds("PUT", &path, &role).await
                || aggregated.is_object() && self.creates(&part).await
            {
                let place =
                    scope.map_or(Place::ClusterAdmin, |namespace| Place::Everything(Some(namespace.into())));
                self.find(Technique::Escalates, place);
            }
        }
    }
}
