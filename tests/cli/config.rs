//! `.stanchion.yaml`: where it is looked for, what each key does, and what is said of a wrong one.

#![expect(clippy::disallowed_methods, reason = "the program reads files")]

use std::path::Path;

use stanchion::manifest::{Limits, yaml};
use tempfile::TempDir;

use crate::program::{Run, STANDARD, folder, privileged, stanchion};
use crate::schema;

/// A work tree with a privileged pod in deploy/ and in deploy/gen/, and a configuration.
fn project(config: &str) -> TempDir {
    let (pod, generated) = (privileged("a"), privileged("g"));
    folder(&[
        (".git/HEAD", b""),
        (".stanchion.yaml", config.as_bytes()),
        ("deploy/a.yaml", pod.as_bytes()),
        ("deploy/gen/g.yaml", generated.as_bytes()),
        ("policy/one.yaml", STANDARD.as_bytes()),
    ])
}

fn run(folder: &TempDir, args: &[&str]) -> Run {
    stanchion(args).within(folder).run()
}

fn json(run: &Run) -> serde_json::Value {
    serde_json::from_str(&run.stdout).unwrap()
}

/// What an audit judges, by the configuration alone.
fn subjects(folder: &TempDir, args: &[&str]) -> Vec<String> {
    let report = json(&run(folder, &[&["audit", "-o", "json"], args].concat()));
    let subjects = report.get("subjects").and_then(serde_json::Value::as_array).unwrap().iter();
    subjects
        .map(|it| format!("{}/{}", it["namespace"].as_str().unwrap(), it["name"].as_str().unwrap()))
        .collect()
}

fn assert_complains(config: &str, expected: &str) {
    let project = project(config);
    let run = run(&project, &["audit", "deploy"]);
    let last = run.stderr.lines().last().unwrap_or_default();
    assert_eq!(last, format!("stanchion: .stanchion.yaml:{expected}"));
    assert_eq!((run.stdout.as_str(), run.code), ("", 2), "nothing is judged by half a configuration");
}

#[test]
fn it_is_found_upwards_to_the_root_of_the_work_tree() {
    let project = project("failOn: never\n");
    for path in ["deploy", "deploy/gen", "deploy/gen/g.yaml", "nowhere.yaml", "-"] {
        let run = run(&project, &["audit", path]);
        assert!(run.stderr.starts_with("using .stanchion.yaml\n"), "{path}: {}", run.stderr);
    }
    let below = project.path().join("deploy/gen");
    let run = stanchion(&["audit", "."]).at(&below).run();
    assert!(run.stderr.starts_with("using ../../.stanchion.yaml\n"), "{}", run.stderr);
    let absolute = below.canonicalize().unwrap();
    let run = stanchion(&["audit", absolute.to_str().unwrap()]).run();
    let root = project.path().canonicalize().unwrap();
    assert!(run.stderr.starts_with(&format!("using {}/.stanchion.yaml\n", root.display())), "{}", run.stderr);
}

#[test]
fn the_nearest_counts_and_that_of_the_first_path() {
    let (near, a, b) = ("namespace: near\n", privileged("a"), privileged("b"));
    let folder = folder(&[
        (".git/HEAD", b""),
        (".stanchion.yaml", b"namespace: far\n"),
        ("a/pod.yaml", a.as_bytes()),
        ("b/.stanchion.yaml", near.as_bytes()),
        ("b/pod.yaml", b.as_bytes()),
    ]);
    assert_eq!(subjects(&folder, &["a"]), ["far/a"]);
    assert_eq!(subjects(&folder, &["b"]), ["near/b"]);
    assert_eq!(subjects(&folder, &["b", "a"]), ["near/a", "near/b"]);
    assert_eq!(subjects(&folder, &["a", "b"]), ["far/a", "far/b"]);
}

#[test]
fn nothing_above_a_work_tree_is_used() {
    let pod = privileged("a");
    // A work tree beside others, and a submodule, whose .git is a file.
    for marker in ["inner/.git/HEAD", "inner/.git"] {
        let folder = folder(&[
            (".git/HEAD", b""),
            (".stanchion.yaml", b"failOn: never\n"),
            (marker, b"gitdir: elsewhere\n"),
            ("inner/deploy/pod.yaml", pod.as_bytes()),
        ]);
        let run = run(&folder, &["audit", "inner/deploy"]);
        assert!(!run.stderr.contains("using"), "{}", run.stderr);
        assert_eq!(run.code, 1);
    }
}

