//! Recorders of chat runs, exchanges made by hand, and exchanges with the mock server.

use std::path::Path;
use std::sync::{Arc, Mutex};

use aiperf_clock::{Clock, MILLISECOND, SECOND, monotonic_now};
use aiperf_endpoint::headers::{HeaderSettings, HeaderTemplate};
use aiperf_engine::{
    ConnectionReuse, Engine, EngineSettings, Exchange, ExchangeSink, HeaderPlan, IoPriority,
    NothingToCompose, PhaseOutcome, PlannedConversation, PlannedTurn, TurnBody, Workload,
};
use aiperf_metrics::{ActiveMetrics, EndpointTraits, RunContext};
use aiperf_mock::{MockOptions, MockServer};
use aiperf_model::MetricRecord;
use aiperf_record::{
    Backlog, ConversationMeta, PhaseMeta, Recorded, Recorder, RecorderSettings, TurnMeta,
};
use aiperf_schedule::{Arrivals, PhaseKind, PhasePlan, StopRules};
use aiperf_tokenizer::Tokenizer;
use aiperf_transport::{HttpExchange, Received, Target, TransportOptions};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use uuid::Uuid;

pub(crate) const EVENT_STREAM: &str = "text/event-stream";
pub(crate) const JSON: &str = "application/json";

/// Settings for streamed chat with the built-in tokenizer: conversations of one turn each, two
/// phases.
pub(crate) fn settings(conversations: usize) -> RecorderSettings {
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
        max_tokens: None,
        tokenizer: 0,
        has_fixed_body: true,
    };
    let phase = |name: &str, profiling_index: Option<usize>| PhaseMeta {
        name: name.to_owned(),
        is_profiling: profiling_index.is_some(),
        profiling_index,
    };
    RecorderSettings {
        clock: Clock::start(),
        endpoint: Arc::default(),
        use_server_token_count: false,
        tokenizers: vec![Tokenizer::builtin()],
        conversations: (0..conversations)
            .map(|index| ConversationMeta {
                id: format!("c{index}").into(),
                turns: vec![turn],
            })
            .collect(),
        phases: vec![phase("warmup", None), phase("profiling", Some(0))],
        metrics: Arc::new(ActiveMetrics::new(&context).unwrap()),
        worker_ids: (0..4).map(|index| format!("worker_{index:08x}")).collect(),
        records_path: None,
        raw_path: None,
        outputs: None,
        with_http_trace: false,
        headers: HeaderTemplate::new(HeaderSettings {
            streaming: true,
            api_key: Some("very secret".to_owned()),
            user_agent: "test".to_owned(),
            ..HeaderSettings::default()
        })
        .unwrap(),
        on_record: None,
        live: None,
        applies_chat_template: false,
        mark_of: None,
        secrets: aiperf_redact::Secrets::default(),
        context_overflow_texts: Vec::new(),
    }
}

pub(crate) fn with_records(settings: RecorderSettings, path: &Path) -> RecorderSettings {
    RecorderSettings {
        records_path: Some(path.to_owned()),
        ..settings
    }
}

pub(crate) fn with_raw(settings: RecorderSettings, path: &Path) -> RecorderSettings {
    RecorderSettings {
        raw_path: Some(path.to_owned()),
        ..settings
    }
}

/// Names for `threads` recorder threads.
pub(crate) fn processors(threads: usize) -> Vec<String> {
    (0..threads)
        .map(|index| format!("record_processor_{index:08x}"))
        .collect()
}

/// Records exchanges that are all there already.
pub(crate) fn record(
    settings: RecorderSettings,
    exchanges: impl IntoIterator<Item = Exchange>,
) -> Recorded {
    let backlog = Backlog::new(usize::MAX);
    exchanges
        .into_iter()
        .for_each(|exchange| backlog.accept(exchange));
    Recorder::start(settings, backlog, processors(2))
        .unwrap()
        .finish()
        .unwrap()
}

