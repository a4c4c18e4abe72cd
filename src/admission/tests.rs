//! What is answered, by what is known.

use serde_json::{Value, json};

use super::request::respond;
use super::*;
use crate::admission::passage::Passage;
use crate::api::{BREAK_GLASS, RiskException, SecurityStandard, ServiceTier};
use crate::engine::decisions::Decisions;
use crate::engine::status::Findings;
use crate::facts::object::{ObjectKind, Recognition, recognize};

const NOW: Timestamp = Timestamp::constant(1_796_126_400, 0); // 2026-12-01T12:00:00Z

/// A cluster of which everything is known.
struct Scene {
    decisions: Decisions,
    inventory: Inventory,
    tripped: BTreeSet<Place>,
    breaks_glass: bool,
}

impl Scene {
    /// A namespace `shop` in the tier `retail`, and a standard that forbids privileged containers there at this stage.
    fn at(action: &str) -> Self {
        let stages = json!([{"action": "Audit", "soak": "30d"}, {"action": "Warn", "soak": "30d"}, {"action": "Deny"}]);
        Self::with(
            &json!({"stages": stages}),
            &json!({"name": "retail", "action": action, "since": "2026-11-15T00:00:00Z"}),
        )
    }

    fn with(rollout: &Value, recorded: &Value) -> Self {
        let mut scene = Self {
            decisions: Decisions::default(),
            inventory: Inventory::default(),
            tripped: BTreeSet::new(),
            breaks_glass: true,
        };
        scene.decide(json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": "baseline"},
            "spec": {"controls": [{"id": "pod.privileged"}, {"id": "iam.path-to-cluster-admin"}], "rollout": rollout},
            "status": {"tiers": [recorded], "lastWatched": "2026-12-01T00:00:00Z"},
        }));
        scene.decide(json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "ServiceTier", "metadata": {"name": "retail"},
            "spec": {"level": 1, "default": true, "exceptions": {"requiredApprovals": 1}},
        }));
        scene.put(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
        scene
    }

    fn decide(&mut self, object: Value) {
        match object["kind"].as_str() {
            Some("SecurityStandard") => {
                let it: SecurityStandard = serde_json::from_value(object).unwrap();
                self.decisions.put_standard(&it);
            }
            Some("ServiceTier") => {
                let it: ServiceTier = serde_json::from_value(object).unwrap();
                self.decisions.put_tier(&it);
            }
            _ => {
                let it: RiskException = serde_json::from_value(object).unwrap();
                self.decisions.put_exception(&it);
            }
        }
        self.decisions.take();
    }

    #[expect(clippy::needless_pass_by_value, reason = "objects are written where they are put")]
    fn put(&mut self, object: Value) {
        let kind = recognize(object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
        let Recognition::Facts(kind) = kind else { panic!("{object}") };
        self.inventory.put(Object::decode(kind, &object).unwrap());
    }

    fn ledger(&self) -> Ledger {
        Ledger::new(self.decisions.policy(), &self.inventory, NOW)
    }

    fn ask(&self, request: &Value) -> Result<Answer, Passage> {
        let mut ledger = self.ledger();
        let before = format!("{ledger:?}");
        let answer = self.ask_beside(request, &mut ledger);
        assert_eq!(format!("{ledger:?}"), before, "a review leaves nothing behind");
        answer
    }

    fn ask_beside(&self, request: &Value, ledger: &mut Ledger) -> Result<Answer, Passage> {
        let body =
            json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request});
        let body = body.to_string();
        let policy = self.decisions.policy();
        let findings = Findings { policy, assessment: ledger.assessment(), posture: ledger.posture() };
        let stages = Stages::of(&findings);
        let known = Known {
            policy,
            inventory: &self.inventory,
            stages: &stages,
            tripped: &self.tripped,
            breaks_glass: self.breaks_glass,
        };
        let request = Request::read(body.as_bytes()).unwrap();
        let prepared = Prepared::new(request, &CustomKinds::default(), &policy.settings)?;
        Ok(if prepared.is_about_rights() {
            prepared.judge_rights(known, ledger, NOW)
        } else {
            prepared.judge(known, ledger, NOW)
        })
    }
}

