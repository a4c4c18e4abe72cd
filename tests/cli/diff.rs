//! `stanchion diff`

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{AT, STANDARD, folder, privileged, snapshot, stanchion};

/// The report of these files, as a file in the shelf.
fn audit(shelf: &TempDir, name: &str, at: &str, files: &[(&str, &[u8])]) -> String {
    let folder = folder(files);
    let path = shelf.path().join(name);
    let path = path.to_str().unwrap().to_owned();
    stanchion(&["audit", ".", at, "-o", &format!("json={path}"), "-o", "wide"]).within(&folder).run();
    path
}

fn pods(names: &[&str]) -> Vec<u8> {
    let pods: Vec<String> = names.iter().map(|name| privileged(name)).collect();
    format!("{}---\n{STANDARD}", pods.join("---\n")).into_bytes()
}

/// What became of each finding: the change and the subject.
fn changes(before: &str, after: &str) -> Vec<(String, String)> {
    let run = stanchion(&["diff", before, after, "-o", "json"]).run();
    let diff: Value = serde_json::from_str(&run.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let changes = diff.get("changes").and_then(Value::as_array).unwrap();
    changes.iter().map(|it| (text(&it["change"]), text(&it["name"]))).collect()
}

#[test]
fn what_is_new_fixed_or_gone_is_told_apart() {
    let shelf = folder(&[]);
    let before = audit(&shelf, "before.json", AT, &[("a.yaml", &pods(&["a", "b", "c"]))]);
    let sound =
        "---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {containers: [{name: app, image: a}]}\n";
    let after = [pods(&["a", "d"]), sound.as_bytes().to_vec()].concat();
    let after = audit(&shelf, "after.json", AT, &[("a.yaml", &after)]);
    let expected = [("new", "d"), ("subjectGone", "c"), ("fixed", "b")];
    let expected: Vec<_> =
        expected.iter().map(|(change, name)| ((*change).to_owned(), (*name).to_owned())).collect();
    assert_eq!(changes(&before, &after), expected);
    let run = stanchion(&["diff", &before, &after]).run();
    assert_eq!(run.code, 1);
    assert!(run.stdout.ends_with("1 finding worse; 1 fixed.\n"), "{}", run.stdout);
    assert_eq!(stanchion(&["diff", &before, &before]).run().code, 0);
}

#[test]
fn a_control_that_is_not_judged_any_more_has_fixed_nothing() {
    let shelf = folder(&[]);
    let before = audit(&shelf, "before.json", AT, &[("a.yaml", &pods(&["a"]))]);
    let other = STANDARD.replace("pod.privileged", "pod.host-port");
    let after = format!("{}---\n{other}", privileged("a"));
    let after = audit(&shelf, "after.json", AT, &[("a.yaml", after.as_bytes())]);
    assert_eq!(changes(&before, &after), [("noLongerJudged".to_owned(), "a".to_owned())]);
}

#[test]
fn an_exception_fixes_nothing_and_its_end_is_a_step_back() {
    let shelf = folder(&[]);
    let company = |at: &str, name: &str| {
        let path = shelf.path().join(name).to_str().unwrap().to_owned();
        stanchion(&["audit", "company", at, "-o", &format!("json={path}")]).run();
        path
    };
    let (now, later) = (company(AT, "now.json"), company("--at=2027-06-01", "later.json"));
    let ended = stanchion(&["diff", &now, &later]).run();
    assert_eq!(ended.code, 1);
    snapshot!("diff-of-an-ended-exception", ended.stdout);
    let begun = stanchion(&["diff", &later, &now]).run();
    assert_eq!(begun.code, 0);
    assert!(begun.stdout.starts_with("Excepted now, not fixed\n"), "{}", begun.stdout);
}

#[test]
fn completions_and_manual_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = stanchion(&["completions", shell]).run();
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stdout.contains("audit") && run.stdout.contains("new-since"), "{shell}");
    }
    let page = stanchion(&["man"]).run().stdout;
    assert!(page.starts_with(".ie") && page.contains("stanchion\\-audit(1)"), "{page}");
    let pages = folder(&[]);
    let run = stanchion(&["man", "--to", "."]).within(&pages).run();
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    assert!(pages.path().join("stanchion-audit.1").is_file() && pages.path().join("stanchion.1").is_file());
    assert_eq!(stanchion(&["man", "--to", "nowhere"]).within(&pages).run().code, 2);
}
