//! Exceptions as they are before somebody tries something.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::server::{Answer, Call, EXCEPTIONS, How, Server};

/// The account under which Argo CD applies everything.
pub(crate) const ARGO: &str = "system:serviceaccount:argocd:argocd";

/// The user of the operator.
pub(crate) const OPERATOR: &str = stanchion::policies::OPERATOR;

/// What there is before the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Nothing of that name.
    Nothing,
    /// Somebody asked.
    Asked(&'static str),
    /// Bob asked, and Ana approved.
    Approved,
    /// Bob asked, Ana approved, and Carol revoked.
    Revoked,
    /// Argo CD's account applied a manifest of Bob's, with a signature.
    Signed,
    /// The operator wrote it, for Bob broke the glass.
    BrokenGlass,
}

impl Start {
    /// Makes it so.
    pub(crate) fn make(self, server: &Server, name: &str) {
        let good = |user: &str, call: Call| {
            let answer = server.ask(user, &call);
            assert!(answer.is_success(), "{name}, {user}: {} {}", answer.code, answer.body);
        };
        match self {
            Self::Nothing => {}
            Self::Asked(user) => good(user, create(exception(name, user))),
            Self::Approved => {
                Self::Asked("bob").make(server, name);
                good("ana", approve(name, "ana"));
            }
            Self::Revoked => {
                Self::Approved.make(server, name);
                good(
                    "carol",
                    merge(name, json!({"spec": {"revoked": {"by": "carol", "reason": "misused"}}})),
                );
            }
            Self::Signed => good(ARGO, create(signed(name))),
            Self::BrokenGlass => good(OPERATOR, create(glass(name))),
        }
    }
}

/// A sound exception, asked for by this user.
pub(crate) fn exception(name: &str, user: &str) -> Value {
    json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "RiskException",
        "metadata": {"name": name, "namespace": "payments"},
        "spec": {
            "controls": ["pod.runs-as-root"],
            "target": {"kind": "Deployment", "names": ["legacy-ledger"]},
            "reason": "the vendor's image starts as root until version 5",
            "owner": "team-payments",
            "requestedBy": user,
            "expiresAt": after(20 * 24),
        },
    })
}

/// An exception of somebody who broke the glass, as the operator writes it.
pub(crate) fn glass(name: &str) -> Value {
    let mut glass = exception(name, "bob");
    glass["metadata"]["annotations"] = json!({"stanchion.dev/break-glass": "INC-7"});
    glass["spec"]["expiresAt"] = json!(after(24));
    glass
}

/// An exception as it stands in Git: approved by a signature, with its author's name.
pub(crate) fn signed(name: &str) -> Value {
    let mut signed = exception(name, "bob");
    signed["metadata"]["annotations"] = json!({"stanchion.dev/approved-by": "signature"});
    let signature = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n";
    signed["spec"]["approvals"] = json!([{"by": "ana", "signature": signature}]);
    signed
}

/// The same with something else in it.
pub(crate) fn with(mut exception: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    exception.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
    exception
}

/// A moment, so many hours from now.
#[expect(clippy::disallowed_methods, reason = "tests have a clock")]
pub(crate) fn after(hours: i64) -> String {
    let moment = Timestamp::now().checked_add(SignedDuration::from_hours(hours)).unwrap();
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(crate) fn path(name: &str) -> String {
    format!("{EXCEPTIONS}/{name}")
}

pub(crate) fn create(body: Value) -> Call {
    Call::new(How::Create, EXCEPTIONS, body)
}

pub(crate) fn merge(name: &str, body: Value) -> Call {
    Call::new(How::MergePatch, path(name), body)
}

pub(crate) fn json_patch(name: &str, body: Value) -> Call {
    Call::new(How::JsonPatch, path(name), body)
}

/// Server-side apply, with force.
pub(crate) fn apply(name: &str, manager: &str, spec: &Value) -> Call {
    let body = json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "RiskException",
        "metadata": {"name": name, "namespace": "payments"}, "spec": spec,
    });
    Call::new(How::Apply, format!("{}?fieldManager={manager}&force=true", path(name)), body)
}

/// Adds a name to the approvals, as `kubectl stanchion approve` does.
pub(crate) fn approve(name: &str, by: &str) -> Call {
    apply(name, &format!("approval-{by}"), &json!({"approvals": [{"by": by}]}))
}

/// A change of what is there, read and written back whole.
pub(crate) fn update(server: &Server, name: &str, change: impl FnOnce(Value) -> Value) -> Call {
    Call::new(How::Update, path(name), change(server.get(&path(name))))
}

/// What an attempt must not change: all that is said of an exception.
pub(crate) fn essence(object: &Value) -> Value {
    let glass = &object["metadata"]["annotations"]["stanchion.dev/break-glass"];
    json!({"spec": object["spec"], "status": object["status"], "glass": glass})
}

/// The words of a refusal, without those around them.
pub(crate) fn words(answer: &Answer) -> String {
    let message = answer.message();
    let ours = message.split_once("denied request: ").map_or(message, |(_, ours)| ours);
    ours.replace('\n', " ")
}
