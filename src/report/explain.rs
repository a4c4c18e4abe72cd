//! The catalogue for a terminal: `stanchion explain`.

use anstyle::Style;

use super::clauses::called;
use super::control_page::judged;
use super::parameter::{Parameter, parameters};
use crate::engine::control::{Control, Heading};

/// Headings, ids and names.
const STRONG: Style = Style::new().bold();
/// Less than this is no width for text.
const NARROWEST: usize = 40;
/// Before YAML, and before what belongs to the line above.
const INDENT: &str = "    ";

/// A control, wrapped at `width` characters. With `styled`, headings and names are bold; without, the text holds no
/// escape sequence.
#[must_use]
pub fn control(control: &Control, width: usize, styled: bool) -> String {
    let mut text = Lines::new(width, styled);
    let heading = format!("{}: {}", text.strong(control.id), control.title);
    text.push(&heading);
    let judged = judged(control.subject);
    text.push(&format!("{} · judges {judged} · since {}", control.severity, control.since));
    for heading in Heading::ALL {
        text.heading(heading.as_str());
        text.markdown(&control.section(heading));
    }
    text.heading("Parameters");
    for parameter in parameters(control) {
        text.parameter(&parameter);
    }
    text.heading("References");
    for reference in control.references {
        text.wrapped("- ", "  ", &format!("{}: {}", reference.framework.as_str(), called(*reference)));
    }
    text.finish()
}

/// One line for each control, by family.
pub fn list<'a>(controls: impl IntoIterator<Item = &'a Control>, styled: bool) -> String {
    let controls: Vec<&Control> = controls.into_iter().collect();
    let longest = controls.iter().map(|control| control.id.len()).max().unwrap_or_default();
    let mut text = Lines::new(usize::MAX, styled);
    let mut family = "";
    for control in controls {
        if control.family() != family {
            family = control.family();
            text.heading(family);
        }
        text.push(&format!("{:longest$}  {:8}  {}", control.id, control.severity, control.title));
    }
    text.finish()
}

/// Lines of text, wrapped.
struct Lines {
    width: usize,
    styled: bool,
    text: String,
}

impl Lines {
    fn new(width: usize, styled: bool) -> Self {
        Self { width: width.max(NARROWEST), styled, text: String::new() }
    }

    /// The text: it neither starts nor ends with an empty line.
    fn finish(self) -> String {
        format!("{}\n", self.text.trim_matches('\n'))
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn strong(&self, text: &str) -> String {
        if self.styled { format!("{STRONG}{text}{STRONG:#}") } else { text.to_owned() }
    }

    fn heading(&mut self, heading: &str) {
        let heading = self.strong(heading);
        self.push("");
        self.push(&heading);
    }

    /// Words, broken where a line would be too long; `first` starts the first line, `further` the others.
    fn wrapped(&mut self, first: &str, further: &str, words: &str) {
        let mut line = first.to_owned();
        let mut empty = true;
        for word in words.split_whitespace() {
            if !empty && line.chars().count() + 1 + word.chars().count() > self.width {
                self.push(&line);
                further.clone_into(&mut line);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.push(&line);
    }

    /// Paragraphs and lists are wrapped, code is indented and left as it is.
    fn markdown(&mut self, section: &str) {
        let mut paragraph = String::new();
        let mut in_code = false;
        for line in section.lines() {
            let fence = line.trim_start().starts_with("```");
            let item = marker(line).is_some();
            let table = line.starts_with('|');
            if fence || in_code || item || table || line.is_empty() {
                self.paragraph(&mut paragraph);
            }
            if fence {
                in_code = !in_code;
            } else if in_code {
                self.push(&format!("{INDENT}{line}"));
            } else if line.is_empty() || table {
                self.push(line);
            } else {
                paragraph.push_str(line);
                paragraph.push('\n');
            }
        }
        self.paragraph(&mut paragraph);
    }

    /// Writes a paragraph or an item of a list, and empties it.
    fn paragraph(&mut self, paragraph: &mut String) {
        let words = std::mem::take(paragraph);
        if words.is_empty() {
            return;
        }
        let indent: String = words.chars().take_while(|c| *c == ' ').collect();
        match marker(&words) {
            None => self.wrapped(&indent, &indent, &words),
            Some((marker, item)) => {
                let further = format!("{indent}{}", " ".repeat(marker.len() + 1));
                self.wrapped(&format!("{indent}{marker} "), &further, item);
            }
        }
    }

    fn parameter(&mut self, parameter: &Parameter) {
        let default = parameter.default.as_ref().map_or_else(String::new, |it| format!(", default {it}"));
        let line = format!("{} ({}{default})", self.strong(&parameter.name), parameter.type_name);
        self.push(&line);
        self.wrapped(INDENT, INDENT, &parameter.description);
    }
}

/// What starts an item of a list, `-` or `1.`, and the item after it.
fn marker(line: &str) -> Option<(&str, &str)> {
    let (marker, item) = line.trim_start().split_once(' ')?;
    let number = marker.strip_suffix('.').is_some_and(|digits| digits.parse::<u8>().is_ok());
    (number || marker == "-").then_some((marker, item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::catalogue;

    fn privileged(width: usize, styled: bool) -> String {
        control(catalogue::find("pod.privileged").unwrap(), width, styled)
    }

    #[test]
    fn a_control_reads_as_plain_text() {
        let text = privileged(60, false);
        let start = "\
pod.privileged: Container is privileged
Critical · judges workloads · since 0.1.0

What it checks
No container, init container or ephemeral container sets
`securityContext.privileged: true`.

Why it matters
";
        assert!(text.starts_with(start), "{text}");
        assert!(text.contains("\nViolating\n    apiVersion: v1\n    kind: Pod\n"), "{text}");
        assert!(text.contains("\n            privileged: true\n\nCompliant\n"), "{text}");
        assert!(text.contains("\nexemptImages (list of strings, default [])\n    Images whose"), "{text}");
        assert!(
            text.contains("\nReferences\n- Pod Security Standards (baseline): Privileged Containers\n"),
            "{text}"
        );
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn only_style_and_line_breaks_depend_on_the_terminal() {
        let styled = privileged(60, true);
        assert!(styled.contains("\u{1b}[1mWhy it matters\u{1b}[0m\n"), "{styled}");
        let plain = styled.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
        assert_eq!(plain, privileged(60, false));
        let words = |text: String| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(privileged(1, false)), words(privileged(200, false)));
    }

    #[test]
    fn lists_hang_code_is_kept_and_long_words_stand_alone() {
        let mut text = Lines::new(NARROWEST, false);
        text.markdown(
            "Two things are right here, and both are short:\n- one, which goes on for more than a line\n  or two;\n\
             - a-word-that-is-longer-than-the-whole-line-of-forty.\n\n```yaml\na:   b\n```",
        );
        let expected = "\
Two things are right here, and both are
short:
- one, which goes on for more than a
  line or two;
- a-word-that-is-longer-than-the-whole-line-of-forty.

    a:   b
";
        assert_eq!(text.finish(), expected);
    }

    #[test]
    fn the_list_has_a_line_for_each_control() {
        let text = list(catalogue::all().iter().copied(), false);
        let first = catalogue::all()[0].family();
        assert!(text.starts_with(&format!("{first}\n")), "{text}");
        let lines: Vec<&str> = text.lines().filter(|line| line.contains('.')).collect();
        assert_eq!(lines.len(), catalogue::all().len());
        assert!(lines.iter().any(|line| line.ends_with("  Critical  Container is privileged")), "{text}");
    }
}
