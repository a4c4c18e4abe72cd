//! The CRDs as the API server gets them.

use std::{fmt, sync::LazyLock};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde::Serialize;
use serde_json::{Value, json};

use super::{API_VERSION, RiskException, SecurityStandard, ServiceTier};

/// One of our kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// [`SecurityStandard`]
    SecurityStandard,
    /// [`ServiceTier`]
    ServiceTier,
    /// [`RiskException`]
    RiskException,
}

impl Kind {
    /// Every kind, in the order in which people meet them.
    pub const ALL: [Self; 3] = [Self::SecurityStandard, Self::ServiceTier, Self::RiskException];

    /// The kind as manifests write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecurityStandard => "SecurityStandard",
            Self::ServiceTier => "ServiceTier",
            Self::RiskException => "RiskException",
        }
    }

    /// Which of our kinds a document is, or nothing where it is none.
    #[must_use]
    pub fn of(document: &Value) -> Option<Self> {
        let text = |field: &str| document.get(field).and_then(Value::as_str);
        if text("apiVersion") != Some(API_VERSION) {
            return None;
        }
        Self::ALL.into_iter().find(|kind| text("kind") == Some(kind.as_str()))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

static CRDS: LazyLock<[CustomResourceDefinition; 3]> = LazyLock::new(|| {
    [finish(SecurityStandard::crd()), finish(ServiceTier::crd()), finish(RiskException::crd())]
});

/// The definition of one kind, as the API server gets it.
#[must_use]
pub fn crd(kind: Kind) -> &'static CustomResourceDefinition {
    let [standard, tier, exception] = &*CRDS;
    match kind {
        Kind::SecurityStandard => standard,
        Kind::ServiceTier => tier,
        Kind::RiskException => exception,
    }
}

/// The definitions of all kinds, in the order of [`Kind::ALL`].
#[must_use]
pub fn crds() -> Vec<CustomResourceDefinition> {
    CRDS.to_vec()
}

fn finish(crd: CustomResourceDefinition) -> CustomResourceDefinition {
    crd
}

/// Writes anything as YAML that YAML 1.1 and 1.2 readers understand alike, keys in their own order.
pub fn to_yaml(value: &impl Serialize) -> Result<String, serde_saphyr::ser::Error> {
    let _ = json!({});
    serde_saphyr::to_string(value)
}
