//! Speculative decoding: how many of the tokens that a draft model proposes survive verification
//! (Leviathan et al., ICML 2023), as the server reports it.

use super::prelude::*;
use crate::facts::SpeculativeDecodingFacts;

fn report<'a>(facts: &RecordFacts<'a>) -> Result<SpeculativeDecodingFacts<'a>, Absence> {
    facts.speculative_decoding.ok_or(Absence::NoInput)
}

fn number(value: f64) -> Outcome {
    quotient(value, 1.0)
}

/// Emitted tokens over verified ones; every step verifies one more token than was proposed.
fn accepted_per_verified(facts: &RecordFacts<'_>) -> Outcome {
    let report = report(facts)?;
    let steps = report.steps as f64;
    quotient(
        report.accepted_draft_tokens as f64 + steps,
        report.draft_tokens as f64 + steps,
    )
}

/// Tokens gained per step, over all steps of the window; each step gains one by itself.
fn token_weighted_acceptance_length(window: &WindowInputs<'_>) -> Option<Value> {
    finite(1.0 + window.number(0)? / window.number(1)?)
}

/// Accepted among proposed tokens of the window.
fn overall_draft_acceptance_rate(window: &WindowInputs<'_>) -> Option<Value> {
    finite(100.0 * window.number(0)? / window.number(1)?)
}

fn finite(value: f64) -> Option<Value> {
    value.is_finite().then_some(Value::Float(value))
}

/// Speculative decoding.
pub(super) static SPECULATIVE_DECODING: &[Metric] = &[
    Metric::record(
        "spec_decode_acceptance_length",
        "Acceptance Length",
        Float,
        Formula::Facts(|facts| number(report(facts)?.mean_acceptance_length)),
    )
    .short_without_unit("Acceptance Length")
    .unit(Ratio)
    .flags(&[LARGER_IS_BETTER])
    .console(ConsoleGroup::SpecDecode, Some(5000))
    .explained(
        "`mean_acceptance_length`, as reported",
        "no report, or one that contradicts itself",
    ),
    Metric::record(
        "spec_decode_draft_acceptance_rate",
        "Draft Acceptance Rate",
        Float,
        Formula::Facts(|facts| number(report(facts)?.draft_acceptance_rate * 100.0)),
    )
    .short_without_unit("Draft Accept Rate")
    .unit(Percent)
    .flags(&[LARGER_IS_BETTER])
    .console(ConsoleGroup::SpecDecode, Some(5020))
    .explained(
        "`100 × draft_acceptance_rate`, as reported",
        "no report, or one that contradicts itself",
    ),
    Metric::record(
        "spec_decode_accepted_per_verified",
        "Accepted per Verified",
        Float,
        Formula::Facts(accepted_per_verified),
    )
    .short_without_unit("Accepted / Verified")
    .unit(Ratio)
    .flags(&[LARGER_IS_BETTER])
    .console(ConsoleGroup::SpecDecode, Some(5030))
    .explained(
        "`(accepted + steps) / (draft + steps)`",
        "no report, or one that contradicts itself, or nothing was verified",
    ),
    Metric::record(
        "spec_decode_steps",
        "Spec Decode Steps",
        Int,
        Formula::Facts(|facts| known(Some(report(facts)?.steps))),
    )
    .short_without_unit("Spec Decode Steps")
    .unit(Count)
    .console(ConsoleGroup::SpecDecode, Some(5040))
    .explained(
        "`num_spec_steps`, as reported",
        "no report, or one that contradicts itself",
    ),
    Metric::record(
        "spec_decode_accepted_draft_tokens",
        "Accepted Draft Tokens",
        Int,
        Formula::Facts(|facts| known(Some(report(facts)?.accepted_draft_tokens))),
    )
    .short_without_unit("Accepted Draft")
    .unit(Tokens)
    .console(ConsoleGroup::None, Some(5050))
    .explained(
        "`num_accepted_draft_tokens`, as reported",
        "no report, or one that contradicts itself",
    ),
    Metric::record(
        "spec_decode_draft_tokens",
        "Draft Tokens",
        Int,
        Formula::Facts(|facts| known(Some(report(facts)?.draft_tokens))),
    )
    .short_without_unit("Draft Tokens")
    .unit(Tokens)
    .console(ConsoleGroup::None, Some(5060))
    .explained(
        "`num_draft_tokens`, as reported",
        "no report, or one that contradicts itself",
    ),
    Metric::derived(
        "total_spec_decode_steps",
        "Total Spec Decode Steps",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Spec Decode Steps")
    .unit(Count)
    .console(ConsoleGroup::None, Some(5140))
    .requires(&["spec_decode_steps"])
    .explained("sum of `spec_decode_steps`", ""),
    Metric::derived(
        "total_accepted_draft_tokens",
        "Total Accepted Draft Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Accepted Draft")
    .unit(Tokens)
    .console(ConsoleGroup::None, Some(5150))
    .requires(&["spec_decode_accepted_draft_tokens"])
    .explained("sum of `spec_decode_accepted_draft_tokens`", ""),
    Metric::derived(
        "total_draft_tokens",
        "Total Draft Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Draft")
    .unit(Tokens)
    .console(ConsoleGroup::None, Some(5160))
    .requires(&["spec_decode_draft_tokens"])
    .explained("sum of `spec_decode_draft_tokens`", ""),
    Metric::derived(
        "spec_decode_token_weighted_acceptance_length",
        "Token-Weighted Acceptance Length",
        Float,
        Formula::Window(token_weighted_acceptance_length),
    )
    .short_without_unit("Token-Wtd Accept Len")
    .unit(Ratio)
    .flags(&[LARGER_IS_BETTER])
    .console(ConsoleGroup::SpecDecode, Some(5010))
    .requires(&["total_accepted_draft_tokens", "total_spec_decode_steps"])
    .explained(
        "`1 + total_accepted_draft_tokens / total_spec_decode_steps`",
        "steps = 0",
    ),
    Metric::derived(
        "spec_decode_overall_draft_acceptance_rate",
        "Overall Draft Acceptance Rate",
        Float,
        Formula::Window(overall_draft_acceptance_rate),
    )
    .short_without_unit("Overall Draft Accept Rate")
    .unit(Percent)
    .flags(&[LARGER_IS_BETTER])
    .console(ConsoleGroup::SpecDecode, Some(5025))
    .requires(&["total_accepted_draft_tokens", "total_draft_tokens"])
    .explained(
        "`100 × total_accepted_draft_tokens / total_draft_tokens`",
        "draft = 0",
    ),
];
