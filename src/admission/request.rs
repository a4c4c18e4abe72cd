//! The review as it comes (`admission.k8s.io/v1`), and as it goes.

use std::borrow::Cow;
use std::fmt;

use kube::core::Status;
use kube::core::admission::AdmissionResponse;
use kube::core::response::StatusSummary;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Answer;

/// The only version of the review that there is.
pub const API_VERSION: &str = "admission.k8s.io/v1";

/// The kind of both what is asked and what is answered.
const KIND: &str = "AdmissionReview";

/// What is to be done to an object, and by whom.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request<'a> {
    /// Tells it from all others; the answer names it.
    #[serde(borrow)]
    pub uid: Cow<'a, str>,
    /// The kind in which the objects are written.
    pub kind: GroupVersionKind<'a>,
    /// The part of the object that is meant; absent for the object itself.
    #[serde(default)]
    pub sub_resource: Option<Cow<'a, str>>,
    /// The name; absent where one is generated.
    #[serde(default)]
    pub name: Option<Cow<'a, str>>,
    /// The namespace; absent for what is of the cluster.
    #[serde(default)]
    pub namespace: Option<Cow<'a, str>>,
    /// What is to be done.
    pub operation: Operation,
    /// Who asks.
    #[serde(default)]
    pub user_info: UserInfo<'a>,
    /// The object as it is wanted, unread.
    #[serde(default)]
    pub object: Option<&'a RawValue>,
    /// The object as it is, unread.
    #[serde(default)]
    pub old_object: Option<&'a RawValue>,
    /// Whether nothing of it will be kept.
    #[serde(default)]
    pub dry_run: Option<bool>,
}

/// A kind of a group at a version.
#[derive(Debug, Clone, Deserialize)]
pub struct GroupVersionKind<'a> {
    /// The group; empty for the core group.
    #[serde(borrow, default)]
    pub group: Cow<'a, str>,
    /// The version.
    pub version: Cow<'a, str>,
    /// The kind.
    pub kind: Cow<'a, str>,
}

/// Who asks, as the API server knows.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct UserInfo<'a> {
    /// The user's name.
    #[serde(borrow, default)]
    pub username: Cow<'a, str>,
    /// The groups that the user is in.
    #[serde(default)]
    pub groups: Vec<Cow<'a, str>>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    /// It comes to be.
    Create,
    /// It is changed.
    Update,
    /// It goes.
    Delete,
    /// Something is done with it.
    Connect,
}

/// Why a body is no review.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// It is no JSON, or not of this form.
    #[error("this is no AdmissionReview: {0}")]
    Json(#[from] serde_json::Error),
    /// It is something else.
    #[error("this is {0}, not an AdmissionReview of {API_VERSION}")]
    Other(String),
    /// It asks for nothing.
    #[error("the AdmissionReview has no `request`")]
    Empty,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Review<'a> {
    #[serde(borrow, default)]
    api_version: Cow<'a, str>,
    #[serde(default)]
    kind: Cow<'a, str>,
    request: Option<Request<'a>>,
}

impl<'a> Request<'a> {
    /// Reads the body of a review.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let review: Review<'_> = serde_json::from_slice(body)?;
        if review.api_version != API_VERSION || review.kind != KIND {
            return Err(Malformed::Other(format!(
                "`{} {}`",
                short(&review.api_version),
                short(&review.kind)
            )));
        }
        review.request.ok_or(Malformed::Empty)
    }

    /// Whether nothing of it will be kept.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.dry_run == Some(true)
    }
}

/// What is not ours is not repeated at any length.
fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    api_version: &'static str,
    kind: &'static str,
    response: AdmissionResponse,
}

/// The answer as the API server reads it.
#[must_use]
pub fn respond(uid: &str, answer: Answer) -> Vec<u8> {
    let mut response = AdmissionResponse::invalid("");
    uid.clone_into(&mut response.uid);
    response.allowed = answer.allowed;
    response.result = Status::default();
    if let Some(message) = answer.message {
        response.result = Status {
            status: Some(StatusSummary::Failure),
            code: 403,
            reason: "Forbidden".to_owned(),
            message,
            ..Status::default()
        };
    }
    response.warnings = (!answer.warnings.is_empty()).then_some(answer.warnings);
    // Text and numbers alone: this can't fail.
    serde_json::to_vec(&Answered { api_version: API_VERSION, kind: KIND, response }).unwrap_or_default()
}

impl fmt::Display for UserInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.username.is_empty() { "nobody" } else { &self.username })
    }
}
