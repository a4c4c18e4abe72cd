//! What the API server fills in and drops by itself, so that manifests need neither name who asks nor give up approvals.

use serde_json::{Value, json};

use super::cel::{USER, approvals, approvals_before, same_content, variable};
use super::{Document, matching};

const NAME: &str = "stanchion-stamp";

pub(super) fn documents() -> Vec<Document> {
    let document = |kind, spec| Document { kind, name: NAME, guards: false, spec };
    vec![
        document("MutatingAdmissionPolicy", policy()),
        document("MutatingAdmissionPolicyBinding", json!({"policyName": NAME})),
    ]
}

fn policy() -> Value {
    let stamp = format!(
        "has(object.spec.requestedBy) ? [] : \
         oldObject == null \
         ? [JSONPatch{{op: 'add', path: '/spec/requestedBy', value: {USER}}}] : \
         has(oldObject.spec.requestedBy) \
         ? [JSONPatch{{op: 'add', path: '/spec/requestedBy', value: oldObject.spec.requestedBy}}] : []"
    );
    let drop = "variables.sameContent || variables.kept.size() == variables.approvals.size() ? [] : \
                variables.kept.size() == 0 \
                ? [JSONPatch{op: 'remove', path: '/spec/approvals'}] \
                : [JSONPatch{op: 'replace', path: '/spec/approvals', value: variables.kept}]";
    let patch = |expression: &str| json!({"patchType": "JSONPatch", "jsonPatch": {"expression": expression}});
    json!({
        "failurePolicy": "Fail",
        "reinvocationPolicy": "IfNeeded",
        "matchConstraints": matching(&["CREATE", "UPDATE"], &["riskexceptions"]),
        "variables": [
            approvals(),
            approvals_before(),
            same_content(),
            // A signature that fits no more counts for nothing, and what is new is judged by the rules.
            variable(
                "kept",
                "variables.approvals.filter(approval, \
                 has(approval.signature) || !(approval in variables.approvalsBefore))",
            ),
        ],
        "mutations": [patch(&stamp), patch(drop)],
    })
}
