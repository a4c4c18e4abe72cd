//! `pod.low-user-id`

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::declared_id::{Declared, Id};
use crate::declare_control;
use crate::engine::control::{Context, Framework, Verdict};
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// Every container, init container and ephemeral container runs with a declared user id (`runAsUser`, its own or
    /// the pod's) of at least `minimum`, and where a group id (`runAsGroup`) is declared it is at least that too. A
    /// container for which no user id is declared can't be judged, because the image decides: the answer is unknown
    /// unless something else fails. Pods for Windows nodes, and pods with a user namespace of their own
    /// (`hostUsers: false`), whose ids the node doesn't share, are not judged.
    ///
    /// ## Why it matters
    ///
    /// User ids of a container are those of the node. Low ones belong to somebody there, to system services below
    /// 1000 and to people from 1000 on, and a process that breaks out, or that mounts a path of the node, has that
    /// somebody's files.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   securityContext:
    ///     runAsUser: 1000
    ///     runAsGroup: 1000
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   securityContext:
    ///     runAsUser: 10001
    ///     runAsGroup: 10001
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Set `runAsUser` and `runAsGroup` to an id of 10000 or above, give volumes to it with `fsGroup`, and in the image
    /// let files that it needs be readable by everybody. `hostUsers: false` keeps the ids of the pod apart from those
    /// of the node where the cluster supports it.
    pub static LOW_USER_ID = {
        id: "pod.low-user-id",
        title: "User or group id is one of the node's",
        severity: Low,
        subject: Workload,
        parameters: LowUserId,
        references: [
            Framework::CisKubernetes.clause("5.7.3"),
            Framework::Nist80053.clause("AC-6"),
            Framework::Iso27001.clause("8.9"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// From where on ids are free.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct LowUserId {
    /// The lowest user or group id that passes, from 1 to 2147483647. Default: `10000`. Example: `1000`, where only
    /// the node's system accounts matter.
    minimum: i64,
}

impl Default for LowUserId {
    fn default() -> Self {
        Self { minimum: 10_000 }
    }
}

impl Parameters for LowUserId {
    fn check(&self) -> Vec<ParameterError> {
        if (1..=i64::from(i32::MAX)).contains(&self.minimum) {
            return Vec::new();
        }
        let message = format!("`{}` is no id to start from; write one from 1 to {}", self.minimum, i32::MAX);
        vec![ParameterError::new("minimum", message)]
    }
}

const UNDECLARED: &str = "no user id is declared, so the image decides";

fn evaluate(workload: &Workload, parameters: &LowUserId, context: &Context<'_>) -> Verdict {
    let spec = workload.spec();
    if spec.is_windows() || spec.has_user_namespace() {
        return Verdict::NotApplicable;
    }
    let minimum = parameters.minimum;
    let low = |id: Id, declared: Declared<'_>| {
        let value = declared.id().filter(|value| *value < minimum)?;
        let message = format!("`{}: {value}` is below {minimum}", id.field());
        let advice = format!("set `{}` to an id from {minimum} on", id.field());
        Some(id.finding(declared, workload, message).fix(advice))
    };
    let users = Id::User.declared(workload, context).filter_map(|declared| low(Id::User, declared));
    let groups = Id::Group.declared(workload, context).filter_map(|declared| low(Id::Group, declared));
    match users.chain(groups).collect() {
        Verdict::Pass if Id::User.declared(workload, context).any(|user| user.id().is_none()) => {
            Verdict::Unknown(Cow::Borrowed(UNDECLARED))
        }
        verdict => verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, judge_with, messages, pod};

    #[test]
    fn the_container_s_id_wins_over_the_pod_s() {
        let spec = "
securityContext: {runAsUser: 10001, runAsGroup: 10001}
containers: [{name: app}, {name: log, securityContext: {runAsUser: 65}}]
";
        assert_eq!(
            messages(judge(&LOW_USER_ID, &pod(spec))),
            ["log: `runAsUser: 65` is below 10000; set `runAsUser` to an id from 10000 on"]
        );
        let replaced = "
securityContext: {runAsUser: 65}
containers: [{name: app, securityContext: {runAsUser: 10000}}]
";
        assert_eq!(judge(&LOW_USER_ID, &pod(replaced)), Verdict::Pass);
    }

    #[test]
    fn the_pod_s_id_is_one_finding_for_all_containers() {
        let spec = "
securityContext: {runAsUser: 1000, runAsGroup: 1000}
initContainers: [{name: setup}]
containers: [{name: app}]
";
        let Verdict::Fail(findings) = judge(&LOW_USER_ID, &pod(spec)) else { panic!("passes") };
        let paths: Vec<_> = findings.iter().map(|finding| finding.path.to_string()).collect();
        assert_eq!(paths, ["spec.securityContext.runAsUser", "spec.securityContext.runAsGroup"]);
    }

    #[test]
    fn an_undeclared_user_is_unknown_unless_something_fails() {
        assert!(matches!(judge(&LOW_USER_ID, &pod("containers: [{name: app}]")), Verdict::Unknown(_)));
        let spec = "containers: [{name: app}, {name: log, securityContext: {runAsUser: 1}}]";
        assert_eq!(messages(judge(&LOW_USER_ID, &pod(spec))).len(), 1);
    }

    #[test]
    fn an_undeclared_group_is_left_to_the_image() {
        let spec = "containers: [{name: app, securityContext: {runAsUser: 10001}}]";
        assert_eq!(judge(&LOW_USER_ID, &pod(spec)), Verdict::Pass);
    }

    #[test]
    fn ids_that_the_node_doesn_t_share_are_not_judged() {
        for first in ["os: {name: windows}", "hostUsers: false"] {
            let spec = format!("{first}\nsecurityContext: {{runAsUser: 1}}\ncontainers: [{{name: app}}]");
            assert_eq!(judge(&LOW_USER_ID, &pod(&spec)), Verdict::NotApplicable, "{first}");
        }
    }

    #[test]
    fn the_minimum_can_be_set_within_reason() {
        let spec = pod("containers: [{name: app, securityContext: {runAsUser: 1000}}]");
        let minimum = serde_json::json!({"minimum": 1000});
        assert_eq!(judge_with(&LOW_USER_ID, &minimum, &spec), Verdict::Pass);
        assert_eq!(LowUserId { minimum: 0 }.check()[0].path, "minimum");
    }
}
