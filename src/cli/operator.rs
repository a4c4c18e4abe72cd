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
use crate::operator::{self, Options, Webhook};

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

    /// The folder with the files tls.crt and tls.key; they are read again when they change
    #[arg(long, value_name = "FOLDER")]
    cert_dir: PathBuf,

    /// For how many seconds to go on answering after SIGTERM, until the cluster knows
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    linger: u64,
}

/// Runs until it is asked to stop. `controls` is whether it writes what it finds.
pub(super) fn run(
    args: &OperatorArgs,
    controls: bool,
    webhook: Option<&WebhookArgs>,
    terminal: &mut Terminal,
) -> anyhow::Result<Ended> {
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
        controls,
        webhook: webhook.map(|args| Webhook {
            listen: args.listen,
            certificates: args.cert_dir.clone(),
            linger: Duration::from_secs(args.linger),
        }),
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
