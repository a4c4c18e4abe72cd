//! Breaking the glass: whoever has the right to do so is let through at once, by an annotation that names a ticket.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::message::Lines;
use super::passage::annotation;
use super::request::Request;
use super::{Act, Deed};
use crate::api::{API_VERSION, BREAK_GLASS, GROUP, Kind};
use crate::engine::evaluate::Preview;
use crate::engine::exception::HOME;
use crate::facts::{SubjectKey, Text};
use crate::relations::rbac::{Identity, Request as Access};

/// The verb on `securitystandards` that it takes.
pub const VERB: &str = "breakglass";

/// What is said where glass can't be broken.
pub(super) const OFF: &str = "break-glass: it is off here; `--break-glass` of the webhook turns it on";

/// How long what was let through is excused.
pub const LASTS: SignedDuration = SignedDuration::from_hours(24);

/// The longest ticket, in characters.
const LONGEST_TICKET: usize = 256;

/// A glass that was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// Who did it.
    pub user: String,
    /// Why, as far as a ticket says.
    pub ticket: String,
    /// The kind of what was let through,
    pub kind: String,
    /// its namespace; empty for what is of the cluster,
    pub namespace: String,
    /// and its name.
    pub name: String,
    /// Which controls denied it.
    pub controls: Vec<String>,
    /// When.
    pub at: Timestamp,
}

impl Used {
    /// When it ends.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.at.saturating_add(LASTS).unwrap_or(self.at)
    }

    /// What whoever did it is told.
    pub(super) fn warning(&self) -> String {
        let Self { kind, name, ticket, .. } = self;
        let until = self.until().strftime("%Y-%m-%d %H:%M UTC");
        format!(
            "[break-glass] {kind} {name} is let through for {ticket}; excused until {until}, and on the record"
        )
    }

    /// The exception that the operator writes for it: always the same one for a ticket and an object, so that nobody has it
    /// twice.
    #[must_use]
    pub fn exception(&self) -> Value {
        let Self { user, ticket, kind, namespace, name, controls, .. } = self;
        let home = match (kind.as_str(), namespace.is_empty()) {
            ("Namespace", _) => name,
            (_, true) => HOME,
            (_, false) => namespace,
        };
        let digest = Sha256::digest(format!("{ticket}\0{kind}\0{namespace}\0{name}"));
        let hash = digest.iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
        let whole = Timestamp::from_second(self.until().as_second()).unwrap_or(self.at);
        json!({
            "apiVersion": API_VERSION,
            "kind": Kind::RiskException.as_str(),
            "metadata": {
                "name": format!("break-glass-{hash:016x}"), "namespace": home, "annotations": {BREAK_GLASS: ticket},
            },
            "spec": {
                "controls": controls,
                "target": {"kind": kind, "names": [name]},
                "maxWorkloads": 1,
                "owner": user.chars().take(63).collect::<String>(),
                "requestedBy": user,
                "reason": format!("{user} broke the glass for {ticket}, and the object was let through."),
                "expiresAt": whole.to_string(),
            },
        })
    }
}

/// The ticket for which somebody asks to be let through.
pub(super) fn asked(request: &Request<'_>) -> Option<String> {
    let ticket = annotation(request, BREAK_GLASS)?;
    let ticket = ticket.trim();
    (!ticket.is_empty()).then(|| ticket.chars().take(LONGEST_TICKET).collect())
}

/// Whether the requester may; if not, why.
pub(super) fn judge(
    request: &Request<'_>,
    key: &SubjectKey,
    ticket: String,
    lines: &Lines,
    acts: &[Act],
    preview: &Preview<'_>,
) -> Result<Used, String> {
    if let Some(until) = used_up(key, &ticket, preview) {
        let until = until.strftime("%Y-%m-%d %H:%M UTC");
        return Err(format!("break-glass: {ticket} was used for this until {until}; ask for an exception"));
    }
    let user = &request.user_info;
    let groups = user.groups.iter().map(|group| Text::from(&**group));
    let identity = Identity::user(&user.username, groups);
    for act in acts.iter().filter(|act| act.deed == Deed::Denied) {
        let access = Access::Resource {
            verb: VERB,
            group: GROUP,
            resource: "securitystandards",
            subresource: "",
            namespace: "",
            name: &act.standard,
        };
        // Whoever is in this group is asked for no right.
        let is_master = user.groups.iter().any(|group| group == "system:masters");
        if !is_master && preview.relations().rbac().allows(&identity, &access).is_none() {
            return Err(format!("break-glass: {user} may not {VERB} securitystandards/{}", act.standard));
        }
    }
    Ok(Used {
        user: user.username.clone().into_owned(),
        ticket,
        kind: key.kind.as_str().to_owned(),
        namespace: key.namespace.to_string(),
        name: key.name.to_string(),
        controls: lines.denying().map(str::to_owned).collect(),
        at: preview.now(),
    })
}

/// The end of the exception that was written for this ticket and this object before, if it is over or revoked.
fn used_up(key: &SubjectKey, ticket: &str, preview: &Preview<'_>) -> Option<Timestamp> {
    let before = preview.policy().exceptions.iter().filter(|it| it.glass.as_deref() == Some(ticket));
    let mut ends = before.filter(|it| it.names(key)).map(|it| (it.expires_at, it.revocation().is_some()));
    ends.find(|(end, is_revoked)| *is_revoked || *end <= preview.now()).map(|(end, _)| end)
}
