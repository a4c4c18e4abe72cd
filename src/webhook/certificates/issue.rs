//! Making keys and certificates.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::OffsetDateTime;

use super::Host;
use crate::admission::configuration::SERVICE;
use crate::webhook::x509::Parsed;

/// What an authority of ours is called. One is told from the next by its key, which every certificate names.
pub(super) const AUTHORITY: &str = "stanchion webhook authority";

/// How far the clocks of API servers may be behind: from so long ago what is made is valid, as far as that is a small part
/// of its life.
const BEHIND: Duration = Duration::from_secs(60 * 60);

/// The part of a life that counts as small.
const PART: u32 = 10;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No randomness, or a name that fits into no certificate.
    #[error("it can't be made: {0}")]
    Make(#[from] rcgen::Error),
    /// It would end when there is no time any more.
    #[error("no certificate can be valid from {0} on for {1:?}")]
    Time(Timestamp, Duration),
    /// What was made can't be read.
    #[error("what was made is no certificate")]
    Unreadable,
}

/// An authority that is valid for so long, and its key.
pub(super) fn authority(life: Duration, now: Timestamp) -> Result<(Parsed, KeyPair), Error> {
    let key = KeyPair::generate()?;
    let mut parameters = authority_parameters();
    (parameters.not_before, parameters.not_after) = span(life, now)?;
    let made = parameters.self_signed(&key)?;
    Ok((Parsed::read(made.der()).ok_or(Error::Unreadable)?, key))
}

/// A certificate for these hosts and its key, as PEM. It doesn't outlive who signs it.
pub(super) fn leaf(
    authority: &Parsed,
    authority_key: &KeyPair,
    hosts: &[Host],
    life: Duration,
    now: Timestamp,
) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let names: Vec<String> = hosts.iter().map(|host| host.0.clone()).collect();
    let mut parameters = CertificateParams::new(names)?;
    let (from, until) = span(life, now)?;
    parameters.not_before = from;
    parameters.not_after = until.min(moment(authority.until).ok_or(Error::Time(now, life))?);
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, SERVICE);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let made = parameters.signed_by(&key, &Issuer::new(authority_parameters(), authority_key))?;
    let made = Parsed::read(made.der()).ok_or(Error::Unreadable)?;
    Ok((made.to_pem().into_bytes(), key.serialize_pem().into_bytes()))
}

/// What every authority has alike, so that what it signs names it rightly without its certificate being read.
fn authority_parameters() -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, AUTHORITY);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    parameters
}

/// From when until when what is made now is valid.
fn span(life: Duration, now: Timestamp) -> Result<(OffsetDateTime, OffsetDateTime), Error> {
    let shifted = |by: Duration, sign: i32| {
        let by = SignedDuration::try_from(by).ok()?.checked_mul(sign)?;
        moment(now.checked_add(by).ok()?)
    };
    let span = shifted(BEHIND.min(life / PART), -1).zip(shifted(life, 1));
    span.ok_or(Error::Time(now, life))
}

fn moment(time: Timestamp) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(time.as_second()).ok()
}
