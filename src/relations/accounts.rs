//! Which token a workload's pods hold.

use crate::facts::{Inventory, Workload};

/// Whether the token of the service account is mounted into the pods without being asked for: what the pod says, else
/// what its service account says, else yes (Kubernetes docs, "Configure Service Accounts for Pods").
#[must_use]
pub fn automounts(inventory: &Inventory, workload: &Workload) -> bool {
    let namespace = workload.meta.namespace.as_deref().unwrap_or_default();
    let account = || inventory.service_account(namespace, &workload.service_account());
    workload
        .spec()
        .automount_service_account_token
        .or_else(|| account().and_then(|account| account.automount_service_account_token))
        .unwrap_or(true)
}

/// Whether the pods hold a token for the API server: mounted by itself, or by a volume that asks for one.
#[must_use]
pub fn holds_token(inventory: &Inventory, workload: &Workload) -> bool {
    let mut tokens = workload.spec().volumes.iter().flat_map(|volume| &volume.tokens);
    automounts(inventory, workload) || tokens.any(Option::is_none)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::facts::{Object, ObjectKind, WorkloadKind};

    fn of(account: &Value, spec: &Value) -> (bool, bool) {
        let mut inventory = Inventory::default();
        let account = json!({"metadata": {"name": "cart", "namespace": "shop"}, "automountServiceAccountToken": account});
        inventory.put(Object::decode(ObjectKind::ServiceAccount, &account).unwrap());
        let pod = json!({"metadata": {"name": "p", "namespace": "shop"}, "spec": spec});
        let pod = Workload::decode(WorkloadKind::Pod, &pod).unwrap();
        (automounts(&inventory, &pod), holds_token(&inventory, &pod))
    }

    #[test]
    fn the_pod_has_the_first_word_and_its_account_the_second() {
        let cart = |automount: Value| json!({"serviceAccountName": "cart", "automountServiceAccountToken": automount});
        assert_eq!(of(&json!(null), &cart(json!(null))), (true, true));
        assert_eq!(of(&json!(false), &cart(json!(null))), (false, false));
        assert_eq!(of(&json!(false), &cart(json!(true))), (true, true));
        assert_eq!(of(&json!(true), &cart(json!(false))), (false, false));
        assert_eq!(of(&json!(false), &json!({"serviceAccountName": "unknown"})), (true, true));
    }

    #[test]
    fn a_volume_can_ask_for_a_token_of_the_api_server() {
        let asking = |audience: Value| {
            let token = json!({"serviceAccountToken": {"path": "t", "audience": audience}});
            json!({"serviceAccountName": "cart", "volumes": [{"name": "t", "projected": {"sources": [token]}}]})
        };
        assert_eq!(of(&json!(false), &asking(json!(null))), (false, true));
        assert_eq!(of(&json!(false), &asking(json!("vault"))), (false, false));
    }
}
