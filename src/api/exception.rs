//! [`RiskException`]: a rail stepped over, on the record.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Impact, LabelSelector, Likelihood, RiskExceptionStatus,
    rules::{rule, rule_on, selects, some},
    shapes::{
        ContainerName, ControlId, ControlPattern, ImageGlob, Link, Moment, ObjectName, Party, SshSignature,
        TargetName, Vulnerability,
    },
    tier::is_false,
};

/// The most workloads that an exception covers where it doesn't say.
pub(super) const DEFAULT_MAX_WORKLOADS: i32 = 10;

/// Leave to fail a control, for a while.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "stanchion.dev",
    version = "v1alpha1",
    kind = "RiskException",
    plural = "riskexceptions",
    shortname = "rex",
    category = "stanchion",
    namespaced,
    status = "RiskExceptionStatus",
    derive = "PartialEq",
    doc = "A RiskException lets named workloads of its namespace fail named controls: for a reason, with an owner, \
           approved by somebody else, and only until it expires.",
    validation = kube::core::Rule::new("!has(self.spec.renews) || self.spec.renews != self.metadata.name")
        .message("an exception can't renew itself: write a new one under a new name"),
    printcolumn(name = "Active", type_ = "string", json_path = r#".status.conditions[?(@.type=="Active")].reason"#),
    printcolumn(name = "Expires", type_ = "string", json_path = ".spec.expiresAt"),
    printcolumn(name = "Owner", type_ = "string", json_path = ".spec.owner"),
    printcolumn(name = "Covers", type_ = "integer", json_path = ".status.covers.workloads"),
    printcolumn(
        name = "Effective",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Effective")].reason"#
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Controls", type_ = "string", json_path = ".spec.controls", priority = 1),
    printcolumn(
        name = "Approved",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Approved")].reason"#,
        priority = 1
    ),
    printcolumn(name = "Review", type_ = "string", json_path = ".status.nextReview", priority = 1),
    printcolumn(name = "Ticket", type_ = "string", json_path = ".spec.ticket", priority = 1)
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule_on(
        ".expiresAt",
        "!has(self.validFrom) || self.expiresAt > self.validFrom",
        "an exception ends after it begins: set expiresAt later than validFrom",
    ),
    rule_on(
        ".expiresAt",
        "!has(self.validFrom) || self.expiresAt - self.validFrom <= duration('8784h')",
        "an exception lasts at most 366 days: set an earlier expiresAt, and renew it if it is still needed",
    ),
    rule_on(
        ".vulnerabilities",
        &format!(
            "!{} || self.controls.exists(control, control in ['image.vulnerable', 'image.*'])",
            some("self.vulnerabilities"),
        ),
        "vulnerabilities belong to the control image.vulnerable: add it to controls",
    ),
    rule_on(
        ".expiresOnFix",
        "!has(self.expiresOnFix) || !self.expiresOnFix \
         || self.controls.exists(control, control in ['image.vulnerable', 'image.*'])",
        "expiresOnFix belongs to the control image.vulnerable: add it to controls, or remove expiresOnFix",
    ),
    rule_on(
        ".approvals",
        "!has(self.requestedBy) || !has(self.approvals) \
         || self.approvals.all(approval, approval.by != self.requestedBy)",
        "nobody approves their own exception: somebody other than requestedBy must approve it",
    ),
    rule(
        "!has(oldSelf.requestedBy) || (has(self.requestedBy) && self.requestedBy == oldSelf.requestedBy)",
        "requestedBy is stamped once and stays: leave it as it is, or write a new exception",
    ),
    rule(
        "!has(oldSelf.revoked) || has(self.revoked)",
        "a revoked exception stays revoked: write a new one under a new name",
    ),
]))]
pub struct RiskExceptionSpec {
    /// The controls that may fail, 1 to 32: exact ids such as `pod.runs-as-root`, or a family such as `pod.*`.
    #[schemars(with = "Vec<ControlPattern>", length(min = 1, max = 32), extend("x-kubernetes-list-type" = "set"))]
    pub controls: Vec<String>,
    /// Which workloads of this namespace may fail them.
    pub target: ExceptionTarget,
    /// The most workloads that it may cover, from 1 to 1000. When it matches more, it covers none, and says so
    /// (`Effective` is `Overbroad`). Absent: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 1, max = 1000))]
    pub max_workloads: Option<i32>,
    /// The vulnerabilities that `image.vulnerable` may find, at most 256, for example `[CVE-2026-1234]`. Absent: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Vulnerability>", length(max = 256), extend("x-kubernetes-list-type" = "set"))]
    pub vulnerabilities: Vec<String>,
    /// What can't be done now and why, in words, from 20 to 4096 characters.
    #[schemars(length(min = 20, max = 4096))]
    pub reason: String,
    /// What could go wrong. Absent: nobody has said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "RiskAssessment")]
    pub risk: Option<RiskAssessment>,
    /// What lowers the risk meanwhile, at most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "atomic"))]
    pub compensating_controls: Vec<CompensatingControl>,
    /// Who answers for the risk, for example `team-payments`.
    #[schemars(with = "Party")]
    pub owner: String,
    /// Where the work on it is tracked: an http or https link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Link")]
    pub ticket: Option<String>,
    /// When it begins, with its zone, for example `2026-11-23T00:00:00Z`. Absent: as soon as it is approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    pub valid_from: Option<Time>,
    /// When it ends by itself, with its zone, for example `2026-12-20T00:00:00Z`; at most 366 days after it begins, and
    /// often less: the tier bounds it.
    #[schemars(with = "Moment")]
    pub expires_at: Time,
    /// Whether it ends before that when the vulnerable package has a fixed version. Absent: `false`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub expires_on_fix: bool,
    /// The name of the exception in this namespace that this one continues. Absent: none, unless an earlier one for the
    /// same target and control counts as such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ObjectName")]
    pub renews: Option<String>,
    /// The clusters that it is for, at most 64, by the names that their operators have, for example `[prod-eu]`; in any
    /// other it isn't approved. Absent: any, but where the trust is `Signed` and the operator has a name, none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<ObjectName>", length(max = 64), extend("x-kubernetes-list-type" = "set"))]
    pub clusters: Vec<String>,
    /// Who asked for it; it can't be changed afterwards. Stamped by the API server where its rules are installed, so leave
    /// it out of what people apply themselves. Needed where the trust is `Signed`: nobody approves their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Party")]
    pub requested_by: Option<String>,
    /// Who approved it, at most 10, each once, none of them the requester. Written by `stanchion exception approve`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 10),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["by"])
    )]
    pub approvals: Vec<Approval>,
    /// Ends it at once and for good. Absent: it was not revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Revocation")]
    pub revoked: Option<Revocation>,
}

