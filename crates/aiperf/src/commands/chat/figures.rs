//! How fast an answer was.

use aiperf_clock::{MILLISECOND, SECOND};
use aiperf_endpoint::Answer;
use aiperf_metrics::{
    ActiveMetrics, EndpointTraits, RecordFacts, RecordValues, RunContext, UsageFacts,
    compute_record,
};
use aiperf_tokenizer::Tokenizer;
use aiperf_transport::HttpExchange;
use anyhow::Result;

/// Computes figures with the formulas of a run's record lines.
pub(super) struct Figures {
    tokenizer: Tokenizer,
    metrics: ActiveMetrics,
}

impl Figures {
    pub(super) fn new(tokenizer: Tokenizer) -> Result<Self> {
        let context = RunContext {
            endpoint: EndpointTraits {
                produces_tokens: true,
                tokenizes_input: true,
                ..EndpointTraits::default()
            },
            streaming: true,
            ..RunContext::default()
        };
        Ok(Self {
            tokenizer,
            metrics: ActiveMetrics::new(&context)?,
        })
    }

    /// The figures of an answer, a line each.
    pub(super) fn text(&self, http: &HttpExchange, answer: &Answer) -> String {
        let count = |text: &str| (!text.is_empty()).then(|| self.tokenizer.count(text) as u64);
        let reasoning = count(&answer.reasoning);
        let instants: Vec<u64> = answer.parts.iter().map(|part| part.at).collect();
        let usage = answer.usage.unwrap_or_default();
        let facts = RecordFacts {
            start_perf_ns: http.start,
            start_epoch_ns: http.start,
            recv_start_perf_ns: http.head_at,
            content_perf_ns: &instants,
            first_output_perf_ns: answer
                .parts
                .iter()
                .find(|part| part.has_output())
                .map(|part| part.at),
            request_end_perf_ns: Some(answer.last_message_at.unwrap_or(http.end)),
            end_perf_ns: Some(http.end),
            usage: UsageFacts {
                prompt_tokens: usage.prompt_tokens,
                prompt_cache_read_tokens: usage.prompt_cache_read_tokens,
                ..UsageFacts::default()
            },
            // The server's chat template cannot be known here, so its own count is taken.
            input_tokens: usage.prompt_tokens,
            output_tokens: count(&answer.output),
            reasoning_tokens: reasoning,
            ..RecordFacts::default()
        };
        let mut values = RecordValues::new(&self.metrics);
        compute_record(&self.metrics, &facts, &mut values);
        let value = |tag| values.get(&self.metrics, tag)?.as_f64();
        Shown {
            time_to_first_token_ns: value("time_to_first_token"),
            request_latency_ns: value("request_latency"),
            output_tokens: value("output_sequence_length"),
            reasoning_tokens: reasoning,
            inter_token_latency_ns: value("inter_token_latency"),
            input_tokens: value("input_sequence_length"),
            cached_tokens: value("usage_prompt_cache_read_tokens"),
        }
        .text()
    }
}

/// The figures that are shown.
#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    time_to_first_token_ns: Option<f64>,
    request_latency_ns: Option<f64>,
    /// Reasoning included.
    output_tokens: Option<f64>,
    reasoning_tokens: Option<u64>,
    inter_token_latency_ns: Option<f64>,
    input_tokens: Option<f64>,
    cached_tokens: Option<f64>,
}

impl Shown {
    fn text(self) -> String {
        let positive = |value: Option<f64>| value.filter(|value| *value > 0.0);
        let (Some(first), Some(latency), Some(tokens)) = (
            self.time_to_first_token_ns,
            self.request_latency_ns,
            positive(self.output_tokens),
        ) else {
            return "(no tokens received)\n".to_owned();
        };
        let milliseconds = |nanos: f64| nanos / MILLISECOND as f64;
        let seconds = latency / SECOND as f64;
        let rate = if seconds > 0.0 { tokens / seconds } else { 0.0 };
        let reasoning = match self.reasoning_tokens {
            Some(count) if count > 0 => format!(", {count} reasoning"),
            _ => String::new(),
        };
        let mut text = format!(
            "TTFT: {:.2} ms\nTPS:  {rate:.2} tokens/s ({tokens} tokens{reasoning} in {seconds:.2}s)\n",
            milliseconds(first)
        );
        if let Some(between) = positive(self.inter_token_latency_ns) {
            text.push_str(&format!(
                "ITL:  {:.2} ms/token (decode {:.2} tokens/s)\n",
                milliseconds(between),
                SECOND as f64 / between
            ));
        }
        if let (Some(input), Some(cached)) = (positive(self.input_tokens), self.cached_tokens) {
            text.push_str(&format!(
                "Cache: {cached}/{input} prompt tokens cached ({:.1}%)\n",
                100.0 * cached / input
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Shown = Shown {
        time_to_first_token_ns: Some(12_800_000.0),
        request_latency_ns: Some(167_283_000.0),
        output_tokens: Some(33.0),
        reasoning_tokens: None,
        inter_token_latency_ns: Some(4_827_400.0),
        input_tokens: Some(17.0),
        cached_tokens: Some(8.0),
    };

    #[test]
    fn all_figures_have_their_lines() {
        assert_eq!(
            ALL.text(),
            "TTFT: 12.80 ms\n\
             TPS:  197.27 tokens/s (33 tokens in 0.17s)\n\
             ITL:  4.83 ms/token (decode 207.15 tokens/s)\n\
             Cache: 8/17 prompt tokens cached (47.1%)\n"
        );
    }

    #[test]
    fn what_is_not_known_has_no_line() {
        let thinking = Shown {
            reasoning_tokens: Some(30),
            inter_token_latency_ns: None,
            cached_tokens: None,
            ..ALL
        };
        assert_eq!(
            thinking.text(),
            "TTFT: 12.80 ms\nTPS:  197.27 tokens/s (33 tokens, 30 reasoning in 0.17s)\n"
        );
        for nothing in [
            Shown {
                time_to_first_token_ns: None,
                ..ALL
            },
            Shown {
                output_tokens: Some(0.0),
                ..ALL
            },
            Shown::default(),
        ] {
            assert_eq!(nothing.text(), "(no tokens received)\n");
        }
    }
}
