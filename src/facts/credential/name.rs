//! What a name says of its value.
//!
//! Names are read as English is: the last word is what the thing is, the words before it say of what sort. The value
//! of `DB_PASSWORD` is a password, that of `PASSWORD_FILE` a file.

use super::bytes;
use super::bytes::steps;

/// The longest name that is read; of a longer one, its end.
const LONGEST: usize = 128;

/// The longest word that is read; of a longer one, its end.
const LONGEST_WORD: usize = 24;

/// What the value is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Says {
    /// Nothing of a credential.
    #[default]
    Nothing,
    /// A password.
    Password,
    /// A secret: the thing itself, or in Kubernetes the name of one.
    Secret,
    /// A token.
    Token,
    /// A key, of a lock or of a table.
    Key,
    /// A user and a password together.
    Login,
    /// Something that has to do with a credential.
    Hint,
}

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cloud {
    /// A secret access key of AWS.
    Aws,
    /// Something of Azure, or of a storage account.
    Azure,
}

/// A name, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Name {
    pub(super) says: Says,
    /// The words before it leave no doubt: `API_KEY`, `CLIENT_SECRET`, `ACCESS_TOKEN`.
    pub(super) strong: bool,
    /// It is that one word: `SECRET`.
    pub(super) bare: bool,
    /// It is written as environment variables are: `CLIENT_SECRET`.
    pub(super) screams: bool,
    pub(super) cloud: Option<Cloud>,
}

/// What a word is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Word {
    /// Ends what is said: the value is that thing.
    Is(Says),
    /// A word such as `apikey`, that leaves no doubt.
    Surely(Says),
    /// Says of what sort a secret, a token or a key is.
    Sort(Sort),
    /// Changes nothing after a password: `DB_PASSWORD_PROD`, `SECRET_KEY_BASE`.
    Suffix,
    /// Whatever else is said, the value is no credential: `PUBLIC_KEY`, `PASSWORD_HASH`, `checksum/secret`.
    Harmless,
    /// Before a token: it is of one request, `NEXT_TOKEN`, `clientRequestToken`.
    Fleeting,
    /// At the end: it only points to something, `KEY_ID`, `SECRET_NAME`, `TOKEN_FILE`.
    Pointer,
    /// Any other.
    #[default]
    Other,
}

/// Of which things a word before them leaves no doubt that they are credentials: the secret of a `client` is one, the
/// key of a client need not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sort {
    secret: bool,
    token: bool,
    key: bool,
}

impl Name {
    pub(super) fn read(name: &str) -> Self {
        let name = bytes::end(name, LONGEST).as_bytes();
        steps::take(name.len());
        if !may_say(name) {
            return Self::default();
        }
        let mut reading = Reading::default();
        for word in words(name) {
            reading.take(word);
        }
        let screams = name.iter().any(u8::is_ascii_uppercase) && !name.iter().any(u8::is_ascii_lowercase);
        reading.finish(screams)
    }
}

/// What the words so far say.
#[derive(Default)]
struct Reading {
    head: Says,
    strong: bool,
    /// What the words before have said of what follows.
    sort: Sort,
    /// A secret was said, and its key may follow.
    of_secret: bool,
    /// Whether any word was of a credential.
    mentioned: bool,
    last: Word,
    cloud: Option<Cloud>,
    words: usize,
}

