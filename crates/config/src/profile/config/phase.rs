//! One phase of a run: what makes it send the next request, its limits, its end.

use std::time::Duration;

use aiperf_random::Stream;
use aiperf_schedule::{
    LimitRamp, Nanos, PhaseKind, RampShape, RateProfile, RateSeries, ScheduleOptions,
};

use super::super::choices::ArrivalOverflow;
use super::finite_duration;

/// One phase of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseConfig {
    /// Its name in files, different from those of the other phases in more than case. A letter or
    /// `_`, then letters, digits, `_` and `-`.
    pub name: String,
    /// What it is for.
    pub kind: PhaseKind,
    /// When requests start.
    pub arrivals: Arrivals,
    /// Requests at the same time whose first token has not come yet. Only with streaming.
    pub prefill: Option<Limit>,
    /// Sending ends after so many requests. Whichever bound is reached first ends the phase. There
    /// is always at least one, except for a fixed schedule, which ends with its trace.
    pub requests: Option<u64>,
    /// Sending ends after so many sessions, each played to its end.
    pub sessions: Option<u64>,
    /// Sending ends after so many seconds; may be infinite, see [`PhaseConfig::duration`].
    pub duration_seconds: Option<f64>,
    /// How many seconds after `duration_seconds` open requests are given up; may be infinite, see
    /// [`PhaseConfig::grace`].
    pub grace_seconds: Option<f64>,
    /// Which requests the client hangs up on. Never in a warmup.
    pub cancellation: Option<CancellationConfig>,
    /// The share of failed requests, 0 to 1, above which the run is given up. Never in a warmup.
    pub failed_request_threshold: Option<f64>,
    /// Whether it begins as soon as the phase before it has sent its last request, whose answers are
    /// then still awaited. Never in the first phase.
    pub seamless: bool,
}

/// When requests start.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrivals {
    /// Closed loop: a new session starts when one ends.
    ClosedLoop {
        /// Sessions at the same time.
        concurrency: Limit,
    },
    /// Open loop: requests start at random or regular instants, whatever the server does.
    Rate {
        /// The law of the gaps.
        pattern: RatePattern,
        /// Requests per second.
        rate: Rate,
        /// Sessions at the same time at most.
        concurrency: Option<Limit>,
        /// What becomes of an arrival that finds `concurrency` reached.
        overflow: ArrivalOverflow,
    },
    /// Partly open: users who send turns at a steady pace.
    UserCentric {
        /// Requests per second of all users together, finite and above 0.
        rate: f64,
        /// Users at the same time, at least 1.
        users: u64,
        /// Sessions at the same time at most; a user who finds it reached waits.
        concurrency: Option<Limit>,
    },
    /// Partly open: conversations start at their times in a trace, each once. The dataset is a
    /// file, in its own order.
    FixedSchedule {
        /// Which part of the trace, and from when on. Without contradictions:
        /// [`ScheduleOptions::zero_point`] never fails.
        window: ScheduleOptions,
        /// Sessions at the same time at most; a conversation that finds it reached waits.
        concurrency: Option<Limit>,
    },
}

/// How many at the same time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// At most so many, at least 1.
    pub count: u64,
    /// How the limit grows from 1 to `count`, where it does not hold from the start.
    pub ramp: Option<Ramp>,
}

/// How something climbs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    /// How long that takes; finite and above 0.
    pub seconds: f64,
    /// The curve.
    pub shape: RampShape,
}

/// Requests per second over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// After the ramp, if there is one.
    pub shape: RateShape,
    /// How the rate climbs to the first value of `shape`, where it does not begin with that.
    pub ramp: Option<Ramp>,
}

/// Requests per second over time, without a ramp.
#[derive(Debug, Clone, PartialEq)]
pub enum RateShape {
    /// Always the same, finite and above 0.
    Steady(f64),
    /// Given by points.
    Series(RateSeries),
}

/// The law of the gaps between requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RatePattern {
    /// Equal gaps.
    Constant,
    /// Exponential gaps.
    Poisson,
    /// Gamma-distributed gaps.
    Gamma {
        /// The shape parameter, finite and above 0: 1 is `Poisson`, less is burstier.
        smoothness: f64,
    },
}

/// Which requests the client hangs up on, and when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CancellationConfig {
    /// So many percent of the requests, above 0 and at most 100.
    pub percent: f64,
    /// So many seconds after a request was sent in full; finite and not negative.
    pub delay_seconds: f64,
}

impl PhaseConfig {
    /// After how long sending ends; `None` where time does not end it.
    pub fn duration(&self) -> Option<Duration> {
        self.duration_seconds.and_then(finite_duration)
    }

    /// How long after [`PhaseConfig::duration`] open requests are given up; `None`: never.
    pub fn grace(&self) -> Option<Duration> {
        self.grace_seconds.and_then(finite_duration)
    }
}

impl Arrivals {
    /// The phase's `type` in files.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ClosedLoop { .. } => "concurrency",
            Self::Rate { pattern, .. } => pattern.name(),
            Self::UserCentric { .. } => "user_centric",
            Self::FixedSchedule { .. } => "fixed_schedule",
        }
    }

    /// The limit of sessions at the same time.
    pub const fn session_limit(&self) -> Option<Limit> {
        match self {
            Self::ClosedLoop { concurrency } => Some(*concurrency),
            Self::Rate { concurrency, .. }
            | Self::UserCentric { concurrency, .. }
            | Self::FixedSchedule { concurrency, .. } => *concurrency,
        }
    }

    /// Sessions at the same time at most, once a ramp is over.
    pub fn concurrency(&self) -> Option<u64> {
        self.session_limit().map(|limit| limit.count)
    }
}

