//! The operator, and the rules of the API server on which approvals by name rest.

use std::time::Duration;

use serde_json::{Value, json};

use crate::operator::Operator;
use crate::plane::{Cluster, OPERATOR, clock, cluster, eventually};
use crate::shop::{Shop, condition};

/// Removes the rules when the test ends, be it well or not.
struct Rules<'a>(&'a Cluster);

impl Drop for Rules<'_> {
    fn drop(&mut self) {
        self.0.set_rules(false);
    }
}

/// Whoever approves in the shop.
fn appoint(cluster: &Cluster, user: &str) {
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "exception-approver"},
        "rules": [{
            "apiGroups": ["stanchion.dev"], "resources": ["riskexceptions"], "verbs": ["get", "patch", "approve"],
        }],
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "exception-approver"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "exception-approver"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    });
    for object in [role, binding] {
        if cluster.get(&object).is_null() {
            cluster.create(&object);
        }
    }
}

fn await_approved(cluster: &Cluster, exception: &Value, reason: &str, words: &str) {
    eventually(&format!("Approved {reason}: {words}"), || {
        let found = condition(&cluster.get(exception)["status"], "Approved");
        let is_it =
            found["reason"] == reason && found["message"].as_str().is_some_and(|it| it.contains(words));
        if is_it { Ok(()) } else { Err(found.to_string()) }
    });
}

#[test]
fn names_count_while_the_api_server_holds_its_rules() {
    let cluster = cluster();
    appoint(&cluster, "ana");
    cluster.set_rules(true);
    let rules = Rules(&cluster);
    let operator = Operator::ready_and_vouched_for(&cluster, "vouched-for");
    let shop = Shop::open(&cluster);
    shop.set_privileged("cart", true);
    shop.await_failing(1);
    let mut exception = shop.exception("cart", clock() + Duration::from_secs(20 * 86_400));
    exception["spec"].as_object_mut().unwrap().remove("approvals");
    exception["spec"]["requestedBy"] = json!("admin");
    cluster.create(&exception);
    await_approved(&cluster, &exception, "ApprovalsMissing", "0 of 1 approvals");
    eventually("the approval", || {
        // The right to approve counts a moment after it was given.
        let patch = json!({"spec": {"approvals": [{"by": "ana"}]}}).to_string();
        let patched = cluster.plane.try_kubectl(
            "ana",
            &["patch", "riskexception", "for-a-while", "-n", "shop", "--type=merge", "-p", &patch],
        );
        if patched.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&patched.stderr).into_owned())
        }
    });
    shop.await_excepted(1);
    await_approved(
        &cluster,
        &exception,
        "Approved",
        "1 of 1 approvals, names held by the API server (Enforced)",
    );
    assert!(operator.metric("stanchion_rule_faults") < 0.5);

    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "stanchion-approvals"},
    });
    cluster.patch(&binding, &json!({"spec": {"validationActions": ["Warn"]}}));
    await_approved(&cluster, &exception, "ApprovalsMissing", "`stanchion-approvals` is not as shipped");
    shop.await_failing(1);
    eventually("the fault", || (operator.metric("stanchion_rule_faults") > 0.5).then_some(()).ok_or("none"));
    // Applying alone would keep what somebody else has added to a set.
    cluster.set_rules(false);
    cluster.set_rules(true);
    shop.await_excepted(1);

    drop(rules);
    await_approved(&cluster, &exception, "ApprovalsMissing", "and 9 more");
    assert!(operator.terminate().success());
    assert_eq!(OPERATOR, stanchion::policies::OPERATOR);
}
