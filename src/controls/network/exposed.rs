//! `network.exposed`

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declare_control;
use crate::engine::control::{Context, Finding, Framework, Verdict};
use crate::engine::parameters::Parameters;
use crate::facts::{Object, Workload};
use crate::relations::{Door, DoorKind};

declare_control! {
    /// ## What it checks
    ///
    /// No door leads from outside the cluster to the workload, unless somebody wrote down that it is meant to. A door is a
    /// Service of type `LoadBalancer` or `NodePort` or with `externalIPs`, an Ingress, or a listener of a Gateway with a
    /// route. The finding shows the way from it to the pods; five are told at most. What is meant to be reached says so with the annotation
    /// `stanchion.dev/exposure: intended`, on the workload or its namespace; `annotation` names another one, and empty
    /// none, so that an exception is the only way. `doors` tells which kinds of doors count.
    ///
    /// What is reached from inside the network alone does not count: load balancers that are internal by the annotation
    /// of their provider (AWS, Google Cloud, Azure, IBM, `OpenStack`, Oracle, Alibaba, Tencent, Baidu) or that let only
    /// private addresses through, external addresses that are private, Ingresses and Gateways with a class or an
    /// annotation that says so (`alb.ingress.kubernetes.io/scheme: internal`, `gce-internal`, `gke-l7-rilb`). Name your own
    /// in `insideClasses` and `insideAnnotations`. Whether a firewall stands before a door is not known, nor is a route to
    /// a Service of another namespace, nor an Ingress or Gateway of Istio, Traefik or `OpenShift`.
    ///
    /// ## Why it matters
    ///
    /// What the internet reaches is attacked within minutes. The way there often comes about by accident: a label that
    /// another Service selects by, a `NodePort` left from a test, a rule for any host. Nobody patches in a hurry what
    /// nobody knows to be exposed.
    ///
    /// ## Violating
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: example, namespace: shop, labels: {app: example}}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   selector: {app: example}
    ///   ports: [{port: 80}]
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   rules:
    ///     - host: shop.example.com
    ///       http:
    ///         paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]
    /// ```
    ///
    /// ## Compliant
    ///
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: example
    ///   namespace: shop
    ///   labels: {app: example}
    ///   annotations: {stanchion.dev/exposure: intended}
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1.0
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web, namespace: shop}
    /// spec:
    ///   type: LoadBalancer
    ///   selector: {app: example}
    ///   ports: [{port: 443}]
    /// ```
    ///
    /// ## How to fix
    ///
    /// Close the door: make the Service a `ClusterIP`, make the load balancer internal, or take the rule out of the Ingress
    /// or route. If it is meant to be open, write `stanchion.dev/exposure: intended` on the workload, where a review sees
    /// it.
    pub static EXPOSED = {
        id: "network.exposed",
        title: "Workload is reached from outside and nobody says it is meant",
        severity: Medium,
        subject: Workload,
        parameters: Exposed,
        references: [
            Framework::Nist80053.clause("AC-4"),
            Framework::Nist80053.clause("SC-7"),
            Framework::NsaCisa.clause("Network policies"),
            Framework::MitreAttack.clause("T1133"),
            Framework::MitreAttack.clause("T1190"),
            Framework::Soc2.clause("CC6.6"),
            Framework::Iso27001.clause("8.20"),
            Framework::PciDss.clause("1.2.5"),
            Framework::PciDss.clause("1.4.2"),
        ],
        since: "0.1.0",
        evaluate: evaluate,
    }
}

/// The most doors to one workload that are told: who closes them sees the others then.
const MOST_DOORS: usize = 5;

/// What the annotation must say.
const INTENDED: &str = "intended";

/// Which doors count, and how they are declared.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Exposed {
    /// The annotation that says `intended` on a workload or a namespace that is meant to be reached from outside; empty
    /// means that none can. Default: `stanchion.dev/exposure`.
    annotation: String,
    /// The doors that count: `LoadBalancer`, `NodePort`, `ExternalIP`, `Ingress` and `Gateway`. Default: all of them.
    /// Example: `[LoadBalancer, Ingress, Gateway]`, where nodes have no public addresses.
    doors: Vec<DoorName>,
    /// Classes of Ingresses and Gateways that only your own network reaches, besides those of cloud providers. Default:
    /// none. Example: `[nginx-internal]`.
    inside_classes: Vec<String>,
    /// Annotations with their values, on a Service, an Ingress or a Gateway, that only your own network reaches; besides
    /// those of cloud providers. Default: none. Example: `{example.com/zone: internal}`.
    inside_annotations: BTreeMap<String, String>,
}

/// A kind of door, as parameters name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum DoorName {
    LoadBalancer,
    NodePort,
    #[serde(rename = "ExternalIP")]
    ExternalIp,
    Ingress,
    Gateway,
}

impl DoorName {
    const ALL: [Self; 5] =
        [Self::LoadBalancer, Self::NodePort, Self::ExternalIp, Self::Ingress, Self::Gateway];

    const fn of(kind: DoorKind) -> Self {
        match kind {
            DoorKind::LoadBalancer => Self::LoadBalancer,
            DoorKind::NodePort => Self::NodePort,
            DoorKind::ExternalIp => Self::ExternalIp,
            DoorKind::Ingress => Self::Ingress,
            DoorKind::Gateway => Self::Gateway,
        }
    }
}

