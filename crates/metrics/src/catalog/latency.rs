//! Latencies of one request and the rates that follow from them.

use super::prelude::*;

/// Time to first token: the first part with content, whatever it holds.
fn time_to_first_token(facts: &RecordFacts<'_>) -> Outcome {
    elapsed(
        Some(facts.start_perf_ns),
        facts.content_perf_ns.first().copied(),
    )
}

/// Time to second token, counted from the first.
fn time_to_second_token(facts: &RecordFacts<'_>) -> Outcome {
    elapsed(
        facts.content_perf_ns.first().copied(),
        facts.content_perf_ns.get(1).copied(),
    )
}

/// Time to first output token: the first part that is not reasoning.
fn time_to_first_output_token(facts: &RecordFacts<'_>) -> Outcome {
    elapsed(Some(facts.start_perf_ns), facts.first_output_perf_ns)
}

/// Ends with the last *content*: usage chunks and the end of the stream come later and do not
/// count.
fn request_latency(facts: &RecordFacts<'_>) -> Outcome {
    elapsed(
        Some(facts.start_perf_ns),
        facts.content_perf_ns.last().copied(),
    )
}

/// From the first token to the last.
fn decode_duration(inputs: &Inputs<'_>) -> Outcome {
    let duration = inputs.int(0)? - inputs.int(1)?;
    if duration < 0 {
        Err(Absence::NegativeInterval)
    } else {
        Ok(Value::Int(duration))
    }
}

/// Mean time between tokens after the first chunk. Where the server says how many tokens the
/// first chunk held, those are left out; otherwise the first chunk counts as one token.
fn inter_token_latency(facts: &RecordFacts<'_>, inputs: &Inputs<'_>) -> Outcome {
    let (tokens, latency, first) = (inputs.int(0)?, inputs.int(1)?, inputs.int(2)?);
    if tokens < 2 {
        return Err(Absence::NoInput);
    }
    let in_first_chunk = facts
        .first_chunk_tokens
        .and_then(|count| i64::try_from(count).ok())
        .filter(|&count| 0 < count && count < tokens)
        .unwrap_or(1);
    quotient((latency - first) as f64, (tokens - in_first_chunk) as f64)
}

/// The gaps between neighbouring parts with content. Parts of one network read have one time, so
/// gaps of zero are real. One negative gap makes the whole list untrustworthy.
fn inter_chunk_latency(facts: &RecordFacts<'_>, gaps: &mut Vec<i64>) -> Result<(), Absence> {
    if facts.content_perf_ns.len() < 2 {
        return Err(Absence::NoInput);
    }
    for pair in facts.content_perf_ns.windows(2) {
        let gap = pair[1]
            .checked_sub(pair[0])
            .ok_or(Absence::NegativeInterval)?;
        gaps.push(i64::try_from(gap).map_err(|_| Absence::NegativeInterval)?);
    }
    Ok(())
}

/// What one user sees while the answer streams.
fn output_token_throughput_per_user(inputs: &Inputs<'_>) -> Outcome {
    quotient(1.0, inputs.number(0)? * 1e-09)
}

/// Tokens over a time in nanoseconds.
fn tokens_per_second(inputs: &Inputs<'_>) -> Outcome {
    quotient(inputs.number(0)?, inputs.number(1)? * 1e-09)
}

