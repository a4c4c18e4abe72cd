//! Pages for people, made from the schemas and the conditions.

use std::fmt::Write;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinitionNames, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use stanchion::api::{self, Kind, condition};
use stanchion::engine::notice::{REASONS, Rhythm};

/// `docs/reference/crds.md`
pub(crate) fn crds() -> String {
    let mut page = String::from(
        "# The custom resources, field by field\n\n\
         Generated from the schemas in `crds/` by `make generate`. `kubectl explain KIND.spec` says the same.\n\
         A field in **bold** is required. Nothing is filled in by the API server: where absence has a meaning, the \
         description says which.\n",
    );
    for kind in Kind::ALL {
        let crd = api::crd(kind);
        let schema = api::schema_of(kind).unwrap();
        writeln!(page, "\n## {kind}\n\n{}\n", schema.description.as_deref().unwrap_or_default()).unwrap();
        writeln!(page, "{}", names(&crd.spec.names, &crd.spec.scope)).unwrap();
        for part in ["spec", "status"] {
            let part_schema = &schema.properties.as_ref().unwrap()[part];
            writeln!(
                page,
                "\n### {kind} {part}\n\n| field | type | bounds | description |\n| --- | --- | --- | --- |"
            )
            .unwrap();
            rows(part_schema, part, &mut page);
            let mut begun = false;
            if part == "spec" {
                own_rules(schema, kind.as_str(), &mut page, &mut begun);
            }
            rules(part_schema, part, &mut page, &mut begun);
        }
    }
    page
}

fn names(names: &CustomResourceDefinitionNames, scope: &str) -> String {
    let singular = names.singular.as_deref().unwrap_or_default();
    let short = names.short_names.as_deref().unwrap_or_default().join("`, `");
    let category = names.categories.as_deref().unwrap_or_default().join(",");
    let reach = if scope == "Cluster" { "One for the whole cluster" } else { "Lives in a namespace" };
    format!("{reach}. Short: `{singular}`, `{short}`; `kubectl get {category}` lists it too.")
}

fn rows(schema: &JSONSchemaProps, path: &str, page: &mut String) {
    for (name, field) in schema.properties.iter().flatten() {
        let path = format!("{path}.{name}");
        let required = schema.required.iter().flatten().any(|required| required == name);
        let shown = if required { format!("**`{path}`**") } else { format!("`{path}`") };
        let description = field.description.as_deref().unwrap_or_default();
        let cells = [shown, type_of(field), bounds(field), description.to_owned()];
        writeln!(page, "| {} |", cells.map(|cell| cell.replace('|', r"\|")).join(" | ")).unwrap();
        if name == "conditions" {
            continue; // described on a page of its own
        }
        match (&field.items, &field.additional_properties) {
            (Some(JSONSchemaPropsOrArray::Schema(items)), _) => rows(items, &format!("{path}[]"), page),
            (_, Some(JSONSchemaPropsOrBool::Schema(values))) => rows(values, &format!("{path}[*]"), page),
            _ => rows(field, &path, page),
        }
    }
}

fn type_of(schema: &JSONSchemaProps) -> String {
    let plain = schema.type_.as_deref().unwrap_or("any");
    match (&schema.items, &schema.additional_properties, schema.format.as_deref()) {
        (Some(JSONSchemaPropsOrArray::Schema(items)), ..) => format!("list of {}", type_of(items)),
        (_, Some(JSONSchemaPropsOrBool::Schema(values)), _) => format!("map of {}", type_of(values)),
        (.., Some("date")) => "day".to_owned(),
        (.., Some("date-time")) => "time".to_owned(),
        _ => plain.to_owned(),
    }
}

