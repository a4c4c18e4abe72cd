//! What a scalar of YAML means: the rules of goyaml v2 as `kubectl` applies them, YAML 1.1 with a few of its own.
//!
//! They differ from YAML 1.2 where it matters to security: `defaultMode: 0644` is octal, `hostNetwork: yes` is true.

use std::borrow::Cow;

use super::Value;

/// A scalar before it is a value or a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    /// The text stands for itself.
    Text,
    /// The text stands for this other text: what `!!binary` encodes.
    Decoded(String),
}

/// The tags that change how a scalar is read. Any other leaves the text as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Str,
    Bool,
    Int,
    Float,
    Null,
    Timestamp,
    Binary,
    Merge,
    Other,
}

impl Tag {
    /// The tag of a full name, such as `tag:yaml.org,2002:int`.
    pub(crate) fn named(name: &str) -> Self {
        match name.strip_prefix("tag:yaml.org,2002:") {
            Some("str") => Self::Str,
            Some("bool") => Self::Bool,
            Some("int") => Self::Int,
            Some("float") => Self::Float,
            Some("null") => Self::Null,
            Some("timestamp") => Self::Timestamp,
            Some("binary") => Self::Binary,
            Some("merge") => Self::Merge,
            _ => Self::Other,
        }
    }

    /// What the tag asks for, in words.
    pub(crate) fn wanted(self) -> &'static str {
        match self {
            Self::Bool => "a boolean",
            Self::Int => "a whole number",
            Self::Float => "a number",
            Self::Null => "null",
            Self::Timestamp => "a date",
            Self::Binary => "base64",
            Self::Str | Self::Merge | Self::Other => "a string",
        }
    }
}

/// What a plain scalar without a tag means.
pub(crate) fn resolve(text: &str) -> Scalar {
    let Some(first) = text.bytes().next() else {
        return Scalar::Null;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' => named(text).or_else(|| number(text)),
        b'.' => named(text).or_else(|| dotted(text)),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => named(text),
        _ => None,
    }
    .unwrap_or(Scalar::Text)
}

/// What a scalar with a tag means, or nothing if the tag refuses it.
pub(crate) fn resolve_tagged(tag: Tag, text: &str) -> Option<Scalar> {
    let found = match tag {
        Tag::Str | Tag::Merge | Tag::Other => return Some(Scalar::Text),
        Tag::Binary => {
            return base64(text).map(|bytes| Scalar::Decoded(String::from_utf8_lossy(&bytes).into_owned()));
        }
        Tag::Timestamp => return is_date(text).then_some(Scalar::Text),
        Tag::Bool | Tag::Int | Tag::Float | Tag::Null => resolve(text),
    };
    match (tag, found) {
        #[expect(clippy::cast_precision_loss, reason = "`!!float` asks for the nearest float")]
        (Tag::Float, Scalar::Int(value)) => Some(Scalar::Float(value as f64)),
        (Tag::Float, found @ Scalar::Float(_))
        | (Tag::Null, found @ Scalar::Null)
        | (Tag::Bool, found @ Scalar::Bool(_))
        | (Tag::Int, found @ (Scalar::Int(_) | Scalar::UInt(_))) => Some(found),
        _ => None,
    }
}

impl Scalar {
    /// The value, or nothing for a number that is not finite.
    ///
    /// A whole float is a whole number, because JSON, through which every manifest goes, writes `2.0` as `2`.
    pub(crate) fn into_value<'a>(self, text: impl Into<Cow<'a, str>>) -> Option<Value<'a>> {
        Some(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::UInt(value) => Value::UInt(value),
            Self::Float(value) => whole(value).map_or(Value::Float(value), Value::Int),
            Self::Text => Value::String(text.into()),
            Self::Decoded(text) => Value::String(text.into()),
        })
        .filter(|value| !matches!(value, Value::Float(number) if !number.is_finite()))
    }

    /// The key that JSON gets, or what makes it impossible.
    pub(crate) fn into_key<'a>(self, text: impl Into<Cow<'a, str>>) -> Result<Cow<'a, str>, &'static str> {
        Ok(match self {
            Self::Null => return Err("null"),
            Self::UInt(_) => return Err("a number beyond 63 bits"),
            Self::Bool(value) => if value { "true" } else { "false" }.into(),
            Self::Int(value) => value.to_string().into(),
            Self::Float(value) => float_key(value).into(),
            Self::Text => text.into(),
            Self::Decoded(text) => text.into(),
        })
    }
}

