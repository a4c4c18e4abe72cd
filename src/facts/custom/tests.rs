use serde_json::{Value, json};

use super::*;
use crate::facts::object::Object;
use crate::facts::{Inventory, SubjectKey, Workload};

fn kinds(declared: &[&str]) -> CustomKinds {
    CustomKinds::new(declared.iter().map(|it| it.parse().unwrap()).collect()).unwrap()
}

fn workload(kinds: &CustomKinds, api_version: &str, kind: &str) -> WorkloadKind {
    match kinds.recognize(api_version, kind) {
        Recognition::Facts(ObjectKind::Workload(kind)) => kind,
        other => panic!("{api_version} {kind} is {other:?}"),
    }
}

const ROLLOUT: &str = "argoproj.io/v1alpha1/Rollout=spec.template";

#[test]
fn what_is_declared_is_a_workload_in_any_version_and_nothing_else_is() {
    let kinds = kinds(&[ROLLOUT]);
    let rollout = workload(&kinds, "argoproj.io/v1beta1", "Rollout");
    assert_eq!(rollout.template_path(), ["spec", "template"]);
    assert_eq!(rollout.pod_spec_path(), ["spec", "template", "spec"]);
    let kind = ObjectKind::Workload(rollout);
    let named = (kind.as_str(), kind.api_kind(), kind.api_version(), kind.plural());
    assert_eq!(named, ("Rollout", "Rollout", "argoproj.io/v1alpha1".to_owned(), "rollouts".to_owned()));
    assert_eq!(kinds.recognize("argoproj.io/v1alpha1", "Workflow"), Recognition::Foreign);
    assert_eq!(kinds.recognize("example.com/v1", "Rollout"), Recognition::Foreign);
    assert_eq!(workload(&kinds, "apps/v1", "Deployment"), WorkloadKind::Deployment);
}

#[test]
fn a_kind_that_is_called_as_another_one_is_told_apart_by_its_group() {
    let kinds = kinds(&[
        "serving.knative.dev/v1/Service=spec.template",
        ROLLOUT,
        "example.com/v1/Rollout/ourrollouts=spec.pods",
    ]);
    let names: Vec<&str> = kinds.iter().map(CustomKind::as_str).collect();
    assert_eq!(names, ["Service.serving.knative.dev", "Rollout", "Rollout.example.com"]);
    let plurals: Vec<&str> = kinds.iter().map(CustomKind::plural).collect();
    assert_eq!(plurals, ["services", "rollouts", "ourrollouts"]);
    let service = workload(&kinds, "serving.knative.dev/v1", "Service");
    assert_eq!(ObjectKind::Workload(service).api_kind(), "Service");
}

#[test]
fn the_same_declaration_is_the_same_kind_and_kinds_are_ordered_by_name() {
    let [first, second] =
        [kinds(&[ROLLOUT]), kinds(&["apps.kruise.io/v1alpha1/CloneSet=spec.template", ROLLOUT, ROLLOUT])];
    assert_eq!(second.iter().count(), 2);
    assert_eq!(first.iter().next(), second.iter().nth(1));
    let mut all: Vec<CustomKind> = second.iter().collect();
    all.sort();
    assert_eq!(all.iter().map(|it| it.as_str()).collect::<Vec<_>>(), ["CloneSet", "Rollout"]);
    let builtin = WorkloadKind::ALL.into_iter().max().unwrap();
    assert!(builtin < WorkloadKind::Custom(all[0]), "what is built in comes first");
}

#[test]
fn a_kind_takes_no_more_room_than_a_number() {
    assert!(size_of::<ObjectKind>() <= 3);
}

