//! What runs the program elsewhere: the action of GitHub, GitLab's template, the hooks of pre-commit, kubectl, and the
//! lines of docs/ci.md. The scripts are run as they are written, here and without a network.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may panic, has files, and runs scripts"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    \
                   - {name: app, image: registry.example.com/app:1, securityContext: {privileged: true}}\n";

fn repository(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn yaml(file: &str) -> Value {
    serde_saphyr::from_str(&repository(file)).unwrap()
}

/// A folder with a manifest whose name is hard to pass on, and with a folder of programs.
fn prepared() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("my manifests")).unwrap();
    fs::create_dir_all(folder.path().join("bin")).unwrap();
    fs::write(folder.path().join("my manifests/pod.yaml"), POD).unwrap();
    symlink(env!("CARGO_BIN_EXE_stanchion"), folder.path().join("bin/stanchion")).unwrap();
    folder
}

fn run(folder: &TempDir, script: &str, variables: &[(&str, &str)]) -> Output {
    let path = format!("{}:/usr/bin:/bin", folder.path().join("bin").display());
    let mut command = Command::new("bash");
    command.args(["-e", "-o", "pipefail", "-c", script]).current_dir(folder.path()).env("PATH", path);
    command.envs(variables.iter().copied()).output().unwrap()
}

/// What is wrong with a command line, by the program's own parser.
fn refusal(words: &[String]) -> Option<String> {
    stanchion::cli::command().try_get_matches_from(words).err().map(|error| error.to_string())
}

/// The words of a line as a shell takes them apart, without running anything.
fn words(line: &str) -> Vec<String> {
    let output = Command::new("bash").args(["-c", &format!("printf '%s\\n' {line}")]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn step(name: &str) -> Value {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().unwrap();
    steps.iter().find(|step| step["name"].as_str().unwrap().starts_with(name)).unwrap().clone()
}

#[test]
fn the_action_passes_its_inputs_as_text_and_each_of_them() {
    let action = yaml("action.yml");
    assert_eq!(action["runs"]["using"], "composite");
    let mut passed = Vec::new();
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert!(!step["run"].as_str().unwrap().contains("${{"), "an input in a script is a part of it");
        for value in step["env"].as_object().unwrap().values() {
            let inside = value.as_str().unwrap().strip_prefix("${{ ").unwrap().strip_suffix(" }}").unwrap();
            passed.extend(inside.strip_prefix("inputs.").map(str::to_owned));
        }
    }
    let mut inputs: Vec<&String> = action["inputs"].as_object().unwrap().keys().collect();
    inputs.sort();
    passed.sort();
    assert_eq!(passed.iter().collect::<Vec<_>>(), inputs);
}

#[test]
fn the_action_audits_writes_sarif_and_fails_as_the_program_does() {
    let folder = prepared();
    let script = step("Audit")["run"].as_str().unwrap().to_owned();
    let given = |fail_on: &'static str, sarif: &'static str| {
        [
            ("PATHS", "my manifests\n"),
            ("ARGS", "--preset\n\npod-security-baseline\n"),
            ("OUTPUT", "wide"),
            ("SARIF", sarif),
            ("FAIL_ON", fail_on),
        ]
    };
    let output = run(&folder, &script, &given("high", ""));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("my manifests/pod.yaml"), "{output:?}");
    assert!(!folder.path().join("audit.sarif").exists());
    let output = run(&folder, &script, &given("never", "audit.sarif"));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let log: Value = serde_json::from_slice(&fs::read(folder.path().join("audit.sarif")).unwrap()).unwrap();
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "pod.privileged");
    let hostile = [
        ("PATHS", "$(touch pwned)\n; touch pwned"),
        ("ARGS", "`touch pwned`"),
        ("OUTPUT", "table"),
        ("SARIF", ""),
        ("FAIL_ON", "high"),
    ];
    assert_eq!(run(&folder, &script, &hostile).status.code(), Some(2));
    assert!(!folder.path().join("pwned").exists());
}

