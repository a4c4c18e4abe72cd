//! Exceptions: what they cover, and whether they live.

use jiff::{SignedDuration, Timestamp};

use super::approval::{Ballot, Claim, Electorate, KeyId, Rules, Tally, Trust};
use super::catalogue;
use super::control::{Control, Finding, Subject};
use super::error::{CompileError, CompileErrors};
use super::pattern::ImagePattern;
use super::tier::check_selector;
use crate::api::{BREAK_GLASS, ExceptionBounds, RiskException};
use crate::facts::{ContainerRef, ObjectKind, Selector, SubjectKey, Text, Workload};

/// How long before its end an exception is said to expire soon.
pub const EXPIRING: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long a compensating control may fail before its exception is suspended.
pub const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// The namespace in which what is of the cluster as a whole is excepted: Stanchion's own.
pub const HOME: &str = "stanchion-system";

/// The namespace whose exceptions can be meant for a subject: its own, a Namespace's itself, and [`HOME`] for what is of the
/// cluster.
#[must_use]
pub fn home_of(key: &SubjectKey) -> &str {
    match (key.kind, key.namespace.as_str()) {
        (ObjectKind::Namespace, _) => &key.name,
        (_, "") => HOME,
        (_, namespace) => namespace,
    }
}

/// The longest that such an exception lasts: a day, and the minutes by which clocks differ.
const GLASS_LASTS: SignedDuration = SignedDuration::from_mins(24 * 60 + 5);

/// An exception that can be applied.
#[derive(Debug, Clone)]
pub struct CompiledException {
    /// Its namespace; it covers nothing outside.
    pub namespace: Text,
    /// Its name.
    pub name: Text,
    /// Who answers for it.
    pub owner: Text,
    /// Why.
    pub reason: String,
    /// Where it is tracked.
    pub ticket: Option<String>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The exception that it renews.
    pub renews: Option<Text>,
    /// Controls that must hold on the same workloads instead.
    pub compensating: Vec<Text>,
    /// Since when one of those doesn't hold, as its status has recorded.
    pub uncompensated_since: Option<Timestamp>,
    /// The most workloads that it may cover.
    pub max_workloads: usize,
    valid_from: Option<Timestamp>,
    created: Option<Timestamp>,
    revoked: Option<(Text, String)>,
    controls: Vec<Text>,
    /// The controls that it names, by their places in the catalogue.
    known_controls: Vec<usize>,
    target: Target,
    requested_by: Option<Text>,
    clusters: Vec<Text>,
    ballots: Vec<Ballot>,
    /// The ticket for which somebody broke the glass, if it is for that.
    pub glass: Option<Text>,
}

#[derive(Debug, Clone)]
struct Target {
    kind: Option<Text>,
    names: Vec<Text>,
    selector: Option<Selector>,
    containers: Vec<Text>,
    images: Vec<ImagePattern>,
}

/// Whether an exception lives, in the order in which the reasons are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Life {
    /// It goes beyond what its tier allows.
    OutOfBounds,
    /// Somebody took it back.
    Revoked,
    /// It has ended.
    Expired,
    /// Approvals are missing.
    NotApproved,
    /// It has not begun.
    NotYetValid,
    /// It lives, and ends within [`EXPIRING`].
    ExpiringSoon,
    /// It lives.
    Active,
}

impl Life {
    /// Whether it covers anything.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Active | Self::ExpiringSoon)
    }
}

/// How many approvals there are, and how many are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approvals {
    /// What the tier asks for.
    pub required: u32,
    /// By distinct people, none of them the requester.
    pub valid: u32,
}

impl Approvals {
    /// Whether there are enough.
    #[must_use]
    pub const fn suffice(self) -> bool {
        self.valid >= self.required
    }
}

