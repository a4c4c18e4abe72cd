//! Commands and their arguments: `--password=…`, `--token …`, `-Dkey=…`, scripts after `sh -c`.

use super::bytes::{self, Seen};
use super::kind::CredentialKind;
use super::name::{Name, Says};
use super::{EXAMINED, MOST_SPOTS, form, literal, pairs, spot_in_text, text, written};

/// A credential among arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArgumentSpot<'a> {
    /// Which argument holds it, from 0.
    pub index: usize,
    /// The flag or the key before the value, without hyphens, or nothing if there is none.
    pub name: &'a str,
    /// What it looks like.
    pub kind: CredentialKind,
}

/// The credentials among the arguments of a command, at most [`MOST_SPOTS`]. Give the command and its arguments in one,
/// so that a flag and the value after it are seen together.
///
/// What is glued to a flag of one letter, `-psecret`, can't be told from other flags and is left alone.
pub fn spot_in_arguments<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Vec<ArgumentSpot<'a>> {
    let mut spots: Vec<ArgumentSpot<'a>> = Vec::new();
    let mut flag = "";
    let mut left = EXAMINED;
    let mut user_follows = UserFollows::default();
    for (index, argument) in arguments.into_iter().enumerate() {
        let argument = bytes::start(argument, left);
        left -= argument.len();
        if left == 0 || spots.len() >= MOST_SPOTS {
            break;
        }
        let mut push =
            |name: &'a str, kind| spots.push(ArgumentSpot { index, name: text::shown(name), kind });
        let user = user_follows.take(argument);
        let seen = Seen::of(argument);
        match spot_after(flag, argument) {
            Some(kind) => push(flag, kind),
            None if user => push(flag, CredentialKind::BasicAuth),
            None if seen.any(Seen::BLANK | Seen::BREAK) => {
                for (name, kind) in spot_in_script(argument) {
                    push(name, kind);
                }
            }
            None if seen.any(Seen::EQUALS | Seen::COLON) || argument.len() >= form::SHORTEST => {
                if let Some((name, kind)) = spot_in_word(argument) {
                    push(name, kind);
                }
            }
            None => {}
        }
        flag = flag_of(argument);
    }
    spots.truncate(MOST_SPOTS);
    spots
}

/// The name of a flag whose value is the next argument, or nothing.
fn flag_of(argument: &str) -> &str {
    let name = argument.trim_start_matches('-');
    let hyphens = argument.len() - name.len();
    let known = name.starts_with("pass") || name.starts_with("pw") || name.starts_with("private");
    // `-psecret` is `-p` and its value; `-password` and `-token` are as programs in Go write them.
    let is_flag = hyphens == 2 || (hyphens == 1 && name.len() > 2 && (known || !name.starts_with('p')));
    let plain =
        name.len() < 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if is_flag && plain { name } else { "" }
}

/// What follows a flag.
fn spot_after(flag: &str, argument: &str) -> Option<CredentialKind> {
    if flag.is_empty() || argument.starts_with('-') {
        return None;
    }
    let value = bytes::unquoted(argument.trim());
    literal::spot(Name::read(flag), value, Seen::of(value))
}

/// An argument without blanks: `--flag=value`, `KEY=value`, an address, a token.
fn spot_in_word(argument: &str) -> Option<(&str, CredentialKind)> {
    let (name, value) = argument.split_once('=').unwrap_or(("", argument));
    let name = name.trim_start_matches('-');
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let name = if plain { name } else { "" };
    let value = bytes::unquoted(if plain { value } else { argument });
    let seen = Seen::of(value);
    let kind = form::spot(value, seen).or_else(|| literal::spot(Name::read(name), value, seen));
    kind.map(|kind| (name, kind)).or_else(|| pairs::spot(argument, Seen::of(argument)))
}

/// A script or a line of one: what a text has, and the flags of its commands.
fn spot_in_script(script: &str) -> Vec<(&str, CredentialKind)> {
    let mut spots: Vec<(&str, CredentialKind)> =
        spot_in_text(script).into_iter().map(|spot| (spot.key, spot.kind)).collect();
    let mut flag = "";
    let mut user_follows = UserFollows::default();
    for word in script.split_ascii_whitespace() {
        if spots.len() >= MOST_SPOTS {
            break;
        }
        let word = word.trim_end_matches([';', ')', '|', '&']);
        let user = user_follows.take(word);
        if let Some(kind) = spot_after(flag, word).or(user.then_some(CredentialKind::BasicAuth)) {
            spots.push((flag, kind));
        }
        flag = flag_of(word);
    }
    spots
}

/// `curl -u user:password`, also with `--user`, and wget's and httpie's ways.
#[derive(Default)]
struct UserFollows {
    asks: bool,
    flag: bool,
}

impl UserFollows {
    /// Whether this word is a user and a password.
    fn take(&mut self, word: &str) -> bool {
        let program = word.rsplit('/').next().unwrap_or_default();
        self.asks |= matches!(program, "curl" | "http" | "https");
        let glued = word
            .strip_prefix("--user=")
            .or_else(|| word.strip_prefix("-u"))
            .filter(|value| !value.is_empty());
        let value = if self.flag { Some(word) } else { glued };
        self.flag = self.asks && matches!(word, "-u" | "--user" | "-a" | "--auth");
        let Some((user, password)) =
            value.filter(|_| self.asks).and_then(|value| bytes::unquoted(value).split_once(':'))
        else {
            return false;
        };
        !user.is_empty()
            && password.len() > 2
            && written::is_written_out(password)
            && Name::read(user).says != Says::Key
    }
}
