//! Exceptions: what they name, whom they cover, how long they live. What the operator would write into their conditions
//! is said in its words.

use super::{
    At, Context, Diagnostic, EXCEPTION_APPROVAL_NOT_COUNTED, EXCEPTION_ENDS_SOON, EXCEPTION_EXPIRED,
    EXCEPTION_MATCHES_NOTHING, EXCEPTION_NOT_APPROVED, EXCEPTION_NOT_NEEDED, EXCEPTION_OF_A_FAMILY,
    EXCEPTION_OF_A_NAMESPACE, EXCEPTION_OUT_OF_BOUNDS, EXCEPTION_OVERBROAD, EXCEPTION_UNCOMPENSATED,
    EXCEPTION_UNKNOWN_CONTROL, EXCEPTION_UNKNOWN_KIND, EXCEPTION_UNKNOWN_RENEWAL,
};
use crate::api::condition::exception as reasons;
use crate::api::{Kind, RiskException};
use crate::engine::catalogue;
use crate::engine::evaluate::ExceptionState;
use crate::engine::exception::{CompiledException, Life};
use crate::engine::status::obstacle;
use crate::engine::suggest::did_you_mean;
use crate::facts::{ObjectKind, Text};

pub(super) fn check(context: Context<'_>, found: &mut Vec<Diagnostic>) {
    for ((namespace, name), written) in &context.collection.exceptions {
        let at = At {
            kind: Kind::RiskException,
            namespace: namespace.as_str(),
            name: name.as_str(),
            origin: written.origin.as_ref(),
        };
        let names = Names { context, at: &at, exception: &written.object };
        names.controls(found);
        names.kind(found);
        names.renewal(found);
        let place = context
            .policy
            .exceptions
            .binary_search_by(|it| (&it.namespace, &it.name).cmp(&(namespace, name)))
            .ok();
        let compiled = place.and_then(|place| context.policy.exceptions.get(place));
        let state = place.and_then(|place| context.assessment.exceptions.get(place));
        if let (Some(compiled), Some(state)) = (compiled, state) {
            let effect = Effect { context, at: &at, compiled, state };
            effect.life(found);
            effect.approvals(found);
            if !matches!(state.life, Life::Expired | Life::Revoked) && context.has_workloads() {
                effect.reach(&written.object, found);
            }
        }
    }
}

/// What an exception names.
struct Names<'a> {
    context: Context<'a>,
    at: &'a At<'a>,
    exception: &'a RiskException,
}

impl Names<'_> {
    fn controls(&self, found: &mut Vec<Diagnostic>) {
        let spec = &self.exception.spec;
        for (index, selector) in spec.controls.iter().enumerate() {
            let path = format!("spec.controls[{index}]");
            if let Err(message) = catalogue::check_selector(selector) {
                self.context.warn(found, &EXCEPTION_UNKNOWN_CONTROL, self.at, &path, &message);
            } else if let Some(family) = selector.strip_suffix(".*") {
                let count = catalogue::family(family).count();
                let message =
                    format!("`{selector}` covers all {count} controls of the family, and later ones");
                self.context.warn(found, &EXCEPTION_OF_A_FAMILY, self.at, &path, &message);
            }
        }
        for (index, compensating) in spec.compensating_controls.iter().enumerate() {
            let unknown = compensating.control.as_deref().map(catalogue::check_selector);
            if let Some(Err(message)) = unknown {
                let path = format!("spec.compensatingControls[{index}].control");
                self.context.warn(found, &EXCEPTION_UNKNOWN_CONTROL, self.at, &path, &message);
            }
        }
    }

    fn kind(&self, found: &mut Vec<Diagnostic>) {
        let Some(kind) = self.exception.spec.target.kind.as_deref() else { return };
        let kinds = self.context.collection.inventory.kinds();
        let known = || kinds.all().map(ObjectKind::as_str);
        if !known().any(|known| known == kind) {
            let message = format!("no control judges a `{kind}`{}", did_you_mean(kind, known()));
            self.context.warn(found, &EXCEPTION_UNKNOWN_KIND, self.at, "spec.target.kind", &message);
        }
    }

    fn renewal(&self, found: &mut Vec<Diagnostic>) {
        let Some(renewed) = self.exception.spec.renews.as_deref() else { return };
        let here = || {
            let all = self.context.collection.exceptions.keys();
            all.filter(|(namespace, _)| namespace.as_str() == self.at.namespace)
                .map(|(_, name)| name.as_str())
        };
        if !here().any(|name| name == renewed) {
            let others = here().filter(|name| *name != self.at.name);
            let message = format!(
                "no RiskException `{renewed}` of namespace `{}` among the files{}",
                self.at.namespace,
                did_you_mean(renewed, others)
            );
            self.context.warn(found, &EXCEPTION_UNKNOWN_RENEWAL, self.at, "spec.renews", &message);
        }
    }
}