impl CompiledException {
    /// Checks an exception as written. An id that the catalogue doesn't have is no error here: the exception stands
    /// for its other controls, and its `Effective` condition says so. Signatures are checked here, once, where they count.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(exception: &RiskException, trust: Trust) -> Result<Self, CompileErrors> {
        let spec = &exception.spec;
        let meta = &exception.metadata;
        let mut errors = Vec::new();
        check_controls(&spec.controls, &mut errors);
        let expires_at = spec.expires_at.0;
        let valid_from = spec.valid_from.as_ref().map(|time| time.0);
        if valid_from.is_some_and(|from| expires_at <= from) {
            errors.push(CompileError::new("spec.expiresAt", "must be later than `validFrom`"));
        }
        let compiled = Self {
            namespace: meta.namespace.clone().unwrap_or_default().into(),
            name: meta.name.clone().unwrap_or_default().into(),
            owner: spec.owner.as_str().into(),
            reason: spec.reason.clone(),
            ticket: spec.ticket.clone(),
            expires_at,
            renews: spec.renews.as_deref().map(Text::from),
            compensating: spec
                .compensating_controls
                .iter()
                .filter_map(|compensating| compensating.control.as_deref().map(Text::from))
                .collect(),
            uncompensated_since: recorded(exception),
            max_workloads: usize::try_from(spec.max_workloads()).unwrap_or(0),
            valid_from,
            created: meta.creation_timestamp.as_ref().map(|time| time.0),
            revoked: spec.revoked.as_ref().map(|it| (it.by.as_str().into(), it.reason.clone())),
            controls: spec.controls.iter().map(|control| control.as_str().into()).collect(),
            known_controls: known_controls(&spec.controls),
            target: Target::compile(&spec.target, &mut errors),
            requested_by: spec.requested_by.as_deref().map(Text::from),
            clusters: spec.clusters.iter().map(|name| name.as_str().into()).collect(),
            ballots: Ballot::all(exception, trust),
            glass: meta
                .annotations
                .as_ref()
                .and_then(|all| all.get(BREAK_GLASS))
                .map(|it| it.as_str().into()),
        };
        CompileErrors::check(compiled, errors)
    }

    /// Takes over what its status has recorded. True if that is news.
    pub(super) fn record(&mut self, exception: &RiskException) -> bool {
        let before = std::mem::replace(&mut self.uncompensated_since, recorded(exception));
        before != self.uncompensated_since
    }

    /// Since when a compensating control that fails now has failed: as recorded, or as of now where a record is kept. One
    /// of a clock that has gone wrong since counts as of now.
    #[must_use]
    pub fn failing_since(&self, keeps_record: bool, now: Timestamp) -> Option<Timestamp> {
        let recorded = self.uncompensated_since.map(|since| since.min(now));
        recorded.or_else(|| keeps_record.then_some(now))
    }

    /// Whether a compensating control that fails now suspends it now: after [`GRACE`], or at once where nothing says
    /// since when it fails.
    #[must_use]
    pub fn is_suspended(&self, keeps_record: bool, now: Timestamp) -> bool {
        self.failing_since(keeps_record, now).is_none_or(|since| now.duration_since(since) >= GRACE)
    }

    /// Whether it excuses this control.
    #[must_use]
    pub fn names_control(&self, control: &Control) -> bool {
        self.controls.iter().any(|selector| catalogue::covers(selector, control.id))
    }

    /// The controls that it names, by their places in the catalogue.
    #[must_use]
    pub fn known_controls(&self) -> &[usize] {
        &self.known_controls
    }

    /// The ids and families that it lists and the catalogue doesn't have.
    pub fn unknown_controls(&self) -> impl Iterator<Item = &Text> {
        self.controls.iter().filter(|selector| catalogue::check_selector(selector).is_err())
    }

    /// Whether it knows any of the controls that it lists.
    #[must_use]
    pub fn knows_a_control(&self) -> bool {
        self.controls.iter().any(|selector| catalogue::check_selector(selector).is_ok())
    }

    /// Whether it is meant for this subject. Without a kind it is meant for workloads; a kind can name any other
    /// subject of its namespace, the Namespace itself included. What is of the cluster as a whole is excepted in
    /// [`HOME`], where no service team writes.
    #[must_use]
    pub fn targets(&self, key: &SubjectKey, subject: Subject<'_>) -> bool {
        let target = &self.target;
        self.aims_at(key, subject)
            && (target.images.is_empty()
                || containers(subject).any(|it| target.covers_image(it.image.as_deref())))
    }

    /// Whether it names an object of its namespace, whatever else it asks for.
    #[must_use]
    pub fn names(&self, key: &SubjectKey) -> bool {
        let is_kind = self.target.kind.as_ref().is_none_or(|kind| *kind == key.kind.as_str());
        home_of(key) == self.namespace.as_str() && is_kind && self.target.names.contains(&key.name)
    }

    /// The same whatever the images: with another image it is the same workload.
    #[must_use]
    pub fn aims_at(&self, key: &SubjectKey, subject: Subject<'_>) -> bool {
        let target = &self.target;
        let is_home = home_of(key) == self.namespace.as_str();
        let is_kind = match &target.kind {
            Some(kind) => *kind == key.kind.as_str(),
            None => matches!(subject, Subject::Workload(_)),
        };
        is_home
            && is_kind
            && (target.names.is_empty() || target.names.contains(&key.name))
            && target.selector.as_ref().is_none_or(|selector| selector.matches(&subject.meta().labels))
    }

    /// The containers of a subject that it names, a bit each; all bits if it names none.
    #[must_use]
    pub fn containers_of(&self, subject: Subject<'_>) -> u64 {
        let named = &self.target.containers;
        if named.is_empty() {
            return u64::MAX;
        }
        let bit = |place: usize| 1 << (place % 64);
        let own = containers(subject).enumerate().filter(|(_, it)| named.contains(&it.name));
        own.fold(0, |bits, (place, _)| bits | bit(place))
    }

    /// Whether it covers this finding on a subject that it is meant for. One that names containers or images covers
    /// only what is in such a container.
    #[must_use]
    pub fn covers(&self, finding: &Finding, subject: Subject<'_>) -> bool {
        let target = &self.target;
        if target.containers.is_empty() && target.images.is_empty() {
            return true;
        }
        let Some(name) = &finding.container else { return false };
        (target.containers.is_empty() || target.containers.contains(name))
            && (target.images.is_empty()
                || containers(subject).any(|it| it.name == *name && target.covers_image(it.image.as_deref())))
    }

    /// Which of its approvals count, by whose word counts and when.
    #[must_use]
    pub fn tally(&self, electorate: &Electorate<'_>, now: Timestamp) -> Tally {
        let (requested_by, clusters) = (self.requested_by.as_ref(), self.clusters.as_slice());
        electorate.count(Claim { requested_by, clusters, ballots: &self.ballots }, now)
    }

    /// Whether it stands without an approval: somebody with the right to do so broke the glass. It lasts a day and no longer,
    /// and where names prove something the API server holds that nobody but the operator writes one.
    #[must_use]
    pub fn is_break_glass(&self, trust: Trust, rules: &Rules) -> bool {
        let begun = self.begun().unwrap_or(self.expires_at);
        let is_vouched_for = match trust {
            Trust::Recorded => true,
            Trust::Enforced => *rules == Rules::InPlace,
            Trust::Signed => false,
        };
        self.glass.is_some() && is_vouched_for && self.expires_at.duration_since(begun) <= GLASS_LASTS
    }

    /// The keys that signed its approvals.
    pub(super) fn keys(&self) -> impl Iterator<Item = &KeyId> {
        self.ballots.iter().filter_map(Ballot::key)
    }

    /// What goes beyond the bounds of the most critical tier that it touches; nothing if it keeps to them.
    /// `renewals` is how many exceptions came before it, one after the other, and `continues` the last of those.
    #[must_use]
    pub fn beyond_bounds(
        &self,
        bounds: &ExceptionBounds,
        renewals: usize,
        continues: Option<&Text>,
        now: Timestamp,
    ) -> Option<String> {
        let begun = self.begun().unwrap_or(now);
        let longest = SignedDuration::from(bounds.max_duration);
        if self.expires_at.duration_since(begun) > longest {
            let latest = begun.checked_add(longest).unwrap_or(Timestamp::MAX).strftime("%Y-%m-%dT%H:%MZ");
            return Some(format!(
                "an exception in this tier lasts at most {}: set `expiresAt` to {latest} or earlier",
                bounds.max_duration
            ));
        }
        if usize::try_from(bounds.max_renewals).is_ok_and(|most| renewals > most) {
            let times = if bounds.max_renewals == 1 { "once" } else { "times" };
            let most =
                if bounds.max_renewals == 1 { String::new() } else { format!("{} ", bounds.max_renewals) };
            let after = continues.map(|name| format!(", after `{name}`")).unwrap_or_default();
            return Some(format!(
                "an exception in this tier can be renewed {most}{times} at most, and this is renewal \
                 {renewals}{after}: fix the finding"
            ));
        }
        None
    }

    /// Whether it lives at a time.
    #[must_use]
    pub fn life(&self, within_bounds: bool, approvals: Approvals, now: Timestamp) -> Life {
        if !within_bounds {
            Life::OutOfBounds
        } else if self.revoked.is_some() {
            Life::Revoked
        } else if now >= self.expires_at {
            Life::Expired
        } else if !approvals.suffice() {
            Life::NotApproved
        } else if self.valid_from.is_some_and(|from| now < from) {
            Life::NotYetValid
        } else if self.expires_at.duration_since(now) <= EXPIRING {
            Life::ExpiringSoon
        } else {
            Life::Active
        }
    }

    /// The times after `now` at which it changes by itself: it begins, is suspended, expires soon, ends.
    pub fn boundaries(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let soon = self.expires_at.checked_sub(EXPIRING).ok();
        let suspended = self.uncompensated_since.and_then(|since| since.checked_add(GRACE).ok());
        [self.valid_from, suspended, soon, Some(self.expires_at)]
            .into_iter()
            .flatten()
            .filter(move |moment| *moment > now)
    }

    /// Whole days until it ends, rounded up; 0 once it has ended.
    #[must_use]
    pub fn days_left(&self, now: Timestamp) -> i64 {
        let seconds = self.expires_at.duration_since(now).as_secs().max(0);
        (seconds + 86_399) / 86_400
    }

    /// Who took it back, and why.
    #[must_use]
    pub fn revocation(&self) -> Option<(&Text, &str)> {
        self.revoked.as_ref().map(|(by, reason)| (by, reason.as_str()))
    }

    /// When it began, as far as anybody says: the earlier of its creation and `validFrom`.
    #[must_use]
    pub fn begun(&self) -> Option<Timestamp> {
        [self.created, self.valid_from].into_iter().flatten().min()
    }

    /// Whole days since it began.
    #[must_use]
    pub fn age_days(&self, now: Timestamp) -> Option<i64> {
        Some(now.duration_since(self.begun()?).as_secs().max(0) / 86_400)
    }
}

