//! Exchanges as the I/O threads would hand them over: streamed chat answers of 32 tokens.

use std::path::Path;
use std::sync::Arc;

use aiperf_clock::{Clock, MILLISECOND, Nanos, monotonic_now};
use aiperf_endpoint::headers::{HeaderSettings, HeaderTemplate};
use aiperf_engine::{Exchange, ExchangeSink};
use aiperf_metrics::{ActiveMetrics, EndpointTraits, RunContext};
use aiperf_record::{
    Backlog, ConversationMeta, PhaseMeta, Recorded, Recorder, RecorderError, RecorderSettings,
    TurnMeta,
};
use aiperf_tokenizer::Tokenizer;
use aiperf_transport::HttpExchange;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use uuid::Uuid;

/// Tokens of each answer, one a chunk.
const TOKENS: u32 = 32;

/// Texts of the chunks: common words, each one token.
const WORDS: [&str; 16] = [
    " the", " of", " and", " to", " in", " a", " is", " that", " for", " it", " as", " was",
    " with", " on", " be", " by",
];

const REQUEST: &[u8] = br#"{"messages":[{"role":"user","content":"Say something of thirty-two words."}],"model":"m","stream":true,"max_completion_tokens":32,"stream_options":{"include_usage":true}}"#;

/// What a run of streamed chat requests with the built-in tokenizer tells its recorder. Without a
/// path no lines are written.
pub(crate) fn settings(records_path: Option<&Path>) -> RecorderSettings {
    let context = RunContext {
        endpoint: EndpointTraits {
            produces_tokens: true,
            tokenizes_input: true,
            ..EndpointTraits::default()
        },
        streaming: true,
        ..RunContext::default()
    };
    let turn = TurnMeta {
        timestamp_ms: None,
        audio_seconds: None,
        max_tokens: Some(TOKENS),
        tokenizer: 0,
        has_fixed_body: true,
    };
    let header_settings = HeaderSettings {
        streaming: true,
        ..HeaderSettings::default()
    };
    RecorderSettings {
        clock: Clock::start(),
        endpoint: Arc::default(),
        use_server_token_count: false,
        tokenizers: vec![Tokenizer::builtin()],
        conversations: vec![ConversationMeta {
            id: "conversation".into(),
            turns: vec![turn],
        }]
        .into(),
        phases: vec![PhaseMeta {
            name: "profiling".to_owned(),
            is_profiling: true,
            profiling_index: Some(0),
        }],
        metrics: Arc::new(ActiveMetrics::new(&context).expect("no objectives, nothing to refuse")),
        worker_ids: vec!["worker_00000000".to_owned()],
        records_path: records_path.map(Path::to_owned),
        with_http_trace: false,
        raw_path: None,
        outputs: None,
        headers: HeaderTemplate::new(header_settings).expect("the usual headers are valid"),
        on_record: None,
        live: None,
        applies_chat_template: false,
        mark_of: None,
        secrets: aiperf_redact::Secrets::default(),
        context_overflow_texts: Vec::new(),
    }
}

/// The exchange of request `index`: 5 ms to the first token, 1 ms between tokens.
pub(crate) fn exchange(index: u64) -> Exchange {
    let start = monotonic_now() + index;
    let mut http = HttpExchange {
        start,
        send_start: Some(start + 10_000),
        send_end: Some(start + 20_000),
        writes: 1,
        head_at: Some(start + 5 * MILLISECOND),
        status: Some(StatusCode::OK),
        headers: headers(),
        ..HttpExchange::default()
    };
    http.connection.is_reused = true;
    http.connection.ready_at = Some(start + 5_000);
    let mut at = start + 5 * MILLISECOND;
    append(
        &mut http,
        at,
        index,
        r#"{"role":"assistant","content":""}"#,
        "null",
    );
    for token in 0..TOKENS {
        let word = WORDS[(index as usize + token as usize) % WORDS.len()];
        let finish = if token + 1 == TOKENS {
            r#""length""#
        } else {
            "null"
        };
        append(
            &mut http,
            at,
            index,
            &format!(r#"{{"content":"{word}"}}"#),
            finish,
        );
        at += MILLISECOND;
    }
    let usage = r#""usage":{"prompt_tokens":7,"total_tokens":39,"completion_tokens":32}"#;
    let end = format!(
        "data: {},\"choices\":[],{usage}}}\n\ndata: [DONE]\n\n",
        chunk_head(index)
    );
    http.received.append(end.as_bytes(), at);
    http.received.finish();
    http.first_byte = http.head_at;
    http.end = at;
    http.read_count = http.received.read_count() as u32;
    Exchange {
        phase: 0,
        request_index: index,
        conversation: 0,
        turn: 0,
        worker: 0,
        target: 0,
        request_id: Uuid::from_u128(u128::from(index)),
        correlation_id: aiperf_engine::CorrelationId::Random(u128::from(index) << 64),
        session: index,
        intended: None,
        issued: start,
        slot_empty: Some(1_000),
        body: Bytes::from_static(REQUEST),
        job_failure: None,
        http,
    }
}

fn headers() -> HeaderMap {
    [
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("transfer-encoding", "chunked"),
    ]
    .into_iter()
    .map(|(name, value)| {
        (
            http::HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    })
    .collect()
}

fn chunk_head(index: u64) -> String {
    format!(
        r#"{{"id":"chatcmpl-{index:016}","object":"chat.completion.chunk","created":1700000000,"model":"m""#
    )
}

fn append(http: &mut HttpExchange, at: Nanos, index: u64, delta: &str, finish: &str) {
    let head = chunk_head(index);
    let event = format!(
        "data: {head},\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish}}}]}}\n\n"
    );
    http.received.append(event.as_bytes(), at);
}

/// Records the exchanges on one recorder thread. All of them wait when it starts, so that the work
/// is the same each time.
pub(crate) fn record(
    settings: RecorderSettings,
    exchanges: impl IntoIterator<Item = Exchange>,
) -> Result<Recorded, RecorderError> {
    let backlog = Backlog::new(usize::MAX);
    exchanges
        .into_iter()
        .for_each(|exchange| backlog.accept(exchange));
    let name = "record_processor_00000000".to_owned();
    Recorder::start(settings, backlog, vec![name])?.finish()
}
