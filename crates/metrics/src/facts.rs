//! What the recorder knows of one request: numbers, nothing to parse.

use std::collections::BTreeMap;

/// The facts of one finished request. Stamps named `perf` are nanoseconds of the monotonic clock,
/// those named `epoch` nanoseconds since 1970.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecordFacts<'a> {
    /// Monotonic time right before the request was sent; latencies count from here.
    pub start_perf_ns: u64,
    /// Wall time of the same instant.
    pub start_epoch_ns: u64,
    /// The headers of a 2xx answer had arrived.
    pub recv_start_perf_ns: Option<u64>,
    /// Arrival of every part that carries content (text, reasoning, tool call, embedding, …), in
    /// order. Parts with nothing but usage, a role or `[DONE]` are not content.
    pub content_perf_ns: &'a [u64],
    /// Arrival of the first content part that is not reasoning.
    pub first_output_perf_ns: Option<u64>,
    /// Arrival of the last part of any kind, for failed requests the moment of failure.
    pub request_end_perf_ns: Option<u64>,
    /// The stream or body had ended.
    pub end_perf_ns: Option<u64>,
    /// The server's usage object.
    pub usage: UsageFacts,
    /// Tokens of the input.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer without reasoning. Endpoints that count input but answer without text
    /// (embeddings, rankings) give 0.
    pub output_tokens: Option<u64>,
    /// Tokens of reasoning.
    pub reasoning_tokens: Option<u64>,
    /// With per-chunk usage: completion tokens of the first content part.
    pub first_chunk_tokens: Option<u64>,
    /// The output length that the request asked for.
    pub max_tokens: Option<u64>,
    /// What the transport saw; `None` if the request never reached it.
    pub http: Option<HttpTraceFacts>,
    /// Wall time at which the sending was decided.
    pub credit_issued_epoch_ns: Option<u64>,
    /// From taking the decision to sending, within the sender.
    pub credit_drop_latency_ns: Option<u64>,
    /// The request failed (cancelled requests are failed requests).
    pub failed: bool,
    /// The request was cancelled.
    pub cancelled: bool,
    /// It failed because the input exceeds the model's context.
    pub context_overflow: bool,
    /// When a fixed schedule wanted it sent, in nanoseconds of the schedule: only differences
    /// count, so it may begin at any instant. `None` for turns that follow others after a delay.
    pub scheduled_epoch_ns: Option<u64>,
    /// Images in the body that was sent.
    pub input_images: u64,
    /// Length of the audio in the body that was sent, in seconds.
    pub audio_seconds: Option<f64>,
    /// Seconds that the server says it worked on a video.
    pub video_inference_time_s: Option<f64>,
    /// Megabytes that the server says the video took at most.
    pub video_peak_memory_mb: Option<f64>,
    /// What the server reports about speculative decoding, once it was found consistent.
    pub speculative_decoding: Option<SpeculativeDecodingFacts<'a>>,
}

/// What a server reports about speculative decoding of one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpeculativeDecodingFacts<'a> {
    /// Tokens gained per verification step, the bonus token included.
    pub mean_acceptance_length: f64,
    /// Accepted draft tokens as a share of proposed ones, 0 to 1.
    pub draft_acceptance_rate: f64,
    /// Draft tokens that were accepted, without bonus tokens.
    pub accepted_draft_tokens: u64,
    /// Draft tokens that were proposed.
    pub draft_tokens: u64,
    /// Verification steps.
    pub steps: u64,
    /// Number of accepted draft tokens in a step to number of such steps.
    pub acceptance_histogram: &'a BTreeMap<u64, u64>,
}

/// Why a record without error does not count as valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidRecord {
    /// No part carried content.
    NoContent,
    /// End before start, or a stamp out of range.
    BadTimes,
}

impl RecordFacts<'_> {
    /// Checks a record that has no error: whether it may enter any figure.
    pub fn check(&self) -> Result<(), InvalidRecord> {
        let stamp_is_sane = |stamp: u64| (1..i64::MAX as u64).contains(&stamp);
        let Some(&last_content) = self.content_perf_ns.last() else {
            return Err(InvalidRecord::NoContent);
        };
        let end = self
            .end_perf_ns
            .or(self.request_end_perf_ns)
            .unwrap_or(last_content);
        let times_are_sane = self.start_perf_ns < end
            && stamp_is_sane(end)
            && self
                .content_perf_ns
                .iter()
                .all(|&stamp| stamp_is_sane(stamp));
        if times_are_sane {
            Ok(())
        } else {
            Err(InvalidRecord::BadTimes)
        }
    }

    /// Wall time of the last part of any kind: the start plus monotonic time, so that a stepped
    /// clock cannot bend it. The start itself when nothing came back.
    pub fn request_end_epoch_ns(&self) -> u64 {
        let end = self.request_end_perf_ns.unwrap_or(self.start_perf_ns);
        self.start_epoch_ns + end.saturating_sub(self.start_perf_ns)
    }

    /// Whether the server reported a first chunk that cannot be part of `output_tokens` tokens.
    /// The inter-token latency then ignores it; worth one warning per run.
    pub fn first_chunk_is_inconsistent(&self, output_tokens: u64) -> bool {
        self.first_chunk_tokens
            .is_some_and(|first| first == 0 || first >= output_tokens)
    }
}

/// The values of the server's usage object; `None` where the server did not say.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "the names are those of the metrics, which the catalog explains"
)]
pub struct UsageFacts {
    pub prompt_tokens: Option<u64>,
    pub completion_tokens: Option<u64>,
    pub total_tokens: Option<u64>,
    pub reasoning_tokens: Option<u64>,
    pub prompt_cache_read_tokens: Option<u64>,
    pub prompt_cache_write_tokens: Option<u64>,
    pub prompt_cache_miss_tokens: Option<u64>,
    pub prompt_audio_tokens: Option<u64>,
    pub completion_audio_tokens: Option<u64>,
    pub accepted_prediction_tokens: Option<u64>,
    pub rejected_prediction_tokens: Option<u64>,
    pub tool_use_prompt_tokens: Option<u64>,
    pub prompt_audio_seconds: Option<f64>,
}

/// What the transport saw of one exchange; stamps in monotonic nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HttpTraceFacts {
    /// Started to wait for a connection of the pool.
    pub pool_wait_start_ns: Option<u64>,
    /// Got one.
    pub pool_wait_end_ns: Option<u64>,
    /// Name lookup began; absent for cached names and addresses.
    pub dns_lookup_start_ns: Option<u64>,
    /// Name lookup ended.
    pub dns_lookup_end_ns: Option<u64>,
    /// Connecting began.
    pub tcp_connect_start_ns: Option<u64>,
    /// Connected, TLS included.
    pub tcp_connect_end_ns: Option<u64>,
    /// The exchange ran over a connection that was open already.
    pub connection_reused: bool,
    /// First byte of the request was written.
    pub request_send_start_ns: Option<u64>,
    /// Last byte of the request was written.
    pub request_send_end_ns: Option<u64>,
    /// First body bytes of the answer were read.
    pub response_receive_start_ns: Option<u64>,
    /// Last body bytes of the answer were read.
    pub response_receive_end_ns: Option<u64>,
    /// Bytes of the request body.
    pub request_bytes: u64,
    /// Writes of the request body.
    pub request_chunks: u64,
    /// Bytes of the response body.
    pub response_bytes: u64,
    /// Reads of the response body.
    pub response_chunks: u64,
}
