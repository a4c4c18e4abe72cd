//! The rules at the API server: whether they are as shipped. Approvals by name rest on them.
//!
//! They are looked for by their label. One that loses it is one that is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use kube::api::{Api, ApiResource, DynamicObject};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, ResourceExt};
use serde_json::Value;
use tokio::time::sleep;
use tracing::{info, warn};

use super::Shared;
use crate::cluster;
use crate::engine::approval::Rules;
use crate::policies::{self, LABEL};

/// What is watched: kind and plural.
const KINDS: [(&str, &str); 2] = [
    ("ValidatingAdmissionPolicy", "validatingadmissionpolicies"),
    ("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings"),
];

/// How long after it was not answered the API server is asked again.
const RETRY: Duration = Duration::from_secs(5);

/// The most faults that are named; what is more is counted.
const MOST_NAMED: usize = 3;

/// Keeps the world knowing whether the rules are in place. Never returns.
pub(super) async fn keep(shared: Arc<Shared>, streaming: bool) -> &'static str {
    let operator = own_user(&shared.client).await;
    let mut installed = Installed::default();
    let mut events = stream::select_all(KINDS.map(|kind| events(&shared.client, kind, streaming).boxed()));
    while let Some((kind, event)) = events.next().await {
        match event {
            Ok(event) => installed.take(kind, event),
            Err(error) => installed.fail(kind, &error),
        }
        if let Some(faults) = installed.faults(&operator) {
            show(&shared, &faults).await;
        }
    }
    "the watch of the rules"
}

async fn show(shared: &Shared, faults: &[String]) {
    shared.metrics.rules(faults.len());
    let rules = if faults.is_empty() { Rules::InPlace } else { Rules::Broken(in_words(faults)) };
    let mut world = shared.world.write().await;
    if !world.set_rules(&rules) {
        return;
    }
    match &rules {
        Rules::InPlace => {
            info!(outcome = "approvals by name count", "the rules of the API server are in place");
        }
        Rules::Broken(why) => {
            warn!(
                why,
                outcome = "no approval by name counts",
                "the rules of the API server are not in place"
            );
        }
    }
    shared.note_change(None);
}

fn in_words(faults: &[String]) -> String {
    let named = faults.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
    match faults.len().saturating_sub(MOST_NAMED) {
        0 => named,
        more => format!("{named}; and {more} more"),
    }
}

/// The user that this process is, whom the policies must name.
async fn own_user(client: &Client) -> String {
    loop {
        match cluster::whoami(client).await {
            Ok(Some(user)) => return user,
            Ok(None) => warn!(outcome = "asked again", "the API server doesn't say who this is"),
            Err(error) => warn!(%error, outcome = "asked again", "the API server doesn't say who this is"),
        }
        sleep(RETRY).await;
    }
}

type Kind = &'static str;

fn events(
    client: &Client,
    (kind, plural): (Kind, &str),
    streaming: bool,
) -> impl Stream<Item = (Kind, watcher::Result<Event<DynamicObject>>)> + use<> {
    let (group, version) = policies::API_VERSION.split_once('/').unwrap_or_default();
    let resource = ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version: policies::API_VERSION.to_owned(),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    };
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    let config = watcher::Config::default().labels(&format!("{}={}", LABEL.0, LABEL.1));
    let config = if streaming { config.streaming_lists() } else { config };
    watcher(api, config).default_backoff().map(move |event| (kind, event))
}

/// What is installed, as far as it is known.
#[derive(Debug, Default)]
struct Installed {
    /// Specs by kind and name.
    specs: BTreeMap<(String, String), Value>,
    /// Names of a list that is not complete yet, by kind.
    listing: BTreeMap<Kind, BTreeSet<String>>,
    /// Kinds of which a complete list was seen.
    listed: BTreeSet<Kind>,
    /// Kinds that can't be read, and why.
    unread: BTreeMap<Kind, String>,
}

