//! Network: what keeps workloads apart, which doors lead to them, and whether what goes through those is encrypted.
//!
//! These controls read what is declared in the Kubernetes and Gateway APIs. Policies and doors of other API groups (Cilium,
//! Calico, Istio, Traefik, `OpenShift`) are not known to them, nor is what a cloud provider's firewall does.

pub mod exposed;
pub mod external_ips;
pub mod gateway_any_host;
pub mod gateway_without_tls;
pub mod ingress_any_host;
pub mod ingress_without_tls;
pub mod no_default_deny;
pub mod not_isolated;
pub mod service_without_tls;

mod direction;
