//! Who signs: a key in a file, or one that ssh-agent holds.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use ssh_agent_client_rs::{Client, Identity};
use ssh_key::private::{KeypairData, RsaKeypair};
use ssh_key::{Algorithm, HashAlg, LineEnding, Mpint, PrivateKey, PublicKey, Signature, SshSig};

use crate::cli::files;
use crate::engine::approval::NAMESPACE;
use crate::manifest::Limits;

/// Bytes of a key file: the largest RSA keys take a tenth of it.
const LARGEST: usize = 64 << 10;

/// A key that can sign.
pub(super) enum Signer {
    /// From a file.
    File(Box<PrivateKey>),
    /// In an agent that listens there.
    Agent(Box<PublicKey>, PathBuf),
}

impl Signer {
    /// The key of a file: a private key, or a public one that the agent has the private half of. For one with a passphrase,
    /// the agent is asked first, and then the person at the terminal.
    pub(super) fn open(file: &Path, agent: Option<&Path>) -> anyhow::Result<Self> {
        let name = file.display();
        let limits = Limits { file_bytes: LARGEST, ..Limits::default() };
        let bytes =
            files::content(file, &limits).map_err(|error| anyhow!("{name}: {}", files::in_words(&error)))?;
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        if let Ok(public) = PublicKey::from_openssh(text) {
            let agent = agent.with_context(|| {
                format!(
                    "{name} is a public key, and no agent is running that could have the private one: set \
                         SSH_AUTH_SOCK, or name the private key"
                )
            })?;
            if !holds(agent, &public)? {
                bail!("the agent at {} doesn't hold the key of {name}: `ssh-add` adds it", agent.display());
            }
            return Ok(Self::Agent(Box::new(public), agent.to_owned()));
        }
        let key = PrivateKey::from_openssh(text).map_err(|_| {
            anyhow!("{name} is no OpenSSH key: name one that `ssh-keygen` made (`ssh-keygen -p -f KEY` rewrites an older one), or its .pub file if an agent holds it: keys on P-521 may need one")
        })?;
        if !key.is_encrypted() {
            return Ok(Self::File(Box::new(key)));
        }
        if let Some(agent) = agent.filter(|agent| holds(agent, key.public_key()).unwrap_or(false)) {
            return Ok(Self::Agent(Box::new(key.public_key().clone()), agent.to_owned()));
        }
        if !std::io::stdin().is_terminal() {
            bail!(
                "{name} has a passphrase, and there is no terminal to ask for it: add the key to an agent with `ssh-add`"
            );
        }
        let passphrase = rpassword::prompt_password(format!("Passphrase of {name}: "))?;
        let key = key.decrypt(passphrase).map_err(|_| anyhow!("{name}: the passphrase is wrong"))?;
        Ok(Self::File(Box::new(key)))
    }

    /// Whose key it seems to be: its comment.
    pub(super) fn comment(&self) -> &str {
        match self {
            Self::File(key) => key.comment(),
            Self::Agent(key, _) => key.comment(),
        }
    }

    /// Its signature over something, armoured.
    pub(super) fn sign(&self, content: &[u8]) -> anyhow::Result<String> {
        let hash = HashAlg::Sha512;
        let signature = match self {
            Self::File(key) => {
                if let KeypairData::Rsa(pair) = key.key_data() {
                    let data = SshSig::signed_data(NAMESPACE, hash, content)?;
                    let made = sign_with_rsa(pair, &data)?;
                    let public = key.public_key().key_data().clone();
                    return Ok(SshSig::new(public, NAMESPACE, hash, made)?.to_pem(LineEnding::LF)?);
                }
                key.sign(NAMESPACE, hash, content).map_err(|error| {
                anyhow!(
                    "the key can't sign ({error}): add it to an agent with `ssh-add`, and name its .pub file"
                )
            })?
            }
            Self::Agent(key, socket) => {
                let data = SshSig::signed_data(NAMESPACE, hash, content)?;
                let made = connect(socket)?
                    .sign(Identity::from(&**key), &data)
                    .map_err(|error| anyhow!("the agent didn't sign: {error}"))?;
                SshSig::new(key.key_data().clone(), NAMESPACE, hash, made)?
            }
        };
        Ok(signature.to_pem(LineEnding::LF)?)
    }
}

/// RSA with SHA-512.
fn sign_with_rsa(pair: &RsaKeypair, data: &[u8]) -> anyhow::Result<Signature> {
    use rsa::signature::{SignatureEncoding as _, Signer as _};

    let number = |it: &Mpint| rsa::BigUint::try_from(it).map_err(|_| anyhow!("the key is damaged"));
    let (public, private) = (&pair.public, &pair.private);
    let primes = vec![number(&private.p)?, number(&private.q)?];
    let key = rsa::RsaPrivateKey::from_components(
        number(&public.n)?,
        number(&public.e)?,
        number(&private.d)?,
        primes,
    )?;
    let made = rsa::pkcs1v15::SigningKey::<sha2::Sha512>::new(key).try_sign(data)?;
    Ok(Signature::new(Algorithm::Rsa { hash: Some(HashAlg::Sha512) }, made.to_vec())?)
}

fn connect(socket: &Path) -> anyhow::Result<Client> {
    Client::connect(socket).map_err(|error| anyhow!("no agent answers at {}: {error}", socket.display()))
}

/// Whether an agent has the private half of a key.
fn holds(socket: &Path, key: &PublicKey) -> anyhow::Result<bool> {
    let identities = connect(socket)?
        .list_all_identities()
        .map_err(|error| anyhow!("the agent at {} lists no keys: {error}", socket.display()))?;
    Ok(identities
        .iter()
        .any(|it| matches!(it, Identity::PublicKey(known) if known.key_data() == key.key_data())))
}
