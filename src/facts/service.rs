//! Services: names under which workloads are reached, and doors to the outside.

use serde::{Deserialize, Deserializer};

use super::decode::{list, null_as_default};
use super::list::List;
use super::meta::Meta;
use super::shared;
use super::text::{Text, TextMap};

/// A Service (core/v1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    /// Name, namespace, labels, annotations.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Meta,
    /// What it does.
    #[serde(deserialize_with = "null_as_default")]
    pub spec: ServiceSpec,
}

/// The part of core/v1 `ServiceSpec` that controls may look at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`; absent means `ClusterIP`.
    #[serde(rename = "type")]
    pub kind: Option<Text>,
    /// The pods behind it; empty selects none (endpoints are then given by hand).
    #[serde(deserialize_with = "shared::whole")]
    pub selector: TextMap,
    /// Its ports.
    #[serde(deserialize_with = "shared::whole")]
    pub ports: List<ServicePort>,
    /// Addresses outside the cluster that lead to it.
    #[serde(rename = "externalIPs", deserialize_with = "list")]
    pub external_ips: List<Text>,
    /// The addresses that a load balancer lets through; empty means all.
    #[serde(deserialize_with = "list")]
    pub load_balancer_source_ranges: List<Text>,
}

/// One entry of `ports` of a Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePort {
    /// The port's name.
    pub name: Option<Text>,
    /// The port of the Service.
    pub port: Option<i32>,
    /// The port on every node, for `NodePort` and `LoadBalancer`.
    pub node_port: Option<i32>,
    /// The pods' port; absent means the same as `port`.
    pub target_port: Option<PortRef>,
    /// `TCP`, `UDP` or `SCTP`; absent means `TCP`.
    pub protocol: Option<Text>,
    /// What is spoken on it, such as `https` or `kubernetes.io/h2c`.
    pub app_protocol: Option<Text>,
}

/// A port by number or by name (`IntOrString`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PortRef {
    /// By number.
    Number(i32),
    /// By the name that a container gives it.
    Name(Text),
}

impl<'de> Deserialize<'de> for PortRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PortVisitor;

        impl serde::de::Visitor<'_> for PortVisitor {
            type Value = PortRef;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a port's number or name")
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<PortRef, E> {
                i32::try_from(value).map(PortRef::Number).map_err(|_| E::custom("no port's number"))
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<PortRef, E> {
                i32::try_from(value).map(PortRef::Number).map_err(|_| E::custom("no port's number"))
            }

            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<PortRef, E> {
                Ok(PortRef::Name(value.into()))
            }
        }

        deserializer.deserialize_any(PortVisitor)
    }
}

impl Service {
    /// Whether pods with these labels are behind it. One without a selector has no pods of its own.
    #[must_use]
    pub fn selects(&self, labels: &TextMap) -> bool {
        let wanted = &self.spec.selector;
        wanted.iter().next().is_some() && wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
    }

    /// Its type, with the API server's default.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.spec.kind.as_deref().filter(|kind| !kind.is_empty()).unwrap_or("ClusterIP")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(spec: &serde_json::Value) -> Service {
        serde_json::from_value(serde_json::json!({"metadata": {"name": "cart"}, "spec": spec})).unwrap()
    }

    #[test]
    fn a_service_without_a_selector_has_no_pods() {
        let labels: TextMap = [("app", "cart")].into_iter().collect();
        assert!(service(&serde_json::json!({"selector": {"app": "cart"}})).selects(&labels));
        assert!(!service(&serde_json::json!({"selector": {"app": "other"}})).selects(&labels));
        assert!(!service(&serde_json::json!({})).selects(&labels));
    }

    #[test]
    fn a_target_port_is_a_number_or_a_name() {
        let spec = serde_json::json!({"ports": [{"port": 80, "targetPort": "web"}, {"port": 81, "targetPort": 8081}]});
        let ports = service(&spec).spec.ports;
        assert_eq!(ports[0].target_port, Some(PortRef::Name("web".into())));
        assert_eq!(ports[1].target_port, Some(PortRef::Number(8081)));
    }
}
