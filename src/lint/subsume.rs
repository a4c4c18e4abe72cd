//! Whether one selector matches whatever another one matches. Only what follows from the words of both counts: where it
//! can't be told, it isn't so.

use crate::api::{LabelSelector, Operator, Requirement, TierSelector};

/// Whether the wider selector of a tier selects whatever the narrower one does.
pub(super) fn covers(wider: &TierSelector, narrower: &TierSelector) -> bool {
    part(wider.namespace_selector.as_ref(), narrower.namespace_selector.as_ref())
        && part(wider.workload_selector.as_ref(), narrower.workload_selector.as_ref())
}

fn part(wider: Option<&LabelSelector>, narrower: Option<&LabelSelector>) -> bool {
    let Some(wider) = wider else { return true };
    let Some(narrower) = narrower else { return wider.is_empty() };
    let given = requirements(narrower);
    requirements(wider).iter().all(|wanted| given.iter().any(|given| implies(given, wanted)))
}

/// Labels are requirements too.
fn requirements(selector: &LabelSelector) -> Vec<Requirement> {
    let labels = selector.match_labels.iter().map(|(key, value)| Requirement {
        key: key.clone(),
        operator: Operator::In,
        values: vec![value.clone()],
    });
    labels.chain(selector.match_expressions.iter().cloned()).collect()
}

/// Whether what meets the first requirement meets the second.
fn implies(given: &Requirement, wanted: &Requirement) -> bool {
    use Operator::{DoesNotExist, Exists, In, NotIn};

    let all_wanted = || given.values.iter().all(|value| wanted.values.contains(value));
    let none_wanted = || !given.values.iter().any(|value| wanted.values.contains(value));
    given.key == wanted.key
        && match (given.operator, wanted.operator) {
            (In, In) => all_wanted(),
            (In, NotIn) => none_wanted(),
            (NotIn, NotIn) => wanted.values.iter().all(|value| given.values.contains(value)),
            (In | Exists, Exists) | (DoesNotExist, DoesNotExist | NotIn) => true,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(wider: &str, narrower: &str) -> bool {
        let selector = |yaml: &str| serde_saphyr::from_str::<TierSelector>(yaml).unwrap();
        super::covers(&selector(wider), &selector(narrower))
    }

    #[test]
    fn fewer_requirements_are_wider() {
        let prod = "{namespaceSelector: {matchLabels: {env: prod}}}";
        let ledger =
            "{namespaceSelector: {matchLabels: {env: prod}}, workloadSelector: {matchLabels: {app: ledger}}}";
        assert!(covers(prod, prod) && covers(prod, ledger));
        assert!(!covers(ledger, prod));
        assert!(!covers(prod, "{workloadSelector: {matchLabels: {app: ledger}}}"));
    }

    #[test]
    fn operators_are_compared_by_what_they_let_through() {
        let on = |expression: &str| {
            format!("{{workloadSelector: {{matchExpressions: [{{key: env, {expression}}}]}}}}")
        };
        let wider = |wider: &str, narrower: &str| covers(&on(wider), &on(narrower));
        assert!(wider("operator: Exists", "operator: In, values: [prod]"));
        assert!(wider("operator: In, values: [prod, live]", "operator: In, values: [prod]"));
        assert!(wider("operator: NotIn, values: [test]", "operator: In, values: [prod]"));
        assert!(wider("operator: NotIn, values: [test]", "operator: DoesNotExist"));
        assert!(wider("operator: NotIn, values: [test]", "operator: NotIn, values: [dev, test]"));
        assert!(!wider("operator: In, values: [prod]", "operator: In, values: [prod, live]"));
        assert!(!wider("operator: Exists", "operator: NotIn, values: [test]"));
        assert!(!wider("operator: NotIn, values: [prod]", "operator: In, values: [prod]"));
    }
}
