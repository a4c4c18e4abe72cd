//! From how far a door is reached, as far as its own object tells.
//!
//! Sources: the list of internal load balancers in the documentation of Kubernetes ("Service", section "Internal load
//! balancer"), and the references of the controllers that are named below.

use crate::facts::{Cidr, Gateway, Ingress, Service, Text, TextMap};

/// From how far a door is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Only from the networks that the cluster's own belongs to: an internal load balancer, or private addresses alone.
    Inside,
    /// From the internet, as far as is known: nothing says otherwise.
    Outside,
}

/// What an annotation must say.
enum Says {
    /// Anything, as long as it is there.
    Anything,
    /// Anything but `false`.
    NotFalse,
    /// This, in upper or lower case.
    Word(&'static str),
}

type Annotations = &'static [(&'static str, Says)];

/// Annotations that make a load balancer internal.
const INTERNAL_LOAD_BALANCERS: Annotations = &[
    // AWS: the load balancer controller, and before it the API server's own. Anything but `false` is internal there.
    ("service.beta.kubernetes.io/aws-load-balancer-scheme", Says::Word("internal")),
    ("service.beta.kubernetes.io/aws-load-balancer-internal", Says::NotFalse),
    // Google Cloud.
    ("networking.gke.io/load-balancer-type", Says::Word("Internal")),
    ("cloud.google.com/load-balancer-type", Says::Word("Internal")),
    ("service.beta.kubernetes.io/azure-load-balancer-internal", Says::Word("true")),
    ("service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", Says::Word("private")),
    ("service.beta.kubernetes.io/openstack-internal-load-balancer", Says::Word("true")),
    // Oracle: load balancers, and network load balancers.
    ("service.beta.kubernetes.io/oci-load-balancer-internal", Says::Word("true")),
    ("oci-network-load-balancer.oraclecloud.com/internal", Says::Word("true")),
    ("service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", Says::Word("intranet")),
    // Tencent: the subnet in which it stands.
    ("service.kubernetes.io/qcloud-loadbalancer-internal-subnetid", Says::Anything),
    // Baidu.
    ("service.beta.kubernetes.io/cce-load-balancer-internal-vpc", Says::Word("true")),
];

/// Annotations that make what an Ingress opens internal.
const INTERNAL_INGRESSES: Annotations = &[
    ("alb.ingress.kubernetes.io/scheme", Says::Word("internal")),
    ("appgw.ingress.kubernetes.io/use-private-ip", Says::Word("true")),
];

/// Annotations that make a Gateway internal. Istio: the type of the Service that it makes.
const INTERNAL_GATEWAYS: Annotations = &[("networking.istio.io/service-type", Says::Word("ClusterIP"))];

/// Classes of Ingresses and Gateways that are internal by their meaning: those of Google Cloud.
const INTERNAL_CLASSES: [&str; 4] =
    ["gce-internal", "gke-l7-rilb", "gke-l7-rilb-mc", "gke-l7-cross-regional-internal-managed-mc"];

/// The addresses that a load balancer lets through, before there was a field for them; AWS still reads it.
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

fn says(annotations: &TextMap, known: Annotations) -> bool {
    known.iter().any(|(key, says)| {
        annotations.get(key).is_some_and(|value| match says {
            Says::Anything => !value.is_empty(),
            Says::NotFalse => !value.is_empty() && *value != "false",
            Says::Word(word) => value.eq_ignore_ascii_case(word),
        })
    })
}

pub(super) fn of_load_balancer(service: &Service) -> Reach {
    let annotations = &service.metadata.annotations;
    if says(annotations, INTERNAL_LOAD_BALANCERS) || lets_only_private_through(service) {
        Reach::Inside
    } else {
        Reach::Outside
    }
}

fn lets_only_private_through(service: &Service) -> bool {
    let ranges = &service.spec.load_balancer_source_ranges;
    if !ranges.is_empty() {
        return ranges.iter().all(|range| is_private(range));
    }
    let written = service.metadata.annotations.get(SOURCE_RANGES);
    written.is_some_and(|ranges| ranges.split(',').all(is_private))
}

/// A text that is no address is not taken for a private one.
fn is_private(text: &str) -> bool {
    text.trim().parse().is_ok_and(|block: Cidr| block.is_private())
}

pub(super) fn of_addresses(addresses: &[Text]) -> Reach {
    if addresses.iter().all(|address| is_private(address)) { Reach::Inside } else { Reach::Outside }
}

pub(super) fn of_ingress(ingress: &Ingress, class: Option<&str>) -> Reach {
    of_door(&ingress.metadata.annotations, INTERNAL_INGRESSES, class)
}

pub(super) fn of_gateway(gateway: &Gateway) -> Reach {
    of_door(&gateway.metadata.annotations, INTERNAL_GATEWAYS, gateway.spec.gateway_class_name.as_deref())
}

fn of_door(annotations: &TextMap, known: Annotations, class: Option<&str>) -> Reach {
    let internal = class.is_some_and(|class| INTERNAL_CLASSES.contains(&class));
    if internal || says(annotations, known) { Reach::Inside } else { Reach::Outside }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn load_balancer(annotations: &Value, ranges: &Value) -> Reach {
        let service = json!({
            "metadata": {"name": "web", "annotations": annotations},
            "spec": {"type": "LoadBalancer", "loadBalancerSourceRanges": ranges},
        });
        of_load_balancer(&serde_json::from_value(service).unwrap())
    }

    #[test]
    fn a_load_balancer_is_internal_by_its_provider_s_annotation() {
        for (key, value) in [
            ("service.beta.kubernetes.io/aws-load-balancer-internal", "0.0.0.0/0"),
            ("service.beta.kubernetes.io/aws-load-balancer-internal", "true"),
            ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"),
            ("networking.gke.io/load-balancer-type", "Internal"),
            ("service.beta.kubernetes.io/azure-load-balancer-internal", "true"),
            ("service.kubernetes.io/qcloud-loadbalancer-internal-subnetid", "subnet-1"),
        ] {
            assert_eq!(load_balancer(&json!({ key: value }), &json!([])), Reach::Inside, "{key}: {value}");
        }
        for (key, value) in [
            ("service.beta.kubernetes.io/aws-load-balancer-internal", "false"),
            ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internet-facing"),
            ("service.beta.kubernetes.io/azure-load-balancer-internal", "false"),
            ("example.com/internal", "true"),
        ] {
            assert_eq!(load_balancer(&json!({ key: value }), &json!([])), Reach::Outside, "{key}: {value}");
        }
    }

    #[test]
    fn private_source_ranges_alone_keep_the_internet_out() {
        let with = |ranges: Value| load_balancer(&json!({}), &ranges);
        assert_eq!(with(json!(["10.0.0.0/8", "192.168.0.0/16"])), Reach::Inside);
        assert_eq!(with(json!(["10.0.0.0/8", "203.0.113.0/24"])), Reach::Outside);
        assert_eq!(with(json!(["office"])), Reach::Outside);
        assert_eq!(with(json!([])), Reach::Outside);
        let written = json!({SOURCE_RANGES: "10.0.0.0/8, 172.16.0.0/12"});
        assert_eq!(load_balancer(&written, &json!([])), Reach::Inside);
    }
}
