//! What is let through unjudged: what can't matter, and what must never be stopped.

use serde::Deserialize;

use super::request::{Operation, Request};
use crate::engine::policy::Settings;
use crate::facts::object::{Object, ObjectKind, Recognition};
use crate::facts::{CustomKinds, SubjectKey, Text, WorkloadKind};

/// Why something is let through unjudged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passage {
    /// It is neither made nor changed: what goes is let go, and what is done with it is no change of it.
    Operation,
    /// Only a part of it is meant: its status, its scale.
    Subresource,
    /// Nothing judges its kind.
    Kind,
    /// Its namespace is exempt.
    Exempt,
    /// It is being deleted: what keeps it from going, such as a finalizer, may be taken away.
    Deleting,
    /// A controller makes it: its owner was the place to stop it, and a denied Pod is an outage.
    Controlled,
    /// Nothing that is judged changes: status, scale, finalizers, managed fields.
    Unchanged,
    /// It can't be read as what it says it is.
    Unreadable(String),
}

impl Passage {
    /// What metrics call them.
    pub const NAMES: [&str; 8] =
        ["controlled", "deleting", "exempt", "kind", "operation", "subresource", "unchanged", "unreadable"];

    /// What metrics call it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Subresource => "subresource",
            Self::Kind => "kind",
            Self::Exempt => "exempt",
            Self::Deleting => "deleting",
            Self::Controlled => "controlled",
            Self::Unchanged => "unchanged",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

/// The beginning of the names of the service accounts of the controllers that Kubernetes ships.
const SHIPPED: &str = "system:serviceaccount:kube-system:";

/// The beginning of the names of all service accounts.
const ACCOUNT: &str = "system:serviceaccount:";

/// The beginning of the names of kubelets, which make mirrors of what runs from files.
const NODE: &str = "system:node:";

/// The controllers of Kubernetes where they have no accounts of their own.
const MANAGER: &str = "system:kube-controller-manager";

/// The kind of what is to be judged, as far as the envelope tells.
pub(super) fn kind(
    request: &Request<'_>,
    kinds: &CustomKinds,
    settings: &Settings,
) -> Result<ObjectKind, Passage> {
    if !matches!(request.operation, Operation::Create | Operation::Update) {
        return Err(Passage::Operation);
    }
    if request.sub_resource.as_ref().is_some_and(|part| !part.is_empty()) {
        return Err(Passage::Subresource);
    }
    let api_version = match &*request.kind.group {
        "" => request.kind.version.clone().into_owned(),
        group => format!("{group}/{}", request.kind.version),
    };
    let Recognition::Facts(kind) = kinds.recognize(&api_version, &request.kind.kind) else {
        return Err(Passage::Kind);
    };
    if !is_judged(kind) {
        return Err(Passage::Kind);
    }
    // A Namespace comes with its own name as its namespace.
    let home = request.namespace.as_deref().unwrap_or_default();
    if settings.exempt_namespaces.contains(home) {
        return Err(Passage::Exempt);
    }
    Ok(kind)
}

/// Whether controls judge objects of this kind that an API server holds and may be asked about. Secrets are not among them:
/// whoever is asked about one is sent its data.
#[must_use]
pub const fn is_judged(kind: ObjectKind) -> bool {
    matches!(
        kind,
        ObjectKind::Workload(_)
            | ObjectKind::Namespace
            | ObjectKind::Role(_)
            | ObjectKind::Binding(_)
            | ObjectKind::Service
            | ObjectKind::Ingress
            | ObjectKind::Gateway
            | ObjectKind::ConfigMap
    )
}

/// The object as it is wanted, and as it is.
pub(super) fn objects(request: &Request<'_>, kind: ObjectKind) -> Result<(Object, Option<Object>), Passage> {
    let raw = request.object.ok_or_else(|| Passage::Unreadable("there is no `object`".to_owned()))?;
    let object = decode(kind, raw.get())?;
    let meta = object.meta().ok_or(Passage::Kind)?;
    if meta.deletion_timestamp.is_some() {
        return Err(Passage::Deleting);
    }
    if is_controlled(request, &object) {
        return Err(Passage::Controlled);
    }
    let old = match (request.operation, request.old_object) {
        (Operation::Update, Some(old)) => Some(decode(kind, old.get())?),
        _ => None,
    };
    if old.as_ref().is_some_and(|old| is_same(&object, old)) {
        return Err(Passage::Unchanged);
    }
    Ok((object, old))
}

/// What it is called. A name that is generated is not there yet, and a namespace may stand in the request alone.
pub(super) fn key(request: &Request<'_>, kind: ObjectKind, object: &Object) -> SubjectKey {
    let mut key = object.meta().map_or_else(
        || SubjectKey::new("", kind, request.name.as_deref().unwrap_or_default()),
        |meta| SubjectKey::of(kind, meta),
    );
    if key.namespace.is_empty() && kind.is_namespaced() {
        key.namespace = Text::from(request.namespace.as_deref().unwrap_or_default());
    }
    key
}

fn decode(kind: ObjectKind, raw: &str) -> Result<Object, Passage> {
    Object::decode(kind, &mut serde_json::Deserializer::from_str(raw))
        .map_err(|error| Passage::Unreadable(error.to_string()))
}

/// Whether a controller makes it for an object that it keeps. Anybody can write an owner into a Pod: a person's word for it
/// counts for nothing, and for owners of Kubernetes' own kinds only that of Kubernetes' controllers.
fn is_controlled(request: &Request<'_>, object: &Object) -> bool {
    let Object::Workload(workload) = object else { return false };
    let Some(owner) = workload.meta.controller() else { return false };
    let user = &*request.user_info.username;
    let is_shipped = user.starts_with(SHIPPED) || user == MANAGER || user.starts_with(NODE);
    let is_own_kind = WorkloadKind::of(owner.group(), &owner.kind).is_some() || owner.kind == "Node";
    is_shipped || (!is_own_kind && user.starts_with(ACCOUNT))
}

/// Whether nothing that is judged is different. How many pods are wanted is no reason to stop anybody who scales.
fn is_same(object: &Object, old: &Object) -> bool {
    match (object, old) {
        (Object::Workload(new), Object::Workload(old)) => {
            // Compared field by field, for a workload is too large to be copied for this.
            new.template == old.template
                && new.meta.labels == old.meta.labels
                && new.meta.annotations == old.meta.annotations
                && new.meta.annotation_credentials == old.meta.annotation_credentials
                && new.meta.owner_references == old.meta.owner_references
        }
        (new, old) => new == old,
    }
}

/// The annotations of an object, as they are written.
pub(super) fn annotation(request: &Request<'_>, key: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Envelope {
        metadata: Annotated,
    }
    #[derive(Deserialize)]
    struct Annotated {
        annotations: Option<std::collections::BTreeMap<String, String>>,
    }
    let Envelope { metadata } = serde_json::from_str(request.object?.get()).ok()?;
    metadata.annotations?.remove(key)
}
