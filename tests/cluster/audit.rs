//! The API server's own record of who asked for what.

use std::fs;
use std::io::{Read, Seek, SeekFrom};

use serde_json::Value;

use crate::plane::{Cluster, OPERATOR};

/// A place in the audit log.
#[derive(Clone, Copy)]
pub(crate) struct Mark(u64);

/// A request of somebody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Request {
    pub(crate) verb: String,
    pub(crate) group: String,
    /// With its subresource, if any: `securitystandards/status`.
    pub(crate) resource: String,
    pub(crate) name: String,
    pub(crate) code: u64,
}

impl Request {
    /// Whether it would change something.
    pub(crate) fn writes(&self) -> bool {
        !["get", "list", "watch"].contains(&self.verb.as_str())
    }
}

impl Mark {
    /// The end of the log, as it is now.
    pub(crate) fn here(cluster: &Cluster) -> Self {
        Self(fs::metadata(cluster.plane.audit_log()).unwrap().len())
    }
}

/// What the operator asked for since then.
pub(crate) fn requests(cluster: &Cluster, since: Mark) -> Vec<Request> {
    requests_of(cluster, OPERATOR, since)
}

/// What somebody asked for since then.
#[expect(clippy::disallowed_methods, reason = "tests have files")]
pub(crate) fn requests_of(cluster: &Cluster, user: &str, since: Mark) -> Vec<Request> {
    let mut file = fs::File::open(cluster.plane.audit_log()).unwrap();
    file.seek(SeekFrom::Start(since.0)).unwrap();
    let mut text = Vec::new();
    file.read_to_end(&mut text).unwrap();
    let text = String::from_utf8_lossy(&text);
    let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events.filter(|event| event["user"]["username"] == user).map(|event| request(&event)).collect()
}

fn request(event: &Value) -> Request {
    let object = &event["objectRef"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let subresource = object["subresource"].as_str().map(|it| format!("/{it}")).unwrap_or_default();
    Request {
        verb: text(&event["verb"]),
        group: text(&object["apiGroup"]),
        resource: text(&object["resource"]) + &subresource,
        name: text(&object["name"]),
        code: event["responseStatus"]["code"].as_u64().unwrap_or_default(),
    }
}