impl RiskExceptionSpec {
    /// The most workloads that it may cover, with the default where it doesn't say.
    #[must_use]
    pub fn max_workloads(&self) -> i32 {
        self.max_workloads.unwrap_or(DEFAULT_MAX_WORKLOADS)
    }
}

/// Which workloads an exception covers. All that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule(
        &format!("{} || has(self.selector) || {}", some("self.names"), some("self.images")),
        "say what it covers: give names, a selector or images",
    ),
    rule(
        &format!("!has(self.selector) || {}", selects("self.selector")),
        "an empty selector covers the whole namespace: give it labels, or remove it and list names",
    ),
]))]
pub struct ExceptionTarget {
    /// The kind, for example `Deployment`. Absent: every kind of workload. It can also name another kind that controls
    /// judge: `ServiceAccount`, `Role`, `RoleBinding`, `Service`, `Ingress`, `Gateway`, `ConfigMap`, or `Namespace` for the
    /// exception's own namespace. A `ClusterRole` or a `ClusterRoleBinding` is excepted in the namespace
    /// `stanchion-system`. A kind of workload that a CRD defines and configuration declares is called as reports call it, such
    /// as `Rollout`, or `Service.serving.knative.dev` where another kind has that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        with = "String",
        length(max = 253),
        regex(pattern = r"^[A-Z][A-Za-z0-9]*(\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$")
    )]
    pub kind: Option<String>,
    /// Their exact names, at most 64, for example `[legacy-ledger]`. Absent: any name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<TargetName>", length(max = 64), extend("x-kubernetes-list-type" = "set"))]
    pub names: Vec<String>,
    /// Selects them by their own labels; not empty. Absent: any labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LabelSelector")]
    pub selector: Option<LabelSelector>,
    /// The names of the containers that may fail, at most 32, for example `[app]`. Absent: every container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<ContainerName>", length(max = 32), extend("x-kubernetes-list-type" = "set"))]
    pub containers: Vec<String>,
    /// The images that may fail, at most 32, with `*` for any part of a name, for example
    /// `registry.example.com/team/ledger:*`. Absent: every image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<ImageGlob>", length(max = 32), extend("x-kubernetes-list-type" = "set"))]
    pub images: Vec<String>,
}

/// What could go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RiskAssessment {
    /// How likely it is that somebody exploits it.
    pub likelihood: Likelihood,
    /// What it costs if they do.
    pub impact: Impact,
    /// The same in words, at most 4096 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 4096))]
    pub statement: Option<String>,
}

/// Something that lowers the risk while the exception lasts: in words, as a control that must hold, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [rule(
    "has(self.control) || has(self.description)",
    "say what compensates: give a control that must hold, a description or both",
)]))]
pub struct CompensatingControl {
    /// The id of a control that must hold on the same workloads. When it doesn't for a day, the exception is suspended until
    /// it does. Absent: words alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ControlId")]
    pub control: Option<String>,
    /// What is done, in words, at most 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 1024))]
    pub description: Option<String>,
    /// Where to see it: an http or https link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Link")]
    pub reference: Option<String>,
}

/// Somebody's consent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// The user who approves, as the API server or the list of approvers knows them, for example `ana@example.com`.
    #[schemars(with = "Party")]
    pub by: String,
    /// When, with its zone. Absent: not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    pub at: Option<Time>,
    /// What they want to add, at most 1024 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 1024))]
    pub comment: Option<String>,
    /// Their SSH signature over the exception, armoured. Absent: the name counts as written, where that is trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SshSignature")]
    pub signature: Option<String>,
}

/// The end of an exception, before its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    /// The user who revokes it.
    #[schemars(with = "Party")]
    pub by: String,
    /// When, with its zone. Absent: not said; it ends as soon as this is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Moment")]
    pub at: Option<Time>,
    /// Why, at most 1024 characters.
    #[schemars(length(min = 1, max = 1024))]
    pub reason: String,
}
