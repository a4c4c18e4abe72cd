//! What `stanchion controller`, `webhook` and `run` are told alike.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;

use super::terminal::Terminal;
use super::trust::OperatorTrustArgs;
use super::{Ended, log};
use crate::admission::configuration;
use crate::engine::policy;
use crate::facts::custom::Declaration;
use crate::facts::{CustomKinds, Text};
use crate::operator::{self, Keeping, Options, Source, Webhook};
use crate::webhook::certificates::{self, Host, Times};

/// What every process in a cluster is told.
#[derive(Debug, clap::Args)]
pub(super) struct OperatorArgs {
    /// The kubeconfig file to use instead of KUBECONFIG, ~/.kube/config or the Pod's service account
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// Where to serve /livez, /readyz and /metrics
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8080")]
    http: SocketAddr,

    /// The namespace of the lease by which one of several writes; by default that of the kubeconfig or the Pod
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// The name of this process in the lease; by default one made from the time
    #[arg(long, env = "POD_NAME", value_name = "NAME")]
    identity: Option<String>,

    /// A kind of workload that a CRD defines, and where its pod template stands; can be given several times
    ///
    /// Such as `argoproj.io/v1alpha1/Rollout=spec.template`. Its objects are judged as Deployments are; the operator's role
    /// must let it list and watch them. docs/workload-kinds.md has more.
    #[arg(
        long,
        env = "STANCHION_WORKLOAD_KINDS",
        value_name = "GROUP/VERSION/KIND=PATH",
        value_delimiter = ','
    )]
    workload_kind: Vec<Declaration>,

    /// The address of a collector that takes traces by OTLP over HTTP; unless given, there are none
    ///
    /// Such as `http://collector:4318`; `/v1/traces` is added to it. Headers, sampling and attributes are taken from the
    /// variables that OpenTelemetry defines, such as `OTEL_EXPORTER_OTLP_HEADERS`.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    otlp_endpoint: Option<String>,

    #[command(flatten)]
    trust: OperatorTrustArgs,

    /// What to log: error, warn, info, debug, or a filter such as stanchion=debug
    #[arg(long, env = "STANCHION_LOG", value_name = "FILTER", default_value = "info")]
    log: String,
}

/// What a process is told that answers an API server.
#[derive(Debug, clap::Args)]
pub(super) struct WebhookArgs {
    /// Where to answer the API server, by HTTPS
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = SocketAddr::from(([0, 0, 0, 0], configuration::PORT)))]
    listen: SocketAddr,

    /// The folder with the files tls.crt and tls.key, instead of a Secret; they are read again when they change
    #[arg(long, value_name = "FOLDER", conflicts_with = "cert_secret")]
    cert_dir: Option<PathBuf>,

    /// Let whoever has the verb `breakglass` through at once
    ///
    /// Only where nobody but the API server can reach the webhook: it believes who is named as the one who asks.
    #[arg(long)]
    break_glass: bool,

    /// For how many seconds to go on answering after SIGTERM, until the cluster knows
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    linger: u64,
}

/// Where the certificates of the webhook are.
#[derive(Debug, clap::Args)]
pub(super) struct SecretArgs {
    /// The Secret with the webhook's certificates, in the namespace of the lease
    ///
    /// Its keys are tls.crt and tls.key; whoever leads keeps ca.crt and ca.key there, too. docs/certificates.md has more.
    #[arg(long, value_name = "NAME", default_value = certificates::SECRET)]
    cert_secret: String,

    /// For how many seconds an authority and a certificate are valid, how long a change is seen before the next, and how
    /// often the Secret is looked at
    #[arg(long, value_name = "SECONDS", hide = true, default_value = "31536000,2592000,120,10")]
    certificate_times: Times,
}

/// What a process is told that keeps the certificates while it leads.
#[derive(Debug, clap::Args)]
pub(super) struct KeepingArgs {
    /// Leave the webhook's certificates to somebody else, such as cert-manager
    #[arg(long)]
    no_webhook_certificates: bool,

    /// A name or an address by which the API server reaches the webhook, beside those of its Service; can be given several
    /// times
    #[arg(long, value_name = "NAME_OR_IP", value_delimiter = ',')]
    webhook_host: Vec<Host>,
}

/// What a process does.
pub(super) struct Work<'a> {
    /// Where the certificates are that it shows or keeps.
    pub(super) secret: &'a SecretArgs,
    /// That it writes what it finds, and what of the certificates.
    pub(super) controls: Option<&'a KeepingArgs>,
    /// That it answers an API server, and how.
    pub(super) webhook: Option<&'a WebhookArgs>,
}

impl Work<'_> {
    fn webhook(&self) -> Option<Webhook> {
        let args = self.webhook?;
        let secret = || Source::Secret(self.secret.cert_secret.clone(), self.secret.certificate_times.look);
        Some(Webhook {
            listen: args.listen,
            certificates: args.cert_dir.clone().map_or_else(secret, Source::Folder),
            linger: Duration::from_secs(args.linger),
            breaks_glass: args.break_glass,
        })
    }

    /// Who is handed files is handed them by somebody who keeps them.
    fn keeping(&self) -> Option<Keeping> {
        let args = self.controls.filter(|args| !args.no_webhook_certificates)?;
        let has_files = self.webhook.is_some_and(|webhook| webhook.cert_dir.is_some());
        (!has_files).then(|| Keeping {
            secret: self.secret.cert_secret.clone(),
            hosts: args.webhook_host.clone(),
            times: self.secret.certificate_times,
        })
    }
}

/// Runs until it is asked to stop.
pub(super) fn run(args: &OperatorArgs, work: &Work<'_>, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    log::begin(&args.log, terminal)?;
    let kinds = CustomKinds::new(args.workload_kind.clone());
    let options = Options {
        kubeconfig: args.kubeconfig.clone(),
        http: args.http,
        namespace: args.namespace.clone(),
        identity: args.identity.clone().unwrap_or_else(own_identity),
        kinds: kinds.map_err(|(_, error)| anyhow!("--workload-kind: {error}"))?,
        traces: args.otlp_endpoint.clone(),
        settings: policy::Settings {
            trust: args.trust.trust,
            cluster: args.trust.cluster.name().map(Text::from),
            ..policy::Settings::default()
        },
        controls: work.controls.is_some(),
        webhook: work.webhook(),
        certificates: work.keeping(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(operator::run(options))?;
    Ok(Ended::Clean)
}

/// A name that no other process has, on this machine or another.
#[expect(clippy::disallowed_methods, reason = "the command line may look at the clock")]
fn own_identity() -> String {
    format!("{}-{}-{}", operator::NAME, std::process::id(), jiff::Timestamp::now().as_nanosecond())
}
