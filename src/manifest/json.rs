//! Reads JSON, alone or several values in a row, as Go's decoder does.
//!
//! The YAML reader isn't enough: it takes neither several objects without a separator, as `kubectl get -o json` and `jq`
//! write them, nor a key above a thousand characters, nor half a surrogate pair.

use std::borrow::Cow;

use super::builder::Builder;
use super::{Limits, Malformed, Node, Position, Value};

/// Reads the one value of a text.
pub fn parse<'a>(text: &'a str, limits: &Limits) -> Result<Node<'a>, Malformed> {
    let mut stream = Stream::new(text, limits);
    let Some(node) = stream.next_value()? else {
        return Err(stream.unexpected("a value"));
    };
    stream.skip_space();
    if stream.rest().is_empty() { Ok(node) } else { Err(stream.unexpected("the end of the text")) }
}

/// The values of a text, one after the other.
pub(crate) struct Stream<'a, 'l> {
    text: &'a str,
    at: usize,
    limits: &'l Limits,
    /// The place of the byte `counted`, from which places further on are counted.
    place: Position,
    counted: usize,
}

/// What may come next within a collection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// After the opening bracket: an item or key, or the closing bracket.
    First,
    /// After a comma: an item or key.
    Another,
    /// After a key: its value.
    Value,
    /// After an item or value: a comma or the closing bracket.
    Separator,
}

impl<'a, 'l> Stream<'a, 'l> {
    pub(crate) fn new(text: &'a str, limits: &'l Limits) -> Self {
        Self { text, at: 0, limits, place: Position::START, counted: 0 }
    }