fn deployment(privileged: &[&str], quiet: &[&str]) -> Value {
    let container = |name: &&str, is: bool| json!({"name": name, "image": "registry.example/app:1", "securityContext": {"privileged": is}});
    let containers: Vec<Value> = privileged
        .iter()
        .map(|it| container(it, true))
        .chain(quiet.iter().map(|it| container(it, false)))
        .collect();
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"template": {"metadata": {"labels": {"app": "cart"}}, "spec": {"containers": containers}}},
    })
}

/// A request of a person.
fn create(object: &Value) -> Value {
    let (group, version) = object["apiVersion"].as_str().unwrap().split_once('/').unwrap_or(("", "v1"));
    json!({
        "uid": "7", "operation": "CREATE", "namespace": object["metadata"]["namespace"],
        "name": object["metadata"]["name"],
        "kind": {"group": group, "version": version, "kind": object["kind"]},
        "userInfo": {"username": "ana", "groups": ["system:authenticated"]}, "object": object, "oldObject": null,
    })
}

fn update(old: &Value, new: &Value) -> Value {
    let mut request = create(new);
    request["operation"] = "UPDATE".into();
    request["oldObject"] = old.clone();
    request
}

fn with(mut value: Value, pointer: &str, new: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap()[key] = new;
    value
}

#[test]
fn at_audit_nothing_is_said_until_a_week_before_the_next_stage() {
    let scene = Scene::at("Audit");
    assert_eq!(scene.ask(&create(&deployment(&["app"], &[]))).unwrap(), Answer::silent());
    let stages =
        json!([{"action": "Audit", "soak": "20d"}, {"action": "Warn", "soak": "30d"}, {"action": "Deny"}]);
    let recorded = json!({"name": "retail", "action": "Audit", "since": "2026-11-15T00:00:00Z"});
    let answer =
        Scene::with(&json!({"stages": stages}), &recorded).ask(&create(&deployment(&["app"], &[]))).unwrap();
    assert!(answer.allowed);
    assert!(
        answer.warnings[0].ends_with("; warned about for retail from 2026-12-05"),
        "{:?}",
        answer.warnings
    );
}

#[test]
fn at_warn_it_is_let_through_with_what_where_and_when() {
    let answer = Scene::at("Warn").ask(&create(&deployment(&["app"], &["log"]))).unwrap();
    assert_eq!((answer.allowed, answer.message), (true, None));
    let [warning] = &answer.warnings[..] else { panic!("{:?}", answer.warnings) };
    assert!(warning.starts_with("[pod.privileged] app: "), "{warning}");
    assert!(warning.ends_with("; denied for retail from 2026-12-15"), "{warning}");
    assert!(warning.chars().count() <= 160, "{warning}");
    let deeds: Vec<Deed> = answer.acts.iter().map(|act| act.deed).collect();
    assert_eq!(deeds, [Deed::Warned]);
    let clean = Scene::at("Warn").ask(&create(&deployment(&[], &["app"]))).unwrap();
    assert_eq!(clean, Answer::silent());
}

#[test]
fn at_deny_it_is_denied_with_a_way_out() {
    let answer = Scene::at("Deny").ask(&create(&deployment(&["app", "log"], &[]))).unwrap();
    assert!(!answer.allowed && answer.warnings.is_empty());
    let message = answer.message.unwrap();
    assert!(
        message.starts_with("Deployment shop/cart is denied for retail:\n[pod.privileged] app, log: "),
        "{message}"
    );
    assert!(message.ends_with("kubectl stanchion request deployment/cart -n shop"), "{message}");
    assert_eq!(answer.acts[0].deed, Deed::Denied);
}

#[test]
fn where_too_much_is_denied_it_is_only_warned() {
    let mut scene = Scene::at("Deny");
    scene.tripped.insert(("baseline".into(), "retail".into()));
    let answer = scene.ask(&create(&deployment(&["app"], &[]))).unwrap();
    assert!(answer.allowed && answer.warnings[0].ends_with("; will be denied for retail"), "{answer:?}");
}

