//! A warning when answers are not as long as was asked.

use super::token_discrepancy::share;
use super::{Block, Panel};
use crate::RunReport;
use crate::console::ConsoleOptions;
use crate::console::number::trimmed;

pub(super) fn block(report: &RunReport, options: &ConsoleOptions) -> Option<Block> {
    let counts = share(report, "osl_mismatch_count")?;
    let percent = trimmed(options.thresholds.output_length_percent);
    let tokens = trimmed(options.thresholds.output_length_tokens);
    let average = report
        .value_of("osl_mismatch_diff_pct")
        .map_or_else(|| "N/A".to_owned(), |average| format!("{average:.1}%"));
    let text = format!(
        "{counts} have an answer whose length is off by more than the threshold.\n\
         \n\
         Threshold (tokens): min(requested x {percent}%, {tokens})\n\
         Average mismatch: {average}\n\
         \n\
         Why:\n\
         \x20 - A model ends its answer when it is done; the requested length is only a limit\n\
         \x20 - Server and client may count tokens differently\n\
         \n\
         Fix Options:\n\
         \x20 1. Forbid the early end: --extra-inputs ignore_eos:true\n\
         \x20 2. Ask for a minimum: --extra-inputs min_tokens:<N>\n\
         \x20 3. Let the server count: --use-server-token-count\n\
         \n\
         Diagnostics:\n\
         \x20 - profile_export.jsonl: osl_mismatch_diff_pct of each request\n\
         \x20 - AIPERF_METRICS_OSL_MISMATCH_PCT_THRESHOLD={percent}\n\
         \x20 - AIPERF_METRICS_OSL_MISMATCH_MAX_TOKEN_THRESHOLD={tokens}"
    );
    Some(Block::Panel(Panel::warning(
        "Output Sequence Length Mismatch Warning",
        &text,
    )))
}
