//! What somebody could try, and what must come of it.

#[path = "attempts/content.rs"]
mod content;
#[path = "attempts/names.rs"]
mod names;
#[path = "attempts/others.rs"]
mod others;

use serde_json::{Value, json};

use crate::scene::Start;
use crate::server::{Call, Server};

/// What is asked of the API server, about an exception of a name.
pub(crate) type Request = Box<dyn Fn(&Server, &str) -> Call>;

/// Something that somebody tries.
pub(crate) struct Attempt {
    /// In words.
    pub(crate) what: &'static str,
    /// The user.
    pub(crate) by: &'static str,
    /// What there is before.
    pub(crate) start: Start,
    /// The last of the requests that it takes; those before it are made on the way.
    pub(crate) call: Request,
    /// What must come of it.
    pub(crate) expect: Expect,
    /// What must come of it where the API server stamps; absent: the same.
    pub(crate) where_stamped: Option<Expect>,
}

/// What comes of an attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expect {
    /// It is refused in words with these in them.
    Refused(&'static str),
    /// It is taken, and nothing of it stays.
    Ignored,
    /// It is taken, and the approvals are gone.
    Dropped,
}

impl Attempt {
    fn where_stamped(mut self, expect: Expect) -> Self {
        self.where_stamped = Some(expect);
        self
    }
}

fn attempt(
    what: &'static str,
    by: &'static str,
    start: Start,
    expect: Expect,
    call: impl Fn(&Server, &str) -> Call + 'static,
) -> Attempt {
    Attempt { what, by, start, call: Box::new(call), expect, where_stamped: None }
}

/// Parts of the table.
pub(crate) fn all() -> Vec<(&'static str, Vec<Attempt>)> {
    vec![
        ("Approving one's own", names::own()),
        ("Approving in another's name", names::another(names::another_s_name())),
        ("Bringing approvals along", names::brought()),
        ("Making it anew", names::made_anew()),
        ("Approving without the right", names::rightless()),
        ("Editing what somebody said", content::edited()),
        ("Changing what was approved", content::changed()),
        ("Being somebody else", others::masked()),
        ("Lasting longer", content::longer()),
        ("Getting around signatures", others::unsigned()),
        ("Undoing a revocation", content::unrevoked()),
        ("Writing a status", others::statuses()),
        ("Writing a status on the side", others::ignored_statuses()),
        ("Breaking the glass by hand", others::broken()),
    ]
}

pub(crate) const NOBODY_ELSE: &str = "approves in no other name";
pub(crate) const NOT_BEFORE: &str = "nothing is approved before it is there";
pub(crate) const STAYS_REVOKED: &str = "a revoked exception stays revoked";
pub(crate) const OPERATOR_ALONE: &str = "a status is written by the operator alone";

fn by(name: &str) -> Value {
    json!({"by": name})
}

fn approvals(names: &[&str]) -> Value {
    json!({"spec": {"approvals": names.iter().map(|name| by(name)).collect::<Vec<_>>()}})
}
