//! Tells the source of a Helm template from a manifest.
//!
//! `{{` alone proves nothing: Prometheus rules, Argo workflows and Grafana dashboards carry templates of their own. Those
//! stand in quotes or block scalars, where a document stays valid; Helm's stand where values, keys and lines are due.

/// How the actions of Helm begin that stand in no other templates which a plain scalar of a manifest may hold.
const ACTIONS: [&str; 20] = [
    "/*", "block", "default", "define", "else", "end", "fullname", "if", "include", "lookup", "nindent",
    "printf", "quote", "range", "required", "template", "toYaml", "tpl", "with", "$",
];

/// Whether the text of a plain scalar holds an action of a Helm template, such as `{{ .Values.name }}` or `{{- end }}`.
pub(crate) fn is_action(text: &str) -> bool {
    text.match_indices("{{").any(|(at, braces)| {
        let action = text.get(at + braces.len()..).unwrap_or_default();
        action.starts_with("- ") || is_call(action.trim_start())
    })
}

fn is_call(action: &str) -> bool {
    action.starts_with('.')
        || ACTIONS.iter().any(|word| {
            let rest = action.strip_prefix(word);
            rest.is_some_and(|rest| !word.ends_with(char::is_alphabetic) || !rest.starts_with(is_word))
        })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.' || c == '-'
}

/// Whether a text that is no valid YAML has `{{` outside quotes, comments and block scalars, so that it is a template
/// rather than a mistake.
pub(crate) fn has_bare_braces(text: &str) -> bool {
    let mut block: Option<usize> = None;
    for line in text.lines() {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        if content.is_empty() || block.is_some_and(|parent| indent > parent) {
            continue;
        }
        block = opens_block(content).then_some(indent);
        if bare_braces(content) {
            return true;
        }
    }
    false
}

/// Whether a line ends in the header of a block scalar: `|`, `>-`, `|2` and the like.
fn opens_block(content: &str) -> bool {
    let last =
        content.split(" #").next().unwrap_or_default().split_whitespace().next_back().unwrap_or_default();
    let header = last.trim_end_matches(|c: char| c == '-' || c == '+' || c.is_ascii_digit());
    header == "|" || header == ">"
}

fn bare_braces(content: &str) -> bool {
    let (mut quote, mut before) = (None, ' ');
    let mut rest = content.chars();
    while let Some(c) = rest.next() {
        match quote {
            Some(open) => quote = (c != open).then_some(open),
            None if c == '#' && before.is_whitespace() => return false,
            // Within a word an apostrophe is one.
            None if matches!(c, '"' | '\'') && !before.is_alphanumeric() => quote = Some(c),
            None if c == '{' && rest.as_str().starts_with('{') => return true,
            None => {}
        }
        before = c;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_of_helm_is_known_by_its_beginning() {
        for text in [
            "{{ .Values.name }}",
            "web-{{.Release.Name}}",
            "{{- if .x }}",
            "{{ include \"chart.name\" . }}",
            "{{ end }}",
            "{{end}}",
            "{{ $name }}",
            "{{/* note */}}",
            "a {{ x }} {{ toYaml .y }}",
        ] {
            assert!(is_action(text), "{text}");
        }
    }

    #[test]
    fn the_templates_of_other_tools_are_no_actions_of_helm() {
        for text in [
            "web-{{item}}",
            "{{workflow.parameters.tag}}",
            "{{=sprig.trim(x)}}",
            "{{inputs.x}}",
            "{{ endpoint }}",
            "{{",
        ] {
            assert!(!is_action(text), "{text}");
        }
    }

    #[test]
    fn braces_in_quotes_comments_and_block_scalars_are_not_bare() {
        for text in [
            "a: '{{ x }}'\n",
            "a: \"it's {{ x }}\"\n",
            "# {{ x }}\na: b\n",
            "a: b # {{ x }}\n",
            "a: |-\n  {{ x }}\n\n  {{ y }}\nb: c\n",
            "a: >2 # folded\n  {{ x }}\n",
            "- |\n {{ x }}\n",
        ] {
            assert!(!has_bare_braces(text), "{text}");
        }
    }

    #[test]
    fn braces_anywhere_else_are_bare() {
        for text in [
            "a: {{ x }}\n",
            "{{- if .x }}\n",
            "a: |\n  b\nc: {{ x }}\n",
            "a: don't {{ x }}\n",
            "  {{ x }}: 1\n",
        ] {
            assert!(has_bare_braces(text), "{text}");
        }
    }
}
