//! Environment variables of a container. Their values are looked at while they are read, and not kept.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

use super::credential::{self, CredentialKind};
use super::text::Text;

/// The beginnings of the names whose values are kept: those of OpenTelemetry say where logs go (OpenTelemetry
/// specification, environment variables), those of Datadog's agent whose logs it reads (Datadog documentation,
/// container discovery management).
const KEPT: [&str; 4] = ["OTEL_", "DD_LOGS_", "DD_CONTAINER_EXCLUDE", "DD_CONTAINER_INCLUDE"];

/// One entry of `env`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvVar {
    /// The variable's name.
    pub name: Text,
    /// Where its value comes from.
    pub source: EnvSource,
    /// The value, for the few names whose values say where telemetry goes; never a secret's.
    pub value: Option<Text>,
    /// What the value looks like, if it is written in the manifest and looks like a credential.
    pub credential: Option<CredentialKind>,
}

/// Where the value of an environment variable comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum EnvSource {
    /// It is written in the manifest.
    #[default]
    Literal,
    /// A key of a Secret.
    Secret {
        /// The Secret's name.
        name: Text,
        /// The key.
        key: Text,
    },
    /// A key of a `ConfigMap`.
    ConfigMap {
        /// The config map's name.
        name: Text,
        /// The key.
        key: Text,
    },
    /// A field or a resource of the pod, or a kind of source that we don't know.
    Other,
}

/// One entry of `envFrom`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvFrom {
    /// Written before every key.
    pub prefix: Text,
    /// The Secret, if it is one.
    pub secret: Option<Text>,
    /// The config map, if it is one.
    pub config_map: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct KeyRef {
    name: Option<Text>,
    key: Option<Text>,
}

impl<'de> Deserialize<'de> for EnvVar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Written<'a> {
            name: Option<Text>,
            #[serde(borrow)]
            value: Option<Cow<'a, str>>,
            value_from: Option<Source>,
        }
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Source {
            secret_key_ref: Option<KeyRef>,
            config_map_key_ref: Option<KeyRef>,
        }

        let Written { name, value, value_from } = Written::deserialize(deserializer)?;
        let name = name.unwrap_or_default();
        let of = |it: KeyRef| (it.name.unwrap_or_default(), it.key.unwrap_or_default());
        let source = match value_from {
            None => EnvSource::Literal,
            Some(Source { secret_key_ref: Some(secret), .. }) => {
                let (name, key) = of(secret);
                EnvSource::Secret { name, key }
            }
            Some(Source { config_map_key_ref: Some(map), .. }) => {
                let (name, key) = of(map);
                EnvSource::ConfigMap { name, key }
            }
            Some(_) => EnvSource::Other,
        };
        let literal = value.as_deref().filter(|_| source == EnvSource::Literal);
        let credential = literal.and_then(|value| credential::spot(&name, value));
        let is_kept =
            credential.is_none() && KEPT.iter().any(|it| name.starts_with(it)) && !name.ends_with("HEADERS");
        let value = value.filter(|_| is_kept).map(|value| Text::from(&*value));
        Ok(Self { name, source, value, credential })
    }
}

impl<'de> Deserialize<'de> for EnvFrom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Written {
            prefix: Option<Text>,
            secret_ref: Option<KeyRef>,
            config_map_ref: Option<KeyRef>,
        }

        let Written { prefix, secret_ref, config_map_ref } = Written::deserialize(deserializer)?;
        let name = |it: KeyRef| it.name.unwrap_or_default();
        Ok(Self {
            prefix: prefix.unwrap_or_default(),
            secret: secret_ref.map(name),
            config_map: config_map_ref.map(name),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(written: &serde_json::Value) -> EnvVar {
        serde_json::from_str(&written.to_string()).unwrap()
    }

    #[test]
    fn a_value_is_not_kept_unless_it_says_where_telemetry_goes() {
        let password = variable(&serde_json::json!({"name": "PASSWORD", "value": "hush"}));
        assert_eq!((password.source, password.value), (EnvSource::Literal, None));
        let exporter = variable(&serde_json::json!({"name": "OTEL_LOGS_EXPORTER", "value": "otlp"}));
        assert_eq!(exporter.value.unwrap(), "otlp");
        let headers = variable(&serde_json::json!({"name": "OTEL_EXPORTER_OTLP_HEADERS", "value": "k=hush"}));
        assert_eq!(headers.value, None);
    }

    #[test]
    fn what_a_written_value_looks_like_is_known() {
        let credential = |written| variable(&written).credential;
        assert_eq!(
            credential(serde_json::json!({"name": "DB_PASSWORD", "value": "hush-hush-7"})),
            Some(CredentialKind::Password)
        );
        assert_eq!(credential(serde_json::json!({"name": "DB_PASSWORD", "value": "$(OTHER)"})), None);
        assert_eq!(credential(serde_json::json!({"name": "LOG_LEVEL", "value": "debug"})), None);
        let exporter = variable(&serde_json::json!(
            {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "https://me:hush-hush-7@otel.example.com"}
        ));
        assert_eq!((exporter.value, exporter.credential), (None, Some(CredentialKind::ConnectionString)));
    }

    #[test]
    fn the_source_is_known() {
        let secret = variable(
            &serde_json::json!({"name": "A", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}),
        );
        assert_eq!(secret.source, EnvSource::Secret { name: "db".into(), key: "password".into() });
        let field = variable(
            &serde_json::json!({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}),
        );
        assert_eq!(field.source, EnvSource::Other);
    }
}
