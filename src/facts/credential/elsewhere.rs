//! Things that are not secret, whatever their name says: paths, hosts, classes, numbers, public keys.

use super::bytes::Seen;
use super::randomness::{is_random, is_wordy};

/// A path, a host, a class, an address of mail, a number, a duration, a public key: things that are not secret.
pub(super) fn is_elsewhere(value: &str, seen: Seen) -> bool {
    is_number(value)
        || (seen.any(Seen::SLASH) && is_path(value))
        || (seen.any(Seen::DOT) && is_dotted(value, seen))
        || {
            let public = ["AAAAB3NzaC1", "AAAAC3NzaC1", "AAAAE2VjZHNh", "LS0tLS1CRUdJTi", "ssh-", "age1"];
            public.iter().any(|start| value.starts_with(start)) || is_host_and_port(value, seen)
        }
}

/// A number, a duration or a version: `4096`, `3.14`, `1h30m`, `10Gi`, `25%`, `^7.1.3`.
fn is_number(value: &str) -> bool {
    const UNITS: [&str; 22] = [
        "", "ms", "s", "m", "h", "d", "w", "y", "k", "g", "t", "ki", "mi", "gi", "ti", "kb", "mb", "gb", "b",
        "%", "sec", "min",
    ];
    let mut rest = value.strip_prefix(['-', '+', '^', '~', 'v']).unwrap_or(value);
    if !rest.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    for _ in 0..4 {
        rest = rest.trim_start_matches(|byte: char| byte.is_ascii_digit() || ".,_".contains(byte));
        let unit_end = rest.find(|byte: char| byte.is_ascii_digit()).unwrap_or(rest.len());
        let Some((unit, after)) = rest.split_at_checked(unit_end) else { return false };
        if !UNITS.iter().any(|known| unit.eq_ignore_ascii_case(known)) {
            return false;
        }
        rest = after;
        if rest.is_empty() {
            return true;
        }
    }
    false
}

/// A path of files, of an API or of images.
fn is_path(value: &str) -> bool {
    let absolute = value.starts_with('/') && (value.contains('.') || !is_random(value.as_bytes()));
    absolute
        || ["./", "../", "~/"].iter().any(|start| value.starts_with(start))
        || value
            .split('/')
            .all(|part| is_wordy(part) || part.contains(['.', ':']) && !is_random(part.as_bytes()))
}

/// A host, the name of a file, a class, an address of mail.
fn is_dotted(value: &str, seen: Seen) -> bool {
    const ENDINGS: [&str; 24] = [
        "pem",
        "key",
        "crt",
        "cert",
        "cer",
        "json",
        "yaml",
        "yml",
        "txt",
        "conf",
        "cfg",
        "jks",
        "p12",
        "pfx",
        "keystore",
        "env",
        "properties",
        "xml",
        "ini",
        "toml",
        "pub",
        "asc",
        "gpg",
        "jwt",
    ];
    let Some((before, ending)) = value.rsplit_once('.') else { return false };
    if ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)) {
        return true;
    }
    if !seen.only(
        Seen::WORD | Seen::DOT | Seen::HYPHEN | Seen::UNDERSCORE | Seen::COLON | Seen::AT | Seen::BRACKET,
    ) {
        return false;
    }
    let ending = ending.split(':').next().unwrap_or_default();
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && !is_random(part.as_bytes())
    };
    let is_domain = !seen.any(Seen::UPPER) && (2..=12).contains(&ending.len()) && !ending.contains('-');
    let mut parts = before.split(['.', '@']);
    is_part(ending) && (is_domain || before.contains('.')) && parts.all(is_part)
}

/// `redis:6379`.
fn is_host_and_port(value: &str, seen: Seen) -> bool {
    seen.any(Seen::COLON)
        && value.rsplit_once(':').is_some_and(|(host, port)| {
            (2..=5).contains(&port.len())
                && port.bytes().all(|byte| byte.is_ascii_digit())
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        })
}
