//! What the README shows is what the program prints.

#![cfg(test)]
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test reads the README, and writes it when asked to")]

use std::fmt::Write as _;
use std::path::Path;

const README: &str = "README.md";
const FENCE: &str = "```";

/// Each `console` block: a command `$ stanchion …`, over several lines if they end with `\\`, and what it prints on
/// standard output.
fn rendered(readme: &str) -> String {
    let mut fresh = String::new();
    let mut rest = readme;
    while let Some((before, block)) = rest.split_once("```console\n$ stanchion ") {
        let (body, after) = block.split_once(FENCE).expect("the block ends");
        let more = body.lines().take_while(|line| line.ends_with('\\')).count();
        let command = body.lines().take(more + 1).collect::<Vec<_>>().join("\n");
        let _ = write!(fresh, "{before}```console\n$ stanchion {command}\n{}{FENCE}", output(&command));
        rest = after;
    }
    fresh + rest
}

fn output(arguments: &str) -> String {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_stanchion")).parent().expect("a folder");
    let found = std::env::var("PATH").expect("a PATH");
    let run = assert_cmd::Command::new("sh")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1")
        .env("PATH", format!("{}:{found}", program.display()))
        .args(["-c", &format!("stanchion {arguments}")])
        .output()
        .expect("the program runs");
    assert!(run.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).expect("the output is text")
}

#[test]
fn the_readme_shows_what_the_program_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(README);
    let written = std::fs::read_to_string(&path).expect(README);
    assert!(written.contains("```console\n$ stanchion audit"), "the README shows an audit");
    let fresh = rendered(&written);
    if std::env::var_os("STANCHION_GENERATE").is_some() {
        std::fs::write(&path, &fresh).expect(README);
        return;
    }
    assert_eq!(written, fresh, "README.md is stale: run `make generate`");
}
