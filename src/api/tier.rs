//! [`ServiceTier`]: what matters how much.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Duration, LabelSelector, ServiceTierStatus,
    rules::{at_most, rule, rule_on, seconds, selects},
    shapes::{Moment, Party, SshPublicKey},
};

/// How critical a set of workloads is, and what follows from that.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "stanchion.dev",
    version = "v1alpha1",
    kind = "ServiceTier",
    plural = "servicetiers",
    shortname = "tier",
    category = "stanchion",
    status = "ServiceTierStatus",
    derive = "PartialEq",
    doc = "A ServiceTier says how critical a set of workloads is, and what follows from that: how fast \
           vulnerabilities must go, how long exceptions may last, and which targets hold.",
    validation = kube::core::Rule::new("self.metadata.name.size() <= 63")
        .message("the name of a tier is also the value of a label: at most 63 characters"),
    printcolumn(name = "Level", type_ = "integer", json_path = ".spec.level"),
    printcolumn(name = "Default", type_ = "boolean", json_path = ".spec.default"),
    printcolumn(name = "Workloads", type_ = "integer", json_path = ".status.workloads"),
    printcolumn(name = "Compliance", type_ = "string", json_path = ".status.compliance"),
    printcolumn(name = "Exceptions", type_ = "integer", json_path = ".status.exceptions.active"),
    printcolumn(
        name = "Targets",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="TargetsMet")].reason"#
    ),
    printcolumn(
        name = "Accepted",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Accepted")].reason"#
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Met", type_ = "string", json_path = ".status.targetsMet", priority = 1),
    printcolumn(name = "Description", type_ = "string", json_path = ".spec.description", priority = 1)
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [rule_on(
    ".selectors",
    "(has(self.default) && self.default) || (has(self.selectors) && self.selectors.size() > 0)",
    "this tier would have no workloads: give selectors, or make it the default one with default: true",
)]))]
pub struct ServiceTierSpec {
    /// How critical the tier is: 0 is the most critical, 99 the least. Where several tiers match a workload, the lowest
    /// level wins.
    #[schemars(range(min = 0, max = 99))]
    pub level: i32,
    /// What the tier is for, in words, for example `Crown jewels`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 1024))]
    pub description: Option<String>,
    /// Whether this is the tier of every workload that no tier selects. At most one tier may say so. Absent: `false`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub default: bool,
    /// Which workloads are in the tier: any one of these, at most 32, puts a workload in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "atomic"))]
    pub selectors: Vec<TierSelector>,
    /// How fast a vulnerability must be gone, by its severity. Absent: there are no deadlines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Remediation")]
    pub remediation: Option<Remediation>,
    /// Bounds for the exceptions that touch the tier. Absent: the defaults of each of its fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ExceptionBounds")]
    pub exceptions: Option<ExceptionBounds>,
    /// Who may approve the exceptions that touch the tier by signature, at most 64. They count where the trust is `Signed`;
    /// of several tiers, the most critical one's do, and of equally critical ones, who is an approver of each. Absent: nobody,
    /// so that no exception is approved by signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 64),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub approvers: Vec<Approver>,
    /// What the tier is measured against, in whole percent. Absent: it has no targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Targets")]
    pub targets: Option<Targets>,
    /// What is asked of logs. Absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Logging")]
    pub logging: Option<Logging>,
    /// What is asked of threat models. Absent: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ThreatModel")]
    pub threat_model: Option<ThreatModel>,
}

impl ServiceTierSpec {
    /// The bounds for exceptions, with the defaults where none are given.
    #[must_use]
    pub fn exception_bounds(&self) -> ExceptionBounds {
        self.exceptions.clone().unwrap_or_default()
    }
}

/// Puts workloads in a tier by their namespace, by their own labels, or by both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        "has(self.namespaceSelector) || has(self.workloadSelector)",
        "give a namespaceSelector, a workloadSelector or both",
    ),
    rule(
        &format!("!has(self.namespaceSelector) || {}", selects("self.namespaceSelector")),
        "an empty namespaceSelector selects everything: remove it, or say default: true",
    ),
    rule(
        &format!("!has(self.workloadSelector) || {}", selects("self.workloadSelector")),
        "an empty workloadSelector selects everything: remove it, or say default: true",
    ),
]))]
pub struct TierSelector {
    /// Selects namespaces by their labels, for example `matchLabels: {stanchion.dev/tier: "0"}`. Absent: every namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LabelSelector")]
    pub namespace_selector: Option<LabelSelector>,
    /// Selects workloads by their own labels; where both selectors are given, both must hold. Absent: every workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LabelSelector")]
    pub workload_selector: Option<LabelSelector>,
}

/// How fast a vulnerability must be gone once it was first seen, by severity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        &at_most("self.critical", "self.high"),
        "critical must not be allowed more time than high",
    ),
    rule(&at_most("self.high", "self.medium"), "high must not be allowed more time than medium"),
    rule(&at_most("self.critical", "self.medium"), "critical must not be allowed more time than medium"),
    rule(
        &format!("!has(self.internetExposed) || {}", at_most("self.internetExposed.critical", "self.critical")),
        "internetExposed.critical must not be allowed more time than critical",
    ),
    rule(
        &format!("!has(self.internetExposed) || {}", at_most("self.internetExposed.high", "self.high")),
        "internetExposed.high must not be allowed more time than high",
    ),
    rule(
        &format!("!has(self.internetExposed) || {}", at_most("self.internetExposed.medium", "self.medium")),
        "internetExposed.medium must not be allowed more time than medium",
    ),
]))]
pub struct Remediation {
    /// The time for a critical vulnerability, for example `7d`. Absent: no deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Duration")]
    pub critical: Option<Duration>,
    /// The time for a high one, for example `14d`. Absent: no deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Duration")]
    pub high: Option<Duration>,
    /// The time for a medium one, for example `30d`. Absent: no deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Duration")]
    pub medium: Option<Duration>,
    /// Shorter times for workloads that can be reached from the internet. Absent: the times above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ExposedRemediation")]
    pub internet_exposed: Option<ExposedRemediation>,
}

