//! What the server can be told to do. Every field is to become a command-line flag.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::delay::Distribution;
use crate::error::MockError;
use crate::fault::Fault;

/// How the mock server behaves. The default answers at once and never fails.
#[derive(Debug, Clone, PartialEq)]
pub struct MockOptions {
    /// The address or host name to listen on.
    pub host: String,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// Serving threads, each with its own event loop and listening socket. With more than one the
    /// kernel shares connections out among them (Linux).
    pub threads: usize,

    /// Mean time from the arrival of a request's last byte to its first token, in milliseconds.
    pub ttft_ms: f64,
    /// Mean time from one token to the next, in milliseconds.
    pub itl_ms: f64,
    /// Coefficient of variation (standard deviation ÷ mean) of the time to first token.
    pub ttft_jitter: f64,
    /// Coefficient of variation of the inter-token latency.
    pub itl_jitter: f64,
    /// The law that both delays follow. Without jitter they are constant, except under
    /// [`Distribution::Exponential`].
    pub distribution: Distribution,

    /// Output tokens of a request that names no limit. Such an answer ends with `stop`, one with a
    /// limit is as long as the limit and ends with `length`.
    pub default_output_tokens: u64,
    /// The models served. Empty: any model is accepted; otherwise an unknown one answers 404.
    pub models: Vec<String>,
    /// How many of an answer's tokens are reasoning (chat only). They come first, as
    /// `reasoning_content`, and are part of the output length.
    pub reasoning_tokens: u64,
    /// Counts the tokens of prompts. Without it they are the words separated by white space, which
    /// costs next to nothing but is off by a third or so for English prose, and by far more for text
    /// without blanks.
    pub prompt_counter: Option<PromptCounter>,
    /// How many prompt tokens the usage reports as read from a cache.
    pub cached_tokens: CachedTokens,
    /// Tokens in each streamed chunk. The chunk leaves when its first token is due.
    pub tokens_per_chunk: u64,
    /// When the usage is reported.
    pub usage: UsageMode,
    /// Makes every answer one single chunk of content of this many bytes (rounded up to whole
    /// words of four bytes), whatever length was asked for.
    pub single_chunk_bytes: Option<u64>,

    /// Share of requests answered at once with `error_status`.
    pub error_rate: f64,
    /// The status of such answers, 400 to 599.
    pub error_status: u16,
    /// Share of requests whose connection is reset (`RST`) instead of answered.
    pub reset_rate: f64,
    /// Share of requests whose connection is closed half-way through the body.
    pub cut_rate: f64,
    /// Share of requests whose stream carries `event: error` half-way. One that asked for no
    /// stream is answered with `error_status`.
    pub stream_error_rate: f64,
    /// Share of requests that get half the body, then nothing for as long as the client waits.
    pub hang_rate: f64,

    /// Writes every byte of a response on its own, this many milliseconds after the one before.
    pub slow_bytes_ms: Option<f64>,
    /// Ends the lines of event streams with CR LF instead of LF.
    pub crlf: bool,
    /// Closes a connection, unannounced, after this many responses.
    pub idle_close: Option<u64>,

    /// Seed of every random choice. What happens to request *n* is a function of the seed and *n*,
    /// counting the well-formed generation requests in the order of their arrival.
    pub seed: u64,
    /// Where to append what really happened, one JSON line per request: see
    /// [`TruthRecord`](crate::TruthRecord).
    pub truth_file: Option<PathBuf>,
}

/// Counts the tokens of a prompt: all texts of a request, in order, joined by one blank.
///
/// It is called by the serving thread, before the answer begins; what takes longer than the time to
/// the first token delays the answer. Two counters are equal if one is a clone of the other.
#[derive(Clone)]
pub struct PromptCounter(Arc<dyn Fn(&str) -> u64 + Send + Sync>);

/// How many prompt tokens count as cached.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum CachedTokens {
    /// The usage says nothing about a cache.
    #[default]
    Unreported,
    /// This many, but no more than the prompt has.
    Count(u64),
    /// This share of the prompt, 0 to 1, rounded down.
    Share(f64),
}

/// When the usage is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UsageMode {
    /// In streams as `stream_options` asks (`include_usage` for a last chunk without choices,
    /// `continuous_usage_stats` for every chunk as well); otherwise always.
    #[default]
    AsRequested,
    /// In every answer, asked or not.
    Always,
    /// In none.
    Never,
}

impl Default for MockOptions {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            threads: 1,
            ttft_ms: 0.0,
            itl_ms: 0.0,
            ttft_jitter: 0.0,
            itl_jitter: 0.0,
            distribution: Distribution::default(),
            default_output_tokens: 32,
            models: Vec::new(),
            reasoning_tokens: 0,
            prompt_counter: None,
            cached_tokens: CachedTokens::default(),
            tokens_per_chunk: 1,
            usage: UsageMode::default(),
            single_chunk_bytes: None,
            error_rate: 0.0,
            error_status: 500,
            reset_rate: 0.0,
            cut_rate: 0.0,
            stream_error_rate: 0.0,
            hang_rate: 0.0,
            slow_bytes_ms: None,
            crlf: false,
            idle_close: None,
            seed: 0,
            truth_file: None,
        }
    }
}

