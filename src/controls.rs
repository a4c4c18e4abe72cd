//! The catalogue: one file a control, one folder a family.
//!
//! A control is a `declare_control!` block, then `fn evaluate`, helpers and tests, in that order. It looks at facts
//! and parameters alone, and never at another control. `make new-control FAMILY=… NAME=…` writes a new one.

use crate::engine::control::Control;

pub mod iam;
pub mod image;
pub mod logging;
pub mod network;
pub mod pod;
pub mod secrets;
pub mod service;

/// Every control, sorted by id.
pub static CATALOGUE: &[&Control] = &[
    &iam::altered_default_role::ALTERED_DEFAULT_ROLE,
    &iam::anonymous_subject::ANONYMOUS_SUBJECT,
    &iam::authenticated_group::AUTHENTICATED_GROUP,
    &iam::certificate_approval::CERTIFICATE_APPROVAL,
    &iam::cluster_admin_binding::CLUSTER_ADMIN_BINDING,
    &iam::cluster_admin_in_namespace::CLUSTER_ADMIN_IN_NAMESPACE,
    &iam::cluster_secrets_read::CLUSTER_SECRETS_READ,
    &iam::cluster_wide_edit::CLUSTER_WIDE_EDIT,
    &iam::component_role_binding::COMPONENT_ROLE_BINDING,
    &iam::dangling_role::DANGLING_ROLE,
    &iam::dangling_subject::DANGLING_SUBJECT,
    &iam::default_account_rights::DEFAULT_ACCOUNT_RIGHTS,
    &iam::default_service_account::DEFAULT_SERVICE_ACCOUNT,
    &iam::escalate::ESCALATE,
    &iam::event_deletion::EVENT_DELETION,
    &iam::excessive_rights::EXCESSIVE_RIGHTS,
    &iam::impersonate::IMPERSONATE,
    &iam::kube_system_config_write::KUBE_SYSTEM_CONFIG_WRITE,
    &iam::long_lived_token::LONG_LIVED_TOKEN,
    &iam::masters_group::MASTERS_GROUP,
    &iam::network_policy_write::NETWORK_POLICY_WRITE,
    &iam::node_proxy::NODE_PROXY,
    &iam::nonstandard_role::NONSTANDARD_ROLE,
    &iam::path_to_cluster_admin::PATH_TO_CLUSTER_ADMIN,
    &iam::persistent_volume_creation::PERSISTENT_VOLUME_CREATION,
    &iam::pod_exec::POD_EXEC,
    &iam::rbac_write::RBAC_WRITE,
    &iam::secrets_read::SECRETS_READ,
    &iam::service_proxy::SERVICE_PROXY,
    &iam::static_cloud_credentials::STATIC_CLOUD_CREDENTIALS,
    &iam::token_creation::TOKEN_CREATION,
    &iam::token_mounted::TOKEN_MOUNTED,
    &iam::user_outside_sso::USER_OUTSIDE_SSO,
    &iam::webhook_configuration::WEBHOOK_CONFIGURATION,
    &iam::wildcard_api_groups::WILDCARD_API_GROUPS,
    &iam::wildcard_non_resource_urls::WILDCARD_NON_RESOURCE_URLS,
    &iam::wildcard_resources::WILDCARD_RESOURCES,
    &iam::wildcard_verbs::WILDCARD_VERBS,
    &iam::workload_creation::WORKLOAD_CREATION,
    &image::foreign_base::FOREIGN_BASE,
    &image::inconsistent_digest::INCONSISTENT_DIGEST,
    &image::latest_tag::LATEST_TAG,
    &image::mutable_tag::MUTABLE_TAG,
    &image::pull_policy::PULL_POLICY,
    &image::unparsable_reference::UNPARSABLE_REFERENCE,
    &image::untrusted_registry::UNTRUSTED_REGISTRY,
    &logging::audit_policy_missing::AUDIT_POLICY_MISSING,
    &logging::audit_policy_too_quiet::AUDIT_POLICY_TOO_QUIET,
    &logging::not_shipped::NOT_SHIPPED,
    &logging::opted_out::OPTED_OUT,
    &logging::short_retention::SHORT_RETENTION,
    &logging::unread_volume::UNREAD_VOLUME,
    &network::exposed::EXPOSED,
    &network::external_ips::EXTERNAL_IPS,
    &network::gateway_any_host::GATEWAY_ANY_HOST,
    &network::gateway_without_tls::GATEWAY_WITHOUT_TLS,
    &network::ingress_any_host::INGRESS_ANY_HOST,
    &network::ingress_without_tls::INGRESS_WITHOUT_TLS,
    &network::no_default_deny::NO_DEFAULT_DENY,
    &network::not_isolated::NOT_ISOLATED,
    &network::service_without_tls::SERVICE_WITHOUT_TLS,
    &pod::added_capabilities::ADDED_CAPABILITIES,
    &pod::bare::BARE,
    &pod::custom_proc_mount::CUSTOM_PROC_MOUNT,
    &pod::ephemeral_containers::EPHEMERAL_CONTAINERS,
    &pod::host_aliases::HOST_ALIASES,
    &pod::host_namespaces::HOST_NAMESPACES,
    &pod::host_path_volume::HOST_PATH_VOLUME,
    &pod::host_port::HOST_PORT,
    &pod::host_probe::HOST_PROBE,
    &pod::low_user_id::LOW_USER_ID,
    &pod::missing_limits::MISSING_LIMITS,
    &pod::missing_probes::MISSING_PROBES,
    &pod::missing_requests::MISSING_REQUESTS,
    &pod::no_disruption_budget::NO_DISRUPTION_BUDGET,
    &pod::no_seccomp::NO_SECCOMP,
    &pod::privilege_escalation::PRIVILEGE_ESCALATION,
    &pod::privileged::PRIVILEGED,
    &pod::restricted_volume_type::RESTRICTED_VOLUME_TYPE,
    &pod::root_group::ROOT_GROUP,
    &pod::root_user::ROOT_USER,
    &pod::runs_as_root::RUNS_AS_ROOT,
    &pod::runtime_socket::RUNTIME_SOCKET,
    &pod::sensitive_host_path::SENSITIVE_HOST_PATH,
    &pod::service_links::SERVICE_LINKS,
    &pod::shared_process_namespace::SHARED_PROCESS_NAMESPACE,
    &pod::single_replica::SINGLE_REPLICA,
    &pod::undropped_capabilities::UNDROPPED_CAPABILITIES,
    &pod::unmasked_proc::UNMASKED_PROC,
    &pod::unsafe_app_armor::UNSAFE_APP_ARMOR,
    &pod::unsafe_seccomp::UNSAFE_SECCOMP,
    &pod::unsafe_selinux::UNSAFE_SELINUX,
    &pod::unsafe_sysctl::UNSAFE_SYSCTL,
    &pod::windows_host_process::WINDOWS_HOST_PROCESS,
    &pod::writable_host_path::WRITABLE_HOST_PATH,
    &pod::writable_root_filesystem::WRITABLE_ROOT_FILESYSTEM,
    &secrets::env_from_secret::ENV_FROM_SECRET,
    &secrets::in_annotation::IN_ANNOTATION,
    &secrets::in_config_map::IN_CONFIG_MAP,
    &secrets::plain_argument::PLAIN_ARGUMENT,
    &secrets::plain_env::PLAIN_ENV,
    &service::default_namespace::DEFAULT_NAMESPACE,
    &service::owner_unknown::OWNER_UNKNOWN,
    &service::pod_security_label_missing::POD_SECURITY_LABEL_MISSING,
    &service::recommended_labels_missing::RECOMMENDED_LABELS_MISSING,
    &service::runbook_missing::RUNBOOK_MISSING,
    &service::threat_model_missing::THREAT_MODEL_MISSING,
    &service::threat_model_stale::THREAT_MODEL_STALE,
    &service::tier_unknown::TIER_UNKNOWN,
];

