//! What an API server writes down of a request, by its audit policy.
//!
//! Source: `k8s.io/apiserver/pkg/audit/policy` (`EvaluatePolicyRule`, `ruleMatches`) as of 1.37. Who asks is not known
//! here: a rule for some users may or may not match, see [`level_of`].

use crate::facts::AuditPolicy;
use crate::facts::audit_policy::AuditRule;

/// Groups and users that stand for everybody, or for more than the system itself.
const EVERYBODY: [&str; 4] =
    ["system:authenticated", "system:unauthenticated", "system:masters", "system:serviceaccounts"];

/// How much is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// `None`, or a level that there isn't.
    Unwritten,
    /// Who did what, and when.
    Metadata,
    /// What was sent, too.
    Request,
    /// What was answered, too.
    RequestResponse,
}

impl Level {
    fn of(written: &str) -> Self {
        match written {
            "Metadata" => Self::Metadata,
            "Request" => Self::Request,
            "RequestResponse" => Self::RequestResponse,
            _ => Self::Unwritten,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Unwritten => "None",
            Self::Metadata => "Metadata",
            Self::Request => "Request",
            Self::RequestResponse => "RequestResponse",
        }
    }
}

/// Something that is asked of a policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    group: &'a str,
    resource: &'a str,
    subresource: &'a str,
    verbs: &'static [&'static str],
    /// The least that must be written down.
    pub(super) least: Level,
    /// The most that may be.
    pub(super) most: Level,
}

/// A request, as far as a policy looks at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    group: &'a str,
    resource: &'a str,
    subresource: &'a str,
    verb: &'a str,
}

const CHANGES: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
const ACCESS: &[&str] = &["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
/// A connection is a `get` since exec and its like run over web sockets, and a `create` before.
const CONNECT: &[&str] = &["get", "create"];
const CREATE: &[&str] = &["create"];

const fn asked(
    group: &'static str,
    resource: &'static str,
    subresource: &'static str,
    verbs: &'static [&'static str],
) -> Asked<'static> {
    let (least, most) = (Level::Metadata, Level::RequestResponse);
    Asked { group, resource, subresource, verbs, least, most }
}

