use jiff::ToSpan;
use proptest::prelude::*;

use super::*;

fn lease(holder: &str, acquired: &str, transitions: i32) -> LeaseSpec {
    serde_json::from_value(serde_json::json!({
        "holderIdentity": holder, "leaseDurationSeconds": 15, "renewTime": "2026-11-23T12:00:00.000000Z",
        "acquireTime": acquired, "leaseTransitions": transitions,
    }))
    .unwrap()
}

const ACQUIRED: &str = "2026-11-23T11:59:00.000000Z";
const LATER: &str = "2026-11-23T12:00:00.000000Z";

fn clock() -> Timestamp {
    "2026-11-23T12:00:05Z".parse().unwrap()
}

#[test]
fn a_lease_is_held_by_whom_it_names_and_until_it_ends() {
    let lease = lease("first", ACQUIRED, 1);
    let held = |who, at: &str| is_held_by(&lease, who, at.parse().unwrap());
    assert!(held("first", "2026-11-23T12:00:14Z"));
    assert!(!held("first", "2026-11-23T12:00:15Z"));
    assert!(!held("second", "2026-11-23T12:00:14Z"));
    assert!(!is_held_by(&LeaseSpec::default(), "first", Timestamp::UNIX_EPOCH));
}

#[test]
fn who_has_it_first_may_write_at_once_and_only_for_a_moment() {
    let asked = Instant::now();
    let mut seen = Seen::new("first".to_owned());
    assert!(!seen.is_fresh(asked), "nothing was shown");
    seen.note(Some(&lease("first", ACQUIRED, 1)), clock(), asked, asked + FRESH / 2);
    assert!(seen.is_fresh(asked + FRESH / 2));
    assert!(!seen.is_fresh(asked + FRESH), "it counts from the question");
    seen.note(None, clock(), asked, asked);
    assert!(!seen.is_fresh(asked), "no answer shows nothing");
}

#[test]
fn who_took_it_over_waits_until_its_predecessor_can_t_write_any_more() {
    let begun = Instant::now();
    let mut seen = Seen::new("second".to_owned());
    let mut ask = |lease: &LeaseSpec, at: Instant| {
        seen.note(Some(lease), clock(), at, at);
        seen.is_fresh(at)
    };
    let mine = lease("second", ACQUIRED, 2);
    assert!(!ask(&mine, begun));
    assert!(!ask(&mine, begun + SETTLE / 2));
    assert!(ask(&mine, begun + SETTLE));
    assert!(!ask(&lease("first", LATER, 3), begun + SETTLE * 2));
    assert!(ask(&mine, begun + SETTLE * 3), "it was its own all the time");
    let again = lease("second", LATER, 4);
    assert!(!ask(&again, begun + SETTLE * 4), "another had it in between");
    assert!(ask(&again, begun + SETTLE * 5));
}

/// A moment of the model, and how long a day in it is.
const TICK: Duration = Duration::from_millis(100);
const TICKS: u32 = 1_200;

/// A replica with a clock of its own, as the manager of leases and [`Proof`] have it act.
struct Replica {
    seen: Seen,
    /// How far its clock is ahead, in ticks.
    ahead: i64,
    /// Until when it is stopped, or the API server is for it.
    sleeps: Vec<std::ops::Range<u32>>,
    asked: Option<u32>,
    /// The term in which it took the lease last.
    term: i32,
}

impl Replica {
    fn clock(&self, tick: u32) -> Timestamp {
        clock() + (100 * (i64::from(tick) + self.ahead)).milliseconds()
    }

    /// Takes the lease where it is free, renews its own, and ends one that its clock says is over.
    fn manage(&mut self, lease: &mut LeaseSpec, tick: u32) {
        let now = self.clock(tick);
        let due = |lease: &LeaseSpec, seconds: i64| {
            lease.renew_time.as_ref().is_none_or(|at| now.duration_since(at.0).as_secs() >= seconds)
        };
        match lease.holder_identity.as_deref() {
            None => {
                self.term = lease.lease_transitions.unwrap_or_default() + 1;
                lease.holder_identity = Some(self.seen.identity.clone());
                lease.acquire_time = Some(MicroTime(now));
                lease.renew_time = Some(MicroTime(now));
                lease.lease_duration_seconds = Some(15);
                lease.lease_transitions = Some(self.term);
            }
            Some(holder) if holder == self.seen.identity => {
                if due(lease, 10) {
                    lease.renew_time = Some(MicroTime(now));
                }
            }
            Some(_) if due(lease, 15) => {
                *lease = LeaseSpec { lease_transitions: lease.lease_transitions, ..LeaseSpec::default() };
            }
            Some(_) => {}
        }
    }
}

/// Who wrote, in which term.
fn writes(replicas: &mut [Replica], order: &[bool]) -> Vec<(String, i32)> {
    let begun = Instant::now();
    let at = |tick: u32| begun + TICK * tick;
    let mut lease = LeaseSpec::default();
    let mut writes = Vec::new();
    for tick in 0..TICKS {
        let backwards = order[tick as usize % order.len()];
        for place in 0..replicas.len() {
            let replica = &mut replicas[if backwards { 1 - place } else { place }];
            if replica.sleeps.iter().any(|sleep| sleep.contains(&tick)) {
                continue;
            }
            replica.manage(&mut lease, tick);
            if replica.seen.is_fresh(at(tick)) {
                writes.push((replica.seen.identity.clone(), replica.term));
            } else if replica.asked.is_none_or(|asked| at(tick) - at(asked) >= PAUSE) {
                replica.asked = Some(tick);
                replica.seen.note(Some(&lease), replica.clock(tick), at(tick), at(tick));
            }
        }
    }
    writes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_clocks_say_and_whoever_sleeps_one_writes_after_the_other(
        ahead in prop::array::uniform2(-600_i64..600),
        sleeps in prop::array::uniform2(prop::collection::vec((0..TICKS, 1..400_u32), 0..4)),
        order in prop::collection::vec(any::<bool>(), 1..20),
    ) {
        let replica = |name: &str, place: usize| Replica {
            seen: Seen::new(name.to_owned()),
            ahead: ahead[place],
            sleeps: sleeps[place].iter().map(|(from, length)| *from..from + length).collect(),
            asked: None,
            term: 0,
        };
        let writes = writes(&mut [replica("first", 0), replica("second", 1)], &order);
        prop_assert!(!writes.is_empty() || sleeps.iter().any(|sleeps| !sleeps.is_empty()), "nobody wrote");
        let mut last = ("", 0);
        for (who, term) in &writes {
            prop_assert!(*term > last.1 || (who.as_str(), *term) == last, "{who} wrote in term {term} after {last:?}");
            last = (who, *term);
        }
    }
}
