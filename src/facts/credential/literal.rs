//! Values that are credentials by their name, and because they are written out.

use super::bytes::Seen;
use super::elsewhere::is_elsewhere;
use super::form;
use super::issuer::distinct;
use super::kind::CredentialKind;
use super::name::{Cloud, Name, Says};
use super::randomness::{is_identifier, is_random, is_random_or_uuid, is_wordy};
use super::written::is_written_out;

/// Values longer than this are documents, not passwords.
const LONGEST: usize = 1024;

/// What a value is by its name, if it is written out.
pub(super) fn spot(name: Name, value: &str, seen: Seen) -> Option<CredentialKind> {
    let shortest = if name.says == Says::Password || name.screams { 3 } else { 4 };
    let in_question = name.says != Says::Nothing
        && (shortest..=LONGEST).contains(&value.len())
        && !seen.any(Seen::BLANK | Seen::BREAK)
        && (!seen.any(Seen::FOREIGN) || seen.any(Seen::DIGIT));
    if !in_question {
        return None;
    }
    if name.says == Says::Password && seen.only(Seen::DIGIT) {
        return (value.len() > 3 && distinct(value.as_bytes()) > 1).then_some(CredentialKind::Password);
    }
    if name.says == Says::Login {
        return login(value, seen);
    }
    if !is_written_out(value) || is_elsewhere(value, seen) {
        return None;
    }
    let random = is_random_or_uuid(value);
    if random && let Some(kind) = cloud_key(name, value) {
        return Some(kind);
    }
    let kind = if random { CredentialKind::HighEntropy } else { CredentialKind::Password };
    is_secret(name, value, seen, random).then_some(kind)
}

/// Whether a value that is written out is secret, by what its name says.
fn is_secret(name: Name, value: &str, seen: Seen, random: bool) -> bool {
    let is_name = is_wordy(value) || seen.only(Seen::LOWER | Seen::UPPER);
    // Objects of Kubernetes have names in lower case.
    let may_be_object = !seen.any(Seen::UPPER | Seen::UNDERSCORE) && seen.any(Seen::HYPHEN | Seen::DOT);
    match name.says {
        Says::Password => !is_label(value, seen),
        Says::Secret | Says::Token | Says::Key if name.strong => {
            random || !is_name || (name.screams && !(name.bare && may_be_object))
        }
        Says::Secret | Says::Token => {
            let is_plain = seen.only(Seen::WORD | Seen::HYPHEN | Seen::UNDERSCORE | Seen::DOT);
            let is_mixed = name.screams || (seen.any(Seen::UPPER) && seen.any(Seen::DIGIT));
            random || !(is_name || (is_plain && (may_be_object || !is_mixed)))
        }
        Says::Key | Says::Hint => random && value.len() >= 20 && !is_identifier(value, seen),
        Says::Login | Says::Nothing => false,
    }
}

/// A key of a cloud, by its name, alphabet and length: [40 characters][aws] at AWS, [64 bytes in base64][azure] at
/// Azure.
///
/// [aws]: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
/// [azure]: https://learn.microsoft.com/en-us/azure/storage/common/storage-account-keys-manage
fn cloud_key(name: Name, value: &str) -> Option<CredentialKind> {
    let is_base64 =
        |value: &str| value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    let of_aws = name.cloud == Some(Cloud::Aws)
        && matches!(name.says, Says::Secret | Says::Key)
        && value.len() == 40
        && is_base64(value)
        && !value.bytes().all(|byte| byte.is_ascii_hexdigit());
    if of_aws {
        return Some(CredentialKind::AwsSecretKey);
    }
    let of_azure = name.cloud == Some(Cloud::Azure)
        && name.says == Says::Key
        && value.len() == 88
        && value.strip_suffix("==").is_some_and(is_base64);
    of_azure.then_some(CredentialKind::AzureStorageKey)
}

/// `user:password`, that in base64, or something random.
fn login(value: &str, seen: Seen) -> Option<CredentialKind> {
    if form::is_user_and_password(value.as_bytes()) {
        return Some(CredentialKind::BasicAuth);
    }
    if !is_written_out(value) || is_elsewhere(value, seen) {
        return None;
    }
    // Neo4j has a form of its own.
    let of_neo4j = value.strip_prefix("neo4j/").map(|password| ("neo4j", password));
    if let Some((user, password)) = of_neo4j.or_else(|| value.split_once(':')) {
        return is_login(user, password).then_some(CredentialKind::BasicAuth);
    }
    let random = value.len() >= 20 && is_random(value.as_bytes()) && !is_identifier(value, seen);
    random.then_some(CredentialKind::HighEntropy)
}

fn is_login(user: &str, password: &str) -> bool {
    let is_user = (1..=64).contains(&user.len())
        && user.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._@+-".contains(&byte));
    // `role:viewer` is none.
    let is_known = || ["admin", "root", "user", "guest", "test", "neo4j", password].contains(&user);
    let is_password = password.len() > 2
        && !password.bytes().all(|byte| byte.is_ascii_digit())
        && !password.contains('/')
        && (!is_wordy(password) || is_known());
    is_user && is_password && is_written_out(password)
}

/// What a form shows beside a field: `Password`, `Passwort:`.
fn is_label(value: &str, seen: Seen) -> bool {
    let letters = value.trim_end_matches([':', '*']);
    seen.any(Seen::UPPER)
        && ["password", "passwort", "passphrase", "token", "secret"].iter().any(|word| {
            letters.eq_ignore_ascii_case(word)
                && letters.bytes().skip(1).all(|byte| byte.is_ascii_lowercase())
        })
}
