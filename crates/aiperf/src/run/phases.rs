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
    let phases = config.phases.iter();
    phases
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
    let ramps = |name: &str| seed.stream(&format!("timing.ramp.poisson.{name}"));
    let cap = |limit: &Option<Limit>| -> Option<LimitRamp> {
        limit.map(|limit| limit.over_time(ramps("concurrency")))
    };
    let arrivals = match &phase.arrivals {
        Configured::ClosedLoop { concurrency } => Arrivals::ClosedLoop {
            slots: concurrency.over_time(ramps("concurrency")),
        },
        Configured::Rate {
            pattern,
            rate,
            concurrency,
            overflow,
        } => Arrivals::OpenLoop {
            process: ArrivalProcess::with_profile(
                law(*pattern),
                rate.profile(environment.rate_ramp_step, ramps("rate")),
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
            let times = || (0..dataset.len()).map(|index| dataset.first_timestamp_ms(index));
            // Of a million conversations only that which is complained about needs its name.
            let without_time = times().position(|time| time.is_none());
            let name = without_time.map(|index| dataset.outline(index).id);
            let first_turns = times().map(|time| (name.as_deref().unwrap_or_default(), time));
            let schedule = FixedSchedule::within(first_turns, window)
                .context("`--fixed-schedule` cannot replay this dataset")?;
            let replayed = schedule.starts().iter();
            let turns = replayed.map(|start| dataset.turn_count(start.conversation) as u64);
            stop = schedule.bound(stop, turns.sum());
            Arrivals::FixedSchedule {
                schedule: Arc::new(schedule),
                session_cap: cap(concurrency),
            }
        }
    };
    Ok(PhasePlan {
        prefill_limit: phase.prefill.map(|limit| limit.over_time(ramps("prefill"))),
        cancellation: phase
            .cancellation
            .map(|chosen| Cancellation::new(chosen.percent, nanos(chosen.delay()), seed)),
        ..PhasePlan::new(&phase.name, phase.kind, arrivals, stop)
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
    let turns = |index| dataset.turn_count(index) as u64;
    (0..dataset.len()).map(turns).sum()
}

fn average_turns(dataset: &Conversations) -> f64 {
    total_turns(dataset) as f64 / dataset.len().max(1) as f64
}