impl Default for Exposed {
    fn default() -> Self {
        Self {
            annotation: "stanchion.dev/exposure".to_owned(),
            doors: DoorName::ALL.to_vec(),
            inside_classes: Vec::new(),
            inside_annotations: BTreeMap::new(),
        }
    }
}

impl Parameters for Exposed {}

fn evaluate(workload: &Workload, parameters: &Exposed, context: &Context<'_>) -> Verdict {
    let doors = context.relations.exposure().from_outside(workload);
    let doors: Vec<&Door> = doors.filter(|door| counts(door, parameters, context)).take(MOST_DOORS).collect();
    if doors.is_empty() || is_intended(workload, parameters, context) {
        return Verdict::Pass;
    }
    let advice: Cow<'static, str> = match parameters.annotation.as_str() {
        "" => "close the door".into(),
        key => format!("close the door, or write `{key}: {INTENDED}`").into(),
    };
    let path = workload.template_path().keys(&["metadata", "labels"]);
    doors
        .into_iter()
        .map(|door| {
            let kind = DoorName::of(door.kind);
            let finding = Finding::new(path.clone(), format!("reached from outside: {door}"));
            // The hosts may change; it stays the same door.
            finding.discriminator(format!("{kind:?} {} {}", door.object, door.service)).fix(advice.clone())
        })
        .collect()
}

fn counts(door: &Door, parameters: &Exposed, context: &Context<'_>) -> bool {
    parameters.doors.contains(&DoorName::of(door.kind))
        && !door.class.as_deref().is_some_and(|class| parameters.inside_classes.iter().any(|it| it == class))
        && !is_declared_inside(door, parameters, context)
}

fn is_declared_inside(door: &Door, parameters: &Exposed, context: &Context<'_>) -> bool {
    if parameters.inside_annotations.is_empty() {
        return false;
    }
    let object = context.inventory.get(door.object.kind, &door.object.namespace, &door.object.name);
    object.and_then(Object::meta).is_some_and(|meta| {
        let mut wanted = parameters.inside_annotations.iter();
        wanted.any(|(key, value)| meta.annotations.get(key).is_some_and(|it| it.as_str() == value.as_str()))
    })
}

fn is_intended(workload: &Workload, parameters: &Exposed, context: &Context<'_>) -> bool {
    let namespace = context.inventory.namespace(workload.meta.namespace.as_deref().unwrap_or_default());
    let own = [Some(&workload.meta), namespace.map(|namespace| &namespace.metadata)];
    own.into_iter()
        .flatten()
        .any(|meta| meta.annotations.get(&parameters.annotation).is_some_and(|value| *value == INTENDED))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controls::testing::{judge, judge_with, messages};

    const POD: &str =
        "{apiVersion: v1, kind: Pod, metadata: {name: cart, namespace: shop, labels: {app: cart}}}\n---\n";

    fn service(metadata: &str, spec: &str) -> String {
        let metadata = format!("{{name: cart, namespace: shop, {metadata}}}");
        format!(
            "{POD}{{apiVersion: v1, kind: Service, metadata: {metadata}, spec: {{selector: {{app: cart}}, {spec}}}}}"
        )
    }

    fn found(parameters: &Value, manifest: &str) -> Vec<String> {
        messages(judge_with(&EXPOSED, parameters, manifest))
    }

    #[test]
    fn the_way_is_shown() {
        assert_eq!(
            messages(judge(&EXPOSED, &service("", "type: LoadBalancer"))),
            ["reached from outside: LoadBalancer Service shop/cart; close the door, or write \
                 `stanchion.dev/exposure: intended`"]
        );
        assert_eq!(judge(&EXPOSED, &service("", "type: ClusterIP")), Verdict::Pass);
    }

    #[test]
    fn what_is_meant_says_so() {
        let manifest = service("", "type: NodePort");
        let namespace = "\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: shop, annotations: \
            {stanchion.dev/exposure: intended}}}";
        assert_eq!(judge(&EXPOSED, &format!("{manifest}{namespace}")), Verdict::Pass);
        let none = json!({"annotation": ""});
        assert_eq!(
            found(&none, &format!("{manifest}{namespace}")),
            ["reached from outside: NodePort Service shop/cart; close the door"]
        );
        let other = manifest.replacen("{app: cart}}", "{app: cart}, annotations: {a: intended}}", 1);
        assert_eq!(found(&json!({"annotation": "a"}), &other), [""; 0]);
        assert_eq!(found(&json!({}), &other).len(), 1);
    }

    #[test]
    fn only_the_doors_that_count_are_told() {
        let manifest = service("", "type: NodePort");
        assert_eq!(found(&json!({"doors": ["LoadBalancer", "ExternalIP"]}), &manifest), [""; 0]);
        let internal = service("annotations: {example.com/zone: internal}", "type: LoadBalancer");
        assert_eq!(found(&json!({}), &internal).len(), 1);
        assert_eq!(
            found(&json!({"insideAnnotations": {"example.com/zone": "internal"}}), &internal),
            [""; 0]
        );
        let ingress = service("", "type: ClusterIP")
            + "\n---\n{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web, namespace: shop}, \
               spec: {ingressClassName: private, defaultBackend: {service: {name: cart}}}}";
        assert_eq!(found(&json!({}), &ingress).len(), 1);
        assert_eq!(found(&json!({"insideClasses": ["private"]}), &ingress), [""; 0]);
    }
}