#[test]
fn the_action_builds_its_own_checkout_only_where_there_is_no_program() {
    let folder = prepared();
    let script = step("Build")["run"].as_str().unwrap().to_owned();
    let cargo = folder.path().join("bin/cargo");
    fs::write(&cargo, "#!/bin/sh\necho \"$PWD: $*\"\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let source = folder.path().canonicalize().unwrap().join("my manifests");
    let built = |folder: &TempDir| {
        let output = run(folder, &script, &[("SOURCE", source.to_str().unwrap())]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(built(&folder).ends_with("bin/stanchion\n"), "it is there");
    fs::remove_file(folder.path().join("bin/stanchion")).unwrap();
    let wanted = format!("{}: install --locked --no-default-features --path .\n", source.display());
    assert_eq!(built(&folder), wanted);
}

#[test]
fn the_template_of_gitlab_writes_the_reports_that_it_names() {
    let job = yaml("ci/gitlab/stanchion.yml")["stanchion"].clone();
    let script = |field: &str| job[field][0].as_str().unwrap().to_owned();
    let folder = prepared();
    let variables = job["variables"].as_object().unwrap();
    let mut given: BTreeMap<&str, &str> =
        variables.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    given.insert("STANCHION_PATHS", ". --preset pod-security-baseline");
    let given: Vec<(&str, &str)> = given.into_iter().collect();
    let output = run(&folder, &format!("{}\n{}", script("before_script"), script("script")), &given);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    for (report, holds) in [("codequality", "\"pod.privileged\""), ("junit", "<failure ")] {
        let file = job["artifacts"]["reports"][report].as_str().unwrap();
        let written = fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(written.contains(holds), "{report}: {written}");
    }
    assert_eq!(job["artifacts"]["when"], "always", "most of all when the job fails");
    let image = job["image"].as_str().unwrap().strip_prefix("rust:").unwrap();
    assert!(repository("rust-toolchain.toml").contains(&format!("channel = \"{image}.")), "{image}");
}

#[test]
fn the_hooks_of_pre_commit_are_command_lines_of_the_program() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let hooks = hooks.as_array().unwrap();
    let ids: Vec<&str> = hooks.iter().map(|hook| hook["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["stanchion-audit", "stanchion-lint"]);
    let folder = prepared();
    for (hook, code) in hooks.iter().zip([1, 2]) {
        let mut line = words(hook["entry"].as_str().unwrap());
        line.extend(hook["args"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()));
        assert_eq!(refusal(&line), None);
        assert_eq!(hook["pass_filenames"], false, "folders are judged");
        let output = run(&folder, &line.join(" "), &[]);
        assert_eq!(output.status.code(), Some(code), "there is no policy to lint: {output:?}");
    }
}

/// The blocks of docs/ci.md in this language.
fn blocks(language: &str) -> Vec<String> {
    let page = repository("docs/ci.md");
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_line_of_the_page_is_one_that_the_program_takes() {
    let text = blocks("sh").concat();
    let mut checked = 0;
    for line in text.lines() {
        let ours = line.rsplit(" | ").next().unwrap();
        let ours = ours.strip_prefix("kubectl ").unwrap_or(ours);
        if ours.starts_with("stanchion ") {
            assert_eq!(refusal(&words(ours)), None, "{line}");
            checked += 1;
        }
    }
    assert!(checked >= 7, "{checked} lines");
    assert!(refusal(&words("stanchion audit . --no-such-flag")).is_some(), "the parser is asked");
}

#[test]
fn the_page_names_inputs_variables_and_hooks_that_there_are() {
    let page: Vec<Value> =
        blocks("yaml").iter().map(|block| serde_saphyr::from_str(block).unwrap()).collect();
    let [github, gitlab, pre_commit] = page.as_slice() else { panic!("three blocks: {page:?}") };
    let steps = github["jobs"]["audit"]["steps"].as_array().unwrap();
    let ours = steps.iter().find(|it| it["uses"].as_str().unwrap().contains("/stanchion@")).unwrap();
    let known = yaml("action.yml")["inputs"].clone();
    let table = repository("docs/ci.md");
    for input in ours["with"].as_object().unwrap().keys() {
        assert!(!known[input].is_null(), "{input}");
    }
    for input in known.as_object().unwrap().keys() {
        assert!(table.contains(&format!("| `{input}` |")), "the page tells of {input}");
    }
    let template = yaml("ci/gitlab/stanchion.yml");
    for variable in gitlab["stanchion"]["variables"].as_object().unwrap().keys() {
        assert!(!template["stanchion"]["variables"][variable].is_null(), "{variable}");
    }
    let hooks = yaml(".pre-commit-hooks.yaml");
    for hook in pre_commit["repos"][0]["hooks"].as_array().unwrap() {
        let own = hooks.as_array().unwrap().iter().find(|it| it["id"] == hook["id"]).unwrap();
        let mut line = words(own["entry"].as_str().unwrap());
        line.extend(hook["args"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()));
        assert_eq!(refusal(&line), None, "{line:?}");
    }
}

#[test]
fn as_a_plugin_it_calls_itself_as_kubectl_does() {
    let folder = prepared();
    symlink(env!("CARGO_BIN_EXE_stanchion"), folder.path().join("bin/kubectl-stanchion")).unwrap();
    for (line, usage) in [
        ("kubectl-stanchion audit --nope", "Usage: kubectl stanchion audit "),
        ("stanchion audit --nope", "Usage: stanchion audit "),
    ] {
        let output = run(&folder, line, &[]);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(usage), "{said}");
    }
}
