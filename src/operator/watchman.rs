//! Asking whether the webhook answers, and finding again what went through while it didn't. Only the one who leads asks.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use super::lease::Proof;
use super::{Shared, clock};
use crate::admission::configuration;
use crate::admission::gaps::{ANSWER, CANARY, Gaps, LABEL, Window};
use crate::facts::SubjectKey;

/// How often it is asked.
const ASK: Duration = Duration::from_secs(15);

/// How long an answer may take: longer than an API server waits for a webhook.
const ANSWERED: Duration = Duration::from_secs(5);

/// How often is written down that somebody still asks.
const WRITE: Duration = Duration::from_secs(600);

/// Where it is written down, in our namespace.
const RECORD: &str = "stanchion-admission";

/// The manager of its fields.
const MANAGER: &str = "stanchion-admission";

/// The most changes that are remembered while nobody knows whether they were answered for.
const MOST_RECENT: usize = 20_000;

/// The most objects that are marked. More are counted as the bound.
const MOST_MARKED: usize = 1_000;

/// How long a change is remembered: it is asked several times meanwhile.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(3);

/// What is known of the webhook.
#[derive(Debug, Default)]
pub(super) struct Watchman(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    gaps: Gaps,
    /// What changed since the last answer.
    recent: VecDeque<(Timestamp, SubjectKey)>,
    /// What went through unanswered.
    marked: BTreeSet<SubjectKey>,
}

impl Watchman {
    /// An object was made or changed.
    pub(super) fn changed(&self, key: SubjectKey, now: Timestamp) {
        let mut seen = self.seen();
        seen.recent.push_back((now, key));
        let surplus = seen.recent.len().saturating_sub(MOST_RECENT);
        seen.recent.drain(..surplus);
        while seen.recent.front().is_some_and(|(at, _)| now.duration_since(*at) > REMEMBERED) {
            seen.recent.pop_front();
        }
    }

    /// The objects that went through while nobody answered.
    pub(super) fn marked(&self) -> BTreeSet<SubjectKey> {
        self.seen().marked.clone()
    }

    /// These are no more to be told of: they comply, or are gone.
    pub(super) fn settle(&self, gone: &BTreeSet<SubjectKey>) {
        self.seen().marked.retain(|key| !gone.contains(key));
    }

    /// Takes over what somebody else wrote down.
    fn take_over(&self, gaps: Gaps) {
        self.seen().gaps = gaps;
    }

    /// There was an answer, or none. Whether anything is to be written down and judged for it, and the gap that ended.
    fn note(&self, is_answered: bool, now: Timestamp) -> (bool, Option<Window>) {
        let mut seen = self.seen();
        let (was_open, marked) = (seen.gaps.open.is_some(), seen.marked.len());
        let ended = seen.gaps.note(is_answered, now);
        let is_open = seen.gaps.open.is_some();
        let from = ended.map(|gap| gap.from).or(seen.gaps.open);
        if let Some(from) = from {
            let missed: Vec<SubjectKey> =
                seen.recent.iter().filter(|(at, _)| *at >= from).map(|(_, key)| key.clone()).collect();
            for key in missed {
                if seen.marked.len() < MOST_MARKED {
                    seen.marked.insert(key);
                }
            }
        }
        if !is_open {
            // What changed since the answer before may have been too late for it: a watch takes a moment.
            let kept = now.checked_sub(SignedDuration::from_secs(2)).unwrap_or(now);
            seen.recent.retain(|(at, _)| *at >= kept);
        }
        // A gap that only goes on is no news.
        (was_open != is_open || seen.marked.len() > marked, ended)
    }

