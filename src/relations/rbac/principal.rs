//! Who asks: users, groups, service accounts.

use std::fmt;

use crate::facts::Text;
use crate::facts::rbac::RbacSubject;

/// What the API server puts before a service account's user name (`k8s.io/apiserver/pkg/authentication/serviceaccount`).
const ACCOUNT: &str = "system:serviceaccount:";

/// Somebody whom a binding can name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// A group.
    Group(Text),
    /// A service account.
    ServiceAccount {
        /// Its namespace.
        namespace: Text,
        /// Its name.
        name: Text,
    },
    /// A person, a node, a component: anything with a certificate or a token of its own.
    User(Text),
}

impl Principal {
    /// A service account.
    #[must_use]
    pub fn service_account(namespace: impl Into<Text>, name: impl Into<Text>) -> Self {
        Self::ServiceAccount { namespace: namespace.into(), name: name.into() }
    }

    /// Whom a subject of a binding in this namespace means; nothing for a kind that there is not, and for a service
    /// account without a namespace in a `ClusterRoleBinding`. A user with the user name of a service account is that account.
    #[must_use]
    pub fn of(subject: &RbacSubject, namespace: &Text) -> Option<Self> {
        match &*subject.kind {
            "Group" => Some(Self::Group(subject.name.clone())),
            "User" => Some(Self::user(&subject.name)),
            "ServiceAccount" => {
                let own = subject.namespace.as_ref().filter(|own| !own.is_empty());
                let namespace = own.unwrap_or(namespace).clone();
                (!namespace.is_empty())
                    .then(|| Self::ServiceAccount { namespace, name: subject.name.clone() })
            }
            _ => None,
        }
    }

    /// Who has this user name.
    #[must_use]
    pub fn user(name: &Text) -> Self {
        match name.strip_prefix(ACCOUNT).and_then(|account| account.split_once(':')) {
            Some((namespace, name)) => Self::service_account(namespace, name),
            None => Self::User(name.clone()),
        }
    }
}

/// `ServiceAccount shop/cart`, `Group system:authenticated`
impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => write!(f, "Group {name}"),
            Self::ServiceAccount { namespace, name } => write!(f, "ServiceAccount {namespace}/{name}"),
            Self::User(name) => write!(f, "User {name}"),
        }
    }
}

/// Somebody with all that counts as theirs: the name and the groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    principals: Vec<Principal>,
}

impl Identity {
    /// A service account, with the groups that the API server gives it.
    #[must_use]
    pub fn service_account(namespace: &str, name: &str) -> Self {
        let groups = [
            Text::from("system:authenticated"),
            Text::from("system:serviceaccounts"),
            Text::from(format!("system:serviceaccounts:{namespace}")),
        ];
        let account = Principal::service_account(namespace, name);
        Self { principals: std::iter::once(account).chain(groups.map(Principal::Group)).collect() }
    }

    /// Whoever has this user name and these groups.
    #[must_use]
    pub fn user(name: &str, groups: impl IntoIterator<Item = Text>) -> Self {
        let user = Principal::user(&Text::from(name));
        Self { principals: std::iter::once(user).chain(groups.into_iter().map(Principal::Group)).collect() }
    }

    /// The name first, then the groups.
    pub fn principals(&self) -> impl Iterator<Item = &Principal> {
        self.principals.iter()
    }
}
