//! Texts and addresses that a reader of SARIF takes as they are meant.

use std::fmt::Write as _;

use crate::report::wording::relative;

/// The text of a message. `[text](address)` would be a link and `{0}` an argument: both are kept from being read so.
pub(super) fn escaped(text: &str) -> String {
    let links = text.contains("](");
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '[' | ']' | '\\' if links => escaped.extend(['\\', character]),
            '{' if rest.peek().is_some_and(char::is_ascii_digit) => escaped.push_str("{{"),
            character => escaped.push(character),
        }
    }
    escaped
}

/// The address of a file: relative to the folder, if it stands in there.
pub(super) fn uri(file: &str, folder: &str) -> String {
    let file = relative(file, folder);
    let scheme = if file.starts_with('/') { "file://" } else { "" };
    file.bytes().fold(scheme.to_owned(), |mut uri, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into());
            }
            // Writing to a string can't fail.
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
        uri
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_neither_links_nor_arguments() {
        assert_eq!(
            escaped("see [here](https://evil.example) {0}"),
            "see \\[here\\](https://evil.example) {{0}"
        );
        assert_eq!(escaped("containers[0] is {}"), "containers[0] is {}");
    }

    #[test]
    fn any_name_of_a_file_is_an_address() {
        assert_eq!(uri("/repo/a.yaml", "/repo"), "a.yaml");
        assert_eq!(uri("./a/b c.yaml", "/repo"), "a/b%20c.yaml");
        assert_eq!(uri("/tmp/ü:%.yaml", "/repo"), "file:///tmp/%C3%BC%3A%25.yaml");
        assert_eq!(uri("<stdin>", "/repo"), "%3Cstdin%3E");
    }
}
