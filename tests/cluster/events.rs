//! The Events that the operator wrote, as people see them.

use serde_json::Value;

use crate::plane::{Cluster, eventually};

/// Those that kubectl lists on an object, by reason.
pub(crate) fn on(cluster: &Cluster, object: &Value) -> Vec<Value> {
    let uid = cluster.get(object)["metadata"]["uid"].take();
    let selector = format!("involvedObject.uid={},reportingComponent=stanchion.dev/operator", text(&uid));
    let printed =
        cluster.plane.kubectl(&["get", "events", "-A", "--field-selector", &selector, "-o", "json"]);
    let mut list: Value = serde_json::from_str(&printed).unwrap();
    let mut events = list["items"].as_array_mut().map(std::mem::take).unwrap_or_default();
    events.sort_by_key(|event| text(&event["reason"]).to_owned());
    events
}

/// Waits for one with this reason.
pub(crate) fn await_one(cluster: &Cluster, object: &Value, reason: &str) -> Value {
    eventually(&format!("the event {reason}"), || {
        let events = on(cluster, object);
        let found = events.iter().find(|event| event["reason"] == reason).cloned();
        found.ok_or_else(|| format!("{events:?}"))
    })
}

/// What `kubectl describe` shows of an object's Events.
pub(crate) fn described(cluster: &Cluster, object: &Value) -> String {
    let (kind, metadata) = (text(&object["kind"]), &object["metadata"]);
    let mut arguments = vec!["describe", kind, text(&metadata["name"])];
    if let Some(namespace) = metadata["namespace"].as_str() {
        arguments.extend(["-n", namespace]);
    }
    let printed = cluster.plane.kubectl(&arguments);
    printed.split_once("\nEvents:").map(|(_, events)| events.to_owned()).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
