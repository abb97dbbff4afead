//! A hint for servers that report token usage but never say what their prompt cache gave.

use super::{Block, Line, Paint};
use crate::RunReport;

pub(super) fn block(report: &RunReport) -> Option<Block> {
    report.value_of("total_usage_prompt_tokens")?;
    if report
        .value_of("total_usage_prompt_cache_read_tokens")
        .is_some()
    {
        return None;
    }
    Some(Block::Lines(vec![Line::new(
        "The server reports token usage without `prompt_tokens_details.cached_tokens`, so there are \
         no prompt cache metrics. If it caches prefixes, let it say so: vLLM \
         --enable-prompt-tokens-details, SGLang --enable-cache-report.",
        Paint::Warning,
    )]))
}