#[cfg(test)]
pub(crate) mod testing {
    //! Judges a manifest in a test.

    use serde_json::{Map, Value};

    use crate::api::ServiceTier;
    use crate::engine::control::{Control, Finding, Scene, Subject, Verdict};
    use crate::engine::tier::CompiledTier;
    use crate::facts::object::{Recognition, recognize};
    use crate::facts::{Inventory, Object, Text};
    use crate::relations::Relations;

    /// The verdict on a manifest, with the control's defaults.
    pub(crate) fn judge(control: &Control, manifest: &str) -> Verdict {
        judge_with(control, &serde_json::json!({}), manifest)
    }

    /// The verdict on the first of the manifest's documents, with parameters. All documents are facts; a `ServiceTier`
    /// among them is the subject's tier, and a label `owner` names its owner. It is judged at 2026-11-23, noon.
    pub(crate) fn judge_with(control: &Control, parameters: &Value, manifest: &str) -> Verdict {
        let given: &Map<String, Value> = parameters.as_object().expect("parameters are an object");
        let check = (control.compile)(given).expect("the parameters compile");
        let documents: Vec<Value> = serde_saphyr::from_multiple(manifest).expect("the manifest is YAML");
        let mut inventory = Inventory::default();
        let mut tier = None;
        for document in &documents {
            match decode(document) {
                Object::ServiceTier(it) => tier = Some(compiled(&it)),
                fact => drop(inventory.add(fact)),
            }
        }
        let judged = decode(documents.first().expect("a document"));
        let subject = Subject::of(&judged).expect("the first document is a subject");
        let owner: Option<&Text> = subject.meta().labels.get("owner");
        let relations = Relations::new(&inventory);
        let now = "2026-11-23T12:00:00Z".parse().expect("a time");
        check.judge(subject, &Scene { tier: tier.as_ref(), owner, ..Scene::new(&relations, now) })
    }

