//! Who may approve by signature: the keys of a tier's approvers.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Flaw, KeyId, read_key};
use crate::api::Approver;
use crate::engine::error::CompileError;
use crate::facts::Text;

/// The approvers of a tier, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approvers {
    keys: BTreeMap<KeyId, Holder>,
}

/// Whose a key is, and when it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    name: Text,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    /// Why it never counts.
    revoked: Option<String>,
}

impl Approvers {
    /// Checks approvers as written.
    pub(in crate::engine) fn compile(approvers: &[Approver], errors: &mut Vec<CompileError>) -> Self {
        let mut keys: BTreeMap<KeyId, Holder> = BTreeMap::new();
        for (index, approver) in approvers.iter().enumerate() {
            for (place, written) in approver.keys.iter().enumerate() {
                let path = format!("spec.approvers[{index}].keys[{place}]");
                let moment = |it: &Option<k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>| {
                    it.as_ref().map(|time| time.0)
                };
                let holder = Holder {
                    name: approver.name.as_str().into(),
                    from: moment(&written.valid_from),
                    until: moment(&written.valid_until),
                    revoked: written.revoked.as_ref().map(|it| it.reason.clone()),
                };
                if holder.from.zip(holder.until).is_some_and(|(from, until)| until <= from) {
                    let message = "must be later than `validFrom`";
                    errors.push(CompileError::new(format!("{path}.validUntil"), message));
                }
                let path = format!("{path}.key");
                match read_key(&written.key) {
                    Err(message) => errors.push(CompileError::new(path, message)),
                    Ok(key) => {
                        if let Some(first) = keys.insert(key, holder) {
                            let message = format!(
                                "it is the key of `{}` already: a key is one person's, and stands here once",
                                first.name
                            );
                            errors.push(CompileError::new(path, message));
                        }
                    }
                }
            }
        }
        Self { keys }
    }

    /// Whose a key is.
    pub(super) fn get(&self, key: &KeyId) -> Option<&Holder> {
        self.keys.get(key)
    }

    /// How many people may approve: those with a key that was not revoked, and has not ended.
    #[must_use]
    pub fn people(&self, now: Timestamp) -> usize {
        let able =
            self.keys.values().filter(|it| it.revoked.is_none() && it.until.is_none_or(|until| now < until));
        able.map(|it| &it.name).collect::<std::collections::BTreeSet<_>>().len()
    }

    /// The moments at which a key comes to count, or ceases to.
    pub(in crate::engine) fn boundaries(&self, key: &KeyId) -> impl Iterator<Item = Timestamp> {
        let holder = self.keys.get(key);
        holder.into_iter().flat_map(|it| [it.from, it.until]).flatten()
    }
}

impl Holder {
    /// Whether an approval in this name, given then, counts now. The time at which somebody signed is their own word: who has
    /// a key that is valid no more could have put any day. So a key must be valid both then and now, and one that was revoked
    /// counts for nothing that it ever signed.
    pub(super) fn admit(&self, key: &KeyId, by: &Text, at: Timestamp, now: Timestamp) -> Result<(), Flaw> {
        let key = *key;
        if self.name != *by {
            return Err(Flaw::Another { owner: self.name.clone(), key });
        }
        if let Some(reason) = &self.revoked {
            return Err(Flaw::Revoked { key, reason: reason.clone() });
        }
        if let Some(from) = self.from.filter(|from| at < *from || now < *from) {
            return Err(Flaw::TooEarly { key, from });
        }
        if let Some(until) = self.until.filter(|until| at >= *until || now >= *until) {
            return Err(Flaw::TooLate { key, until });
        }
        Ok(())
    }
}
