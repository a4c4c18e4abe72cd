//! `pod.root-group`

use super::declared_id::Id;
use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// No group that the pod declares is root's: not `runAsGroup` of a container, init container or ephemeral
    /// container, nor that of the pod where a container takes it over, nor `fsGroup`, nor one of
    /// `supplementalGroups`. A group that the image chooses is not seen here. Pods for Windows nodes have no such
    /// groups, and in a user namespace of its own (`hostUsers: false`) the pod's group 0 is nobody's on the node:
    /// neither is judged.
    ///
    /// ## Why it matters
    ///
    /// Group 0 owns most system files of an image, and files of the node that are mounted into the pod. A process
    /// that isn't root but in root's group can read, and often write, what was only closed to others.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
    ///   securityContext:
    ///     runAsUser: 10001
    ///     runAsGroup: 0
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
    ///     fsGroup: 10001
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Declare a group of the application's own, 10000 or above. An image that is made for arbitrary users keeps its
    /// writable files in group 0; give those files to another group, or put them on a volume with an `fsGroup`.
    pub static ROOT_GROUP = {
        id: "pod.root-group",
        title: "Pod runs in root's group",
        severity: Low,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::CisKubernetes.clause("5.7.3"),
            Framework::Nist80053.clause("AC-6"),
            Framework::NsaCisa.clause("Non-root containers and rootless container engines"),
            Framework::Iso27001.clause("8.2"),
            Framework::PciDss.clause("7.2.5"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

const ROOT: i64 = 0;

fn evaluate(workload: &Workload, _: &NoParameters, context: &Context<'_>) -> Verdict {
    let spec = workload.spec();
    if spec.is_windows() || spec.has_user_namespace() {
        return Verdict::NotApplicable;
    }
    let run_as = Id::Group
        .declared(workload, context)
        .filter(|declared| declared.id() == Some(ROOT))
        .map(|declared| Id::Group.finding(declared, workload, message("runAsGroup")));
    run_as.map(|finding| finding.fix("set a group of 10000 or above")).chain(of_volumes(workload)).collect()
}

/// Findings at the groups that only a pod can declare.
fn of_volumes(workload: &Workload) -> impl Iterator<Item = Finding> {
    let settings = workload.spec().security_context.as_ref();
    let path = |field| workload.spec_path().key("securityContext").key(field);
    let fs_group = settings
        .filter(|settings| settings.fs_group == Some(ROOT))
        .map(|_| (path("fsGroup"), "fsGroup", "set a group of 10000 or above"));
    let supplemental = settings
        .and_then(|settings| settings.supplemental_groups.iter().position(|group| *group == ROOT))
        .map(|index| (path("supplementalGroups").index(index), "supplementalGroups", "remove group 0"));
    fs_group.into_iter().chain(supplemental).map(|(path, field, advice)| {
        Finding::new(path, message(field)).discriminator(field).value(ROOT).fix(advice)
    })
}

fn message(field: &str) -> String {
    format!("runs in root's group by `{field}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, messages, pod};

    fn found(spec: &str) -> Vec<String> {
        messages(judge(&ROOT_GROUP, &pod(spec)))
    }

    #[test]
    fn every_declared_group_counts() {
        let spec = "
securityContext: {runAsGroup: 0, fsGroup: 0, supplementalGroups: [20000, 0, 0]}
containers: [{name: app}, {name: log, securityContext: {runAsGroup: 0}}]
";
        assert_eq!(
            found(spec),
            [
                "log: runs in root's group by `runAsGroup`; set a group of 10000 or above",
                "runs in root's group by `runAsGroup`; set a group of 10000 or above",
                "runs in root's group by `fsGroup`; set a group of 10000 or above",
                "runs in root's group by `supplementalGroups`; remove group 0",
            ]
        );
    }

    #[test]
    fn a_group_of_the_pod_that_every_container_replaces_has_no_effect() {
        let spec = "
securityContext: {runAsGroup: 0}
containers: [{name: app, securityContext: {runAsGroup: 10001}}]
";
        assert!(found(spec).is_empty());
    }

    #[test]
    fn what_nobody_declares_is_not_a_finding() {
        assert!(found("containers: [{name: app, securityContext: {runAsUser: 0}}]").is_empty());
    }

    #[test]
    fn windows_and_user_namespaces_are_not_judged() {
        for first in ["os: {name: windows}", "hostUsers: false"] {
            let spec = format!("{first}\nsecurityContext: {{fsGroup: 0}}\ncontainers: [{{name: app}}]");
            assert_eq!(judge(&ROOT_GROUP, &pod(&spec)), Verdict::NotApplicable, "{first}");
        }
    }

    #[test]
    fn a_finding_stands_where_the_group_is_declared() {
        let spec = "securityContext: {supplementalGroups: [1, 0]}\ncontainers: [{name: app}]";
        let Verdict::Fail(findings) = judge(&ROOT_GROUP, &pod(spec)) else { panic!("passes") };
        assert_eq!(findings[0].path.to_string(), "spec.securityContext.supplementalGroups[1]");
    }
}
