//! Checks documents against the schemas of our kinds, without an API server.
//!
//! This answers what the API server would: fields that it would drop, types, bounds, enums, formats, patterns, keys
//! given twice, and the rules in CEL.

mod cel;

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::Timestamp;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use regex::Regex;
use serde_json::{Map, Value};

use super::{Date, Kind};

/// Names as like as this are offered as what was meant.
const ALIKE: f64 = 0.8;

/// A field that no schema knows: the API server would drop it, with a warning at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// Where it is, such as `spec.rollout.stages[0].sook`.
    pub path: String,
    /// The field that was probably meant.
    pub suggestion: Option<String>,
}

/// Something that the schema refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct SchemaError {
    /// Where it is, such as `spec.controls[0].id`.
    pub path: String,
    /// What is wrong with it, and what is asked for.
    pub message: String,
}

/// The fields of a document that its kind doesn't know, in the order of their names.
#[must_use]
pub fn unknown_fields(kind: Kind, document: &Value) -> Vec<UnknownField> {
    let mut found = Vec::new();
    if let (Some(schema), Value::Object(fields)) = (super::schema_of(kind), document) {
        let known = |name: &str| matches!(name, "apiVersion" | "kind" | "metadata");
        let rest: Map<_, _> =
            fields.iter().filter(|(name, _)| !known(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
        find_unknown(schema, &Value::Object(rest), "", &mut found);
    }
    found
}

/// What the schema of its kind refuses in a document, in the order of the schema's fields.
#[must_use]
pub fn validate(kind: Kind, document: &Value) -> Vec<SchemaError> {
    let mut found = Vec::new();
    if let Some(schema) = super::schema_of(kind) {
        check(schema, document, "", &mut found);
    }
    found
}

/// The rules in CEL that a document breaks, in the words of the API server, sorted by path. `refused` is what
/// [`validate`] found: the API server doesn't ask a rule about what the schema refuses.
#[must_use]
pub fn broken_rules(kind: Kind, document: &Value, refused: &[SchemaError]) -> Vec<SchemaError> {
    let mut found = cel::broken(kind, document);
    found.retain(|error| !refused.iter().any(|before| is_same_place(&before.path, &error.path)));
    found
}

/// Whether one path is the other, or leads to it. The document and its `spec` as a whole are the place of nothing else.
#[must_use]
pub fn is_same_place(one: &str, other: &str) -> bool {
    let leads = |shorter: &str, longer: &str| {
        !matches!(shorter, "" | "spec")
            && longer.strip_prefix(shorter).is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    one == other || leads(one, other) || leads(other, one)
}

/// Every pattern in every schema, compiled once.
static PATTERNS: LazyLock<BTreeMap<String, Regex>> = LazyLock::new(|| {
    let mut patterns = BTreeMap::new();
    for schema in Kind::ALL.into_iter().filter_map(super::schema_of) {
        collect_patterns(schema, &mut patterns);
    }
    patterns
});

fn collect_patterns(schema: &JSONSchemaProps, patterns: &mut BTreeMap<String, Regex>) {
    if let Some(pattern) = &schema.pattern
        && let Ok(regex) = Regex::new(pattern)
    {
        patterns.insert(pattern.clone(), regex);
    }
    for field in schema.properties.iter().flat_map(BTreeMap::values) {
        collect_patterns(field, patterns);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        collect_patterns(items, patterns);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        collect_patterns(values, patterns);
    }
}

fn find_unknown(schema: &JSONSchemaProps, value: &Value, path: &str, found: &mut Vec<UnknownField>) {
    match value {
        Value::Object(_) if schema.x_kubernetes_preserve_unknown_fields == Some(true) => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Some(field) = property(schema, name) {
                    find_unknown(field, value, &child(schema, path, name), found);
                } else {
                    let suggestion = alike(schema, name);
                    found.push(UnknownField { path: child(schema, path, name), suggestion });
                }
            }
        }
        Value::Array(items) => {
            if let Some(JSONSchemaPropsOrArray::Schema(schema)) = &schema.items {
                for (index, item) in items.iter().enumerate() {
                    find_unknown(schema, item, &format!("{path}[{index}]"), found);
                }
            }
        }
        _ => {}
    }
}

/// The schema of one field of an object, be it a field by name or any key of a map.
fn property<'a>(schema: &'a JSONSchemaProps, name: &str) -> Option<&'a JSONSchemaProps> {
    if let Some(field) = schema.properties.as_ref().and_then(|properties| properties.get(name)) {
        return Some(field);
    }
    match &schema.additional_properties {
        Some(JSONSchemaPropsOrBool::Schema(values)) => Some(values),
        _ => None,
    }
}

