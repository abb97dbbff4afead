//! Figures of the measured phases while recording goes on, for whoever shows them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiperf_metrics::{ActiveMetrics, LiveFigures, MetricResult, RecordValues};

/// What the recorder threads have seen so far. Each has a part of its own, so that none of them
/// waits for another; who asks for the figures holds each part for as long as it takes to add it up.
///
/// Recorders keep it only if [`crate::RecorderSettings::live`] asks for it. Nothing of it touches
/// the sending side.
#[derive(Debug)]
pub struct LiveRecords {
    empty: LiveFigures,
    parts: Vec<Mutex<LiveFigures>>,
}

impl LiveRecords {
    /// Room for `recorders` threads.
    pub fn new(active: Arc<ActiveMetrics>, recorders: usize) -> Self {
        let empty = LiveFigures::new(active);
        let parts = (0..recorders.max(1)).map(|_| Mutex::new(empty.clone()));
        Self {
            parts: parts.collect(),
            empty,
        }
    }

    /// Adds a record that the recorder thread `recorder` has finished.
    pub(crate) fn add(&self, recorder: usize, values: &RecordValues) {
        lock(&self.parts[recorder % self.parts.len()]).add(values);
    }

    /// Number of measured records so far, failed ones included.
    pub fn records(&self) -> u64 {
        self.parts.iter().map(|part| lock(part).records()).sum()
    }

    /// The figures so far; see [`LiveFigures::results`].
    pub fn results(&self) -> Vec<MetricResult> {
        let mut all = self.empty.clone();
        for part in &self.parts {
            all.merge(&lock(part));
        }
        all.results()
    }
}

fn lock(part: &Mutex<LiveFigures>) -> MutexGuard<'_, LiveFigures> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}
