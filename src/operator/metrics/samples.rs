//! Samples of a gauge that are replaced as a whole, so that what is gone is gone; and never more than a bound.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::{
    EncodeLabel, EncodeLabelSet, EncodeMetric, LabelSetEncoder, MetricEncoder,
};
use prometheus_client::metrics::MetricType;

use super::table::{Fold, Row, Values};

/// The most series of one metric.
pub const MOST_SERIES: usize = 2_000;

/// The name that stands for all names beyond the bound. No object can be called so.
pub const OTHER: &str = "(other)";

/// The series of one gauge.
#[derive(Debug, Clone)]
pub(super) struct Samples {
    row: &'static Row,
    current: Arc<Mutex<Vec<Sample>>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Sample {
    /// In the order of the row's labels.
    values: Vec<String>,
    number: f64,
}

impl Samples {
    pub(super) fn of(row: &'static Row) -> Self {
        Self { row, current: Arc::default() }
    }

    /// A new set of samples, to replace those that are there.
    pub(super) fn gather(&self) -> Gathering {
        let closed = self.row.labels.iter().map(|(_, values)| match values {
            Values::Of(values) => values.len(),
            _ => 1,
        });
        let others: usize = closed.product();
        // What belongs together is folded together.
        let most = (MOST_SERIES / others).saturating_sub(1) * others;
        Gathering { row: self.row, most, kept: Vec::new(), folded: BTreeMap::new() }
    }

    pub(super) fn replace(&self, gathering: Gathering) {
        let folded = gathering.folded.into_iter().map(|(values, number)| Sample { values, number });
        let mut samples = gathering.kept;
        samples.extend(folded);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = samples;
    }
}

/// Samples that are being put together. Each label set is given once.
pub(super) struct Gathering {
    row: &'static Row,
    most: usize,
    kept: Vec<Sample>,
    folded: BTreeMap<Vec<String>, f64>,
}

impl Gathering {
    /// Adds a sample, with a value for each label of the row.
    pub(super) fn add<const N: usize>(&mut self, values: [&str; N], number: f64) {
        debug_assert_eq!(N, self.row.labels.len(), "{}", self.row.name());
        if self.kept.len() < self.most {
            self.kept.push(Sample { values: values.map(str::to_owned).into(), number });
            return;
        }
        let labels = self.row.labels.iter().zip(values);
        let folded = labels.map(|((_, of), value)| if *of == Values::Names { OTHER } else { value });
        let known = self.folded.entry(folded.map(str::to_owned).collect());
        let fold = self.row.fold;
        known
            .and_modify(|known| {
                *known = match fold {
                    Fold::Sum => *known + number,
                    Fold::Least => known.min(number),
                    Fold::Greatest => known.max(number),
                }
            })
            .or_insert(number);
    }
}

impl EncodeMetric for Samples {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let samples = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        for Sample { values, number } in samples.iter() {
            encoder.encode_family(&Labels { row: self.row, values })?.encode_gauge(number)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

struct Labels<'a> {
    row: &'static Row,
    values: &'a [String],
}

impl EncodeLabelSet for Labels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        for ((name, _), value) in self.row.labels.iter().zip(self.values) {
            (*name, value.as_str()).encode(encoder.encode_label())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::{TIER_MEASURED, TIER_TARGET, TIER_WORKLOADS};
    use super::*;

    fn last(samples: &Samples) -> (usize, f64) {
        let samples = samples.current.lock().unwrap();
        assert_eq!(samples.last().unwrap().values[0], OTHER);
        (samples.len(), samples.last().unwrap().number)
    }

    #[test]
    fn what_is_beyond_the_bound_is_one_sample() {
        let samples = Samples::of(&TIER_WORKLOADS);
        let mut gathering = samples.gather();
        for number in 0..5_000 {
            gathering.add([&format!("tier-{number}")], 1.0);
        }
        samples.replace(gathering);
        assert_eq!(last(&samples), (MOST_SERIES, 3_001.0));
    }

    #[test]
    fn shares_are_not_added_up() {
        for (row, expected) in [(&TIER_MEASURED, 0.25), (&TIER_TARGET, 0.75)] {
            let samples = Samples::of(row);
            let mut gathering = samples.gather();
            for number in 0..3_000 {
                let share = if number % 2 == 0 { 0.25 } else { 0.75 };
                gathering.add([&format!("tier-{number}"), "compliance"], share);
            }
            samples.replace(gathering);
            assert_eq!(last(&samples).1.to_string(), expected.to_string());
        }
    }

    #[test]
    fn what_is_gone_is_gone() {
        let samples = Samples::of(&TIER_WORKLOADS);
        let mut gathering = samples.gather();
        gathering.add(["tier-0"], 1.0);
        samples.replace(gathering);
        samples.replace(samples.gather());
        assert!(samples.current.lock().unwrap().is_empty());
    }
}
