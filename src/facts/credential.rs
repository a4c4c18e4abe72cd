//! Whether a value is a credential: a password, a key, a token that opens something.
//!
//! Values are looked at while they are decoded and never kept: all that leaves this module is a [`CredentialKind`],
//! the line or the argument, and the key that stood before the value. Three things are asked, surest first:
//!
//! 1. Does the value have a form that only credentials have? The forms are their issuers' (`form.rs`, `issuer.rs`),
//!    [RFC 7468] for private keys and [RFC 3986] for addresses with a password.
//! 2. Does its name say that it is one (`name.rs`), and is it (`literal.rs`) written out, not a reference or a
//!    placeholder (`written.rs`), and nothing that is known, a path, a host or a number (`elsewhere.rs`)?
//! 3. Does it hold `key=value` or `"key": "value"` of which that is so (`pairs.rs`)?
//!
//! What is decided where it could go either way:
//!
//! - **Weak passwords count.** `postgres`, `password` and `changeme` are what the server is started with. `CHANGE_ME`,
//!   `<password>`, `REPLACE_WITH_KEY`, `xxx` and `your-password-here` say that nobody has filled them in, and don't.
//! - **Examples don't count.** A key that says `EXAMPLE`, as those of the AWS documentation do, opens nothing.
//! - **A hash is no credential**: bcrypt, `{SHA}`, SCRAM verifiers and the like are what a server compares with.
//! - **Encrypted values don't count** (SOPS, jasypt, Spring's `{cipher}`), encrypted private keys do: their passphrase
//!   is often near.
//! - **UUIDs and hexadecimal digits** are never credentials by their form. Under a name that says password, secret or
//!   token they are, since that is how Consul, Heroku and many others make theirs; under a mere `…_KEY` they are not.
//! - **Digits alone** are a password only under a name that says password, and from four on.
//! - **Comments** in a text are searched for forms alone: what stands there after `password:` is an explanation.
//!
//! Everything is total and bounded: of a value the first [`EXAMINED`] bytes are looked at, each a fixed number of
//! times, and a text gives at most [`MOST_SPOTS`] spots. Nothing is allocated but the list of spots.
//!
//! [RFC 3986]: https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
//! [RFC 7468]: https://www.rfc-editor.org/rfc/rfc7468

mod address;
mod argument;
mod base64;
mod bytes;
mod elsewhere;
mod form;
mod issuer;
mod kind;
mod literal;
mod name;
mod pairs;
mod private_key;
mod randomness;
mod text;
mod written;

pub use argument::{ArgumentSpot, spot_in_arguments};
pub use kind::CredentialKind;
pub use text::{Spot, spot_in_text};

use bytes::Seen;
use name::Name;

/// How many bytes of a value or a text are looked at.
pub const EXAMINED: usize = 64 * 1024;

/// The most spots that one text or one list of arguments gives.
pub const MOST_SPOTS: usize = 16;

/// What a value looks like a credential of, if it does. The name is that of the environment variable, the annotation
/// or the configuration key, and empty if there is none.
#[must_use]
pub fn spot(name: &str, value: &str) -> Option<CredentialKind> {
    let value = bytes::unquoted(bytes::start(value, EXAMINED).trim_ascii());
    let seen = Seen::of(value);
    if seen.any(Seen::BREAK) {
        return text::first(value);
    }
    form::spot(value, seen)
        .or_else(|| literal::spot(Name::read(name), value, seen))
        .or_else(|| pairs::spot(value, seen).map(|(_, kind)| kind))
}

#[cfg(test)]
mod tests;
