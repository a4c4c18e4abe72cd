//! Where pods may run, as the scheduler and the `DaemonSet` controller decide it.
//!
//! Sources: `k8s.io/api/core/v1` `Toleration.ToleratesTaint`, `k8s.io/component-helpers/scheduling/corev1`
//! (`FindMatchingUntoleratedTaint`) and its `nodeaffinity` (`GetRequiredNodeAffinity`), and
//! `k8s.io/kubernetes/pkg/controller/daemon/util` (`AddOrUpdateDaemonPodTolerations`), as of 1.37.

use crate::facts::node::Node;
use crate::facts::scheduling::{NodeRequirement, NodeSelector, NodeSelectorTerm, Taint, Toleration};
use crate::facts::{PodSpec, TextMap, Workload, WorkloadKind};

/// What every pod of a `DaemonSet` tolerates: the controller adds it.
const DAEMON: &[(&str, &str)] = &[
    ("node.kubernetes.io/not-ready", NO_EXECUTE),
    ("node.kubernetes.io/unreachable", NO_EXECUTE),
    ("node.kubernetes.io/disk-pressure", NO_SCHEDULE),
    ("node.kubernetes.io/memory-pressure", NO_SCHEDULE),
    ("node.kubernetes.io/pid-pressure", NO_SCHEDULE),
    ("node.kubernetes.io/unschedulable", NO_SCHEDULE),
];

/// What it adds for pods on the node's own network.
const DAEMON_ON_HOST_NETWORK: (&str, &str) = ("node.kubernetes.io/network-unavailable", NO_SCHEDULE);

/// The prefix of the taints by which a node says that it is unwell, for a while.
const CONDITION: &str = "node.kubernetes.io/";

const NO_SCHEDULE: &str = "NoSchedule";
const NO_EXECUTE: &str = "NoExecute";

/// The field by which a node can be selected.
const NODE_NAME: &str = "metadata.name";

/// Labels of nodes that are none: what runs there has a sidecar or a service of the cloud to read its logs.
const VIRTUAL: &[(&str, &str)] =
    &[("eks.amazonaws.com/compute-type", "fargate"), ("type", "virtual-kubelet")];

/// The label that every node has of its own system.
const OS: &str = "kubernetes.io/os";

/// Whether every taint that keeps pods away (`NoSchedule` and `NoExecute`) is tolerated.
#[must_use]
pub fn tolerates(tolerations: &[Toleration], taints: &[Taint]) -> bool {
    taints.iter().filter(|taint| keeps_away(taint)).all(|taint| is_tolerated(taint, tolerations))
}

/// Whether `nodeSelector` and required node affinity allow this node.
#[must_use]
pub fn may_run_on(spec: &PodSpec, node: &Node) -> bool {
    let labels = &node.metadata.labels;
    let required = spec.affinity.as_ref().and_then(|it| it.node_affinity.as_ref()?.required.as_ref());
    spec.node_selector.iter().all(|(key, value)| labels.get(key) == Some(value))
        && required.is_none_or(|selector| selects(selector, node))
}

/// Whether pods of a workload can run on a node. One that is bound to a node by its name passes the scheduler by.
///
/// Cordoning is looked at by its taint alone, which the node controller sets and removes.
#[must_use]
pub fn can_run_on(workload: &Workload, node: &Node) -> bool {
    let spec = workload.spec();
    let bound = spec.node_name.as_deref().filter(|name| !name.is_empty());
    let daemon = workload.kind == WorkloadKind::DaemonSet;
    if bound.is_some_and(|name| node.metadata.name != name) {
        return false;
    }
    if bound.is_some() && !daemon {
        return node
            .spec
            .taints
            .iter()
            .filter(|taint| taint.effect == NO_EXECUTE)
            .all(|taint| is_tolerated(taint, &spec.tolerations));
    }
    let tolerated = |taint: &Taint| {
        (daemon && daemons_tolerate(&taint.key, &taint.effect, spec))
            || is_tolerated(taint, &spec.tolerations)
    };
    node.spec.taints.iter().filter(|taint| keeps_away(taint)).all(tolerated) && may_run_on(spec, node)
}

