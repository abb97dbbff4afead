//! Extras about reasoning and the start of a stream; experimental, hidden by default.

use super::prelude::*;

/// Tokens of reasoning per token of answer.
fn thinking_efficiency(inputs: &Inputs<'_>) -> Outcome {
    quotient(inputs.number(1)?, inputs.number(0)?)
}

/// The same over a window.
fn overall_thinking_efficiency(window: &WindowInputs<'_>) -> Option<Value> {
    let ratio = window.number(1)? / window.number(0)?;
    ratio.is_finite().then_some(Value::Float(ratio))
}

/// Until the headers of the answer.
fn stream_setup_latency(facts: &RecordFacts<'_>) -> Outcome {
    elapsed(Some(facts.start_perf_ns), facts.recv_start_perf_ns)
}

/// From the headers to the first token.
fn stream_prefill_latency(inputs: &Inputs<'_>) -> Outcome {
    let prefill = inputs.int(1)? - inputs.int(0)?;
    if prefill < 0 {
        Err(Absence::NegativeInterval)
    } else {
        Ok(Value::Int(prefill))
    }
}

/// Reasoning and stream set-up.
pub(super) static REASONING_FAMILY: &[Metric] = &[
    Metric::record(
        "thinking_efficiency",
        "Thinking Efficiency",
        Float,
        Formula::Values(thinking_efficiency),
    )
    .without_unit()
    .unit(Ratio)
    .flags(&[TOKENS, EXPERIMENTAL, REASONING])
    .console(ConsoleGroup::Default, None)
    .requires(&["output_token_count", "reasoning_token_count"])
    .explained("`reasoning_token_count / output_token_count`", ""),
    Metric::derived(
        "overall_thinking_efficiency",
        "Overall Thinking Efficiency",
        Float,
        Formula::Window(overall_thinking_efficiency),
    )
    .short_without_unit("Overall Eff.")
    .unit(Ratio)
    .flags(&[TOKENS, EXPERIMENTAL, REASONING])
    .console(ConsoleGroup::Default, None)
    .requires(&["total_output_tokens", "total_reasoning_tokens"])
    .explained("`total_reasoning_tokens / total_output_tokens`", ""),
    Metric::record(
        "stream_setup_latency",
        "Stream Setup Latency",
        Int,
        Formula::Facts(stream_setup_latency),
    )
    .units(Nanoseconds, Milliseconds)
    .flags(&[STREAMING, EXPERIMENTAL])
    .console(ConsoleGroup::Default, None)
    .explained("`recv_start_perf − start_perf`", ""),
    Metric::record(
        "stream_prefill_latency",
        "Stream Prefill Latency",
        Int,
        Formula::Values(stream_prefill_latency),
    )
    .units(Nanoseconds, Milliseconds)
    .flags(&[STREAMING, TOKENS, EXPERIMENTAL])
    .console(ConsoleGroup::Default, None)
    .requires(&["stream_setup_latency", "time_to_first_token"])
    .explained("`ttft − stream_setup_latency`", ""),
];
