//! Standards, tiers and exceptions as they were read, with the status that the operator would write: YAML that `kubectl`
//! applies.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::json::Input;
use crate::api::{InForce, Kind, RiskException, SecurityStandard, ServiceTier, YamlError, to_yaml};
use crate::engine::error::CompileErrors;
use crate::engine::posture::measure;
use crate::engine::status::{Findings, Refusal, Status, finished};

/// The generation of an object that was applied once.
const FIRST: i64 = 1;

/// All of them as one YAML stream: standards, tiers, exceptions, each by name.
///
/// # Errors
///
/// If an object can't be written as YAML, which none is known to cause.
pub fn render(input: Input<'_>) -> Result<String, YamlError> {
    let Input { collection, policy, assessment } = input;
    let posture = measure(policy, assessment);
    let findings = Findings { policy, assessment, posture: &posture };
    let standards = collection.standards.values().map(|it| to_yaml(&standard(input, &findings, &it.object)));
    let tiers = collection.tiers.values().map(|it| to_yaml(&tier(input, &findings, &it.object)));
    let exceptions =
        collection.exceptions.values().map(|it| to_yaml(&exception(input, &findings, &it.object)));
    let documents = standards.chain(tiers).chain(exceptions);
    documents.map(|text| text.map(|text| document(&text))).collect()
}

fn document(text: &str) -> String {
    format!("---\n{}\n", text.strip_prefix("---\n").unwrap_or(text).trim_end_matches('\n'))
}

fn standard(input: Input<'_>, findings: &Findings<'_>, read: &SecurityStandard) -> SecurityStandard {
    let (_, name) = named(&read.metadata);
    let place = input.policy.standards.iter().position(|it| it.name == name);
    let (before, generation) = (read.status.as_ref(), generation(&read.metadata));
    let made = place.and_then(|place| findings.standard(place, before, generation));
    let in_force = before.and_then(|status| status.in_force.as_ref());
    let status = status(input, &read.metadata, (made, before), in_force);
    SecurityStandard { metadata: metadata(&read.metadata), spec: read.spec.clone(), status }
}

fn tier(input: Input<'_>, findings: &Findings<'_>, read: &ServiceTier) -> ServiceTier {
    let (before, generation) = (read.status.as_ref(), generation(&read.metadata));
    let made = findings.tier(named(&read.metadata).1, before, generation);
    let status = status(input, &read.metadata, (made, before), None);
    ServiceTier { metadata: metadata(&read.metadata), spec: read.spec.clone(), status }
}

fn exception(input: Input<'_>, findings: &Findings<'_>, read: &RiskException) -> RiskException {
    let key = named(&read.metadata);
    let place =
        input.policy.exceptions.iter().position(|it| (it.namespace.as_str(), it.name.as_str()) == key);
    let (before, generation) = (read.status.as_ref(), generation(&read.metadata));
    let made = place.and_then(|place| findings.exception(place, before, generation));
    let status = status(input, &read.metadata, (made, before), None);
    RiskException { metadata: metadata(&read.metadata), spec: read.spec.clone(), status }
}

/// What was made, or what is wrong with the spec.
fn status<S: Status>(
    input: Input<'_>,
    metadata: &ObjectMeta,
    (made, before): (Option<S>, Option<&S>),
    in_force: Option<&InForce>,
) -> Option<S> {
    let errors = refusal(input, S::KIND, metadata);
    let wrong = errors.map(|errors| Refusal { errors, in_force });
    finished(made, before, wrong, generation(metadata), input.assessment.at).map(Status::own)
}

fn refusal<'a>(input: Input<'a>, kind: Kind, metadata: &ObjectMeta) -> Option<&'a CompileErrors> {
    let key = named(metadata);
    let mut refused = input.collection.refused.iter();
    let found = refused.find(|it| it.kind == kind && (it.namespace.as_str(), it.name.as_str()) == key);
    found.map(|it| &it.errors)
}

fn named(metadata: &ObjectMeta) -> (&str, &str) {
    (metadata.namespace.as_deref().unwrap_or_default(), metadata.name.as_deref().unwrap_or_default())
}

fn generation(metadata: &ObjectMeta) -> i64 {
    metadata.generation.unwrap_or(FIRST)
}

/// What its author wrote, without what an API server set when it was read from one: with that it could not be applied.
fn metadata(read: &ObjectMeta) -> ObjectMeta {
    ObjectMeta {
        creation_timestamp: None,
        managed_fields: None,
        resource_version: None,
        self_link: None,
        uid: None,
        ..read.clone()
    }
}
