//! When requests start, and when a phase ends. What contradicts itself is found by the rules.

use aiperf_schedule::{PhaseKind, ScheduleOptions};

use super::load::Mode;
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{ArrivalOverflow, ArrivalPattern};
use crate::profile::config::{
    Arrivals, CancellationConfig, Limit, PhaseConfig, Ramp, Rate, RatePattern, RateShape,
};

/// What bounds a run that nothing else bounds.
pub(crate) const DEFAULT_REQUESTS: u64 = 10;
const DEFAULT_GRACE_SECONDS: f64 = 30.0;
/// With this shape, gamma-distributed gaps are exponential.
const DEFAULT_SMOOTHNESS: f64 = 1.0;

pub(super) fn profiling(args: &ProfileArgs, mode: Mode) -> PhaseConfig {
    let duration = args.benchmark_duration_seconds;
    let bounded = args.conversation_num.is_some() || duration.is_some();
    // A schedule ends by itself.
    let needs_bound = !bounded && mode != Mode::FixedSchedule;
    PhaseConfig {
        name: PhaseKind::Profiling.name().to_owned(),
        kind: PhaseKind::Profiling,
        arrivals: profiling_arrivals(args, mode),
        prefill: args.prefill_concurrency.map(|count| Limit {
            count,
            ramp: args.prefill_ramp_seconds.map(Ramp::linear),
        }),
        requests: args
            .request_count
            .or(needs_bound.then_some(DEFAULT_REQUESTS)),
        sessions: args.conversation_num,
        duration_seconds: duration,
        grace_seconds: duration.map(|_| {
            args.benchmark_grace_seconds
                .unwrap_or(DEFAULT_GRACE_SECONDS)
        }),
        cancellation: args.cancellation_percent.map(|percent| CancellationConfig {
            percent,
            delay_seconds: args.cancellation_delay_seconds.unwrap_or(0.0),
        }),
        failed_request_threshold: args.failed_request_threshold,
        seamless: false,
    }
}

fn profiling_arrivals(args: &ProfileArgs, mode: Mode) -> Arrivals {
    let limit = |count| Limit {
        count,
        ramp: args.concurrency_ramp_seconds.map(Ramp::linear),
    };
    let concurrency = args.concurrency.map(limit);
    match mode {
        Mode::FixedSchedule => Arrivals::FixedSchedule {
            window: window(args),
            concurrency,
        },
        Mode::UserCentric => Arrivals::UserCentric {
            rate: args.user_centric_rate.unwrap_or_default(),
            users: args.num_users.unwrap_or(1),
            concurrency,
        },
        Mode::Rate => Arrivals::Rate {
            pattern: profiling_pattern(args),
            rate: Rate {
                shape: match &args.request_rate_series {
                    Some(series) => RateShape::Series(series.clone()),
                    None => RateShape::Steady(args.request_rate.unwrap_or_default()),
                },
                ramp: args.rate_ramp_seconds.map(Ramp::linear),
            },
            concurrency,
            overflow: overflow(args),
        },
        Mode::ClosedLoop => Arrivals::ClosedLoop {
            concurrency: concurrency.unwrap_or_else(|| limit(1)),
        },
    }
}

/// The part of a trace that is replayed.
pub(super) fn window(args: &ProfileArgs) -> ScheduleOptions {
    // Beyond 2^53 ms, which is 285,000 years, digits would be lost.
    let milliseconds = |offset: u64| offset as f64;
    ScheduleOptions {
        auto_offset: args.fixed_schedule_auto_offset,
        start_offset_ms: args.fixed_schedule_start_offset_ms.map(milliseconds),
        end_offset_ms: args.fixed_schedule_end_offset_ms.map(milliseconds),
    }
}

/// `None` where nothing asks for a warmup.
pub(super) fn warmup(args: &ProfileArgs) -> Option<PhaseConfig> {
    if !warmup_is_wanted(args) {
        return None;
    }
    let limit = |count| Limit {
        count,
        ramp: args
            .warmup_concurrency_ramp_seconds
            .or(args.concurrency_ramp_seconds)
            .map(Ramp::linear),
    };
    let concurrency = args.warmup_concurrency.or(args.concurrency).map(limit);
    let arrivals = match warmup_rate(args) {
        Some(rate) => Arrivals::Rate {
            // Not the promotion to gamma by smoothness alone: that is the measurement's.
            pattern: rate_pattern(
                args.warmup_arrival_pattern.or(args.arrival_pattern),
                args.arrival_smoothness,
            ),
            rate: Rate {
                shape: RateShape::Steady(rate),
                ramp: args
                    .warmup_rate_ramp_seconds
                    .or(args.rate_ramp_seconds)
                    .map(Ramp::linear),
            },
            concurrency,
            overflow: overflow(args),
        },
        None => Arrivals::ClosedLoop {
            concurrency: concurrency.unwrap_or_else(|| limit(1)),
        },
    };
    let prefill = args.warmup_prefill_concurrency.or(args.prefill_concurrency);
    Some(PhaseConfig {
        name: PhaseKind::Warmup.name().to_owned(),
        kind: PhaseKind::Warmup,
        arrivals,
        prefill: prefill.map(|count| Limit {
            count,
            ramp: args
                .warmup_prefill_ramp_seconds
                .or(args.prefill_ramp_seconds)
                .map(Ramp::linear),
        }),
        requests: args.warmup_request_count,
        sessions: args.warmup_sessions,
        duration_seconds: args.warmup_duration_seconds,
        grace_seconds: args.warmup_grace_seconds,
        cancellation: None,
        failed_request_threshold: None,
        seamless: false,
    })
}

/// A warmup exists by its bounds.
fn warmup_is_wanted(args: &ProfileArgs) -> bool {
    args.warmup_request_count.is_some()
        || args.warmup_sessions.is_some()
        || args.warmup_duration_seconds.is_some()
}

/// Neither a series nor a rate of users is inherited.
pub(super) fn warmup_rate(args: &ProfileArgs) -> Option<f64> {
    args.warmup_request_rate.or(args.request_rate)
}

fn profiling_pattern(args: &ProfileArgs) -> RatePattern {
    match (args.arrival_pattern, args.arrival_smoothness) {
        (None, Some(smoothness)) => RatePattern::Gamma { smoothness },
        (pattern, smoothness) => rate_pattern(pattern, smoothness),
    }
}

fn rate_pattern(pattern: Option<ArrivalPattern>, smoothness: Option<f64>) -> RatePattern {
    match pattern {
        Some(ArrivalPattern::Constant) => RatePattern::Constant,
        Some(ArrivalPattern::Gamma) => RatePattern::Gamma {
            smoothness: smoothness.unwrap_or(DEFAULT_SMOOTHNESS),
        },
        Some(ArrivalPattern::Poisson | ArrivalPattern::ConcurrencyBurst) | None => {
            RatePattern::Poisson
        }
    }
}

fn overflow(args: &ProfileArgs) -> ArrivalOverflow {
    args.arrival_overflow.unwrap_or(ArrivalOverflow::Drop)
}
