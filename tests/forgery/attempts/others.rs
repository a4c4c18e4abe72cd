//! Names, signatures, statuses and broken glass.

use serde_json::{Value, json};

use super::Expect::{Ignored, Refused};
use super::{Attempt, NOBODY_ELSE, NOT_BEFORE, OPERATOR_ALONE, approvals, attempt, by};
use crate::scene::Start::{Asked, BrokenGlass, Nothing, Signed};
use crate::scene::{
    OPERATOR, after, approve, create, exception, glass, json_patch, merge, path, signed, with,
};
use crate::server::{Call, How};

pub(super) fn masked() -> Vec<Attempt> {
    let header = |what, headers: &'static [(&'static str, &'static str)], expect| {
        attempt(what, "bob", Asked("bob"), expect, move |_, name| {
            let call = merge(name, approvals(&["ana"]));
            Call { headers: headers.to_vec(), ..call }
        })
    };
    vec![
        header(
            "Bob impersonates Ana, which he may not",
            &[("impersonate-user", "ana")],
            Refused("cannot impersonate"),
        ),
        header("names Ana as a proxy would", &[("x-remote-user", "ana")], Refused(NOBODY_ELSE)),
        attempt(
            "asks in the name of Carol",
            "bob",
            Nothing,
            Refused("spec.requestedBy is the user who asks"),
            |_, name| create(exception(name, "carol")),
        ),
        attempt(
            "a member of system:masters asks in the name of Carol",
            "admin",
            Nothing,
            Refused("spec.requestedBy is the user who asks"),
            |_, name| create(exception(name, "carol")),
        ),
        attempt(
            "the request becomes Carol's",
            "bob",
            Asked("bob"),
            Refused("requestedBy is stamped once and stays"),
            |_, name| merge(name, json!({"spec": {"requestedBy": "carol"}})),
        ),
        attempt(
            "the request becomes nobody's",
            "bob",
            Asked("bob"),
            Refused("requestedBy is stamped once"),
            |_, name| json_patch(name, json!([{"op": "remove", "path": "/spec/requestedBy"}])),
        )
        .where_stamped(Ignored),
    ]
}

pub(super) fn unsigned() -> Vec<Attempt> {
    let annotation = "/metadata/annotations/stanchion.dev~1approved-by";
    let alone = Refused("signatures alone approve");
    vec![
        attempt(
            "Mallory approves by name what signatures alone approve",
            "mallory",
            Signed,
            alone,
            |_, name| approve(name, "mallory"),
        ),
        attempt("and so does Dan, who has nothing to do with it", "dan", Signed, alone, |_, name| {
            approve(name, "dan")
        }),
        attempt(
            "it becomes one that names approve",
            "mallory",
            Signed,
            Refused("stays as it was"),
            move |_, name| json_patch(name, json!([{"op": "remove", "path": annotation}])),
        ),
        attempt(
            "the same, with a name in the same patch",
            "mallory",
            Signed,
            Refused("stays as it was"),
            move |_, name| {
                let removed = json!({"metadata": {"annotations": {"stanchion.dev/approved-by": null}}});
                merge(name, with(removed, "/spec", approvals(&["mallory"])["spec"].clone()))
            },
        ),
        attempt("it is created with a name in it", "mallory", Nothing, Refused(NOT_BEFORE), |_, name| {
            create(with(signed(name), "/spec/approvals", json!([by("mallory")])))
        }),
        attempt(
            "a signature is taken off, and the name is left",
            "bob",
            Signed,
            Refused(NOBODY_ELSE),
            |_, name| json_patch(name, json!([{"op": "remove", "path": "/spec/approvals/0/signature"}])),
        ),
    ]
}

/// What says that an exception is approved.
fn approved() -> Value {
    json!({"status": {"conditions": [{
        "type": "Approved", "status": "True", "reason": "Approved", "message": "2 of 2 approvals",
        "lastTransitionTime": after(0),
    }]}})
}

fn status(name: &str, body: Value) -> Call {
    Call::new(How::MergePatch, format!("{}/status", path(name)), body)
}

pub(super) fn statuses() -> Vec<Attempt> {
    let alone = |what, by, call: fn(&str) -> Call| {
        attempt(what, by, Asked("bob"), Refused(OPERATOR_ALONE), move |_, name| call(name))
    };
    vec![
        alone("Bob, who may write the status, says that it is approved", "bob", |name| {
            status(name, approved())
        }),
        alone("the same through another served version", "bob", |name| {
            let path = format!("{}/status", path(name).replace("v1alpha1", "v1beta1"));
            Call::new(How::MergePatch, path, approved())
        }),
        alone("an approval, by way of the status", "bob", |name| status(name, approvals(&["ana"]))),
        alone("a member of system:masters writes a status", "admin", |name| status(name, approved())),
        alone("the stage of a standard", "admin", |_| {
            let path = "/apis/stanchion.dev/v1alpha1/securitystandards/forgery/status";
            let body = json!({"status": {"tiers": [{"name": "tier-0", "action": "Audit"}]}});
            Call::new(How::MergePatch, path, body)
        }),
        alone("the posture of a tier", "admin", |_| {
            let path = "/apis/stanchion.dev/v1alpha1/servicetiers/tier-0/status";
            Call::new(How::MergePatch, path, json!({"status": {"workloads": 0}}))
        }),
    ]
}

pub(super) fn ignored_statuses() -> Vec<Attempt> {
    vec![
        attempt("A status with the exception that is made", "bob", Nothing, Ignored, |_, name| {
            create(with(exception(name, "bob"), "/status", approved()["status"].clone()))
        }),
        attempt("a status with a change of the exception", "bob", Asked("bob"), Ignored, |_, name| {
            merge(name, approved())
        }),
        attempt(
            "the operator's account, if it were taken over, approves",
            OPERATOR,
            Asked("bob"),
            Refused("forbidden"),
            |_, name| merge(name, approvals(&["ana"])),
        ),
        attempt("the same by way of the status", OPERATOR, Asked("bob"), Ignored, |_, name| {
            status(name, approvals(&["ana"]))
        }),
    ]
}

pub(super) fn broken() -> Vec<Attempt> {
    let annotate = |value: Value| json!({"metadata": {"annotations": {"stanchion.dev/break-glass": value}}});
    let alone = Refused("is written by the operator alone");
    vec![
        attempt("Bob writes an exception that broke the glass", "bob", Nothing, alone, |_, name| {
            create(glass(name))
        }),
        attempt("his exception becomes one that did", "bob", Asked("bob"), alone, move |_, name| {
            merge(name, annotate(json!("INC-8")))
        }),
        attempt("of one that did, the ticket is another", "bob", BrokenGlass, alone, move |_, name| {
            merge(name, annotate(json!("INC-8")))
        }),
        attempt("it becomes a plain one", "bob", BrokenGlass, alone, move |_, name| {
            merge(name, annotate(Value::Null))
        }),
        attempt("it lasts longer", "bob", BrokenGlass, Refused("stays as it was written"), |_, name| {
            merge(name, json!({"spec": {"expiresAt": after(48)}}))
        }),
        attempt(
            "it lasts a week, from the operator's own account",
            OPERATOR,
            Nothing,
            Refused("lasts a day at most"),
            |_, name| create(with(glass(name), "/spec/expiresAt", json!(after(7 * 24)))),
        ),
    ]
}
