//! The clauses of published frameworks that a control refers to.

use std::collections::BTreeSet;

use stanchion::engine::control::{Control, Framework, Reference};

/// References that lead nowhere, are given twice, or are too few.
pub(crate) fn problems(control: &Control) -> Vec<String> {
    let named = |it: &Reference| format!("{} {:?}", it.framework.as_str(), it.clause);
    let invented = control.references.iter().filter(|reference| !reference.exists());
    let mut problems: Vec<String> = invented
        .map(|it| format!("there is no {}: see src/engine/framework/ for those that exist", named(it)))
        .collect();
    let mut seen = BTreeSet::new();
    let twice = control.references.iter().filter(|reference| !seen.insert(**reference));
    problems.extend(twice.map(|it| format!("{} is referred to twice", named(it))));
    if control.references.iter().all(|reference| is_pod_security(reference.framework)) {
        let advice = "name a clause of NIST SP 800-53, or of another framework that auditors ask for";
        problems.push(format!("no reference besides the Pod Security Standards: {advice}"));
    }
    problems
}

/// What Kubernetes publishes itself.
fn is_pod_security(framework: Framework) -> bool {
    matches!(framework, Framework::PodSecurityBaseline | Framework::PodSecurityRestricted)
}

#[cfg(test)]
mod tests {
    use stanchion::declare_control;
    use stanchion::engine::control::{Context, Verdict};
    use stanchion::engine::parameters::NoParameters;
    use stanchion::facts::Workload;

    use super::*;

    declare_control! {
        /// ## What it checks
        static INVENTED = {
            id: "pod.invented",
            title: "Refers to what does not exist",
            severity: Low,
            subject: Workload,
            parameters: NoParameters,
            references: [
                Framework::Nist80053.clause("AC-6"),
                Framework::Nist80053.clause("AC-6"),
                Framework::Nist80053.clause("AC-99"),
                Framework::CisKubernetes.clause("CC6.1"),
                Framework::Soc2.clause("cc6.1"),
            ],
            since: "0.1.0",
            evaluate: pass,
        }
    }

    declare_control! {
        /// ## What it checks
        static ALONE = {
            id: "pod.alone",
            title: "Refers to the Pod Security Standards alone",
            severity: Low,
            subject: Workload,
            parameters: NoParameters,
            references: [Framework::PodSecurityBaseline.clause("Sysctls")],
            since: "0.1.0",
            evaluate: pass,
        }
    }

    fn pass(_: &Workload, _: &NoParameters, _: &Context<'_>) -> Verdict {
        Verdict::Pass
    }

    #[test]
    fn clauses_that_do_not_exist_or_are_named_twice_are_found() {
        let found = problems(&INVENTED);
        for expected in [
            "there is no NIST SP 800-53 r5 \"AC-99\"",
            "there is no CIS Kubernetes Benchmark 1.10 \"CC6.1\"",
            "there is no SOC 2 \"cc6.1\"",
            "NIST SP 800-53 r5 \"AC-6\" is referred to twice",
        ] {
            assert!(found.iter().any(|problem| problem.starts_with(expected)), "{expected}: {found:#?}");
        }
        assert_eq!(found.len(), 4, "{found:#?}");
    }

    #[test]
    fn a_control_that_only_kubernetes_asks_for_is_found() {
        let found = problems(&ALONE);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].starts_with("no reference besides the Pod Security Standards"), "{found:#?}");
    }
}