#[test]
fn a_stage_that_is_not_recorded_is_not_in_force() {
    let plan = json!({"stages": [{"action": "Audit", "soak": "0m"}, {"action": "Deny"}]});
    let nothing = json!({"name": "another", "action": "Deny"});
    let answer = Scene::with(&plan, &nothing).ask(&create(&deployment(&["app"], &[]))).unwrap();
    assert!(answer.allowed, "{answer:?}");
}

#[test]
fn a_plan_that_was_edited_down_is_in_force_at_once() {
    let recorded = json!({"name": "retail", "action": "Deny", "since": "2026-11-15T00:00:00Z"});
    let scene = Scene::with(&json!({"stages": [{"action": "Warn"}]}), &recorded);
    let answer = scene.ask(&create(&deployment(&["app"], &[]))).unwrap();
    assert!(answer.allowed && answer.warnings.len() == 1, "{answer:?}");
    assert!(!answer.warnings[0].contains("denied"), "{answer:?}");
}

fn exception(names: &[&str], approved: bool) -> Value {
    let approvals = if approved { json!([{"by": "bea"}]) } else { json!([]) };
    json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "RiskException",
        "metadata": {"name": "for-a-while", "namespace": "shop"},
        "spec": {
            "controls": ["pod.privileged"], "target": {"names": names}, "owner": "team-shop", "requestedBy": "ana",
            "reason": "The driver needs the devices of the node", "approvals": approvals,
            "validFrom": "2026-11-30T00:00:00Z", "expiresAt": "2026-12-20T00:00:00Z",
        },
    })
}

#[test]
fn what_is_excepted_is_let_through_with_its_end() {
    let mut scene = Scene::at("Deny");
    scene.decide(exception(&["cart"], true));
    // It is not there yet, and so no target of it so far.
    let answer = scene.ask(&create(&deployment(&["app"], &[]))).unwrap();
    assert!(answer.allowed, "{answer:?}");
    assert!(
        answer.warnings[0].ends_with("; excepted by for-a-while until 2026-12-20"),
        "{:?}",
        answer.warnings
    );
    assert_eq!(answer.acts[0].deed, Deed::Excepted);
    let other = with(deployment(&["app"], &[]), "/metadata/name", "till".into());
    assert!(!scene.ask(&create(&other)).unwrap().allowed, "it is no other's");
}

#[test]
fn what_is_not_approved_or_covers_too_many_excuses_nothing() {
    let mut scene = Scene::at("Deny");
    scene.decide(exception(&["cart"], false));
    assert!(!scene.ask(&create(&deployment(&["app"], &[]))).unwrap().allowed);
    let narrow = with(exception(&["cart", "till"], true), "/spec/maxWorkloads", 1.into());
    scene.decide(narrow);
    assert!(scene.ask(&create(&deployment(&["app"], &[]))).unwrap().allowed, "the first of them");
    scene.put(with(deployment(&["app"], &[]), "/metadata/name", "till".into()));
    assert!(!scene.ask(&create(&deployment(&["app"], &[]))).unwrap().allowed, "the second is one too many");
}

#[test]
fn a_ratchet_spares_what_stands_and_denies_what_is_new() {
    let rollout = json!({"stages": [{"action": "Deny"}], "ratchet": {"until": "2027-06-30"}});
    let scene =
        Scene::with(&rollout, &json!({"name": "retail", "action": "Deny", "since": "2026-11-15T00:00:00Z"}));
    let old = deployment(&["app"], &["log"]);
    let new = with(old.clone(), "/spec/template/metadata/labels/version", "2".into());
    let answer = scene.ask(&update(&old, &new)).unwrap();
    assert!(answer.allowed, "{answer:?}");
    assert!(
        answer.warnings[0].ends_with("; it was so before: denied for retail from 2027-07-01"),
        "{:?}",
        answer.warnings
    );
    let answer = scene.ask(&update(&old, &deployment(&["app", "log"], &[]))).unwrap();
    assert!(!answer.allowed);
    let message = answer.message.unwrap();
    assert!(message.contains("[pod.privileged] log: ") && !message.contains("app"), "{message}");
    assert_eq!(answer.warnings.len(), 1, "what stands is said, too: {:?}", answer.warnings);
    assert!(!scene.ask(&create(&old)).unwrap().allowed, "what is made anew never stood");
}

