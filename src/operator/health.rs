//! Whether the operator lives and is ready. Time is an argument, in seconds.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::observed::{self, is_ours, resource};
use crate::facts::CustomKinds;
use crate::facts::object::ObjectKind;

/// For how long an evaluation may take before the process counts as stuck.
const STUCK_EVALUATION: i64 = 120;

/// For how long a watch may neither deliver anything nor ask anew. It asks anew every two minutes by itself; an API server
/// that doesn't answer for longer is no reason to start again.
const STUCK_WATCH: i64 = 15 * 60;

/// What the probes are answered from.
#[derive(Debug)]
pub(super) struct Health(Mutex<Seen>);

#[derive(Debug)]
struct Seen {
    /// When the evaluation was last seen alive.
    beat: i64,
    /// Whether there was an evaluation.
    evaluated: bool,
    watches: BTreeMap<ObjectKind, Watch>,
    /// Why nobody is to be sent here, whatever else is so.
    closed: Vec<&'static str>,
}

#[derive(Debug, Clone, Copy)]
struct Watch {
    /// When it last asked for something or got something.
    active: i64,
    listed: bool,
    denied: Option<&'static str>,
}

impl Health {
    pub(super) fn new(now: i64, custom: &CustomKinds) -> Self {
        let watch = Watch { active: now, listed: false, denied: None };
        let watches = observed::kinds(custom).map(|kind| (kind, watch)).collect();
        Self(Mutex::new(Seen { beat: now, evaluated: false, watches, closed: Vec::new() }))
    }

    /// The evaluation lives.
    pub(super) fn beat(&self, now: i64) {
        self.seen().beat = now;
    }

    /// Nobody is to be sent here for now, and why.
    pub(super) fn close(&self, why: &'static str) {
        self.seen().closed.push(why);
    }

    /// This is no reason any more.
    pub(super) fn open(&self, why: &'static str) {
        self.seen().closed.retain(|it| *it != why);
    }

    /// An evaluation is done.
    pub(super) fn evaluated(&self) {
        self.seen().evaluated = true;
    }

    /// The watch of a kind asks for something, got something, or was refused and is begun again.
    pub(super) fn active(&self, kind: ObjectKind, now: i64) {
        self.change(kind, |watch| watch.active = now);
    }

    /// The kind has been listed.
    pub(super) fn listed(&self, kind: ObjectKind) {
        self.change(kind, |watch| (watch.listed, watch.denied) = (true, None));
    }

    /// The API server refuses this verb.
    pub(super) fn denied(&self, kind: ObjectKind, verb: &'static str) {
        self.change(kind, |watch| watch.denied = Some(verb));
    }

    /// What is stuck, in words; nothing while it lives.
    pub(super) fn stuck(&self, now: i64) -> Option<String> {
        let seen = self.seen();
        let mut stuck = Vec::new();
        if now - seen.beat >= STUCK_EVALUATION {
            stuck.push("the evaluation".to_owned());
        }
        let quiet = seen.watches.iter().filter(|(_, watch)| now - watch.active >= STUCK_WATCH);
        stuck.extend(quiet.map(|(kind, _)| format!("the watch of {}", resource(*kind).plural)));
        (!stuck.is_empty()).then(|| format!("stuck: {}", stuck.join(", ")))
    }

    /// What a reader should know of an operator that is ready; or why it isn't.
    pub(super) fn ready(&self) -> Result<String, String> {
        let seen = self.seen();
        if let Some(why) = seen.closed.last() {
            return Err((*why).to_owned());
        }
        let denied = |ours: bool| {
            let of_these = seen.watches.iter().filter(move |(kind, _)| is_ours(**kind) == ours);
            of_these.filter_map(|(kind, watch)| Some(format!("{} {}", watch.denied?, resource(*kind).plural)))
        };
        let needed: Vec<String> = denied(true).collect();
        if !needed.is_empty() {
            return Err(format!("may not {}", needed.join(", ")));
        }
        if !seen.evaluated {
            let unlisted = seen.watches.iter().filter(|(_, watch)| !watch.listed && watch.denied.is_none());
            let unlisted: Vec<String> = unlisted.map(|(kind, _)| resource(*kind).plural).collect();
            return Err(if unlisted.is_empty() {
                "not evaluated yet".to_owned()
            } else {
                format!("not listed yet: {}", unlisted.join(", "))
            });
        }
        let missing: Vec<String> = denied(false).collect();
        Ok(if missing.is_empty() {
            "ok".to_owned()
        } else {
            format!("ok, but may not {}: what depends on them is not known", missing.join(", "))
        })
    }

