//! What was approved, and for how long.

use serde_json::{Value, json};

use super::Expect::{Dropped, Refused};
use super::{Attempt, NOBODY_ELSE, NOT_BEFORE, STAYS_REVOKED, attempt};
use crate::scene::Start::{Approved, Asked, Nothing, Revoked};
use crate::scene::{ARGO, after, apply, create, exception, json_patch, merge, path, update, with};
use crate::server::{Call, How, Server};

pub(super) fn edited() -> Vec<Attempt> {
    let edit = |what, field: &'static str, value: Value| {
        attempt(what, "bob", Approved, Refused(NOBODY_ELSE), move |_, name| {
            let path = format!("/spec/approvals/0/{field}");
            json_patch(name, json!([{"op": "add", "path": path, "value": value}]))
        })
    };
    vec![
        edit("A comment is put into Ana's mouth", "comment", json!("for the whole year")),
        edit("her approval gets another day", "at", json!(after(1))),
        edit("her approval becomes Dan's", "by", json!("dan")),
        attempt(
            "Ana dates her approval back by a month",
            "ana",
            Asked("bob"),
            Refused("while the exception lasts"),
            |_, name| merge(name, json!({"spec": {"approvals": [{"by": "ana", "at": after(-30 * 24)}]}})),
        ),
    ]
}

pub(super) fn changed() -> Vec<Attempt> {
    let refused = Refused("what was approved would change");
    let change = |what, spec: Value| {
        let call = move |_: &Server, name: &str| merge(name, json!({"spec": spec}));
        attempt(what, "bob", Approved, refused, call).where_stamped(Dropped)
    };
    vec![
        change(
            "Bob adds a control to what Ana approved",
            json!({"controls": ["pod.runs-as-root", "pod.privileged"]}),
        ),
        change("points it at another workload", json!({"target": {"names": ["vault"]}})),
        change("lets it cover more", json!({"maxWorkloads": 1000})),
        change("lets it last longer", json!({"expiresAt": after(29 * 24)})),
        change("gives it another owner", json!({"owner": "team-vault"})),
        change("says that the risk is low", json!({"risk": {"likelihood": "Low", "impact": "Low"}})),
        attempt("changes it by an update of the whole object", "bob", Approved, refused, |server, name| {
            update(server, name, |object| {
                with(object, "/spec/reason", json!("because everybody else does it, too"))
            })
        })
        .where_stamped(Dropped),
        attempt("changes it through another served version", "bob", Approved, refused, |_, name| {
            let path = path(name).replace("v1alpha1", "v1beta1");
            Call::new(How::MergePatch, path, json!({"spec": {"target": {"names": ["vault"]}}}))
        })
        .where_stamped(Dropped),
        attempt(
            "changes it, and words Ana's approval anew",
            "bob",
            Approved,
            Refused("what was approved would change"),
            |_, name| {
                let approvals = json!([{"by": "ana", "comment": "the new one, too"}]);
                merge(name, json!({"spec": {"maxWorkloads": 1000, "approvals": approvals}}))
            },
        ),
        attempt(
            "an account that is cluster-admin changes it, with force",
            ARGO,
            Approved,
            Refused("bob asked for this exception, and nobody else changes it"),
            |_, name| apply(name, "argocd-controller", &json!({"maxWorkloads": 1000})),
        ),
    ]
}

pub(super) fn longer() -> Vec<Attempt> {
    let tier = "where an exception lasts at most 720 hours";
    let created = |what, change: fn(Value) -> Value, expect| {
        attempt(what, "bob", Nothing, expect, move |_, name| create(change(exception(name, "bob"))))
    };
    vec![
        created(
            "Longer than the namespace's tier allows",
            |it| with(it, "/spec/expiresAt", json!(after(31 * 24))),
            Refused(tier),
        ),
        created(
            "a span that is short enough, and begins in a month",
            |it| {
                let later = with(it, "/spec/validFrom", json!(after(30 * 24)));
                with(later, "/spec/expiresAt", json!(after(50 * 24)))
            },
            Refused(tier),
        ),
        created(
            "a time of creation of one's own",
            |it| {
                let later = with(it, "/metadata/creationTimestamp", json!(after(30 * 24)));
                with(later, "/spec/expiresAt", json!(after(50 * 24)))
            },
            Refused(tier),
        ),
        attempt("made short, and extended afterwards", "bob", Asked("bob"), Refused(tier), |_, name| {
            merge(name, json!({"spec": {"expiresAt": after(60 * 24)}}))
        }),
        attempt(
            "extended with another time of creation",
            "bob",
            Asked("bob"),
            Refused(tier),
            |server, name| {
                update(server, name, |object| {
                    let later = with(object, "/metadata/creationTimestamp", json!(after(29 * 24)));
                    with(later, "/spec/expiresAt", json!(after(50 * 24)))
                })
            },
        ),
        created(
            "a renewal, in a tier without renewals",
            |it| with(it, "/spec/renews", json!("legacy-ledger-0")),
            Refused("where no exception is renewed"),
        ),
    ]
}

pub(super) fn unrevoked() -> Vec<Attempt> {
    vec![
        attempt("The revocation is removed", "bob", Revoked, Refused(STAYS_REVOKED), |_, name| {
            json_patch(name, json!([{"op": "remove", "path": "/spec/revoked"}]))
        }),
        attempt(
            "an update of the whole object leaves it out",
            "bob",
            Revoked,
            Refused(STAYS_REVOKED),
            |server, name| {
                update(server, name, |mut object| {
                    object["spec"].as_object_mut().unwrap().remove("revoked");
                    object
                })
            },
        ),
        attempt("its reason is another", "bob", Revoked, Refused(STAYS_REVOKED), |_, name| {
            merge(name, json!({"spec": {"revoked": {"reason": "by mistake"}}}))
        }),
        attempt(
            "Bob revokes in Ana's name",
            "bob",
            Approved,
            Refused("spec.revoked.by is the user who revokes"),
            |_, name| merge(name, json!({"spec": {"revoked": {"by": "ana", "reason": "misused"}}})),
        ),
        attempt(
            "the revoked one is deleted, and made anew as it was approved",
            "bob",
            Revoked,
            Refused(NOT_BEFORE),
            |server, name| {
                let mut before = server.get(&path(name));
                before["metadata"] = json!({"name": name, "namespace": "payments"});
                before["spec"].as_object_mut().unwrap().remove("revoked");
                server.ask("bob", &Call::new(How::Delete, path(name), Value::Null));
                create(before)
            },
        ),
    ]
}
