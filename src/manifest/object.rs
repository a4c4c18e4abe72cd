//! What a tree is to Kubernetes: an object, a list of them, or nothing it knows.

use std::borrow::Cow;

use super::file::{Fault, SkipReason};
use super::{Key, Node, Position, Value};

/// What a tree is.
pub(crate) enum Kind<'a> {
    /// An object.
    Object { api_version: Cow<'a, str>, kind: Cow<'a, str>, node: Node<'a> },
    /// The items of a list, each with what it inherits from the list.
    List(Vec<Node<'a>>),
    /// Nothing for an API server.
    Other(SkipReason),
}

/// Tells what a tree is, or what is wrong with it and where.
pub(crate) fn classify(mut node: Node<'_>) -> Result<Kind<'_>, (Position, Fault)> {
    let (Some(version), Some(kind)) = (named(&node, "apiVersion"), named(&node, "kind")) else {
        let is_kustomization = named(&node, "kind").and_then(Node::as_str) == Some("Kustomization");
        return Ok(Kind::Other(if is_kustomization {
            SkipReason::Configuration
        } else {
            SkipReason::NotKubernetes
        }));
    };
    let (api_version, kind) = (text(version, "apiVersion")?, text(kind, "kind")?);
    let metadata = named(&node, "metadata");
    if is_configuration(&api_version, &kind, metadata.is_some()) {
        return Ok(Kind::Other(SkipReason::Configuration));
    }
    if metadata.is_none() && kind.ends_with("Review") {
        return Ok(Kind::Other(SkipReason::Request));
    }
    if kind.ends_with("List") {
        match take_items(&mut node) {
            Some(Ok(items)) => return Ok(Kind::List(inherit(items, &api_version, &kind))),
            Some(Err(position)) if kind == "List" => {
                return Err((position, Fault::ItemsNotList { kind: kind.into_owned() }));
            }
            None if kind == "List" => return Ok(Kind::List(Vec::new())),
            _ => {}
        }
    }
    match node.entry("metadata") {
        Some((_, metadata)) if metadata.as_map().is_some() => Ok(Kind::Object { api_version, kind, node }),
        // A file of the API server, which mostly has no name.
        None if is_audit_policy(&api_version, &kind) => Ok(Kind::Object { api_version, kind, node }),
        Some((key, _)) => Err((key.position, Fault::NoMetadata { kind: kind.into_owned() })),
        None => Err((node.position, Fault::NoMetadata { kind: kind.into_owned() })),
    }
}

/// The value of a key, unless it is null.
fn named<'n, 'a>(node: &'n Node<'a>, key: &str) -> Option<&'n Node<'a>> {
    node.get(key).filter(|value| !value.is_null())
}

fn text<'a>(node: &Node<'a>, field: &'static str) -> Result<Cow<'a, str>, (Position, Fault)> {
    match &node.value {
        Value::String(text) if !text.is_empty() => Ok(text.clone()),
        _ => Err((node.position, Fault::TypeNotString { field })),
    }
}

/// Whether an object configures a tool on somebody's machine rather than a cluster. Most such kinds have no `metadata`.
fn is_configuration(api_version: &str, kind: &str, has_metadata: bool) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    group == "config.k8s.io"
        || group.ends_with(".config.k8s.io")
        || matches!(group, "kind.x-k8s.io" | "kubeadm.k8s.io" | "skaffold")
        || (group == "audit.k8s.io" && !is_audit_policy(api_version, kind))
        || (!has_metadata && (kind.ends_with("Config") || kind.ends_with("Configuration")))
}

/// Whether an object is the audit policy of an API server. Controls judge it as they do what a cluster holds.
fn is_audit_policy(api_version: &str, kind: &str) -> bool {
    api_version.starts_with("audit.k8s.io/") && kind == "Policy"
}

/// Takes the items out of a list, or says where something else stands in their place.
fn take_items<'a>(node: &mut Node<'a>) -> Option<Result<Vec<Node<'a>>, Position>> {
    let Value::Map(entries) = &mut node.value else {
        return None;
    };
    let (_, items) = entries.iter_mut().find(|(key, value)| &*key.text == "items" && !value.is_null())?;
    Some(match &mut items.value {
        Value::List(items) => Ok(std::mem::take(items)),
        _ => Err(items.position),
    })
}

/// Gives the items of a typed list, such as `PodList`, the type that they may leave out.
fn inherit<'a>(mut items: Vec<Node<'a>>, api_version: &str, list_kind: &str) -> Vec<Node<'a>> {
    let kind = list_kind.strip_suffix("List").unwrap_or_default();
    if kind.is_empty() {
        return items;
    }
    for item in &mut items {
        if named(item, "kind").is_some() {
            continue;
        }
        let position = item.position;
        if let Value::Map(entries) = &mut item.value {
            entries.retain(|(key, _)| !matches!(&*key.text, "apiVersion" | "kind"));
            let entry = |key: &'static str, value: &str| {
                (
                    Key { text: Cow::Borrowed(key), position },
                    Node { value: Value::String(Cow::Owned(value.to_owned())), position },
                )
            };
            entries.splice(0..0, [entry("apiVersion", api_version), entry("kind", kind)]);
        }
    }
    items
}