impl Reading {
    fn take(&mut self, word: &[u8]) {
        let mut lowered = [0; LONGEST_WORD];
        let skipped = word.len().saturating_sub(LONGEST_WORD);
        let word = word.get(skipped..).unwrap_or_default();
        for (slot, byte) in lowered.iter_mut().zip(word) {
            *slot = byte.to_ascii_lowercase();
        }
        let lowered = lowered.get(..word.len()).unwrap_or_default();
        let digits = lowered.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let word = lowered.get(..lowered.len() - digits).unwrap_or_default();
        if word.is_empty() || self.last == Word::Harmless {
            return;
        }
        self.words += 1;
        self.cloud = match word {
            b"aws" => Some(Cloud::Aws),
            // `secretAccessKey`, as everything that speaks S3 calls it.
            b"access" if self.of_secret => Some(Cloud::Aws),
            b"azure" | b"storage" | b"account" | b"blob" | b"cosmos" | b"cosmosdb" => Some(Cloud::Azure),
            _ => self.cloud,
        };
        let last = std::mem::replace(&mut self.last, classify(word));
        match self.last {
            Word::Is(Says::Token) if last == Word::Fleeting => self.head = Says::Nothing,
            Word::Is(says) => self.is(says, false),
            Word::Surely(says) => self.is(says, true),
            Word::Sort(sort) => {
                self.sort = sort;
                self.head = Says::Nothing;
            }
            Word::Suffix | Word::Harmless => {}
            Word::Fleeting | Word::Pointer | Word::Other => {
                (self.sort, self.of_secret) = (Sort::default(), false);
                self.head = Says::Nothing;
            }
        }
    }

    fn is(&mut self, says: Says, surely: bool) {
        // The key of a secret is a key, and a strong one: `SECRET_KEY`, `SECRET_ACCESS_KEY`.
        self.strong = surely
            || match says {
                Says::Secret => self.sort.secret,
                Says::Token => self.sort.token,
                Says::Key => self.sort.key || self.of_secret,
                _ => true,
            };
        // `passwordKey` and `tokenKey` name keys of maps.
        let of_map = says == Says::Key && self.mentioned && !self.of_secret && !surely;
        self.head = if of_map { Says::Hint } else { says };
        self.of_secret = says == Says::Secret;
        self.mentioned = true;
    }

    fn finish(self, screams: bool) -> Name {
        let says = match (self.last, self.head) {
            (Word::Harmless | Word::Pointer, _) => Says::Nothing,
            (_, Says::Nothing) if self.mentioned => Says::Hint,
            (_, head) => head,
        };
        // A variable that is called `SECRET`, `TOKEN`, and nothing more.
        let bare = self.words == 1 && matches!(says, Says::Secret | Says::Token);
        Name { says, strong: self.strong || (screams && bare), bare, screams, cloud: self.cloud }
    }
}

/// Whether a name can say anything at all: the start of each word that does.
fn may_say(name: &[u8]) -> bool {
    let stem = |three: &[u8]| {
        let &[a, b, c] = three else { return false };
        matches!(
            &[a | 0x20, b | 0x20, c | 0x20],
            b"pas" | b"pwd" | b"sec" | b"tok" | b"key" | b"cre" | b"aut" | b"sal"
        )
    };
    name.windows(3).any(stem) || name.windows(2).any(|two| two.eq_ignore_ascii_case(b"pw"))
}

/// The words of a name: `DB_PASSWORD`, `dbPassword`, `db-password`, `APIKey`.
fn words(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let start = rest.iter().position(u8::is_ascii_alphanumeric)?;
        rest = rest.get(start..)?;
        let mut end = 1;
        let mut previous = rest.first().copied()?;
        while let Some(&byte) = rest.get(end) {
            let next_is_lower = rest.get(end + 1).is_some_and(u8::is_ascii_lowercase);
            let starts_word = byte.is_ascii_uppercase()
                && (previous.is_ascii_lowercase()
                    || previous.is_ascii_digit()
                    || (previous.is_ascii_uppercase() && next_is_lower));
            if !byte.is_ascii_alphanumeric() || starts_word {
                break;
            }
            previous = byte;
            end += 1;
        }
        let (word, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(word)
    })
}

