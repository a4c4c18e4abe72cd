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
        let before = spots.len();
        if line.contains("-----BEGIN ") {
            self.read_pem(line, rest, spots);
        } else if is_comment(line) {
            if !seen.only(Seen::LOWER | Seen::BLANK) {
                let kind = form::spot(line, seen).filter(|kind| *kind != CredentialKind::ConnectionString);
                spots.extend(kind.map(|kind| Spot { line: self.line, key: "", kind }));
            }
        } else {
            self.read_pairs(line, seen, spots);
            if spots.len() == before {
                let kind = form::spot(line, seen).or_else(|| self.spot_bare(line, seen));
                spots.extend(kind.map(|kind| Spot { line: self.line, key: self.block, kind }));
            }
        }
    }

    /// `key: value` and the like, and what they leave open.
    fn read_pairs(&mut self, line: &'a str, seen: Seen, spots: &mut Vec<Spot<'a>>) {
        if !seen.any(Seen::EQUALS | Seen::COLON | Seen::BRACKET) {
            return;
        }
        let opens_block = line.ends_with(['|', '>', ':']) || line.ends_with("|-") || line.ends_with(">-");
        for pair in pairs::pairs(line) {
            if opens_block && pair.value.len() < 3 {
                self.block = pair.key;
            }
            let key = if is_value(pair.key) && !self.named.is_empty() { self.named } else { pair.key };
            let kind = pair.under(key).spot();
            self.named = match pair.key {
                "name" | "key" | "Name" => pair.value,
                _ if is_value(pair.key) => "",
                _ => self.named,
            };
            let Some(kind) = kind else { continue };
            // The value of a line can hold pairs, too: it is one credential.
            let again = spots
                .last()
                .is_some_and(|last| last.line == self.line && (last.kind == kind || last.key == key));
            if !again && spots.len() < MOST_SPOTS {
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
    let named = is_port && !host.is_empty() && !database.is_empty() && !user.is_empty();
    let written = password.len() > 2 && !password.contains(':') && written::is_written_out(password);
    (named && written).then_some(CredentialKind::Password)
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
