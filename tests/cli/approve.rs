//! `stanchion exception approve` and `canonical`, with OpenSSH on the other side.

#![cfg(unix)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssh_key::PrivateKey;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use tempfile::TempDir;

use crate::program::{AT, Run, content, folder, privileged, stanchion};

/// An exception as somebody wrote it.
pub(crate) const EXCEPTION: &str = "\
# The old ledger.
apiVersion: stanchion.dev/v1alpha1
kind: RiskException
metadata: {name: legacy, namespace: default}
spec:
  controls: [pod.privileged] # one alone
  target: {names: [legacy]}
  reason: The driver needs the node's devices until it is replaced.
  owner: team-payments
  validFrom: 2026-11-01T00:00:00Z
  expiresAt: 2026-12-20T00:00:00Z
  requestedBy: bob@example.com
# The end.
";

/// A key that is the same every time.
pub(crate) fn key(seed: &str) -> PrivateKey {
    let mut bytes = [7; 32];
    bytes.iter_mut().zip(seed.bytes()).for_each(|(byte, it)| *byte = it);
    PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(&bytes)), seed).unwrap()
}

/// These tests are worth something only with OpenSSH on the other side.
fn absent(program: &str, error: &std::io::Error) -> String {
    format!("{program} can't be run ({error}): install the client of OpenSSH, as CONTRIBUTING.md says")
}

/// A program of OpenSSH.
fn openssh(program: &str, args: &[&str], folder: &Path, input: &str) -> (bool, String) {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).env_remove("SSH_ASKPASS");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| absent(program, &error)).unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn keygen(args: &[&str], folder: &Path, input: &str) -> String {
    let (ok, said) = openssh("ssh-keygen", args, folder, input);
    assert!(ok, "ssh-keygen {args:?}: {said}");
    said
}

/// A folder with an exception, what it is about, and a key of this type.
fn prepared(kind: &[&str], passphrase: &str) -> (TempDir, String) {
    let exceptions =
        [("legacy.yaml", EXCEPTION.as_bytes()), ("pod.yaml", &privileged("legacy").into_bytes())];
    let standard = crate::program::STANDARD;
    let folder = folder(&[exceptions[0], exceptions[1], ("standard.yaml", standard.as_bytes())]);
    keygen(&[&["-q", "-N", passphrase, "-C", "ana@laptop", "-f", "key"], kind].concat(), folder.path(), "");
    let public = content(&folder.path().join("key.pub")).trim().to_owned();
    let tier = format!(
        "apiVersion: stanchion.dev/v1alpha1\nkind: ServiceTier\nmetadata: {{name: all}}\nspec:\n  level: 1\n  default: true\n  \
         approvers:\n    - name: ana@example.com\n      keys: [{{key: {public:?}}}]\n"
    );
    write(&folder.path().join("tier.yaml"), &tier);
    (folder, public)
}

#[expect(clippy::disallowed_methods, reason = "the program reads files")]
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

fn approve(folder: &TempDir, more: &[&str]) -> Run {
    let args = ["exception", "approve", "legacy.yaml", "--by", "ana@example.com"];
    stanchion(&[&args[..], more].concat()).env("SSH_AUTH_SOCK", "").within(folder).run()
}

fn canonical(folder: &TempDir, more: &[&str]) -> String {
    let args = ["exception", "canonical", "legacy.yaml", "--by", "ana@example.com"];
    let run = stanchion(&[&args[..], more].concat()).within(folder).run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stdout
}

fn verify(folder: &TempDir) -> Run {
    stanchion(&["exception", "verify", ".", "--trust", "signed", AT]).within(folder).run()
}

const SIGN: [&str; 4] = ["--key", "key", "--at", "2026-11-20T08:00:00Z"];
const NAMESPACE: &str = "stanchion.dev/riskexception";

#[test]
fn every_type_of_key_signs_what_openssh_verifies() {
    let kinds: [&[&str]; 4] = [
        &["-t", "ed25519"],
        &["-t", "ecdsa", "-b", "256"],
        &["-t", "ecdsa", "-b", "384"],
        &["-t", "rsa", "-b", "2048"],
    ];
    for kind in kinds {
        let (folder, public) = prepared(kind, "");
        assert!(verify(&folder).stdout.contains("0 of 1 approvals, by signature (Signed)"), "before");
        let run = approve(&folder, &SIGN);
        assert_eq!(run.code, 0, "{kind:?}: {}", run.stderr);
        let checked = verify(&folder);
        assert_eq!(checked.code, 0, "{kind:?}: {}{}", checked.stdout, checked.stderr);

        let here = folder.path();
        write(&here.join("allowed"), &format!("ana@example.com namespaces=\"{NAMESPACE}\" {public}\n"));
        write(&here.join("signature"), &canonical(&folder, &["--signature"]));
        let args =
            ["-Y", "verify", "-f", "allowed", "-I", "ana@example.com", "-n", NAMESPACE, "-s", "signature"];
        let signed = canonical(&folder, &[]);
        assert!(keygen(&args, here, &signed).contains("Good"), "{kind:?}");
        let (taken, _) = openssh("ssh-keygen", &args, here, &signed.replace("privileged", "root-user"));
        assert!(!taken, "{kind:?}: what was changed is not what was signed");
    }
}

