//! What is asked of the API server, and whether a rule allows it.

use crate::facts::{Rule, Text};

/// What is asked of the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// Something with a resource.
    Resource {
        /// The verb.
        verb: &'a str,
        /// The API group; empty for the core group.
        group: &'a str,
        /// The resource, in the plural.
        resource: &'a str,
        /// The subresource; empty for none.
        subresource: &'a str,
        /// The namespace; empty for what is of the cluster, and for all namespaces at once.
        namespace: &'a str,
        /// The name; empty where a request has none, such as `list` and `create`.
        name: &'a str,
    },
    /// A path that is no resource.
    Path {
        /// The verb, in lower case.
        verb: &'a str,
        /// The path.
        path: &'a str,
    },
}

impl<'a> Request<'a> {
    /// The namespace that it is in; nothing for what is of the cluster or of no namespace.
    #[must_use]
    pub const fn namespace(&self) -> Option<&'a str> {
        match self {
            Self::Resource { namespace, .. } if !namespace.is_empty() => Some(namespace),
            _ => None,
        }
    }

    /// Whether a rule, where it holds, allows it.
    #[must_use]
    pub fn is_allowed_by(&self, rule: &Rule) -> bool {
        match *self {
            Self::Resource { verb, group, resource, subresource, name, .. } => {
                lists(&rule.verbs, verb)
                    && lists(&rule.api_groups, group)
                    && rule.resources.iter().any(|known| covers(known, resource, subresource))
                    && (rule.resource_names.is_empty()
                        || rule.resource_names.iter().any(|known| known == name))
            }
            Self::Path { verb, path } => {
                lists(&rule.verbs, verb) && rule.non_resource_urls.iter().any(|known| leads_to(known, path))
            }
        }
    }
}

/// Whether a list holds a word, or `*`.
fn lists(list: &[Text], word: &str) -> bool {
    list.iter().any(|known| known == word || known == "*")
}

/// Whether a rule's resource covers a resource and its subresource.
fn covers(known: &str, resource: &str, subresource: &str) -> bool {
    if known == "*" || subresource.is_empty() {
        return known == "*" || known == resource;
    }
    let sub = |of| known.strip_prefix(of).and_then(|rest| rest.strip_prefix('/'));
    sub(resource) == Some(subresource) || sub("*") == Some(subresource)
}

/// Whether a rule's path covers a path. Stars at the end stand for any rest.
fn leads_to(known: &str, path: &str) -> bool {
    known == "*" || known == path || (known.ends_with('*') && path.starts_with(known.trim_end_matches('*')))
}
