//! Tiers.

use crate::facts::Text;

/// A checked tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledTier {
    /// The tier's name.
    pub name: Text,
    /// 0 is the most critical.
    pub level: i64,
}
