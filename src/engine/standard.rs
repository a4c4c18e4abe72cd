//! Standards: what must hold, compiled.

use serde_json::{Map, Value};

use super::catalogue;
use super::control::{Check, Control};
use super::error::{CompileError, CompileErrors};
use super::rollout::CompiledRollout;
use super::tier::check_selector;
use crate::api::{ControlRef, Scope, SecurityStandard, Severity};
use crate::facts::{Selector, Text, TextMap};

/// A standard that can be enforced: every id known, every parameter checked.
#[derive(Debug)]
pub struct CompiledStandard {
    /// The standard's name.
    pub name: Text,
    /// What people call it.
    pub title: String,
    /// Who answers for it.
    pub owner: Option<Text>,
    /// What must hold, in the order in which the standard lists it.
    pub controls: Vec<CompiledControl>,
    /// How it rolls out.
    pub rollout: CompiledRollout,
    scope: CompiledScope,
}

/// A control as a standard asks for it.
#[derive(Debug)]
pub struct CompiledControl {
    /// The control.
    pub control: &'static Control,
    /// The catalogue's severity, or the standard's.
    pub severity: Severity,
    /// The judgement, with the standard's parameters.
    pub check: Check,
    /// Those parameters, as they are written.
    pub parameters: Map<String, Value>,
}

#[derive(Debug, Default)]
struct CompiledScope {
    namespace: Option<Selector>,
    workload: Option<Selector>,
    tiers: Vec<Text>,
}

impl CompiledStandard {
    /// Checks a standard as written.
    ///
    /// # Errors
    /// Everything that is wrong with it, with paths, and the nearest known id where one is unknown.
    pub fn compile(standard: &SecurityStandard) -> Result<Self, CompileErrors> {
        let spec = &standard.spec;
        let name = standard.metadata.name.clone().unwrap_or_default();
        let mut errors = Vec::new();
        if spec.controls.is_empty() {
            errors.push(CompileError::new("spec.controls", "a standard needs at least one control"));
        }
        let mut controls: Vec<CompiledControl> = Vec::with_capacity(spec.controls.len());
        for (index, wanted) in spec.controls.iter().enumerate() {
            let path = format!("spec.controls[{index}]");
            let Some(compiled) = compile_control(wanted, &path, &mut errors) else { continue };
            if controls.iter().any(|known| known.control == compiled.control) {
                let message = format!("`{}` is listed twice: keep one of them", wanted.id);
                errors.push(CompileError::new(format!("{path}.id"), message));
            }
            controls.push(compiled);
        }
        let scope = compile_scope(spec.scope.as_ref(), &mut errors);
        let compiled = Self {
            title: spec.title.clone().unwrap_or_else(|| name.clone()),
            name: name.into(),
            owner: spec.owner.as_deref().map(Text::from),
            controls,
            rollout: CompiledRollout::compile(spec.rollout.as_ref(), &mut errors)
                .as_asked(&standard.metadata),
            scope,
        };
        CompileErrors::check(compiled, errors)
    }

    /// Whether workloads of a tier can be in the scope.
    #[must_use]
    pub fn is_about(&self, tier: &str) -> bool {
        self.scope.tiers.is_empty() || self.scope.tiers.iter().any(|name| name == tier)
    }

    /// Whether the standard asks anything of a subject with these labels, in a namespace with those, in this tier.
    #[must_use]
    pub fn covers(&self, namespace: &TextMap, subject: &TextMap, tier: Option<&str>) -> bool {
        let scope = &self.scope;
        scope.namespace.as_ref().is_none_or(|wanted| wanted.matches(namespace))
            && scope.workload.as_ref().is_none_or(|wanted| wanted.matches(subject))
            && (scope.tiers.is_empty()
                || scope.tiers.iter().any(|name| tier.is_some_and(|tier| name == tier)))
    }
}

fn compile_control(
    wanted: &ControlRef,
    path: &str,
    errors: &mut Vec<CompileError>,
) -> Option<CompiledControl> {
    let Some(control) = catalogue::find(&wanted.id) else {
        let message = match catalogue::check_selector(&wanted.id) {
            Err(message) => message,
            Ok(()) => format!("`{}` is a family: list its controls one by one", wanted.id),
        };
        errors.push(CompileError::new(format!("{path}.id"), message));
        return None;
    };
    match (control.compile)(&wanted.parameters) {
        Ok(check) => {
            let severity = wanted.severity.unwrap_or(control.severity);
            Some(CompiledControl { control, severity, check, parameters: wanted.parameters.clone() })
        }
        Err(refused) => {
            errors.extend(refused.into_iter().map(|error| {
                let dot = if error.path.is_empty() { "" } else { "." };
                CompileError::new(format!("{path}.parameters{dot}{}", error.path), error.message)
            }));
            None
        }
    }
}

fn compile_scope(scope: Option<&Scope>, errors: &mut Vec<CompileError>) -> CompiledScope {
    let Some(scope) = scope else { return CompiledScope::default() };
    check_selector("spec.scope.namespaceSelector", scope.namespace_selector.as_ref(), errors);
    check_selector("spec.scope.workloadSelector", scope.workload_selector.as_ref(), errors);
    CompiledScope {
        namespace: scope.namespace_selector.as_ref().map(Selector::from),
        workload: scope.workload_selector.as_ref().map(Selector::from),
        tiers: scope.tiers.iter().map(|tier| tier.as_str().into()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(spec: &str) -> Vec<String> {
        let yaml = format!(
            "{{apiVersion: stanchion.dev/v1alpha1, kind: SecurityStandard, metadata: {{name: s}}, spec: {spec}}}"
        );
        let errors = CompiledStandard::compile(&serde_saphyr::from_str(&yaml).unwrap()).unwrap_err();
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_wrong_is_said_at_once_with_its_place() {
        let found = errors(
            "{controls: [{id: pod.privilegd}, {id: pod.privileged, parameters: {exemptImage: []}}, {id: 'nonsense'}],
              rollout: {stages: [{action: Deny, soak: 1d}, {action: Warn}]}}",
        );
        assert_eq!(
            found,
            [
                "spec.controls[0].id: no control `pod.privilegd`; did you mean `pod.privileged`?",
                "spec.controls[1].parameters.exemptImage: no such parameter; did you mean `exemptImages`?",
                "spec.controls[2].id: no control `nonsense`",
                "spec.rollout.stages[1].action: stages go up, from Audit through Warn to Deny: Warn can't follow Deny",
            ]
        );
    }

    #[test]
    fn a_control_can_be_asked_for_once() {
        let found = errors("{controls: [{id: pod.privileged}, {id: pod.privileged}]}");
        assert_eq!(found, ["spec.controls[1].id: `pod.privileged` is listed twice: keep one of them"]);
    }
}