    /// The verdict on a manifest in a tier of this level, beside other manifests.
    pub(crate) fn judge_in_tier(
        control: &Control,
        parameters: &Value,
        level: i32,
        manifest: &str,
        beside: &[&str],
    ) -> Verdict {
        let tier = format!(
            "{{apiVersion: stanchion.dev/v1alpha1, kind: ServiceTier, metadata: {{name: tier}}, \
             spec: {{level: {level}, default: true}}}}"
        );
        let documents: Vec<&str> =
            [manifest].into_iter().chain(beside.iter().copied()).chain([&*tier]).collect();
        judge_with(control, parameters, &documents.join("\n---\n"))
    }

    fn compiled(tier: &ServiceTier) -> CompiledTier {
        CompiledTier::compile(tier).expect("the tier compiles")
    }

    fn decode(document: &Value) -> Object {
        let text = |field: &str| document[field].as_str().expect(field).to_owned();
        let Recognition::Facts(kind) = recognize(&text("apiVersion"), &text("kind")) else {
            panic!("{} has no facts", text("kind"))
        };
        Object::decode(kind, document).expect("the manifest decodes")
    }

    /// A pod with this spec (YAML), as a manifest.
    pub(crate) fn pod(spec: &str) -> String {
        let indented: String = spec.lines().flat_map(|line| ["  ", line, "\n"]).collect();
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: example}}\nspec:\n{indented}")
    }

    /// The messages of a failure as people see them, `container: message; advice`; empty for a pass.
    pub(crate) fn messages(verdict: Verdict) -> Vec<String> {
        let line = |finding: Finding| {
            let container = finding.container.map(|name| format!("{name}: ")).unwrap_or_default();
            format!("{container}{}; {}", finding.message, finding.fix.advice)
        };
        match verdict {
            Verdict::Pass => Vec::new(),
            Verdict::Fail(findings) => findings.into_iter().map(line).collect(),
            other => panic!("neither pass nor fail: {other:?}"),
        }
    }
}
