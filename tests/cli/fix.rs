//! `stanchion audit --fix`: the diff, the files, and what is left.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::program::{AT, folder, snapshot, stanchion};

/// A Deployment as people write it: comments, a list that is not indented, quotes, and a second container.
const CART: &str = "\
# The cart.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers:
      - name: cart  # answers
        image: \"registry.example.com/cart:1.4\"
        securityContext:
          privileged: true  # for now
      # The sidecar.
      - name: proxy
        image: registry.example.com/proxy:2.0
        securityContext: {}
      # - name: debug
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cart}
";

const PRESETS: [&str; 4] =
    ["--preset=pod-security-baseline", "--preset=pod-security-restricted", "--preset=workload-hardening", AT];

fn cart() -> TempDir {
    folder(&[("shop/cart.yaml", CART.as_bytes())])
}

fn args<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["audit", "shop", "--fix"], &PRESETS[..], more].concat()
}

#[expect(clippy::disallowed_methods, reason = "the program writes files")]
fn content(folder: &TempDir, file: &str) -> String {
    fs::read_to_string(folder.path().join(file)).unwrap()
}

#[test]
fn a_diff_shows_what_is_safe_and_changes_nothing() {
    let folder = cart();
    let run = stanchion(&args(&[])).within(&folder).run();
    snapshot!("fix", format!("{}----\n{}", run.stdout, run.stderr));
    assert_eq!(run.code, 1, "the files are judged as they are");
    assert_eq!(content(&folder, "shop/cart.yaml"), CART);
    let colours = stanchion(&args(&[])).within(&folder).env("CLICOLOR_FORCE", "1").run().stdout;
    assert!(colours.contains("\u{1b}[32m+"), "{colours}");
}

#[test]
fn writing_makes_it_and_a_second_run_finds_nothing_to_do() {
    let folder = cart();
    let shown = stanchion(&args(&[])).within(&folder).run().stdout;
    let run = stanchion(&args(&["--write", "--fail-on=critical"])).within(&folder).run();
    assert_eq!((run.stdout, run.code), (shown, 0), "judged as the files are now: {}", run.stderr);
    assert!(run.stderr.contains("made 7 changes in 1 file; "), "{}", run.stderr);
    snapshot!("fix-written", content(&folder, "shop/cart.yaml"));
    let again = stanchion(&args(&["--write"])).within(&folder).run();
    assert_eq!(again.stdout, "");
    assert!(again.stderr.starts_with("nothing to fix safely; "), "{}", again.stderr);
    assert_eq!(folder.path().join("shop").read_dir().unwrap().count(), 1, "nothing else is left behind");
}

#[test]
fn a_diff_can_be_applied() {
    let folder = cart();
    let diff = stanchion(&args(&[])).within(&folder).run().stdout;
    let mut patch = assert_cmd::Command::new("git");
    patch.args(["apply", "-p1"]).current_dir(folder.path()).write_stdin(diff).assert().success();
    let applied = content(&folder, "shop/cart.yaml");
    let written = cart();
    stanchion(&args(&["--write"])).within(&written).run();
    assert_eq!(applied, content(&written, "shop/cart.yaml"));
}

#[test]
fn what_an_exception_covers_is_not_touched() {
    let exception = "apiVersion: stanchion.dev/v1alpha1\nkind: RiskException\nmetadata: {name: old}\nspec:\n  controls: \
                     [pod.privileged]\n  target: {kind: Deployment, names: [cart]}\n  reason: Kept until the rewrite is \
                     done.\n  owner: team-shop\n  validFrom: 2026-11-01T00:00:00Z\n  expiresAt: 2026-12-20T00:00:00Z\n  \
                     requestedBy: a@example.com\n  approvals: [{by: b@example.com, at: 2026-10-30T08:30:00Z}]\n";
    let folder = folder(&[("shop/cart.yaml", CART.as_bytes()), ("shop/old.yaml", exception.as_bytes())]);
    let diff = |at: &str| {
        let run = stanchion(&["audit", "shop", "--fix", "--preset=pod-security-baseline", at])
            .within(&folder)
            .run();
        assert!(!run.stderr.contains("problem"), "{}", run.stderr);
        run.stdout
    };
    assert_eq!(diff(AT), "");
    assert!(
        diff("--at=2027-01-01")
            .contains("-          privileged: true  # for now\n+          privileged: false")
    );
}

#[test]
fn standard_input_is_shown_and_never_written() {
    let run = stanchion(&["audit", "-", "--fix", AT]).stdin(CART).run();
    assert!(run.stdout.starts_with("--- a/<stdin>\n+++ b/<stdin>\n@@ "), "{}", run.stdout);
    let run = stanchion(&["audit", "-", "--fix", "--write", AT]).stdin(CART).run();
    assert_eq!((run.stdout.as_str(), run.code), ("", 2));
    assert!(run.stderr.contains("standard input can't be written to: name files"), "{}", run.stderr);
}

#[test]
fn other_outputs_need_a_file_and_writing_needs_fix() {
    let folder = cart();
    let run = stanchion(&args(&["-o", "json"])).within(&folder).run();
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("give `json` a file, as in `-o json=FILE`"), "{}", run.stderr);
    let run = stanchion(&args(&["-o", "json=audit.json"])).within(&folder).run();
    assert!(run.stdout.starts_with("--- a/shop/cart.yaml\n"), "{}", run.stdout);
    assert!(content(&folder, "audit.json").contains("\"pod.privileged\""));
    let run = stanchion(&["audit", "shop", "--write"]).within(&folder).run();
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--fix"), "{}", run.stderr);
}

#[test]
fn what_is_shared_is_left_as_it_is_and_said() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: twins}\nspec:\n  containers:\n  - &one\n    name: a\n    image: \
               a:1\n    securityContext: &sc {privileged: true}\n  - name: b\n    image: b:1\n    securityContext: *sc\n";
    let folder = folder(&[("shop/twins.yaml", pod.as_bytes())]);
    let run = stanchion(&["audit", "shop", "--fix", "--write", "--preset=pod-security-baseline", AT]);
    let run = run.within(&folder).run();
    assert_eq!(content(&folder, "shop/twins.yaml"), pod);
    let why = "securityContext.privileged, because an anchor, an alias or a merge key shares this part with another\n";
    assert_eq!(run.stderr.matches(why).count(), 2, "{}", run.stderr);
    assert!(run.stderr.contains("left as it is: shop/twins.yaml:9:"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_mode_and_a_link_stays_a_link_that_leads_nowhere_else() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = folder(&[("shop/cart.yaml", CART.as_bytes()), ("other/cart.yaml", CART.as_bytes())]);
    let file = folder.path().join("shop/cart.yaml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&file, folder.path().join("named.yaml")).unwrap();
    symlink("../other/cart.yaml", folder.path().join("shop/linked.yaml")).unwrap();
    let run = |path: &str| {
        let args = ["audit", path, "--fix", "--write", "--preset=pod-security-baseline", AT];
        stanchion(&args).within(&folder).run()
    };
    assert_eq!(run("named.yaml").stderr, "made 1 change in 1 file; no finding is left\n");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(folder.path().join("named.yaml").is_symlink());
    assert!(content(&folder, "shop/cart.yaml").contains("privileged: false"));
    let linked = run("shop");
    assert!(
        linked.stderr.contains("because it links to a file outside the paths that were named"),
        "{}",
        linked.stderr
    );
    assert_eq!(content(&folder, "other/cart.yaml"), CART);
    assert!(Path::new(&folder.path().join("shop/linked.yaml")).is_symlink());
}
