//! What a reader of the figures should know, as data: the console draws it, other surfaces may too.

use crate::RunReport;
use crate::console::Thresholds;
use crate::console::number::{trimmed, whole};

/// One remark about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisory {
    /// What it is about.
    pub kind: AdvisoryKind,
    /// A few words.
    pub title: String,
    /// All of it, in lines.
    pub text: String,
}

/// What a remark is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdvisoryKind {
    /// The user stopped the run.
    CancelledEarly,
    /// The server was not asked who it is.
    TlsVerificationOff,
    /// The server reports usage, and nothing about its prompt cache.
    MissingCacheReporting,
    /// Server and client count different numbers of tokens.
    TokenDiscrepancy,
    /// Answers are not as long as was asked for.
    OutputLengthMismatch,
    /// Some figures are not exact.
    ApproximateFigures,
}

impl AdvisoryKind {
    /// The name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CancelledEarly => "cancelled_early",
            Self::TlsVerificationOff => "tls_verification_off",
            Self::MissingCacheReporting => "missing_cache_reporting",
            Self::TokenDiscrepancy => "token_discrepancy",
            Self::OutputLengthMismatch => "output_length_mismatch",
            Self::ApproximateFigures => "approximate_figures",
        }
    }
}

/// All that applies to the run, in a fixed order.
pub fn advisories(report: &RunReport, thresholds: &Thresholds) -> Vec<Advisory> {
    [
        cancelled_early(report),
        tls_verification_off(report),
        missing_cache_reporting(report),
        token_discrepancy(report, thresholds),
        output_length_mismatch(report, thresholds),
        approximate_figures(report),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn advisory(kind: AdvisoryKind, title: &str, text: impl Into<String>) -> Advisory {
    Advisory {
        kind,
        title: title.to_owned(),
        text: text.into(),
    }
}

fn cancelled_early(report: &RunReport) -> Option<Advisory> {
    report.was_cancelled.then(|| {
        advisory(
            AdvisoryKind::CancelledEarly,
            "Cancelled early",
            "The profile run was cancelled early: the results cover only the requests that ended \
             before.",
        )
    })
}

fn tls_verification_off(report: &RunReport) -> Option<Advisory> {
    report.tls_verification_off.then(|| {
        advisory(
            AdvisoryKind::TlsVerificationOff,
            "TLS verification off",
            "Certificates were not verified: anyone on the way could have answered in the server's \
             place.",
        )
    })
}

fn missing_cache_reporting(report: &RunReport) -> Option<Advisory> {
    report.value_of("total_usage_prompt_tokens")?;
    let cache_read = report.value_of("total_usage_prompt_cache_read_tokens");
    cache_read.is_none().then(|| {
        advisory(
            AdvisoryKind::MissingCacheReporting,
            "No prompt cache figures",
            "The server reports token usage without `prompt_tokens_details.cached_tokens`, so \
             there are no prompt cache metrics. If it caches prefixes, let it say so: vLLM \
             --enable-prompt-tokens-details, SGLang --enable-cache-report.",
        )
    })
}

fn token_discrepancy(report: &RunReport, thresholds: &Thresholds) -> Option<Advisory> {
    let counts = share(report, "usage_discrepancy_count")?;
    let limit = trimmed(thresholds.usage_difference_percent);
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
    Some(advisory(
        AdvisoryKind::TokenDiscrepancy,
        "Token Count Discrepancy Warning",
        text,
    ))
}

fn output_length_mismatch(report: &RunReport, thresholds: &Thresholds) -> Option<Advisory> {
    let counts = share(report, "osl_mismatch_count")?;
    let percent = trimmed(thresholds.output_length_percent);
    let tokens = trimmed(thresholds.output_length_tokens);
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
    Some(advisory(
        AdvisoryKind::OutputLengthMismatch,
        "Output Sequence Length Mismatch Warning",
        text,
    ))
}

fn approximate_figures(report: &RunReport) -> Option<Advisory> {
    let tags: Vec<&str> = report
        .results
        .iter()
        .filter(|result| result.approximation.is_some())
        .map(|result| result.tag.as_str())
        .collect();
    let text = format!(
        "Not all chunk times fitted into memory, so these figures are not exact: {}.",
        tags.join(", ")
    );
    (!tags.is_empty()).then(|| {
        advisory(
            AdvisoryKind::ApproximateFigures,
            "Approximate figures",
            text,
        )
    })
}

/// `6 of 8 requests (75.0%)` for a metric that counts requests; none when it counted nothing.
fn share(report: &RunReport, tag: &str) -> Option<String> {
    let positive = |tag| report.value_of(tag).filter(|&count| count > 0.0);
    let (affected, all) = (positive(tag)?, positive("request_count")?);
    let percent = 100.0 * affected / all;
    Some(format!(
        "{} of {} requests ({percent:.1}%)",
        whole(affected as u64),
        whole(all as u64)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_report;

    fn kinds(report: &RunReport) -> Vec<&'static str> {
        let found = advisories(report, &Thresholds::default());
        found
            .iter()
            .map(|advisory| advisory.kind.as_str())
            .collect()
    }

    #[test]
    fn each_remark_is_there_when_it_applies_and_only_then() {
        let mut report = test_report::report();
        let usual = [
            "missing_cache_reporting",
            "token_discrepancy",
            "output_length_mismatch",
        ];
        assert_eq!(kinds(&report), usual);
        report.was_cancelled = true;
        report.tls_verification_off = true;
        report.results[0].approximation = Some("near");
        let all = [
            "cancelled_early",
            "tls_verification_off",
            "missing_cache_reporting",
            "token_discrepancy",
            "output_length_mismatch",
            "approximate_figures",
        ];
        assert_eq!(kinds(&report), all);
        report.results.clear();
        assert_eq!(kinds(&report), ["cancelled_early", "tls_verification_off"]);
    }
}
