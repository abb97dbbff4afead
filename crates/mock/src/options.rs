//! What the server can be told to do. Every field is a flag of `aiperf mock-server`.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::delay::Distribution;
use crate::error::MockError;
use crate::fault::{Fault, FaultRule, When};

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
    /// Listens on this socket of the file system as well (Unix only); a socket that a former server
    /// left there is replaced.
    pub unix_socket: Option<PathBuf>,
    /// Speaks HTTP/2 with clients that begin with its preface or, over TLS, prefer it.
    pub http2: bool,
    /// Serves over TLS.
    pub tls: Option<TlsOptions>,
    /// Listens on this port as well; `/metrics` is the page of an exporter of GPU figures there.
    pub gpu_port: Option<u16>,
    /// Stops listening once this many connections were accepted: later ones are refused.
    pub stop_listening_after: Option<u64>,

    /// Answers requests without this key with 401. It is looked for in `Authorization: Bearer` and in
    /// `X-API-Key`. The pages of health and metrics need none.
    pub api_key: Option<String>,
    /// Looks for the key in this header instead, as the whole value.
    pub api_key_header: Option<String>,
    /// Answers requests that lack one of these headers with 400.
    pub required_headers: Vec<String>,
    /// Milliseconds from the start until `/v1/models` answers; 503 before.
    pub models_ready_after_ms: f64,
    /// Milliseconds from the start until inference answers; 503 before.
    pub inference_ready_after_ms: f64,
    /// Answers `/v1/models` with 404.
    pub no_models_page: bool,

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
    /// Added to the time to first token for each prompt token that is not in the prefix cache.
    pub ttft_per_prompt_token_ms: f64,
    /// Added to the time to first token, times the square of the number of other running requests.
    pub ttft_per_running_squared_ms: f64,
    /// Added to the inter-token latency, times the number of other running requests.
    pub itl_per_running_ms: f64,
    /// Added to the inter-token latency for each output token of the answer.
    pub itl_per_output_token_ms: f64,
    /// Time from the last token to the usage and the end of a stream, in milliseconds.
    pub end_delay_ms: f64,
    /// Produces tokens in common steps, as a server with a limited batch does, instead of on each
    /// answer's own schedule.
    pub batch: Option<BatchOptions>,
    /// Remembers the beginnings of this many prompt tokens, in blocks of 16 words. What is found there
    /// counts as cached and shortens the time to first token in proportion.
    pub prefix_cache_tokens: Option<u64>,

    /// Output tokens of a request that names no limit. Such an answer ends with `stop`, one with a
    /// limit is as long as the limit and ends with `length`.
    pub default_output_tokens: u64,
    /// The models served. Empty: any model is accepted; otherwise an unknown one answers 404.
    pub models: Vec<String>,
    /// How many of an answer's tokens are reasoning (chat only). They come first, as
    /// `reasoning_content`, and are part of the output length.
    pub reasoning_tokens: u64,
    /// The member that carries reasoning in chats.
    pub reasoning_field: ReasoningField,
    /// Puts the last token of reasoning and the first of content into one chunk.
    pub mixed_reasoning: bool,
    /// Calls this many tools at the end of an answer to a request that offers some.
    pub tool_calls: u64,
    /// Output tokens of the arguments of each call.
    pub tool_call_tokens: u64,
    /// Writes the first call of a chat in the older form, as `function_call`.
    pub legacy_function_call: bool,
    /// Reports how many draft tokens of this many were accepted at each step, as vLLM does.
    pub draft_tokens: Option<u64>,
    /// Numbers in an embedding, unless the request says `dimensions`.
    pub embedding_dimensions: u64,
    /// Answers in words with letters beyond ASCII. They are not one token each.
    pub unicode: bool,
    /// Compresses the bodies of all answers.
    pub compression: Option<Compression>,
    /// The statuses that a video goes through, one for each poll; the last one stays.
    pub video_statuses: Vec<String>,
    /// Counts the tokens of prompts. Without it they are the words separated by white space, which
    /// costs next to nothing but is off by a third or so for English prose, and by far more for text
    /// without blanks.
    pub prompt_counter: Option<PromptCounter>,
    /// How many prompt tokens the usage reports as read from a cache.
    pub cached_tokens: CachedTokens,
    /// Tokens in each streamed chunk. The chunk leaves when its first token is due.
    pub tokens_per_chunk: u64,
    /// Chunks that leave in one write, when the last of them is due.
    pub chunks_per_write: u64,
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
    /// Further faults, by share or by number. A request can ask for one by itself, with the header
    /// `X-Mock-Fault`.
    pub faults: Vec<FaultRule>,
    /// Only requests for these models break. Empty: all do.
    pub fault_models: Vec<String>,
    /// The `Retry-After` of [`Fault::Error`], in seconds.
    pub retry_after_s: Option<u64>,
    /// The message of simulated errors.
    pub error_message: String,
    /// How long [`Fault::Stall`] lasts.
    pub stall_ms: f64,
    /// Answers every so-manieth scrape of metrics with 500.
    pub scrape_error_every: Option<u64>,
    /// How long control hooks (resetting caches, profiling) take.
    pub hook_delay_ms: f64,
    /// The statuses that calls of control hooks are answered with, in turn; 200 once they are used up.
    pub hook_statuses: Vec<u16>,

    /// Which server's names `/metrics` has.
    pub metrics: MetricsStyle,
    /// GPUs on the pages of GPU figures.
    pub gpus: u64,
    /// Their model.
    pub gpu_name: String,

    /// Writes every byte of a response on its own, this many milliseconds after the one before.
    pub slow_bytes_ms: Option<f64>,
    /// Ends the lines of event streams with CR LF instead of LF.
    pub crlf: bool,
    /// Puts a comment before every event.
    pub comments: bool,
    /// Spreads the JSON of each event over two `data` lines.
    pub two_data_lines: bool,
    /// Leaves out the blank line after the last event.
    pub no_final_blank_line: bool,
    /// Writes each chunk in two parts with a millisecond between them, cut within a code point where
    /// there is one of several bytes.
    pub split_writes: bool,
    /// Closes a connection, unannounced, after this many responses.
    pub idle_close: Option<u64>,

    /// Seed of every random choice. What happens to request *n* is a function of the seed and *n*,
    /// counting the well-formed generation requests in the order of their arrival.
    pub seed: u64,
    /// Where to append what really happened, one JSON line per request: see
    /// [`TruthRecord`](crate::TruthRecord).
    pub truth_file: Option<PathBuf>,
    /// Where to append every request as it came, one JSON line each: see
    /// [`RequestRecord`](crate::RequestRecord). It contains credentials.
    pub request_log: Option<PathBuf>,
}

