//! Keeping the Secret, and what API servers are told of its authorities: of several replicas the one that leads.
//!
//! What is to be done is decided by [`Held::decide`]; here it is done, one write after the other, each only over what it
//! was decided by.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::admissionregistration::v1::{ValidatingWebhook, ValidatingWebhookConfiguration};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

use super::{Found, Place, Unread};
use crate::admission::configuration::{CANARY_WEBHOOK, NAME, WEBHOOK};
use crate::operator::lease::Proof;
use crate::operator::metrics::Failure;
use crate::operator::{Keeping, Shared, clock};
use crate::webhook::certificates::{self, Held, Host, KEYS, Published, Step, Times};

/// Under which name it writes: of the configuration it owns the authorities and nothing else.
const MANAGER: &str = "stanchion-certificates";

/// How long to wait before what was written is looked at, and for the lease to be seen.
const BREATH: Duration = Duration::from_millis(500);

/// How long to wait where somebody has to do something first.
const REST: Duration = Duration::from_secs(60);

/// Keeps it.
pub(in crate::operator) struct Keeper {
    shared: Arc<Shared>,
    proof: Proof,
    place: Place,
    hosts: Vec<Host>,
    times: Times,
    settled: Option<Settled>,
    /// What was complained about last.
    trouble: Option<String>,
}

