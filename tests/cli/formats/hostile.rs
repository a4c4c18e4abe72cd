//! Manifests that want to be more than text: in every form they are text.

use serde_json::Value;

use super::{junit, markdown};
use crate::program::stanchion;

/// What no form may interpret.
const NAUGHTY: &str = "x\n::error file=a::pwned\r]]>|\\|<script>alert(1)</script>\u{1b}[31m`@admin` @team #1 \
                       [a](https://evil.example) https://evil.example www.evil.example a@evil.example ##[error]y \
                       <!-- --> --- %0A {0} ${{ x }} &amp; \u{202e}\u{ffff}";

/// A pod with such a name, image, container and value, and a standard that finds something with each.
fn manifest() -> String {
    // YAML has no such character unescaped.
    let name = serde_json::to_string(NAUGHTY).unwrap().replace('\u{ffff}', "\\uffff");
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {name}, annotations: {{a: {name}}}, \
         labels: {{app.kubernetes.io/owner: {name}}}}}\nspec:\n  hostNetwork: true\n  containers:\n    \
         - {{name: {name}, image: {name}, securityContext: {{privileged: true, capabilities: {{add: [{name}]}}}}}}\n    \
         - {{name: b, image: \"{}\"}}\n",
        "registry.example.com/a:`b"
    )
}

fn written(format: &str) -> String {
    let presets = ["--preset", "pod-security-baseline", "--preset", "image-integrity"];
    let run = stanchion(&[&["audit", "-", "-o", format][..], &presets].concat()).stdin(manifest()).run();
    assert!(run.stdout.contains("pwned"), "{format} shows what is there: {}{}", run.stdout, run.stderr);
    let harmful = |it: char| (it.is_control() && it != '\n') || matches!(it, '\u{202a}'..='\u{202e}');
    // JSON leaves marks of direction to its readers.
    let found: Vec<char> =
        run.stdout.chars().filter(|it| harmful(*it)).filter(|it| it.is_control()).collect();
    assert!(found.is_empty(), "{format}: {found:?}");
    run.stdout
}

#[test]
fn a_name_runs_no_workflow_command() {
    let text = written("github");
    for line in text.lines() {
        let ours = ["::error ", "::warning ", "::notice ", "stanchion: "];
        assert!(ours.iter().any(|start| line.starts_with(start)), "{line}");
        let Some((properties, message)) = line.split_once("title=").and_then(|it| it.1.split_once("::"))
        else {
            continue;
        };
        assert!(!properties.contains([',', ':']), "{line}");
        assert!(message.contains("%0A→ ") || !message.contains("%0A"), "{line}");
    }
    let last = text.lines().last().unwrap();
    assert!(!last.contains("pwned") && last.starts_with("stanchion: "), "{last}");
}

#[test]
fn a_name_stays_within_its_element() {
    let text = written("junit");
    assert_eq!(junit::problems(&text), Vec::<String>::new());
    assert!(!text.contains("<script>") && !text.contains("]]>"), "{text}");
}

#[test]
fn a_name_is_no_markup_no_link_and_mentions_nobody() {
    let comment = written("markdown");
    let html = markdown::html(&comment);
    for tag in ["<script", "<a ", "<img", "<h1", "<hr", "<em>", "<strong>x"] {
        assert!(!html.contains(tag), "{tag} in {html}");
    }
    assert_eq!(html.matches("<!--").count(), 1, "only our own mark: {html}");
    // Outside of code nothing is left that a forge would look for.
    let outside: String = html
        .split("<code>")
        .map(|part| part.split_once("</code>").map_or(part, |(_, after)| after))
        .collect();
    for word in ["@t", "@a", "#1", "://e", "www.evil"] {
        assert!(!outside.contains(word), "{word} in {outside}");
    }
    let columns = |line: &str| line.matches("<td>").count();
    for row in html.split("<tr>").skip(1).filter(|row| row.contains("<td>")) {
        assert_eq!(columns(row), 4, "{row}");
    }
}

#[test]
fn a_name_is_no_link_and_no_argument_of_a_message() {
    let log: Value = serde_json::from_str(&written("sarif")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for result in results {
        let text = result["message"]["text"].as_str().unwrap();
        assert!(!text.contains('\n') && !text.contains(" {0}"), "{text}");
        assert_eq!(text.matches("](").count(), text.matches("\\](").count(), "{text}");
    }
}

#[test]
fn a_name_is_a_value_of_json_and_yaml() {
    let issues: Value = serde_json::from_str(&written("gitlab")).unwrap();
    assert!(issues[0]["description"].as_str().unwrap().contains("\\n::error file=a::pwned"));
    for format in ["policyreport", "openreports"] {
        let documents: Vec<Value> = serde_saphyr::from_multiple(&written(format)).unwrap();
        let [report] = documents.as_slice() else { panic!("one report: {documents:?}") };
        let name = report["results"][0]["resources"][0]["name"].as_str().unwrap();
        assert!(name.starts_with("x\\n::error file=a::pwned\\r]]>|"), "{name}");
    }
}
