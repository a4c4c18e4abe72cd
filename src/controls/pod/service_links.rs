//! `pod.service-links`

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::NoParameters;
use crate::facts::Workload;

declare_control! {
    /// ## What it checks
    ///
    /// The pod sets `enableServiceLinks: false`. Absent means `true`.
    ///
    /// ## Why it matters
    ///
    /// Otherwise every container gets environment variables with name, address and port of every Service of its
    /// namespace: a map for whoever gets in, and in a namespace with many Services enough to keep containers from
    /// starting. A Service whose name fits can also set a variable that the application reads for something else
    /// (a Service `app` sets `APP_PORT`). DNS answers the same questions when they are asked.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example}
    /// spec:
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
    ///   enableServiceLinks: false
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ```
    ///
    /// ## How to fix
    ///
    /// Set `enableServiceLinks: false`, and find Services by their DNS names. The variables of the API server itself
    /// (`KUBERNETES_SERVICE_HOST`) stay.
    pub static SERVICE_LINKS = {
        id: "pod.service-links",
        title: "Services become environment variables",
        severity: Low,
        subject: Workload,
        parameters: NoParameters,
        references: [
            Framework::Nist80053.clause("CM-7"),
            Framework::MitreAttack.clause("T1613"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

fn evaluate(workload: &Workload, _: &NoParameters, _: &Context<'_>) -> Verdict {
    let written = workload.spec().enable_service_links;
    if written == Some(false) {
        return Verdict::Pass;
    }
    let path = workload.spec_path().key("enableServiceLinks");
    let finding = Finding::new(path.clone(), "gets every Service as environment variables")
        .fix("set `enableServiceLinks: false`")
        .patch_to_review(path, false, "a program may read the addresses of Services from these variables");
    let finding = if written == Some(true) { finding.value(true) } else { finding };
    [finding].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::testing::{judge, pod};

    fn verdict(value: &str) -> Verdict {
        let spec = format!("enableServiceLinks: {value}\ncontainers: [{{name: app}}]");
        judge(&SERVICE_LINKS, &pod(&spec))
    }

    #[test]
    fn absent_means_true() {
        for value in ["true", "null"] {
            let Verdict::Fail(findings) = verdict(value) else { panic!("passes") };
            assert_eq!(findings[0].path.to_string(), "spec.enableServiceLinks");
            let patch = findings[0].fix.patch.as_ref().unwrap();
            assert_eq!((&patch.path, &patch.value), (&findings[0].path, &serde_json::json!(false)));
        }
        assert_eq!(verdict("false"), Verdict::Pass);
    }
}
