//! Every example of every command's help is run as it is written, in a folder that has what it names.

#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use ssh_key::LineEnding;
use tempfile::TempDir;

/// Commands whose examples can't be run here, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("controller", "it watches a cluster until it is stopped"),
    ("webhook", "it answers an API server until it is stopped"),
    ("run", "it watches a cluster until it is stopped"),
    ("approve", "it changes a cluster"),
    ("revoke", "it changes a cluster"),
    ("promote", "it changes a cluster"),
    ("hold", "it changes a cluster"),
];

/// What a person would answer, where a command asks and there is nobody.
const ANSWERS: &[(&str, &str)] = &[
    ("exception new", " --reason 'The vendor ships a release without root in May.' --owner team-payments"),
    ("request", " --reason 'The vendor ships a release without root in May.' --owner team-payments"),
];

/// The lines below `Example:` of a command and of those below it, with the command's name.
fn examples(above: &str, command: &clap::Command) -> Vec<(String, String)> {
    let name = format!("{above} {}", command.get_name()).trim().to_owned();
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = help.lines().skip_while(|line| !line.starts_with("Example"));
    let lines = lines.filter_map(|line| line.strip_prefix("  "));
    let mut found: Vec<(String, String)> = lines.map(|line| (name.clone(), line.to_owned())).collect();
    let below = command.get_subcommands().filter(|it| it.get_name() != "help");
    found.extend(below.flat_map(|subcommand| examples(&name, subcommand)));
    found
}

/// The commands that have arguments of their own or nothing below them, without the program's name.
fn commands(above: &str, command: &clap::Command) -> Vec<String> {
    let below = command.get_subcommands().filter(|it| it.get_name() != "help");
    let named = |it: &clap::Command| format!("{above} {}", it.get_name()).trim().to_owned();
    below.flat_map(|it| [vec![named(it)], commands(&named(it), it)].concat()).collect()
}

/// What the examples name: manifests, a policy, a chart, and programs beside ours.
#[expect(clippy::disallowed_methods, reason = "examples read files")]
fn prepared(line: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/fixtures/company");
    let copy = |from: &str, to: &str| {
        std::fs::create_dir_all(folder.path().join(to)).unwrap();
        for entry in std::fs::read_dir(fixtures.join(from)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap();
                std::fs::copy(&path, folder.path().join(to).join(name)).unwrap();
            }
        }
    };
    copy("payments", "manifests/payments");
    copy("shop", "manifests/shop");
    copy("policy", "policy");
    copy("shop", "charts/shop");
    copy("shop", "etc/kubernetes/manifests");
    let programs = folder.path().join("bin");
    std::fs::create_dir_all(&programs).unwrap();
    symlink(env!("CARGO_BIN_EXE_stanchion"), programs.join("stanchion")).unwrap();
    for (name, script) in
        [("helm", "cat charts/shop/cart.yaml"), ("kubectl", "cat > /dev/null"), ("man", "cat > /dev/null")]
    {
        let program = programs.join(name);
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    for place in [
        ".local/share/bash-completion/completions",
        ".zfunc",
        ".config/fish/completions",
        ".local/share/man/man1",
    ] {
        std::fs::create_dir_all(folder.path().join(place)).unwrap();
    }
    crate::approve::key("ana").write_openssh_file(&folder.path().join("id_ed25519"), LineEnding::LF).unwrap();
    std::fs::create_dir_all(folder.path().join(".ssh")).unwrap();
    std::fs::rename(folder.path().join("id_ed25519"), folder.path().join(".ssh/id_ed25519")).unwrap();
    std::fs::write(folder.path().join("legacy-ledger.yaml"), crate::approve::EXCEPTION).unwrap();
    for report in ["main.json", "monday.json", "friday.json"].iter().filter(|report| line.contains(*report)) {
        let (code, said) = run(&format!("stanchion audit manifests/ -o json={report}"), &folder);
        assert_eq!(code, 1, "{said}");
    }
    folder
}

/// How a line ends in the folder, and what it says on standard error.
#[expect(clippy::disallowed_methods, reason = "examples run in a shell, which needs to find the programs")]
fn run(line: &str, folder: &TempDir) -> (i32, String) {
    let found = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-c", &line.replace(" /etc/", " etc/")])
        .env("PATH", format!("{}:{found}", folder.path().join("bin").display()))
        .env("HOME", folder.path())
        .current_dir(folder.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn every_example_runs_as_it_is_written() {
    let mut ran = 0;
    for (command, line) in examples("", &stanchion::cli::command()) {
        let command = command.strip_prefix("stanchion").unwrap().trim();
        if NOT_RUN.iter().any(|(name, _)| *name == command) {
            continue;
        }
        // One of its own: an example may write.
        let folder = prepared(&line);
        let (code, said) = run(&line, &folder);
        let answers = ANSWERS.iter().find(|(name, _)| *name == command && said.contains("nobody to ask"));
        let (code, said) = answers.map_or((code, said), |(_, more)| run(&format!("{line}{more}"), &folder));
        assert!(matches!(code, 0 | 1), "`{line}` ends with {code}:\n{said}");
        ran += 1;
    }
    assert!(ran >= 12, "only {ran} examples were run");
}

#[test]
fn every_command_has_an_example_of_itself() {
    let command = stanchion::cli::command();
    let examples = examples("", &command);
    for name in commands("", &command) {
        let full = format!("stanchion {name}");
        let own = examples.iter().filter(|(of, _)| *of == full);
        assert!(own.clone().any(|(_, line)| line.contains(&full)), "`{full}` has no example");
    }
    for (name, reason) in NOT_RUN {
        assert!(!reason.is_empty());
        let known = commands("", &command).iter().any(|command| command == name);
        assert!(known || cfg!(not(feature = "operator")), "there is no `{name}`");
    }
}