/// Without knowing any node: why pods of a workload could run where those of a `DaemonSet` don't; nothing if the
/// `DaemonSet` goes wherever they go.
///
/// It errs on the side of a reason, which is no proof that there is such a node. It looks at
/// - each taint that the workload tolerates and the `DaemonSet` doesn't. Those of a node's own conditions don't count:
///   they come and go, and what runs there already was covered before;
/// - each label and each term of affinity that the `DaemonSet` asks for, unless the workload asks for the same. Linux
///   is taken for granted, unless the workload is for Windows.
#[must_use]
pub fn may_run_where_not(workload: &Workload, daemons: &Workload) -> Option<String> {
    let (ours, theirs) = (workload.spec(), daemons.spec());
    if theirs.node_name.as_deref().is_some_and(|name| !name.is_empty()) && ours.node_name != theirs.node_name
    {
        return Some("runs on one node alone".to_owned());
    }
    let beyond = ours.tolerations.iter().find(|toleration| !covers(theirs, toleration));
    if let Some(toleration) = beyond {
        return Some(format!("does not tolerate {}, which it does", in_words(toleration)));
    }
    let selected = theirs.node_selector.iter().find(|(key, value)| !asks_for(ours, key, value));
    if let Some((key, value)) = selected {
        return Some(format!("runs on nodes with `{key}: {value}` alone"));
    }
    let required = |spec: &PodSpec| {
        spec.affinity.as_ref().and_then(|it| it.node_affinity.as_ref()?.required.as_ref()).cloned()
    };
    let terms = required(theirs)?;
    let implied = terms.node_selector_terms.iter().any(|term| implies(ours, term));
    (!implied && required(ours).as_ref() != Some(&terms))
        .then(|| "has a node affinity that it does not have".to_owned())
}

/// Whether a node runs another system than the pods of a workload are for. A pod that doesn't say so is for Linux.
#[must_use]
pub fn is_of_another_system(workload: &Workload, node: &Node) -> bool {
    let spec = workload.spec();
    let windows = spec.is_windows() || spec.node_selector.get(OS).is_some_and(|os| os.as_str() == "windows");
    node.metadata.labels.get(OS).is_some_and(|os| (os.as_str() == "windows") != windows)
}

fn keeps_away(taint: &Taint) -> bool {
    taint.effect == NO_SCHEDULE || taint.effect == NO_EXECUTE
}

fn is_tolerated(taint: &Taint, tolerations: &[Toleration]) -> bool {
    tolerations.iter().any(|toleration| {
        let effect = toleration.effect.is_empty() || toleration.effect == taint.effect;
        let key = toleration.key.is_empty() || toleration.key == taint.key;
        effect
            && key
            && match toleration.operator.as_deref().unwrap_or_default() {
                "" | "Equal" => toleration.value == taint.value,
                "Exists" => true,
                // `Lt` and `Gt` tolerate nothing: the feature gate TaintTolerationComparisonOperators is off by default.
                _ => false,
            }
    })
}

fn daemons_tolerate(key: &str, effect: &str, spec: &PodSpec) -> bool {
    DAEMON.contains(&(key, effect)) || (spec.host_network && DAEMON_ON_HOST_NETWORK == (key, effect))
}

fn selects(selector: &NodeSelector, node: &Node) -> bool {
    selector.node_selector_terms.iter().any(|term| {
        let empty = term.match_expressions.is_empty() && term.match_fields.is_empty();
        // One requirement that can't be read spoils its whole term, even if another one already says no.
        let readable = || {
            term.match_expressions.iter().all(is_readable)
                && term.match_fields.iter().all(is_readable_of_field)
        };
        !empty
            && readable()
            && term.match_expressions.iter().all(|it| of_label(it, &node.metadata.labels))
            && term.match_fields.iter().all(|it| of_field(it, node))
    })
}

/// What `labels.NewRequirement` takes.
fn is_readable(requirement: &NodeRequirement) -> bool {
    let values = &requirement.values;
    let fits = match requirement.operator.as_str() {
        "In" | "NotIn" => !values.is_empty(),
        "Exists" | "DoesNotExist" => values.is_empty(),
        "Gt" | "Lt" => matches!(values.as_slice(), [value] if number(value).is_some()),
        _ => false,
    };
    fits && is_label_key(&requirement.key) && values.iter().all(|value| is_label_value(value))
}

fn is_readable_of_field(requirement: &NodeRequirement) -> bool {
    matches!(requirement.operator.as_str(), "In" | "NotIn") && requirement.values.len() == 1
}

