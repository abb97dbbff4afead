//! Phases: at most one warmup and one that is measured.

use aiperf_schedule::{PhaseKind, ScheduleOptions};

use crate::document::fault::Fault;
use crate::document::read::Field;
use crate::document::sections::envelope::BenchmarkSection;
use crate::document::sections::phase::{Phase, Ramp};
use crate::profile::{
    ArrivalOverflow, Arrivals, CancellationConfig, Limit, PhaseConfig, ProfileArgs, Rate,
    RatePattern, RateShape,
};

/// The warmup and the measurement. What this version does not do is a fault.
pub(super) fn lower(
    body: &BenchmarkSection,
    typed: &ProfileArgs,
    faults: &mut Vec<Fault>,
) -> Option<(Option<PhaseConfig>, PhaseConfig)> {
    let (mut warmup, mut profiling) = (None, None);
    for (index, phase) in body.phases.iter().enumerate() {
        let path = format!("benchmark.phases.{index}");
        let place = if phase.is_profiling() {
            &mut profiling
        } else {
            &mut warmup
        };
        let out_of_order = !phase.is_profiling() && index > 0;
        if place.is_some() || out_of_order {
            let fault = Fault::new("several phases of one kind are not supported yet");
            let hint = "this version carries out one warmup and then one phase that is measured";
            faults.push(fault.at(&path, phase.0.name.place()).hint(hint));
            continue;
        }
        refuse_what_is_missing(phase, &path, faults);
        *place = Some(lowered(phase, typed));
    }
    Some((warmup, profiling?))
}

fn refuse_what_is_missing(phase: &Phase, path: &str, faults: &mut Vec<Fault>) {
    let phase = &phase.0;
    for (key, is_asked, mark) in [
        ("seamless", *phase.seamless, phase.seamless.place()),
        (
            "adaptiveScale",
            *phase.adaptive_scale,
            phase.adaptive_scale.place(),
        ),
        ("sla", !phase.sla.is_empty(), phase.sla.place()),
        (
            "timingMode",
            phase.timing_mode.is_some(),
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
    for (key, ramp) in [
        ("concurrencyRamp", &phase.concurrency_ramp),
        ("prefillRamp", &phase.prefill_ramp),
        ("rateRamp", &phase.rate_ramp),
    ] {
        let shape = ramp.as_ref().map(|ramp| ramp.0.strategy.name());
        if let Some(shape) = shape.filter(|shape| *shape != "linear") {
            faults.push(
                Fault::new(format!("`{shape}` is not supported yet"))
                    .at(format!("{path}.{key}.strategy"), ramp.place())
                    .hint("ramps are `linear`"),
            );
        }
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
    }
}

fn limit(count: &Field<Option<u64>>, ramp: &Field<Option<Ramp>>) -> Option<Limit> {
    Some(Limit {
        count: (**count)?,
        ramp_seconds: seconds(ramp),
    })
}

fn seconds(ramp: &Field<Option<Ramp>>) -> Option<f64> {
    ramp.as_ref().map(|ramp| ramp.0.duration.0)
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
                ramp_seconds: seconds(&phase.rate_ramp),
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
