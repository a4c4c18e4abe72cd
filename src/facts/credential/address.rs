//! Addresses that hold a password, or are one.

use super::bytes::{self, Seen, steps};
use super::issuer::{distinct, is_made_up, run};
use super::kind::CredentialKind;
use super::written;

/// The longest authority that is looked at.
const LONGEST: usize = 1024;

/// The shortest password in an address.
const SHORTEST: usize = 3;

/// An address with user and password ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1)) somewhere in
/// a value. A password with a raw `/` in it ends the authority, for every other reader too.
pub(super) fn spot(value: &str, seen: Seen) -> Option<CredentialKind> {
    if !(seen.any(Seen::COLON) && seen.any(Seen::SLASH)) {
        return None;
    }
    let mut rest = value;
    while let Some((before, after)) = rest.split_once(':') {
        steps::take(before.len() + 1);
        rest = after;
        let Some(address) = after.strip_prefix("//") else { continue };
        if !before.ends_with(|last: char| last.is_ascii_alphanumeric()) {
            continue;
        }
        if seen.any(Seen::AT) && has_password(address) {
            return Some(CredentialKind::ConnectionString);
        }
        if is_webhook(address) {
            return Some(CredentialKind::WebhookAddress);
        }
    }
    None
}

fn has_password(rest: &str) -> bool {
    let rest = bytes::start(rest, LONGEST);
    let ends = |byte: u8| {
        matches!(byte, b'/' | b'?' | b'#' | b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b'<' | b'>' | b'`')
    };
    let length = run(rest.as_bytes(), |byte| !ends(byte));
    let authority = rest.get(..length).unwrap_or_default();
    let Some((user_info, host)) = authority.rsplit_once('@') else { return false };
    let Some((_, password)) = user_info.split_once(':') else { return false };
    password.len() >= SHORTEST && is_reachable(host) && written::is_written_out(password)
}

/// Not the host of an explanation, nor the digest of an image.
fn is_reachable(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    let explains =
        ["host", "hostname", "server", "sha256", "sha512"].iter().any(|word| name.eq_ignore_ascii_case(word));
    let starts = host.starts_with(|first: char| first.is_ascii_alphanumeric() || "[$({%".contains(first));
    starts && !(explains && (name.starts_with("sha") || host.ends_with(":port") || host == name))
}

/// Whether an address, its scheme taken off, is an incoming webhook: of
/// [Slack](https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks),
/// [Discord](https://discord.com/developers/docs/resources/webhook) or
/// [Teams](https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook).
fn is_webhook(rest: &str) -> bool {
    const SHORTEST: usize = 50;
    const PLACES: [(&str, usize); 6] = [
        ("hooks.slack.com/services/T", 30),
        ("hooks.slack.com/workflows/T", 30),
        ("hooks.slack.com/triggers/", 30),
        ("discord.com/api/webhooks/", 60),
        ("discordapp.com/api/webhooks/", 60),
        ("outlook.office.com/webhook/", 60),
    ];
    if rest.len() < SHORTEST {
        return false;
    }
    let is_secret = |secret: &str, least: usize| {
        let length = run(secret.as_bytes(), |byte| byte.is_ascii_alphanumeric() || b"/-_@".contains(&byte));
        let secret = secret.as_bytes().get(..length).unwrap_or_default();
        let last = secret.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        length >= least && distinct(last) > 5 && !is_made_up(secret)
    };
    let known = PLACES
        .iter()
        .any(|(place, least)| rest.strip_prefix(place).is_some_and(|secret| is_secret(secret, *least)));
    // Of Teams, the first label of the host is the tenant.
    let tenant = run(rest.as_bytes(), |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let of_teams = || rest.get(tenant..)?.strip_prefix(".webhook.office.com/webhookb2/");
    known || of_teams().is_some_and(|secret| is_secret(secret, 60))
}