#[test]
fn what_must_never_be_stopped_is_let_through_unjudged() {
    let scene = Scene::at("Deny");
    let bad = deployment(&["app"], &[]);
    let passage = |request: Value| scene.ask(&request).unwrap_err();
    let request = create(&bad);
    assert_eq!(passage(with(request.clone(), "/operation", "DELETE".into())), Passage::Operation);
    assert_eq!(passage(with(request.clone(), "/operation", "CONNECT".into())), Passage::Operation);
    for part in ["status", "scale", "ephemeralcontainers"] {
        assert_eq!(passage(with(request.clone(), "/subResource", part.into())), Passage::Subresource);
    }
    for namespace in ["kube-system", "stanchion-system"] {
        assert_eq!(passage(with(request.clone(), "/namespace", namespace.into())), Passage::Exempt);
    }
    let kind = json!({"group": "coordination.k8s.io", "version": "v1", "kind": "Lease"});
    assert_eq!(passage(with(request.clone(), "/kind", kind)), Passage::Kind);
    let secret = json!({"group": "", "version": "v1", "kind": "Secret"});
    assert_eq!(passage(with(request.clone(), "/kind", secret)), Passage::Kind, "its data is not ours to see");
    let going = with(bad.clone(), "/metadata/deletionTimestamp", "2026-12-01T12:00:00Z".into());
    let freed = with(with(going, "/metadata/finalizers", json!([])), "/spec/replicas", 7.into());
    assert_eq!(passage(update(&bad, &freed)), Passage::Deleting);
    let scaled = with(bad.clone(), "/spec/replicas", 7.into());
    let marked = with(scaled, "/metadata/finalizers", json!(["a/b"]));
    let seen = with(marked, "/status", json!({"replicas": 3}));
    assert_eq!(passage(update(&bad, &seen)), Passage::Unchanged);
    let broken = with(bad.clone(), "/spec/template", json!([1]));
    assert!(matches!(passage(create(&broken)), Passage::Unreadable(_)));
    assert!(matches!(passage(with(request, "/object", Value::Null)), Passage::Unreadable(_)));
}

#[test]
fn pods_of_controllers_are_let_through_and_a_forged_owner_opens_nothing() {
    let scene = Scene::at("Deny");
    let pod = |owner: (&str, &str)| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "cart-1", "namespace": "shop", "ownerReferences": [
                {"apiVersion": owner.0, "kind": owner.1, "name": "cart", "uid": "1", "controller": true},
            ]},
            "spec": {"containers": [{"name": "app", "image": "a:1", "securityContext": {"privileged": true}}]},
        })
    };
    let asked = |owner, user: &str| {
        scene
            .ask(&with(create(&pod(owner)), "/userInfo", json!({"username": user})))
            .map(|answer| answer.allowed)
    };
    let (set, workflow) = (("apps/v1", "ReplicaSet"), ("argoproj.io/v1alpha1", "Workflow"));
    for controller in [
        "system:serviceaccount:kube-system:replicaset-controller",
        "system:kube-controller-manager",
        "system:node:n1",
    ] {
        assert_eq!(asked(set, controller), Err(Passage::Controlled), "{controller}");
    }
    assert_eq!(asked(workflow, "system:serviceaccount:argo:workflows"), Err(Passage::Controlled));
    assert_eq!(
        asked(set, "system:serviceaccount:argo:workflows"),
        Ok(false),
        "no ReplicaSet is kept by that"
    );
    assert_eq!(asked(set, "ana"), Ok(false));
    assert_eq!(asked(workflow, "ana"), Ok(false));
}