#[test]
fn what_can_t_be_used_is_named_with_what_to_do() {
    let refused = |declared: &str| declared.parse::<Declaration>().unwrap_err().to_string();
    for (declared, hint) in [
        ("argoproj.io/v1alpha1/Rollout", "after a `=`, as in `argoproj.io/v1alpha1/Rollout=spec.template`"),
        ("Rollout=spec.template", "write group, version and kind before the `=`"),
        ("v1/Pod=spec", "write group, version and kind"),
        ("a.b/v1/C/d/e=spec", "write group, version and kind"),
        ("argoproj/v1/Rollout=spec.template", "`argoproj` is no API group of a CRD"),
        ("argoproj.io/alpha/Rollout=spec.template", "`alpha` is no version"),
        ("argoproj.io/v1/rollouts=spec.template", "`rollouts` is no kind"),
        ("argoproj.io/v1/Rollout/Rollouts=spec.template", "`Rollouts` is no resource"),
        ("argoproj.io/v1/Rollout=", "is no path of fields"),
        ("argoproj.io/v1/Workflow=spec.templates[0]", "a template in a list can't be told"),
        ("argoproj.io/v1/Rollout=status.template", "no template stands in `status`"),
        ("a.io/v1/Deep=a.b.c.d.e.f.g.h.i", "deeper than 8 fields"),
        ("gateway.networking.k8s.io/v1/Gateway=spec.template", "is known anyway; leave it out"),
    ] {
        let message = refused(declared);
        assert!(message.starts_with(&format!("`{declared}` declares no kind of workload: ")), "{message}");
        assert!(message.contains(hint), "{message}");
    }
    let two = ["a.io/v1/Thing=spec.template", "a.io/v2/Thing=spec.pod"].map(|it| it.parse().unwrap());
    let (index, error) = CustomKinds::new(two.into()).unwrap_err();
    assert_eq!(index, 1);
    assert!(error.to_string().contains("`a.io/v1/Thing=spec.template` declares the same kind"), "{error}");
}

#[test]
fn a_declaration_is_shown_as_it_is_written() {
    for declared in [ROLLOUT, "serving.knative.dev/v1/Revision=.", "a.io/v1/Thing/someofthem=spec.a.b"] {
        assert_eq!(declared.parse::<Declaration>().unwrap().to_string(), declared);
    }
}

#[test]
fn there_is_a_most_of_them() {
    let many = |number: usize| {
        let declared =
            (0..number).map(|it| format!("many.example.com/v1/Kind{it}=spec.template").parse().unwrap());
        CustomKinds::new(declared.collect())
    };
    assert_eq!(many(MOST_KINDS).unwrap().iter().count(), MOST_KINDS);
    let (index, error) = many(MOST_KINDS + 1).unwrap_err();
    assert_eq!(index, MOST_KINDS);
    assert!(error.to_string().contains("there are 32 before it"), "{error}");
}

fn decoded(kind: WorkloadKind, object: &Value) -> Result<Workload, serde_json::Error> {
    Workload::decode(kind, object)
}

#[test]
fn a_template_is_read_wherever_it_stands_and_all_else_is_passed_over() {
    let pod = json!({"metadata": {"labels": {"app": "cart"}}, "spec": {"containers": [{"name": "app", "image": "a:1"}]}});
    let strange = json!({"steps": [{"setWeight": "20"}, 3], "replicas": {"not": "here"}});
    for (path, object) in [
        ("spec.template", json!({"spec": {"replicas": 3, "strategy": strange, "template": pod}})),
        ("spec.a.b-c", json!({"spec": {"replicas": 3, "a": {"replicas": "x", "b-c": pod, "z": [1]}}})),
        ("pods", json!({"pods": pod, "spec": 7})),
        (".", json!({"spec": pod["spec"], "status": {"containerStatuses": "whatever"}})),
    ] {
        let kinds =
            kinds(&[&format!("read.example.com/v1/{}={path}", if path == "." { "Self" } else { "Any" })]);
        let kind = workload(&kinds, "read.example.com/v1", if path == "." { "Self" } else { "Any" });
        let mut object = object;
        object["metadata"] = json!({"name": "cart", "namespace": "shop", "managedFields": [{"a": {"b": 1}}]});
        let found = decoded(kind, &object).unwrap();
        assert_eq!(found.meta.name.as_str(), "cart", "{path}");
        let container = found.containers().next().unwrap();
        assert_eq!(object.pointer(&container.path().key("image").to_pointer()).unwrap(), "a:1", "{path}");
        assert_eq!(found.wanted_replicas(), path.starts_with("spec").then_some(3), "{path}");
        assert_eq!(found.running, None);
    }
}

#[test]
fn what_is_missing_or_null_on_the_way_is_no_template_and_what_is_no_map_is_an_error() {
    let kinds = kinds(&[ROLLOUT]);
    let kind = workload(&kinds, "argoproj.io/v1alpha1", "Rollout");
    for spec in [json!(null), json!({}), json!({"template": null}), json!({"workloadRef": {"name": "x"}})] {
        let found = decoded(kind, &json!({"metadata": {"name": "a"}, "spec": spec})).unwrap();
        assert!(!found.has_template(), "{spec}");
    }
    for spec in
        [json!("text"), json!([1]), json!({"template": 3}), json!({"template": {"spec": {"containers": {}}}})]
    {
        assert!(decoded(kind, &json!({"metadata": {"name": "a"}, "spec": spec})).is_err(), "{spec}");
    }
    let strange = json!({"metadata": {"name": "a"}, "spec": {"replicas": {"min": 1}}});
    assert_eq!(decoded(kind, &strange).unwrap().wanted_replicas(), None);
}

