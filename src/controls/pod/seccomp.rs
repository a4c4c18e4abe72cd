//! Seccomp profiles that may be used: what the two controls about them share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::control::Finding;
use crate::engine::parameters::{ParameterError, Parameters};
use crate::facts::security::Profile;

use super::quoted::Quoted;
use super::security_context::Holder;

/// The field below `securityContext`.
pub(super) const FIELD: &str = "seccompProfile";

/// The profile that is right wherever nobody asked for another.
pub(super) fn runtime_default() -> serde_json::Value {
    serde_json::json!({"type": "RuntimeDefault"})
}

/// What kind of seccomp profile a container runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) enum SeccompType {
    /// The container runtime's own profile.
    RuntimeDefault,
    /// A profile in a file on the node.
    Localhost,
    /// No profile: every system call is let through.
    Unconfined,
}

impl SeccompType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::RuntimeDefault => "RuntimeDefault",
            Self::Localhost => "Localhost",
            Self::Unconfined => "Unconfined",
        }
    }
}

/// Which seccomp profiles may be used.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(super) struct SeccompParameters {
    /// The types that a profile may have. Absent: `[RuntimeDefault, Localhost]`, as in the Pod Security Standards.
    pub(super) allowed_types: Vec<SeccompType>,
    /// The files that a profile of type `Localhost` may name, each as `localhostProfile` has it:
    /// `profiles/audit.json`. Absent or empty: any.
    pub(super) allowed_localhost_profiles: Vec<String>,
}

impl Default for SeccompParameters {
    fn default() -> Self {
        Self {
            allowed_types: vec![SeccompType::RuntimeDefault, SeccompType::Localhost],
            allowed_localhost_profiles: Vec::new(),
        }
    }
}

impl Parameters for SeccompParameters {
    fn check(&self) -> Vec<ParameterError> {
        let mut errors = Vec::new();
        if self.allowed_types.is_empty() {
            errors.push(ParameterError::new(
                "allowedTypes",
                "no pod could pass; name a type such as `RuntimeDefault`",
            ));
        }
        if !self.allowed_localhost_profiles.is_empty()
            && !self.allowed_types.contains(&SeccompType::Localhost)
        {
            errors.push(ParameterError::new(
                "allowedLocalhostProfiles",
                "has no effect; add `Localhost` to `allowedTypes`",
            ));
        }
        errors
    }
}

impl SeccompParameters {
    /// Whether a profile may be used.
    pub(super) fn allow(&self, profile: &Profile) -> bool {
        self.allowed_types.iter().any(|allowed| {
            allowed.as_str() == profile.kind.as_str()
                && (*allowed != SeccompType::Localhost
                    || self.allow_file(profile.localhost_profile.as_deref()))
        })
    }

    /// Whether `RuntimeDefault` may be advised.
    pub(super) fn allow_runtime_default(&self) -> bool {
        self.allowed_types.contains(&SeccompType::RuntimeDefault)
    }

    fn allow_file(&self, file: Option<&str>) -> bool {
        let allowed = &self.allowed_localhost_profiles;
        allowed.is_empty() || file.is_some_and(|file| allowed.iter().any(|one| one == file))
    }

    /// The finding about a profile that may not be used.
    pub(super) fn forbidden(&self, holder: Holder<'_>, profile: &Profile) -> Finding {
        let right_type = self.allowed_types.iter().any(|allowed| allowed.as_str() == profile.kind.as_str());
        let (field, value, message) = if right_type {
            let file = profile.localhost_profile.as_deref().unwrap_or_default();
            ("localhostProfile", file, format!("uses the seccomp profile {} of the node", Quoted(file)))
        } else if profile.kind.is_empty() {
            ("type", "", "has a seccomp profile without a type".to_owned())
        } else {
            ("type", profile.kind.as_str(), format!("has the seccomp profile {}", Quoted(&profile.kind)))
        };
        let finding = holder.finding(&[FIELD, field], message).value(value).fix("use an allowed profile");
        if !self.allow_runtime_default() {
            return finding;
        }
        finding.fix("use `RuntimeDefault`").safe_patch(holder.path(&[FIELD]), runtime_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_that_can_mean_nothing_are_refused() {
        let none = SeccompParameters { allowed_types: Vec::new(), ..SeccompParameters::default() };
        assert_eq!(none.check().len(), 1);
        let idle = SeccompParameters {
            allowed_types: vec![SeccompType::RuntimeDefault],
            allowed_localhost_profiles: vec!["a.json".to_owned()],
        };
        assert_eq!(idle.check().first().unwrap().path, "allowedLocalhostProfiles");
        assert!(SeccompParameters::default().check().is_empty());
    }
}
