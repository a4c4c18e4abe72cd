use super::*;
use crate::facts::object::{Recognition, recognize};
use crate::facts::{Object, WorkloadKind};

fn inventory(manifest: &str) -> Inventory {
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(manifest).unwrap();
    let mut inventory = Inventory::default();
    for document in &documents {
        let text = |field: &str| document[field].as_str().unwrap();
        let Recognition::Facts(kind) = recognize(text("apiVersion"), text("kind")) else { panic!("a fact") };
        inventory.put(Object::decode(kind, document).unwrap());
    }
    inventory
}

/// A pod `shop/cart` with the labels `app: cart` and `tier: web`.
fn cart() -> Workload {
    let pod = serde_json::json!({
        "metadata": {"name": "cart", "namespace": "shop", "labels": {"app": "cart", "tier": "web"}}});
    Workload::decode(WorkloadKind::Pod, &pod).unwrap()
}

/// The doors to `shop/cart`, as they are shown.
fn doors(manifest: &str) -> Vec<String> {
    let exposure = Exposure::of_all(&inventory(manifest));
    exposure.of(&cart()).map(ToString::to_string).collect()
}

fn service(name: &str, spec: &str) -> String {
    format!(
        "{{apiVersion: v1, kind: Service, metadata: {{name: {name}, namespace: shop}}, spec: {spec}}}\n---\n"
    )
}

#[test]
fn a_service_is_a_door_by_its_type_and_its_addresses() {
    let with = |spec: &str| doors(&service("cart", spec));
    assert_eq!(with("{type: LoadBalancer, selector: {app: cart}}"), ["LoadBalancer Service shop/cart"]);
    assert_eq!(with("{type: NodePort, selector: {app: cart, tier: web}}"), ["NodePort Service shop/cart"]);
    assert_eq!(with("{externalIPs: [8.8.8.8], selector: {app: cart}}"), ["Service shop/cart (8.8.8.8)"]);
    assert_eq!(with("{selector: {app: cart}}"), [""; 0]);
    assert_eq!(with("{type: LoadBalancer, selector: {app: cart, tier: db}}"), [""; 0]);
    assert_eq!(with("{type: LoadBalancer, selector: {app: other}}"), [""; 0]);
    assert_eq!(with("{type: LoadBalancer}"), [""; 0]);
}

#[test]
fn a_service_of_another_namespace_leads_nowhere() {
    let manifest = "{apiVersion: v1, kind: Service, metadata: {name: cart, namespace: other}, \
        spec: {type: LoadBalancer, selector: {app: cart}}}";
    assert_eq!(doors(manifest), [""; 0]);
}

const INGRESS: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: nginx
  defaultBackend: {service: {name: fallback}}
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, backend: {service: {name: cart}}}]}
    - host: www.example.com
      http: {paths: [{path: /, backend: {service: {name: cart}}}, {path: /x, backend: {service: {name: cart}}}]}
";

#[test]
fn an_ingress_leads_over_its_services_with_the_hosts_of_their_rules() {
    let behind = |name: &str| doors(&(service(name, "{selector: {app: cart}}") + INGRESS));
    assert_eq!(behind("cart"), ["Ingress shop/web (shop.example.com and 1 more) → Service shop/cart"]);
    assert_eq!(behind("fallback"), ["Ingress shop/web → Service shop/fallback"]);
    assert_eq!(behind("other"), [""; 0]);
}

fn gateway(listener: &str) -> String {
    format!(
        "{{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {{name: edge, namespace: infra}}, \
         spec: {{gatewayClassName: example, listeners: [{listener}]}}}}\n---\n"
    )
}

fn route(spec: &str) -> String {
    format!(
        "{{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {{name: cart, namespace: shop}}, \
         spec: {spec}}}\n---\n"
    )
}

const TO_CART: &str = "rules: [{backendRefs: [{name: cart, port: 80}]}]";

