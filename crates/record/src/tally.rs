//! How often which failure happened.

use std::collections::HashMap;

use aiperf_endpoint::Failure;

/// One kind of failure: equal code, type and message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TalliedError {
    /// The first failure of its kind.
    pub failure: Failure,
    /// How many there were.
    pub count: u64,
    /// When the first one was seen, for keeping the order of first occurrence.
    pub first_at: u64,
}

/// Counts failures by kind.
#[derive(Debug, Clone, Default)]
pub struct ErrorTally {
    kinds: HashMap<(Option<i64>, Option<String>, String), TalliedError>,
}

impl ErrorTally {
    /// Counts one failure that was seen at `at`.
    pub fn add(&mut self, failure: &Failure, at: u64) {
        self.add_many(TalliedError {
            failure: failure.clone(),
            count: 1,
            first_at: at,
        });
    }

    /// Adds the counts of another tally.
    pub fn merge(&mut self, other: Self) {
        other
            .kinds
            .into_values()
            .for_each(|error| self.add_many(error));
    }

    fn add_many(&mut self, error: TalliedError) {
        let key = (
            error.failure.code,
            error.failure.kind.clone(),
            error.failure.message.clone(),
        );
        self.kinds
            .entry(key)
            .and_modify(|known| {
                known.count += error.count;
                known.first_at = known.first_at.min(error.first_at);
            })
            .or_insert(error);
    }

    /// The kinds in order of their first occurrence.
    pub fn in_order(&self) -> Vec<TalliedError> {
        let mut kinds: Vec<_> = self.kinds.values().cloned().collect();
        kinds.sort_by(|a, b| {
            (a.first_at, &a.failure.message).cmp(&(b.first_at, &b.failure.message))
        });
        kinds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_failures_are_counted_together_in_order_of_first_occurrence() {
        let overload = Failure::http_status(503, "Service Unavailable", b"busy");
        let missing = Failure::http_status(404, "Not Found", b"no such model");
        let mut here = ErrorTally::default();
        here.add(&overload, 20);
        here.add(&missing, 30);
        let mut there = ErrorTally::default();
        there.add(&missing, 10);
        here.merge(there);
        let order: Vec<_> = here
            .in_order()
            .into_iter()
            .map(|error| (error.failure.code, error.count))
            .collect();
        assert_eq!(order, [(Some(404), 2), (Some(503), 1)]);
    }
}
