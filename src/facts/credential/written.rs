//! Whether a value is written out: the thing itself, and not a template, a reference, a placeholder or a hash.

use super::bytes::{contains, starts_with, steps};
use super::issuer::distinct;
use super::randomness::is_wordy;

/// Whether a password is written out: no template, no reference, no placeholder, no hash, nothing encrypted.
pub(super) fn is_written_out(value: &str) -> bool {
    !(is_template(value)
        || is_reference(value)
        || is_hash(value)
        || is_placeholder(value)
        || is_keyword(value))
}

/// Something that is filled in later.
fn is_template(value: &str) -> bool {
    let bytes = value.as_bytes();
    let first = bytes.first().copied().unwrap_or_default();
    // `$VAR` and `$secret:key`, but not `$3cr3t`.
    let whole_identifier = |rest: &[u8]| {
        let digit_inside =
            rest.windows(2).any(|two| two.is_sorted_by(|a, b| a.is_ascii_digit() && b.is_ascii_lowercase()));
        rest.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
            && rest.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-/[]".contains(byte))
            && !digit_inside
    };
    let rest = bytes.get(1..).unwrap_or_default();
    let by_start = match first {
        b'$' => whole_identifier(rest) || rest.iter().all(u8::is_ascii_digit) || rest.starts_with(b"__"),
        b'<' => value.ends_with('>'),
        b'[' => value.ends_with(']'),
        b'{' | b'(' | b'`' => true,
        b'@' => rest.ends_with(b"@"),
        b'_' => value.starts_with("__") && value.ends_with("__"),
        b'%' => value.ends_with('%') || rest.len() == 1 || rest.starts_with(b"(") || rest.starts_with(b"{"),
        b'*' | b'&' | b':' => is_wordy(value.get(1..).unwrap_or_default()),
        b'.' => rest.starts_with(b"*") || rest.starts_with(b".") || rest.starts_with(b"/"),
        b'-' => value.starts_with("-----BEGIN"),
        _ => false,
    };
    let marks = ["${", "$(", "{{", "}}", "<%", "#{", "%(", ".*"];
    by_start || (has_mark(bytes) && marks.iter().any(|mark| value.contains(mark)))
}

fn has_mark(bytes: &[u8]) -> bool {
    steps::take(bytes.len());
    bytes.iter().any(|byte| matches!(byte, b'{' | b'(' | b'%' | b'*' | b'}'))
}

/// A place where the value is kept, or the value encrypted.
fn is_reference(value: &str) -> bool {
    const SCHEMES: [&str; 25] = [
        "vault",
        "ref+vault",
        "secret",
        "secrets",
        "secretref",
        "env",
        "file",
        "ssm",
        "awssm",
        "awsssm",
        "aws_sm",
        "arn",
        "sm",
        "gsm",
        "gcpsm",
        "gcp",
        "azkv",
        "akv",
        "keyvault",
        "k8s",
        "data",
        "urn",
        "sops",
        "op",
        "keystore",
    ];
    const LONG_SCHEMES: [&str; 3] = ["azurekeyvault", "kubernetes", "classpath"];
    if starts_with(value.as_bytes(), b"enc[") || starts_with(value.as_bytes(), b"enc(") {
        return true;
    }
    value.contains("://")
        || value.split_once(':').is_some_and(|(scheme, _)| {
            scheme.len() < 16 && (is_one_of(scheme, &SCHEMES) || is_one_of(scheme, &LONG_SCHEMES))
        })
        || (value.starts_with("projects/") && value.contains("/secrets/"))
}

/// What a server compares a password with: crypt's `$2b$…`, LDAP's `{SSHA}…`, SCRAM, digests.
fn is_hash(value: &str) -> bool {
    const PREFIXES: [&str; 12] = [
        "sha1:",
        "sha256:",
        "sha384:",
        "sha512:",
        "sha256-",
        "sha384-",
        "sha512-",
        "md5:",
        "SCRAM-SHA-",
        "pbkdf2",
        "scrypt:",
        "argon2",
    ];
    let crypt = || {
        let (scheme, _) = value.strip_prefix('$')?.split_once('$')?;
        (!scheme.is_empty() && scheme.len() < 16).then_some(())
    };
    let of_postgres = || {
        let digits = value.strip_prefix("md5")?;
        (digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(())
    };
    let of_image = value.contains("@sha256:");
    of_image
        || crypt().is_some()
        || PREFIXES.iter().any(|prefix| value.starts_with(prefix))
        || of_postgres().is_some()
}

/// Words that stand where a value should.
fn is_placeholder(value: &str) -> bool {
    const FIRST: [&str; 15] = [
        "replace", "your", "insert", "enter", "put", "add", "fill", "provide", "todo", "fixme", "tbd",
        "dummy", "fake", "sample", "redacted",
    ];
    const ANYWHERE: [&[u8]; 8] =
        [b"example", b"placeholder", b"redacted", b"replaceme", b"replace_", b"replace-", b"xxxx", b"..."];
    let bytes = value.as_bytes();
    let start = bytes.get(..128).unwrap_or(bytes);
    let different = distinct(start);
    if different == 1 || (different == 2 && start.iter().all(|byte| b"xX*.-_#".contains(byte))) {
        return true;
    }
    let first = value.split(['-', '_', '.', ' ']).next().unwrap_or_default();
    (first.len() < value.len() && is_one_of(first, &FIRST))
        || shouts(start)
        // `your-password-here`, `YourPassword`; but there are servers that are started with `yourStrong1!`.
        || (contains(start, b"your") && !start.iter().any(u8::is_ascii_digit))
        || ANYWHERE.iter().any(|word| contains(start, word))
}

/// The name of a variable, `DB_PASSWORD`, and what asks to be changed, `CHANGE_ME`: in upper case, since `changeme`
/// is what many a server is started with.
fn shouts(value: &[u8]) -> bool {
    let in_upper_case = !value.iter().any(u8::is_ascii_lowercase) && value.iter().any(u8::is_ascii_uppercase);
    let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    let digits = || value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_variable = || value.contains(&b'_') && value.iter().all(is_part) && digits() * 4 < value.len();
    in_upper_case && (contains(value, b"change") || contains(value, b"insert") || is_variable())
}

/// Values that choose, or say that there is none.
const KEYWORDS: [&str; 64] = [
    "true", "false", "yes", "no", "on", "off", "enabled", "disabled", "enable", "disable", "none", "null",
    "nil", "unset", "empty", "default", "optional", "required", "auto", "always", "never", "any", "all",
    "basic", "digest", "bearer", "jwt", "oauth", "oauth2", "oidc", "opaque", "string", "str", "int",
    "integer", "bool", "boolean", "text", "object", "array", "number", "plain", "md5", "sha1", "sha256",
    "sha512", "bcrypt", "pbkdf2", "hs256", "hs512", "rs256", "es256", "aes", "rsa", "header", "cookie",
    "query", "todo", "redacted", "dummy", "fake", "sample", "files", "tbd",
];
/// Longer ones.
const LONG_KEYWORDS: [&str; 5] = ["undefined", "generated", "aes-256-gcm", "scram-sha-256", "scram-sha-512"];

fn is_keyword(value: &str) -> bool {
    is_one_of(value, &KEYWORDS) || is_one_of(value, &LONG_KEYWORDS)
}

/// Whether a value is one of these words, upper and lower case alike.
fn is_one_of(value: &str, words: &[&str]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(value))
}