#[test]
fn outside_of_a_work_tree_nothing_above_the_current_folder_is_used() {
    let pod = privileged("a");
    let folder = folder(&[(".stanchion.yaml", b"failOn: never\n"), ("home/deploy/pod.yaml", pod.as_bytes())]);
    assert_eq!(run(&folder, &["audit", "home/deploy"]).code, 0, "the current folder has it");
    let home = folder.path().join("home");
    let run = stanchion(&["audit", "deploy"]).at(&home).run();
    assert!(!run.stderr.contains("using"), "{}", run.stderr);
    assert_eq!(run.code, 1);
    let absolute = folder.path().join("home/deploy");
    assert_eq!(stanchion(&["audit", absolute.to_str().unwrap()]).run().code, 1);
}

#[test]
fn a_file_can_be_named_and_none_can_be_used() {
    let project = project("failOn: never\n");
    std::fs::write(project.path().join("other.yaml"), "namespace: other\n").unwrap();
    let named = run(&project, &["audit", "deploy", "--config", "other.yaml"]);
    assert!(named.stderr.starts_with("using other.yaml\n"), "{}", named.stderr);
    assert!(named.stdout.contains("Pod other/a"), "{}", named.stdout);
    assert_eq!(named.code, 1);
    let none = run(&project, &["audit", "deploy", "--no-config"]);
    assert!(!none.stderr.contains("using"), "{}", none.stderr);
    assert_eq!(none.code, 1);
    let missing = run(&project, &["audit", "deploy", "--config", "nowhere.yaml"]);
    assert_eq!(missing.stderr, "stanchion: nowhere.yaml: no such file or folder: check the path\n");
    assert_eq!(missing.code, 2);
}

#[test]
fn paths_are_read_when_none_is_given() {
    let project = project("paths: [deploy/gen]\n");
    assert_eq!(subjects(&project, &[]), ["default/g"]);
    assert_eq!(subjects(&project, &["deploy/a.yaml"]), ["default/a"], "those given replace them");
    let below = project.path().join("policy");
    let run = stanchion(&["audit"]).at(&below).run();
    assert!(run.stdout.contains("../deploy/gen/g.yaml:1"), "{}", run.stdout);
}

#[test]
fn without_any_path_nothing_is_read() {
    let project = project("failOn: low\n");
    for command in [&["audit"][..], &["lint"], &["exception", "list"]] {
        let run = run(&project, command);
        let said = "stanchion: nothing to read: give a PATH, `-` for standard input, or `paths` in .stanchion.yaml\n";
        assert!(run.stderr.ends_with(said), "{}", run.stderr);
        assert_eq!(run.code, 2);
    }
}

#[test]
fn a_path_called_like_standard_input_is_a_file() {
    let project = project("paths: ['-']\n");
    let run = run(&project, &["audit"]);
    assert!(run.stderr.contains(".stanchion.yaml:1:9: paths[0]: no such file or folder"), "{}", run.stderr);
}

#[test]
fn ignores_pass_over_what_is_met_and_not_what_is_named() {
    for glob in ["gen/", "/deploy/gen", "g.yaml", "**/gen/*.yaml"] {
        let project = project(&format!("ignores: ['{glob}']\n"));
        assert_eq!(subjects(&project, &["deploy"]), ["default/a"], "{glob}");
        assert_eq!(subjects(&project, &["deploy/gen/g.yaml"]), ["default/g"], "{glob}");
        let below = project.path().join("deploy/gen");
        let above = stanchion(&["audit", ".."]).at(&below).run();
        assert!(above.stdout.contains("1 of 1 workload"), "{glob}: {}", above.stdout);
    }
    let elsewhere = project("ignores: [/gen, deploy]\n");
    assert_eq!(
        subjects(&elsewhere, &["deploy"]),
        ["default/a", "default/g"],
        "not from there, and not what is named"
    );
    let back = project("ignores: ['*.yaml', '!a.yaml']\n");
    assert_eq!(subjects(&back, &["deploy"]), ["default/a"]);
}

#[test]
fn ignoring_everything_is_said_and_no_clean_result() {
    let project = project("ignores: ['*.yaml']\n");
    let run = run(&project, &["audit", "deploy"]);
    let said = "deploy: no .yaml, .yml or .json file in this folder; hidden files, what Git ignores and the `ignores` \
                of the configuration don't count\n";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert_eq!(run.code, 2);
}

