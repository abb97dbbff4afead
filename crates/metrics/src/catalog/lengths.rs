//! Lengths of inputs and answers in tokens.

use super::prelude::*;

/// Tokens of the input.
fn input_sequence_length(facts: &RecordFacts<'_>) -> Outcome {
    known(facts.input_tokens)
}

/// Answer and reasoning together; either may be unknown, not both.
fn output_sequence_length(facts: &RecordFacts<'_>) -> Outcome {
    if facts.output_tokens.is_none() && facts.reasoning_tokens.is_none() {
        return Err(Absence::NoInput);
    }
    // The counts may be the server's word: two absurd ones must not end the program.
    let answer = facts.output_tokens.unwrap_or(0);
    known(Some(
        answer.saturating_add(facts.reasoning_tokens.unwrap_or(0)),
    ))
}

/// Tokens of the answer without reasoning. None at all counts as unknown, other than for
/// reasoning.
fn output_token_count(facts: &RecordFacts<'_>) -> Outcome {
    known(facts.output_tokens.filter(|&tokens| tokens > 0))
}

/// Tokens of reasoning; 0 is a value.
fn reasoning_token_count(facts: &RecordFacts<'_>) -> Outcome {
    known(facts.reasoning_tokens)
}

/// Sequence lengths.
pub(super) static LENGTHS: &[Metric] = &[
    Metric::record(
        "input_sequence_length",
        "Input Sequence Length",
        Int,
        Formula::Facts(input_sequence_length),
    )
    .short("ISL")
    .unit(Tokens)
    .flags(&[TOKENIZED_INPUT, LARGER_IS_BETTER])
    .console(ConsoleGroup::Default, Some(700))
    .explained("`tokens.input`", "input count unknown"),
    Metric::record(
        "output_sequence_length",
        "Output Sequence Length",
        Int,
        Formula::Facts(output_sequence_length),
    )
    .short("OSL")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .console(ConsoleGroup::Default, Some(600))
    .explained(
        "`(tokens.output or 0) + (tokens.reasoning or 0)`",
        "both unknown",
    ),
    Metric::record(
        "output_token_count",
        "Output Token Count",
        Int,
        Formula::Facts(output_token_count),
    )
    .short_without_unit("Output Tokens")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .explained("`tokens.output`", "unknown **or 0**"),
    Metric::record(
        "reasoning_token_count",
        "Reasoning Token Count",
        Int,
        Formula::Facts(reasoning_token_count),
    )
    .short_without_unit("Reasoning Tokens")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER, REASONING])
    .explained("`tokens.reasoning` (0 is a value)", "unknown"),
    Metric::record(
        "error_isl",
        "Error Input Sequence Length",
        Int,
        Formula::Facts(input_sequence_length),
    )
    .short("Error ISL")
    .unit(Tokens)
    .flags(&[TOKENIZED_INPUT, ERROR_ONLY, LARGER_IS_BETTER])
    .console(ConsoleGroup::None, Some(700))
    .explained(
        "`tokens.input` of failed records",
        "no failed record with known input",
    ),
    Metric::derived(
        "total_isl",
        "Total Input Sequence Length",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total ISL")
    .unit(Tokens)
    .flags(&[TOKENIZED_INPUT, LARGER_IS_BETTER])
    .requires(&["input_sequence_length"])
    .explained("sum of `input_sequence_length`", ""),
    Metric::derived(
        "total_osl",
        "Total Output Sequence Length",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total OSL")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .requires(&["output_sequence_length"])
    .explained("sum of `output_sequence_length`", ""),
    Metric::derived(
        "total_output_tokens",
        "Total Output Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Output")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .requires(&["output_token_count"])
    .explained("sum of `output_token_count`", ""),
    Metric::derived(
        "total_reasoning_tokens",
        "Total Reasoning Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Reasoning")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .requires(&["reasoning_token_count"])
    .explained("sum of `reasoning_token_count`", ""),
    Metric::derived(
        "total_error_isl",
        "Total Error Input Sequence Length",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Error ISL")
    .unit(Tokens)
    .flags(&[TOKENIZED_INPUT, ERROR_ONLY, LARGER_IS_BETTER])
    .requires(&["error_isl"])
    .explained("sum of `error_isl`", ""),
];
