//! Private keys, written as text.

use super::base64::{self, Decoded};
use super::bytes::{Seen, contains, steps};
use super::issuer::run;
use super::kind::CredentialKind;

/// How a block in PEM starts ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468#section-2)); `OpenSSH` and PGP
/// ([RFC 9580](https://www.rfc-editor.org/rfc/rfc9580#section-6.2)) do the same.
const BEGIN: &str = "-----BEGIN ";

/// The longest label, `ENCRYPTED PRIVATE KEY` among them, with the hyphens that end it.
const LONGEST_LABEL: usize = 48;

/// How many digits of base64 a body has at least: less is an ellipsis.
const SHORTEST_BODY: usize = 24;

/// What may stand between the label and the body: headers of old PEM and PGP are taken as a body, too.
const GAP: usize = 8;

/// Whether a block of PEM begins in a text.
pub(super) fn begins(text: &str, seen: Seen) -> bool {
    if !(seen.any(Seen::HYPHEN) && seen.any(Seen::BLANK) && text.len() > BEGIN.len()) {
        return false;
    }
    steps::take(text.len() / 5);
    // Of five hyphens one is at every fifth byte, whatever stands before them.
    text.bytes().skip(4).step_by(5).any(|byte| byte == b'-') && text.contains(BEGIN)
}

/// A private key somewhere in a text.
pub(super) fn spot(text: &str) -> Option<CredentialKind> {
    let mut rest = text;
    let mut blocks = 0;
    while let Some((_, after)) = rest.split_once(BEGIN) {
        if is_private(after.as_bytes()) {
            let of_google = contains(text.as_bytes(), b"service_account");
            let kind = CredentialKind::PrivateKey;
            return Some(if of_google { CredentialKind::GcpServiceAccountKey } else { kind });
        }
        blocks += 1;
        rest = if blocks < 64 { after } else { "" };
    }
    None
}

/// Whether this is the rest of the first line of a private key, and a body follows.
fn is_private(after: &[u8]) -> bool {
    let label_and_rest = after.get(..LONGEST_LABEL).unwrap_or(after);
    let Some(end) = label_and_rest.windows(5).position(|window| window == b"-----") else { return false };
    let label = label_and_rest.get(..end).unwrap_or_default();
    if !label.ends_with(b"PRIVATE KEY") && label != b"PGP PRIVATE KEY BLOCK" {
        return false;
    }
    let body = after.get(end + 5..).unwrap_or_default();
    // A line break is written as `\n` in JSON, and indented in YAML.
    let is_gap = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'\\' | b'n' | b'r' | b'"');
    let indent = body.iter().take(64).take_while(|byte| byte.is_ascii_whitespace()).count();
    let body = body.get(indent..).unwrap_or_default();
    let skipped = body.iter().take(GAP).take_while(|byte| is_gap(byte)).count();
    let body = body.get(skipped..).unwrap_or_default();
    let has_header =
        [&b"Proc-Type:"[..], b"Version:", b"Comment:"].iter().any(|start| body.starts_with(start));
    has_header || run(body, base64::is_digit) >= SHORTEST_BODY
}

/// What stands in base64 where these bytes start: a private key, or a key file.
pub(super) fn spot_encoded(rest: &[u8]) -> Option<CredentialKind> {
    // `-----BEGIN `, and `{` with a quote or a line break.
    if !(rest.starts_with(b"LS0tLS1CRUdJTi") || rest.starts_with(b"eyJ") || rest.starts_with(b"ewo")) {
        return None;
    }
    let decoded = Decoded::of(rest);
    let text = decoded.bytes();
    if let Some(after) = text.strip_prefix(BEGIN.as_bytes()) {
        return is_private(after).then_some(CredentialKind::PrivateKey);
    }
    if contains(text, b"\"service_account\"") {
        return Some(CredentialKind::GcpServiceAccountKey);
    }
    (text.starts_with(b"{\"auths\"") && contains(text, b"\"auth\"")).then_some(CredentialKind::BasicAuth)
}

/// Other formats of private keys, which need no search: the start of `PuTTY`'s, and a JSON Web Key
/// ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)) with its private part.
pub(super) fn spot_other(text: &str) -> Option<CredentialKind> {
    let putty = text.starts_with("PuTTY-User-Key-File-") && text.contains("Private-Lines:");
    let is_json = text.starts_with(['{', '[']);
    let private_part = || {
        let (_, part) = text.split_once("\"d\"")?;
        let part = part.trim_start_matches([' ', ':']).strip_prefix('"')?;
        (run(part.as_bytes(), base64::is_digit) >= SHORTEST_BODY).then_some(())
    };
    let web_key = is_json && text.contains("\"kty\"") && private_part().is_some();
    (putty || web_key).then_some(CredentialKind::PrivateKey)
}
