//! Whole lives of certificates, and Secrets that something went wrong with.

use super::*;

const NOW: Timestamp = Timestamp::constant(1_796_126_400, 0); // 2026-12-01T12:00:00Z
const TIMES: Times = Times {
    authority: Duration::from_secs(365 * 86_400),
    leaf: Duration::from_secs(30 * 86_400),
    pause: Duration::from_secs(120),
    look: Duration::from_secs(10),
};

fn hosts() -> Vec<Host> {
    let mut hosts = Host::of_service("stanchion-system");
    hosts.extend(["10.0.0.7", "webhook.example.com"].map(|host| host.parse().unwrap()));
    hosts
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn made() -> Material {
    let nothing = Held::read(Material::default());
    nothing.take(Step::Anew, &hosts(), TIMES, NOW).unwrap()
}

fn decide(material: &Material, published: Published, now: Timestamp) -> Decision {
    Held::read(material.clone()).decide(&hosts(), published, TIMES.pause, now)
}

fn step(material: &Material, now: Timestamp) -> Option<Step> {
    decide(material, Published::Otherwise, now).step
}

/// Whether who knows this bundle believes a server that shows this certificate by these names.
fn believes(bundle: &str, leaf: &[u8], now: Timestamp) -> bool {
    let mut roots = RootCertStore::empty();
    for authority in Parsed::all(bundle.as_bytes()) {
        // An API server looks at the time of an authority, too.
        if authority.from <= now && now < authority.until {
            roots.add(authority.der).unwrap();
        }
    }
    let leaf = Parsed::all(leaf).remove(0);
    let certificate = ParsedCertificate::try_from(&leaf.der).unwrap();
    let time = UnixTime::since_unix_epoch(Duration::from_secs(now.as_second().unsigned_abs()));
    let algorithms = ring::default_provider().signature_verification_algorithms;
    let signed = verify_server_cert_signed_by_trust_anchor(&certificate, &roots, &[], time, algorithms.all);
    let named = hosts().iter().all(|host| verify_server_name(&certificate, &host.name().unwrap()).is_ok());
    signed.is_ok() && named
}

/// A Secret, what API servers were told, and who may be late by a pause.
struct Cluster {
    now: Timestamp,
    material: Material,
    /// When the Secret or what was told changed last.
    since: Timestamp,
    /// What was told, and from when on.
    bundles: Vec<(Timestamp, String)>,
    /// What was shown, and from when on.
    leaves: Vec<(Timestamp, Vec<u8>)>,
    steps: Vec<Step>,
}

impl Cluster {
    fn new(material: Material) -> Self {
        let bundles = vec![(NOW, Held::read(material.clone()).bundle())];
        let leaves = vec![(NOW, material.leaf.clone())];
        Self { now: NOW, material, since: NOW, bundles, leaves, steps: Vec::new() }
    }

    fn told(&self) -> &str {
        &self.bundles.last().unwrap().1
    }

    /// Does what is to be done, or waits until something is.
    fn go_on(&mut self) {
        let held = Held::read(self.material.clone());
        let published = if self.told() == held.bundle() {
            Published::For(self.now.duration_since(self.since).try_into().unwrap())
        } else {
            Published::Otherwise
        };
        let decision = held.decide(&hosts(), published, TIMES.pause, self.now);
        if let Some(step) = decision.step {
            self.material = held.take(step, &hosts(), TIMES, self.now).unwrap();
            self.since = self.now;
            self.steps.push(step);
            if self.material.leaf != self.leaves.last().unwrap().1 {
                self.leaves.push((self.now, self.material.leaf.clone()));
            }
        } else if published == Published::Otherwise {
            self.bundles.push((self.now, held.bundle()));
            self.since = self.now;
        } else {
            let next = decision.next.unwrap();
            assert!(next > self.now, "{decision:?} at {}", self.now);
            self.now = next;
        }
    }

    /// Whatever an API server may know and whatever a replica may show, they come to terms.
    fn check(&self) {
        let seen = |replaced: Option<Timestamp>| {
            replaced.is_none_or(|at| self.now.duration_since(at).unsigned_abs() < TIMES.pause)
        };
        let after = |all: &[Timestamp], place: usize| all.get(place + 1).copied();
        let times: Vec<_> = self.bundles.iter().map(|it| it.0).collect();
        let begun: Vec<_> = self.leaves.iter().map(|it| it.0).collect();
        for (place, (_, bundle)) in self.bundles.iter().enumerate().filter(|it| seen(after(&times, it.0))) {
            for (other, (_, leaf)) in self.leaves.iter().enumerate().filter(|it| seen(after(&begun, it.0))) {
                assert!(
                    believes(bundle, leaf, self.now),
                    "bundle {place} and leaf {other} at {}: {:?}",
                    self.now,
                    self.steps
                );
            }
        }
    }
}

#[test]
fn in_a_whole_life_no_api_server_meets_a_certificate_that_it_can_t_trust() {
    let mut cluster = Cluster::new(made());
    while cluster.now < NOW + days(3 * 365) {
        cluster.check();
        assert!(Parsed::all(&cluster.material.authorities).len() <= 2);
        cluster.go_on();
    }
    let number = |step| cluster.steps.iter().filter(|it| **it == step).count();
    assert_eq!(number(Step::Anew), 0);
    assert_eq!(number(Step::Authority), 4, "one in two thirds of a year");
    assert_eq!(number(Step::Retire), 4);
    assert!((54..=60).contains(&number(Step::Leaf)), "{}", number(Step::Leaf));
}

#[test]
fn a_new_authority_is_seen_by_all_before_it_signs_and_the_old_one_goes_after_all_have_seen_that() {
    let due = NOW + days(250);
    let mut material = made();
    let mut go = |step: Step| {
        let held = Held::read(material.clone());
        material = held.take(step, &hosts(), TIMES, due).unwrap();
        material.clone()
    };
    let wait = |seconds| Published::For(Duration::from_secs(seconds));
    go(Step::Leaf);
    let both = go(Step::Authority);
    assert_eq!(Parsed::all(&both.authorities).len(), 2);
    assert_eq!(decide(&both, Published::Otherwise, due).step, None);
    let waiting = decide(&both, wait(20), due);
    assert_eq!((waiting.step, waiting.next), (None, Some(due + SignedDuration::from_secs(100))));
    assert_eq!(decide(&both, wait(120), due).step, Some(Step::Leaf));
    assert_eq!(decide(&both, Published::ToNobody, due).step, Some(Step::Leaf), "nobody could be lost");
    let swapped = go(Step::Leaf);
    assert_eq!(swapped.authorities, both.authorities);
    assert_eq!(decide(&swapped, wait(119), due).step, None);
    assert_eq!(decide(&swapped, wait(120), due).step, Some(Step::Retire));
    let alone = go(Step::Retire);
    assert_eq!(Parsed::all(&alone.authorities).len(), 1);
    let rests = decide(&alone, wait(0), due);
    assert_eq!(rests.step, None);
    let in_days = rests.next.unwrap().duration_since(due).as_hours() / 24;
    assert_eq!(in_days, 19, "two thirds of thirty days, and of an hour before them");
}

#[test]
fn what_is_missing_or_can_t_be_read_is_made_anew_and_no_more_than_that() {
    let (good, other) = (made(), made());
    let cases: [(&str, Material, Option<Step>); 14] = [
        ("nothing wrong", good.clone(), None),
        ("empty", Material::default(), Some(Step::Anew)),
        ("no bundle", Material { authorities: Vec::new(), ..good.clone() }, Some(Step::Anew)),
        (
            "a bundle that is none",
            Material { authorities: b"\xff-----".to_vec(), ..good.clone() },
            Some(Step::Anew),
        ),
        (
            "something after the bundle",
            Material { authorities: [good.authorities.as_slice(), b"-----BEGIN"].concat(), ..good.clone() },
            None,
        ),
        (
            "another bundle",
            Material { authorities: other.authorities.clone(), ..good.clone() },
            Some(Step::Anew),
        ),
        ("no key", Material { authority_key: Vec::new(), ..good.clone() }, Some(Step::Authority)),
        (
            "a key that is none",
            Material { authority_key: b"?".to_vec(), ..good.clone() },
            Some(Step::Authority),
        ),
        (
            "a key of another authority",
            Material { authority_key: other.authority_key.clone(), ..good.clone() },
            Some(Step::Authority),
        ),
        ("no certificate", Material { leaf: Vec::new(), ..good.clone() }, Some(Step::Leaf)),
        ("a certificate that is none", Material { leaf: b"\xff".to_vec(), ..good.clone() }, Some(Step::Leaf)),
        ("no key of it", Material { leaf_key: Vec::new(), ..good.clone() }, Some(Step::Leaf)),
        ("a key of another", Material { leaf_key: other.leaf_key.clone(), ..good.clone() }, Some(Step::Leaf)),
        (
            "a certificate of another authority",
            Material { leaf: other.leaf.clone(), leaf_key: other.leaf_key.clone(), ..good.clone() },
            Some(Step::Leaf),
        ),
    ];
    for (name, material, wanted) in cases {
        assert_eq!(step(&material, NOW), wanted, "{name}");
        comes_to_rest(name, material, NOW);
    }
}

/// Within a few steps all is as it should be.
fn comes_to_rest(name: &str, mut material: Material, now: Timestamp) {
    for _ in 0..5 {
        let held = Held::read(material.clone());
        let Some(step) = held.decide(&hosts(), Published::For(TIMES.pause), TIMES.pause, now).step else {
            assert!(believes(&held.bundle(), &material.leaf, now), "{name}");
            assert_eq!(held.authorities.len(), 1, "{name}");
            return;
        };
        material = held.take(step, &hosts(), TIMES, now).unwrap();
    }
    panic!("{name}: it goes on and on");
}

#[test]
fn time_asks_for_what_it_ended() {
    let good = made();
    let (hour, minute) = (SignedDuration::from_hours(1), SignedDuration::from_mins(1));
    let cases = [
        ("at once", NOW, None),
        ("shortly before two thirds of its life", NOW + days(20) - hour, None),
        ("after that", NOW + days(20) + minute, Some(Step::Leaf)),
        ("after its end", NOW + days(31), Some(Step::Leaf)),
        ("when the authority is old, too", NOW + days(250), Some(Step::Leaf)),
        ("when everything has ended", NOW + days(400), Some(Step::Anew)),
        ("the clock half an hour back", NOW - hour / 2, None),
        // It may be valid by the clocks of others: another authority is shown first.
        ("the clock two hours back", NOW - hour * 2, Some(Step::Authority)),
        ("the clock a year back", NOW - days(365), Some(Step::Authority)),
    ];
    for (name, now, wanted) in cases {
        assert_eq!(step(&good, now), wanted, "{name}");
        comes_to_rest(name, good.clone(), now);
    }
    let renewed = Held::read(good).take(Step::Leaf, &hosts(), TIMES, NOW + days(240)).unwrap();
    assert_eq!(step(&renewed, NOW + days(243)), None);
    assert_eq!(step(&renewed, NOW + days(244)), Some(Step::Authority));
    assert_eq!(step(&renewed, NOW - days(1)), Some(Step::Authority));
}

#[test]
fn a_certificate_for_other_hosts_is_replaced_and_one_for_more_hosts_is_not() {
    let good = Held::read(made());
    let decide = |hosts: &[Host]| good.decide(hosts, Published::Otherwise, TIMES.pause, NOW).step;
    assert_eq!(decide(&Host::of_service("stanchion-system")), None);
    assert_eq!(decide(&Host::of_service("elsewhere")), Some(Step::Leaf));
    assert_eq!(decide(&["10.0.0.8".parse().unwrap()]), Some(Step::Leaf));
}

#[test]
fn every_host_that_is_taken_is_one_that_a_certificate_can_be_for() {
    for host in [
        "localhost",
        "a_b.example",
        "webhook.example.com.",
        "UPPER.example",
        "127.0.0.1",
        "::1",
        "2001:db8::7",
    ] {
        let hosts = [host.parse::<Host>().unwrap()];
        let made = Held::read(Material::default()).take(Step::Anew, &hosts, TIMES, NOW).unwrap();
        let decision = Held::read(made).decide(&hosts, Published::ToNobody, TIMES.pause, NOW);
        assert_eq!(decision.step, None, "{host}");
    }
    for host in ["", "*.example.com", "https://example.com", "example.com:443", "a b", "häuser.example"] {
        assert!(host.parse::<Host>().is_err(), "{host}");
    }
}

#[test]
fn the_key_of_an_authority_that_gives_way_is_gone_and_no_key_is_shown() {
    let good = made();
    let both = Held::read(good.clone()).take(Step::Authority, &hosts(), TIMES, NOW + days(250)).unwrap();
    assert_ne!(both.authority_key, good.authority_key);
    assert_eq!((&both.leaf, &both.leaf_key), (&good.leaf, &good.leaf_key));
    assert_eq!(format!("{both:?}"), "Material { .. }");
}

#[test]
fn a_certificate_doesn_t_outlive_who_signed_it() {
    let old = Held::read(made()).take(Step::Leaf, &hosts(), TIMES, NOW + days(360)).unwrap();
    assert_eq!(Held::read(old).until(), Some(NOW + days(365)));
}

#[test]
fn what_somebody_else_told_api_servers_is_not_ours_to_change() {
    let ours = made().authorities;
    let theirs =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap().cert.pem().into_bytes();
    assert!(is_ours(&ours) && is_ours(b"") && is_ours(b"\n"));
    assert!(!is_ours(&theirs) && !is_ours(&[ours, theirs].concat()));
}

#[test]
fn times_are_four_numbers() {
    assert_eq!("31536000,2592000,120,10".parse(), Ok(Times::default()));
    assert!("1,2,3".parse::<Times>().is_err() && "1,2,3,x".parse::<Times>().is_err());
}
