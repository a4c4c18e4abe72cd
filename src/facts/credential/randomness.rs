//! Whether a value looks random, or like words.

use super::bytes::{Seen, steps};
use super::issuer::distinct;

/// How many bytes a value has at least that looks random.
const SHORTEST: usize = 16;

/// Whether a value looks random, or is a UUID.
pub(super) fn is_random_or_uuid(value: &str) -> bool {
    is_random(value.as_bytes()) || is_uuid(value)
}

/// 8, 4, 4, 4 and 12 hexadecimal digits ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562#section-4)).
fn is_uuid(value: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    value.len() == 36 && value.split('-').map(str::len).eq(lengths) && value.split('-').all(is_digits)
}

/// Whether bytes look random: long, many different ones, and letters and digits in no order.
pub(super) fn is_random(value: &[u8]) -> bool {
    if value.len() < SHORTEST {
        return false;
    }
    let value = value.get(..256).unwrap_or(value);
    steps::take(value.len());
    let sort = |byte: u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    };
    let (mut changes, mut digits, mut capitals, mut last) = (0, 0, 0, 0);
    for &byte in value {
        let this = sort(byte);
        // A sign between words is no change.
        changes += usize::from(this != 0 && last != 0 && this != last);
        digits += usize::from(this == 3);
        capitals += usize::from(this == 2 && last == 2);
        last = this;
    }
    let with_digits = digits >= 2 && changes * 4 >= value.len();
    // Without, it is none of `wordsLikeThis`.
    let without = value.len() >= 20 && capitals >= 2 && changes * 3 >= value.len();
    (with_digits || without) && distinct(value) >= 8
}

/// Whether it is words in lower case, as names of objects are, each with digits at its end at most.
pub(super) fn is_wordy(value: &str) -> bool {
    steps::take(value.len());
    let last = value.bytes().try_fold(b'-', |previous, byte| match (previous, byte) {
        (b'-' | b'a', b'a'..=b'z') => Some(b'a'),
        (b'a' | b'0', b'0'..=b'9') => Some(b'0'),
        (_, b'-' | b'_' | b'.' | b':') => Some(b'-'),
        _ => None,
    });
    last.is_some()
}

/// A UUID, or hexadecimal digits as digests and commits have.
pub(super) fn is_identifier(value: &str, seen: Seen) -> bool {
    seen.only(Seen::WORD | Seen::HYPHEN) && value.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
