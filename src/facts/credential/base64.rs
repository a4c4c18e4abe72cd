//! Just enough of base64 ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648)) to look into the start of a value.

/// The most bytes that are decoded.
pub(super) const DECODED: usize = 192;

/// The start of what a value encodes, both alphabets alike; whether all of it was decoded.
pub(super) struct Decoded {
    bytes: [u8; DECODED],
    length: usize,
    whole: bool,
}

impl Decoded {
    /// Decodes up to the first byte that is none of base64.
    pub(super) fn of(value: &[u8]) -> Self {
        let mut decoded = Self { bytes: [0; DECODED], length: 0, whole: true };
        let mut bits = 0_u32;
        let mut count = 0;
        for &byte in value {
            let Some(digit) = digit(byte) else { break };
            bits = (bits << 6) | u32::from(digit);
            count += 6;
            if count >= 8 {
                count -= 8;
                let Some(slot) = decoded.bytes.get_mut(decoded.length) else {
                    decoded.whole = false;
                    break;
                };
                let [.., low] = (bits >> count).to_be_bytes();
                *slot = low;
                decoded.length += 1;
            }
        }
        decoded
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// All of it as text, if it is text and all of it was decoded.
    pub(super) fn text(&self) -> Option<&str> {
        if self.whole { str::from_utf8(self.bytes()).ok() } else { None }
    }
}

/// Whether a byte belongs to one of the alphabets, padding not counted.
pub(super) const fn is_digit(byte: u8) -> bool {
    digit(byte).is_some()
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}
