//! What a certificate says of itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::der::{Decode, Encode};
use x509_cert::time::Time;

/// How long a line of PEM is.
const LINE: usize = 64;

/// A certificate that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parsed {
    /// As it is signed.
    pub(super) der: CertificateDer<'static>,
    /// From when on it is valid.
    pub(super) from: Timestamp,
    /// Until when.
    pub(super) until: Timestamp,
    /// Whom it is about, such as `CN=stanchion webhook authority`.
    pub(super) subject: String,
    /// The public key, as a `SubjectPublicKeyInfo`.
    pub(super) public_key: Vec<u8>,
}

impl Parsed {
    /// None, if it is no certificate.
    pub(super) fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let certificate = x509_cert::Certificate::from_der(der).ok()?.tbs_certificate;
        Some(Self {
            der: der.clone().into_owned(),
            from: moment(certificate.validity.not_before)?,
            until: moment(certificate.validity.not_after)?,
            subject: certificate.subject.to_string(),
            public_key: certificate.subject_public_key_info.to_der().ok()?,
        })
    }

    /// All that can be read in a text.
    pub(super) fn all(pem: &[u8]) -> Vec<Self> {
        let readable = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
        readable.filter_map(|der| Self::read(&der)).collect()
    }

    /// As text.
    pub(super) fn to_pem(&self) -> String {
        let mut text = String::from("-----BEGIN CERTIFICATE-----");
        for (place, character) in STANDARD.encode(&self.der).chars().enumerate() {
            if place % LINE == 0 {
                text.push('\n');
            }
            text.push(character);
        }
        text.push_str("\n-----END CERTIFICATE-----\n");
        text
    }
}

fn moment(time: Time) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(time.to_unix_duration().as_secs()).ok()?).ok()
}
