//! What the operator's process takes, and what it asks of the API server.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::Value;

use crate::plane::{Cluster, OPERATOR};

/// Ticks of a second in /proc, on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// Its time on processors so far.
pub(crate) fn busy(id: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    // The name may have spaces; it ends with the last parenthesis.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = [fields[11], fields[12]].iter().map(|it| it.parse::<f64>().unwrap()).sum();
    Duration::from_secs_f64(ticks / TICKS)
}

/// A line of its memory in MiB: `VmRSS` is what is resident, `VmHWM` the most that was.
pub(crate) fn memory(id: u32, line: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let found = status.lines().find_map(|it| it.strip_prefix(line)?.strip_prefix(':')).unwrap();
    let kilobytes: f64 = found.split_whitespace().next().unwrap().parse().unwrap();
    kilobytes / 1024.0
}

/// What the operator asked for between two moments, by the API server's own record: how often each verb of each resource.
pub(crate) fn requests(cluster: &Cluster, from: Timestamp, to: Timestamp) -> BTreeMap<String, usize> {
    let log = cluster.plane.audit_log();
    let begins = SystemTime::from(from);
    let mut seen = BTreeMap::new();
    // A log that has grown large is put aside under a name that begins alike.
    for entry in log.parent().unwrap().read_dir().unwrap().map(Result::unwrap) {
        let is_log = entry.file_name().to_string_lossy().starts_with("audit")
            && entry.path().extension() == log.extension();
        if !is_log || entry.metadata().unwrap().modified().unwrap() < begins {
            continue;
        }
        for line in BufReader::new(fs::File::open(entry.path()).unwrap()).lines().map(Result::unwrap) {
            if line.contains(OPERATOR)
                && let Ok(event) = serde_json::from_str::<Value>(&line)
                && event["user"]["username"] == OPERATOR
                && let Some(at) = event["requestReceivedTimestamp"].as_str()
                && (from..to).contains(&at.parse().unwrap())
            {
                // A watch is noted when it begins and when it ends.
                seen.insert(event["auditID"].to_string(), what(&event));
            }
        }
    }
    let mut counted = BTreeMap::new();
    for what in seen.into_values() {
        *counted.entry(what).or_default() += 1;
    }
    counted
}

fn what(event: &Value) -> String {
    let object = &event["objectRef"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let verb = text(&event["verb"]);
    if verb == "watch" {
        return verb;
    }
    if object["resource"].is_null() {
        return format!("{verb} {}", text(&event["requestURI"]));
    }
    let subresource = object["subresource"].as_str().map(|it| format!("/{it}")).unwrap_or_default();
    format!("{verb} {}{subresource}", text(&object["resource"]))
}
