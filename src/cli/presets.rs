//! The standards that come with the program, as `examples/presets/` has them.

use crate::load::{Settings, Sheet};

/// A standard that comes with the program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Preset {
    /// The standard's name.
    pub(super) name: &'static str,
    yaml: &'static str,
}

macro_rules! presets {
    ($($name:literal,)+) => {
        &[$(Preset { name: $name, yaml: include_str!(concat!("../../examples/presets/", $name, ".yaml")) },)+]
    };
}

/// Every preset.
pub(super) const ALL: &[Preset] = presets![
    "image-integrity",
    "least-privilege",
    "logging-coverage",
    "network-isolation",
    "pod-security-baseline",
    "pod-security-restricted",
    "secrets-hygiene",
    "service-ownership",
    "workload-hardening",
];

/// What judges when nobody says what should.
pub(super) const DEFAULTS: [&str; 2] = ["pod-security-baseline", "pod-security-restricted"];

/// The names of every preset.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|preset| preset.name)
}

/// The preset of this name as a file.
pub(super) fn sheet(name: &str, settings: &Settings) -> Option<Sheet> {
    let preset = ALL.iter().find(|preset| preset.name == name)?;
    Some(Sheet::read_own(&format!("preset {name}"), preset.yaml.as_bytes(), settings))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::manifest::Limits;

    #[test]
    fn what_is_not_checked_at_each_start_would_pass() {
        let settings = Settings {
            namespace: "".into(),
            limits: Limits::default(),
            keys: Arc::default(),
            kinds: crate::facts::CustomKinds::default(),
        };
        for preset in ALL {
            let checked = Sheet::read(preset.name, preset.yaml.as_bytes(), &settings);
            assert_eq!(checked.problems, [], "{}", preset.name);
            assert_eq!(checked.skipped, [], "{}", preset.name);
            assert_eq!(checked.standards, 1, "{}", preset.name);
            assert_eq!(sheet(preset.name, &settings).map(|it| it.standards), Some(1), "{}", preset.name);
        }
    }
}
