//! Label selectors, bounded and checked by the schema.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{rules::rule, shapes::LabelValue};

const LABEL_KEY: &str = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";

/// Selects objects by their labels; all that is given must hold, and an empty selector selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline, extend("x-kubernetes-map-type" = "atomic"))]
pub struct LabelSelector {
    /// Labels that must be there with exactly these values, at most 16, for example `{app: ledger}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(
        with = "BTreeMap<String, LabelValue>",
        extend("maxProperties" = 16, "x-kubernetes-validations" = [rule(
            &format!("self.all(key, key.size() <= 317 && key.matches('{LABEL_KEY}'))"),
            "a label's key is a name, or a domain, a slash and a name, such as app.kubernetes.io/name",
        )])
    )]
    pub match_labels: BTreeMap<String, String>,
    /// Conditions on labels, at most 16, for example `{key: env, operator: In, values: [prod]}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub match_expressions: Vec<Requirement>,
}

/// A condition on one label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline, extend("x-kubernetes-validations" = [
    rule(
        "!(self.operator in ['In', 'NotIn']) || (has(self.values) && self.values.size() > 0)",
        "the operators In and NotIn need values: list at least one",
    ),
    rule(
        "!(self.operator in ['Exists', 'DoesNotExist']) || !has(self.values) || self.values.size() == 0",
        "the operators Exists and DoesNotExist look at the key alone: remove values",
    ),
]))]
pub struct Requirement {
    /// The label's key, for example `app.kubernetes.io/name`.
    #[schemars(length(max = 317), regex(pattern = LABEL_KEY))]
    pub key: String,
    /// How the label is compared. `NotIn` and `DoesNotExist` also hold where the label is absent.
    pub operator: Operator,
    /// The values to compare with, at most 64; needed by `In` and `NotIn`, and by nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        with = "Vec<LabelValue>",
        length(max = 64),
        extend("x-kubernetes-list-type" = "atomic")
    )]
    pub values: Vec<String>,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Operator {
    /// The label is there with one of the values.
    In,
    /// The label is absent, or there with none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

impl Operator {
    /// The text that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "In",
            Self::NotIn => "NotIn",
            Self::Exists => "Exists",
            Self::DoesNotExist => "DoesNotExist",
        }
    }
}

impl LabelSelector {
    /// Whether it asks for nothing, and so selects everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// Whether the labels are what it asks for.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator {
            Operator::In => listed,
            Operator::NotIn => !listed,
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

impl From<LabelSelector> for meta::LabelSelector {
    fn from(selector: LabelSelector) -> Self {
        let expressions = selector.match_expressions.into_iter().map(|requirement| {
            let values = (!requirement.values.is_empty()).then_some(requirement.values);
            meta::LabelSelectorRequirement {
                key: requirement.key,
                operator: requirement.operator.as_str().to_owned(),
                values,
            }
        });
        let match_expressions: Vec<_> = expressions.collect();
        Self {
            match_labels: (!selector.match_labels.is_empty()).then_some(selector.match_labels),
            match_expressions: (!match_expressions.is_empty()).then_some(match_expressions),
        }
    }
}

/// A selector with an operator that Kubernetes doesn't know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an operator: use In, NotIn, Exists or DoesNotExist")]
pub struct UnknownOperator(String);

impl TryFrom<meta::LabelSelector> for LabelSelector {
    type Error = UnknownOperator;

    fn try_from(selector: meta::LabelSelector) -> Result<Self, Self::Error> {
        let requirement = |raw: meta::LabelSelectorRequirement| {
            let operator = match raw.operator.as_str() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                _ => return Err(UnknownOperator(raw.operator)),
            };
            Ok(Requirement { key: raw.key, operator, values: raw.values.unwrap_or_default() })
        };
        Ok(Self {
            match_labels: selector.match_labels.unwrap_or_default(),
            match_expressions: selector
                .match_expressions
                .unwrap_or_default()
                .into_iter()
                .map(requirement)
                .collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn selector(value: serde_json::Value) -> LabelSelector {
        serde_json::from_value(value).unwrap()
    }

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_empty_selector_selects_everything() {
        assert!(LabelSelector::default().is_empty());
        assert!(LabelSelector::default().matches(&labels(&[])));
    }

    #[test]
    fn all_of_it_must_hold() {
        let both = selector(json!({
            "matchLabels": {"app": "ledger"},
            "matchExpressions": [{"key": "env", "operator": "In", "values": ["prod", "dr"]}],
        }));
        assert!(both.matches(&labels(&[("app", "ledger"), ("env", "dr")])));
        assert!(!both.matches(&labels(&[("app", "ledger"), ("env", "dev")])));
        assert!(!both.matches(&labels(&[("env", "prod")])));
    }

    #[test]
    fn absence_satisfies_not_in_and_does_not_exist_as_in_kubernetes() {
        let one = |operator: &str, values: &[&str]| {
            selector(json!({"matchExpressions": [{"key": "env", "operator": operator, "values": values}]}))
        };
        assert!(one("NotIn", &["prod"]).matches(&labels(&[])));
        assert!(!one("NotIn", &["prod"]).matches(&labels(&[("env", "prod")])));
        assert!(one("DoesNotExist", &[]).matches(&labels(&[])));
        assert!(one("Exists", &[]).matches(&labels(&[("env", "")])));
        assert!(!one("In", &["prod"]).matches(&labels(&[])));
    }

    #[test]
    fn converts_to_the_type_of_kubernetes_and_back() {
        let ours = selector(json!({
            "matchLabels": {"app": "ledger"},
            "matchExpressions": [{"key": "env", "operator": "Exists"}],
        }));
        let theirs = meta::LabelSelector::from(ours.clone());
        assert_eq!(serde_json::to_value(&theirs).unwrap(), serde_json::to_value(&ours).unwrap());
        assert_eq!(LabelSelector::try_from(theirs), Ok(ours));
    }

    #[test]
    fn an_unknown_operator_is_refused_by_name() {
        let raw = meta::LabelSelectorRequirement { key: "a".into(), operator: "Gt".into(), values: None };
        let theirs = meta::LabelSelector { match_labels: None, match_expressions: Some(vec![raw]) };
        let error = LabelSelector::try_from(theirs).unwrap_err();
        assert_eq!(error.to_string(), "`Gt` is not an operator: use In, NotIn, Exists or DoesNotExist");
    }
}