/// The same for workloads that can be reached from the internet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule(&at_most("self.critical", "self.high"), "critical must not be allowed more time than high"),
    rule(&at_most("self.high", "self.medium"), "high must not be allowed more time than medium"),
    rule(&at_most("self.critical", "self.medium"), "critical must not be allowed more time than medium"),
]))]
pub struct ExposedRemediation {
    /// The time for a critical vulnerability, for example `3d`. Absent: as for any other workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Duration")]
    pub critical: Option<Duration>,
    /// The time for a high one, for example `7d`. Absent: as for any other workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Duration")]
    pub high: Option<Duration>,
    /// The time for a medium one, for example `14d`. Absent: as for any other workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Duration")]
    pub medium: Option<Duration>,
}

/// What an exception that touches the tier may be. Of several tiers, the most critical one's bounds hold; of equally
/// critical ones, the stricter of each bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [rule(
    &format!("!has(self.maxDuration) || {} <= 31622400", seconds("self.maxDuration")),
    "maxDuration must be at most 366d: no exception is for ever",
)]))]
pub struct ExceptionBounds {
    /// The longest that an exception may last, at most `366d`.
    pub max_duration: Duration,
    /// How often it may be renewed, from 0 to 20. A renewal under another name counts as well.
    #[schemars(range(min = 0, max = 20))]
    pub max_renewals: i32,
    /// How many people must approve it, from 1 to 10, none of them the requester.
    #[schemars(range(min = 1, max = 10))]
    pub required_approvals: i32,
    /// How often somebody must look at it again, for example `7d`.
    pub review_every: Duration,
}

impl Default for ExceptionBounds {
    fn default() -> Self {
        Self {
            max_duration: Duration::days(90),
            max_renewals: 1,
            required_approvals: 1,
            review_every: Duration::days(30),
        }
    }
}

/// Somebody whose signature approves an exception.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Approver {
    /// The name that stands in `approvals[].by`, for example `ana@example.com`. A person has one name.
    #[schemars(with = "Party")]
    pub name: String,
    /// Their public SSH keys, one to eight. One that is no longer used stays here, with `validUntil` or `revoked`.
    #[schemars(
        length(min = 1, max = 8),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["key"])
    )]
    pub keys: Vec<ApproverKey>,
}

/// A key of an approver, and when it counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [rule_on(
    ".validUntil",
    "!has(self.validFrom) || !has(self.validUntil) || self.validUntil > self.validFrom",
    "a key is valid for some time: set validUntil later than validFrom",
)]))]
pub struct ApproverKey {
    /// The public key as in `~/.ssh/id_ed25519.pub`: Ed25519, ECDSA, RSA of 2048 to 4096 bits, or one of a security key. It
    /// is one person's alone.
    #[schemars(with = "SshPublicKey")]
    pub key: String,
    /// The moment before which neither is it used nor does anything signed with it count. Absent: it always did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    pub valid_from: Option<Time>,
    /// The moment from which nothing counts that was signed with it, whenever it says that it was. Absent: it stays valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    pub valid_until: Option<Time>,
    /// Somebody else may have it: nothing that was ever signed with it counts. Absent: nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "KeyRevocation")]
    pub revoked: Option<KeyRevocation>,
}

/// Why a key counts no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyRevocation {
    /// When that was found, for the record: a signature's own time proves nothing, so that earlier ones don't count either.
    /// Absent: not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    pub at: Option<Time>,
    /// Why, at most 1024 characters, for example `laptop stolen`.
    #[schemars(length(min = 1, max = 1024))]
    pub reason: String,
}

/// What a tier is measured against, each in whole percent; what is absent is measured without a target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Targets {
    /// Workloads that pass every control that applies to them, for example 95. Excepted ones do not count as passing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 100))]
    pub compliance: Option<i32>,
    /// Workloads that pass every control of the family `image`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 100))]
    pub image_compliance: Option<i32>,
    /// Workloads whose service account passes every control of the family `iam`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 100))]
    pub iam_least_privilege: Option<i32>,
    /// Workloads whose logs are shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 100))]
    pub logging_coverage: Option<i32>,
    /// Services whose threat model is there and not too old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 100))]
    pub threat_models: Option<i32>,
    /// Vulnerabilities that are gone, or still within their time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 100))]
    pub sla_compliance: Option<i32>,
}

/// What is asked of logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Logging {
    /// How long logs must be kept at least, for example `90d`. Absent: as long as they happen to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Duration")]
    pub minimum_retention: Option<Duration>,
}

/// What is asked of threat models.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ThreatModel {
    /// How old a threat model may be, for example `365d`. Absent: any age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Duration")]
    pub max_age: Option<Duration>,
}

/// Whether a flag is at its default, so that it is not written.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) fn is_false(flag: &bool) -> bool {
    !flag
}
