//! Closed scales, each ordered from the mildest to the gravest.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares an ordered enum whose text in the API is the name of its variant.
macro_rules! scale {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every value, from the mildest to the gravest.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The text that the API uses.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

scale! {
    /// What happens to a workload that fails a control.
    #[derive(Default)]
    Action {
        /// The failure is counted and reported; who deploys is told, nothing more.
        #[default]
        Audit,
        /// As Audit, and whoever applies the workload gets a warning with the fix.
        Warn,
        /// The workload is refused.
        Deny,
    }
}

scale! {
    /// How bad it is when a control fails.
    Severity {
        /// Worth fixing when the workload is touched anyway.
        Low,
        /// Weakens a defence.
        Medium,
        /// Opens a way in, or a way on.
        High,
        /// Hands over the node, the cluster or its secrets.
        Critical,
    }
}

scale! {
    /// How likely it is that a risk is exploited.
    Likelihood {
        /// Not expected while the exception lasts.
        Low,
        /// Possible.
        Medium,
        /// To be expected.
        High,
    }
}

scale! {
    /// What it costs when a risk is exploited.
    Impact {
        /// One workload, no data.
        Low,
        /// One service or its data.
        Medium,
        /// Several services, or data that must never leak.
        High,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_and_severities_are_ordered_by_gravity() {
        assert!(Action::Audit < Action::Warn && Action::Warn < Action::Deny);
        assert!(Severity::Low < Severity::Medium && Severity::High < Severity::Critical);
    }

    #[test]
    fn display_and_serde_agree() {
        for severity in Severity::ALL {
            let json = serde_json::to_value(severity).unwrap();
            assert_eq!(json, severity.to_string());
            assert_eq!(serde_json::from_value::<Severity>(json).unwrap(), *severity);
        }
        assert_eq!(format!("{:<6}|", Action::Warn), "Warn  |");
    }
}
