//! The webhook's own certificates: an authority, a certificate that it signed, and when each gives way to the next.
//!
//! Pure but for the keys, which are random: what a Secret says and the time in, what to write and when to look again out.
//! Nothing is remembered beside the Secret: all that is known of a certificate stands in it.
//!
//! A new authority signs nothing before every API server can know it. So it is one change at a time, each after the one
//! before has been seen:
//!
//! | the bundle | the key is of | the certificate is by | what is next |
//! | --- | --- | --- | --- |
//! | 1 | 1 | 1 | another authority, when two thirds of this one's life are over |
//! | 1, 2 | 2 | 1 | a certificate by 2, when the bundle has been in the configuration for a pause |
//! | 1, 2 | 2 | 2 | without 1, after another pause |
//! | 2 | 2 | 2 | as at first |
//!
//! The key of an authority that gives way is gone at once: nothing is signed by it any more.

mod issue;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rcgen::{KeyPair, PublicKeyData};
use rustls::RootCertStore;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::ring;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::server::ParsedCertificate;

use super::x509::Parsed;
use crate::admission::configuration::SERVICE;
pub use issue::Error;

/// The Secret, unless another is named.
pub const SECRET: &str = "stanchion-webhook-tls";

/// The keys of the Secret: the authorities, the key of the one that signs, the certificate and its key.
pub const KEYS: [&str; 4] = ["ca.crt", "ca.key", "tls.crt", "tls.key"];

/// How long things last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// For how long an authority is valid.
    pub authority: Duration,
    /// For how long a certificate is valid.
    pub leaf: Duration,
    /// How long everybody gets to see a change before the next one builds on it.
    pub pause: Duration,
    /// How often the Secret is looked at.
    pub look: Duration,
}

impl Default for Times {
    fn default() -> Self {
        let [year, month] = [365, 30].map(|days| Duration::from_secs(days * 24 * 60 * 60));
        Self { authority: year, leaf: month, pause: Duration::from_secs(120), look: Duration::from_secs(10) }
    }
}

/// As four numbers of seconds with commas between: how tests shorten a year.
impl FromStr for Times {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds: Result<Vec<u64>, _> = text.split(',').map(str::parse).collect();
        match seconds.as_deref() {
            Ok([authority, leaf, pause, look]) => {
                let [authority, leaf, pause, look] =
                    [*authority, *leaf, *pause, *look].map(Duration::from_secs);
                Ok(Self { authority, leaf, pause, look })
            }
            _ => Err("four numbers of seconds are wanted, such as `31536000,2592000,120,10`".to_owned()),
        }
    }
}

/// A name or an address by which the webhook is reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host(String);

impl Host {
    /// Those of the Service in a namespace.
    #[must_use]
    pub fn of_service(namespace: &str) -> Vec<Self> {
        let domains = ["", ".NAMESPACE", ".NAMESPACE.svc", ".NAMESPACE.svc.cluster.local"];
        domains.map(|domain| Self(format!("{SERVICE}{}", domain.replace("NAMESPACE", namespace)))).to_vec()
    }

    fn name(&self) -> Option<ServerName<'_>> {
        ServerName::try_from(self.0.as_str()).ok()
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // No certificate has the dot that ends a name.
        let host = Self(text.strip_suffix('.').unwrap_or(text).to_owned());
        match host.name() {
            Some(_) => Ok(host),
            None => Err(format!("`{text}` is neither the name of a host nor an address")),
        }
    }
}

/// What the Secret says, as it says it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Material {
    /// The authorities, as PEM.
    pub authorities: Vec<u8>,
    /// The key of the one that signs.
    pub authority_key: Vec<u8>,
    /// The certificate.
    pub leaf: Vec<u8>,
    /// Its key.
    pub leaf_key: Vec<u8>,
}

/// Says nothing of keys.
impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Material").finish_non_exhaustive()
    }
}