pub(crate) fn read_records(path: &Path) -> Vec<MetricRecord> {
    aiperf_model::open_records(path)
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

/// The body of a chat request that asks for `tokens` tokens as a stream.
pub(crate) fn chat(prompt: &str, tokens: u32) -> String {
    let prompt = serde_json::to_string(prompt).unwrap();
    format!(
        r#"{{"messages":[{{"role":"user","content":{prompt}}}],"model":"m","stream":true,"max_completion_tokens":{tokens}}}"#
    )
}

/// An exchange of the profiling phase whose answer came in one read, 10 ms after the start.
pub(crate) fn answered(index: u64, status: u16, content_type: &str, body: &str) -> Exchange {
    let start = monotonic_now();
    let at = start + 10 * MILLISECOND;
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_str(content_type).unwrap());
    let http = HttpExchange {
        start,
        send_start: Some(start + 1),
        send_end: Some(start + 2),
        writes: 1,
        first_byte: Some(at),
        head_at: Some(at),
        status: Some(StatusCode::from_u16(status).unwrap()),
        headers,
        received: Received::from_iter([(body.as_bytes(), at)]),
        end: at,
        read_count: 1,
        ..HttpExchange::default()
    };
    Exchange {
        phase: 1,
        request_index: index,
        conversation: 0,
        turn: 0,
        worker: 0,
        target: 0,
        request_id: Uuid::from_u128(u128::from(index) + 1),
        correlation_id: aiperf_engine::CorrelationId::Random((u128::from(index) + 1) << 64),
        session: index,
        intended: None,
        issued: start,
        slot_empty: None,
        body: Bytes::from(chat("one two three", 5)),
        job_failure: None,
        http,
    }
}

/// One event of a chat stream.
pub(crate) fn event(content: &str) -> String {
    let content = serde_json::to_string(content).unwrap();
    format!(
        "data: {{\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{content}}}}}]}}\n\n"
    )
}

/// Keeps a copy of every exchange and hands it on.
pub(crate) struct Tee {
    next: Backlog,
    kept: Mutex<Vec<Exchange>>,
}

impl Tee {
    pub(crate) fn new(next: Backlog) -> Arc<Self> {
        Arc::new(Self {
            next,
            kept: Mutex::default(),
        })
    }

    /// In the order in which they ended.
    pub(crate) fn kept(&self) -> Vec<Exchange> {
        self.kept.lock().unwrap().clone()
    }
}

impl ExchangeSink for Tee {
    fn accept(&self, exchange: Exchange) {
        self.kept.lock().unwrap().push(exchange.clone());
        self.next.accept(exchange);
    }
}

/// Sends `bodies`, one conversation each, to a mock server, and returns when all was sent.
pub(crate) fn send(
    mock: MockOptions,
    bodies: Vec<String>,
    plans: Vec<(PhaseKind, Arrivals, u64)>,
    tee: &Arc<Tee>,
) -> Vec<PhaseOutcome> {
    let server = MockServer::start(mock).unwrap();
    let target = Target::parse(&format!("{}/v1/chat/completions", server.url())).unwrap();
    let settings = EngineSettings {
        threads: 2,
        targets: vec![target],
        transport: TransportOptions::default(),
        headers: HeaderPlan::default(),
        connection_reuse: ConnectionReuse::Pooled,
        request_timeout: None,
        send_timeout: 300 * SECOND,
        jobs: None,
        first_content: None,
        max_catch_up: 60 * SECOND,
        io_priority: IoPriority::Normal,
    };
    let count = bodies.len() as u64;
    let conversations = bodies
        .into_iter()
        .enumerate()
        .map(|(index, body)| PlannedConversation {
            id: format!("c{index}").into(),
            turns: vec![PlannedTurn {
                body: TurnBody::Ready(body.into()),
                delay: 0,
                headers: None,
                timestamp_ms: None,
            }],
        });
    let workload = Workload {
        conversations: conversations.collect(),
        sampler: Box::new(move |session| (session % count) as usize),
        composer: Arc::new(NothingToCompose),
    };
    let sink: Arc<dyn ExchangeSink> = Arc::<Tee>::clone(tee);
    let mut engine = Engine::start(settings, &Arc::new(workload), &sink).unwrap();
    let run = |(kind, arrivals, requests): (PhaseKind, Arrivals, u64)| {
        let stop = StopRules {
            requests: Some(requests),
            ..StopRules::default()
        };
        let plan = PhasePlan::new(kind.name(), kind, arrivals, stop);
        engine.run_phase(plan, |_| {}).unwrap()
    };
    plans.into_iter().map(run).collect()
}
