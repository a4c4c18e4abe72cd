//! What the operating system says of this process, asked at each scrape.

use std::fmt;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;

/// Resident memory.
#[derive(Debug)]
pub(super) struct Resident;

impl EncodeMetric for Resident {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        match resident_bytes() {
            Some(bytes) => encoder.encode_gauge(&bytes),
            None => Ok(()),
        }
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}

#[expect(clippy::disallowed_methods, reason = "the kernel says it in a file that is none")]
fn resident_bytes() -> Option<u64> {
    resident_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// The line `VmRSS:    123 kB`.
fn resident_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_how_much_is_resident() {
        assert_eq!(resident_in("Name:\tstanchion\nVmRSS:\t   12 kB\nThreads:\t3\n"), Some(12_288));
        assert_eq!(resident_in("Name:\tstanchion\n"), None);
        if cfg!(target_os = "linux") {
            assert!(resident_bytes().unwrap() > 100_000);
        }
    }
}
