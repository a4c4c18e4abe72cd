//! Suites and cases as XML.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// The cases of one subject.
pub(super) struct Suite {
    pub(super) name: String,
    pub(super) file: Option<String>,
    pub(super) cases: Vec<Case>,
}

/// One control on one subject.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) class: String,
    pub(super) ending: Ending,
}

/// How a case ended, with what is shown of it.
pub(super) enum Ending {
    Passed,
    Skipped(String),
    Failed { level: &'static str, summary: String, text: String },
    Broken { summary: String, text: String },
}

/// How many cases ended how: all, failed, broken, skipped.
fn count<'a>(cases: impl Iterator<Item = &'a Case>) -> [usize; 4] {
    cases.fold([0; 4], |[tests, failures, errors, skipped], case| match case.ending {
        Ending::Passed => [tests + 1, failures, errors, skipped],
        Ending::Failed { .. } => [tests + 1, failures + 1, errors, skipped],
        Ending::Broken { .. } => [tests + 1, failures, errors + 1, skipped],
        Ending::Skipped(_) => [tests + 1, failures, errors, skipped + 1],
    })
}

pub(super) fn document(suites: &[Suite]) -> io::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let [tests, failures, errors, _] = count(suites.iter().flat_map(|suite| &suite.cases));
    let numbers = [("tests", tests), ("failures", failures), ("errors", errors)];
    let mut root = writer.create_element("testsuites").with_attribute(("name", "stanchion audit"));
    for (name, number) in numbers {
        root = root.with_attribute((name, number.to_string().as_str()));
    }
    root.write_inner_content(|writer| suites.iter().try_for_each(|it| suite(it, writer)))?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn suite(suite: &Suite, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    let [tests, failures, errors, skipped] = count(suite.cases.iter());
    let numbers = [("tests", tests), ("failures", failures), ("errors", errors), ("skipped", skipped)];
    let mut element = writer.create_element("testsuite").with_attribute(("name", xml(&suite.name).as_str()));
    for (name, number) in numbers {
        element = element.with_attribute((name, number.to_string().as_str()));
    }
    let one = |it: &Case, writer: &mut _| case(it, suite.file.as_deref(), writer);
    element.write_inner_content(|writer| suite.cases.iter().try_for_each(|it| one(it, writer)))?;
    Ok(())
}

fn case(case: &Case, file: Option<&str>, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    let (name, class) = (xml(&case.name), xml(&case.class));
    let mut element = writer
        .create_element("testcase")
        .with_attribute(("name", name.as_str()))
        .with_attribute(("classname", class.as_str()));
    if let Some(file) = file {
        element = element.with_attribute(("file", xml(file).as_str()));
    }
    let ended = |writer: &mut Writer<Vec<u8>>, tag: &str, kind: &str, summary: &str, text: &str| {
        let (summary, text) = (xml(summary), xml(text));
        let element = writer.create_element(tag);
        let element = element.with_attribute(("type", kind)).with_attribute(("message", summary.as_str()));
        element.write_text_content(BytesText::new(&text)).map(|_| ())
    };
    match &case.ending {
        Ending::Passed => element.write_empty().map(|_| ()),
        Ending::Skipped(reason) => {
            let reason = xml(reason);
            let inner = |writer: &mut Writer<Vec<u8>>| {
                writer.create_element("skipped").write_text_content(BytesText::new(&reason)).map(|_| ())
            };
            element.write_inner_content(inner).map(|_| ())
        }
        Ending::Failed { level, summary, text } => {
            element.write_inner_content(|writer| ended(writer, "failure", level, summary, text)).map(|_| ())
        }
        Ending::Broken { summary, text } => {
            element.write_inner_content(|writer| ended(writer, "error", "error", summary, text)).map(|_| ())
        }
    }
}

/// The text without what XML 1.0 forbids even in escaped form. Control characters are spelt out before.
fn xml(text: &str) -> String {
    let spell = |character: char| match character {
        '\n' => vec![character],
        '\u{fffe}' | '\u{ffff}' => character.escape_unicode().collect(),
        character if character.is_control() => character.escape_unicode().collect(),
        character => vec![character],
    };
    text.chars().flat_map(spell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_is_spelt_out() {
        assert_eq!(xml("a\u{1b}b\u{ffff}\u{0}c\n<d>"), "a\\u{1b}b\\u{ffff}\\u{0}c\n<d>");
    }
}