fn child(schema: &JSONSchemaProps, path: &str, name: &str) -> String {
    if schema.additional_properties.is_some() {
        format!("{path}[{name}]")
    } else if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn alike(schema: &JSONSchemaProps, name: &str) -> Option<String> {
    let likeness = |known: &str| strsim::jaro_winkler(&known.to_lowercase(), &name.to_lowercase());
    let known = schema.properties.iter().flat_map(BTreeMap::keys);
    let (best, score) = known.map(|known| (known, likeness(known))).max_by(|a, b| a.1.total_cmp(&b.1))?;
    (score >= ALIKE).then(|| best.clone())
}

fn check(schema: &JSONSchemaProps, value: &Value, path: &str, found: &mut Vec<SchemaError>) {
    let before = found.len();
    let mut refuse = |message: String| found.push(SchemaError { path: path.to_owned(), message });
    if let Some(message) = wrong_type(schema, value) {
        refuse(message);
        return;
    }
    if let Some(allowed) = &schema.enum_
        && !allowed.iter().any(|allowed| &allowed.0 == value)
    {
        let allowed: Vec<_> = allowed.iter().map(|allowed| shown(&allowed.0)).collect();
        refuse(format!("{} is not one of {}", shown(value), allowed.join(", ")));
    }
    match value {
        Value::String(text) => check_text(schema, text, &mut refuse),
        Value::Number(number) => check_number(schema, number.as_f64().unwrap_or(f64::NAN), &mut refuse),
        Value::Array(items) => {
            check_count(items.len(), schema.min_items, schema.max_items, "items", &mut refuse);
            check_keys(schema, items, path, found);
            // A list far too long is one error, not thousands.
            if found.len() == before
                && let Some(JSONSchemaPropsOrArray::Schema(schema)) = &schema.items
            {
                for (index, item) in items.iter().enumerate() {
                    check(schema, item, &format!("{path}[{index}]"), found);
                }
            }
        }
        Value::Object(fields) => {
            check_count(fields.len(), schema.min_properties, schema.max_properties, "fields", &mut refuse);
            check_fields(schema, fields, path, found);
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn wrong_type(schema: &JSONSchemaProps, value: &Value) -> Option<String> {
    let wanted = schema.type_.as_deref()?;
    let fits = match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_i64().is_some() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => true,
    };
    let article = if matches!(wanted, "object" | "array" | "integer") { "an" } else { "a" };
    match value {
        _ if fits => None,
        Value::Null => Some(format!("has no value: give it {article} {wanted}, or leave the field out")),
        Value::Object(_) | Value::Array(_) => Some(format!("must be {article} {wanted}")),
        _ if wanted == "string" => Some(format!("must be a string: put {} in quotes", shown(value))),
        _ => Some(format!("{} must be {article} {wanted}", shown(value))),
    }
}

fn check_text(schema: &JSONSchemaProps, text: &str, refuse: &mut impl FnMut(String)) {
    check_count(text.chars().count(), schema.min_length, schema.max_length, "characters", refuse);
    // A format says it in better words than the pattern that goes with it.
    if let Some(message) = wrong_format(schema, text) {
        refuse(message);
    } else if let Some(pattern) = &schema.pattern
        && PATTERNS.get(pattern).is_some_and(|regex| !regex.is_match(text))
    {
        refuse(format!("`{text}` must match `{pattern}`"));
    }
}

fn wrong_format(schema: &JSONSchemaProps, text: &str) -> Option<String> {
    match schema.format.as_deref() {
        Some("date") => text.parse::<Date>().err().map(|error| error.to_string()),
        Some("date-time") if text.parse::<Timestamp>().is_err() => {
            Some(format!("`{text}` is not a time with a zone: write it such as `2026-12-20T00:00:00Z`"))
        }
        _ => None,
    }
}

fn check_number(schema: &JSONSchemaProps, number: f64, refuse: &mut impl FnMut(String)) {
    if let Some(minimum) = schema.minimum.filter(|minimum| number < *minimum) {
        refuse(format!("{number} is too small: at least {minimum}"));
    }
    if let Some(maximum) = schema.maximum.filter(|maximum| number > *maximum) {
        refuse(format!("{number} is too large: at most {maximum}"));
    }
}

fn check_count(
    count: usize,
    least: Option<i64>,
    most: Option<i64>,
    what: &str,
    refuse: &mut impl FnMut(String),
) {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    if let Some(least) = least.filter(|least| count < *least) {
        refuse(format!("has {count} {what}, and needs at least {least}"));
    }
    if let Some(most) = most.filter(|most| count > *most) {
        refuse(format!("has {count} {what}, and may have at most {most}"));
    }
}

/// In a set no item may come twice, in a map no key.
fn check_keys(schema: &JSONSchemaProps, items: &[Value], path: &str, found: &mut Vec<SchemaError>) {
    let keys = schema.x_kubernetes_list_map_keys.as_deref().unwrap_or_default();
    let identity = |item: &Value| match schema.x_kubernetes_list_type.as_deref() {
        Some("set") => Some(shown(item)),
        Some("map") => {
            keys.iter().map(|key| item.get(key).map(shown)).collect::<Option<Vec<_>>>().map(|k| k.join(", "))
        }
        _ => None,
    };
    let mut seen = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let Some(identity) = identity(item) else { continue };
        if let Some(first) = seen.get(&identity) {
            let message = format!("{identity} is already there, at {path}[{first}]: list it once");
            found.push(SchemaError { path: format!("{path}[{index}]"), message });
        } else {
            seen.insert(identity, index);
        }
    }
}

fn check_fields(
    schema: &JSONSchemaProps,
    fields: &Map<String, Value>,
    path: &str,
    found: &mut Vec<SchemaError>,
) {
    for name in schema.required.iter().flatten().filter(|name| !fields.contains_key(*name)) {
        found.push(SchemaError { path: child(schema, path, name), message: "is required".to_owned() });
    }
    for (name, value) in fields {
        if let Some(field) = property(schema, name) {
            check(field, value, &child(schema, path, name), found);
        }
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| format!("`{value}`"), |text| format!("`{text}`"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tier(spec: &Value) -> Value {
        json!({"apiVersion": "stanchion.dev/v1alpha1", "kind": "ServiceTier", "metadata": {"name": "tier-0"}, "spec": spec})
    }

    fn errors(kind: Kind, document: &Value) -> Vec<String> {
        validate(kind, document).iter().map(ToString::to_string).collect()
    }

    fn unknown(kind: Kind, document: &Value) -> Vec<(String, Option<String>)> {
        unknown_fields(kind, document).into_iter().map(|field| (field.path, field.suggestion)).collect()
    }

    #[test]
    fn a_sound_document_has_no_errors_and_no_unknown_fields() {
        let sound = tier(&json!({"level": 0, "default": true, "remediation": {"critical": "7d"}}));
        assert_eq!(errors(Kind::ServiceTier, &sound), Vec::<String>::new());
        assert_eq!(unknown(Kind::ServiceTier, &sound), vec![]);
    }

    #[test]
    fn rules_are_told_at_their_field_unless_the_schema_refuses_it() {
        let of = |document: &Value| {
            let refused = validate(Kind::ServiceTier, document);
            let broken = broken_rules(Kind::ServiceTier, document, &refused);
            broken.iter().map(|error| error.path.clone()).collect::<Vec<_>>()
        };
        assert_eq!(of(&tier(&json!({"level": 0}))), ["spec.selectors"]);
        assert_eq!(of(&tier(&json!({"level": 0, "selectors": "all"}))), Vec::<String>::new());
        let two = json!({"level": -1, "default": true, "remediation": {"critical": "9d", "high": "7d"}});
        assert_eq!(of(&tier(&two)), ["spec.remediation"]);
    }

    #[test]
    fn every_rule_can_be_evaluated() {
        fn errors(schema: &kube::core::cel::CompiledSchema) -> usize {
            let below = schema.properties.values().chain(schema.items.as_deref());
            let below = below.chain(schema.additional_properties.as_deref());
            schema.compilation_errors().len() + below.map(errors).sum::<usize>()
        }
        for kind in Kind::ALL {
            let schema = serde_json::to_value(crate::api::schema_of(kind)).unwrap();
            assert_eq!(errors(&kube::core::cel::compile_schema(&schema)), 0, "{kind}");
        }
    }

    #[test]
    fn a_place_is_its_own_its_parents_and_its_children_s() {
        assert!(is_same_place("spec.rollout.stages", "spec.rollout.stages[1].soak"));
        assert!(is_same_place("spec.level", "spec.level"));
        assert!(!is_same_place("spec", "spec.level"));
        assert!(!is_same_place("spec.level", "spec.levels"));
    }

    #[test]
    fn unknown_fields_come_with_their_path_and_what_was_meant() {
        let document = tier(&json!({
            "level": 0,
            "remediaton": {},
            "selectors": [{"namespaceSelector": {"matchlabels": {"any.key/at": "all"}, "xyzzy": 1}}],
        }));
        let found = unknown(Kind::ServiceTier, &document);
        assert_eq!(
            found,
            [
                ("spec.remediaton".to_owned(), Some("remediation".to_owned())),
                (
                    "spec.selectors[0].namespaceSelector.matchlabels".to_owned(),
                    Some("matchLabels".to_owned())
                ),
                ("spec.selectors[0].namespaceSelector.xyzzy".to_owned(), None),
            ]
        );
    }

    #[test]
    fn parameters_of_controls_and_labels_have_any_field() {
        let document = json!({"spec": {
            "controls": [{"id": "image.untrusted-registry", "parameters": {"registries": ["a"], "deep": {"er": 1}}}],
            "scope": {"workloadSelector": {"matchLabels": {"x": "y"}}},
        }});
        assert_eq!(unknown(Kind::SecurityStandard, &document), vec![]);
    }

    #[test]
    fn types_are_told_with_what_to_do() {
        let document = tier(&json!({"level": "0", "description": 7, "default": null, "selectors": {}}));
        assert_eq!(
            errors(Kind::ServiceTier, &document),
            [
                "spec.default: has no value: give it a boolean, or leave the field out",
                "spec.description: must be a string: put `7` in quotes",
                "spec.level: `0` must be an integer",
                "spec.selectors: must be an array",
            ]
        );
    }

    #[test]
    fn bounds_enums_and_missing_fields_are_told() {
        let document = json!({"spec": {
            "controls": [{"severity": "Severe"}, {"id": "pod.privileged"}, {"id": "pod.privileged"}],
            "rollout": {"stages": [], "circuitBreaker": {"maxDenials": 0}},
            "title": "x".repeat(121),
        }});
        assert_eq!(
            errors(Kind::SecurityStandard, &document),
            [
                "spec.controls[2]: `pod.privileged` is already there, at spec.controls[1]: list it once",
                "spec.rollout.circuitBreaker.maxDenials: 0 is too small: at least 1",
                "spec.rollout.stages: has 0 items, and needs at least 1",
                "spec.title: has 121 characters, and may have at most 120",
            ]
        );
        let one = json!({"spec": {"controls": [{"severity": "Severe"}]}});
        assert_eq!(
            errors(Kind::SecurityStandard, &one),
            [
                "spec.controls[0].id: is required",
                "spec.controls[0].severity: `Severe` is not one of `Low`, `Medium`, `High`, `Critical`",
            ]
        );
    }

    #[test]
    fn times_need_a_zone_and_days_must_exist() {
        let freeze = json!({"spec": {
            "controls": [{"id": "pod.privileged"}],
            "rollout": {"freezes": [{"from": "2026-02-30", "to": "2026-03-01"}]},
        }});
        let found = errors(Kind::SecurityStandard, &freeze);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("spec.rollout.freezes[0].from: `2026-02-30` is not a day"), "{found:?}");

        let exception = json!({"spec": {
            "controls": ["pod.privileged"], "target": {"names": ["a"]}, "owner": "a", "reason": "long enough to be a reason",
            "expiresAt": "2026-12-20T00:00:00",
        }});
        let found = errors(Kind::RiskException, &exception);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("is not a time with a zone"), "{found:?}");
    }

    #[test]
    fn patterns_are_told() {
        let document = tier(&json!({"level": 0, "default": true, "remediation": {"critical": "2w"}}));
        let found = errors(Kind::ServiceTier, &document);
        assert_eq!(found, ["spec.remediation.critical: `2w` must match `^[1-9][0-9]{0,4}[dhm]$`"]);
    }

    #[test]
    fn every_pattern_is_understood() {
        fn visit(value: &Value) {
            match value {
                Value::Object(fields) => {
                    if let Some(pattern) = fields.get("pattern").and_then(Value::as_str) {
                        assert!(PATTERNS.contains_key(pattern), "{pattern}");
                    }
                    fields.values().for_each(visit);
                }
                Value::Array(items) => items.iter().for_each(visit),
                _ => {}
            }
        }
        for kind in Kind::ALL {
            visit(&serde_json::to_value(crate::api::schema_of(kind)).unwrap());
        }
    }

    #[test]
    fn what_is_no_object_is_refused_without_a_panic() {
        for document in [json!(null), json!([]), json!("x"), json!({"spec": 3})] {
            assert!(!errors(Kind::RiskException, &document).is_empty(), "{document}");
            assert_eq!(unknown(Kind::RiskException, &document), vec![]);
        }
    }
}