const fn briefly(asked: Asked<'static>) -> Asked<'static> {
    Asked { most: Level::Metadata, ..asked }
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// What is asked of every policy. Sources: CIS Kubernetes Benchmark 3.2.2; Kubernetes, auditing.
pub(super) const BUILT_IN: &[Asked<'static>] = &[
    briefly(asked("", "secrets", "", ACCESS)),
    Asked { least: Level::Unwritten, ..briefly(asked("", "configmaps", "", ACCESS)) },
    Asked { least: Level::Unwritten, ..briefly(asked("authentication.k8s.io", "tokenreviews", "", CREATE)) },
    briefly(asked("", "serviceaccounts", "token", CREATE)),
    asked("", "serviceaccounts", "", CHANGES),
    asked("", "pods", "", CHANGES),
    asked("", "pods", "exec", CONNECT),
    asked("", "pods", "attach", CONNECT),
    asked("", "pods", "portforward", CONNECT),
    asked("", "pods", "proxy", CONNECT),
    asked("", "pods", "ephemeralcontainers", CHANGES),
    asked("", "services", "proxy", CONNECT),
    asked("", "nodes", "proxy", CONNECT),
    asked("apps", "deployments", "", CHANGES),
    asked("apps", "daemonsets", "", CHANGES),
    asked("apps", "statefulsets", "", CHANGES),
    asked("batch", "jobs", "", CHANGES),
    asked("batch", "cronjobs", "", CHANGES),
    asked(RBAC, "roles", "", CHANGES),
    asked(RBAC, "clusterroles", "", CHANGES),
    asked(RBAC, "rolebindings", "", CHANGES),
    asked(RBAC, "clusterrolebindings", "", CHANGES),
    asked("admissionregistration.k8s.io", "validatingwebhookconfigurations", "", CHANGES),
    asked("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "", CHANGES),
    // What no rule can name.
    asked("stanchion.invalid", "*", "", CHANGES),
];

impl<'a> Asked<'a> {
    /// Changes of a resource, written `certificates.cert-manager.io`.
    pub(super) fn changes_of(name: &'a str) -> Self {
        let (resource, group) = name.split_once('.').unwrap_or((name, ""));
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        Self { group, resource, subresource, ..asked("", "", "", CHANGES) }
    }

    pub(super) fn requests(self) -> impl Iterator<Item = Request<'a>> {
        let Self { group, resource, subresource, .. } = self;
        self.verbs.iter().map(move |verb| Request { group, resource, subresource, verb })
    }

    /// The resource, with its group unless it is the core one: `deployments.apps`.
    pub(super) fn name(self) -> String {
        if self.resource == "*" {
            return "everything else".to_owned();
        }
        let below = if self.subresource.is_empty() { "" } else { "/" };
        let dot = if self.group.is_empty() { "" } else { "." };
        format!("{}{below}{}{dot}{}", self.resource, self.subresource, self.group)
    }

    /// ``changes of `pods` are``
    pub(super) fn in_words(self) -> String {
        let name = self.name();
        match (self.resource, self.verbs.len()) {
            ("*", _) => "changes of what no rule names are".to_owned(),
            _ if self.verbs == CHANGES => format!("changes of `{name}` are"),
            _ => format!("access to `{name}` is"),
        }
    }
}

/// How much is written down of a request, and by which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) level: Level,
    /// By its place in the list; nothing if none matches.
    pub(super) rule: Option<usize>,
}

/// The least that is written down of a request, whoever makes it wherever. Rules for users and groups of the system alone
/// are passed over.
pub(super) fn level_of(policy: &AuditPolicy, request: Request<'_>) -> Outcome {
    let mut least: Option<Outcome> = None;
    let mut note = |level, rule| {
        if least.is_none_or(|known| level < known.level) {
            least = Some(Outcome { level, rule });
        }
    };
    for (index, rule) in policy.rules.iter().enumerate() {
        if is_of_the_system(rule) {
            continue;
        }
        let Some(always) = matches(rule, request) else { continue };
        note(level_at(policy, rule), Some(index));
        if always {
            return least.unwrap_or(Outcome { level: Level::Unwritten, rule: None });
        }
    }
    note(Level::Unwritten, None);
    least.unwrap_or(Outcome { level: Level::Unwritten, rule: None })
}

/// The level of a rule; nothing is written down if the stages at which it would be are left out.
fn level_at(policy: &AuditPolicy, rule: &AuditRule) -> Level {
    let omitted = |stage: &str| policy.omit_stages.iter().chain(&rule.omit_stages).any(|it| it == stage);
    if omitted("RequestReceived") && omitted("ResponseComplete") {
        return Level::Unwritten;
    }
    Level::of(&rule.level)
}

fn is_of_the_system(rule: &AuditRule) -> bool {
    let all = || rule.users.iter().chain(&rule.user_groups);
    all().next().is_some()
        && all().all(|who| who.starts_with("system:") && !EVERYBODY.contains(&who.as_str()))
}

/// Whether a rule matches a request: always, or for some users, namespaces or names; nothing if it never does.
fn matches(rule: &AuditRule, request: Request<'_>) -> Option<bool> {
    let everybody = rule.users.is_empty() && rule.user_groups.is_empty();
    if !rule.verbs.is_empty() && !rule.verbs.iter().any(|verb| verb == request.verb) {
        return None;
    }
    let everywhere = rule.namespaces.is_empty();
    if rule.resources.is_empty() {
        let of_paths = everywhere && !rule.non_resource_urls.is_empty();
        return (!of_paths).then_some(everybody && everywhere);
    }
    let of_group = rule.resources.iter().filter(|it| it.group == request.group || it.group == "*");
    let named = of_group.filter_map(|it| {
        let all_names = it.resource_names.is_empty();
        let is_meant = it.resources.is_empty() || it.resources.iter().any(|name| is_meant(name, request));
        is_meant.then_some(all_names || it.resources.is_empty())
    });
    named.max().map(|all_names| everybody && everywhere && all_names)
}

fn is_meant(name: &str, request: Request<'_>) -> bool {
    let Request { resource, subresource, .. } = request;
    if name == "*" {
        return true;
    }
    match name.split_once('/') {
        None => subresource.is_empty() && name == resource,
        Some((of, "*")) if of == resource => true,
        Some((of, below)) => !subresource.is_empty() && below == subresource && (of == resource || of == "*"),
    }
}