fn put(
    inventory: &mut Inventory,
    api_version: &str,
    kind: &str,
    name: &str,
    owner: Option<(&str, &str, &str)>,
) {
    let kind = workload(inventory.kinds(), api_version, kind);
    let owners: Vec<Value> = owner
        .into_iter()
        .map(|(api_version, kind, name)| {
            json!({"apiVersion": api_version, "kind": kind, "name": name, "controller": true})
        })
        .collect();
    let mut object = json!({"spec": {"containers": [{"name": "app"}]}});
    for field in kind.template_path().iter().rev() {
        object = json!({*field: object});
    }
    object["metadata"] = json!({"name": name, "namespace": "shop", "ownerReferences": owners});
    inventory.put(Object::decode(ObjectKind::Workload(kind), &object).unwrap());
}

#[test]
fn what_a_custom_kind_owns_is_part_of_it() {
    let mut inventory = Inventory::with_kinds(kinds(&[ROLLOUT]));
    put(&mut inventory, "argoproj.io/v1alpha1", "Rollout", "cart", None);
    put(&mut inventory, "apps/v1", "ReplicaSet", "cart-1", Some(("argoproj.io/v1alpha1", "Rollout", "cart")));
    put(&mut inventory, "v1", "Pod", "cart-1-x", Some(("apps/v1", "ReplicaSet", "cart-1")));
    put(&mut inventory, "apps/v1", "ReplicaSet", "lone", Some(("example.com/v1", "Rollout", "cart")));
    let tops: Vec<String> = inventory.workloads().map(|(key, _)| key.to_string()).collect();
    assert_eq!(tops, ["ReplicaSet shop/lone", "Rollout shop/cart"]);
    let pod = SubjectKey::new("shop", ObjectKind::Workload(WorkloadKind::Pod), "cart-1-x");
    assert_eq!(inventory.top_owner(&pod).to_string(), "Rollout shop/cart");
    assert_eq!(inventory.workloads_in("shop").count(), 2);
}

#[test]
fn a_chain_through_kinds_in_between_is_followed_to_its_top() {
    let knative = ["Service=spec.template", "Configuration=spec.template", "Revision=."];
    let knative = knative.map(|it| format!("serving.knative.dev/v1/{it}"));
    let mut inventory = Inventory::with_kinds(kinds(&knative.each_ref().map(String::as_str)));
    let group = "serving.knative.dev/v1";
    put(&mut inventory, group, "Service", "cart", None);
    put(&mut inventory, group, "Configuration", "cart", Some((group, "Service", "cart")));
    put(&mut inventory, group, "Revision", "cart-1", Some((group, "Configuration", "cart")));
    put(&mut inventory, "apps/v1", "Deployment", "cart-1-d", Some((group, "Revision", "cart-1")));
    put(&mut inventory, "apps/v1", "ReplicaSet", "cart-1-d-1", Some(("apps/v1", "Deployment", "cart-1-d")));
    put(&mut inventory, "v1", "Pod", "cart-1-d-1-x", Some(("apps/v1", "ReplicaSet", "cart-1-d-1")));
    let tops: Vec<String> = inventory.workloads().map(|(key, _)| key.to_string()).collect();
    assert_eq!(tops, ["Service.serving.knative.dev shop/cart"]);
    let pod = SubjectKey::new("shop", ObjectKind::Workload(WorkloadKind::Pod), "cart-1-d-1-x");
    assert_eq!(inventory.top_owner(&pod).to_string(), tops[0]);
}

#[test]
fn an_object_that_loses_its_template_is_no_workload_any_more() {
    let mut inventory = Inventory::with_kinds(kinds(&[ROLLOUT]));
    put(&mut inventory, "argoproj.io/v1alpha1", "Rollout", "cart", None);
    let kind = ObjectKind::Workload(workload(inventory.kinds(), "argoproj.io/v1alpha1", "Rollout"));
    let refers =
        json!({"metadata": {"name": "cart", "namespace": "shop"}, "spec": {"workloadRef": {"name": "cart"}}});
    let refers = || Object::decode(kind, &refers).unwrap();
    assert!(inventory.put(refers()).is_some());
    assert_eq!(inventory.workloads().count(), 0);
    assert!(inventory.put(refers()).is_none());
    assert!(inventory.add(refers()).is_none());
}
