//! Certificates for tests.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use time::{Duration, OffsetDateTime};

/// An authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    pub(crate) pem: String,
}

/// A certificate with its key.
#[derive(Clone)]
pub(crate) struct Leaf {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for this machine, from a day ago and for so many days.
    pub(crate) fn leaf(&self, days: i64) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        let begins = OffsetDateTime::now_utc() - Duration::days(2);
        params.not_before = begins;
        params.not_after = begins + Duration::days(2 + days);
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Leaf { certificate, key: key.serialize_pem() }
    }
}

impl Leaf {
    /// Writes both as a mounted Secret has them.
    #[expect(clippy::disallowed_methods, reason = "tests have files")]
    pub(crate) fn write(&self, folder: &Path) {
        std::fs::write(folder.join("tls.key"), &self.key).unwrap();
        std::fs::write(folder.join("tls.crt"), &self.certificate).unwrap();
    }
}