fn of_label(requirement: &NodeRequirement, labels: &TextMap) -> bool {
    let value = labels.get(&requirement.key);
    let compared = |holds: fn(&i64, &i64) -> bool| {
        let of_node = value.and_then(|value| number(value));
        let wanted = requirement.values.first().and_then(|value| number(value));
        of_node.zip(wanted).is_some_and(|(of_node, wanted)| holds(&of_node, &wanted))
    };
    match requirement.operator.as_str() {
        "In" => value.is_some_and(|value| requirement.values.contains(value)),
        "NotIn" => value.is_none_or(|value| !requirement.values.contains(value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => compared(i64::gt),
        "Lt" => compared(i64::lt),
        _ => false,
    }
}

/// A field that is not known is empty; a node without a name has no fields, and is not asked for them.
fn of_field(requirement: &NodeRequirement, node: &Node) -> bool {
    let name = node.metadata.name.as_str();
    if name.is_empty() {
        return true;
    }
    let value = if requirement.key == NODE_NAME { name } else { "" };
    let equal = requirement.values.first().is_some_and(|wanted| wanted == value);
    (requirement.operator == "In") == equal
}

/// A number as Go's `strconv.ParseInt` reads it, in base 10.
fn number(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// `IsLabelKey`: at most one slash; a DNS subdomain before it, a name of at most 63 characters after it.
fn is_label_key(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let subdomain = |prefix: &str| {
        let label = |label: &str| {
            let inner = label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
            inner && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
        };
        prefix.len() <= 253 && prefix.split('.').all(label)
    };
    prefix.is_none_or(subdomain) && !name.is_empty() && is_label_value(name)
}

fn is_label_value(value: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let end = |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_alphanumeric());
    value.len() <= 63
        && value.bytes().all(inner)
        && end(value.bytes().next())
        && end(value.bytes().next_back())
}

/// Whether a `DaemonSet` tolerates all that a toleration does.
fn covers(daemons: &PodSpec, toleration: &Toleration) -> bool {
    let exists = toleration.operator.as_deref() == Some("Exists");
    let effects: &[&str] = match toleration.effect.as_str() {
        "" => &[NO_SCHEDULE, NO_EXECUTE],
        NO_SCHEDULE => &[NO_SCHEDULE],
        NO_EXECUTE => &[NO_EXECUTE],
        _ => &[],
    };
    let tolerates_nothing = !exists && (toleration.key.is_empty() || !equals(toleration));
    tolerates_nothing
        || toleration.key.starts_with(CONDITION)
        || effects.iter().all(|effect| {
            daemons.tolerations.iter().any(|theirs| {
                (theirs.effect.is_empty() || theirs.effect == *effect)
                    && (theirs.operator.as_deref() == Some("Exists")
                        && (theirs.key.is_empty() || theirs.key == toleration.key)
                        || equals(theirs)
                            && !exists
                            && theirs.key == toleration.key
                            && theirs.value == toleration.value)
            })
        })
}

fn equals(toleration: &Toleration) -> bool {
    matches!(toleration.operator.as_deref(), None | Some("" | "Equal"))
}

fn in_words(toleration: &Toleration) -> String {
    if toleration.key.is_empty() {
        return "every taint".to_owned();
    }
    let value = if toleration.value.is_empty() { String::new() } else { format!("={}", toleration.value) };
    format!("`{}{value}`", toleration.key)
}

/// Whether pods run on nodes with this label alone.
fn asks_for(spec: &PodSpec, key: &str, value: &str) -> bool {
    let linux = matches!(key, OS | "beta.kubernetes.io/os") && value == "linux" && !spec.is_windows();
    let wanted = || spec.node_selector.get(key).is_some_and(|wanted| wanted == value);
    let required = || spec.affinity.as_ref().and_then(|it| it.node_affinity.as_ref()?.required.as_ref());
    let in_every_term = || {
        required().is_some_and(|selector| {
            let terms = &selector.node_selector_terms;
            !terms.is_empty()
                && terms.iter().all(|term| {
                    term.match_expressions.iter().any(|it| {
                        it.key == key && it.operator == "In" && it.values.iter().all(|one| one == value)
                    })
                })
        })
    };
    linux || wanted() || in_every_term()
}

/// Whether every node that pods may run on is one of a term's, as far as their `nodeSelector` tells.
fn implies(spec: &PodSpec, term: &NodeSelectorTerm) -> bool {
    let holds = |it: &NodeRequirement| match it.operator.as_str() {
        "In" => {
            let named = spec.node_selector.get(&it.key);
            named.is_some_and(|value| it.values.contains(value))
                || it.values.iter().any(|value| asks_for(spec, &it.key, value))
        }
        "Exists" => it.key == OS || spec.node_selector.get(&it.key).is_some(),
        "NotIn" => it.values.iter().all(|value| {
            let windows = it.key == OS && value.as_str() == "windows" && !spec.is_windows();
            windows || VIRTUAL.contains(&(it.key.as_str(), value.as_str()))
        }),
        _ => false,
    };
    term.match_fields.is_empty()
        && !term.match_expressions.is_empty()
        && term.match_expressions.iter().all(holds)
}

#[cfg(test)]
mod tests;
