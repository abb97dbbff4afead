//! `--failed-request-threshold`: a run that fails too often is not worth finishing.

/// Below this many records no share of failures means anything.
const LEAST_RECORDS: u64 = 10;

/// The share of failed requests above which a phase is given up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FailureThreshold {
    share: f64,
    armed_at: u64,
}

impl FailureThreshold {
    /// Fires above `share`, 0 to 1, once there are as many records as sessions at a time, and at
    /// least ten.
    pub fn new(share: f64, concurrency: Option<u32>) -> Self {
        Self {
            share,
            armed_at: u64::from(concurrency.unwrap_or(1)).max(LEAST_RECORDS),
        }
    }

    /// Whether `errors` among `records` of the phase are too many. A threshold of 1 never fires.
    pub fn is_exceeded(&self, errors: u64, records: u64) -> bool {
        records >= self.armed_at && errors as f64 / records as f64 > self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_armed_late_and_strict() {
        for (share, concurrency, errors, records, expected) in [
            // Not armed yet.
            (0.0, None, 9, 9, false),
            (0.0, None, 1, 10, true),
            (0.0, None, 0, 1_000, false),
            (0.0, Some(1), 9, 9, false),
            (0.5, Some(64), 63, 63, false),
            (0.5, Some(64), 64, 64, true),
            // Exactly the share is still allowed.
            (0.5, Some(4), 5, 10, false),
            (0.5, Some(4), 6, 10, true),
            (1.0, None, 1_000, 1_000, false),
        ] {
            let threshold = FailureThreshold::new(share, concurrency);
            assert_eq!(
                threshold.is_exceeded(errors, records),
                expected,
                "{errors} of {records}, {threshold:?}"
            );
        }
    }
}