/// What API servers are told of the authorities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// None is told to ask: there is nobody who could be lost.
    ToNobody,
    /// Another bundle than this, or it isn't known.
    Otherwise,
    /// This bundle, beside this certificate, for so long.
    For(Duration),
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// All is made anew: there is nothing that anybody could trust.
    Anew,
    /// Another authority is shown beside the one that is there.
    Authority,
    /// Another certificate is signed.
    Leaf,
    /// The authority is dropped that signs nothing any more.
    Retire,
}

impl Step {
    /// In words, after "the webhook has".
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anew => "a new authority and a new certificate",
            Self::Authority => "another authority beside the one that signed its certificate",
            Self::Leaf => "a new certificate",
            Self::Retire => "one authority again",
        }
    }
}

/// What is to be done now, and when something is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Nothing, if all is as it should be for now.
    pub step: Option<Step>,
    /// When time alone makes a difference; nothing if that waits for somebody else.
    pub next: Option<Timestamp>,
}

/// What the Secret says, understood as far as it can be.
pub struct Held {
    authorities: Vec<Parsed>,
    signer: Option<Signer>,
    leaf: Option<Leaf>,
    material: Material,
}

/// The authority that the key is of, by its place in the bundle.
struct Signer {
    place: usize,
    authority: Parsed,
    key: KeyPair,
}

/// The certificate, its key fitting, and the authority that signed it, with its place.
struct Leaf {
    parsed: Parsed,
    place: usize,
    issuer: Parsed,
}

impl Leaf {
    /// None, if no API server could trust it.
    fn read(material: &Material, authorities: &[Parsed]) -> Option<Self> {
        let parsed = Parsed::all(&material.leaf).into_iter().next()?;
        if key(&material.leaf_key)?.subject_public_key_info() != parsed.public_key {
            return None;
        }
        let place = authorities.iter().position(|authority| has_signed(authority, &parsed))?;
        let issuer = authorities.get(place)?.clone();
        Some(Self { parsed, place, issuer })
    }

    fn is_for(&self, host: &Host) -> bool {
        let certificate = ParsedCertificate::try_from(&self.parsed.der).ok();
        let name = host.name();
        certificate
            .zip(name)
            .is_some_and(|(certificate, name)| verify_server_name(&certificate, &name).is_ok())
    }
}

impl Held {
    /// Understands what can be understood; what can't is as good as not there.
    #[must_use]
    pub fn read(material: Material) -> Self {
        let authorities = Parsed::all(&material.authorities);
        let signer = key(&material.authority_key).and_then(|key| {
            let public = key.subject_public_key_info();
            let place = authorities.iter().position(|it| it.public_key == public)?;
            Some(Signer { place, authority: authorities.get(place)?.clone(), key })
        });
        let leaf = Leaf::read(&material, &authorities);
        Self { authorities, signer, leaf, material }
    }

    /// The authorities, as API servers are to know them.
    #[must_use]
    pub fn bundle(&self) -> String {
        self.authorities.iter().map(Parsed::to_pem).collect()
    }

