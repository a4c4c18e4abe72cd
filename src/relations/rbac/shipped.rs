//! What Kubernetes ships: the roles and bindings that an API server makes by itself and repairs at every start.
//!
//! `shipped.jsonl` is what `k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy` says in 1.33.13, 1.34.4,
//! 1.35.4, 1.36.3 and 1.37.2, with every feature gate at its default and with all of them on, joined: a rule that any
//! of them ships is shipped. `tests/controlplane/cmd/shipped` prints it. `kubeadm.jsonl` is what `kubeadm init` of
//! 1.37.2 adds (`k8s.io/kubernetes/cmd/kubeadm/app/phases`, `kubeconfig` and `bootstraptoken/clusterinfo`) and a control
//! would otherwise find.
//!
//! A name or a label proves nothing: whoever may write a role can call it `system:anything`. So rules are compared.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use super::{BindingKey, KnownBinding, KnownRole, Principal, Rbac, RoleKey, covers};
use crate::facts::{Binding, BindingKind, Inventory, Role, RoleKind, Rule};

const DATA: [&str; 2] = [include_str!("shipped.jsonl"), include_str!("kubeadm.jsonl")];

/// A `ClusterRole` that every API server has and that nobody writes into a file.
const IN_EVERY_CLUSTER: &str = "system:basic-user";

/// Who is nobody in particular.
const ANYBODY: [&str; 3] = ["system:authenticated", "system:unauthenticated", "system:serviceaccounts"];

/// The service account of what Kubernetes itself runs, and the users and groups of its parts.
struct Shipped {
    rbac: Rbac,
    components: BTreeSet<Principal>,
}

fn shipped() -> &'static Shipped {
    static SHIPPED: OnceLock<Shipped> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let mut rbac = Rbac::default();
        // A test reads every line.
        for object in DATA.into_iter().flat_map(str::lines).filter_map(read) {
            match object {
                Read::Role(role) => rbac.take_role(&role),
                Read::Binding(binding) => rbac.put_binding(&binding),
            }
        }
        rbac.collect();
        let components = rbac.principals().filter(|principal| is_somebody(principal)).cloned().collect();
        Shipped { rbac, components }
    })
}

fn is_somebody(principal: &Principal) -> bool {
    match principal {
        Principal::Group(name) => !ANYBODY.contains(&name.as_str()),
        Principal::User(name) => name != "system:anonymous",
        Principal::ServiceAccount { .. } => true,
    }
}

enum Read {
    Role(Role),
    Binding(Binding),
}

fn read(line: &str) -> Option<Read> {
    #[derive(Deserialize)]
    struct Kind {
        kind: String,
    }
    let written: Value = serde_json::from_str(line).ok()?;
    let Kind { kind } = Kind::deserialize(&written).ok()?;
    match kind.as_str() {
        "Role" => Role::decode(RoleKind::Role, &written).ok().map(Read::Role),
        "ClusterRole" => Role::decode(RoleKind::ClusterRole, &written).ok().map(Read::Role),
        "RoleBinding" => Binding::decode(BindingKind::RoleBinding, &written).ok().map(Read::Binding),
        "ClusterRoleBinding" => {
            Binding::decode(BindingKind::ClusterRoleBinding, &written).ok().map(Read::Binding)
        }
        _ => None,
    }
}

/// Whether Kubernetes ships a role of this name.
#[must_use]
pub fn is_shipped(key: &RoleKey) -> bool {
    shipped().rbac.roles.contains_key(key)
}

/// The role of this name as Kubernetes ships it. An aggregated one holds what the shipped roles give to it.
#[must_use]
pub fn role(key: &RoleKey) -> Option<&'static KnownRole> {
    shipped().rbac.role(key)
}

/// What Kubernetes ships under the name of a role; empty for any other name.
#[must_use]
pub fn rules(key: &RoleKey) -> &'static [Rule] {
    role(key).map_or(&[], |role| &role.rules)
}