/// That API servers are told what the Secret says.
struct Settled {
    /// Which Secret.
    version: String,
    /// When that was seen first, and when last.
    since: Instant,
    seen: Instant,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Secret(#[from] Unread),
    #[error(
        "the Secret is not of the type Opaque: somebody else keeps it, which --no-webhook-certificates says"
    )]
    OfOthers,
    #[error(
        "the configuration of the webhook has an authority that is not ours: somebody else keeps it, which \
         --no-webhook-certificates says"
    )]
    TrustsOthers,
    #[error(transparent)]
    Make(#[from] certificates::Error),
    #[error("the {0} can't be written: {1}")]
    Write(&'static str, String),
    #[error("the configuration of the webhook can't be read: {0}")]
    Configuration(String),
}

/// What API servers are told, as it was read.
struct Configured {
    /// Of each of our webhooks in the configuration, by its name.
    bundles: Vec<(String, Vec<u8>)>,
    version: Option<String>,
}

impl Configured {
    /// Whether all of them trust this bundle.
    fn trusts(&self, bundle: &str) -> bool {
        self.bundles.iter().all(|(_, known)| known == bundle.as_bytes())
    }
}

impl Keeper {
    /// Who keeps the Secret of a place.
    pub(in crate::operator) fn new(
        shared: Arc<Shared>,
        proof: Proof,
        place: Place,
        keeping: Keeping,
    ) -> Self {
        let Keeping { hosts: more, times, .. } = keeping;
        let mut hosts = Host::of_service(&place.namespace);
        hosts.extend(more);
        Self { shared, proof, place, hosts, times, settled: None, trouble: None }
    }

    /// Keeps it while this process leads. Never returns.
    pub(in crate::operator) async fn keep(mut self, mut leader: watch::Receiver<bool>) -> &'static str {
        loop {
            let leads = *leader.borrow_and_update();
            let pause = if leads { self.look().await } else { REST };
            tokio::select! {
                changed = leader.changed() => {
                    if changed.is_err() {
                        return "the keeping of certificates";
                    }
                    // What was seen before somebody else led is old.
                    self.settled = None;
                }
                () = sleep(pause) => {}
            }
        }
    }

    /// Looks once, and says when to look again.
    async fn look(&mut self) -> Duration {
        let trouble = match self.go_on().await {
            Ok(pause) => {
                self.trouble = None;
                return pause;
            }
            Err(trouble) => trouble,
        };
        self.settled = None;
        let why = trouble.to_string();
        if self.trouble.as_ref() != Some(&why) {
            warn!(error = why, outcome = "looked at again", "the webhook's certificates can't be kept");
            self.trouble = Some(why);
        }
        match trouble {
            Trouble::OfOthers
            | Trouble::TrustsOthers
            | Trouble::Secret(Unread::Absent(..) | Unread::Denied(..)) => REST,
            _ => self.times.look,
        }
    }

    /// Does at most one thing.
    async fn go_on(&mut self) -> Result<Duration, Trouble> {
        let Found { material, version, is_opaque } = self.place.read().await?;
        if !is_opaque {
            return Err(Trouble::OfOthers);
        }
        let held = Held::read(material);
        let configured = self.configured().await;
        let published = self.published(&version, &held, &configured);
        let now = clock::now();
        let decision = held.decide(&self.hosts, published, self.times.pause, now);
        if let Some(step) = decision.step {
            if self.proof.holds().await {
                self.write(step, &held, &version).await?;
            }
            return Ok(BREATH);
        }
        if let Some(configured) = configured?
            && !configured.trusts(&held.bundle())
        {
            if !configured.bundles.iter().all(|(_, bundle)| certificates::is_ours(bundle)) {
                return Err(Trouble::TrustsOthers);
            }
            if self.proof.holds().await {
                self.publish(&held, configured).await?;
            }
            return Ok(BREATH);
        }
        let until = decision.next.and_then(|next| Duration::try_from(next.duration_since(now)).ok());
        Ok(until.unwrap_or(self.times.look).clamp(BREATH, self.times.look))
    }

    /// What API servers know.
    fn published(
        &mut self,
        version: &str,
        held: &Held,
        configured: &Result<Option<Configured>, Trouble>,
    ) -> Published {
        match configured {
            Ok(None) => Published::ToNobody,
            Ok(Some(configured)) if configured.trusts(&held.bundle()) => {
                let now = clock::instant();
                // What was not looked at for as long as it has to stand may have been otherwise.
                let stands = |it: &&Settled| {
                    it.version == version && now.saturating_duration_since(it.seen) <= self.times.pause
                };
                let since = self.settled.as_ref().filter(stands).map_or(now, |it| it.since);
                self.settled = Some(Settled { version: version.to_owned(), since, seen: now });
                Published::For(now.saturating_duration_since(since))
            }
            _ => {
                self.settled = None;
                Published::Otherwise
            }
        }
    }

    /// What API servers are told; nothing if they are not told to ask.
    async fn configured(&self) -> Result<Option<Configured>, Trouble> {
        let found = self.configurations().get_opt(NAME).await;
        let found = found.map_err(|error| Trouble::Configuration(error.to_string()))?;
        Ok(found.and_then(|found| {
            let ours =
                found.webhooks?.into_iter().filter(|it| [WEBHOOK, CANARY_WEBHOOK].contains(&&*it.name));
            let bundle = |it: ValidatingWebhook| {
                (it.name, it.client_config.ca_bundle.map(|bundle| bundle.0).unwrap_or_default())
            };
            let bundles: Vec<_> = ours.map(bundle).collect();
            (!bundles.is_empty()).then_some(Configured { bundles, version: found.metadata.resource_version })
        }))
    }

    fn configurations(&self) -> Api<ValidatingWebhookConfiguration> {
        Api::all(self.shared.writer.clone())
    }

    /// Writes the Secret, if it is as it was read. The answer is asked for without its data.
    async fn write(&mut self, step: Step, held: &Held, version: &str) -> Result<(), Trouble> {
        let material = held.take(step, &self.hosts, self.times, clock::now())?;
        let values = [&material.authorities, &material.authority_key, &material.leaf, &material.leaf_key];
        let data: serde_json::Map<_, _> = KEYS
            .iter()
            .zip(values)
            .map(|(key, value)| ((*key).to_owned(), STANDARD.encode(value).into()))
            .collect();
        let body = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": self.place.name, "namespace": self.place.namespace, "resourceVersion": version},
            "data": data,
        });
        let secrets: Api<Secret> = Api::namespaced(self.shared.writer.clone(), &self.place.namespace);
        let parameters = PatchParams::apply(MANAGER).force();
        let answer = secrets.patch_metadata(&self.place.name, &parameters, &Patch::Apply(&body)).await;
        if self.is_written("Secret", answer)? {
            let until = Held::read(material).until().map(tracing::field::display);
            info!(until, "the webhook has {}", step.as_str());
        }
        Ok(())
    }

    /// Tells API servers what they are to trust, if the configuration is as it was read.
    async fn publish(&mut self, held: &Held, configured: Configured) -> Result<(), Trouble> {
        let Configured { bundles, version } = configured;
        let bundle = STANDARD.encode(held.bundle());
        let trusting =
            |(name, _): (String, Vec<u8>)| json!({"name": name, "clientConfig": {"caBundle": bundle}});
        let webhooks: Vec<_> = bundles.into_iter().map(trusting).collect();
        let body = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": NAME, "resourceVersion": version},
            "webhooks": webhooks,
        });
        let parameters = PatchParams::apply(MANAGER).force();
        let answer = self.configurations().patch_metadata(NAME, &parameters, &Patch::Apply(&body)).await;
        if self.is_written("configuration of the webhook", answer)? {
            info!("API servers are told what authorities to trust");
        }
        Ok(())
    }

    /// Whether a write was done. Over what somebody else has changed it isn't; that is looked at again.
    fn is_written<T>(&self, what: &'static str, answer: kube::Result<T>) -> Result<bool, Trouble> {
        match answer {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.is_conflict() || status.is_not_found() => Ok(false),
            Err(error) => {
                self.shared.metrics.failed(Failure::Write);
                Err(Trouble::Write(what, error.to_string()))
            }
        }
    }
}
