//! What the server proves itself by: a certificate that can be another one from one connection to the next.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::x509::Parsed;

/// The certificate that is shown, and its key.
#[derive(Default)]
pub struct Certificate(RwLock<Shown>);

#[derive(Default)]
struct Shown {
    /// As it was given, so that the same is not taken twice.
    chain: Vec<u8>,
    key: Option<Arc<CertifiedKey>>,
    until: Option<Timestamp>,
}

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file can't be read.
    #[error("can't read {0}: {1}")]
    File(PathBuf, std::io::Error),
    /// It is no certificate, or no key.
    #[error("the {0} is no PEM: {1}")]
    Pem(&'static str, rustls::pki_types::pem::Error),
    /// There is none in it.
    #[error("the certificate is empty: it needs at least one `BEGIN CERTIFICATE`")]
    Empty,
    /// The two don't belong together, or are of a kind that isn't supported.
    #[error("the certificate and its key can't be used: {0}")]
    Unusable(#[from] rustls::Error),
}

impl Certificate {
    /// Shows another one from now on. Returns whether it is another one.
    ///
    /// # Errors
    /// If it can't be used; the one before is shown on.
    pub fn set(&self, chain: &[u8], key: &[u8]) -> Result<bool, Error> {
        if self.0.read().unwrap_or_else(PoisonError::into_inner).chain == chain {
            return Ok(false);
        }
        let certificates = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|error| Error::Pem("certificate", error))?;
        if certificates.is_empty() {
            return Err(Error::Empty);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| Error::Pem("key", error))?;
        let certified = CertifiedKey::from_der(certificates, key, &ring::default_provider())?;
        let until = certified.cert.first().and_then(Parsed::read).map(|parsed| parsed.until);
        let shown = Shown { chain: chain.to_vec(), key: Some(Arc::new(certified)), until };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = shown;
        Ok(true)
    }

    /// The same from the files `tls.crt` and `tls.key` of a folder, as a mounted Secret has them.
    #[expect(clippy::disallowed_methods, reason = "a shell may read files")]
    pub fn read(&self, folder: &Path) -> Result<bool, Error> {
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).map_err(|error| Error::File(path, error))
        };
        self.set(&read("tls.crt")?, &read("tls.key")?)
    }

    /// When it ends, if there is one.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).until
    }

    /// Whether there is any.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).key.is_some()
    }
}

/// Says nothing of the key.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("is_there", &self.is_there()).finish()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).key.clone()
    }
}

/// TLS 1.2 and 1.3, with whatever certificate is shown at the time.
///
/// # Errors
/// Never, with the protocols and the provider that are built in.
pub fn config(certificate: Arc<Certificate>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