/// A word in lower case, without digits at its end.
fn classify(word: &[u8]) -> Word {
    let sort = |secret, token, key| Word::Sort(Sort { secret, token, key });
    match word {
        b"password" | b"passwd" | b"passphrase" | b"passcode" | b"pass" | b"pwd" | b"pw" | b"passwort"
        | b"masterauth" => Word::Is(Says::Password),
        b"secret" => Word::Is(Says::Secret),
        b"token" => Word::Is(Says::Token),
        b"key" | b"salt" => Word::Is(Says::Key),
        b"auth" | b"authorization" | b"credential" | b"credentials" | b"creds" | b"cred" | b"basicauth"
        | b"userpass" | b"htpasswd" => Word::Is(Says::Login),
        b"jwt" | b"client" | b"app" | b"cookie" | b"session" | b"hmac" | b"oauth" | b"webhook"
        | b"consumer" | b"nextauth" => sort(true, false, false),
        b"application" | b"csrf" | b"rpc" | b"django" | b"flask" | b"rails" | b"shared" => {
            sort(true, false, false)
        }
        b"access" => sort(true, true, false),
        b"api" => sort(true, true, true),
        b"private" | b"encryption" | b"encrypt" | b"signing" | b"master" => sort(true, false, true),
        b"bot" | b"bearer" | b"refresh" | b"vault" | b"admin" | b"root" | b"personal" | b"deploy"
        | b"runner" | b"registration" | b"join" | b"bootstrap" | b"github" | b"gitlab" | b"gh" | b"slack"
        | b"npm" | b"telegram" | b"discord" | b"sonar" => sort(false, true, false),
        b"value" | b"val" | b"default" | b"prod" | b"production" | b"dev" | b"staging" | b"stage"
        | b"local" | b"old" | b"new" | b"previous" | b"current" | b"primary" | b"secondary" | b"b"
        | b"base" | b"encoded" | b"plain" | b"plaintext" | b"cleartext" | b"text" | b"string" | b"raw"
        | b"data" => Word::Suffix,
        b"public" | b"publishable" | b"pub" | b"checksum" | b"hash" | b"hashed" | b"hashes" | b"sha"
        | b"digest" | b"md" | b"fingerprint" | b"thumbprint" | b"max" | b"min" | b"maximum" | b"minimum"
        | b"length" | b"forgot" | b"forgotten" | b"proxy" | b"fastcgi" | b"site" => Word::Harmless,
        b"next" | b"continuation" | b"request" | b"page" | b"pagination" | b"cursor" | b"output"
        | b"input" | b"action" | b"change" | b"purchase" | b"idempotency" | b"resume" | b"sync"
        | b"upload" => Word::Fleeting,
        b"id" | b"ids" | b"name" | b"names" | b"arn" | b"ref" | b"url" | b"uri" | b"version" | b"type"
        | b"path" | b"file" | b"files" | b"dir" | b"index" | b"prefix" | b"uuid" | b"selector" | b"label" => {
            Word::Pointer
        }
        _ => ending(word),
    }
}

/// A word that several others have grown into: `pgpassword`, `clientsecret`, `apikey`.
fn ending(word: &[u8]) -> Word {
    let ends = |end: &[u8]| word.len() > end.len() && word.ends_with(end);
    let harmless =
        [&b"bypass"[..], b"compass", b"trespass", b"encompass", b"overpass", b"underpass", b"oldpwd"];
    if harmless.contains(&word) {
        return Word::Other;
    }
    if [&b"password"[..], b"passwd", b"passphrase", b"pass", b"pwd", b"bindpw", b"rootpw", b"userpw", b"dbpw"]
        .into_iter()
        .any(|end| ends(end) || word == end)
    {
        return Word::Is(Says::Password);
    }
    let keys = [&b"apikey"[..], b"secretkey", b"privatekey", b"encryptionkey", b"signingkey", b"masterkey"];
    if keys.into_iter().any(|end| word.ends_with(end)) {
        return Word::Surely(Says::Key);
    }
    if [&b"accesskey"[..], b"authkey", b"accountkey", b"sharedkey"].into_iter().any(|end| word.ends_with(end))
    {
        return Word::Is(Says::Key);
    }
    if [&b"clientsecret"[..], b"jwtsecret", b"appsecret", b"sharedsecret"].contains(&word) {
        return Word::Surely(Says::Secret);
    }
    if [&b"accesstoken"[..], b"authtoken", b"apitoken", b"bottoken"].contains(&word) {
        return Word::Surely(Says::Token);
    }
    match () {
        () if ends(b"secret") => Word::Is(Says::Secret),
        () if ends(b"token") => Word::Is(Says::Token),
        () => Word::Other,
    }
}