/// The whole number that a float is, if it is one within 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "guarded by the range")]
pub(crate) fn whole(value: f64) -> Option<i64> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0; // 2^63, exact
    (value.fract() == 0.0 && (-BEYOND..BEYOND).contains(&value)).then_some(value as i64)
}

fn named(text: &str) -> Option<Scalar> {
    if text.len() > 5 {
        return None;
    }
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// A number that begins with a digit or a sign, in Go's notation, `_` anywhere.
fn number(text: &str) -> Option<Scalar> {
    let stripped;
    let plain = if text.contains('_') {
        stripped = text.replace('_', "");
        stripped.as_str()
    } else {
        text
    };
    integer(plain).or_else(|| float(plain)).or_else(|| odd_binary(plain))
}

fn integer(plain: &str) -> Option<Scalar> {
    let (sign, digits) = match plain.as_bytes().first()? {
        b'-' => (Some(true), plain.get(1..)?),
        b'+' => (Some(false), plain.get(1..)?),
        _ => (None, plain),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, digits.get(2..)?),
        [b'0', b'b' | b'B', _, ..] => (2, digits.get(2..)?),
        [b'0', b'o' | b'O', _, ..] => (8, digits.get(2..)?),
        [b'0'] => (10, digits),
        [b'0', ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // `from_str_radix` would take a second sign.
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match (sign, i64::try_from(magnitude)) {
        (Some(true), Ok(value)) => Some(Scalar::Int(-value)),
        (Some(true), Err(_)) => (magnitude == i64::MIN.unsigned_abs()).then_some(Scalar::Int(i64::MIN)),
        (_, Ok(value)) => Some(Scalar::Int(value)),
        (None, Err(_)) => Some(Scalar::UInt(magnitude)),
        (Some(false), Err(_)) => None,
    }
}

/// `0b` before a sign, which goyaml's second look at binary numbers lets through.
fn odd_binary(plain: &str) -> Option<Scalar> {
    i64::from_str_radix(plain.strip_prefix("0b")?, 2).ok().map(Scalar::Int)
}

/// A float: digits, perhaps a point, perhaps an exponent, and not beyond the largest.
fn float(plain: &str) -> Option<Scalar> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let well_formed = digits(before)
        && digits(after)
        && !(before.is_empty() && after.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    if !well_formed {
        return None;
    }
    plain.parse().ok().filter(|value: &f64| value.is_finite()).map(Scalar::Float)
}

/// A float that begins with a point. Here, and only here, `_` has to stand between digits.
fn dotted(text: &str) -> Option<Scalar> {
    if !text.contains('_') {
        return float(text);
    }
    let between_digits = text.split('_').try_fold(None::<&str>, |before, part| {
        let ends = before.is_none_or(|b| b.ends_with(|c: char| c.is_ascii_digit()));
        let begins = before.is_none() || part.starts_with(|c: char| c.is_ascii_digit());
        (ends && begins).then_some(Some(part))
    });
    between_digits?;
    float(&text.replace('_', ""))
}

/// A float as a key, in Go's `%g` with the precision of 32 bits, which is what the conversion to JSON uses.
fn float_key(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "the conversion to JSON rounds keys to 32 bits")]
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        format!("{value}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
    }
}

/// What goyaml takes for a date: `2006-1-2`, perhaps with a time of day.
fn is_date(text: &str) -> bool {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let number = |part: Option<&str>, longest: usize| {
        part.is_some_and(|part| {
            (1..=longest).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
        })
    };
    let year = parts.next().filter(|year| year.len() == 4);
    number(year, 4)
        && number(parts.next(), 2)
        && number(parts.next(), 2)
        && parts.next().is_none()
        && time.is_none_or(|time| time.starts_with(|c: char| c.is_ascii_digit()))
}

