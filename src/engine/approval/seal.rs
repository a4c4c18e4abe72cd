//! SSH signatures in the form SSHSIG, and the keys that make them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, PublicKey, SshSig};

/// What signatures are made for: the namespace of SSHSIG, so that one made for anything else is none.
pub const NAMESPACE: &str = "stanchion.dev/riskexception";

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
/// Characters of a line between the two.
const COLUMNS: usize = 70;
/// Characters of a signature: the schema allows no more.
const LARGEST_SIGNATURE: usize = 8192;
/// Characters of a public key.
const LARGEST_KEY: usize = 4096;
/// The sizes of RSA keys that are taken, in bits: smaller ones can be broken, and larger ones take long to check.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
/// The bit of a security key's signature that says that somebody touched it.
const TOUCHED: u8 = 1;
/// Where the byte with that bit stands, counted from the end.
const FLAGS: usize = 5;

/// A public key, by its fingerprint: the SHA-256 that `ssh-keygen -l` shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId([u8; 32]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", STANDARD_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl KeyId {
    /// The fingerprint of a key.
    #[must_use]
    pub fn of(key: &KeyData) -> Self {
        let digest = key.fingerprint(HashAlg::Sha256);
        Self(digest.sha256().unwrap_or_default())
    }
}

/// Why a key or a signature is not taken. Reads on after "because".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It isn't there, or in no form that is known.
    #[error(
        "its signature is no SSHSIG that can be read, or of an algorithm that isn't taken, such as RSA with SHA-1"
    )]
    Unreadable,
    /// It was made for something else.
    #[error("its signature was made for `{0}`, and not for `{NAMESPACE}`")]
    Namespace(String),
    /// Its algorithm isn't taken.
    #[error("its key is of an algorithm that isn't taken: {0}")]
    Algorithm(String),
    /// Nobody touched the security key.
    #[error("nobody touched the security key that signed")]
    Untouched,
    /// It is over something else.
    #[error(
        "it was signed over something else: the exception was changed afterwards, or it is another one's"
    )]
    Altered,
}

/// The key that made a signature over exactly this content.
///
/// # Errors
/// Why nobody did.
pub fn verify(armoured: &str, content: &[u8]) -> Result<KeyId, Refused> {
    let signature = read(armoured).ok_or(Refused::Unreadable)?;
    check(signature.public_key())?;
    if signature.namespace() != NAMESPACE {
        return Err(Refused::Namespace(signature.namespace().chars().take(64).collect()));
    }
    let key = signature.public_key().algorithm();
    let made = signature.algorithm();
    let fits = match (&key, &made) {
        (Algorithm::Rsa { .. }, Algorithm::Rsa { hash }) => hash.is_some(),
        _ => key == made,
    };
    if !fits {
        return Err(Refused::Algorithm(made.to_string()));
    }
    if matches!(key, Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256) {
        let bytes = signature.signature_bytes();
        let flags = bytes.len().checked_sub(FLAGS).and_then(|place| bytes.get(place));
        if flags.is_none_or(|flags| flags & TOUCHED == 0) {
            return Err(Refused::Untouched);
        }
    }
    let public = PublicKey::from(signature.public_key().clone());
    public.verify(NAMESPACE, content, &signature).map_err(|_| Refused::Altered)?;
    Ok(KeyId::of(signature.public_key()))
}

/// A signature without its armour, however its lines were broken: YAML folds them.
fn read(armoured: &str) -> Option<SshSig> {
    if armoured.len() > LARGEST_SIGNATURE {
        return None;
    }
    let inner = armoured.trim().strip_prefix(BEGIN)?;
    let inner = inner.strip_suffix(END)?;
    let digits: Vec<char> = inner.chars().filter(|it| !it.is_ascii_whitespace()).collect();
    let lines: Vec<String> = digits.chunks(COLUMNS).map(|line| line.iter().collect()).collect();
    SshSig::from_pem(format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"))).ok()
}

/// A public key as it stands in `~/.ssh/id_ed25519.pub`.
///
/// # Errors
/// Why it can't be used, and what to do.
pub fn read_key(text: &str) -> Result<KeyId, String> {
    let key = if text.len() > LARGEST_KEY { None } else { PublicKey::from_openssh(text).ok() };
    let key =
        key.ok_or("it is no public key that can be read: copy the line of the file that ends in .pub")?;
    check(key.key_data()).map_err(|refused| match refused {
        Refused::Algorithm(what) => format!("{what} isn't taken: give an Ed25519 key"),
        other => other.to_string(),
    })?;
    Ok(KeyId::of(key.key_data()))
}

/// Whether anything that a key signs is taken.
fn check(key: &KeyData) -> Result<(), Refused> {
    match key {
        KeyData::Ed25519(_) | KeyData::Ecdsa(_) | KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_) => {
            Ok(())
        }
        KeyData::Rsa(rsa) => {
            let bits = rsa.n.as_positive_bytes().map_or(0, |bytes| {
                let zeros = bytes.first().map_or(0, |first| first.leading_zeros());
                (bytes.len() * 8).saturating_sub(usize::try_from(zeros).unwrap_or_default())
            });
            if RSA_BITS.contains(&bits) {
                return Ok(());
            }
            let (least, most) = (RSA_BITS.start(), RSA_BITS.end());
            Err(Refused::Algorithm(format!("RSA of {bits} bits, where {least} to {most} are")))
        }
        other => Err(Refused::Algorithm(other.algorithm().to_string().chars().take(64).collect())),
    }
}
