//! Whether an answer makes a valid record.

use crate::failure::Failure;
use crate::parse::Answer;

/// Instants at or beyond this are not real.
const END_OF_TIME: u64 = i64::MAX as u64;

impl Answer {
    /// Why the record is not valid; none if it is.
    ///
    /// A record is valid if the server reported no failure, at least one response carried content,
    /// and the instants make sense. `started_at` is when the request began, `ended_at` when its
    /// answer ended, both in nanoseconds of the monotonic clock.
    pub fn failure(&self, started_at: u64, ended_at: u64) -> Option<Failure> {
        if let Some(error) = &self.error {
            return Some(error.clone());
        }
        let reason = if self.message_count == 0 {
            "No responses were received".to_owned()
        } else if started_at >= END_OF_TIME {
            format!("Start perf ns timestamp is invalid: {started_at}")
        } else if let Some((index, part)) = self
            .parts
            .iter()
            .enumerate()
            .find(|(_, part)| part.at == 0 || part.at >= END_OF_TIME)
        {
            format!("Response {index} perf ns timestamp is invalid: {}", part.at)
        } else if self.parts.is_empty() {
            "No responses with actual content were received from the server (only usage/metadata, \
             null/empty data, or [DONE] markers)"
                .to_owned()
        } else if started_at >= ended_at {
            format!("End perf ns timestamp {ended_at} is not after start {started_at}")
        } else {
            return None;
        };
        Some(Failure::invalid_result(&reason))
    }
}
