//! The Secret of the webhook's certificates: whoever answers shows what is in it, and `keeper` renews it.
//!
//! It is asked for by its name every few seconds: a right to read one Secret, and none to list or watch any. Its text is
//! never handed to anything that may log it.

pub(super) mod keeper;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::api::GetParams;
use kube::core::Request;
use kube::{Client, Resource as _};
use tokio::time::sleep;
use tracing::{info, warn};

use super::Shared;
use crate::webhook::certificates::{KEYS, Material};
use crate::webhook::tls::{Certificate, Error};

/// How often files are looked at again.
const LOOK: Duration = Duration::from_secs(10);

/// How often the Secret is looked at before there is a certificate.
const EAGER: Duration = Duration::from_secs(1);

/// Why nobody is to be sent here.
const NONE_YET: &str = "no certificate yet";

/// The type of a Secret that holds whatever it is given.
const OPAQUE: &str = "Opaque";

/// Where a Secret is.
#[derive(Clone)]
pub(super) struct Place {
    /// Who asks.
    pub(super) client: Client,
    /// Its namespace.
    pub(super) namespace: String,
    /// Its name.
    pub(super) name: String,
}

/// The Secret as it was read.
pub(super) struct Found {
    material: Material,
    version: String,
    /// Whether it is of the type that `deploy/rbac.yaml` gives it.
    is_opaque: bool,
}

/// Why it couldn't be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    #[error("there is no Secret `{1}` in the namespace `{0}`, which deploy/rbac.yaml has")]
    Absent(String, String),
    #[error(
        "the Secret `{1}` of the namespace `{0}` may not be read, which deploy/rbac.yaml lets the operator"
    )]
    Denied(String, String),
    #[error("the API server answered: {0}")]
    Api(String),
    #[error("the API server's answer is no Secret")]
    Malformed,
}

impl Place {
    /// Reads it. Neither the answer nor any part of it is logged, whatever is wrong with it.
    pub(super) async fn read(&self) -> Result<Found, Unread> {
        let path = Secret::url_path(&(), Some(&self.namespace));
        let request = Request::new(path).get(&self.name, &GetParams::default());
        let request = request.map_err(|error| Unread::Api(error.to_string()))?;
        let place = || (self.namespace.clone(), self.name.clone());
        let text = self.client.request_text(request).await.map_err(|error| match error {
            kube::Error::Api(status) if status.code == 404 => Unread::Absent(place().0, place().1),
            kube::Error::Api(status) if status.code == 403 => Unread::Denied(place().0, place().1),
            kube::Error::Api(status) => Unread::Api(status.message),
            error => Unread::Api(error.to_string()),
        })?;
        let secret: Secret = serde_json::from_str(&text).map_err(|_| Unread::Malformed)?;
        let mut data = secret.data.unwrap_or_default();
        let [authorities, authority_key, leaf, leaf_key] =
            KEYS.map(|key| data.remove(key).map(|bytes| bytes.0).unwrap_or_default());
        Ok(Found {
            material: Material { authorities, authority_key, leaf, leaf_key },
            version: secret.metadata.resource_version.unwrap_or_default(),
            is_opaque: secret.type_.is_none_or(|type_| type_ == OPAQUE),
        })
    }
}

/// Whose certificate is shown, and what is known of it.
pub(super) struct Showing {
    shared: Arc<Shared>,
    certificate: Arc<Certificate>,
    /// What was complained about last.
    trouble: Option<String>,
}

impl Showing {
    /// Nobody is sent here before there is one.
    pub(super) fn new(shared: Arc<Shared>, certificate: Arc<Certificate>) -> Self {
        shared.health.close(NONE_YET);
        Self { shared, certificate, trouble: None }
    }

    /// Shows the certificate of a folder.
    ///
    /// # Errors
    /// If it can't be used; the one before is shown on.
    pub(super) fn show_files(&mut self, folder: &std::path::Path) -> Result<(), Error> {
        let is_another = self.certificate.read(folder)?;
        self.shown(is_another);
        Ok(())
    }

    /// Takes what somebody else renews. Never returns.
    pub(super) async fn show_files_for_ever(mut self, folder: PathBuf) -> &'static str {
        loop {
            sleep(LOOK).await;
            match self.show_files(&folder) {
                Ok(()) => self.trouble = None,
                Err(error) => self.complain(error.to_string()),
            }
        }
    }

    /// Takes what is in the Secret. Never returns.
    pub(super) async fn show_secret_for_ever(mut self, place: Place, look: Duration) -> &'static str {
        loop {
            match place.read().await {
                Ok(found) if found.material.leaf.is_empty() => {}
                Ok(Found { material, .. }) => {
                    match self.certificate.set(&material.leaf, &material.leaf_key) {
                        Ok(is_another) => self.shown(is_another),
                        Err(error) => self.complain(error.to_string()),
                    }
                }
                Err(error) => self.complain(error.to_string()),
            }
            sleep(if self.certificate.is_there() { look } else { look.min(EAGER) }).await;
        }
    }

    fn shown(&mut self, is_another: bool) {
        self.trouble = None;
        if !is_another {
            return;
        }
        let until = self.certificate.until();
        self.shared.metrics.certificate(until);
        self.shared.health.open(NONE_YET);
        info!(until = until.map(tracing::field::display), "the webhook shows another certificate");
    }

    /// Once, as long as it is the same.
    fn complain(&mut self, why: String) {
        if self.trouble.as_ref() == Some(&why) {
            return;
        }
        let outcome =
            if self.certificate.is_there() { "the one before is shown" } else { "nobody is sent here" };
        warn!(error = why, outcome, "a certificate can't be used");
        self.trouble = Some(why);
    }
}
