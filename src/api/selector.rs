//! Label selectors, bounded and checked by the schema.

use std::collections::BTreeMap;

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

impl LabelSelector {
    /// Whether it asks for nothing, and so selects everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }
}
