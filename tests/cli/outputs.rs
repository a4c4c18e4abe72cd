//! Where reports go.

use crate::program::{AT, STANDARD, folder, privileged, snapshot, stanchion};

#[test]
#[expect(clippy::disallowed_methods, reason = "the program writes files")]
fn one_audit_writes_several_reports() {
    let files = folder(&[("a.yaml", format!("{}---\n{STANDARD}", privileged("a")).as_bytes())]);
    let args = ["audit", "a.yaml", AT, "-o", "wide", "-o", "json=a.json", "-o", "table=a.txt"];
    let run = stanchion(&args).within(&files).env("CLICOLOR_FORCE", "1").run();
    let read = |name: &str| std::fs::read_to_string(files.path().join(name)).unwrap();
    assert_eq!(run.code, 1);
    assert!(run.stdout.starts_with("SEVERITY"), "{}", run.stdout);
    assert!(read("a.json").contains("\"audit.stanchion.dev/v1\""));
    assert!(read("a.txt").starts_with("Pod default/a"), "a file has no colours: {}", read("a.txt"));
}

#[test]
fn reports_that_would_overwrite_one_another_are_refused() {
    let files = folder(&[("a.yaml", privileged("a").as_bytes())]);
    for (args, said) in [
        (["-o", "json", "-o", "table"], "two outputs go to standard output"),
        (["-o", "json=x", "-o", "table=x"], "two outputs go to x"),
        (["-o", "json=nowhere/x", "-o", "table"], "nowhere/x can't be written"),
        (["-o", "json=", "-o", "table"], "name a file after `json=`"),
        (["-o", "yml", "-o", "table"], "no format `yml`"),
    ] {
        let run = stanchion(&[&["audit", "a.yaml"][..], &args].concat()).within(&files).run();
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains(said), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn wide_is_a_finding_a_line() {
    snapshot!("company-wide", stanchion(&["audit", "company", AT, "-o", "wide"]).run().stdout);
}