impl MockOptions {
    /// The share of requests that a fault befalls.
    pub fn fault_rate(&self, fault: Fault) -> f64 {
        match fault {
            Fault::Error => self.error_rate,
            Fault::Reset => self.reset_rate,
            Fault::Cut => self.cut_rate,
            Fault::StreamError => self.stream_error_rate,
            Fault::Hang => self.hang_rate,
        }
    }

    /// Checks everything but the delays, which [`Delay::new`](crate::delay::Delay::new) checks.
    pub(crate) fn validate(&self) -> Result<(), MockError> {
        let require = |holds: bool, option: &'static str, reason: &str| {
            if holds {
                return Ok(());
            }
            Err(MockError::InvalidOption {
                option,
                reason: reason.to_owned(),
            })
        };
        let rates = [
            ("error_rate", Fault::Error),
            ("reset_rate", Fault::Reset),
            ("cut_rate", Fault::Cut),
            ("stream_error_rate", Fault::StreamError),
            ("hang_rate", Fault::Hang),
        ];
        let mut sum = 0.0;
        for (option, fault) in rates {
            let rate = self.fault_rate(fault);
            require(
                (0.0..=1.0).contains(&rate),
                option,
                "must be a share from 0 to 1",
            )?;
            sum += rate;
            // A little over 1 may be the rounding of shares such as 0.1 + 0.2 + 0.7.
            require(
                sum <= 1.0 + 1e-9,
                option,
                "makes the shares of all faults exceed 1",
            )?;
        }
        if let CachedTokens::Share(share) = self.cached_tokens {
            require(
                (0.0..=1.0).contains(&share),
                "cached_tokens",
                "must be a share from 0 to 1",
            )?;
        }
        if let Some(delay) = self.slow_bytes_ms {
            require(
                delay.is_finite() && delay >= 0.0,
                "slow_bytes_ms",
                "must be a number that is not below 0",
            )?;
        }
        require(
            (400..600).contains(&self.error_status),
            "error_status",
            "must be an HTTP error status, 400 to 599",
        )?;
        require(self.threads >= 1, "threads", "must be at least 1")?;
        require(
            self.tokens_per_chunk >= 1,
            "tokens_per_chunk",
            "must be at least 1",
        )?;
        require(
            self.default_output_tokens >= 1,
            "default_output_tokens",
            "must be at least 1",
        )?;
        require(
            self.single_chunk_bytes != Some(0),
            "single_chunk_bytes",
            "must be at least 1",
        )?;
        require(
            self.idle_close != Some(0),
            "idle_close",
            "must be at least 1",
        )
    }
}

impl PromptCounter {
    /// A counter that asks `count`.
    pub fn new(count: impl Fn(&str) -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(count))
    }

    pub(crate) fn count(&self, prompt: &str) -> u64 {
        (self.0)(prompt)
    }
}

impl fmt::Debug for PromptCounter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PromptCounter")
    }
}

impl PartialEq for PromptCounter {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_counter_equals_its_clones_alone() {
        let counter = PromptCounter::new(|prompt| prompt.len() as u64);
        assert_eq!(counter, counter.clone());
        assert_ne!(counter, PromptCounter::new(|prompt| prompt.len() as u64));
        assert_eq!(counter.count("four"), 4);
    }

    #[test]
    fn the_default_is_valid() {
        MockOptions::default().validate().unwrap();
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let default = MockOptions::default;
        for (options, message) in [
            (
                MockOptions {
                    error_rate: 1.5,
                    ..default()
                },
                "`error_rate` must be a share from 0 to 1",
            ),
            (
                MockOptions {
                    hang_rate: f64::NAN,
                    ..default()
                },
                "`hang_rate` must be a share from 0 to 1",
            ),
            (
                MockOptions {
                    error_rate: 0.6,
                    cut_rate: 0.6,
                    ..default()
                },
                "`cut_rate` makes the shares of all faults exceed 1",
            ),
            (
                MockOptions {
                    cached_tokens: CachedTokens::Share(2.0),
                    ..default()
                },
                "`cached_tokens` must be a share from 0 to 1",
            ),
            (
                MockOptions {
                    slow_bytes_ms: Some(-1.0),
                    ..default()
                },
                "`slow_bytes_ms` must be a number that is not below 0",
            ),
            (
                MockOptions {
                    error_status: 200,
                    ..default()
                },
                "`error_status` must be an HTTP error status, 400 to 599",
            ),
            (
                MockOptions {
                    threads: 0,
                    ..default()
                },
                "`threads` must be at least 1",
            ),
            (
                MockOptions {
                    tokens_per_chunk: 0,
                    ..default()
                },
                "`tokens_per_chunk` must be at least 1",
            ),
            (
                MockOptions {
                    default_output_tokens: 0,
                    ..default()
                },
                "`default_output_tokens` must be at least 1",
            ),
            (
                MockOptions {
                    single_chunk_bytes: Some(0),
                    ..default()
                },
                "`single_chunk_bytes` must be at least 1",
            ),
            (
                MockOptions {
                    idle_close: Some(0),
                    ..default()
                },
                "`idle_close` must be at least 1",
            ),
        ] {
            assert_eq!(options.validate().unwrap_err().to_string(), message);
        }
    }
}
