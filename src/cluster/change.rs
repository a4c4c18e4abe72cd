//! What people change in a cluster by a command: as themselves, with what the API server holds against it.

use kube::api::{Patch, PatchParams};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;

use super::{Error, Way, config, in_full, server, whoami};
use crate::api::{API_VERSION, Approval, RiskException, SecurityStandard};

/// A cluster, and whoever has the kubeconfig.
pub(crate) struct Changing {
    runtime: Runtime,
    client: Client,
    server: String,
    /// Whether the API server is only asked what it would do.
    dry_run: bool,
}

impl Changing {
    /// Reads the kubeconfig; asks the cluster nothing yet.
    ///
    /// # Errors
    /// If the kubeconfig can't be used.
    pub(crate) fn by(way: &Way, dry_run: bool) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (client, server) = runtime.block_on(async {
            let config = config(way).await?;
            let server = server(&config);
            let client = Client::try_from(config);
            let client = client
                .map_err(|error| Error::Unreachable { server: server.clone(), error: in_full(&error) })?;
            Ok::<_, Error>((client, server))
        })?;
        Ok(Self { runtime, client, server, dry_run })
    }

    /// The namespace of the kubeconfig's context.
    #[must_use]
    pub(crate) fn namespace(&self) -> &str {
        self.client.default_namespace()
    }

    /// Who asks, as the API server knows them.
    ///
    /// # Errors
    /// What the API server says.
    pub(crate) fn whoami(&self) -> Result<String, Error> {
        let user = self.runtime.block_on(whoami(&self.client)).map_err(|error| self.said(error))?;
        Ok(user.unwrap_or_default())
    }

    /// An exception.
    ///
    /// # Errors
    /// What the API server says.
    pub(crate) fn exception(&self, namespace: &str, name: &str) -> Result<RiskException, Error> {
        self.get(&self.exceptions(namespace), name)
    }

    /// Changes an exception, if it is still what was read: fields by a JSON merge patch.
    ///
    /// # Errors
    /// What the API server says; that it is another by now, too.
    pub(crate) fn change_exception(
        &self,
        read: &RiskException,
        change: Value,
    ) -> Result<RiskException, Error> {
        let namespace = read.metadata.namespace.as_deref().unwrap_or_default();
        self.change(&self.exceptions(namespace), read, change)
    }

    /// Adds an approval to an exception, if it is still what was read. By server-side apply, so that what others say of it
    /// stays theirs: each approver has a field manager of their own.
    ///
    /// # Errors
    /// What the API server says; that it is another by now, too.
    pub(crate) fn approve(&self, read: &RiskException, approval: &Approval) -> Result<RiskException, Error> {
        let namespace = read.metadata.namespace.as_deref().unwrap_or_default();
        let approved = json!({
            "apiVersion": API_VERSION,
            "kind": "RiskException",
            "metadata": {
                "name": read.metadata.name,
                "namespace": namespace,
                "resourceVersion": read.metadata.resource_version,
            },
            "spec": {"approvals": [approval]},
        });
        // A user's name can be longer than a field manager's.
        let manager = format!("approval-{:x}", Sha256::digest(approval.by.as_bytes()));
        self.send(&self.exceptions(namespace), read, &manager, &Patch::Apply(&approved))
    }

    /// A standard.
    ///
    /// # Errors
    /// What the API server says.
    pub(crate) fn standard(&self, name: &str) -> Result<SecurityStandard, Error> {
        self.get(&Api::all(self.client.clone()), name)
    }

    /// Changes a standard, if it is still what was read.
    ///
    /// # Errors
    /// What the API server says; that it is another by now, too.
    pub(crate) fn change_standard(
        &self,
        read: &SecurityStandard,
        change: Value,
    ) -> Result<SecurityStandard, Error> {
        self.change(&Api::all(self.client.clone()), read, change)
    }

    fn exceptions(&self, namespace: &str) -> Api<RiskException> {
        Api::namespaced(self.client.clone(), namespace)
    }

    fn get<K>(&self, api: &Api<K>, name: &str) -> Result<K, Error>
    where
        K: Clone + DeserializeOwned + std::fmt::Debug,
    {
        self.runtime.block_on(api.get(name)).map_err(|error| self.said(error))
    }

    fn change<K>(&self, api: &Api<K>, read: &K, mut change: Value) -> Result<K, Error>
    where
        K: Clone + DeserializeOwned + std::fmt::Debug + Resource,
    {
        let meta = read.meta();
        // The answer to somebody who read something else would be another.
        let version = meta.resource_version.clone();
        if let Some(fields) = change.as_object_mut()
            && let Some(metadata) = fields.entry("metadata").or_insert_with(|| json!({})).as_object_mut()
        {
            metadata.insert("resourceVersion".to_owned(), json!(version));
        }
        self.send(api, read, "kubectl-stanchion", &Patch::Merge(&change))
    }

    fn send<K>(&self, api: &Api<K>, read: &K, manager: &str, patch: &Patch<&Value>) -> Result<K, Error>
    where
        K: Clone + DeserializeOwned + std::fmt::Debug + Resource,
    {
        let parameters = PatchParams {
            dry_run: self.dry_run,
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let name = read.meta().name.as_deref().unwrap_or_default();
        self.runtime.block_on(api.patch(name, &parameters, patch)).map_err(|error| self.said(error))
    }

    /// What the API server says is meant for whoever asks, and needs no words of ours.
    fn said(&self, error: kube::Error) -> Error {
        match error {
            kube::Error::Api(status) if status.code == 401 => {
                Error::Unauthorized { server: self.server.clone(), message: status.message }
            }
            kube::Error::Api(status) => Error::Refused(status.message),
            error => Error::Unreachable { server: self.server.clone(), error: in_full(&error) },
        }
    }
}
