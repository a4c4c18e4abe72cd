//! Parameters of controls: typed, with defaults, checked all at once.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::pattern::ImagePattern;
use super::suggest::did_you_mean;

/// What a control can be told. Every field has a default; [`check`](Parameters::check) refuses what types can't.
pub trait Parameters: DeserializeOwned + Serialize + JsonSchema + Default + Send + Sync + 'static {
    /// What is wrong with these values, field by field, beyond their types.
    fn check(&self) -> Vec<ParameterError> {
        Vec::new()
    }
}

/// For controls that take no parameters of their own.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

impl Parameters for NoParameters {}

/// Parameters that every control has.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Common {
    /// Images whose containers are not looked at, as patterns: `registry.example.com/agents/**`. Absent: none.
    pub exempt_images: Vec<ImagePattern>,
}

/// A parameter that can't be used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterError {
    /// The field, relative to `parameters`; empty for the whole.
    pub path: String,
    /// What is wrong and what to do, in lower case without a final stop.
    pub message: String,
}

impl ParameterError {
    /// An error of one field.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// Checks and decodes what a standard gives: the common parameters and the control's own.
///
/// # Errors
/// Every unknown name, every value of a wrong type, and what [`Parameters::check`] refuses.
pub fn compile<P: Parameters>(given: &Map<String, Value>) -> Result<(Common, P), Vec<ParameterError>> {
    if given.is_empty() {
        return checked(Common::default(), P::default());
    }
    let own_names = names::<P>();
    let common_names = names::<Common>();
    let mut errors = Vec::new();
    let mut own = Map::new();
    let mut common = Map::new();
    for (name, value) in given {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        let outcome = if own_names.contains(name) {
            own.insert(name.clone(), value.clone());
            decode::<P>(alone).map(drop)
        } else if common_names.contains(name) {
            common.insert(name.clone(), value.clone());
            decode::<Common>(alone).map(drop)
        } else {
            let known = own_names.iter().chain(&common_names).map(String::as_str);
            Err(ParameterError::new(name.clone(), format!("no such parameter{}", did_you_mean(name, known))))
        };
        errors.extend(outcome.err());
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let own = decode::<P>(own).map_err(|error| vec![error])?;
    let common = decode::<Common>(common).map_err(|error| vec![error])?;
    checked(common, own)
}

fn checked<P: Parameters>(common: Common, own: P) -> Result<(Common, P), Vec<ParameterError>> {
    let refused = own.check();
    if refused.is_empty() { Ok((common, own)) } else { Err(refused) }
}

/// The JSON schema of a control's parameters, the common ones included.
#[must_use]
pub fn schema<P: Parameters>() -> schemars::Schema {
    let mut schema = inlined::<P>();
    let common = inlined::<Common>();
    let shared = common.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let properties = schema.ensure_object().entry("properties").or_insert_with(|| Value::Object(Map::new()));
    if let Some(properties) = properties.as_object_mut() {
        properties.extend(shared);
    }
    schema
}

fn inlined<P: JsonSchema>() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<P>()
}

fn names<P: JsonSchema>() -> Vec<String> {
    let schema = inlined::<P>();
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
}

fn decode<P: DeserializeOwned>(given: Map<String, Value>) -> Result<P, ParameterError> {
    serde_path_to_error::deserialize(Value::Object(given)).map_err(|error| {
        let path = error.path().to_string();
        ParameterError::new(path.trim_start_matches('.'), error.into_inner().to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase", default, deny_unknown_fields)]
    struct Ports {
        /// Ports that are fine.
        allowed_ports: Vec<u16>,
    }

    impl Parameters for Ports {}

    fn errors(given: Value) -> Vec<String> {
        let Value::Object(given) = given else { panic!("an object") };
        let errors = compile::<Ports>(&given).unwrap_err();
        errors.into_iter().map(|error| format!("{}: {}", error.path, error.message)).collect()
    }

    #[test]
    fn every_wrong_parameter_is_named_at_once() {
        let found =
            errors(serde_json::json!({"allowedPort": [1], "allowedPorts": [80, "x"], "exemptImages": 3}));
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0], "allowedPort: no such parameter; did you mean `allowedPorts`?");
        assert!(found[1].starts_with("allowedPorts[1]: invalid type: string \"x\""), "{found:?}");
        assert!(found[2].starts_with("exemptImages: invalid type: integer `3`"), "{found:?}");
    }

    #[test]
    fn the_schema_holds_own_and_common_parameters() {
        let schema = schema::<Ports>();
        let properties = schema.get("properties").unwrap();
        assert_eq!(properties["allowedPorts"]["description"], "Ports that are fine.");
        assert!(properties.get("exemptImages").is_some());
    }
}
