//! Which spotted credentials a control is to name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::parameters::Parameters;
use crate::engine::pattern::KeyPattern;
use crate::facts::credential::CredentialKind;

/// What is left alone.
#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct Spotting {
    /// Names under which a value is no credential, such as those of test fixtures; `*` stands for anything. Default:
    /// none. Example: `[TEST_*, sealed-key]`.
    exempt_keys: Vec<KeyPattern>,
    /// Whether only values count whose form says what they are, such as private keys and tokens with a published prefix,
    /// and not those that merely stand under a name such as `password`. Default: `false`. Example: `true`.
    certain_only: bool,
}

impl Parameters for Spotting {}

impl Spotting {
    /// Whether a credential under these names counts.
    pub(super) fn counts(&self, kind: CredentialKind, names: &[&str]) -> bool {
        counts(&self.exempt_keys, self.certain_only, kind, names)
    }
}

/// Whether a credential under these names counts: it is sure enough, and no name is exempt.
pub(super) fn counts(
    exempt: &[KeyPattern],
    certain_only: bool,
    kind: CredentialKind,
    names: &[&str],
) -> bool {
    (kind.is_certain() || !certain_only)
        && !exempt.iter().any(|pattern| names.iter().any(|name| pattern.matches(name)))
}
