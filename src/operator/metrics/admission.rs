//! What the webhook counts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::posture::number;
use super::samples::{MOST_SERIES, OTHER, Samples};
use super::{Labels, table};
use crate::admission::gaps::Gaps;
use crate::admission::passage::Passage;
use crate::admission::{Act, Answer, Deed};

/// The bounds of what a review takes: from 50 µs to what an API server waits.
const SECONDS: [f64; 12] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0, 2.0];

/// What became of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reviewed {
    /// Somebody asked whether anybody answers.
    Canary,
    /// Let through with nothing to say.
    Allowed,
    /// Let through with something to say.
    Warned,
    /// Let through by somebody's right to step over it.
    BrokenGlass,
    /// Not let through.
    Denied,
    /// Let through unjudged.
    Passed(Passage),
    /// Let through, for the cluster is not known yet.
    Unsynced,
    /// Let through, for it took too long.
    Late,
    /// Let through, for there are too many.
    Shed,
    /// Let through, for the judgement failed.
    Failed,
    /// It is no review.
    Malformed,
}

impl Reviewed {
    /// What became of a review that was judged.
    pub(crate) fn of(answer: &Answer) -> Self {
        match answer {
            Answer { allowed: false, .. } => Self::Denied,
            Answer { used: Some(_), .. } => Self::BrokenGlass,
            Answer { warnings, .. } if warnings.is_empty() => Self::Allowed,
            _ => Self::Warned,
        }
    }

    const fn as_str(&self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Allowed => "allowed",
            Self::Warned => "warned",
            Self::BrokenGlass => Deed::BrokenGlass.as_str(),
            Self::Denied => "denied",
            Self::Passed(passage) => passage.as_str(),
            Self::Unsynced => "unsynced",
            Self::Late => "late",
            Self::Shed => "shed",
            Self::Failed => "failed",
            Self::Malformed => "malformed",
        }
    }
}

/// The metrics of the webhook.
#[derive(Debug)]
pub(super) struct Admission {
    reviews: Family<Labels, Counter>,
    duration: Histogram,
    acts: Acts,
    dropped: Counter,
    availability: Samples,
    watched: Samples,
    gap: Samples,
    certificate: Samples,
}

/// What answers did: standard, tier and deed.
#[derive(Debug, Clone, Default)]
struct Acts(Arc<Mutex<BTreeMap<[String; 3], u64>>>);

impl Default for Admission {
    fn default() -> Self {
        Self {
            reviews: Family::default(),
            duration: Histogram::new(SECONDS),
            acts: Acts::default(),
            dropped: Counter::default(),
            availability: Samples::of(&table::ADMISSION_AVAILABILITY),
            watched: Samples::of(&table::ADMISSION_WATCHED),
            gap: Samples::of(&table::ADMISSION_GAP),
            certificate: Samples::of(&table::ADMISSION_CERTIFICATE),
        }
    }
}

impl Admission {
    pub(super) fn register(&self, registry: &mut Registry) {
        table::ADMISSION_REVIEWS.register(registry, self.reviews.clone());
        table::ADMISSION_DURATION.register(registry, self.duration.clone());
        table::ADMISSION_ACTS.register(registry, self.acts.clone());
        table::ADMISSION_DROPPED.register(registry, self.dropped.clone());
        table::ADMISSION_AVAILABILITY.register(registry, self.availability.clone());
        table::ADMISSION_WATCHED.register(registry, self.watched.clone());
        table::ADMISSION_GAP.register(registry, self.gap.clone());
        table::ADMISSION_CERTIFICATE.register(registry, self.certificate.clone());
        for result in table::REVIEWS {
            drop(self.reviews.get_or_create(&vec![("result", result.to_owned())]));
        }
    }

    /// Another certificate is shown.
    pub(super) fn certificate(&self, until: Option<Timestamp>) {
        let mut ends = self.certificate.gather();
        if let Some(until) = until {
            ends.add([], number(until.as_second().unsigned_abs()));
        }
        self.certificate.replace(ends);
    }

    pub(super) fn reviewed(&self, reviewed: &Reviewed, took: Duration) {
        self.reviews.get_or_create(&vec![("result", reviewed.as_str().to_owned())]).inc();
        self.duration.observe(took.as_secs_f64());
    }

    pub(super) fn acted(&self, acts: &[Act]) {
        let mut known = self.acts.0.lock().unwrap_or_else(PoisonError::into_inner);
        for act in acts {
            let deed = act.deed.as_str().to_owned();
            let mut series = [act.standard.to_string(), act.tier.to_string(), deed.clone()];
            // Room for what stands for all others.
            if !known.contains_key(&series) && known.len() + Deed::ALL.len() >= MOST_SERIES {
                series = [OTHER.to_owned(), OTHER.to_owned(), deed];
            }
            *known.entry(series).or_default() += 1;
        }
    }

    pub(super) fn answered(&self, gaps: &Gaps, now: Timestamp) {
        let gap = Some(if gaps.open.is_some() { 1.0 } else { 0.0 });
        let all = [
            (&self.availability, gaps.availability(now)),
            (&self.watched, gaps.watched(now)),
            (&self.gap, gap),
        ];
        for (samples, number) in all {
            let mut gathering = samples.gather();
            if let Some(number) = number {
                gathering.add([], number);
            }
            samples.replace(gathering);
        }
    }

    pub(super) fn dropped(&self) {
        self.dropped.inc();
    }
}

impl EncodeMetric for Acts {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ([standard, tier, deed], number) in known.iter() {
            let labels = [("standard", standard.as_str()), ("tier", tier), ("deed", deed)];
            encoder.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(number, None)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_result_is_in_the_table() {
        let passed = Passage::NAMES.iter().copied();
        let own = [
            Reviewed::Canary,
            Reviewed::Allowed,
            Reviewed::Warned,
            Reviewed::BrokenGlass,
            Reviewed::Denied,
            Reviewed::Unsynced,
            Reviewed::Late,
            Reviewed::Shed,
            Reviewed::Failed,
            Reviewed::Malformed,
        ];
        let all: BTreeSet<&str> = own.iter().map(Reviewed::as_str).chain(passed).collect();
        assert_eq!(all, table::REVIEWS.into_iter().collect());
    }

    #[test]
    fn names_beyond_the_bound_are_one() {
        let admission = Admission::default();
        for number in 0..MOST_SERIES {
            let standard = format!("s{number}").as_str().into();
            admission.acted(&[Act { standard, tier: "t".into(), deed: Deed::Warned }]);
        }
        let known = admission.acts.0.lock().unwrap();
        assert!(known.len() <= MOST_SERIES && known.keys().any(|it| it[0] == OTHER), "{}", known.len());
    }
}
