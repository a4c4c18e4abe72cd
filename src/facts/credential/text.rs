//! Texts of many lines: properties, INI, YAML, JSON, `.env` files, scripts, PEM.

use super::bytes::{self, Seen, steps};
use super::kind::CredentialKind;
use super::name::Name;
use super::{EXAMINED, MOST_SPOTS, form, literal, pairs, private_key, randomness, written};

/// A credential in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot<'a> {
    /// The line, from 1.
    pub line: u32,
    /// The key before the value, or nothing if there is none.
    pub key: &'a str,
    /// What it looks like.
    pub kind: CredentialKind,
}

/// The credentials of a text of any number of lines, at most [`MOST_SPOTS`].
#[must_use]
pub fn spot_in_text(text: &str) -> Vec<Spot<'_>> {
    let mut spots = Vec::new();
    let text = bytes::start(text, EXAMINED);
    let mut reader = Reader::default();
    let mut rest = text;
    while spots.len() < MOST_SPOTS && !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        reader.line += 1;
        reader.read(line.trim(), rest, &mut spots);
        rest = after;
    }
    spots.truncate(MOST_SPOTS);
    spots
}

/// What the first credential of a value of several lines is.
pub(super) fn first(text: &str) -> Option<CredentialKind> {
    form::spot(text, Seen::of(text)).or_else(|| spot_in_text(text).first().map(|spot| spot.kind))
}

/// What the lines before have left open.
#[derive(Default)]
struct Reader<'a> {
    line: u32,
    /// The key of a block of lines: `tls.key: |`.
    block: &'a str,
    /// What `name: …` said, for the `value: …` that follows.
    named: &'a str,
    /// Inside a block of PEM.
    in_pem: bool,
}

impl<'a> Reader<'a> {
    /// One line; `rest` starts with it and goes on to the end of the text.
    fn read(&mut self, line: &'a str, rest: &'a str, spots: &mut Vec<Spot<'a>>) {
        if self.in_pem || line.len() < 4 {
            self.in_pem &= !line.contains("-----END ");
            return;
        }
        let seen = Seen::of(line);
        if private_key::begins(line, seen) {
            self.read_pem(line, rest, spots);
            return;
        }
        let form = form::spot(line, seen);
        let before = spots.len();
        if is_comment(line) {
            let kind = form.filter(|kind| *kind != CredentialKind::ConnectionString);
            spots.extend(kind.map(|kind| Spot { line: self.line, key: "", kind }));
            return;
        }
        if seen.any(Seen::EQUALS | Seen::COLON | Seen::BRACKET) {
            self.read_pairs(line, form.is_some(), spots);
        }
        if spots.len() == before {
            let kind = form.or_else(|| self.spot_bare(line, seen));
            spots.extend(kind.map(|kind| Spot { line: self.line, key: shown(self.block), kind }));
        }
    }

    /// `key: value` and the like, and what they leave open.
    fn read_pairs(&mut self, line: &'a str, has_form: bool, spots: &mut Vec<Spot<'a>>) {
        let opens_block = line.ends_with(['|', '>', ':']) || line.ends_with("|-") || line.ends_with(">-");
        for pair in pairs::pairs(line) {
            self.block = if opens_block && pair.value.len() < 3 { pair.key } else { "" };
            let key = if is_value(pair.key) && !self.named.is_empty() { self.named } else { pair.key };
            let named = pair.under(key);
            self.named = match pair.key {
                "name" | "key" | "Name" if is_name(pair.value) => pair.value,
                _ if is_value(pair.key) => "",
                _ => self.named,
            };
            let kind = if has_form { named.spot() } else { named.spot_by_name() };
            let Some(kind) = kind else { continue };
            // The value of a line can hold pairs, too: it is one credential.
            let is_same = |last: &Spot<'_>| last.line == self.line && (last.kind == kind || last.key == key);
            if spots.len() < MOST_SPOTS && !spots.last().is_some_and(is_same) {
                spots.push(Spot { line: self.line, key: shown(key), kind });
            }
        }
    }

    /// What has neither separator nor quotes: the line of a block, a statement, `requirepass …`, `.pgpass`, `.netrc`.
    fn spot_bare(&self, line: &str, seen: Seen) -> Option<CredentialKind> {
        let judged = |name: &str, value: &str| literal::spot(Name::read(name), value, Seen::of(value));
        if !seen.any(Seen::BLANK) {
            return judged(self.block, line).or_else(|| spot_in_pgpass(line, seen));
        }
        let mut words = line.split_ascii_whitespace();
        let mut name = words.next()?;
        let netrc = name == "machine" || name == "login";
        for word in words.take(12) {
            let says = matches!(name, "requirepass" | "masterauth" | "insecure-password")
                || (netrc && name == "password");
            if says && let Some(kind) = judged("password", bytes::unquoted(word)) {
                return Some(kind);
            }
            name = word;
        }
        pairs::spot_in_statement(line)
    }

    /// The first line of a block of PEM.
    fn read_pem(&mut self, line: &'a str, rest: &'a str, spots: &mut Vec<Spot<'a>>) {
        let begin = line.find("-----BEGIN ").unwrap_or_default();
        let (before, _) = line.split_at_checked(begin).unwrap_or_default();
        let key = pairs::pairs(before).last().map_or(self.block, |pair| pair.key);
        // The body is on this line or on the next.
        let near = bytes::start(rest, line.len() + 256);
        let kind = private_key::spot(near);
        spots.extend(kind.map(|kind| Spot { line: self.line, key: shown(key), kind }));
        let after = line.get(begin..).unwrap_or_default();
        self.in_pem = !after.contains("-----END ");
    }
}

/// `host:port:database:user:password`, the [file of PostgreSQL][pgpass].
///
/// [pgpass]: https://www.postgresql.org/docs/current/libpq-pgpass.html
fn spot_in_pgpass(line: &str, seen: Seen) -> Option<CredentialKind> {
    if !seen.any(Seen::COLON) || seen.any(Seen::SLASH) {
        return None;
    }
    let mut parts = line.splitn(5, ':');
    let (host, port, database, user, password) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_port =
        port == "*" || ((2..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()));
    let is_plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.*-".contains(&byte))
    };
    let named = is_port && is_plain(host) && is_plain(database) && is_plain(user);
    let written = password.len() > 2 && !password.contains(':') && written::is_written_out(password);
    (named && written).then_some(CredentialKind::Password)
}

/// Whether a text can be the name of a variable or a property.
fn is_name(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte))
}

fn is_value(key: &str) -> bool {
    matches!(key, "value" | "Value")
}

/// A key that can be shown: one that isn't a credential itself.
pub(super) fn shown(key: &str) -> &str {
    let seen = Seen::of(key);
    if form::spot(key, seen).is_some() || randomness::is_random(key.as_bytes()) { "" } else { key }
}

fn is_comment(line: &str) -> bool {
    steps::take(2);
    line.starts_with(['#', ';'])
        || line.starts_with("* ")
        || line.starts_with("//")
        || line.starts_with("/*")
        || line.starts_with("-- ")
}