fn known_controls(selectors: &[String]) -> Vec<usize> {
    let all = catalogue::all().iter().enumerate();
    let named = all.filter(|(_, it)| selectors.iter().any(|selector| catalogue::covers(selector, it.id)));
    named.map(|(place, _)| place).collect()
}

/// Since when its status says that a compensating control doesn't hold.
fn recorded(exception: &RiskException) -> Option<Timestamp> {
    exception.status.as_ref()?.uncompensated_since.as_ref().map(|time| time.0)
}

/// The containers of a subject, if it has any.
fn containers(subject: Subject<'_>) -> impl Iterator<Item = ContainerRef<'_>> {
    let workload = match subject {
        Subject::Workload(workload) => Some(workload),
        _ => None,
    };
    workload.into_iter().flat_map(Workload::containers)
}

fn check_controls(controls: &[String], errors: &mut Vec<CompileError>) {
    if controls.is_empty() {
        errors.push(CompileError::new("spec.controls", "name at least one control"));
    }
    for (index, control) in controls.iter().enumerate() {
        let family = control.strip_suffix(".*");
        if control == "*" || family.unwrap_or(control).contains('*') {
            errors.push(CompileError::new(
                format!("spec.controls[{index}]"),
                format!("`{control}` would excuse too much: name controls, or a family such as `pod.*`"),
            ));
        }
    }
}

impl Target {
    fn compile(target: &crate::api::ExceptionTarget, errors: &mut Vec<CompileError>) -> Self {
        if target.names.is_empty() && target.selector.is_none() && target.images.is_empty() {
            let message = "say what it covers: give names, a selector or images";
            errors.push(CompileError::new("spec.target", message));
        }
        check_selector("spec.target.selector", target.selector.as_ref(), errors);
        let mut images = Vec::new();
        for (index, pattern) in target.images.iter().enumerate() {
            match ImagePattern::new(pattern) {
                Ok(pattern) => images.push(pattern),
                Err(message) => {
                    errors.push(CompileError::new(format!("spec.target.images[{index}]"), message));
                }
            }
        }
        let texts = |list: &[String]| list.iter().map(|text| text.as_str().into()).collect();
        Self {
            kind: target.kind.as_deref().map(Text::from),
            names: texts(&target.names),
            selector: target.selector.as_ref().map(Selector::from),
            containers: texts(&target.containers),
            images,
        }
    }

    fn covers_image(&self, image: Option<&str>) -> bool {
        image.is_some_and(|image| self.images.iter().any(|pattern| pattern.matches(image)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::approval::Reach;
    use super::*;
    use crate::api::Duration;
    use crate::engine::approval::Rules;

    fn exception(spec: &str) -> CompiledException {
        compile(spec).unwrap()
    }

    fn compile(spec: &str) -> Result<CompiledException, CompileErrors> {
        let yaml = format!(
            "{{apiVersion: stanchion.dev/v1alpha1, kind: RiskException,
               metadata: {{name: e, namespace: shop, creationTimestamp: '2026-11-01T00:00:00Z'}},
               spec: {{reason: it is being rewritten this month, owner: team-shop, {spec}}}}}"
        );
        CompiledException::compile(&serde_saphyr::from_str(&yaml).unwrap(), Trust::Recorded)
    }

    const PLAIN: &str =
        "controls: [pod.privileged], target: {names: [cart]}, expiresAt: '2026-12-01T00:00:00Z'";

    fn life(spec: &str, now: &str) -> Life {
        let exception = exception(spec);
        let bounds = ExceptionBounds::default();
        let now = now.parse().unwrap();
        let within = exception.beyond_bounds(&bounds, 0, None, now).is_none();
        let names = Electorate {
            trust: Trust::Recorded,
            rules: &Rules::InPlace,
            cluster: None,
            reach: Reach::Touched(Vec::new()),
        };
        let valid = exception.tally(&names, now).valid;
        exception.life(within, Approvals { required: 1, valid }, now)
    }

    #[test]
    fn it_lives_from_approval_to_the_minute_of_its_end() {
        assert_eq!(life(PLAIN, "2026-11-02T00:00:00Z"), Life::NotApproved);
        let approved =
            format!("{PLAIN}, approvals: [{{by: ada}}], requestedBy: bob, validFrom: '2026-11-03T00:00:00Z'");
        assert_eq!(life(&approved, "2026-11-02T00:00:00Z"), Life::NotYetValid);
        assert_eq!(life(&approved, "2026-11-03T00:00:00Z"), Life::Active);
        assert_eq!(life(&approved, "2026-11-24T00:00:00Z"), Life::ExpiringSoon);
        assert_eq!(life(&approved, "2026-11-30T23:59:59Z"), Life::ExpiringSoon);
        assert_eq!(life(&approved, "2026-12-01T00:00:00Z"), Life::Expired);
    }

    #[test]
    fn nobody_approves_their_own() {
        let own = format!("{PLAIN}, approvals: [{{by: bob}}], requestedBy: bob");
        assert_eq!(life(&own, "2026-11-02T00:00:00Z"), Life::NotApproved);
    }

    #[test]
    fn revoked_wins_over_approved() {
        let revoked = format!("{PLAIN}, approvals: [{{by: ada}}], revoked: {{by: eve, reason: misused}}");
        assert_eq!(life(&revoked, "2026-11-02T00:00:00Z"), Life::Revoked);
    }

    #[test]
    fn longer_than_the_tier_allows_is_out_of_bounds() {
        let exception = exception(PLAIN);
        let bounds = ExceptionBounds { max_duration: Duration::days(29), ..ExceptionBounds::default() };
        let now = "2026-11-02T00:00:00Z".parse().unwrap();
        assert_eq!(
            exception.beyond_bounds(&bounds, 0, None, now).unwrap(),
            "an exception in this tier lasts at most 29d: set `expiresAt` to 2026-11-30T00:00Z or earlier"
        );
        let before = Text::from("last-year");
        assert_eq!(
            exception.beyond_bounds(&ExceptionBounds::default(), 2, Some(&before), now).unwrap(),
            "an exception in this tier can be renewed once at most, and this is renewal 2, after `last-year`: fix the \
             finding"
        );
    }

    #[test]
    fn a_compensating_control_may_fail_for_a_day_that_is_recorded() {
        let mut exception = exception(PLAIN);
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let now = at("2026-11-02T12:00:00Z");
        assert!(exception.is_suspended(false, now), "no record, no grace");
        assert!(!exception.is_suspended(true, now), "it begins now");
        exception.uncompensated_since = Some(now);
        for keeps_record in [false, true] {
            assert!(!exception.is_suspended(keeps_record, at("2026-11-03T11:59:59Z")));
            assert!(exception.is_suspended(keeps_record, at("2026-11-03T12:00:00Z")));
        }
        assert!(exception.boundaries(now).any(|moment| moment == at("2026-11-03T12:00:00Z")));
        // A clock that was wrong has recorded a time to come.
        let before = at("2026-11-01T12:00:00Z");
        assert_eq!(exception.failing_since(true, before), Some(before), "no grace gets longer by it");
    }

    #[test]
    fn everything_and_nothing_are_refused() {
        let refused =
            compile("controls: ['*', 'pod.*'], target: {}, expiresAt: '2026-12-01T00:00:00Z'").unwrap_err();
        let refused: Vec<String> = refused.iter().map(|error| error.path.clone()).collect();
        assert_eq!(refused, ["spec.controls[0]", "spec.target"]);
    }

    #[test]
    fn one_that_names_a_container_covers_no_other() {
        let exception = exception(
            "controls: ['pod.*'], target: {names: [cart], containers: [app]}, expiresAt: '2026-12-01T00:00:00Z'",
        );
        let workload = Workload::decode(crate::facts::WorkloadKind::Pod, &serde_json::json!({})).unwrap();
        let in_container = |name: &str| Finding {
            container: Some(name.into()),
            ..Finding::new(crate::facts::Path::root(), "wrong")
        };
        let workload = Subject::Workload(&workload);
        assert!(exception.covers(&in_container("app"), workload));
        assert!(!exception.covers(&in_container("sidecar"), workload));
        assert!(!exception.covers(&Finding::new(crate::facts::Path::root(), "wrong"), workload));
    }
}