#[test]
fn comments_and_order_stay_and_a_second_approval_takes_the_place_of_the_first() {
    let (folder, _) = prepared(&["-t", "ed25519"], "");
    assert_eq!(approve(&folder, &SIGN).code, 0);
    let first = content(&folder.path().join("legacy.yaml"));
    let (before, rest) = EXCEPTION.split_once("# The end.").unwrap();
    assert!(first.starts_with(before) && first.ends_with(&format!("# The end.{rest}")), "{first}");
    assert!(first.contains("  approvals:\n    - at: \"2026-11-20T08:00:00Z\"\n      by: "), "{first}");
    assert!(first.contains("      signature: |\n        -----BEGIN SSH SIGNATURE-----\n"), "{first}");

    let changed = first.replace("team-payments", "team-ledger");
    write(&folder.path().join("legacy.yaml"), &changed);
    let broken = verify(&folder);
    assert!(
        broken.stdout.contains("`ana@example.com`, because it was signed over something else"),
        "{}",
        broken.stdout
    );
    assert_eq!(broken.code, 1);
    let again = approve(&folder, &["--key", "key", "--at", "2026-11-21", "--comment", "for the other team"]);
    assert_eq!(again.code, 0, "{}", again.stderr);
    let second = content(&folder.path().join("legacy.yaml"));
    assert_eq!(second.matches("BEGIN SSH SIGNATURE").count(), 1, "{second}");
    assert!(second.contains("2026-11-21T00:00:00Z") && second.contains("for the other team"), "{second}");
    assert_eq!(verify(&folder).code, 0);
}

#[test]
fn a_signature_of_openssh_is_taken_if_it_is_good() {
    let (folder, _) = prepared(&["-t", "ed25519"], "");
    let at = ["--at", "2026-11-20T08:00:00Z"];
    write(&folder.path().join("signed"), &canonical(&folder, &at));
    keygen(&["-q", "-Y", "sign", "-f", "key", "-n", NAMESPACE, "signed"], folder.path(), "");
    let late = approve(&folder, &["--signature", "signed.sig", "--at", "2026-11-21"]);
    assert!(
        late.stderr.contains("would not count, because it was signed over something else"),
        "{}",
        late.stderr
    );
    assert_eq!(late.code, 2);
    assert_eq!(approve(&folder, &[&at[..], &["--signature", "signed.sig"]].concat()).code, 0);
    assert_eq!(verify(&folder).code, 0);
}