    /// When the certificate ends that is shown.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.leaf.as_ref().map(|leaf| leaf.parsed.until)
    }

    /// What to do now.
    #[must_use]
    pub fn decide(&self, hosts: &[Host], published: Published, pause: Duration, now: Timestamp) -> Decision {
        let signer = self.signer.as_ref().filter(|it| it.authority.from <= now && now < it.authority.until);
        // One that isn't valid yet may be so by the clocks of others: a clock that was set back ends nothing at once.
        let leaf = self.leaf.as_ref().filter(|it| now < it.parsed.until && now < it.issuer.until);
        let (signer, leaf) = match (signer, leaf) {
            (None, None) => return at_once(Step::Anew),
            (Some(_), None) => return at_once(Step::Leaf),
            (None, Some(_)) => return at_once(Step::Authority),
            (Some(signer), Some(leaf)) => (signer, leaf),
        };
        let ends = renewal(&signer.authority);
        if ends <= now {
            return at_once(Step::Authority);
        }
        if leaf.place != signer.place {
            return after(Step::Leaf, published, pause, now, ends);
        }
        let renewed = renewal(&leaf.parsed);
        if renewed <= now || now < leaf.parsed.from || !hosts.iter().all(|host| leaf.is_for(host)) {
            return at_once(Step::Leaf);
        }
        let next = ends.min(renewed);
        if self.authorities.len() > 1 {
            return after(Step::Retire, published, pause, now, next);
        }
        Decision { step: None, next: Some(next) }
    }

    /// What the Secret says after a step.
    ///
    /// # Errors
    /// If there is no randomness, or no certificate for a host or a time.
    pub fn take(&self, step: Step, hosts: &[Host], times: Times, now: Timestamp) -> Result<Material, Error> {
        let mut material = self.material.clone();
        match (step, &self.signer, &self.leaf) {
            (Step::Leaf, Some(Signer { authority, key, .. }), _) => {
                (material.leaf, material.leaf_key) = issue::leaf(authority, key, hosts, times.leaf, now)?;
            }
            (Step::Retire, Some(signer), _) => {
                material.authorities = signer.authority.to_pem().into_bytes();
            }
            (Step::Authority, _, Some(leaf)) => {
                let (authority, key) = issue::authority(times.authority, now)?;
                material.authorities = (leaf.issuer.to_pem() + &authority.to_pem()).into_bytes();
                material.authority_key = key.serialize_pem().into_bytes();
            }
            _ => {
                let (authority, key) = issue::authority(times.authority, now)?;
                material.authorities = authority.to_pem().into_bytes();
                material.authority_key = key.serialize_pem().into_bytes();
                (material.leaf, material.leaf_key) = issue::leaf(&authority, &key, hosts, times.leaf, now)?;
            }
        }
        Ok(material)
    }
}

/// Whether a bundle is ours to change: one with an authority of somebody else is not.
#[must_use]
pub fn is_ours(bundle: &[u8]) -> bool {
    let ours = format!("CN={}", issue::AUTHORITY);
    Parsed::all(bundle).iter().all(|authority| authority.subject == ours)
}

const fn at_once(step: Step) -> Decision {
    Decision { step: Some(step), next: None }
}

/// A step that waits until everybody has seen the one before. `otherwise` is when something else is to be done.
fn after(
    step: Step,
    published: Published,
    pause: Duration,
    now: Timestamp,
    otherwise: Timestamp,
) -> Decision {
    let wait = match published {
        Published::ToNobody => Duration::ZERO,
        Published::For(seen) => pause.saturating_sub(seen),
        Published::Otherwise => return Decision { step: None, next: Some(otherwise) },
    };
    if wait.is_zero() {
        return at_once(step);
    }
    let then = SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok());
    Decision { step: None, next: Some(then.unwrap_or(otherwise).min(otherwise)) }
}

/// When two thirds of its life are over.
fn renewal(certificate: &Parsed) -> Timestamp {
    let third = certificate.until.duration_since(certificate.from) / 3;
    certificate.until.checked_sub(third).unwrap_or(certificate.from)
}

fn key(pem: &[u8]) -> Option<KeyPair> {
    KeyPair::from_pem(std::str::from_utf8(pem).ok()?).ok()
}

/// Whether a server that shows this certificate is believed by who knows this authority, time aside.
fn has_signed(authority: &Parsed, leaf: &Parsed) -> bool {
    let mut roots = RootCertStore::empty();
    let Ok(certificate) = ParsedCertificate::try_from(&leaf.der) else { return false };
    let Ok(since) = Duration::try_from(leaf.from.as_duration()) else { return false };
    let algorithms = ring::default_provider().signature_verification_algorithms;
    let time = UnixTime::since_unix_epoch(since);
    roots.add(authority.der.clone()).is_ok()
        && verify_server_cert_signed_by_trust_anchor(&certificate, &roots, &[], time, algorithms.all).is_ok()
}

#[cfg(test)]
mod tests;