/// Whether a role is one that Kubernetes ships, and allows nothing that Kubernetes doesn't ship under this name. What an
/// aggregated role collects from others is theirs to answer for.
#[must_use]
pub fn as_shipped(written: &Role) -> bool {
    let Some(known) = role(&RoleKey::of(written)) else { return false };
    match &written.aggregation {
        Some(selects) => {
            !known.selects.is_empty() && selects.iter().all(|selector| known.selects.contains(selector))
        }
        None => written.rules.iter().all(|rule| covers(&known.rules, rule)),
    }
}

/// Whether Kubernetes ships a binding of this name that grants the same role to this subject.
#[must_use]
pub fn binds(binding: &Binding, subject: &Principal) -> bool {
    let known = shipped().rbac.binding(&BindingKey::of(binding));
    known.is_some_and(|known| known.subjects.contains(subject) && known.role == RoleKey::granted_by(binding))
}

/// Whether a binding is shipped with the role that it grants.
#[must_use]
pub fn is_shipped_binding(key: &BindingKey, known: &KnownBinding) -> bool {
    shipped().rbac.binding(key).is_some_and(|shipped| shipped.role == known.role)
}

/// Whether somebody is a part of Kubernetes: a controller's service account, a component's user, the group of those who
/// may do everything anyway. What they are granted beside what is shipped gives nobody more than they can take.
#[must_use]
pub fn is_component(principal: &Principal) -> bool {
    shipped().components.contains(principal)
}

/// Whether facts are those of a whole cluster, so that a role that isn't among them isn't there. Files are none.
#[must_use]
pub fn is_cluster(inventory: &Inventory) -> bool {
    inventory.role(RoleKind::ClusterRole, "", IN_EVERY_CLUSTER).is_some()
}

impl Rbac {
    /// The same with all that Kubernetes ships and these facts don't hold.
    #[must_use]
    pub fn with_shipped(&self) -> Self {
        let mut all = self.clone();
        for (key, known) in shipped().rbac.bindings.iter().filter(|(key, _)| !self.bindings.contains_key(key))
        {
            all.know_binding(key.clone(), known.clone());
        }
        all.lend_shipped();
        all
    }

    /// Adds the shipped roles that bindings name and that are missing, and those that these collect.
    pub(super) fn lend_shipped(&mut self) {
        let known = &shipped().rbac;
        let mut missing: Vec<RoleKey> = self.by_role.keys().cloned().collect();
        let mut lent = false;
        while let Some(key) = missing.pop() {
            let Some(role) = known.role(&key).filter(|_| !self.roles.contains_key(&key)) else { continue };
            if role.is_open {
                self.aggregated.insert(key.clone());
                let cluster_roles = known.roles.iter().filter(|(key, _)| key.kind == RoleKind::ClusterRole);
                let collected = cluster_roles.filter(|(_, other)| role.collects(other));
                missing.extend(collected.map(|(key, _)| key.clone()));
            }
            self.roles.insert(key, role.clone());
            lent = true;
        }
        if lent {
            self.collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::facts::{Object, ObjectKind};

    fn cluster_role(name: &str, rules: &Value) -> Role {
        let written = json!({"metadata": {"name": name}, "rules": rules});
        Role::decode(RoleKind::ClusterRole, &written).unwrap()
    }

    #[test]
    fn every_line_of_the_data_is_read() {
        for line in DATA.into_iter().flat_map(str::lines) {
            assert!(read(line).is_some(), "{line}");
        }
        assert!(shipped().rbac.roles().count() > 80);
        assert!(shipped().rbac.bindings().count() > 50);
    }

    #[test]
    fn admin_edit_and_view_hold_what_they_collect() {
        let rules = |name: &str| rules(&RoleKey::cluster(name)).len();
        assert!(rules("admin") > rules("view"));
        assert!(rules("view") > 5);
        assert!(covers(
            super::rules(&RoleKey::cluster("admin")),
            &super::rules(&RoleKey::cluster("edit"))[0]
        ));
    }

    #[test]
    fn a_shipped_name_with_more_rights_is_not_as_shipped() {
        let wide = json!([{"verbs": ["*"], "apiGroups": [""], "resources": ["secrets"]}]);
        let narrow = json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]);
        assert!(as_shipped(&cluster_role("cluster-admin", &wide)));
        assert!(as_shipped(&cluster_role("view", &narrow)));
        assert!(!as_shipped(&cluster_role("view", &wide)));
        assert!(!as_shipped(&cluster_role("system:evil", &narrow)));
        let labels = json!({"kubernetes.io/bootstrapping": "rbac-defaults"});
        let written = json!({"metadata": {"name": "mine", "labels": labels}, "rules": narrow});
        assert!(!as_shipped(&Role::decode(RoleKind::ClusterRole, &written).unwrap()));
    }

