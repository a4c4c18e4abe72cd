//! The catalogue: one file a control, one folder a family.
//!
//! A control is a `declare_control!` block, then `fn evaluate`, helpers and tests, in that order. It looks at facts
//! and parameters alone, and never at another control. `make new-control FAMILY=… NAME=…` writes a new one.

use crate::engine::control::Control;

pub mod image;
pub mod pod;

/// Every control, sorted by id.
pub static CATALOGUE: &[&Control] = &[
    &image::latest_tag::LATEST_TAG,
    &image::mutable_tag::MUTABLE_TAG,
    &image::pull_policy::PULL_POLICY,
    &image::unparsable_reference::UNPARSABLE_REFERENCE,
    &image::untrusted_registry::UNTRUSTED_REGISTRY,
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
];

#[cfg(test)]
pub(crate) mod testing {
    //! Judges a manifest in a test.

    use serde_json::{Map, Value};

    use crate::api::{ServiceTier, ServiceTierSpec};
    use crate::engine::control::{Control, Finding, Subject, Verdict};
    use crate::engine::tier::CompiledTier;
    use crate::facts::object::{Recognition, recognize};
    use crate::facts::{Inventory, Object};

    /// The verdict on a manifest, with the control's defaults.
    pub(crate) fn judge(control: &Control, manifest: &str) -> Verdict {
        judge_with(control, &serde_json::json!({}), manifest)
    }

    /// The verdict on a manifest, with parameters.
    pub(crate) fn judge_with(control: &Control, parameters: &Value, manifest: &str) -> Verdict {
        let given: &Map<String, Value> = parameters.as_object().expect("parameters are an object");
        let check = (control.compile)(given).expect("the parameters compile");
        let inventory = Inventory::default();
        match decode(manifest) {
            Object::Workload(workload) => check.judge(Subject::Workload(&workload), &inventory, None),
            Object::Namespace(namespace) => check.judge(Subject::Namespace(&namespace), &inventory, None),
            Object::ServiceAccount(account) => {
                check.judge(Subject::ServiceAccount(&account), &inventory, None)
            }
            other => panic!("{other:?} is no subject"),
        }
    }

    /// The verdict on a workload in a tier of this level, beside disruption budgets.
    pub(crate) fn judge_in_tier(
        control: &Control,
        parameters: &Value,
        level: i32,
        manifest: &str,
        budgets: &[&str],
    ) -> Verdict {
        let given: &Map<String, Value> = parameters.as_object().expect("parameters are an object");
        let check = (control.compile)(given).expect("the parameters compile");
        let mut inventory = Inventory::default();
        for budget in budgets {
            let Object::DisruptionBudget(budget) = decode(budget) else { panic!("no disruption budget") };
            inventory.put_disruption_budget(budget);
        }
        let Object::Workload(workload) = decode(manifest) else { panic!("no workload") };
        let tier =
            ServiceTier::new("tier", ServiceTierSpec { level, default: true, ..ServiceTierSpec::default() });
        let tier = CompiledTier::compile(&tier).expect("the tier compiles");
        check.judge(Subject::Workload(&workload), &inventory, Some(&tier))
    }

    fn decode(manifest: &str) -> Object {
        let value: Value = serde_saphyr::from_str(manifest).expect("the manifest is YAML");
        let text = |field: &str| value[field].as_str().expect(field).to_owned();
        let Recognition::Facts(kind) = recognize(&text("apiVersion"), &text("kind")) else {
            panic!("{} has no facts", text("kind"))
        };
        Object::decode(kind, &value).expect("the manifest decodes")
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