#[test]
fn a_gateway_leads_over_the_routes_that_a_listener_takes() {
    let cart = service("cart", "{selector: {app: cart}}");
    let over =
        |listener: &str, route_spec: &str| doors(&(cart.clone() + &gateway(listener) + &route(route_spec)));
    let all = "{name: web, port: 443, protocol: HTTPS, allowedRoutes: {namespaces: {from: All}}}";
    let spec = format!(
        "{{parentRefs: [{{name: edge, namespace: infra}}], hostnames: [shop.example.com], {TO_CART}}}"
    );
    assert_eq!(
        over(all, &spec),
        ["Gateway infra/edge (shop.example.com) → HTTPRoute shop/cart → Service shop/cart"]
    );
    for closed in [
        "{name: web, port: 443, protocol: HTTPS}",
        "{name: web, port: 443, protocol: HTTPS, allowedRoutes: {namespaces: {from: None}}}",
        "{name: web, port: 443, protocol: TLS, allowedRoutes: {namespaces: {from: All}}}",
        "{name: web, protocol: HTTPS, hostname: '*.example.net', allowedRoutes: {namespaces: {from: All}}}",
        "{name: web, protocol: HTTPS, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {a: b}}}}}",
    ] {
        assert_eq!(over(closed, &spec), [""; 0], "{closed}");
    }
    let selected = "{name: web, protocol: HTTPS, allowedRoutes: {namespaces: {from: Selector, selector: \
        {matchLabels: {kubernetes.io/metadata.name: shop}}}}}";
    assert_eq!(over(selected, &spec).len(), 1);
}

#[test]
fn a_route_names_its_listener_and_its_service() {
    let cart = service("cart", "{selector: {app: cart}}");
    let all = "{name: web, port: 443, protocol: HTTPS, allowedRoutes: {namespaces: {from: All}}}";
    let over = |spec: &str| doors(&(cart.clone() + &gateway(all) + &route(spec)));
    let parent = |more: &str| format!("{{parentRefs: [{{name: edge, namespace: infra{more}}}], {TO_CART}}}");
    assert_eq!(over(&parent("")).len(), 1);
    assert_eq!(over(&parent(", sectionName: web, port: 443")).len(), 1);
    assert_eq!(over(&parent(", sectionName: other")), [""; 0]);
    assert_eq!(over(&parent(", port: 80")), [""; 0]);
    assert_eq!(over(&parent(", kind: Service, group: ''")), [""; 0]);
    let to = |backend: &str| {
        over(&format!(
            "{{parentRefs: [{{name: edge, namespace: infra}}], rules: [{{backendRefs: [{backend}]}}]}}"
        ))
    };
    assert_eq!(to("{name: cart, namespace: shop}").len(), 1);
    // It would need a ReferenceGrant.
    assert_eq!(to("{name: cart, namespace: other}"), [""; 0]);
    assert_eq!(to("{name: cart, weight: 0}"), [""; 0]);
    assert_eq!(to("{name: cart, kind: Backend, group: example.com}"), [""; 0]);
}

#[test]
fn what_is_internal_is_not_reached_from_outside() {
    let reached =
        |manifest: &str| Exposure::of_all(&inventory(manifest)).from_outside(&cart()).next().is_some();
    assert!(reached(&service("cart", "{type: LoadBalancer, selector: {app: cart}}")));
    let internal = "{apiVersion: v1, kind: Service, metadata: {name: cart, namespace: shop, annotations: \
        {networking.gke.io/load-balancer-type: Internal}}, spec: {type: LoadBalancer, selector: {app: cart}}}";
    assert!(!reached(internal));
    assert!(!reached(&service("cart", "{externalIPs: [10.0.0.7], selector: {app: cart}}")));
    let behind = service("cart", "{selector: {app: cart}}");
    assert!(reached(&(behind.clone() + INGRESS)));
    assert!(!reached(&(behind + &INGRESS.replace("nginx", "gce-internal"))));
}