impl Installed {
    fn take(&mut self, kind: Kind, event: Event<DynamicObject>) {
        match event {
            Event::Init => drop(self.listing.insert(kind, BTreeSet::new())),
            Event::InitApply(object) => {
                self.listing.entry(kind).or_default().insert(object.name_any());
                self.put(kind, object);
            }
            Event::InitDone => {
                let there = self.listing.remove(kind).unwrap_or_default();
                self.specs.retain(|(of, name), _| of != kind || there.contains(name));
                self.listed.insert(kind);
                self.unread.remove(kind);
            }
            Event::Apply(object) => self.put(kind, object),
            Event::Delete(object) => drop(self.specs.remove(&(kind.to_owned(), object.name_any()))),
        }
    }

    fn put(&mut self, kind: Kind, mut object: DynamicObject) {
        let spec = object.data.get_mut("spec").map(Value::take).unwrap_or_default();
        self.specs.insert((kind.to_owned(), object.name_any()), spec);
    }

    /// What was known goes on where the API server only didn't answer.
    fn fail(&mut self, kind: Kind, error: &watcher::Error) {
        let (watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))) = error
        else {
            return;
        };
        let why = match status.code {
            403 => "the operator may not list and watch them, which deploy/rbac.yaml lets it",
            404 => "the API server doesn't serve them, which takes Kubernetes 1.30 or newer",
            _ => return,
        };
        self.unread.insert(kind, format!("of {kind} nothing is known, for {why}"));
    }

    /// What is wrong; nothing is known before everything was listed, or can't be.
    fn faults(&self, operator: &str) -> Option<Vec<String>> {
        if !self.unread.is_empty() {
            return Some(self.unread.values().cloned().collect());
        }
        let known = KINDS.iter().all(|(kind, _)| self.listed.contains(kind));
        let spec = |kind: &str, name: &str| self.specs.get(&(kind.to_owned(), name.to_owned()));
        known.then(|| policies::faults(operator, spec))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed() -> Installed {
        let mut installed = Installed::default();
        for (kind, _) in KINDS {
            installed.take(kind, Event::Init);
        }
        for document in policies::validating(policies::OPERATOR) {
            let object = serde_json::from_value(document.to_json()).unwrap();
            installed.take(document.kind, Event::InitApply(object));
        }
        installed
    }

    #[test]
    fn nothing_is_known_before_both_kinds_were_listed() {
        let mut installed = installed();
        let (policies, bindings) = (KINDS[0].0, KINDS[1].0);
        installed.take(policies, Event::InitDone);
        assert_eq!(installed.faults(policies::OPERATOR), None);
        installed.take(bindings, Event::InitDone);
        assert_eq!(installed.faults(policies::OPERATOR), Some(Vec::new()));
        assert!(!installed.faults("somebody-else").unwrap().is_empty());
    }

    #[test]
    fn what_a_new_list_lacks_is_missing() {
        let mut installed = installed();
        for (kind, _) in KINDS {
            installed.take(kind, Event::InitDone);
        }
        installed.take(KINDS[1].0, Event::Init);
        installed.take(KINDS[1].0, Event::InitDone);
        let faults = installed.faults(policies::OPERATOR).unwrap();
        assert_eq!(faults.len(), 6, "{faults:?}");
        assert!(
            in_words(&faults).ends_with("`stanchion-life` is missing; and 3 more"),
            "{}",
            in_words(&faults)
        );
    }

    #[test]
    fn what_may_not_be_read_is_in_no_place_until_it_is_read() {
        let mut installed = installed();
        for (kind, _) in KINDS {
            installed.take(kind, Event::InitDone);
        }
        let denied = kube::core::Status { code: 403, ..kube::core::Status::default() };
        installed.fail(KINDS[0].0, &watcher::Error::WatchStartFailed(kube::Error::Api(Box::new(denied))));
        assert!(in_words(&installed.faults(policies::OPERATOR).unwrap()).contains("may not list and watch"));
        installed.take(KINDS[0].0, Event::Init);
        for document in
            policies::validating(policies::OPERATOR).into_iter().filter(|it| it.kind == KINDS[0].0)
        {
            installed.take(KINDS[0].0, Event::InitApply(serde_json::from_value(document.to_json()).unwrap()));
        }
        installed.take(KINDS[0].0, Event::InitDone);
        assert_eq!(installed.faults(policies::OPERATOR), Some(Vec::new()));
    }
}