fn rights(scene: &mut Scene, verb: &str) {
    scene.put(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "breakers", "uid": "1"},
        "rules": [{"apiGroups": ["stanchion.dev"], "resources": ["securitystandards"], "verbs": [verb], "resourceNames": ["baseline"]}],
    }));
    scene.put(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "breakers", "uid": "2"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "breakers"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "on-call"}],
    }));
}

#[test]
fn glass_is_broken_by_who_has_the_right_and_leaves_a_record() {
    let mut scene = Scene::at("Deny");
    rights(&mut scene, breakglass::VERB);
    let asking = with(deployment(&["app"], &[]), "/metadata/annotations", json!({BREAK_GLASS: "INC-7"}));
    let by = |groups: Value| with(create(&asking), "/userInfo", json!({"username": "ana", "groups": groups}));
    let answer = scene.ask(&by(json!(["on-call"]))).unwrap();
    assert!(answer.allowed, "{answer:?}");
    let used = answer.used.unwrap();
    assert_eq!(
        (&*used.user, &*used.ticket, &used.controls[..]),
        ("ana", "INC-7", &["pod.privileged".to_owned()][..])
    );
    assert!(
        answer.warnings[0].contains("INC-7; excused until 2026-12-02 12:00 UTC"),
        "{:?}",
        answer.warnings
    );
    assert_eq!(answer.acts[0].deed, Deed::BrokenGlass);
    let glass = with(exception(&["cart"], false), "/metadata/annotations", json!({BREAK_GLASS: "INC-7"}));
    let glass = with(
        with(glass, "/spec/expiresAt", "2026-11-30T12:00:00Z".into()),
        "/spec/validFrom",
        "2026-11-29T12:00:00Z".into(),
    );
    scene.decide(glass);
    let again = scene.ask(&by(json!(["on-call"]))).unwrap();
    assert!(!again.allowed);
    assert!(again.message.unwrap().contains("INC-7 was used for this until 2026-11-30 12:00 UTC"));
    scene.decisions.remove_exception("shop", "for-a-while");
    scene.breaks_glass = false;
    let off = scene.ask(&by(json!(["on-call"]))).unwrap();
    assert!(!off.allowed && off.message.unwrap().contains("it is off here"));
    scene.breaks_glass = true;
    let refused = scene.ask(&by(json!(["system:authenticated"]))).unwrap();
    assert!(!refused.allowed && refused.used.is_none());
    assert!(refused.message.unwrap().contains("ana may not breakglass securitystandards/baseline"));
    assert!(scene.ask(&by(json!(["system:masters"]))).unwrap().allowed);
    let empty = with(asking.clone(), "/metadata/annotations", json!({BREAK_GLASS: "  "}));
    let answer = scene
        .ask(&with(create(&empty), "/userInfo", json!({"username": "ana", "groups": ["on-call"]})))
        .unwrap();
    assert!(!answer.allowed, "a glass is broken for a ticket");
}

#[test]
fn nobody_breaks_the_glass_with_the_right_that_is_asked_for() {
    let mut scene = Scene::at("Deny");
    scene.put(json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "system:basic-user", "uid": "0"}}));
    scene.put(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "admins", "uid": "3"},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    }));
    scene.put(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "cart", "namespace": "shop", "uid": "4"}}));
    scene.put(with(deployment(&[], &["app"]), "/spec/template/spec/serviceAccountName", "cart".into()));
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "cart", "uid": "5", "annotations": {BREAK_GLASS: "INC-7"}},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admins"},
        "subjects": [
            {"kind": "ServiceAccount", "name": "cart", "namespace": "shop"},
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ana"},
        ],
    });
    let answer = scene.ask(&create(&binding)).unwrap();
    assert!(!answer.allowed && answer.used.is_none(), "{answer:?}");
    assert!(answer.message.unwrap().contains("ana may not breakglass securitystandards/baseline"));
}