/// An agent that ends with this value.
struct Agent(Child, PathBuf);

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn agent(folder: &TempDir) -> Agent {
    let socket = folder.path().join("agent");
    let mut command = Command::new("ssh-agent");
    command.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null());
    let child = command.spawn().map_err(|error| absent("ssh-agent", &error)).unwrap();
    let agent = Agent(child, socket);
    for _ in 0..600 {
        if agent.1.exists() {
            return agent;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    agent
}

#[test]
fn an_agent_signs_with_the_keys_that_it_holds() {
    let kinds: [&[&str]; 3] = [&["-t", "ed25519"], &["-t", "rsa"], &["-t", "ecdsa", "-b", "521"]];
    for kind in kinds {
        let (folder, _) = prepared(kind, "");
        let agent = agent(&folder);
        let socket = agent.1.to_string_lossy().into_owned();
        let args = ["--key", "key.pub", "--at", "2026-11-20", "--agent", &socket];
        let without = approve(&folder, &args);
        assert!(without.stderr.contains("doesn't hold the key of key.pub"), "{}", without.stderr);
        let mut add = Command::new("ssh-add");
        add.arg("-q").arg(folder.path().join("key")).env("SSH_AUTH_SOCK", &socket);
        assert!(add.status().map_err(|error| absent("ssh-add", &error)).unwrap().success());
        let run = approve(&folder, &args);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(verify(&folder).code, 0);
    }
}

#[test]
fn what_can_t_be_approved_is_told_and_nothing_is_written() {
    let (folder, _) = prepared(&["-t", "ed25519"], "secret");
    let refused = |more: &[&str], expected: &str| {
        let run = approve(&folder, more);
        assert!(run.code == 2 && run.stderr.contains(expected), "{more:?}: {} {}", run.code, run.stderr);
    };
    refused(&SIGN, "has a passphrase, and there is no terminal to ask for it");
    refused(&["--key", "key.pub"], "no agent");
    refused(&["--key", "pod.yaml"], "is no OpenSSH key");
    refused(&["--key", "absent"], "absent: ");
    assert_eq!(content(&folder.path().join("legacy.yaml")), EXCEPTION);

    let (folder, _) = prepared(&["-t", "ed25519"], "");
    let refused = |text: &str, more: &[&str], expected: &str| {
        write(&folder.path().join("legacy.yaml"), text);
        let run = approve(&folder, &[&SIGN[..], more].concat());
        assert!(run.code == 2 && run.stderr.contains(expected), "{expected}: {} {}", run.code, run.stderr);
        assert_eq!(content(&folder.path().join("legacy.yaml")), text);
    };
    let without = |line: &str| EXCEPTION.replace(line, "");
    refused(&without("  requestedBy: bob@example.com\n"), &[], "spec.requestedBy is missing");
    refused(
        &without(", namespace: default"),
        &[],
        "metadata.namespace is missing, and part of what is signed",
    );
    refused(EXCEPTION, &["--cluster-name", "prod-eu"], "spec.clusters doesn't name `prod-eu`");
    refused(&EXCEPTION.replace("bob@", "ana@"), &[], "nobody approves their own exception");
    refused(&EXCEPTION.replace("owner:", "ownr:"), &[], "mend it first");
    refused(
        &format!("{EXCEPTION}---\n{}", EXCEPTION.replace("legacy, ", "other, ")),
        &[],
        "say which with --exception",
    );
    refused("a: b\n", &[], "no RiskException in it");
}

#[test]
fn lint_tells_which_approvals_don_t_count() {
    let (folder, _) = prepared(&["-t", "ed25519"], "");
    let approvals = "  approvals: [{by: ana@example.com}, {by: cy@example.com}]\n# The end.";
    write(&folder.path().join("legacy.yaml"), &EXCEPTION.replace("# The end.", approvals));
    let lint = |more: &[&str]| stanchion(&[&["lint", ".", AT], more].concat()).within(&folder).run().stdout;
    let told = lint(&["--trust", "signed"]);
    assert!(told.contains("spec.approvals: 0 of 1 approvals"), "{told}");
    for place in [
        "spec.approvals[0]: the approval by `ana@example.com`",
        "spec.approvals[1]: the approval by `cy@example.com`",
    ] {
        assert!(told.contains(&format!("{place} doesn't count: it has no signature")), "{told}");
    }
    assert!(!lint(&[]).contains("spec.approvals"), "names count as written unless somebody says otherwise");
    write(&folder.path().join(".stanchion.yaml"), "trust: signed\n");
    assert!(lint(&[]).contains("0 of 1 approvals"), "the configuration says it as well");
    assert!(!lint(&["--trust", "recorded"]).contains("0 of 1 approvals"), "a flag replaces it");
}

#[test]
fn a_weaker_hash_or_signature_is_none() {
    let (folder, _) = prepared(&["-t", "rsa", "-b", "2048"], "");
    assert_eq!(approve(&folder, &SIGN).code, 0);
    let armoured = canonical(&folder, &["--signature"]);
    let digits: String = armoured.lines().filter(|line| !line.starts_with('-')).collect();
    let bytes = STANDARD.decode(digits).unwrap();
    let signed = content(&folder.path().join("legacy.yaml"));
    let start = signed.find("      signature: |").unwrap();
    let end = signed.find("# The end.").unwrap();
    for (from, to) in [("rsa-sha2-512", "ssh-rsa"), ("sha512", "sha1"), ("sha512", "md5")] {
        let weaker = STANDARD.encode(downgraded(&bytes, from, to));
        let armour = format!("-----BEGIN SSH SIGNATURE----- {weaker} -----END SSH SIGNATURE-----");
        let (before, _) = signed.split_at(start);
        let (_, after) = signed.split_at(end);
        write(&folder.path().join("legacy.yaml"), &format!("{before}      signature: {armour}\n{after}"));
        let told = verify(&folder).stdout;
        assert!(
            told.contains("no SSHSIG that can be read, or of an algorithm that isn't taken"),
            "{to}: {told}"
        );
    }
}

/// The signature with another name of an algorithm, and the lengths around it that this takes.
fn downgraded(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let named =
        |name: &str| [&u32::try_from(name.len()).unwrap().to_be_bytes()[..], name.as_bytes()].concat();
    let (old, new) = (named(from), named(to));
    let place = bytes.windows(old.len()).rposition(|window| window == old).unwrap();
    let (before, rest) = bytes.split_at(place);
    let (_, after) = rest.split_at(old.len());
    let mut before = before.to_vec();
    if from.starts_with("rsa") {
        // The length of the signature as a whole stands before its algorithm.
        let outer = before.split_off(before.len() - 4);
        let length = u32::from_be_bytes(outer.try_into().unwrap());
        let less = u32::try_from(from.len() - to.len()).unwrap();
        before.extend((length - less).to_be_bytes());
    }
    [before, new, after.to_vec()].concat()
}