    fn gaps(&self) -> Gaps {
        self.seen().gaps.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks, while this process leads. Never returns.
pub(super) async fn watch(shared: &Shared, leader: watch::Receiver<bool>, mut proof: Proof) {
    let maps: Api<ConfigMap> = Api::namespaced(shared.writer.clone(), &shared.namespace);
    let mut has_led = false;
    let mut written: Option<Timestamp> = None;
    loop {
        sleep(ASK).await;
        let leads = *leader.borrow();
        if leads && !has_led {
            match read(&maps).await {
                Ok(gaps) => shared.watchman.take_over(gaps),
                Err(error) => {
                    warn!(%error, outcome = "tried again", "what was known of the webhook can't be read");
                    continue;
                }
            }
        }
        has_led = leads;
        if !leads || !proof.holds().await {
            continue;
        }
        let is_in_use = shared.watchman.gaps().since.is_some();
        let is_answered = match is_installed(shared).await {
            Some(true) => ask(&maps).await,
            // What was there and is gone answers nobody; what never was is nobody's gap.
            Some(false) if is_in_use => Some(false),
            _ => None,
        };
        let Some(is_answered) = is_answered else { continue };
        let now = clock::now();
        let (is_news, ended) = shared.watchman.note(is_answered, now);
        if let Some(gap) = ended {
            info!(from = %gap.from, to = %gap.to, "the webhook answers again; what went through is marked");
        }
        let gaps = shared.watchman.gaps();
        shared.metrics.answered(&gaps, now);
        if is_news {
            shared.note_change(None);
        }
        let is_due = written.is_none_or(|at| now.duration_since(at).unsigned_abs() >= WRITE);
        if (is_news || is_due) && proof.holds().await && write(shared, &maps, &gaps).await {
            written = Some(now);
        }
    }
}

/// Whether the API server is told to ask the webhook; nothing if it doesn't say.
async fn is_installed(shared: &Shared) -> Option<bool> {
    let all: Api<ValidatingWebhookConfiguration> = Api::all(shared.client.clone());
    match all.get_opt(configuration::NAME).await {
        Ok(found) => Some(found.is_some()),
        Err(error) => {
            warn!(%error, outcome = "asked again", "it can't be told whether the webhook is installed");
            None
        }
    }
}

/// Whether the webhook answers; nothing if the API server doesn't say.
async fn ask(maps: &Api<ConfigMap>) -> Option<bool> {
    let canary: ConfigMap =
        serde_json::from_value(json!({"metadata": {"name": CANARY, "labels": {LABEL: "true"}}})).ok()?;
    let parameters = PostParams { dry_run: true, ..PostParams::default() };
    match timeout(ANSWERED, maps.create(&parameters, &canary)).await {
        Ok(Ok(_)) => Some(false),
        Ok(Err(kube::Error::Api(status))) if status.message.contains(ANSWER) => Some(true),
        Ok(Err(error)) => {
            warn!(%error, outcome = "asked again", "it can't be told whether the webhook answers");
            None
        }
        // The API server itself doesn't answer.
        Err(_) => None,
    }
}

async fn read(maps: &Api<ConfigMap>) -> Result<Gaps, kube::Error> {
    let map = maps.get_opt(RECORD).await?;
    let written = map.and_then(|map| map.data?.remove("answers"));
    Ok(written.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

async fn write(shared: &Shared, maps: &Api<ConfigMap>, gaps: &Gaps) -> bool {
    let text = serde_json::to_string(gaps).unwrap_or_default();
    let map = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": RECORD, "labels": {"app.kubernetes.io/part-of": "stanchion"}},
        "data": {"answers": text},
    });
    let answer = maps.patch(RECORD, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&map)).await;
    shared.metrics.wrote("configmaps", answer.is_ok());
    if let Err(error) = &answer {
        warn!(%error, outcome = "tried again", "what is known of the webhook can't be written");
    }
    answer.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{ObjectKind, WorkloadKind};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_796_126_400 + second).unwrap()
    }

    fn key(name: &str) -> SubjectKey {
        SubjectKey::new("shop", ObjectKind::Workload(WorkloadKind::Deployment), name)
    }

    #[test]
    fn what_changed_since_the_last_answer_is_marked_when_there_is_none() {
        let watchman = Watchman::default();
        watchman.changed(key("long-before"), at(-60));
        watchman.note(true, at(0));
        watchman.changed(key("in-the-gap"), at(5));
        assert_eq!(watchman.marked(), BTreeSet::new());
        assert!(watchman.note(false, at(15)).0, "it begins");
        assert!(!watchman.note(false, at(18)).0, "it only goes on: nothing is to be written or judged");
        watchman.changed(key("later-in-the-gap"), at(20));
        let (is_news, ended) = watchman.note(true, at(30));
        assert!(is_news && ended == Some(Window { from: at(0), to: at(30) }));
        watchman.changed(key("after-it"), at(40));
        watchman.note(true, at(45));
        assert_eq!(watchman.marked(), [key("in-the-gap"), key("later-in-the-gap")].into());
        watchman.settle(&[key("in-the-gap")].into());
        assert_eq!(watchman.marked(), [key("later-in-the-gap")].into());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let watchman = Watchman::default();
        watchman.note(false, at(0));
        for number in 0..MOST_RECENT + 10 {
            watchman.changed(key(&number.to_string()), at(1));
        }
        watchman.note(false, at(15));
        assert_eq!(watchman.marked().len(), MOST_MARKED);
        assert_eq!(watchman.seen().recent.len(), MOST_RECENT);
    }
}
