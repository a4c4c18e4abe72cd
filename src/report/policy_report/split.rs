//! Results in parts that etcd takes.

use super::{ReportResult, Summary};

/// The bytes of a report as JSON, metadata aside. etcd takes 1.5 MiB of an object, and an update of it is sent whole.
const LONGEST: usize = 1024 * 1024;
/// As many results are enough for whoever reads one report.
const MOST_RESULTS: usize = 2_000;

/// What goes into one report.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) summary: Summary,
    pub(super) results: Vec<ReportResult>,
}

/// The results in parts, in their order; there is always one. What is counted and not listed is the first one's.
pub(super) fn parts(counted: Summary, results: Vec<ReportResult>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut part = Part { summary: counted, results: Vec::new() };
    let mut length = 0;
    for result in results {
        let more = length_of(&result);
        let is_full = length + more > LONGEST || part.results.len() >= MOST_RESULTS;
        if is_full && !part.results.is_empty() {
            parts.push(std::mem::take(&mut part));
            length = 0;
        }
        length += more;
        part.summary.count(&result);
        part.results.push(result);
    }
    parts.push(part);
    parts
}

impl Summary {
    fn count(&mut self, result: &ReportResult) {
        *match result.result {
            "fail" => &mut self.fail,
            "skip" => &mut self.skip,
            _ => &mut self.error,
        } += 1;
    }
}

/// As JSON, with the comma after it.
fn length_of(result: &ReportResult) -> usize {
    serde_json::to_vec(result).map_or(LONGEST, |bytes| bytes.len() + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Reference, SOURCE};
    use super::*;
    use crate::report::policy_report::result::Moment;

    fn result(word: &'static str, message: &str) -> ReportResult {
        ReportResult {
            source: SOURCE,
            policy: "pod.privileged",
            category: "pod",
            severity: "high",
            result: word,
            scored: true,
            timestamp: Moment { seconds: 0, nanos: 0 },
            message: message.to_owned(),
            resources: [Reference {
                api_version: "v1".to_owned(),
                kind: "Pod",
                namespace: Some("a".to_owned()),
                name: "b".to_owned(),
            }],
            properties: BTreeMap::new(),
        }
    }

    fn passes(pass: u64) -> Summary {
        Summary { pass, ..Summary::default() }
    }

    #[test]
    fn nothing_is_lost_no_part_is_too_long_and_each_counts_its_own() {
        let many: Vec<ReportResult> = (0..5_000).map(|_| result("fail", &"x".repeat(900))).collect();
        let parts = parts(passes(7), many.clone());
        assert!(parts.len() > 3);
        for part in &parts {
            let length: usize = part.results.iter().map(length_of).sum();
            assert!(length <= LONGEST && part.results.len() <= MOST_RESULTS);
            assert_eq!(part.summary.fail, part.results.len() as u64);
        }
        assert_eq!(parts.iter().map(|part| part.summary.pass).sum::<u64>(), 7);
        assert_eq!(parts.into_iter().flat_map(|part| part.results).collect::<Vec<_>>(), many);
    }

    #[test]
    fn what_only_passes_has_a_report_and_what_is_unknown_is_no_pass() {
        let [part] = <[Part; 1]>::try_from(parts(passes(3), Vec::new())).unwrap();
        assert_eq!((part.summary.pass, part.summary.fail), (3, 0));
        let [part] =
            <[Part; 1]>::try_from(parts(passes(0), vec![result("error", ""), result("skip", "")])).unwrap();
        assert_eq!(part.summary, Summary { pass: 0, fail: 0, warn: 0, error: 1, skip: 1 });
    }
}
