//! The custom resources that people write: [`SecurityStandard`], [`RiskException`] and [`ServiceTier`].
//!
//! These types are wishes, as written: the API server has checked them against the schema, files have not been
//! checked at all. Unknown fields are ignored when decoding, so that an older operator can read a newer object;
//! [`schema`] finds them in files. Nothing here has a clock, a client or a default that the API server would write
//! back: a `spec` stays as its author wrote it.

mod crd;
mod date;
mod duration;
mod exception;
mod exception_status;
mod levels;
mod percent;
pub(crate) mod rules;
mod selector;
mod shapes;
mod standard;
mod standard_status;
mod tier;
mod tier_status;

pub mod condition;
pub mod schema;

pub use crd::{Kind, YamlError, crd, crd_yaml, crds, schema_of, to_yaml, to_yaml_stream};
pub use date::{Date, ParseDateError};
pub use duration::{Duration, ParseDurationError};
pub use exception::{
    Approval, CompensatingControl, ExceptionTarget, Revocation, RiskAssessment, RiskException,
    RiskExceptionSpec,
};
pub use exception_status::{ApprovalCount, Coverage, ExpiryImpact, RiskExceptionStatus};
pub use levels::{Action, Impact, Likelihood, Severity};
pub use percent::{ParsePercentError, Percent};
pub use selector::{LabelSelector, Operator, Requirement};
pub use standard::{
    CircuitBreaker, ControlRef, Freeze, PromoteAt, Ratchet, Rollout, Scope, SecurityStandard,
    SecurityStandardSpec, Stage, TierPlan,
};
pub use standard_status::{
    ControlStatus, FailingOwner, InForce, Posture, SecurityStandardStatus, TierStage, TopFailure, TrendPoint,
};
pub use tier::{
    Approver, ApproverKey, ExceptionBounds, ExposedRemediation, KeyRevocation, Logging, Remediation,
    ServiceTier, ServiceTierSpec, Targets, ThreatModel, TierSelector,
};
pub use tier_status::{ServiceTierStatus, TierExceptions, TierVulnerabilities};

/// The API group of every kind.
pub const GROUP: &str = "stanchion.dev";
/// The annotation of a SecurityStandard that holds its rollout: why, in words. It asks for the verb `hold`.
pub const HOLD: &str = "stanchion.dev/hold";
/// The annotation of a SecurityStandard by which a tier goes on now: `tier-1=Warn@2026-12-01T10:00:00Z`, several with
/// commas. It asks for the verb `promote`.
pub const PROMOTE: &str = "stanchion.dev/promote";
/// The annotation by which somebody breaks the glass for an object, and of the exception that the operator writes for it; its
/// value is the ticket. It asks for the verb `breakglass` on the standards that would deny.
pub const BREAK_GLASS: &str = "stanchion.dev/break-glass";
/// The one version that is served and stored.
pub const VERSION: &str = "v1alpha1";
/// `apiVersion` as manifests write it.
pub const API_VERSION: &str = "stanchion.dev/v1alpha1";
