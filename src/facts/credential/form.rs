//! Values that are credentials by their form alone, whatever their name.

use super::base64::{self, Decoded};
use super::bytes::{Seen, contains, starts_with};
use super::issuer::{self, Start, distinct, is_made_up, run};
use super::kind::CredentialKind;
use super::randomness::is_random;
use super::written::is_written_out;
use super::{address, private_key};

/// The shortest form there is but for an address: an access key id of AWS.
pub(super) const SHORTEST: usize = 20;

/// The shortest value with a key of Azure.
const SHORTEST_OF_AZURE: usize = 56;

/// What a value has the form of, somewhere in it.
pub(super) fn spot(value: &str, seen: Seen) -> Option<CredentialKind> {
    if value.len() >= SHORTEST && !seen.only(Seen::LOWER | Seen::HYPHEN | Seen::DOT | Seen::SLASH) {
        if let Some(kind) = spot_key(value, seen).or_else(|| spot_token(value, seen)) {
            return Some(kind);
        }
        if let Some(kind) = spot_azure(value, seen) {
            return Some(kind);
        }
    }
    address::spot(value, seen)
}

/// Keys of many lines, and those in JSON.
fn spot_key(value: &str, seen: Seen) -> Option<CredentialKind> {
    let block = if private_key::begins(value, seen) { private_key::spot(value) } else { None };
    block.or_else(|| if seen.any(Seen::COLON) { private_key::spot_other(value) } else { None })
}

/// Tokens with a prefix, wherever a word starts.
fn spot_token(value: &str, seen: Seen) -> Option<CredentialKind> {
    let bytes = value.as_bytes();
    let (mut last, mut before_last) = (b' ', b' ');
    let mut skip_to = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        // What follows `\n` in a string of JSON starts a word.
        let escaped = before_last == b'\\' && matches!(last, b'n' | b'r' | b't');
        let starts_word = escaped || !(last.is_ascii_alphanumeric() || last == b'_');
        (last, before_last) = (byte, last);
        if !starts_word || at < skip_to {
            continue;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        match start(rest, seen) {
            Start::Credential(kind) => return Some(kind),
            Start::Skip(more) => skip_to = at + more,
        }
    }
    None
}

/// What starts with a word.
fn start(rest: &[u8], seen: Seen) -> Start {
    let first = rest.first().copied().unwrap_or_default();
    let found = match first {
        b'e' => jwt(rest),
        b'L' => private_key::spot_encoded(rest),
        b'B' | b'b' if seen.any(Seen::BLANK) => header(rest),
        b's' => old_openai_key(rest),
        b'1'..=b'9' if seen.any(Seen::COLON) => telegram_token(rest),
        _ => None,
    };
    if let Some(kind) = found {
        return Start::Credential(kind);
    }
    if rest.starts_with(b"ey") || rest.starts_with(b"ewo") || rest.starts_with(b"LS0") {
        // Base64 of something else: nothing starts before its end.
        return Start::Skip(run(rest, base64::is_digit));
    }
    issuer::start(rest)
}

/// A signed token ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519), [RFC 7515](https://www.rfc-editor.org/rfc/rfc7515)):
/// two objects of JSON and a signature; or something else that is base64 of JSON.
fn jwt(rest: &[u8]) -> Option<CredentialKind> {
    if !rest.starts_with(b"ey") && !rest.starts_with(b"ewo") {
        return None;
    }
    let header = run(rest, base64::is_digit);
    let part = |from: usize| rest.get(from..)?.strip_prefix(b".");
    let signed = || {
        let claims = part(header).filter(|claims| claims.starts_with(b"ey"))?;
        let length = run(claims, base64::is_digit);
        let signature = claims.get(length..)?.strip_prefix(b".")?;
        let signature = signature.get(..run(signature, base64::is_digit))?;
        (header >= 12 && length >= 8 && signature.len() >= 20 && !is_made_up(signature))
            .then_some(CredentialKind::Jwt)
    };
    signed().or_else(|| private_key::spot_encoded(rest))
}

