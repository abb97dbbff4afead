//! Phases, in the order of the file.

use aiperf_schedule::{PhaseKind, RampShape, ScheduleOptions};

use crate::document::fault::Fault;
use crate::document::read::Field;
use crate::document::sections::envelope::BenchmarkSection;
use crate::document::sections::phase::{Phase, Ramp as RampKey};
use crate::profile::{
    ArrivalOverflow, Arrivals, CancellationConfig, Limit, PhaseConfig, ProfileArgs, Ramp, Rate,
    RatePattern, RateShape,
};

/// The phases, in order. What this version does not do is a fault.
pub(super) fn lower(
    body: &BenchmarkSection,
    typed: &ProfileArgs,
    faults: &mut Vec<Fault>,
) -> Vec<PhaseConfig> {
    let phases = body.phases.iter().enumerate();
    phases
        .map(|(index, phase)| {
            refuse_what_is_missing(phase, &format!("benchmark.phases.{index}"), faults);
            lowered(phase, typed)
        })
        .collect()
}

fn refuse_what_is_missing(phase: &Phase, path: &str, faults: &mut Vec<Fault>) {
    let phase = &phase.0;
    for (key, is_asked, mark) in [
        (
            "adaptiveScale",
            *phase.adaptive_scale,
            phase.adaptive_scale.place(),
        ),
        ("sla", !phase.sla.is_empty(), phase.sla.place()),
        (
            "timingMode",
            phase
                .timing_mode
                .is_some_and(|mode| mode.name() != usual_mode(phase.r#type.name())),
            phase.timing_mode.place(),
        ),
        (
            "burstPhaseStarts",
            *phase.burst_phase_starts,
            phase.burst_phase_starts.place(),
        ),
        (
            "systemIdleGapCapSeconds",
            phase.system_idle_gap_cap_seconds.is_some(),
            phase.system_idle_gap_cap_seconds.place(),
        ),
        (
            "agenticCacheWarmupDuration",
            phase.agentic_cache_warmup_duration.is_some(),
            phase.agentic_cache_warmup_duration.place(),
        ),
        (
            "agenticWarmupGracePeriod",
            phase.agentic_warmup_grace_period.is_some(),
            phase.agentic_warmup_grace_period.place(),
        ),
    ] {
        if is_asked {
            faults.push(Fault::new("is not supported yet").at(format!("{path}.{key}"), mark));
        }
    }
}

/// What times the requests of a phase of this type.
fn usual_mode(kind: &str) -> &'static str {
    match kind {
        "user_centric" => "user_centric_rate",
        "fixed_schedule" => "fixed_schedule",
        _ => "request_rate",
    }
}

fn lowered(phase: &Phase, typed: &ProfileArgs) -> PhaseConfig {
    let is_profiling = phase.is_profiling();
    let arrivals = arrivals(phase, typed);
    let phase = &phase.0;
    let duration = phase.duration.map(|seconds| seconds.0);
    let grace = phase.grace_period.map(|seconds| seconds.0);
    // What is open when the time is over is given up at once, unless the file says otherwise; a
    // warmup waits for all of it.
    let usual = (is_profiling && duration.is_some()).then_some(0.0);
    PhaseConfig {
        name: (*phase.name).clone(),
        kind: if is_profiling {
            PhaseKind::Profiling
        } else {
            PhaseKind::Warmup
        },
        arrivals,
        prefill: limit(&phase.prefill_concurrency, &phase.prefill_ramp),
        requests: *phase.requests,
        sessions: *phase.sessions,
        duration_seconds: duration,
        grace_seconds: grace.or(usual),
        cancellation: phase.cancellation.as_ref().and_then(|asked| {
            (*asked.rate > 0.0).then_some(CancellationConfig {
                percent: *asked.rate,
                delay_seconds: *asked.delay,
            })
        }),
        failed_request_threshold: phase.failed_request_threshold.filter(|_| is_profiling),
        seamless: *phase.seamless,
    }
}

fn limit(count: &Field<Option<u64>>, ramp: &Field<Option<RampKey>>) -> Option<Limit> {
    Some(Limit {
        count: (**count)?,
        ramp: self::ramp(ramp),
    })
}

fn ramp(given: &Field<Option<RampKey>>) -> Option<Ramp> {
    let given = &given.as_ref()?.0;
    Some(Ramp {
        seconds: given.duration.0,
        shape: match given.strategy.name() {
            "exponential" => RampShape::Exponential,
            "poisson" => RampShape::Poisson,
            _ => RampShape::Linear,
        },
    })
}

fn arrivals(phase: &Phase, typed: &ProfileArgs) -> Arrivals {
    let is_rated = phase.has_rate();
    let phase = &phase.0;
    let concurrency = limit(&phase.concurrency, &phase.concurrency_ramp);
    if is_rated {
        return Arrivals::Rate {
            pattern: match phase.r#type.name() {
                "constant" => RatePattern::Constant,
                "gamma" => RatePattern::Gamma {
                    smoothness: phase.smoothness.unwrap_or(1.0),
                },
                _ => RatePattern::Poisson,
            },
            rate: Rate {
                shape: match phase.rate_series.as_ref() {
                    Some(series) => RateShape::Series(series.0.clone()),
                    None => RateShape::Steady(phase.rate.unwrap_or(1.0)),
                },
                ramp: ramp(&phase.rate_ramp),
            },
            concurrency,
            overflow: typed.arrival_overflow.unwrap_or(ArrivalOverflow::Drop),
        };
    }
    match phase.r#type.name() {
        "user_centric" => Arrivals::UserCentric {
            rate: phase.rate.unwrap_or(1.0),
            users: phase.users.unwrap_or(1),
            concurrency,
        },
        "fixed_schedule" => Arrivals::FixedSchedule {
            window: ScheduleOptions {
                auto_offset: phase.auto_offset.filter(|_| phase.auto_offset.is_given()),
                // Beyond 2^53 ms, which is 285,000 years, digits would be lost.
                start_offset_ms: phase.start_offset.map(|offset| offset as f64),
                end_offset_ms: phase.end_offset.map(|offset| offset as f64),
            },
            concurrency,
        },
        _ => Arrivals::ClosedLoop {
            concurrency: concurrency.unwrap_or(Limit::steady(1)),
        },
    }
}