/// The bytes that a text encodes in base64, line breaks ignored, or nothing if it doesn't.
fn base64(text: &str) -> Option<Vec<u8>> {
    let clean: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    if !clean.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(clean.len() / 4 * 3);
    let last = (clean.len() / 4).saturating_sub(1);
    for (index, group) in clean.chunks_exact(4).enumerate() {
        let padding = group.iter().rev().take_while(|b| **b == b'=').count();
        if padding > 2 || (padding > 0 && index != last) {
            return None;
        }
        let mut word = 0_u32;
        for byte in group.iter().take(4 - padding) {
            word = word << 6 | u32::from(sextet(*byte)?);
        }
        word <<= 6 * padding;
        bytes.extend(word.to_be_bytes().into_iter().skip(1).take(3 - padding));
    }
    Some(bytes)
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_yaml_1_1_with_goyamls_own_rules() {
        for (text, scalar) in [
            ("yes", Scalar::Bool(true)),
            ("Y", Scalar::Bool(true)),
            ("oFF", Scalar::Text),
            ("Off", Scalar::Bool(false)),
            ("", Scalar::Null),
            ("nULL", Scalar::Text),
            ("0644", Scalar::Int(420)),
            ("0o644", Scalar::Int(420)),
            ("08", Scalar::Float(8.0)),
            ("0x_1F", Scalar::Int(31)),
            ("-0b11", Scalar::Int(-3)),
            ("0b+1", Scalar::Int(1)),
            ("1_000", Scalar::Int(1000)),
            ("_1", Scalar::Text),
            ("+18446744073709551615", Scalar::Float(18_446_744_073_709_551_615.0)),
            ("18446744073709551615", Scalar::UInt(u64::MAX)),
            ("-9223372036854775808", Scalar::Int(i64::MIN)),
            ("1e400", Scalar::Text),
            (".5_0", Scalar::Float(0.5)),
            ("._5", Scalar::Text),
            (".5_", Scalar::Text),
            ("12:30", Scalar::Text),
            ("2001-01-01", Scalar::Text),
            ("<<", Scalar::Text),
        ] {
            assert_eq!(resolve(text), scalar, "{text}");
        }
    }

    #[test]
    fn whole_floats_are_whole_numbers_as_far_as_they_fit() {
        for (number, expected) in [
            (2.0, Some(2)),
            (-0.0, Some(0)),
            (1.5, None),
            (-9_223_372_036_854_775_808.0, Some(i64::MIN)),
            (9_223_372_036_854_775_808.0, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(whole(number), expected, "{number}");
        }
    }

    #[test]
    fn a_tag_decides_or_refuses() {
        assert_eq!(resolve_tagged(Tag::Str, "yes"), Some(Scalar::Text));
        assert_eq!(resolve_tagged(Tag::Int, "0x1F"), Some(Scalar::Int(31)));
        assert_eq!(resolve_tagged(Tag::Int, "1.0"), None);
        assert_eq!(resolve_tagged(Tag::Float, "1"), Some(Scalar::Float(1.0)));
        assert_eq!(resolve_tagged(Tag::Bool, "on"), Some(Scalar::Bool(true)));
        assert_eq!(resolve_tagged(Tag::Null, "x"), None);
        assert_eq!(resolve_tagged(Tag::named("tag:yaml.org,2002:set"), "5"), Some(Scalar::Text));
    }

    #[test]
    fn base64_is_decoded_in_whole_groups() {
        assert_eq!(base64("aGVs\nbG8=").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(base64("").as_deref(), Some(b"".as_slice()));
        for text in ["a", "a===", "aG=s", "aGVs=", "aGk=aGk=", "a*=="] {
            assert_eq!(base64(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_what_goyaml_takes_for_them() {
        for text in ["2001-1-1", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43"] {
            assert!(is_date(text), "{text}");
        }
        for text in ["01-1-1", "2001-1", "2001-1-1-1", "2001-1-1T", "x"] {
            assert!(!is_date(text), "{text}");
        }
    }
}
