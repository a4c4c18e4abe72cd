//! Service accounts: who a workload is to the API server.

use serde::Deserialize;

use super::decode::null_as_default;
use super::meta::Meta;

/// A `ServiceAccount`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccount {
    /// Name, namespace, labels, annotations.
    #[serde(deserialize_with = "null_as_default")]
    pub metadata: Meta,
    /// Whether its token is mounted into pods that don't say; absent means `true`.
    pub automount_service_account_token: Option<bool>,
}