/// `Basic` ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)) and `Bearer`
/// ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)), as in the header `Authorization`.
fn header(rest: &[u8]) -> Option<CredentialKind> {
    if starts_with(rest, b"basic ") {
        let encoded = rest.get(6..)?;
        let encoded = encoded.get(..run(encoded, |byte| base64::is_digit(byte) || byte == b'='))?;
        return is_user_and_password(encoded).then_some(CredentialKind::BasicAuth);
    }
    if starts_with(rest, b"bearer ") {
        let token = rest.get(7..)?;
        let token =
            token.get(..run(token, |byte| base64::is_digit(byte) || matches!(byte, b'.' | b'~' | b'=')))?;
        // A JSON Web Token is found as one.
        let is_token = !token.starts_with(b"ey")
            && token.len() >= 16
            && distinct(token) >= 8
            && !is_made_up(token)
            && is_random(token);
        return is_token.then_some(CredentialKind::BearerToken);
    }
    None
}

/// Whether these bytes are base64 of `user:password`.
pub(super) fn is_user_and_password(encoded: &[u8]) -> bool {
    let padding = encoded.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let digits = encoded.len() - padding;
    let is_base64 = encoded.len() >= 8
        && encoded.iter().take(digits).all(|byte| base64::is_digit(*byte))
        && (padding == 0 || encoded.len().is_multiple_of(4));
    if !is_base64 || encoded.len() > 2 * base64::DECODED {
        return false;
    }
    let decoded = Decoded::of(encoded);
    decoded.text().is_some_and(|text| {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let parts = text.split_once(':').filter(|(user, password)| !user.is_empty() && password.len() > 2);
        printable && parts.is_some_and(|(_, password)| is_written_out(password))
    })
}

/// A key of `OpenAI` from before their keys had a word after `sk-`: all have the same eight letters in the middle.
fn old_openai_key(rest: &[u8]) -> Option<CredentialKind> {
    let body = rest.strip_prefix(b"sk-")?;
    let body = body.get(..run(body, |byte| byte.is_ascii_alphanumeric()))?;
    (body.len() >= 40 && contains(body, b"T3BlbkFJ") && !is_made_up(body))
        .then_some(CredentialKind::AiServiceKey)
}

/// A bot's token of [Telegram](https://core.telegram.org/bots/api#authorizing-your-bot): its number and 35 characters.
fn telegram_token(rest: &[u8]) -> Option<CredentialKind> {
    let digits = run(rest.get(..12).unwrap_or(rest), |byte| byte.is_ascii_digit());
    let secret = rest.get(digits..)?.strip_prefix(b":AA")?;
    let length = run(secret, |byte| base64::is_digit(byte) && !matches!(byte, b'+' | b'/'));
    let secret = secret.get(..length)?;
    (digits >= 8 && length == 33 && !is_made_up(secret)).then_some(CredentialKind::ServiceToken)
}

/// Keys of Azure in a [connection string][string], and [shared access signatures][signature].
///
/// [signature]: https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas
/// [string]: https://learn.microsoft.com/en-us/azure/storage/common/storage-configure-connection-string
fn spot_azure(value: &str, seen: Seen) -> Option<CredentialKind> {
    if !seen.any(Seen::EQUALS) || value.len() < SHORTEST_OF_AZURE {
        return None;
    }
    let has_key = |name: &str, least: usize| {
        let (_, key) = value.split_once(name)?;
        let key = key.as_bytes();
        let key = key.get(..run(key, |byte| base64::is_digit(byte) || byte == b'%'))?;
        (key.len() >= least && !is_made_up(key)).then_some(())
    };
    if has_key("AccountKey=", 80).is_some() {
        return Some(CredentialKind::AzureStorageKey);
    }
    let is_signed = || value.contains("sv=20") && has_key("sig=", 40).is_some();
    (has_key("SharedAccessKey=", 40).is_some() || is_signed()).then_some(CredentialKind::AzureSharedAccessKey)
}