fn bounds(schema: &JSONSchemaProps) -> String {
    let mut bounds = Vec::new();
    if let Some(values) = &schema.enum_ {
        bounds.push(
            values.iter().map(|value| value.0.as_str().unwrap_or_default()).collect::<Vec<_>>().join(", "),
        );
    }
    let range = |least: Option<f64>, most: Option<f64>, what: &str| match (least, most) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}{what}")),
        (Some(least), None) => Some(format!("at least {least}{what}")),
        (None, Some(most)) => Some(format!("at most {most}{what}")),
        (None, None) => None,
    };
    #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
    let counted = |least: Option<i64>, most: Option<i64>, what: &str| {
        range(least.map(|count| count as f64), most.map(|count| count as f64), what)
    };
    bounds.extend(range(schema.minimum, schema.maximum, ""));
    bounds.extend(counted(schema.min_items, schema.max_items, " items"));
    bounds.extend(counted(schema.min_properties, schema.max_properties, " fields"));
    if schema.format.is_none() {
        bounds.extend(counted(schema.min_length, schema.max_length, " characters"));
        bounds.extend(schema.pattern.as_ref().map(|pattern| format!("`{pattern}`")));
    }
    match (schema.x_kubernetes_list_type.as_deref(), &schema.x_kubernetes_list_map_keys) {
        (Some("map"), Some(keys)) => bounds.push(format!("one for each `{}`", keys.join(", "))),
        (Some("set"), _) => bounds.push("each once".to_owned()),
        _ => {}
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items
        && items.type_.as_deref() == Some("string")
    {
        bounds.extend(
            Some(self::bounds(items)).filter(|each| !each.is_empty()).map(|each| format!("each {each}")),
        );
    }
    bounds.join("; ")
}

/// What the API server refuses beyond types and bounds, in its own words.
fn rules(schema: &JSONSchemaProps, path: &str, page: &mut String, begun: &mut bool) {
    own_rules(schema, path, page, begun);
    for (name, field) in schema.properties.iter().flatten() {
        rules(field, &format!("{path}.{name}"), page, begun);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        rules(items, &format!("{path}[]"), page, begun);
    }
}

fn own_rules(schema: &JSONSchemaProps, path: &str, page: &mut String, begun: &mut bool) {
    for rule in schema.x_kubernetes_validations.iter().flatten() {
        if !std::mem::replace(begun, true) {
            page.push_str("\nThe API server also refuses, with these words:\n\n");
        }
        writeln!(page, "- `{path}`: {}", rule.message.as_deref().unwrap_or_default()).unwrap();
    }
}

/// `docs/reference/conditions.md`
pub(crate) fn conditions() -> String {
    let mut page = String::from(
        "# Conditions and their reasons\n\n\
         Generated from `src/api/condition.rs` by `make generate`. Every kind always has all of its conditions. They are \
         worded so that `True` is good news; \
         a reason always comes with the same status. `kubectl wait --for=condition=Accepted` and the like work on all of them.\n\n\
         Where a condition was never set, it is `Unknown` with the reason `Pending`.\n",
    );
    for kind in Kind::ALL {
        writeln!(page, "\n## {kind}\n\n| type | status | reason | meaning |\n| --- | --- | --- | --- |")
            .unwrap();
        for reason in condition::reasons(kind) {
            let (type_, status, name) = (reason.condition, reason.status.as_str(), reason.name);
            writeln!(page, "| {type_} | {status} | {name} | {} |", reason.meaning).unwrap();
        }
    }
    page
}

/// `docs/reference/events.md`
pub(crate) fn events() -> String {
    let mut page = String::from(
        "# Events\n\n\
         Generated from `src/engine/notice/reason.rs` by `make generate`. The operator writes Events on what somebody must act \
         on: on standards, on exceptions, and on the workloads that an exception covers, never on a single Pod of theirs and \
         never one a finding. `kubectl get events` lists them, and `kubectl describe` shows those of an object; those on \
         standards, which have no namespace, are in `default`. An API server forgets Events after a while, an hour unless it was \
         told otherwise.\n\n\
         Events are hints: what is true stands in the [conditions](conditions.md). What stands is told once a day, whoever leads \
         and however often it is started; what happens is told when it happens. 25 are written at once and then one every ten \
         seconds: the first notice of every namespace before the second of any, and among these in the order of this table. \
         Beyond 500 that wait they are dropped, those of whoever has most first, and the metric `stanchion_events_total` counts \
         them by what became of them.\n\n\
         | reason | type | on | told | action | meaning |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for reason in REASONS {
        let told = match reason.rhythm {
            Rhythm::Once => "when it happens",
            Rhythm::Daily => "once a day",
        };
        let (name, weight, about) = (reason.name, reason.weight.as_str(), reason.about);
        writeln!(page, "| {name} | {weight} | {about} | {told} | {} | {} |", reason.action, reason.meaning)
            .unwrap();
    }
    page
}
