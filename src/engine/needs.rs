//! What controls look at besides their subject, and so what can't be said where some of it could not be read.

use super::control::{Check, Control, Scene, Subject, Verdict};
use crate::facts::object::ObjectKind;
use crate::facts::{Inventory, WorkloadKind};

/// Whether what a control says of a subject can depend on other objects of this kind. By family, where its controls
/// share what they look at: too much is only cautious.
#[must_use]
pub fn looks_at(control: &Control, kind: ObjectKind) -> bool {
    use ObjectKind::{
        Binding, ConfigMap, DisruptionBudget, Gateway, Ingress, Namespace, NetworkPolicy, Node, Role, Route,
        Secret, Service, ServiceAccount, Workload,
    };
    match (control.family(), control.id) {
        ("iam", _) => {
            matches!(kind, Role(_) | Binding(_) | ServiceAccount | Namespace | Node | Secret | Workload(_))
        }
        ("logging", _) => matches!(kind, ConfigMap | Namespace | Node | ServiceAccount | Workload(_)),
        ("network", _) => {
            matches!(kind, Service | Ingress | Gateway | Route(_) | NetworkPolicy | Namespace | Workload(_))
        }
        ("service", _) => kind == Namespace,
        (_, "pod.no-disruption-budget") => kind == DisruptionBudget,
        // What runs: pods, and what leads from them to the workload at the top.
        (_, "pod.ephemeral-containers" | "image.inconsistent-digest") => {
            use WorkloadKind::{Custom, Job, Pod, ReplicaSet};
            matches!(kind, Workload(Pod | ReplicaSet | Job | Custom(_)))
        }
        _ => false,
    }
}

/// What a control says, as far as what it looks at could be read.
pub(super) fn verdict(control: &Control, check: &Check, subject: Subject<'_>, scene: &Scene<'_>) -> Verdict {
    match unread(control, subject, scene.relations.inventory()) {
        Some(reason) => Verdict::Unknown(reason.into()),
        None => check.judge(subject, scene),
    }
}

/// Why nothing can be said of a subject, if something that the control looks at could not be read.
fn unread(control: &Control, subject: Subject<'_>, inventory: &Inventory) -> Option<String> {
    if inventory.unread().is_empty() || control.subject != subject.kind() {
        return None;
    }
    let missing = inventory.unread().iter().filter(|kind| looks_at(control, **kind));
    let missing: Vec<&str> = missing.map(|kind| kind.as_str()).collect();
    (!missing.is_empty()).then(|| format!("what it looks at could not be read: {}", missing.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::catalogue;
    use crate::facts::object::Object;

    #[test]
    fn what_could_not_be_read_makes_unknown_what_depends_on_it_and_nothing_else() {
        let pod = serde_json::json!({"metadata": {"name": "a"}, "spec": {"containers": []}});
        let kind = ObjectKind::Workload(WorkloadKind::Pod);
        let pod = Object::decode(kind, &pod).unwrap();
        let pod = Subject::of(&pod).unwrap();
        let mut inventory = Inventory::default();
        let isolated = catalogue::find("network.not-isolated").unwrap();
        assert_eq!(unread(isolated, pod, &inventory), None);
        inventory.leave_unread(ObjectKind::NetworkPolicy);
        let said = unread(isolated, pod, &inventory);
        assert_eq!(said.as_deref(), Some("what it looks at could not be read: NetworkPolicy"));
        for other in ["pod.privileged", "network.no-default-deny", "iam.token-mounted"] {
            assert_eq!(unread(catalogue::find(other).unwrap(), pod, &inventory), None, "{other}");
        }
    }
}