impl Limit {
    /// A limit that holds from the start.
    pub const fn steady(count: u64) -> Self {
        Self { count, ramp: None }
    }

    /// The limit as a function of time; what is random in it follows from `draws`. Counts beyond
    /// 2^32 are no limit in practice.
    pub fn over_time(self, draws: Stream) -> LimitRamp {
        let limit = u32::try_from(self.count).unwrap_or(u32::MAX);
        match self.ramp {
            Some(ramp) => LimitRamp::over(limit, nanos(ramp.seconds)).on(ramp.shape.curve(draws)),
            None => LimitRamp::steady(limit),
        }
    }
}

impl Ramp {
    /// Equal climbs in equal times.
    pub const fn linear(seconds: f64) -> Self {
        Self {
            seconds,
            shape: RampShape::Linear,
        }
    }
}

impl Rate {
    /// The same rate from the start to the end.
    pub const fn steady(per_second: f64) -> Self {
        Self {
            shape: RateShape::Steady(per_second),
            ramp: None,
        }
    }

    /// The rate that names the load: the steady one, or that of the first point of a series.
    pub fn base(&self) -> f64 {
        match &self.shape {
            RateShape::Steady(rate) => *rate,
            RateShape::Series(series) => series.initial_qps(),
        }
    }

    /// The rate as a function of time; what is random in it follows from `draws`. For `first_step`
    /// see [`RateProfile::ramped`].
    pub fn profile(&self, first_step: Nanos, draws: Stream) -> RateProfile {
        let profile = match &self.shape {
            RateShape::Steady(rate) => RateProfile::constant(*rate),
            RateShape::Series(series) => RateProfile::series(series),
        };
        match self.ramp {
            Some(ramp) => {
                profile.ramped_on(ramp.shape.curve(draws), nanos(ramp.seconds), first_step)
            }
            None => profile,
        }
    }
}

impl RatePattern {
    /// The word that stands for it in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
            Self::Gamma { .. } => "gamma",
        }
    }
}

impl CancellationConfig {
    /// How long after a request was sent in full.
    pub fn delay(&self) -> Duration {
        finite_duration(self.delay_seconds).unwrap_or(Duration::MAX)
    }
}

/// Seconds as nanoseconds; what does not fit is for ever.
fn nanos(seconds: f64) -> Nanos {
    finite_duration(seconds)
        .and_then(|duration| u64::try_from(duration.as_nanos()).ok())
        .unwrap_or(Nanos::MAX)
}

#[cfg(test)]
mod tests {
    use aiperf_random::RootSeed;

    use super::*;

    fn draws() -> Stream {
        RootSeed::fixed(1).stream("timing.ramp.poisson")
    }

    #[test]
    fn a_limit_grows_from_one_to_its_full_value() {
        let limit = Limit {
            count: 4,
            ramp: Some(Ramp::linear(0.6)),
        };
        let ramp = limit.over_time(draws());
        assert_eq!(
            (ramp.at(0), ramp.at(200_000_000), ramp.at(600_000_000)),
            (1, 2, 4)
        );
        assert_eq!(Limit::steady(3).over_time(draws()).at(0), 3);
        assert_eq!(Limit::steady(u64::MAX).over_time(draws()).limit(), u32::MAX);
    }

    #[test]
    fn a_ramp_leads_to_the_rate_or_to_the_first_point_of_a_series() {
        const STEP: Nanos = 100_000_000;
        let steady = Rate {
            ramp: Some(Ramp::linear(1.0)),
            ..Rate::steady(10.0)
        };
        assert_eq!(steady.base(), 10.0);
        assert_eq!(steady.profile(STEP, draws()).initial_rate(), 1.0);
        assert_eq!(steady.profile(STEP, draws()).final_rate(), 10.0);
        let points = r#"[{"time_s":0,"qps":5},{"time_s":60,"qps":20}]"#;
        let series = Rate {
            shape: RateShape::Series(RateSeries::parse(points).unwrap()),
            ramp: Some(Ramp::linear(1.0)),
        };
        assert_eq!(series.base(), 5.0);
        assert_eq!(series.profile(STEP, draws()).rate_at(1.0), 5.0);
        assert_eq!(series.profile(STEP, draws()).rate_at(61.0), 20.0);
        assert!(Rate::steady(3.0).profile(STEP, draws()).is_constant());
    }

    #[test]
    fn a_ramp_has_the_shape_that_was_asked_for() {
        let ramp = Some(Ramp {
            seconds: 1.0,
            shape: RampShape::Exponential,
        });
        let limit = Limit { count: 5, ramp }.over_time(draws());
        assert_eq!((limit.at(499_999_999), limit.at(500_000_000)), (1, 2));
        let rate = Rate {
            ramp,
            ..Rate::steady(10.0)
        };
        assert_eq!(rate.profile(100_000_000, draws()).rate_at(0.5), 3.25);
    }

    #[test]
    fn times_that_no_clock_holds_are_for_ever() {
        assert_eq!(nanos(1.5), 1_500_000_000);
        assert_eq!(nanos(f64::INFINITY), Nanos::MAX);
        assert_eq!(nanos(1e300), Nanos::MAX);
    }
}