#[test]
fn standards_judge_and_are_not_ignored_and_a_flag_replaces_them() {
    let project = project("standards: [policy]\nignores: [policy, one.yaml]\n");
    let standards = |args: &[&str]| -> Vec<String> {
        let report = json(&run(&project, &[&["audit", "deploy", "-o", "json"], args].concat()));
        let standards = report["posture"]["standards"].as_array().unwrap().iter();
        standards.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(standards(&[]), ["one"]);
    std::fs::write(project.path().join("two.yaml"), STANDARD.replace("name: one", "name: two")).unwrap();
    assert_eq!(standards(&["--standards", "two.yaml"]), ["two"]);
    assert_eq!(
        standards(&["--preset", "secrets-hygiene"]),
        ["one", "secrets-hygiene"],
        "each flag replaces its own key"
    );
}

#[test]
fn presets_judge_and_a_flag_replaces_them() {
    let project = project("presets: [secrets-hygiene]\n");
    let run = |args: &[&str]| run(&project, &[&["audit", "deploy"], args].concat());
    assert!(run(&[]).stdout.contains("judged by secrets-hygiene."), "{}", run(&[]).stdout);
    let replaced = run(&["--preset", "pod-security-baseline"]);
    assert!(replaced.stdout.contains("judged by pod-security-baseline."), "{}", replaced.stdout);
}

#[test]
fn a_severity_sets_the_exit_code_and_a_flag_replaces_it() {
    let project = project("failOn: never\n");
    assert_eq!(run(&project, &["audit", "deploy"]).code, 0);
    assert_eq!(run(&project, &["audit", "deploy", "--fail-on", "high"]).code, 1);
    let report = json(&run(&project, &["audit", "deploy", "-o", "json", "--fail-on", "high"]));
    assert_eq!(report["summary"]["failOn"], "High");
    let default = self::project("");
    let report = json(&run(&default, &["audit", "deploy", "-o", "json"]));
    assert_eq!(report["summary"]["failOn"], "High");
}

#[test]
fn a_namespace_is_that_of_objects_that_name_none_and_a_flag_replaces_it() {
    let project = project("namespace: shop\npaths: [deploy/a.yaml]\n");
    assert_eq!(subjects(&project, &[]), ["shop/a"]);
    assert_eq!(subjects(&project, &["-n", "till"]), ["till/a"]);
}

#[test]
fn exempt_namespaces_replace_the_default_and_a_flag_replaces_them() {
    let project = project("exemptNamespaces: [default]\npaths: [deploy/a.yaml]\n");
    let exempt = |args: &[&str]| {
        json(&run(&project, &[&["audit", "-o", "json"], args].concat()))["summary"]["exempt"].clone()
    };
    assert_eq!(exempt(&[]), 1);
    assert_eq!(exempt(&["-n", "kube-system"]), 0, "no longer exempt");
    assert_eq!(exempt(&["--exempt-namespace", ""]), 0);
    let all = self::project("exemptNamespaces: []\npaths: [deploy/a.yaml]\n");
    assert_eq!(subjects(&all, &["-n", "kube-system"]), ["kube-system/a"]);
}

#[test]
fn owner_keys_name_the_owner() {
    let pod = privileged("a").replace("{name: \"a\"}", "{name: a, labels: {squad: red, team: blue}}");
    let folder = folder(&[(".stanchion.yaml", b"ownerKeys: [squad]\n"), ("pod.yaml", pod.as_bytes())]);
    let owner = |args: &[&str]| {
        json(&run(&folder, &[&["audit", "pod.yaml", "-o", "json"], args].concat()))["subjects"][0]["owner"]
            .clone()
    };
    assert_eq!(owner(&[]), "red");
    assert_eq!(owner(&["--no-config"]), "blue");
}

#[test]
fn lint_and_exceptions_use_it_too() {
    let project = project("paths: [deploy]\nstandards: [policy]\nnamespace: shop\n");
    let lint = run(&project, &["lint"]);
    assert!(
        lint.stdout.contains("1 standard, tier or exception in 3 files: nothing is wrong"),
        "{}",
        lint.stdout
    );
    assert_eq!((lint.stderr.as_str(), lint.code), ("using .stanchion.yaml\n", 0));
    let args = ["exception", "new", "--workload", "pod/a", "--control", "pod.privileged", "--owner", "me"];
    let new = run(&project, &[&args[..], &["--reason", "the driver of the card reader needs it"]].concat());
    assert!(new.stdout.contains("namespace: shop"), "{}{}", new.stdout, new.stderr);
    std::fs::write(project.path().join("deploy/exception.yaml"), &new.stdout).unwrap();
    let listed = run(&project, &["exception", "list"]);
    assert!(listed.stdout.contains("shop"), "{}", listed.stdout);
}

#[test]
fn fixes_are_made_in_the_configured_paths() {
    let project = project("paths: [deploy/a.yaml]\nstandards: [policy]\n");
    let run = run(&project, &["audit", "--fix", "--write"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let fixed = std::fs::read_to_string(project.path().join("deploy/a.yaml")).unwrap();
    assert!(fixed.contains("privileged: false"), "{fixed}");
}

#[test]
fn what_says_nothing_is_not_mentioned() {
    let project = project("# nothing yet\n");
    assert!(!run(&project, &["audit", "deploy"]).stderr.contains("using"));
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_the_remedy() {
    assert_complains("failon: low\n", "1:1: failon: there is no such key; did you mean `failOn`?");
    assert_complains(
        "failOn: no\n",
        "1:9: failOn: expected one of `low`, `medium`, `high`, `critical`, `never`, found `false`",
    );
    assert_complains("paths: deploy\n", "1:8: paths: expected a list, found `\"deploy\"`");
    assert_complains(
        "presets: [pod-security-base]\n",
        "1:11: presets[0]: no preset has this name; did you mean `pod-security-baseline`?",
    );
    assert_complains(
        "standards: [policy, polcy]\n",
        "1:21: standards[1]: no such file or folder: check the path",
    );
    let (position, told) = ("1:11: ignores[0]: ", "it is no glob as .gitignore has them: ");
    let project = project("ignores: ['a{b']\n");
    let run = run(&project, &["audit", "deploy"]);
    assert!(run.stderr.contains(&format!("{position}{told}")), "{}", run.stderr);
}

#[test]
fn what_would_be_wrong_and_is_replaced_stands_in_nobodys_way() {
    let project = project("standards: [gone]\npaths: [gone]\n");
    assert_eq!(run(&project, &["audit", "deploy", "--standards", "policy"]).code, 1);
}

#[test]
fn no_path_leads_out() {
    let outside = folder(&[("secret.yaml", b"password: hunter2\n")]);
    let out = outside.path().canonicalize().unwrap();
    for key in ["paths", "standards"] {
        let project = project("");
        let root = project.path().canonicalize().unwrap();
        std::os::unix::fs::symlink(&out, project.path().join("link")).unwrap();
        let up = format!("../{}", out.file_name().unwrap().to_str().unwrap());
        for path in [out.to_str().unwrap(), up.as_str(), "link", "link/secret.yaml", ".."] {
            std::fs::write(project.path().join(".stanchion.yaml"), format!("{key}: ['{path}']\n")).unwrap();
            let args: &[&str] = if key == "paths" { &["audit"] } else { &["audit", "deploy"] };
            let run = run(&project, args);
            let said =
                format!("{key}[0]: it leads out of {}: only the command line may name it\n", root.display());
            assert!(run.stderr.ends_with(&said), "{path}: {}", run.stderr);
            assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
            assert_eq!((run.stdout.as_str(), run.code), ("", 2));
        }
    }
    let within = project("paths: [policy/../deploy]\n");
    assert_eq!(subjects(&within, &[]), ["default/a", "default/g"]);
}

#[test]
fn what_is_found_must_be_a_file_of_the_work_tree() {
    let outside = folder(&[("secret.yaml", b"hunter2\n")]);
    let project = project("");
    let file = project.path().join(".stanchion.yaml");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.yaml"), &file).unwrap();
    let link = run(&project, &["audit", "deploy"]);
    assert!(
        link.stderr.starts_with("stanchion: .stanchion.yaml: it links to a file outside of "),
        "{}",
        link.stderr
    );
    assert!(!link.stderr.contains("hunter2"), "{}", link.stderr);
    assert_eq!(link.code, 2);
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(Path::new("gone.yaml"), &file).unwrap();
    let gone = run(&project, &["audit", "deploy"]);
    assert_eq!(gone.stderr, "stanchion: .stanchion.yaml: no such file or folder: check the path\n");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let directory = run(&project, &["audit", "deploy"]);
    assert_eq!(
        directory.stderr,
        "stanchion: .stanchion.yaml: it is no file: remove it, or give --no-config\n"
    );
    assert_eq!(run(&project, &["audit", "deploy", "--no-config"]).code, 1);
}

#[test]
fn the_page_shows_every_key_and_its_example_is_used_as_it_stands() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let page = std::fs::read_to_string(page).unwrap();
    let example = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let parsed = yaml::parse(example, &Limits::default()).unwrap().unwrap();
    let document = parsed.to_json();
    assert_eq!(schema::problems_by("config", &document), Vec::<String>::new());
    let project = project(example);
    std::fs::rename(project.path().join("policy"), project.path().join("security")).unwrap();
    let run = run(&project, &["audit"]);
    assert!(run.stderr.starts_with("using .stanchion.yaml\n") && run.code != 2, "{}", run.stderr);
    let schema = schemars::schema_for!(stanchion::config::Config);
    for (key, _) in schema.get("properties").and_then(serde_json::Value::as_object).unwrap() {
        assert!(page.contains(&format!("| `{key}` |")), "docs/configuration.md has no row for {key}");
        assert!(document.get(key).is_some(), "the example of docs/configuration.md lacks {key}");
    }
}