/// How TLS is served: with a certificate for `localhost`, the loopback addresses and the host, made at
/// the start and signed by an authority made at the start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsOptions {
    /// Where to write the authority's certificate (PEM), for clients to trust.
    pub ca_file: Option<PathBuf>,
    /// Demands a certificate of clients, and writes one that is good here with its key to this file
    /// (PEM).
    pub client_identity_file: Option<PathBuf>,
}

/// Tokens in common steps. At each step, prompts are read up to a limit, and every request whose
/// prompt was read gets one token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchOptions {
    /// Time of a step, in milliseconds, above 0.
    pub step_ms: f64,
    /// Added to the time of a step for each request in it.
    pub step_per_request_ms: f64,
    /// Requests that run at a time; others wait their turn.
    pub max_requests: u64,
    /// Prompt tokens that are read in one step, over all requests.
    pub prompt_tokens_per_step: u64,
}

/// The member that carries reasoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReasoningField {
    /// `reasoning_content`
    #[default]
    ReasoningContent,
    /// `reasoning`
    Reasoning,
}

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// `gzip`
    Gzip,
    /// `deflate`, in the zlib format that RFC 9110 demands
    Deflate,
    /// `zstd`
    Zstd,
}

/// Whose names metrics go under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MetricsStyle {
    /// `vllm:…`
    #[default]
    Vllm,
    /// `sglang:…`
    Sglang,
    /// `trtllm_…`
    TrtLlm,
    /// `dynamo_frontend_…`
    Dynamo,
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
    /// In every chunk of a stream and in every other answer, asked or not.
    EveryChunk,
    /// In none.
    Never,
}

impl Default for MockOptions {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            threads: 1,
            unix_socket: None,
            http2: true,
            tls: None,
            gpu_port: None,
            stop_listening_after: None,
            api_key: None,
            api_key_header: None,
            required_headers: Vec::new(),
            models_ready_after_ms: 0.0,
            inference_ready_after_ms: 0.0,
            no_models_page: false,
            ttft_ms: 0.0,
            itl_ms: 0.0,
            ttft_jitter: 0.0,
            itl_jitter: 0.0,
            distribution: Distribution::default(),
            ttft_per_prompt_token_ms: 0.0,
            ttft_per_running_squared_ms: 0.0,
            itl_per_running_ms: 0.0,
            itl_per_output_token_ms: 0.0,
            end_delay_ms: 0.0,
            batch: None,
            prefix_cache_tokens: None,
            default_output_tokens: 32,
            models: Vec::new(),
            reasoning_tokens: 0,
            reasoning_field: ReasoningField::default(),
            mixed_reasoning: false,
            tool_calls: 0,
            tool_call_tokens: 8,
            legacy_function_call: false,
            draft_tokens: None,
            embedding_dimensions: 768,
            unicode: false,
            compression: None,
            video_statuses: ["queued", "in_progress", "completed"]
                .map(str::to_owned)
                .into(),
            prompt_counter: None,
            cached_tokens: CachedTokens::default(),
            tokens_per_chunk: 1,
            chunks_per_write: 1,
            usage: UsageMode::default(),
            single_chunk_bytes: None,
            error_rate: 0.0,
            error_status: 500,
            reset_rate: 0.0,
            cut_rate: 0.0,
            stream_error_rate: 0.0,
            hang_rate: 0.0,
            faults: Vec::new(),
            fault_models: Vec::new(),
            retry_after_s: None,
            error_message: "simulated error".to_owned(),
            stall_ms: 1_000.0,
            scrape_error_every: None,
            hook_delay_ms: 0.0,
            hook_statuses: Vec::new(),
            metrics: MetricsStyle::default(),
            gpus: 2,
            gpu_name: "NVIDIA H200".to_owned(),
            slow_bytes_ms: None,
            crlf: false,
            comments: false,
            two_data_lines: false,
            no_final_blank_line: false,
            split_writes: false,
            idle_close: None,
            seed: 0,
            truth_file: None,
            request_log: None,
        }
    }
}

