//! Label selectors, with the API server's meaning (`metav1.LabelSelector`, `LabelSelectorAsSelector`).

use serde::Deserialize;

use super::decode::{list, texts};
use super::list::List;
use super::shared;
use super::text::{Text, TextMap};

/// A label selector. All requirements must hold; one without requirements matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    /// Labels that must be there with this value.
    #[serde(deserialize_with = "shared::whole")]
    pub match_labels: TextMap,
    /// Further requirements.
    #[serde(deserialize_with = "list")]
    pub match_expressions: List<Requirement>,
}

/// One requirement on a label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Requirement {
    /// The label.
    pub key: Text,
    /// How it is compared.
    pub operator: Operator,
    /// What it is compared with, for `In` and `NotIn`.
    #[serde(default, deserialize_with = "texts")]
    pub values: List<Text>,
}

/// How a label is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Operator {
    /// The label is there, with one of the values.
    In,
    /// The label is absent, or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

impl Selector {
    /// Whether labels meet every requirement.
    #[must_use]
    pub fn matches(&self, labels: &TextMap) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| requirement.holds(labels))
    }

    /// Whether there is no requirement, so that everything matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }
}

impl Requirement {
    fn holds(&self, labels: &TextMap) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            Operator::In => value.is_some_and(|value| self.values.contains(value)),
            Operator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(selector: serde_json::Value, labels: &[(&str, &str)]) -> bool {
        let selector: Selector = serde_json::from_value(selector).unwrap();
        selector.matches(&labels.iter().copied().collect())
    }

    #[test]
    fn an_absent_label_is_not_in_any_set() {
        let selector =
            serde_json::json!({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]});
        assert!(matches(selector.clone(), &[]));
        assert!(matches(selector.clone(), &[("a", "2")]));
        assert!(!matches(selector, &[("a", "1")]));
    }

    #[test]
    fn a_value_of_null_is_the_empty_one() {
        let selector =
            serde_json::json!({"matchExpressions": [{"key": "a", "operator": "In", "values": [null]}]});
        assert!(matches(selector.clone(), &[("a", "")]));
        assert!(!matches(selector, &[("a", "1")]));
    }

    #[test]
    fn labels_and_expressions_must_all_hold() {
        let selector = serde_json::json!({
            "matchLabels": {"app": "shop"},
            "matchExpressions": [{"key": "tier", "operator": "Exists"}],
        });
        assert!(matches(selector.clone(), &[("app", "shop"), ("tier", "")]));
        assert!(!matches(selector, &[("app", "shop")]));
    }

    #[test]
    fn an_empty_selector_matches_everything() {
        assert!(matches(serde_json::json!({}), &[("app", "shop")]));
    }
}
