//! How far output lengths are from what was asked for, and the server's token counts from the
//! client's.

use super::prelude::*;

/// Signed: negative when the answer is too short.
fn osl_mismatch_pct(inputs: &Inputs<'_>) -> Outcome {
    let (actual, requested) = (inputs.number(0)?, inputs.number(1)?);
    quotient(100.0 * (actual - requested), requested)
}

/// Whether the length is off by more than a share of it or a fixed number of tokens, whichever
/// is less.
fn osl_mismatch(inputs: &Inputs<'_>) -> Outcome {
    let (actual, requested) = (inputs.number(1)?, inputs.number(2)?);
    let limits = inputs.thresholds();
    let allowed =
        (requested * limits.osl_mismatch_pct / 100.0).min(limits.osl_mismatch_tokens as f64);
    Ok(Value::Int(i64::from((actual - requested).abs() > allowed)))
}

/// The server's count (second input) against the client's (first input).
fn usage_difference_pct(inputs: &Inputs<'_>) -> Outcome {
    let (client, server) = (inputs.number(0)?, inputs.number(1)?);
    quotient(100.0 * (server - client).abs(), client)
}

/// Whether any of the differences exceeds the limit.
fn usage_discrepancy(inputs: &Inputs<'_>) -> Outcome {
    let limit = inputs.thresholds().usage_difference_pct;
    let reasoning = inputs.number(2).unwrap_or(0.0);
    let differs = [inputs.number(0)?, inputs.number(1)?, reasoning]
        .iter()
        .any(|&pct| pct > limit);
    Ok(Value::Int(i64::from(differs)))
}

/// Requested length and usage differences.
pub(super) static MISMATCH: &[Metric] = &[
    Metric::record(
        "requested_osl",
        "Requested OSL",
        Int,
        Formula::Facts(|facts| known(facts.max_tokens)),
    )
    .short("Req OSL")
    .unit(Tokens)
    .flags(&[TOKENS, INTERNAL])
    .explained("`max_tokens`", "not requested"),
    Metric::record(
        "osl_mismatch_diff_pct",
        "OSL Mismatch Diff %",
        Float,
        Formula::Values(osl_mismatch_pct),
    )
    .short_without_unit("OSL Diff")
    .unit(Percent)
    .flags(&[TOKENS, NOT_IN_ACCURACY])
    .requires(&["output_sequence_length", "requested_osl"])
    .explained(
        "`100 × (OSL − requested) / requested` (signed)",
        "requested = 0",
    ),
    Metric::aggregate(
        "osl_mismatch_count",
        "OSL Mismatch Count",
        Int,
        Formula::Values(osl_mismatch),
    )
    .short_without_unit("OSL Mismatches")
    .unit(Requests)
    .flags(&[TOKENS, NOT_IN_ACCURACY, NOT_PER_RECORD])
    .requires(&[
        "osl_mismatch_diff_pct",
        "output_sequence_length",
        "requested_osl",
    ])
    .explained(
        "1 if `abs(OSL − requested) > min(requested × P / 100, M)`, summed; P = \
             `AIPERF_METRICS_OSL_MISMATCH_PCT_THRESHOLD` (5), M = \
             `AIPERF_METRICS_OSL_MISMATCH_MAX_TOKEN_THRESHOLD` (50)",
        "",
    ),
    Metric::record(
        "usage_prompt_tokens_diff_pct",
        "Usage Prompt Diff %",
        Float,
        Formula::Values(usage_difference_pct),
    )
    .short_without_unit("Prompt Diff")
    .unit(Percent)
    .flags(&[TOKENIZED_INPUT, USAGE_DIFFERENCE])
    .requires(&["input_sequence_length", "usage_prompt_tokens"])
    .explained("`100 × abs(usage_prompt − ISL) / ISL`", "ISL = 0"),
    Metric::record(
        "usage_completion_tokens_diff_pct",
        "Usage Completion Diff %",
        Float,
        Formula::Values(usage_difference_pct),
    )
    .short_without_unit("Completion Diff")
    .unit(Percent)
    .flags(&[TOKENS, USAGE_DIFFERENCE])
    .requires(&["output_sequence_length", "usage_completion_tokens"])
    .explained("`100 × abs(usage_completion − OSL) / OSL`", "OSL = 0"),
    Metric::record(
        "usage_reasoning_tokens_diff_pct",
        "Usage Reasoning Diff %",
        Float,
        Formula::Values(usage_difference_pct),
    )
    .short_without_unit("Reasoning Diff")
    .unit(Percent)
    .flags(&[TOKENS, REASONING, USAGE_DIFFERENCE])
    .requires(&["reasoning_token_count", "usage_reasoning_tokens"])
    .explained(
        "`100 × abs(usage_reasoning − reasoning) / reasoning`",
        "reasoning = 0",
    ),
    Metric::aggregate(
        "usage_discrepancy_count",
        "Usage Discrepancy Count",
        Int,
        Formula::Values(usage_discrepancy),
    )
    .short_without_unit("Discrepancies")
    .unit(Requests)
    .flags(&[NOT_PER_RECORD, USAGE_DIFFERENCE])
    .requires(&[
        "usage_completion_tokens_diff_pct",
        "usage_prompt_tokens_diff_pct",
    ])
    .uses(&["usage_reasoning_tokens_diff_pct"])
    .explained(
        "1 if any of the three differences is above T, summed; T = \
             `AIPERF_METRICS_USAGE_PCT_DIFF_THRESHOLD` (10)",
        "",
    ),
];
