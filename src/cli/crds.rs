//! `stanchion crds`

use std::path::PathBuf;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Ended;
use super::terminal::Terminal;
use crate::admission::configuration;
use crate::api::{self, Kind};
use crate::facts::CustomKinds;
use crate::policies;

/// Print what a cluster needs: the definitions of the three kinds, or the rules that its API server holds
///
/// They go to standard output as YAML. Installing the definitions changes nothing about what runs in the cluster; the
/// policies say who may ask for, approve and end exceptions, and who writes a status.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  stanchion crds | kubectl apply --server-side -f -\n  \
                        stanchion crds --policies | kubectl apply --server-side -f -\n  \
                        stanchion crds --stamp | kubectl apply --server-side -f -\n  \
                        stanchion crds --webhook | kubectl apply --server-side -f -")]
pub(super) struct Args {
    /// Print the admission policies and their bindings instead; for Kubernetes 1.30 and newer
    #[arg(long)]
    policies: bool,

    /// Print instead what fills in who asks for an exception, and drops the approvals of what has changed; for
    /// Kubernetes 1.36 and newer
    #[arg(long, conflicts_with = "policies")]
    stamp: bool,

    /// Print instead what tells the API server to ask `stanchion webhook`, and the Service that leads there
    #[arg(long, conflicts_with_all = ["policies", "stamp"])]
    webhook: bool,

    /// Where the webhook is, if no Service leads there, such as `https://10.0.0.7:9443/validate`
    #[arg(long, value_name = "URL", requires = "webhook")]
    webhook_url: Option<String>,

    /// The file with the certificates by which the API server knows the webhook, in PEM
    #[arg(long, value_name = "FILE", requires = "webhook")]
    ca_file: Option<PathBuf>,

    /// The user that the operator is, who alone writes a status
    #[arg(long, value_name = "USER", default_value = policies::OPERATOR, requires = "policies")]
    operator: String,
}

pub(super) fn run(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    if args.policies || args.stamp {
        let documents = if args.stamp { policies::mutating() } else { policies::validating(&args.operator) };
        let yaml = policies::yaml(&documents).context("the policies can't be written as YAML")?;
        terminal.print(&yaml)?;
        return Ok(Ended::Clean);
    }
    if args.webhook {
        return webhook(args, terminal);
    }
    for kind in Kind::ALL {
        let yaml = api::crd_yaml(kind).context("the definitions can't be written as YAML")?;
        let yaml = yaml.strip_prefix("---\n").unwrap_or(&yaml);
        terminal.print(&format!("---\n{yaml}"))?;
    }
    Ok(Ended::Clean)
}

#[expect(clippy::disallowed_methods, reason = "the command line may read files")]
fn webhook(args: &Args, terminal: &mut Terminal) -> anyhow::Result<Ended> {
    let mut webhook = configuration::webhook(&CustomKinds::default());
    let service = args.webhook_url.is_none().then(configuration::service);
    let read = |path: &PathBuf| std::fs::read(path).with_context(|| format!("can't read {}", path.display()));
    let authority = args.ca_file.as_ref().map(read).transpose()?.map(|pem| STANDARD.encode(pem));
    let webhooks = webhook.get_mut("webhooks").and_then(serde_json::Value::as_array_mut);
    for webhook in webhooks.into_iter().flatten() {
        let Some(client) = webhook.get_mut("clientConfig") else { continue };
        if let Some(url) = &args.webhook_url {
            *client = json!({"url": url});
        }
        if let Some(authority) = &authority {
            client["caBundle"] = authority.as_str().into();
        }
    }
    let objects: Vec<_> = service.into_iter().chain([webhook]).collect();
    let yaml = api::to_yaml_stream(&objects).context("the configuration can't be written as YAML")?;
    terminal.print(&yaml)?;
    Ok(Ended::Clean)
}
