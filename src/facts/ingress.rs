//! Ingresses: doors to the outside by host and path (`networking.k8s.io/v1`).

use serde::Deserialize;

use super::decode::{list, null_as_default};
use super::list::List;
use super::meta::Meta;
use super::text::Text;

/// An Ingress.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ingress {
    /// Name, namespace, labels, annotations.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Meta,
    /// What it leads to.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: IngressSpec,
}

/// The part of `IngressSpec` that controls may look at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressSpec {
    /// Who implements it.
    pub ingress_class_name: Option<Text>,
    /// Where requests go that no rule is for.
    pub default_backend: Option<IngressBackend>,
    /// Hosts with certificates.
    #[serde(deserialize_with = "list")]
    pub tls: List<IngressTls>,
    /// Where requests go, by host and path.
    #[serde(deserialize_with = "list")]
    pub rules: List<IngressRule>,
}

/// One entry of `tls`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressTls {
    /// The hosts; empty leaves it to the implementation.
    #[serde(deserialize_with = "list")]
    pub hosts: List<Text>,
    /// The Secret with the certificate.
    pub secret_name: Option<Text>,
}

/// One entry of `rules`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressRule {
    /// The host; absent means every one, `*.` at its beginning any one label.
    pub host: Option<Text>,
    /// Where requests go, by path.
    #[serde(deserialize_with = "null_as_default")]
    pub http: IngressPaths,
}

/// `http` of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressPaths {
    /// The paths.
    #[serde(deserialize_with = "list")]
    pub paths: List<IngressPath>,
}

/// One path of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressPath {
    /// The path; absent means every one.
    pub path: Option<Text>,
    /// Where its requests go.
    #[serde(deserialize_with = "null_as_default")]
    pub backend: IngressBackend,
}

/// A backend. In `networking.k8s.io/v1beta1` and before, the Service stood in it as `serviceName`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressBackend {
    /// A Service.
    pub service: Option<IngressService>,
    /// A Service, as older versions name it.
    service_name: Option<Text>,
}

/// The Service of a backend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressService {
    /// Its name, in the namespace of the Ingress.
    #[serde(deserialize_with = "null_as_default")]
    pub name: Text,
}

impl IngressBackend {
    /// The name of the Service that it leads to, if it leads to one.
    #[must_use]
    pub fn service_name(&self) -> Option<&Text> {
        self.service.as_ref().map(|service| &service.name).or(self.service_name.as_ref())
    }
}

impl Ingress {
    /// Every backend, with the host of its rule; none for the default backend.
    pub fn backends(&self) -> impl Iterator<Item = (Option<&Text>, &IngressBackend)> {
        let ruled = self.spec.rules.iter().flat_map(|rule| {
            rule.http.paths.iter().map(|path| (rule.host.as_ref().filter(|it| !it.is_empty()), &path.backend))
        });
        self.spec.default_backend.iter().map(|backend| (None, backend)).chain(ruled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_backend_is_found_in_new_and_old_spelling() {
        let ingress: Ingress = serde_json::from_value(serde_json::json!({"spec": {
            "defaultBackend": {"service": {"name": "fallback", "port": {"number": 80}}},
            "rules": [
                {"host": "shop.example.com", "http": {"paths": [{"path": "/", "backend": {"serviceName": "cart"}}]}},
                {"host": ""},
            ],
        }}))
        .unwrap();
        let backends: Vec<_> = ingress
            .backends()
            .map(|(host, backend)| (host.map(Text::as_str), backend.service_name().unwrap().as_str()))
            .collect();
        assert_eq!(backends, [(None, "fallback"), (Some("shop.example.com"), "cart")]);
    }
}