    /// What is not read yet.
    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// How many bytes are read.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// The next value, or nothing at the end.
    pub(crate) fn next_value(&mut self) -> Result<Option<Node<'a>>, Malformed> {
        self.skip_space();
        if self.rest().is_empty() {
            return Ok(None);
        }
        let mut builder = Builder::new(self.limits);
        // The open collections, and whether each is a map.
        let mut open: Vec<bool> = Vec::new();
        let mut next = Next::Value;
        loop {
            self.skip_space();
            let position = self.position();
            let Some(byte) = self.peek() else {
                return Err(Malformed::syntax(position, "the text ends within a value; close what is open"));
            };
            next = self.step(byte, next, position, &mut open, &mut builder)?;
            if open.is_empty() {
                return Ok(builder.finish());
            }
        }
    }

    /// Takes what begins with a byte, and tells what may follow.
    fn step(
        &mut self,
        byte: u8,
        next: Next,
        position: Position,
        open: &mut Vec<bool>,
        builder: &mut Builder<'a, '_>,
    ) -> Result<Next, Malformed> {
        let is_map = open.last().copied();
        Ok(match (byte, next, is_map) {
            (b'}', Next::First | Next::Separator, Some(true))
            | (b']', Next::First | Next::Separator, Some(false)) => {
                self.at += 1;
                open.pop();
                builder.end()?;
                Next::Separator
            }
            (b',', Next::Separator, Some(_)) => {
                self.at += 1;
                Next::Another
            }
            (b'"', Next::First | Next::Another, Some(true)) => {
                let key = self.string()?;
                builder.key(key, position);
                self.skip_space();
                self.expect(b':')?;
                Next::Value
            }
            (_, Next::Separator, _) | (_, Next::First | Next::Another, Some(true)) => {
                return Err(self.unexpected(match (next, is_map) {
                    (Next::Separator, Some(true)) => "a comma or `}`",
                    (Next::Separator, _) => "a comma or `]`",
                    _ => "a key in double quotes",
                }));
            }
            (b'{', ..) => {
                self.at += 1;
                builder.start_map(position, 0)?;
                open.push(true);
                Next::First
            }
            (b'[', ..) => {
                self.at += 1;
                builder.start_list(position, 0)?;
                open.push(false);
                Next::First
            }
            _ => {
                let value = self.scalar(byte)?;
                builder.value(Node { value, position }, 0)?;
                Next::Separator
            }
        })
    }

    fn scalar(&mut self, first: u8) -> Result<Value<'a>, Malformed> {
        match first {
            b'"' => self.string().map(Value::String),
            b'-' | b'0'..=b'9' => self.number(),
            _ => {
                for (word, value) in
                    [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
                {
                    if self.rest().starts_with(word) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                Err(self.unexpected("a value"))
            }
        }
    }

    fn number(&mut self) -> Result<Value<'a>, Malformed> {
        let rest = self.rest();
        let end = rest
            .bytes()
            .position(|b| !matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or_default();
        let value = number(text).ok_or_else(|| {
            Malformed::syntax(
                self.position(),
                format!("`{text}` is no number in JSON; quote it if a string is meant"),
            )
        })?;
        self.at += end;
        Ok(value)
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Malformed> {
        let start = self.at;
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let Some(end) = rest.bytes().position(|b| matches!(b, b'"' | b'\\') || b < 0x20) else {
                self.at = start;
                return Err(self.fault("the quote that opens here is never closed; add the closing quote"));
            };
            let plain = rest.get(..end).unwrap_or_default();
            self.at += end;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(if text.is_empty() { Cow::Borrowed(plain) } else { Cow::Owned(text + plain) });
                }
                Some(b'\\') => {
                    text.push_str(plain);
                    text.push(self.escape()?);
                }
                _ => {
                    return Err(
                        self.fault("a line break or control character within quotes; write it as an escape")
                    );
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Malformed> {
        let rest = self.rest();
        let short = match rest.as_bytes().get(1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(rest),
            _ => return Err(self.fault("an unknown escape; write `\\\\` for a backslash")),
        };
        self.at += 2;
        Ok(short)
    }

    fn unicode(&mut self, rest: &str) -> Result<char, Malformed> {
        let Some(first) = hex(rest, 0) else {
            return Err(self.fault("`\\u` takes four hexadecimal digits"));
        };
        self.at += 6;
        if let Some(second) = hex(rest, 6)
            && let Some(Ok(pair)) = char::decode_utf16([first, second]).next()
            && u32::from(pair) > 0xFFFF
        {
            self.at += 6;
            return Ok(pair);
        }
        // Half a pair stands for nothing; Go makes it the replacement character too.
        Ok(char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(self.unexpected(if byte == b':' { "`:`" } else { "`\"`" }));
        }
        self.at += 1;
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// The place of the next byte. Counts from the last place that was asked for, so that all of them cost one pass.
    pub(crate) fn position(&mut self) -> Position {
        let from = self.counted.min(self.at);
        for c in self.text.get(from..self.at).unwrap_or_default().chars() {
            if c == '\n' {
                self.place = Position { line: self.place.line.saturating_add(1), column: 1 };
            } else {
                self.place.column = self.place.column.saturating_add(1);
            }
        }
        self.counted = self.at;
        self.place
    }

    fn fault(&mut self, reason: &str) -> Malformed {
        Malformed::syntax(self.position(), reason)
    }

    fn unexpected(&mut self, wanted: &str) -> Malformed {
        let found = match self.rest().chars().next() {
            Some(c) => format!("{c:?}"),
            None => "the end of the text".to_owned(),
        };
        Malformed::syntax(self.position(), format!("expected {wanted}, found {found}"))
    }
}

/// The four digits of the `\u` escape at an offset.
fn hex(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
    let valid = digits.bytes().all(|b| b.is_ascii_hexdigit());
    valid.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

/// A number in the notation of JSON, which has no leading zeros, no `+` and no bare point.
fn number(text: &str) -> Option<Value<'_>> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (before, after) = match mantissa.split_once('.') {
        Some((before, after)) => (before, Some(after)),
        None => (mantissa, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let well_formed = digits(before)
        && (before == "0" || !before.starts_with('0'))
        && after.is_none_or(digits)
        && exponent.is_none_or(digits);
    if !well_formed {
        return None;
    }
    if after.is_none() && exponent.is_none() {
        if let Ok(value) = text.parse() {
            return Some(Value::Int(value));
        }
        if let Ok(value) = text.parse() {
            return Some(Value::UInt(value));
        }
    }
    text.parse().ok().filter(|value: &f64| value.is_finite()).map(Value::Float)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refuse(text: &str) -> String {
        let error = parse(text, &Limits::default()).unwrap_err();
        format!("{} {error}", error.position())
    }

    #[test]
    fn json_is_read_with_places() {
        let node = parse("{\"a\":\n\t[1, {\"é\": \"ü\", \"b\": null}]}", &Limits::default()).unwrap();
        assert_eq!(node.to_json(), json!({"a": [1, {"é": "ü", "b": null}]}));
        let inner = &node.get("a").unwrap().as_list().unwrap()[1];
        assert_eq!(inner.position.to_string(), "2:6");
        assert_eq!(inner.entry("b").unwrap().0.position.to_string(), "2:17");
        assert_eq!(inner.get("b").unwrap().position.to_string(), "2:22");
    }

    #[test]
    fn every_escape_of_json_is_read() {
        let text = r#""\"\\\/\b\f\n\r\t\u0041\ud83d\ude00\ud83d\ud83d\ude00\ude00x""#;
        let node = parse(text, &Limits::default()).unwrap();
        assert_eq!(node.as_str().unwrap(), "\"\\/\u{8}\u{c}\n\r\tA😀\u{fffd}😀\u{fffd}x");
    }

    #[test]
    fn numbers_keep_their_kind() {
        for (text, value) in [
            ("0", Value::Int(0)),
            ("-9223372036854775808", Value::Int(i64::MIN)),
            ("18446744073709551615", Value::UInt(u64::MAX)),
            ("2.0", Value::Float(2.0)),
            ("1e3", Value::Float(1000.0)),
            ("18446744073709551616", Value::Float(18_446_744_073_709_551_616.0)),
        ] {
            assert_eq!(parse(text, &Limits::default()).unwrap().value, value, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_place() {
        for (text, message) in [
            ("", "1:1 expected a value, found the end of the text"),
            ("{\"a\": 1,}", "1:9 expected a key in double quotes, found '}'"),
            ("{a: 1}", "1:2 expected a key in double quotes, found 'a'"),
            ("[1,]", "1:4 expected a value, found ']'"),
            ("{\"a\" 1}", "1:6 expected `:`, found '1'"),
            ("[1 2]", "1:4 expected a comma or `]`, found '2'"),
            ("{\"a\": 1 \"b\": 2}", "1:9 expected a comma or `}`, found '\"'"),
            ("[1}", "1:3 expected a comma or `]`, found '}'"),
            ("[\n1", "2:2 the text ends within a value; close what is open"),
            ("\"a", "1:1 the quote that opens here is never closed; add the closing quote"),
            ("\"a\nb\"", "1:3 a line break or control character within quotes; write it as an escape"),
            ("\"\\x\"", "1:2 an unknown escape; write `\\\\` for a backslash"),
            ("\"\\u00+1\"", "1:2 `\\u` takes four hexadecimal digits"),
            ("01", "1:1 `01` is no number in JSON; quote it if a string is meant"),
            ("1e999", "1:1 `1e999` is no number in JSON; quote it if a string is meant"),
            ("-", "1:1 `-` is no number in JSON; quote it if a string is meant"),
            ("tru", "1:1 expected a value, found 't'"),
            ("1 2", "1:3 expected the end of the text, found '2'"),
            (
                "{\"a\": 1, \"a\": 2}",
                "1:10 the key `a` is set twice in one map, first at line 1, column 2; keep one",
            ),
        ] {
            assert_eq!(refuse(text), message, "{text:?}");
        }
    }

    #[test]
    fn nesting_stops_at_the_limit() {
        for open in ["[", "{\"a\":"] {
            assert!(refuse(&open.repeat(100_000)).contains("more than 128 deep"));
        }
    }

    #[test]
    fn values_follow_one_another() {
        let limits = Limits::default();
        let mut stream = Stream::new("{}{\"a\":1}\n[2] 3", &limits);
        let mut values = Vec::new();
        while let Some(node) = stream.next_value().unwrap() {
            values.push(node.to_json());
        }
        assert_eq!(values, [json!({}), json!({"a": 1}), json!([2]), json!(3)]);
    }
}
