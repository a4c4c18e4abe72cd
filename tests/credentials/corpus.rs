//! The files of the corpus, and what fills in their values.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Values that look like one kind.
#[derive(Deserialize)]
pub(crate) struct True {
    pub(crate) kind: String,
    pub(crate) pairs: Vec<(String, String)>,
}

/// Values that look like nothing.
#[derive(Deserialize)]
pub(crate) struct False {
    pub(crate) why: String,
    pub(crate) pairs: Vec<(String, String)>,
}

/// A text and its spots.
#[derive(Deserialize)]
pub(crate) struct Text {
    pub(crate) about: String,
    #[serde(rename = "text")]
    pub(crate) lines: String,
    pub(crate) spots: Vec<String>,
}

/// A command and its spots.
#[derive(Deserialize)]
pub(crate) struct Arguments {
    pub(crate) arguments: Vec<String>,
    pub(crate) spots: Vec<String>,
}

/// A file of the corpus.
#[expect(clippy::disallowed_methods, reason = "the corpus is files")]
pub(crate) fn read<T: DeserializeOwned>(file: &str) -> T {
    let path = format!("{}/tests/credentials/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect(&path);
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every string of an object with the key before it; of an environment variable, with its name.
pub(crate) fn strings(key: &str, value: &Value, see: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => see(key, text),
        Value::Array(values) => values.iter().for_each(|value| strings(key, value, see)),
        Value::Object(fields) => {
            let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
            for (field, value) in fields {
                strings(if field == "value" { name } else { field }, value, see);
            }
        }
        _ => {}
    }
}

/// A value with what stands between « and » put in, from the inside out: `«plain 36»` is 36 letters and digits,
/// `«hex 40»`, `«upper 16»`, `«base64 40»`, `«url 20»`, `«digits 9»` are of other alphabets, `«uuid»` is a UUID,
/// `«text …»` is the text, `«encode …»` the text in base64 and `«jose …»` as a JSON Web Token has it.
pub(crate) fn filled(value: &str, seed: u64) -> String {
    let mut value = value.to_owned();
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d);
    while let Some((before, rest)) = value.rsplit_once('«') {
        let (marker, after) = rest.split_once('»').unwrap_or_else(|| panic!("a « without its »: {rest}"));
        let (what, text) = marker.split_once(' ').unwrap_or((marker, ""));
        let made = match what {
            "text" => text.to_owned(),
            "encode" => encode(text.as_bytes()),
            "jose" => encode(text.as_bytes()).trim_end_matches('=').replace('+', "-").replace('/', "_"),
            "uuid" => [8, 4, 4, 4, 12].map(|length| random.take(HEXADECIMAL, length)).join("-"),
            _ => random.take(alphabet(what), text.parse().expect("how many")),
        };
        value = format!("{before}{made}{after}");
    }
    value
}

const HEXADECIMAL: &str = "0123456789abcdef";
const PLAIN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

fn alphabet(name: &str) -> &'static str {
    match name {
        "plain" => PLAIN,
        "hex" => HEXADECIMAL,
        // That of base32, which AWS, age and others use.
        "upper" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        "base64" => BASE64,
        "url" => URL,
        "digits" => "0123456789",
        _ => panic!("no alphabet is called {name}"),
    }
}

fn encode(bytes: &[u8]) -> String {
    let digit = |bits: u32| char::from(BASE64.as_bytes().get(bits as usize & 63).copied().unwrap());
    let group = |group: &[u8]| {
        let bits =
            group.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - group.len()));
        let digits = [18, 12, 6, 0].map(|shift| digit(bits >> shift));
        digits.iter().take(group.len() + 1).chain(['='; 3].iter()).take(4).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

/// A sequence that looks random and is always the same: splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn take(&mut self, alphabet: &str, length: usize) -> String {
        let size = alphabet.len() as u64;
        (0..length)
            .map(|_| char::from(alphabet.as_bytes()[usize::try_from(self.next() % size).unwrap()]))
            .collect()
    }
}
