//! About phases.

use super::Idle;
use crate::document::sections::envelope::BenchmarkSection;
use crate::document::sections::phase::Phase;

pub(super) fn look(body: &BenchmarkSection, idle: &mut Idle) {
    for (index, phase) in body.phases.iter().enumerate() {
        let path = format!("phases.{index}");
        load(phase, &path, idle);
        agents(phase, &path, idle);
    }
}

fn load(phase: &Phase, path: &str, idle: &mut Idle) {
    let key = |name: &str| format!("{path}.{name}");
    let keys = &phase.0;
    if phase.is("user_centric") {
        idle.key(
            &key("rateRamp"),
            &keys.rate_ramp,
            "on a user-centric phase",
            "users keep their pace from the start; leave it away",
        );
    }
    // A closed loop has one session at a time where nothing is said.
    if keys.concurrency.unwrap_or(1) <= 1 {
        idle.key(
            &key("concurrencyRamp"),
            &keys.concurrency_ramp,
            "without a `concurrency` above 1",
            "say where the ramp leads",
        );
    }
    if keys.prefill_concurrency.unwrap_or(1) <= 1 {
        idle.key(
            &key("prefillRamp"),
            &keys.prefill_ramp,
            "without a `prefillConcurrency` above 1",
            "say where the ramp leads",
        );
    }
    if !phase.is_profiling() {
        idle.key(
            &key("failedRequestThreshold"),
            &keys.failed_request_threshold,
            "on a warmup",
            "only failures of measured requests end a run; write it on the measured phase",
        );
    }
    if let Some(asked) = keys.cancellation.as_ref()
        && *asked.rate == 0.0
    {
        idle.key(
            &key("cancellation.delay"),
            &asked.delay,
            "with a `rate` of 0",
            "no request is given up; the rate is a percentage",
        );
    }
}

/// What is about agents and about searches within a phase, of which there is neither.
fn agents(phase: &Phase, path: &str, idle: &mut Idle) {
    let keys = &phase.0;
    idle.keys(
        path,
        &[
            (
                "trajectoryStartMinRatio",
                keys.trajectory_start_min_ratio.mark,
            ),
            (
                "trajectoryStartMaxRatio",
                keys.trajectory_start_max_ratio.mark,
            ),
        ],
        "on this phase",
        "only the replay of agents begins within a conversation; leave it away",
    );
    if *keys.adaptive_scale {
        return;
    }
    idle.keys(
        path,
        &[
            (
                "adaptiveSustainDuration",
                keys.adaptive_sustain_duration.mark,
            ),
            (
                "adaptiveAssessmentPeriod",
                keys.adaptive_assessment_period.mark,
            ),
            (
                "adaptiveMinCompletedRequests",
                keys.adaptive_min_completed_requests.mark,
            ),
            (
                "adaptiveControlVariable",
                keys.adaptive_control_variable.mark,
            ),
            ("adaptiveControlMin", keys.adaptive_control_min.mark),
            ("adaptiveControlMax", keys.adaptive_control_max.mark),
            (
                "adaptiveScaleStrategyType",
                keys.adaptive_scale_strategy_type.mark,
            ),
            (
                "adaptiveScaleStepPolicy",
                keys.adaptive_scale_step_policy.mark,
            ),
            ("adaptiveScaleBaseStep", keys.adaptive_scale_base_step.mark),
            (
                "adaptiveScaleMaxStepMultiplier",
                keys.adaptive_scale_max_step_multiplier.mark,
            ),
            (
                "adaptiveScaleStepPercent",
                keys.adaptive_scale_step_percent.mark,
            ),
        ],
        "without `adaptiveScale: true`",
        "switch the search on, or leave it away",
    );
}
