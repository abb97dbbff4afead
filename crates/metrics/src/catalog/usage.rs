//! Token counts as the server reports them in its usage object. Absent is not 0.

use super::prelude::*;

/// Length of the audio in the prompt.
fn prompt_audio_seconds(facts: &RecordFacts<'_>) -> Outcome {
    let seconds = facts
        .usage
        .prompt_audio_seconds
        .filter(|seconds| seconds.is_finite());
    seconds.map(Value::Float).ok_or(Absence::NoInput)
}

/// Cached tokens among all prompt tokens of the window.
fn prompt_cache_read_pct(window: &WindowInputs<'_>) -> Option<Value> {
    let share = 100.0 * window.number(0)? / window.number(1)?;
    share.is_finite().then_some(Value::Float(share))
}

/// Server-reported usage.
pub(super) static USAGE: &[Metric] = &[
    Metric::record(
        "usage_prompt_tokens",
        "Usage Prompt Tokens",
        Int,
        Formula::Facts(|facts| known(facts.usage.prompt_tokens)),
    )
    .short_without_unit("Usage Prompt")
    .unit(Tokens)
    .flags(&[TOKENIZED_INPUT, LARGER_IS_BETTER])
    .console(ConsoleGroup::Usage, Some(1000))
    .explained("prompt tokens, as reported", "not reported"),
    Metric::record(
        "usage_completion_tokens",
        "Usage Completion Tokens",
        Int,
        Formula::Facts(|facts| known(facts.usage.completion_tokens)),
    )
    .short_without_unit("Usage Completion")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .console(ConsoleGroup::Usage, Some(1100))
    .explained("completion tokens, as reported", "not reported"),
    Metric::record(
        "usage_total_tokens",
        "Usage Total Tokens",
        Int,
        Formula::Facts(|facts| known(facts.usage.total_tokens)),
    )
    .short_without_unit("Usage Total")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .console(ConsoleGroup::Usage, Some(1200))
    .explained("all tokens, as reported", "not reported"),
    Metric::record(
        "usage_reasoning_tokens",
        "Usage Reasoning Tokens",
        Int,
        Formula::Facts(|facts| known(facts.usage.reasoning_tokens)),
    )
    .short_without_unit("Usage Reasoning")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .console(ConsoleGroup::Usage, Some(1110))
    .explained("tokens of reasoning, as reported", "not reported"),
    Metric::record(
        "usage_prompt_cache_read_tokens",
        "Usage Prompt Cache Read Tokens",
        Int,
        Formula::Facts(|facts| known(facts.usage.prompt_cache_read_tokens)),
    )
    .short_without_unit("Usage Prompt Cache Read")
    .unit(Tokens)
    .flags(&[LARGER_IS_BETTER])
    .console(ConsoleGroup::Usage, Some(1010))
    .explained(
        "prompt tokens read from a cache, as reported",
        "not reported",
    ),
    Metric::record(
        "usage_prompt_cache_write_tokens",
        "Usage Prompt Cache Write Tokens",
        Int,
        Formula::Facts(|facts| known(facts.usage.prompt_cache_write_tokens)),
    )
    .short_without_unit("Usage Prompt Cache Write")
    .unit(Tokens)
    .console(ConsoleGroup::Usage, Some(1015))
    .explained(
        "prompt tokens written to a cache, as reported",
        "not reported",
    ),
    Metric::record(
        "usage_prompt_cache_miss_tokens",
        "Usage Prompt Cache Miss Tokens",
        Int,
        Formula::Facts(|facts| known(facts.usage.prompt_cache_miss_tokens)),
    )
    .short_without_unit("Usage Prompt Cache Miss")
    .unit(Tokens)
    .console(ConsoleGroup::Usage, Some(1017))
    .explained(
        "prompt tokens not found in a cache, as reported",
        "not reported",
    ),
    Metric::record(
        "usage_prompt_audio_tokens",
        "Usage Prompt Audio Tokens",
        Int,
        Formula::Facts(|facts| known(facts.usage.prompt_audio_tokens)),
    )
    .short_without_unit("Usage Prompt Audio")
    .unit(Tokens)
    .flags(&[LARGER_IS_BETTER, AUDIO])
    .console(ConsoleGroup::Usage, Some(1020))
    .explained("audio tokens of the prompt, as reported", "not reported"),
    Metric::record(
        "usage_completion_audio_tokens",
        "Usage Completion Audio Tokens",
        Int,
        Formula::Facts(|facts| known(facts.usage.completion_audio_tokens)),
    )
    .short_without_unit("Usage Completion Audio")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER, AUDIO])
    .console(ConsoleGroup::Usage, Some(1120))
    .explained("audio tokens of the answer, as reported", "not reported"),
    Metric::record(
        "usage_accepted_prediction_tokens",
        "Usage Accepted Prediction Tokens",
        Int,
        Formula::Facts(|facts| known(facts.usage.accepted_prediction_tokens)),
    )
    .short_without_unit("Usage Accepted Pred")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .console(ConsoleGroup::Usage, Some(1130))
    .explained(
        "predicted tokens that were accepted, as reported",
        "not reported",
    ),
    Metric::record(
        "usage_rejected_prediction_tokens",
        "Usage Rejected Prediction Tokens",
        Int,
        Formula::Facts(|facts| known(facts.usage.rejected_prediction_tokens)),
    )
    .short_without_unit("Usage Rejected Pred")
    .unit(Tokens)
    .flags(&[TOKENS])
    .console(ConsoleGroup::Usage, Some(1140))
    .explained(
        "predicted tokens that were rejected, as reported",
        "not reported",
    ),
    Metric::record(
        "usage_tool_use_prompt_tokens",
        "Usage Tool Use Prompt Tokens",
        Int,
        Formula::Facts(|facts| known(facts.usage.tool_use_prompt_tokens)),
    )
    .short_without_unit("Usage Tool Prompt")
    .unit(Tokens)
    .console(ConsoleGroup::Usage, Some(1030))
    .explained(
        "prompt tokens for the use of tools, as reported",
        "not reported",
    ),
    Metric::record(
        "usage_prompt_audio_seconds",
        "Usage Prompt Audio Seconds",
        Float,
        Formula::Facts(prompt_audio_seconds),
    )
    .short("Usage Prompt Audio Sec")
    .unit(Seconds)
    .flags(&[LARGER_IS_BETTER, AUDIO])
    .console(ConsoleGroup::Usage, Some(1040))
    .explained(
        "seconds of audio in the prompt, as reported",
        "not reported",
    ),
    Metric::derived(
        "total_usage_prompt_tokens",
        "Total Usage Prompt Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Usage Prompt")
    .unit(Tokens)
    .flags(&[TOKENIZED_INPUT, LARGER_IS_BETTER])
    .console(ConsoleGroup::Usage, Some(2000))
    .requires(&["usage_prompt_tokens"])
    .explained("sum of `usage_prompt_tokens`", "no record has it"),
    Metric::derived(
        "total_usage_completion_tokens",
        "Total Usage Completion Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Usage Completion")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .console(ConsoleGroup::Usage, Some(2100))
    .requires(&["usage_completion_tokens"])
    .explained("sum of `usage_completion_tokens`", "no record has it"),
    Metric::derived(
        "total_usage_total_tokens",
        "Total Usage Total Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Usage Total")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .console(ConsoleGroup::Usage, Some(2200))
    .requires(&["usage_total_tokens"])
    .explained("sum of `usage_total_tokens`", "no record has it"),
    Metric::derived(
        "total_usage_reasoning_tokens",
        "Total Usage Reasoning Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Usage Reasoning")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .console(ConsoleGroup::Usage, Some(2110))
    .requires(&["usage_reasoning_tokens"])
    .explained("sum of `usage_reasoning_tokens`", "no record has it"),
    Metric::derived(
        "total_usage_prompt_cache_read_tokens",
        "Total Usage Prompt Cache Read Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Usage Prompt Cache Read")
    .unit(Tokens)
    .flags(&[LARGER_IS_BETTER])
    .console(ConsoleGroup::Usage, Some(2010))
    .requires(&["usage_prompt_cache_read_tokens"])
    .explained(
        "sum of `usage_prompt_cache_read_tokens`",
        "no record has it",
    ),
    Metric::derived(
        "overall_usage_prompt_cache_read_pct",
        "Overall Usage Prompt Cache Read %",
        Float,
        Formula::Window(prompt_cache_read_pct),
    )
    .short_without_unit("Overall Cache Read %")
    .unit(Percent)
    .flags(&[LARGER_IS_BETTER])
    .console(ConsoleGroup::Usage, Some(2012))
    .requires(&[
        "total_usage_prompt_cache_read_tokens",
        "total_usage_prompt_tokens",
    ])
    .explained(
        "`100 × total cache read / total prompt`",
        "total prompt = 0",
    ),
    Metric::derived(
        "total_usage_prompt_cache_write_tokens",
        "Total Usage Prompt Cache Write Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Usage Prompt Cache Write")
    .unit(Tokens)
    .console(ConsoleGroup::Usage, Some(2015))
    .requires(&["usage_prompt_cache_write_tokens"])
    .explained(
        "sum of `usage_prompt_cache_write_tokens`",
        "no record has it",
    ),
    Metric::derived(
        "total_usage_prompt_cache_miss_tokens",
        "Total Usage Prompt Cache Miss Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Usage Prompt Cache Miss")
    .unit(Tokens)
    .console(ConsoleGroup::Usage, Some(2017))
    .requires(&["usage_prompt_cache_miss_tokens"])
    .explained(
        "sum of `usage_prompt_cache_miss_tokens`",
        "no record has it",
    ),
    Metric::derived(
        "total_usage_prompt_audio_tokens",
        "Total Usage Prompt Audio Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Usage Prompt Audio")
    .unit(Tokens)
    .flags(&[LARGER_IS_BETTER, AUDIO])
    .console(ConsoleGroup::Usage, Some(2020))
    .requires(&["usage_prompt_audio_tokens"])
    .explained("sum of `usage_prompt_audio_tokens`", "no record has it"),
    Metric::derived(
        "total_usage_completion_audio_tokens",
        "Total Usage Completion Audio Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Usage Comp Audio")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER, AUDIO])
    .console(ConsoleGroup::Usage, Some(2120))
    .requires(&["usage_completion_audio_tokens"])
    .explained("sum of `usage_completion_audio_tokens`", "no record has it"),
    Metric::derived(
        "total_usage_accepted_prediction_tokens",
        "Total Usage Accepted Prediction Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Usage Accepted Pred")
    .unit(Tokens)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .console(ConsoleGroup::Usage, Some(2130))
    .requires(&["usage_accepted_prediction_tokens"])
    .explained(
        "sum of `usage_accepted_prediction_tokens`",
        "no record has it",
    ),
    Metric::derived(
        "total_usage_rejected_prediction_tokens",
        "Total Usage Rejected Prediction Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Usage Rejected Pred")
    .unit(Tokens)
    .flags(&[TOKENS])
    .console(ConsoleGroup::Usage, Some(2140))
    .requires(&["usage_rejected_prediction_tokens"])
    .explained(
        "sum of `usage_rejected_prediction_tokens`",
        "no record has it",
    ),
    Metric::derived(
        "total_usage_tool_use_prompt_tokens",
        "Total Usage Tool Use Prompt Tokens",
        Int,
        Formula::Window(|window| window.value(0)),
    )
    .short_without_unit("Total Usage Tool Prompt")
    .unit(Tokens)
    .console(ConsoleGroup::Usage, Some(2030))
    .requires(&["usage_tool_use_prompt_tokens"])
    .explained("sum of `usage_tool_use_prompt_tokens`", "no record has it"),
    Metric::derived(
        "total_usage_prompt_audio_seconds",
        "Total Usage Prompt Audio Seconds",
        Float,
        Formula::Window(|window| window.value(0)),
    )
    .short("Total Usage Prompt Audio Sec")
    .unit(Seconds)
    .flags(&[LARGER_IS_BETTER, AUDIO])
    .console(ConsoleGroup::Usage, Some(2040))
    .requires(&["usage_prompt_audio_seconds"])
    .explained("sum of `usage_prompt_audio_seconds`", "no record has it"),
];
