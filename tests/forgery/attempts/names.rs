//! Approvals of one's own, and of others.

use serde_json::{Value, json};

use super::Expect::Refused;
use super::{Attempt, NOBODY_ELSE, NOT_BEFORE, Request, approvals, attempt, by};
use crate::scene::Start::{Approved, Asked, Nothing};
use crate::scene::{ARGO, apply, approve, create, exception, json_patch, merge, path, update, with};
use crate::server::{Call, EXCEPTIONS, How, Server};

pub(super) fn own() -> Vec<Attempt> {
    let own = |what, call: fn(&str) -> Call| {
        attempt(what, "mallory", Asked("mallory"), Refused("nobody approves their own"), move |_, name| {
            call(name)
        })
    };
    vec![
        own("Who asked, and has the verb `approve`, approves by server-side apply", |name| {
            approve(name, "mallory")
        }),
        own("the same by a merge patch", |name| merge(name, approvals(&["mallory"]))),
        own("the same by a JSON patch", |name| {
            json_patch(name, json!([{"op": "add", "path": "/spec/approvals", "value": [by("mallory")]}]))
        }),
        attempt(
            "the same, and gives away the request in the same patch",
            "mallory",
            Asked("mallory"),
            Refused("requestedBy is stamped once and stays"),
            |_, name| merge(name, json!({"spec": {"requestedBy": "bob", "approvals": [by("mallory")]}})),
        ),
        attempt(
            "asks in the name of Bob, so as to approve it",
            "mallory",
            Nothing,
            Refused("spec.requestedBy is the user who asks"),
            |_, name| create(exception(name, "bob")),
        ),
        attempt(
            "changes what Bob asked for, and approves it in the same patch",
            "mallory",
            Asked("bob"),
            Refused("bob asked for this exception, and nobody else changes it"),
            |_, name| {
                merge(name, json!({"spec": {"target": {"names": ["vault"]}, "approvals": [by("mallory")]}}))
            },
        ),
        attempt(
            "changes what Bob asked for, so as to approve it later",
            "mallory",
            Asked("bob"),
            Refused("bob asked for this exception, and nobody else changes it"),
            |_, name| merge(name, json!({"spec": {"target": {"names": ["vault"]}}})),
        ),
    ]
}

/// Further attempts of the same kind, by those who may do everything.
pub(super) fn another(mut attempts: Vec<Attempt>) -> Vec<Attempt> {
    attempts.extend([
        attempt(
            "Ana's name, by a member of system:masters",
            "admin",
            Asked("bob"),
            Refused(NOBODY_ELSE),
            |_, name| merge(name, approvals(&["ana"])),
        ),
        attempt(
            "Ana's name, by an account that is cluster-admin",
            ARGO,
            Asked("bob"),
            Refused(NOBODY_ELSE),
            |_, name| approve(name, "ana"),
        ),
        attempt(
            "Ana approves, and adds Dan in the same patch",
            "ana",
            Asked("bob"),
            Refused(NOBODY_ELSE),
            |_, name| merge(name, approvals(&["ana", "dan"])),
        ),
        attempt(
            "a name that looks like Ana's, with a Cyrillic letter",
            "bob",
            Asked("bob"),
            Refused(NOBODY_ELSE),
            |_, name| merge(name, approvals(&["аna"])),
        ),
        attempt(
            "Ana approves twice, with two comments",
            "ana",
            Asked("bob"),
            Refused("Duplicate value"),
            |_, name| {
                merge(
                    name,
                    json!({"spec": {"approvals": [{"by": "ana"}, {"by": "ana", "comment": "again"}]}}),
                )
            },
        ),
    ]);
    attempts
}