    fn change(&self, kind: ObjectKind, change: impl FnOnce(&mut Watch)) {
        if let Some(watch) = self.seen().watches.get_mut(&kind) {
            change(watch);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(now: i64) -> Health {
        Health::new(now, &CustomKinds::default())
    }

    fn kinds() -> impl Iterator<Item = ObjectKind> {
        observed::kinds(&CustomKinds::default())
    }

    fn alive_at(health: &Health, now: i64) {
        health.beat(now);
        kinds().for_each(|kind| health.active(kind, now));
    }

    #[test]
    fn an_evaluation_that_does_not_end_is_stuck() {
        let health = new(1000);
        assert_eq!(health.stuck(1000 + STUCK_EVALUATION - 1), None);
        assert_eq!(health.stuck(1000 + STUCK_EVALUATION).unwrap(), "stuck: the evaluation");
        health.beat(1200);
        assert_eq!(health.stuck(1200), None);
    }

    #[test]
    fn a_watch_without_a_sign_of_life_is_stuck_and_one_that_asks_again_is_not() {
        let health = new(0);
        alive_at(&health, 500);
        let later = 500 + STUCK_WATCH;
        for kind in kinds().filter(|kind| *kind != ObjectKind::Node) {
            health.active(kind, later - 60);
        }
        health.beat(later);
        assert_eq!(health.stuck(later - 1), None);
        assert_eq!(health.stuck(later).unwrap(), "stuck: the watch of nodes");
        // It failed, and is begun again: that is a request.
        health.active(ObjectKind::Node, later);
        assert_eq!(health.stuck(later), None);
    }

    #[test]
    fn it_is_ready_once_everything_that_may_be_listed_is_and_was_evaluated() {
        let health = new(0);
        for kind in kinds().filter(|kind| !matches!(kind, ObjectKind::Node | ObjectKind::ConfigMap)) {
            health.listed(kind);
        }
        health.denied(ObjectKind::ConfigMap, "list");
        assert_eq!(health.ready().unwrap_err(), "not listed yet: nodes");
        health.listed(ObjectKind::Node);
        assert_eq!(health.ready().unwrap_err(), "not evaluated yet");
        health.evaluated();
        assert_eq!(
            health.ready().unwrap(),
            "ok, but may not list configmaps: what depends on them is not known"
        );
        health.listed(ObjectKind::ConfigMap);
        assert_eq!(health.ready().unwrap(), "ok");
    }

    #[test]
    fn it_is_not_ready_for_as_long_as_there_is_a_reason() {
        let health = new(0);
        kinds().for_each(|kind| health.listed(kind));
        health.evaluated();
        health.close("no certificate yet");
        assert_eq!(health.ready().unwrap_err(), "no certificate yet");
        health.close("stopping");
        health.open("no certificate yet");
        assert_eq!(health.ready().unwrap_err(), "stopping", "a certificate that comes late opens nothing");
        health.open("stopping");
        assert_eq!(health.ready().unwrap(), "ok");
    }

    #[test]
    fn it_is_never_ready_without_our_own_kinds() {
        let health = new(0);
        kinds().for_each(|kind| health.listed(kind));
        health.evaluated();
        health.denied(ObjectKind::ServiceTier, "watch");
        assert_eq!(health.ready().unwrap_err(), "may not watch servicetiers");
    }
}
