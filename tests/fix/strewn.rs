//! Comments put into a text at random, where they change nothing of what it says.

use crate::mending::objects;

/// How many comments are tried.
const TRIES: u64 = 12;

/// What every comment of ours begins with.
pub(crate) const MARK: &str = "# strewn ";

/// The text with comments in places that a number decides.
pub(crate) fn strew(text: &str, seed: u64) -> String {
    let said = |text: &str| objects(text).into_iter().map(|(_, object)| object).collect::<Vec<_>>();
    let mut now = text.to_owned();
    let mut state = seed;
    let mut next = |below: usize| {
        // A step of a linear congruential generator; its upper bits are good enough to choose by.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below.max(1)
    };
    for number in 0..TRIES {
        let mut lines: Vec<String> = now.lines().map(str::to_owned).collect();
        let at = next(lines.len());
        if next(2) == 0 {
            lines[at] = format!("{} {MARK}{number}", lines[at]);
        } else {
            let indent = lines[at].len() - lines[at].trim_start().len();
            let indent = [indent, indent + 2, 0][next(3)];
            lines.insert(at, format!("{:indent$}{MARK}{number}", ""));
        }
        let commented = lines.join("\n") + "\n";
        if said(&commented) == said(&now) {
            now = commented;
        }
    }
    now
}

/// With the line breaks of another system, unless they mean something.
pub(crate) fn with_crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// Every comment, to its end, in order.
pub(crate) fn comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| Some(line.split_once("# ")?.1)).collect()
}