#[test]
fn a_binding_is_told_whom_it_newly_lets_reach_cluster_admin() {
    let mut scene = Scene::at("Warn");
    // Facts are a whole cluster's where this is among them.
    scene.put(json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "system:basic-user", "uid": "0"}}));
    rights(&mut scene, "get");
    scene.put(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "admins", "uid": "3"},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    }));
    scene.put(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "cart", "namespace": "shop", "uid": "4"}}));
    scene.put(with(deployment(&[], &["app"]), "/spec/template/spec/serviceAccountName", "cart".into()));
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "cart", "uid": "5"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admins"},
        "subjects": [{"kind": "ServiceAccount", "name": "cart", "namespace": "shop"}],
    });
    let answer = scene.ask(&create(&binding)).unwrap();
    assert!(
        answer
            .warnings
            .iter()
            .any(|it| it.starts_with("[iam.path-to-cluster-admin] newly lets Deployment shop/cart: ")),
        "{:?}",
        answer.warnings
    );
    let harmless = with(binding.clone(), "/roleRef/name", "breakers".into());
    assert_eq!(scene.ask(&create(&harmless)).unwrap(), Answer::silent());
    scene.put(binding.clone());
    let changed = with(binding.clone(), "/metadata/labels", json!({"a": "b"}));
    assert_eq!(scene.ask(&update(&binding, &changed)).unwrap(), Answer::silent(), "it is nothing new");
}

#[test]
fn what_is_answered_has_the_form_of_the_api() {
    let answer = Answer {
        allowed: false,
        message: Some("no".to_owned()),
        warnings: vec!["w".to_owned()],
        ..Answer::silent()
    };
    let response: Value = serde_json::from_slice(&respond("7", answer)).unwrap();
    assert_eq!(response["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(response["kind"], "AdmissionReview");
    let response = &response["response"];
    assert_eq!((&response["uid"], &response["allowed"]), (&json!("7"), &json!(false)));
    assert_eq!(response["warnings"], json!(["w"]));
    assert_eq!((&response["status"]["code"], &response["status"]["message"]), (&json!(403), &json!("no")));
    let silent: Value = serde_json::from_slice(&respond("8", Answer::silent())).unwrap();
    assert_eq!(silent["response"]["allowed"], true);
    assert!(silent["response"].get("warnings").is_none(), "{silent}");
}

#[test]
fn what_is_no_review_is_refused_with_the_reason() {
    let error = |body: &str| Request::read(body.as_bytes()).unwrap_err().to_string();
    assert!(error("").starts_with("this is no AdmissionReview: "));
    assert!(error("{\"request\": 3}").starts_with("this is no AdmissionReview: "));
    assert_eq!(
        error(r#"{"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview", "request": null}"#),
        "this is `admission.k8s.io/v1beta1 AdmissionReview`, not an AdmissionReview of admission.k8s.io/v1"
    );
    assert_eq!(
        error(r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}"#),
        "the AdmissionReview has no `request`"
    );
    assert!(Request::read(b"\xff\xfe").is_err());
    let deep = format!(
        r#"{{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {}"#,
        "[".repeat(100_000)
    );
    assert!(Request::read(deep.as_bytes()).is_err());
}

#[test]
fn whatever_controls_judge_is_asked_about_but_secrets_and_files() {
    use crate::engine::catalogue;
    use crate::engine::control::{Subject, SubjectType};
    let judged: std::collections::BTreeSet<SubjectType> =
        catalogue::all().iter().map(|it| it.subject).collect();
    for kind in ObjectKind::all() {
        let object =
            json!({"metadata": {"name": "a", "namespace": "b"}, "spec": {}, "rules": [], "roleRef": {}});
        let Ok(object) = Object::decode(kind, &object) else { continue };
        let subject = Subject::of(&object).map(Subject::kind);
        let expected = subject.is_some_and(|it| judged.contains(&it))
            && kind != ObjectKind::Secret
            && kind != ObjectKind::AuditPolicy;
        assert_eq!(passage::is_judged(kind), expected, "{kind}");
    }
}