    #[test]
    fn an_aggregated_role_is_as_shipped_as_long_as_it_collects_as_shipped() {
        let collecting = |label: &str| {
            let selector = json!({"matchLabels": {label: "true"}});
            let written = json!({
                "metadata": {"name": "view"}, "aggregationRule": {"clusterRoleSelectors": [selector]},
                "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            });
            Role::decode(RoleKind::ClusterRole, &written).unwrap()
        };
        assert!(as_shipped(&collecting("rbac.authorization.k8s.io/aggregate-to-view")));
        assert!(!as_shipped(&collecting("rbac.authorization.k8s.io/aggregate-to-admin")));
    }

    #[test]
    fn a_shipped_binding_is_shipped_to_its_own_subjects_alone() {
        let binding = |name: &str, role: &str| {
            let role_ref = json!({"kind": "ClusterRole", "name": role});
            let written = json!({"metadata": {"name": name}, "roleRef": role_ref});
            Binding::decode(BindingKind::ClusterRoleBinding, &written).unwrap()
        };
        let group = |name: &str| Principal::Group(name.into());
        let admins = binding("cluster-admin", "cluster-admin");
        assert!(binds(&admins, &group("system:masters")));
        assert!(!binds(&admins, &group("everybody")));
        assert!(!binds(&binding("cluster-admin", "edit"), &group("system:masters")));
        assert!(!binds(&binding("other", "cluster-admin"), &group("system:masters")));
        assert!(is_component(&group("system:masters")));
        assert!(is_component(&Principal::service_account("kube-system", "job-controller")));
        for nobody in ["system:authenticated", "system:unauthenticated", "system:serviceaccounts"] {
            assert!(!is_component(&group(nobody)), "{nobody}");
        }
        assert!(!is_component(&Principal::User("system:anonymous".into())));
    }

    #[test]
    fn files_that_bind_a_shipped_role_know_its_rules_and_a_cluster_says_what_it_has() {
        let bound = |role: &str| {
            let role_ref = json!({"kind": "ClusterRole", "name": role});
            let subjects = json!([{"kind": "User", "name": "ada"}]);
            json!({"metadata": {"name": "b"}, "roleRef": role_ref, "subjects": subjects})
        };
        let mut inventory = Inventory::default();
        let mut put = |kind: ObjectKind, written: &Value| {
            inventory.put(Object::decode(kind, written).unwrap());
            inventory.clone()
        };
        let files = put(ObjectKind::Binding(BindingKind::ClusterRoleBinding), &bound("view"));
        let key = RoleKey::cluster("view");
        assert_eq!(Rbac::of(&files).role(&key).unwrap().rules.len(), rules(&key).len());
        assert!(Rbac::plain(&files).role(&key).is_none());
        assert!(Rbac::of(&files).role(&RoleKey::cluster("edit")).is_none(), "nobody binds it");
        let mine = json!({
            "metadata": {"name": "more", "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}},
            "rules": [{"verbs": ["get"], "apiGroups": ["acme.example"], "resources": ["things"]}],
        });
        let files = put(ObjectKind::Role(RoleKind::ClusterRole), &mine);
        assert_eq!(Rbac::of(&files).role(&key).unwrap().rules.len(), rules(&key).len() + 1);
        let basic = json!({"metadata": {"name": IN_EVERY_CLUSTER}});
        let cluster = put(ObjectKind::Role(RoleKind::ClusterRole), &basic);
        assert!(is_cluster(&cluster));
        assert!(Rbac::of(&cluster).role(&key).is_none());
    }
}
