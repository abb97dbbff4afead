//! The one place that reads time.
//!
//! Durations come from the monotonic clock. Wall-clock stamps are one anchor, taken when the
//! [`Clock`] is made, plus the monotonic time since then: a clock that is stepped during a run
//! moves no stamp and bends no latency. `Instant::now` and `SystemTime::now` are banned elsewhere
//! by `clippy.toml`.
//!
//! [`precise`] sleeps to well under the 1 ms that an async runtime's timer rounds to.

pub mod precise;

use rustix::time::{ClockId, clock_gettime};

/// A monotonic instant or a span, in nanoseconds. Instants count from an arbitrary origin that is
/// the same for the whole process (and for other processes of the same boot).
pub type Nanos = u64;

/// Nanoseconds since the Unix epoch.
pub type EpochNanos = i64;

/// Up to where a sequence of bytes had arrived at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadMark {
    /// When the read that brought these bytes was stamped.
    pub at: Nanos,
    /// Length of the sequence after that read.
    pub end: usize,
}

/// One second in [`Nanos`].
pub const SECOND: Nanos = 1_000_000_000;

/// One millisecond in [`Nanos`].
pub const MILLISECOND: Nanos = 1_000_000;

/// Reads the monotonic clock and places its instants on the wall clock.
///
/// `Copy`: every thread carries the same anchor, so stamps of different threads compare.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    anchor_monotonic: Nanos,
    anchor_epoch: EpochNanos,
}

impl Clock {
    /// Takes the anchor: one reading of both clocks, back to back.
    pub fn start() -> Self {
        let before = monotonic_now();
        let epoch = realtime_now();
        let after = monotonic_now();
        Self {
            anchor_monotonic: before + (after - before) / 2,
            anchor_epoch: epoch,
        }
    }

    /// The monotonic clock now.
    #[inline]
    pub fn now(&self) -> Nanos {
        monotonic_now()
    }

    /// Where a monotonic instant lies on the wall clock.
    #[inline]
    pub fn epoch(&self, instant: Nanos) -> EpochNanos {
        self.anchor_epoch + (instant as i64 - self.anchor_monotonic as i64)
    }
}

/// `CLOCK_MONOTONIC` in nanoseconds.
#[inline]
pub fn monotonic_now() -> Nanos {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * SECOND + now.tv_nsec as u64
}

/// `CLOCK_REALTIME` in nanoseconds since the epoch. For anchors and for comparison with the
/// kernel's receive time stamps, which are on this clock; never for durations.
#[inline]
pub fn realtime_now() -> EpochNanos {
    let now = clock_gettime(ClockId::Realtime);
    now.tv_sec * SECOND as i64 + now.tv_nsec
}

/// Processor seconds that the calling thread has used, in nanoseconds.
pub fn thread_cpu_now() -> Nanos {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as u64 * SECOND + now.tv_nsec as u64
}

/// Processor seconds that the whole process has used, in nanoseconds.
pub fn process_cpu_now() -> Nanos {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as u64 * SECOND + now.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_stamps_differ_exactly_as_the_monotonic_instants_do() {
        let clock = Clock::start();
        let start = clock.now();
        assert_eq!(clock.epoch(start + 1_234) - clock.epoch(start), 1_234);
    }

    #[test]
    fn the_anchor_agrees_with_the_wall_clock() {
        let clock = Clock::start();
        let difference = clock.epoch(clock.now()) - realtime_now();
        assert!(difference.abs() < SECOND as i64, "{difference} ns apart");
    }
}