impl MockOptions {
    /// The share of requests that a fault befalls by chance.
    pub fn fault_rate(&self, fault: Fault) -> f64 {
        let shares = self.fault_shares();
        shares
            .filter(|(found, _)| *found == fault)
            .map(|(_, share)| share)
            .sum()
    }

    /// Every fault that befalls requests by chance, with its share. A fault may come twice.
    pub(crate) fn fault_shares(&self) -> impl Iterator<Item = (Fault, f64)> {
        let named = [
            (Fault::Error, self.error_rate),
            (Fault::Reset, self.reset_rate),
            (Fault::Cut, self.cut_rate),
            (Fault::StreamError, self.stream_error_rate),
            (Fault::Hang, self.hang_rate),
        ];
        let ruled = self.faults.iter().filter_map(|rule| match rule.when {
            When::Share(share) => Some((rule.fault, share)),
            When::Every(_) | When::First(_) => None,
        });
        named.into_iter().chain(ruled)
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
        let mut sum = 0.0;
        for (fault, rate) in self.fault_shares() {
            let option = match fault {
                Fault::Error => "error_rate",
                Fault::Reset => "reset_rate",
                Fault::Cut => "cut_rate",
                Fault::StreamError => "stream_error_rate",
                Fault::Hang => "hang_rate",
                _ => "faults",
            };
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
        let is_counted_from_one = |rule: &FaultRule| match rule.when {
            When::Every(count) | When::First(count) => count >= 1,
            When::Share(_) => true,
        };
        require(
            self.faults.iter().all(is_counted_from_one),
            "faults",
            "must count requests from 1",
        )?;
        for (option, milliseconds) in [
            ("models_ready_after_ms", self.models_ready_after_ms),
            ("inference_ready_after_ms", self.inference_ready_after_ms),
            ("ttft_per_prompt_token_ms", self.ttft_per_prompt_token_ms),
            (
                "ttft_per_running_squared_ms",
                self.ttft_per_running_squared_ms,
            ),
            ("itl_per_running_ms", self.itl_per_running_ms),
            ("itl_per_output_token_ms", self.itl_per_output_token_ms),
            ("end_delay_ms", self.end_delay_ms),
            ("stall_ms", self.stall_ms),
            ("hook_delay_ms", self.hook_delay_ms),
        ] {
            require(
                milliseconds.is_finite() && milliseconds >= 0.0,
                option,
                "must be a number that is not below 0",
            )?;
        }
        if let Some(batch) = self.batch {
            require(
                batch.step_ms.is_finite()
                    && batch.step_ms > 0.0
                    && batch.step_per_request_ms.is_finite()
                    && batch.step_per_request_ms >= 0.0,
                "batch",
                "needs a time of a step above 0",
            )?;
            require(
                batch.max_requests >= 1 && batch.prompt_tokens_per_step >= 1,
                "batch",
                "must let at least one request and one prompt token into a step",
            )?;
        }
        for (option, count) in [
            ("chunks_per_write", self.chunks_per_write),
            ("embedding_dimensions", self.embedding_dimensions),
            ("tool_call_tokens", self.tool_call_tokens),
            ("gpus", self.gpus),
            ("scrape_error_every", self.scrape_error_every.unwrap_or(1)),
            (
                "stop_listening_after",
                self.stop_listening_after.unwrap_or(1),
            ),
            ("draft_tokens", self.draft_tokens.unwrap_or(1)),
        ] {
            require(count >= 1, option, "must be at least 1")?;
        }
        require(
            !self.video_statuses.is_empty(),
            "video_statuses",
            "must name at least one status",
        )?;
        require(
            self.hook_statuses
                .iter()
                .all(|status| (200..600).contains(status)),
            "hook_statuses",
            "must be HTTP statuses, 200 to 599",
        )?;
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
