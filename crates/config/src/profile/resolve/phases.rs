//! When requests start, and when a phase ends.

use super::Findings;
use crate::profile::args::ProfileArgs;
use crate::profile::choices::ArrivalPattern;
use crate::profile::config::{Arrivals, PhaseConfig, RatePattern};

/// What bounds a run that nothing else bounds.
const DEFAULT_REQUESTS: u64 = 10;
const DEFAULT_GRACE_SECONDS: f64 = 30.0;
/// With this shape, gamma-distributed gaps are exponential.
const DEFAULT_SMOOTHNESS: f64 = 1.0;

pub(super) fn profiling(args: &ProfileArgs, findings: &mut Findings) -> PhaseConfig {
    let duration = args.benchmark_duration_seconds;
    let bounded =
        args.request_count.is_some() || args.conversation_num.is_some() || duration.is_some();
    if args.benchmark_grace_seconds.is_some() && duration.is_none() {
        findings.conflict(
            "`--benchmark-grace-period` needs `--benchmark-duration`",
            "without a duration all requests are waited for",
        );
    }
    PhaseConfig {
        arrivals: profiling_arrivals(args, findings),
        requests: if bounded {
            args.request_count
        } else {
            Some(DEFAULT_REQUESTS)
        },
        sessions: args.conversation_num,
        duration_seconds: duration,
        grace_seconds: duration.map(|_| {
            args.benchmark_grace_seconds
                .unwrap_or(DEFAULT_GRACE_SECONDS)
        }),
    }
}

fn profiling_arrivals(args: &ProfileArgs, findings: &mut Findings) -> Arrivals {
    let smoothness = args.arrival_smoothness;
    let Some(rate) = args.request_rate else {
        if smoothness.is_some() {
            findings.conflict(
                "`--arrival-smoothness` needs `--request-rate`",
                "give a rate: `--request-rate PER_SECOND`",
            );
        }
        let warmup_has_rate = args.warmup_request_rate.is_some();
        if let Some(pattern) = args.arrival_pattern
            && !warmup_has_rate
        {
            findings.warn(
                format!("`--arrival-pattern {pattern}` has no effect without `--request-rate`"),
                "without a rate, sessions start as soon as others end",
            );
        }
        return Arrivals::ClosedLoop {
            concurrency: args.concurrency.unwrap_or(1),
        };
    };
    if let (Some(_), Some(pattern)) = (smoothness, args.arrival_pattern)
        && pattern != ArrivalPattern::Gamma
    {
        findings.conflict(
            format!("`--arrival-smoothness` does not go with `--arrival-pattern {pattern}`"),
            "only gamma-distributed gaps have a smoothness: `--arrival-pattern gamma`",
        );
    }
    warn_of_burst("--arrival-pattern", args.arrival_pattern, findings);
    let pattern = match args.arrival_pattern {
        None if smoothness.is_some() => RatePattern::Gamma {
            smoothness: smoothness.unwrap_or(DEFAULT_SMOOTHNESS),
        },
        pattern => rate_pattern(pattern, smoothness),
    };
    Arrivals::Rate {
        pattern,
        rate,
        concurrency: args.concurrency,
    }
}

pub(super) fn warmup(args: &ProfileArgs, findings: &mut Findings) -> Option<PhaseConfig> {
    let duration = args.warmup_duration_seconds;
    let triggered =
        args.warmup_request_count.is_some() || args.warmup_sessions.is_some() || duration.is_some();
    if args.warmup_grace_seconds.is_some() && duration.is_none() {
        findings.conflict(
            "`--warmup-grace-period` needs `--warmup-duration`",
            "without a duration all requests are waited for",
        );
    }
    if !triggered {
        warn_of_warmup_flags_without_trigger(args, findings);
        return None;
    }
    let concurrency = args.warmup_concurrency.or(args.concurrency);
    let arrivals = match args.warmup_request_rate.or(args.request_rate) {
        Some(rate) => {
            warn_of_burst(
                "--warmup-arrival-pattern",
                args.warmup_arrival_pattern,
                findings,
            );
            // Not the promotion to gamma by smoothness alone: that is the measurement's.
            let pattern = args.warmup_arrival_pattern.or(args.arrival_pattern);
            Arrivals::Rate {
                pattern: rate_pattern(pattern, args.arrival_smoothness),
                rate,
                concurrency,
            }
        }
        None => {
            if let Some(pattern) = args.warmup_arrival_pattern {
                findings.warn(
                    format!("`--warmup-arrival-pattern {pattern}` has no effect without a rate"),
                    "give one: `--warmup-request-rate PER_SECOND`",
                );
            }
            Arrivals::ClosedLoop {
                concurrency: concurrency.unwrap_or(1),
            }
        }
    };
    Some(PhaseConfig {
        arrivals,
        requests: args.warmup_request_count,
        sessions: args.warmup_sessions,
        duration_seconds: duration,
        grace_seconds: args.warmup_grace_seconds,
    })
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

fn warn_of_burst(flag: &str, pattern: Option<ArrivalPattern>, findings: &mut Findings) {
    if pattern == Some(ArrivalPattern::ConcurrencyBurst) {
        findings.warn(
            format!("`{flag} concurrency_burst` means `poisson` where there is a rate"),
            "leave the rate away for a closed loop",
        );
    }
}

fn warn_of_warmup_flags_without_trigger(args: &ProfileArgs, findings: &mut Findings) {
    let flags = [
        ("--warmup-concurrency", args.warmup_concurrency.is_some()),
        ("--warmup-request-rate", args.warmup_request_rate.is_some()),
        (
            "--warmup-arrival-pattern",
            args.warmup_arrival_pattern.is_some(),
        ),
    ];
    let idle: Vec<String> = flags
        .iter()
        .filter(|(_, given)| *given)
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    if !idle.is_empty() {
        let verb = if idle.len() == 1 { "has" } else { "have" };
        findings.warn(
            format!("{} {verb} no effect: there is no warmup", idle.join(", ")),
            "ask for one with `--warmup-request-count`, `--num-warmup-sessions` or `--warmup-duration`",
        );
    }
}