/// What becomes of an exception.
struct Effect<'a> {
    context: Context<'a>,
    at: &'a At<'a>,
    compiled: &'a CompiledException,
    state: &'a ExceptionState,
}

impl Effect<'_> {
    fn life(&self, found: &mut Vec<Diagnostic>) {
        let now = self.context.assessment.at;
        let end = self.compiled.expires_at.strftime("%Y-%m-%d %H:%M UTC");
        let approvals = self.state.approvals;
        let mut warn = |lint, path: &str, message: &str| {
            self.context.warn(found, lint, self.at, path, message);
        };
        match self.state.life {
            Life::OutOfBounds => {
                let is_too_long = self.compiled.beyond_bounds(&self.state.bounds, 0, None, now).is_some();
                let path = if is_too_long { "spec.expiresAt" } else { "spec.renews" };
                warn(&EXCEPTION_OUT_OF_BOUNDS, path, self.state.beyond_bounds.as_deref().unwrap_or_default());
            }
            Life::Expired if !self.state.is_renewed => {
                warn(&EXCEPTION_EXPIRED, "spec.expiresAt", &format!("it ended {end}"));
            }
            Life::ExpiringSoon if !self.state.is_renewed => {
                warn(&EXCEPTION_ENDS_SOON, "spec.expiresAt", &format!("it ends {end}"));
            }
            Life::NotApproved => {
                let void = self.state.void.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                let message = format!("{} of {} approvals{void}", approvals.valid, approvals.required);
                warn(&EXCEPTION_NOT_APPROVED, "spec.approvals", &message);
            }
            _ => {}
        }
    }

    /// The approvals that don't count, whether others suffice or not.
    fn approvals(&self, found: &mut Vec<Diagnostic>) {
        if matches!(self.state.life, Life::Expired | Life::Revoked) {
            return;
        }
        for it in &self.state.uncounted {
            let path = format!("spec.approvals[{}]", it.index);
            let message = format!("the approval by `{}` doesn't count: {}", it.by, it.flaw);
            self.context.warn(found, &EXCEPTION_APPROVAL_NOT_COUNTED, self.at, &path, &message);
        }
    }

    /// Whom it covers, of the workloads among the files.
    fn reach(&self, written: &RiskException, found: &mut Vec<Diagnostic>) {
        let mut warn = |lint, path: &str, message: &str| {
            self.context.warn(found, lint, self.at, path, message);
        };
        if self.covers_its_namespace(written) {
            let message = format!("it covers all {} workloads of the namespace", self.state.targets.len());
            warn(&EXCEPTION_OF_A_NAMESPACE, "spec.target", &message);
        }
        if !self.compiled.knows_a_control() {
            return;
        }
        let Some(said) = obstacle(self.compiled, self.state) else {
            if !self.state.failed_compensations.is_empty() {
                let failed: Vec<&str> = self.state.failed_compensations.iter().map(Text::as_str).collect();
                let message = format!("compensating controls that don't hold: {}", failed.join(", "));
                warn(&EXCEPTION_UNCOMPENSATED, "spec.compensatingControls", &message);
            }
            // Whether it is needed is known only while it counts.
            if self.state.life.is_active() && self.state.findings.is_empty() {
                warn(&EXCEPTION_NOT_NEEDED, "spec.controls", "what it matches passes");
            }
            return;
        };
        let message = as_clause(&said.message);
        if *said.reason == reasons::OVERBROAD {
            warn(&EXCEPTION_OVERBROAD, "spec.target", &message);
        } else if *said.reason == reasons::COMPENSATING_CONTROL_FAILED {
            warn(&EXCEPTION_UNCOMPENSATED, "spec.compensatingControls", &message);
        } else if self.state.targets.is_empty() {
            warn(&EXCEPTION_MATCHES_NOTHING, "spec.target", &message);
        } else if !self.context.policy.standards.is_empty() {
            warn(&EXCEPTION_MATCHES_NOTHING, "spec.controls", &message);
        }
    }

    /// Whether it selects, without naming them, all of several workloads.
    fn covers_its_namespace(&self, written: &RiskException) -> bool {
        let is_workload = |kind: &ObjectKind| matches!(kind, ObjectKind::Workload(_));
        let all = self.context.assessment.subjects.keys().filter(|key| is_workload(&key.kind));
        let here = all.filter(|key| key.namespace == self.compiled.namespace).count();
        let meant = self.state.targets.iter().filter(|key| is_workload(&key.kind)).count();
        written.spec.target.names.is_empty() && here > 1 && meant == here
    }
}

/// The first sentence as the end of a line: `It is so. Do this.` is `it is so`; the lint has its own remedy.
fn as_clause(sentences: &str) -> String {
    let sentence = sentences.split_once(". ").map_or(sentences, |(first, _)| first);
    let mut characters = sentence.chars();
    let first = characters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
    let rest = characters.as_str();
    format!("{first}{}", rest.strip_suffix('.').unwrap_or(rest))
}
