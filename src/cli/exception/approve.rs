//! `stanchion exception approve`

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use super::signer::Signer;
use super::subject::{Subject, SubjectArgs, called};
use crate::api::{Approval, RiskException};
use crate::cli::{Ended, Terminal, files, fix as writing, moment};
use crate::engine::approval::{KeyId, content, verify};
use crate::engine::control::{Patch, Safety};
use crate::facts::Path;
use crate::fix::{self, Wanted};
use crate::manifest::Limits;

/// Approve an exception in a file, by an SSH signature over it
///
/// Adds your name, the time and the signature to `spec.approvals`, and leaves comments and order of the file as they are; an
/// earlier approval of yours is replaced. Whatever of the exception is changed afterwards, the approval doesn't count any
/// more. `stanchion exception canonical` shows what is signed, docs/approvals.md says how it is checked.
///
/// Exit codes: 0 approved, 2 it could not be.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stanchion exception approve legacy-ledger.yaml --key ~/.ssh/id_ed25519 --by ana@example.com
  stanchion exception approve legacy-ledger.yaml --key ~/.ssh/id_ed25519 --comment 'until the driver is replaced'")]
pub(super) struct Args {
    #[command(flatten)]
    subject: SubjectArgs,

    /// Your SSH key: the private one, or the public one where ssh-agent has the private one
    #[arg(long, value_name = "KEY", required_unless_present = "signature", conflicts_with = "signature")]
    key: Option<PathBuf>,

    /// Your name among the approvers of the tier; by default the comment of the key
    #[arg(long, value_name = "NAME")]
    by: Option<String>,

    /// What you want to add; it is signed, too
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,

    /// When you approve it; by default now
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    at: Option<Timestamp>,

    /// A signature that `ssh-keygen -Y sign` made over what `stanchion exception canonical` prints for --by and --at
    #[arg(long, value_name = "FILE", requires_all = ["by", "at"])]
    signature: Option<PathBuf>,

    /// Where ssh-agent listens
    #[arg(long, env = "SSH_AUTH_SOCK", value_name = "SOCKET")]
    agent: Option<OsString>,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let subject = args.subject.find(terminal)?;
    // An empty variable is as good as none.
    let agent = args.agent.as_deref().filter(|it| !it.is_empty()).map(std::path::Path::new);
    let signer = args.key.as_deref().map(|key| Signer::open(key, agent)).transpose()?;
    let by = args.by.as_deref().or(signer.as_ref().map(Signer::comment)).map(str::trim).unwrap_or_default();
    if by.is_empty() {
        bail!(
            "the key has no comment to take a name from: give --by, your name among the approvers of the tier"
        );
    }
    let called = called(&subject.exception);
    if subject.exception.spec.requested_by.as_deref() == Some(by) {
        bail!("{called}: nobody approves their own exception, and `{by}` asks for it: somebody else must");
    }
    let mut approval = Approval {
        by: by.to_owned(),
        at: Some(to_the_second(args.at.unwrap_or_else(moment::now))),
        comment: args.comment.clone(),
        signature: None,
    };
    let content = content(&subject.exception, &approval)?;
    let signature = match (&signer, &args.signature) {
        (Some(signer), _) => signer.sign(&content)?,
        (None, Some(file)) => made_elsewhere(file)?,
        (None, None) => bail!("give --key or --signature"),
    };
    let key = verify(&signature, &content)
        .map_err(|why| anyhow!("{called}: the approval would not count, because {why}"))?;
    approval.signature = Some(signature);
    write(&subject, &approval)?;
    tell(&subject, &approval, &key, terminal);
    Ok(Ended::Clean)
}

/// As it is written: a moment in an object has no fraction.
pub(super) fn to_the_second(at: Timestamp) -> Time {
    Time(Timestamp::from_second(at.as_second()).unwrap_or(at))
}

fn made_elsewhere(file: &std::path::Path) -> anyhow::Result<String> {
    let bytes = files::content(file, &Limits::default())
        .map_err(|error| anyhow!("{}: {}", file.display(), files::in_words(&error)))?;
    String::from_utf8(bytes).with_context(|| format!("{} is no signature", file.display()))
}

/// Puts the approval into the file, in the place of an earlier one by the same person.
fn write(subject: &Subject, approval: &Approval) -> anyhow::Result<()> {
    let approvals = &subject.exception.spec.approvals;
    let value = serde_json::to_value(approval)?;
    let list = Path::of(&["spec", "approvals"]);
    let earlier = approvals.iter().position(|it| it.by == approval.by);
    let patches: Vec<Patch> = if let Some(place) = earlier {
        let here = list.index(place);
        let field = |name: &'static str| {
            let value = value.get(name).cloned().unwrap_or(Value::Null);
            patch(here.clone().key(name), value)
        };
        ["at", "comment", "signature"].map(field).into()
    } else {
        let mut all = subject.approvals.clone();
        all.push(value);
        vec![patch(list, json!(all))]
    };
    let wanted: Vec<Wanted<'_>> =
        patches.iter().map(|patch| Wanted { start: subject.start, patch }).collect();
    let fixed = fix::fix(&subject.bytes, &wanted, &Limits::default());
    let name = subject.file.display();
    if let Some(Err(why)) = fixed.results.iter().find(|it| it.is_err()) {
        bail!("{name}: the approval can't be written into it, because {why}");
    }
    // What was signed must be what stands there.
    let stands = subject.within(&fixed.bytes).filter(|it| counts(it, approval));
    stands.with_context(|| format!("{name}: the approval can't be written into it so that it counts"))?;
    writing::replace(&subject.file, &subject.bytes, &fixed.bytes)
        .with_context(|| format!("{name} can't be written"))
}

/// Whether an exception has this approval, and its signature is over the exception.
fn counts(exception: &RiskException, approval: &Approval) -> bool {
    let mut approvals = exception.spec.approvals.iter();
    let found = approvals.find(|it| it.by == approval.by);
    found.is_some_and(|it| {
        let content = content(exception, it).ok();
        it.signature.as_deref().zip(content).is_some_and(|(it, content)| verify(it, &content).is_ok())
    })
}

fn patch(path: Path, value: Value) -> Patch {
    Patch { path, value, safety: Safety::Safe }
}

/// What was approved, for the person who did.
fn tell(subject: &Subject, approval: &Approval, key: &KeyId, terminal: &mut Terminal) {
    let spec = &subject.exception.spec;
    terminal.note(&format!(
        "{} is approved by `{}` with the key {key}: {} may fail until {}, because {}",
        called(&subject.exception),
        approval.by,
        spec.controls.join(", "),
        spec.expires_at.0.strftime("%Y-%m-%d %H:%M UTC"),
        spec.reason,
    ));
    if spec.clusters.is_empty() {
        terminal.note(
            "it names no clusters: it counts in every one that has no name and whose tiers know the key",
        );
    }
}
