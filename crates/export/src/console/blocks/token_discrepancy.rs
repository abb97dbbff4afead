//! A warning when server and client count tokens differently.

use super::{Block, Panel};
use crate::RunReport;
use crate::console::ConsoleOptions;
use crate::console::number::{trimmed, whole};

pub(super) fn block(report: &RunReport, options: &ConsoleOptions) -> Option<Block> {
    let counts = share(report, "usage_discrepancy_count")?;
    let limit = trimmed(options.thresholds.usage_difference_percent);
    let text = format!(
        "{counts} differ by more than {limit}% between the token counts of the server \
         (`usage`)\nand those of the client (its tokenizer).\n\
         \n\
         Possible Causes:\n\
         \x20 - The client's tokenizer is not the model's\n\
         \x20 - The server adds a chat template or special tokens, or alters the prompt\n\
         \n\
         Investigation Steps:\n\
         \x20 1. Look at the usage_*_diff_pct values of single requests in profile_export.jsonl\n\
         \x20 2. Compare --tokenizer with the model that the server runs\n\
         \x20 3. Let the server count: --use-server-token-count\n\
         \x20 4. Accept a larger difference: AIPERF_METRICS_USAGE_PCT_DIFF_THRESHOLD={limit}"
    );
    Some(Block::Panel(Panel::warning(
        "Token Count Discrepancy Warning",
        &text,
    )))
}

/// `6 of 8 requests (75.0%)` for a metric that counts requests; none when it counted nothing.
pub(super) fn share(report: &RunReport, tag: &str) -> Option<String> {
    let positive = |tag| report.value_of(tag).filter(|&count| count > 0.0);
    let (affected, all) = (positive(tag)?, positive("request_count")?);
    let percent = 100.0 * affected / all;
    Some(format!(
        "{} of {} requests ({percent:.1}%)",
        whole(affected as u64),
        whole(all as u64)
    ))
}