/// Latency and per-user rates.
pub(super) static LATENCY: &[Metric] = &[
    Metric::record(
        "time_to_first_token",
        "Time to First Token",
        Int,
        Formula::Facts(time_to_first_token),
    )
    .short("TTFT")
    .units(Nanoseconds, Milliseconds)
    .flags(&[STREAMING, TOKENS, FAILURE_INFLATED])
    .console(ConsoleGroup::Default, Some(100))
    .explained(
        "`content[0].perf − start_perf`",
        "no content, or stamps run backwards",
    ),
    Metric::record(
        "time_to_second_token",
        "Time to Second Token",
        Int,
        Formula::Facts(time_to_second_token),
    )
    .short("TTST")
    .units(Nanoseconds, Milliseconds)
    .flags(&[STREAMING, TOKENS])
    .console(ConsoleGroup::Default, Some(200))
    .explained(
        "`content[1].perf − content[0].perf`",
        "fewer than two content parts, or stamps run backwards",
    ),
    Metric::record(
        "time_to_first_output_token",
        "Time to First Output Token",
        Int,
        Formula::Facts(time_to_first_output_token),
    )
    .short("TTFO")
    .units(Nanoseconds, Milliseconds)
    .flags(&[STREAMING, TOKENS, REASONING])
    .console(ConsoleGroup::Default, Some(210))
    .explained(
        "first content part with text or tool call beside reasoning − `start_perf`",
        "only reasoning arrived",
    ),
    Metric::record(
        "request_latency",
        "Request Latency",
        Int,
        Formula::Facts(request_latency),
    )
    .short("Req Latency")
    .units(Nanoseconds, Milliseconds)
    .flags(&[FAILURE_INFLATED])
    .console(ConsoleGroup::Default, Some(300))
    .explained(
        "`content[last].perf − start_perf` (last **content** part, not stream end)",
        "no content",
    ),
    Metric::record(
        "decode_duration",
        "Decode Duration",
        Int,
        Formula::Values(decode_duration),
    )
    .short("Decode Duration")
    .units(Nanoseconds, Milliseconds)
    .flags(&[STREAMING, TOKENS, FAILURE_INFLATED])
    .console(ConsoleGroup::Default, Some(350))
    .requires(&["request_latency", "time_to_first_token"])
    .explained(
        "`request_latency − time_to_first_token`",
        "stamps run backwards",
    ),
    Metric::record(
        "inter_token_latency",
        "Inter Token Latency",
        Float,
        Formula::FactsAndValues(inter_token_latency),
    )
    .short("ITL")
    .units(Nanoseconds, Milliseconds)
    .flags(&[STREAMING, TOKENS, FAILURE_INFLATED])
    .console(ConsoleGroup::Default, Some(400))
    .requires(&[
        "output_sequence_length",
        "request_latency",
        "time_to_first_token",
    ])
    .explained(
        "`(request_latency − ttft) / (OSL − first)`; `first`: tokens of the first chunk, or 1",
        "OSL < 2",
    ),
    Metric::record(
        "inter_chunk_latency",
        "Inter Chunk Latency",
        IntList,
        Formula::List(inter_chunk_latency),
    )
    .short("ICL")
    .units(Nanoseconds, Milliseconds)
    .flags(&[STREAMING, TOKENS])
    .explained(
        "list: `content[i].perf − content[i−1].perf`, i ≥ 1; zeros allowed",
        "fewer than two content parts, or any gap is negative",
    ),
    Metric::record(
        "output_token_throughput_per_user",
        "Output Token Throughput Per User",
        Float,
        Formula::Values(output_token_throughput_per_user),
    )
    .short_without_unit("Output TPS/User")
    .unit(TokensPerSecondPerUser)
    .flags(&[STREAMING, TOKENS, LARGER_IS_BETTER])
    .console(ConsoleGroup::Default, Some(500))
    .requires(&["inter_token_latency"])
    .explained("`1 / (inter_token_latency × 1e-9)`", "ITL = 0"),
    Metric::record(
        "e2e_output_token_throughput",
        "E2E Output Token Throughput",
        Float,
        Formula::Values(tokens_per_second),
    )
    .short_without_unit("E2E Output TPS/User")
    .unit(TokensPerSecondPerUser)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .console(ConsoleGroup::Default, Some(510))
    .requires(&["output_sequence_length", "request_latency"])
    .explained("`OSL / (request_latency × 1e-9)`", "latency = 0"),
    Metric::record(
        "prefill_throughput_per_user",
        "Prefill Throughput Per User",
        Float,
        Formula::Values(tokens_per_second),
    )
    .short_without_unit("Prefill TPS/User")
    .unit(TokensPerSecondPerUser)
    .flags(&[STREAMING, TOKENS, TOKENIZED_INPUT, LARGER_IS_BETTER])
    .requires(&["input_sequence_length", "time_to_first_token"])
    .explained("`ISL / (ttft × 1e-9)`", "TTFT = 0"),
];
