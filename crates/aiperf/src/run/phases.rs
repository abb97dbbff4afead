//! The phases of a run, from the configuration and the dataset.

use std::sync::Arc;

use aiperf_config::profile::{
    ArrivalOverflow, Arrivals as Configured, Limit, PhaseConfig, ProfileConfig, RatePattern,
};
use aiperf_dataset::Conversations;
use aiperf_random::RootSeed;
use aiperf_schedule::{
    ArrivalProcess, Arrivals, Cancellation, FixedSchedule, LimitRamp, Overflow, Pattern, PhasePlan,
    StopRules, UserCentricPlan,
};
use anyhow::{Context, Result};

use super::environment::Environment;
use super::settings::nanos;

/// The phases in the order in which they are carried out.
///
/// # Errors
/// A fixed schedule is asked for and the dataset has no times.
pub(crate) fn plan(
    config: &ProfileConfig,
    environment: &Environment,
    dataset: &Conversations,
    seed: RootSeed,
) -> Result<Vec<PhasePlan>> {
    config
        .warmup
        .iter()
        .chain([&config.profiling])
        .map(|phase| plan_phase(phase, environment, dataset, seed))
        .collect()
}

fn plan_phase(
    phase: &PhaseConfig,
    environment: &Environment,
    dataset: &Conversations,
    seed: RootSeed,
) -> Result<PhasePlan> {
    let mut stop = StopRules {
        requests: phase.requests,
        sessions: phase.sessions,
        duration: phase.duration().map(nanos),
        grace: phase.grace().map(nanos),
    };
    let cap = |limit: &Option<Limit>| -> Option<LimitRamp> { limit.map(Limit::over_time) };
    let arrivals = match &phase.arrivals {
        Configured::ClosedLoop { concurrency } => Arrivals::ClosedLoop {
            slots: concurrency.over_time(),
        },
        Configured::Rate {
            pattern,
            rate,
            concurrency,
            overflow,
        } => Arrivals::OpenLoop {
            process: ArrivalProcess::with_profile(
                law(*pattern),
                rate.profile(environment.rate_ramp_step),
                seed,
            ),
            session_cap: cap(concurrency),
            overflow: match overflow {
                ArrivalOverflow::Drop => Overflow::Drop,
                ArrivalOverflow::Queue => Overflow::Queue,
            },
        },
        Configured::UserCentric {
            rate,
            users,
            concurrency,
        } => Arrivals::UserCentric {
            plan: UserCentricPlan::new(
                *rate,
                u32::try_from(*users).unwrap_or(u32::MAX),
                average_turns(dataset),
            ),
            session_cap: cap(concurrency),
        },
        Configured::FixedSchedule {
            window,
            concurrency,
        } => {
            let outlines: Vec<_> = (0..dataset.len()).map(|n| dataset.outline(n)).collect();
            let first_turns = outlines.iter().map(|outline| {
                let first = outline.turns.first();
                (
                    outline.id.as_str(),
                    first.and_then(|turn| turn.timestamp_ms),
                )
            });
            let schedule = FixedSchedule::within(first_turns, window)
                .context("`--fixed-schedule` cannot replay this dataset")?;
            let replayed = schedule.starts().iter();
            let turns = replayed.map(|start| outlines[start.conversation].turns.len() as u64);
            stop = schedule.bound(stop, turns.sum());
            Arrivals::FixedSchedule {
                schedule: Arc::new(schedule),
                session_cap: cap(concurrency),
            }
        }
    };
    Ok(PhasePlan {
        prefill_limit: cap(&phase.prefill),
        cancellation: phase
            .cancellation
            .map(|chosen| Cancellation::new(chosen.percent, nanos(chosen.delay()), seed)),
        ..PhasePlan::new(phase.kind.name(), phase.kind, arrivals, stop)
    })
}

fn law(pattern: RatePattern) -> Pattern {
    match pattern {
        RatePattern::Constant => Pattern::Constant,
        RatePattern::Poisson => Pattern::Poisson,
        RatePattern::Gamma { smoothness } => Pattern::Gamma { smoothness },
    }
}

fn total_turns(dataset: &Conversations) -> u64 {
    let turns = |index| dataset.outline(index).turns.len() as u64;
    (0..dataset.len()).map(turns).sum()
}

fn average_turns(dataset: &Conversations) -> f64 {
    total_turns(dataset) as f64 / dataset.len().max(1) as f64
}
