//! What holds of the page without a browser.

use super::*;

#[test]
fn style_and_script_are_as_their_hashes_say() {
    // What is made harmless would no longer have its hash, and what ends an element would end it.
    for text in [STYLE, SCRIPT] {
        assert_eq!(harmless(text), text);
        assert!(!text.contains("</"), "{text}");
    }
}

#[test]
fn nothing_turns_the_page_around() {
    assert_eq!(harmless("<p>a\u{202e}b\r\u{1b}</p>"), "<p>a\\u{202e}b\\r\\u{1b}</p>\n");
}