pub(super) fn another_s_name() -> Vec<Attempt> {
    let bob = |what, call: fn(&Server, &str) -> Call| {
        attempt(what, "bob", Asked("bob"), Refused(NOBODY_ELSE), call)
    };
    vec![
        bob("Ana's name, by a merge patch", |_, name| merge(name, approvals(&["ana"]))),
        bob("by a JSON patch", |_, name| {
            json_patch(name, json!([{"op": "add", "path": "/spec/approvals", "value": [by("ana")]}]))
        }),
        bob("by server-side apply with force, as the field manager that Ana would use", |_, name| {
            approve(name, "ana")
        }),
        bob("by an update of the whole object", |server, name| {
            update(server, name, |object| with(object, "/spec/approvals", json!([by("ana")])))
        }),
        bob("through another served version", |_, name| {
            let path = path(name).replace("v1alpha1", "v1beta1");
            Call::new(How::MergePatch, path, approvals(&["ana"]))
        }),
        bob("as a dry run", |_, name| {
            Call::new(How::MergePatch, format!("{}?dryRun=All", path(name)), approvals(&["ana"]))
        }),
        bob("without validation of fields", |_, name| {
            let path = format!("{}?fieldValidation=Ignore", path(name));
            Call::new(How::MergePatch, path, approvals(&["ana"]))
        }),
        attempt("next to Ana's own approval, Dan's", "bob", Approved, Refused(NOBODY_ELSE), |_, name| {
            json_patch(name, json!([{"op": "add", "path": "/spec/approvals/-", "value": by("dan")}]))
        }),
    ]
}

pub(super) fn brought() -> Vec<Attempt> {
    let approved =
        |name: &str, user: &str| with(exception(name, user), "/spec/approvals", json!([by("ana")]));
    let brought = |what, user, call: Request| attempt(what, user, Nothing, Refused(NOT_BEFORE), call);
    vec![
        brought(
            "A new exception with Ana's approval in it",
            "bob",
            Box::new(move |_, name| create(approved(name, "bob"))),
        ),
        brought(
            "the same with a generated name",
            "bob",
            Box::new(move |_, name| {
                let metadata = json!({"generateName": format!("{name}-"), "namespace": "payments"});
                create(with(approved(name, "bob"), "/metadata", metadata))
            }),
        ),
        brought(
            "the same through another served version",
            "bob",
            Box::new(move |_, name| {
                let body = with(approved(name, "bob"), "/apiVersion", json!("stanchion.dev/v1beta1"));
                Call::new(How::Create, EXCEPTIONS.replace("v1alpha1", "v1beta1"), body)
            }),
        ),
        brought(
            "the same by server-side apply",
            "bob",
            Box::new(move |_, name| apply(name, "kubectl", &approved(name, "bob")["spec"])),
        ),
        brought(
            "the same from Git, by an account that is cluster-admin",
            ARGO,
            Box::new(move |_, name| apply(name, "argocd-controller", &approved(name, ARGO)["spec"])),
        ),
        brought(
            "the same as a dry run",
            "bob",
            Box::new(move |_, name| {
                Call::new(How::Create, format!("{EXCEPTIONS}?dryRun=All"), approved(name, "bob"))
            }),
        ),
    ]
}

pub(super) fn made_anew() -> Vec<Attempt> {
    vec![attempt(
        "An approved exception is deleted, and made anew as it was",
        "bob",
        Approved,
        Refused(NOT_BEFORE),
        |server, name| {
            let mut before = server.get(&path(name));
            before["metadata"] = json!({"name": name, "namespace": "payments"});
            server.ask("bob", &Call::new(How::Delete, path(name), Value::Null));
            create(before)
        },
    )]
}

pub(super) fn rightless() -> Vec<Attempt> {
    vec![
        attempt(
            "A colleague who may edit exceptions, in her own name",
            "carol",
            Asked("bob"),
            Refused("may not approve here"),
            |_, name| approve(name, "carol"),
        ),
        attempt(
            "who approves in another namespace",
            "oscar",
            Asked("bob"),
            Refused("may not approve here"),
            |_, name| merge(name, approvals(&["oscar"])),
        ),
        attempt("who may do nothing at all", "eve", Asked("bob"), Refused("forbidden"), |_, name| {
            merge(name, approvals(&["eve"]))
        }),
        attempt(
            "Ana, of what nobody is known to have asked for",
            "ana",
            Nothing,
            Refused("not found"),
            |_, name| merge(name, approvals(&["ana"])),
        ),
    ]
}
