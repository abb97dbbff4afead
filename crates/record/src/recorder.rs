//! Recorder threads: from the backlog to lines and columns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;

use aiperf_endpoint::failure::is_context_overflow;
use aiperf_endpoint::headers::RequestIds;
use aiperf_endpoint::speculative_decoding::SpeculativeDecoding;
use aiperf_endpoint::usage::Usage;
use aiperf_endpoint::{Failure, raw};
use aiperf_engine::Exchange;
use aiperf_metrics::{
    Columns, HttpTraceFacts, LIST_BUDGET_BYTES, RecordFacts, RecordValues,
    SpeculativeDecodingFacts, UsageFacts, compute_record,
};
use aiperf_model::SpecDecodeAcceptance;
use aiperf_transport::{ReceivedBody, TransportFailure};
use thiserror::Error;

use crate::backlog::Backlog;
use crate::client::ClientFacts;
use crate::interpret::{Interpretation, KnownInputs, interpret, transcript};
use crate::jsonl::LineFile;
use crate::line::{JsonLine, RecordInstants};
use crate::output::{output_entry, write_output};
use crate::settings::RecorderSettings;
use crate::tally::ErrorTally;
use crate::trace::trace_data;

/// Lines are handed to the file at the latest when they have grown to this.
const LINE_BUFFER: usize = 64 * 1024;

/// Recording could not be started or finished.
#[derive(Debug, Error)]
pub enum RecorderError {
    /// A file of records cannot be created.
    #[error("cannot create `{path}`: {cause}")]
    Create {
        /// The file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// The system gave no thread.
    #[error("cannot start a recorder thread: {0}")]
    Thread(std::io::Error),
    /// A recorder thread ended by a defect.
    #[error("a recorder thread ended unexpectedly; the records up to then are in the file")]
    ThreadLost,
}

/// The recorder threads of a run.
pub struct Recorder {
    threads: Vec<JoinHandle<ThreadResult>>,
    backlog: Backlog,
    shared: Arc<Shared>,
}

struct Shared {
    settings: RecorderSettings,
    known_inputs: KnownInputs,
    records: Option<LineFile>,
    raw: Option<LineFile>,
    outputs: Option<LineFile>,
    /// Valid and failed records of each phase so far.
    live_counts: Vec<[AtomicU64; 2]>,
}

impl Shared {
    /// The files that are written, if they are.
    fn files(&self) -> impl Iterator<Item = &LineFile> {
        [&self.records, &self.raw, &self.outputs]
            .into_iter()
            .flatten()
    }

    fn count(&self, phase: usize, is_failure: bool) {
        let [valid, failed] = &self.live_counts[phase];
        let counter = if is_failure { failed } else { valid };
        counter.fetch_add(1, Relaxed);
        if let Some(on_record) = &self.settings.on_record {
            let failed = failed.load(Relaxed);
            on_record(phase, failed, failed + valid.load(Relaxed));
        }
    }
}

/// Everything that was recorded.
pub struct Recorded {
    /// The values of all records of all phases.
    pub columns: Columns,
    /// The failures of each phase, by phase index.
    pub errors: Vec<ErrorTally>,
    /// Valid and failed records of each phase, by phase index.
    pub counts: Vec<(u64, u64)>,
    /// What the measured phases say about this program.
    pub client: ClientFacts,
    /// Processor time of the recorder threads, in nanoseconds.
    pub cpu: u64,
}

struct ThreadResult {
    columns: Columns,
    errors: Vec<ErrorTally>,
    counts: Vec<(u64, u64)>,
    client: ClientFacts,
    cpu: u64,
}

impl Recorder {
    /// Starts `threads` threads that take from `backlog`.
    ///
    /// # Errors
    /// A file cannot be created, or the system gives no thread.
    pub fn start(
        settings: RecorderSettings,
        backlog: Backlog,
        processor_ids: Vec<String>,
    ) -> Result<Self, RecorderError> {
        let create = |path: Option<&std::path::PathBuf>| {
            path.map(|path| {
                LineFile::create(path).map_err(|cause| RecorderError::Create {
                    path: path.display().to_string(),
                    cause,
                })
            })
            .transpose()
        };
        let phases = settings.phases.len();
        let live_counts = std::iter::repeat_with(Default::default).take(phases);
        let shared = Arc::new(Shared {
            records: create(settings.records_path.as_ref())?,
            raw: create(settings.raw_path.as_ref())?,
            outputs: create(settings.outputs.as_ref().map(|outputs| &outputs.path))?,
            known_inputs: KnownInputs::new(&settings),
            settings,
            live_counts: live_counts.collect(),
        });
        let list_budget = LIST_BUDGET_BYTES / processor_ids.len().max(1);
        let threads = processor_ids
            .into_iter()
            .enumerate()
            .map(|(index, processor_id)| {
                let (shared, backlog) = (Arc::clone(&shared), backlog.clone());
                std::thread::Builder::new()
                    .name("recorder".to_owned())
                    .spawn(move || {
                        RecorderThread::new(shared, index, processor_id, list_budget).run(&backlog)
                    })
                    .map_err(RecorderError::Thread)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            threads,
            backlog,
            shared,
        })
    }

    /// Valid and failed records of a phase so far.
    pub fn counts(&self, phase: usize) -> (u64, u64) {
        let [valid, failed] = &self.shared.live_counts[phase];
        (valid.load(Relaxed), failed.load(Relaxed))
    }

    /// Why records can no longer be written, if so: the run should end.
    pub fn failure(&self) -> Option<String> {
        self.shared
            .files()
            .find_map(|file| file.failure().map(str::to_owned))
    }

    /// Records what is still waiting and returns everything.
    ///
    /// # Errors
    /// A thread was lost.
    pub fn finish(self) -> Result<Recorded, RecorderError> {
        self.backlog.close();
        let phases = self.shared.settings.phases.len();
        let mut recorded = Recorded {
            columns: Columns::new(Arc::clone(&self.shared.settings.metrics)),
            errors: vec![ErrorTally::default(); phases],
            counts: vec![(0, 0); phases],
            client: ClientFacts::default(),
            cpu: 0,
        };
        for thread in self.threads {
            let result = thread.join().map_err(|_| RecorderError::ThreadLost)?;
            recorded.columns.append(result.columns);
            for (all, own) in recorded.errors.iter_mut().zip(result.errors) {
                all.merge(own);
            }
            for (all, own) in recorded.counts.iter_mut().zip(result.counts) {
                *all = (all.0 + own.0, all.1 + own.1);
            }
            recorded.client.merge(result.client);
            recorded.cpu += result.cpu;
        }
        // A file without a line is no result.
        for file in self.shared.files() {
            if file.is_empty() && file.failure().is_none() {
                let _ = std::fs::remove_file(file.path());
            }
        }
        Ok(recorded)
    }
}

struct RecorderThread {
    shared: Arc<Shared>,
    /// Its position among the recorder threads.
    index: usize,
    processor_id: String,
    lines: Vec<u8>,
    raw_lines: Vec<u8>,
    output_lines: Vec<u8>,
    values: RecordValues,
    content_instants: Vec<u64>,
    body: ReceivedBody,
    result: ThreadResult,
}

impl RecorderThread {
    fn new(shared: Arc<Shared>, index: usize, processor_id: String, list_budget: usize) -> Self {
        let metrics = &shared.settings.metrics;
        let phases = shared.settings.phases.len();
        Self {
            values: RecordValues::new(metrics),
            result: ThreadResult {
                columns: Columns::new(Arc::clone(metrics)).with_list_budget(list_budget),
                errors: vec![ErrorTally::default(); phases],
                counts: vec![(0, 0); phases],
                client: ClientFacts::default(),
                cpu: 0,
            },
            shared,
            index,
            processor_id,
            lines: Vec::new(),
            raw_lines: Vec::new(),
            output_lines: Vec::new(),
            content_instants: Vec::new(),
            body: ReceivedBody::default(),
        }
    }

    fn run(mut self, backlog: &Backlog) -> ThreadResult {
        yield_to_senders();
        loop {
            let exchange = match backlog.try_next() {
                Some(exchange) => exchange,
                None => {
                    // Nothing to do: what is recorded goes to the file before the waiting.
                    self.flush();
                    match backlog.wait_next() {
                        Some(exchange) => exchange,
                        None => break,
                    }
                }
            };
            self.record(&exchange);
            let waiting = self.lines.len() + self.raw_lines.len() + self.output_lines.len();
            if waiting >= LINE_BUFFER {
                self.flush();
            }
        }
        self.flush();
        self.result.cpu = aiperf_clock::thread_cpu_now();
        self.result
    }

    fn flush(&mut self) {
        for (file, lines) in [
            (&self.shared.records, &mut self.lines),
            (&self.shared.raw, &mut self.raw_lines),
            (&self.shared.outputs, &mut self.output_lines),
        ] {
            if let Some(file) = file {
                file.append(lines);
            }
            lines.clear();
        }
    }

    fn record(&mut self, exchange: &Exchange) {
        let shared = Arc::clone(&self.shared);
        let settings = &shared.settings;
        exchange.http.received.unfold_into(&mut self.body);
        let interpretation = interpret(settings, &shared.known_inputs, exchange, &self.body);
        let Interpretation {
            answer, failure, ..
        } = &interpretation;

        let instants = self.instants(exchange, &interpretation);
        if is_cut_off(exchange) {
            // It has no part in any figure: how long it would have taken is not known.
            return self.write_cut_off(settings, exchange, failure.as_ref(), &instants);
        }
        self.compute(exchange, &interpretation, &instants);
        let is_measured = settings.phases[exchange.phase].is_profiling;
        if let Some(live) = settings.live.as_ref().filter(|_| is_measured) {
            live.add(self.index, &self.values);
        }

        shared.count(exchange.phase, failure.is_some());
        let (valid, failed) = &mut self.result.counts[exchange.phase];
        match failure {
            None => *valid += 1,
            Some(failure) => {
                *failed += 1;
                self.result.errors[exchange.phase].add(failure, instants.end.cast_unsigned());
            }
        }
        if is_measured {
            self.result.client.add(exchange, answer);
        }
        if shared.records.is_some() {
            self.write_line(settings, exchange, &interpretation, &instants);
        }
        if shared.raw.is_some() {
            self.write_raw_line(settings, exchange, failure.as_ref(), &instants);
        }
        if let (Some(outputs), true) = (&settings.outputs, is_measured) {
            let answer = failure.is_none().then_some(answer);
            let entry = output_entry(settings, exchange, &instants, answer);
            let shown = self.values.exported(&settings.metrics);
            write_output(&mut self.output_lines, entry, outputs.metrics, shown);
        }
    }

    fn instants(&self, exchange: &Exchange, interpretation: &Interpretation) -> RecordInstants {
        let clock = self.shared.settings.clock;
        let http = &exchange.http;
        let is_good_status = http.status.is_some_and(|status| status.is_success());
        // What an open loop intended is when the request was due, however late this program was.
        let issued = exchange.intended.unwrap_or(exchange.issued);
        let end = interpretation.answer.last_message_at.unwrap_or(http.end);
        RecordInstants {
            credit_issued: clock.epoch(issued),
            start: clock.epoch(http.start),
            ack: http
                .head_at
                .filter(|_| is_good_status)
                .map(|at| clock.epoch(at)),
            end: clock.epoch(end),
            cancelled: is_given_up(exchange).then(|| clock.epoch(end)),
        }
    }

    fn compute(
        &mut self,
        exchange: &Exchange,
        interpretation: &Interpretation,
        instants: &RecordInstants,
    ) {
        let settings = &self.shared.settings;
        let Interpretation {
            answer,
            failure,
            tokens,
            input,
        } = interpretation;
        let http = &exchange.http;
        self.content_instants.clear();
        self.content_instants
            .extend(answer.parts.iter().map(|part| part.at));
        let turn = settings
            .conversations
            .turn(exchange.conversation, exchange.turn);
        let is_overflow = |failure: &Failure| {
            is_context_overflow(&failure.message, &settings.context_overflow_texts)
        };
        let facts = RecordFacts {
            start_perf_ns: http.start,
            start_epoch_ns: instants.start as u64,
            recv_start_perf_ns: http.head_at.filter(|_| instants.ack.is_some()),
            content_perf_ns: &self.content_instants,
            first_output_perf_ns: answer
                .parts
                .iter()
                .find(|part| part.has_output())
                .map(|part| part.at),
            request_end_perf_ns: Some(answer.last_message_at.unwrap_or(http.end)),
            end_perf_ns: Some(http.end),
            usage: answer.usage.as_ref().map(usage_facts).unwrap_or_default(),
            input_tokens: tokens.input,
            output_tokens: tokens.output,
            reasoning_tokens: tokens.reasoning,
            first_chunk_tokens: answer
                .first_chunk_tokens
                .filter(|_| settings.endpoint.per_chunk_usage),
            max_tokens: turn.and_then(|turn| turn.max_tokens).map(u64::from),
            input_images: input.images,
            audio_seconds: input.audio_seconds,
            video_inference_time_s: answer.video_inference_time_s(),
            video_peak_memory_mb: answer.video_peak_memory_mb(),
            speculative_decoding: answer.speculative_decoding.as_deref().map(acceptance_facts),
            http: Some(trace_facts(exchange)),
            credit_issued_epoch_ns: Some(instants.credit_issued as u64),
            credit_drop_latency_ns: None,
            failed: failure.is_some(),
            cancelled: is_given_up(exchange),
            context_overflow: failure.as_ref().is_some_and(is_overflow),
            scheduled_epoch_ns: turn
                .and_then(|turn| turn.timestamp_ms)
                .map(|time| (time * 1e6) as u64),
        };
        compute_record(&settings.metrics, &facts, &mut self.values);
        self.result
            .columns
            .push(&self.values, &facts, exchange.phase as u16);
    }

    fn write_line(
        &mut self,
        settings: &RecorderSettings,
        exchange: &Exchange,
        interpretation: &Interpretation,
        instants: &RecordInstants,
    ) {
        let Interpretation {
            answer, failure, ..
        } = interpretation;
        let start = self.lines.len();
        let mut line = JsonLine(&mut self.lines);
        line.raw("{");
        line.metadata(settings, &self.processor_id, exchange, instants);
        line.raw(",");
        let has_metrics = line.metrics(&settings.metrics, &self.values);
        if settings.with_http_trace {
            line.raw(",\"trace_data\":");
            line.serialised(&trace_data(settings, exchange, &self.body));
        }
        if let (None, Some(found)) = (failure, &answer.speculative_decoding) {
            line.raw(",\"spec_decode_acceptance\":");
            line.serialised(&acceptance_line(found));
        }
        if let Some(failure) = failure {
            line.raw(",\"error\":");
            line.failure(failure);
        } else if !has_metrics {
            self.lines.truncate(start);
            return;
        }
        line.raw("}");
        line.end();
    }

    /// The line of a request that was under way when its phase ended: no metrics, and an error that
    /// says so.
    fn write_cut_off(
        &mut self,
        settings: &RecorderSettings,
        exchange: &Exchange,
        failure: Option<&Failure>,
        instants: &RecordInstants,
    ) {
        let (true, Some(failure)) = (self.shared.records.is_some(), failure) else {
            return;
        };
        let mut line = JsonLine(&mut self.lines);
        line.raw("{");
        line.metadata(settings, &self.processor_id, exchange, instants);
        line.raw(",\"metrics\":{},\"error\":");
        line.failure(failure);
        line.raw("}");
        line.end();
    }

    fn write_raw_line(
        &mut self,
        settings: &RecorderSettings,
        exchange: &Exchange,
        failure: Option<&Failure>,
        instants: &RecordInstants,
    ) {
        let http = &exchange.http;
        let mut line = JsonLine(&mut self.raw_lines);
        line.raw("{");
        line.metadata(settings, &self.processor_id, exchange, instants);
        line.raw(",\"start_perf_ns\":");
        line.int(http.start as i64);
        line.raw(",");
        let ids = RequestIds {
            x_request_id: &exchange.request_id.to_string(),
            x_correlation_id: &exchange.correlation_id.to_string(),
            parent_correlation_id: None,
        };
        line.headers(settings.headers.headers(ids));
        if let Some(status) = http.status {
            line.raw(",\"status\":");
            line.int(i64::from(status.as_u16()));
        }
        line.raw(",\"responses\":");
        if http.status.is_some_and(|status| status.is_success()) {
            line.serialised(&raw::responses(&transcript(exchange, &self.body)).collect::<Vec<_>>());
        } else {
            line.raw("[]");
        }
        if let Some(failure) = failure {
            line.raw(",\"error\":");
            line.failure(failure);
        }
        let mark = settings.mark_of.as_ref().and_then(|mark_of| {
            let phase = settings.phases.get(exchange.phase)?;
            let conversation = settings.conversations.get(exchange.conversation)?;
            mark_of(exchange, phase, &conversation)
        });
        if let Some(mark) = mark {
            line.raw(",\"cache_bust_marker\":");
            line.serialised(&mark.text);
            line.raw(",\"cache_bust_target\":");
            line.serialised(&mark.target);
        }
        // The body stands last and as it was sent, byte for byte.
        line.raw(",\"payload\":");
        line.json_on_one_line(&exchange.body);
        line.raw("}");
        line.end();
    }
}

/// Whether the request was under way when its phase ended.
fn is_cut_off(exchange: &Exchange) -> bool {
    let error = exchange.http.error.as_ref();
    error.is_some_and(|error| error.failure == TransportFailure::CutOff)
}

/// Whether this program gave the request up.
fn is_given_up(exchange: &Exchange) -> bool {
    let error = exchange.http.error.as_ref();
    error.is_some_and(|error| {
        matches!(
            error.failure,
            TransportFailure::Cancelled | TransportFailure::CutOff
        )
    })
}

/// Lowers this thread's priority, so that on a shared core a timer or an answer of an I/O thread
/// does not wait until a record is finished.
fn yield_to_senders() {
    #[cfg(target_os = "linux")]
    {
        const NICE: i32 = 10;
        // Where the system does not allow it, recording competes with sending on equal terms.
        let _ = rustix::process::setpriority_process(None, NICE);
    }
}

fn acceptance_facts(found: &SpeculativeDecoding) -> SpeculativeDecodingFacts<'_> {
    SpeculativeDecodingFacts {
        mean_acceptance_length: found.mean_acceptance_length,
        draft_acceptance_rate: found.draft_acceptance_rate,
        accepted_draft_tokens: found.accepted_draft_tokens,
        draft_tokens: found.draft_tokens,
        steps: found.steps,
        acceptance_histogram: &found.acceptance_histogram,
    }
}

/// The same, as lines show it.
fn acceptance_line(found: &SpeculativeDecoding) -> SpecDecodeAcceptance {
    SpecDecodeAcceptance {
        engine: found.engine.to_owned(),
        mean_acceptance_length: found.mean_acceptance_length,
        draft_acceptance_rate: found.draft_acceptance_rate,
        acceptance_histogram: found.acceptance_histogram.clone(),
        num_accepted_draft_tokens: found.accepted_draft_tokens,
        num_draft_tokens: found.draft_tokens,
        num_spec_steps: found.steps,
        num_spec_tokens: found.tokens_per_step,
        completion_tokens: found.completion_tokens,
        per_step_accepted: found.per_step_accepted.clone(),
        per_step_drafted: found.per_step_drafted.clone(),
    }
}

fn usage_facts(usage: &Usage) -> UsageFacts {
    UsageFacts {
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
        total_tokens: usage.total_tokens,
        reasoning_tokens: usage.reasoning_tokens,
        prompt_cache_read_tokens: usage.prompt_cache_read_tokens,
        prompt_cache_write_tokens: usage.prompt_cache_write_tokens,
        prompt_cache_miss_tokens: usage.prompt_cache_miss_tokens,
        prompt_audio_tokens: usage.prompt_audio_tokens,
        completion_audio_tokens: usage.completion_audio_tokens,
        accepted_prediction_tokens: usage.accepted_prediction_tokens,
        rejected_prediction_tokens: usage.rejected_prediction_tokens,
        tool_use_prompt_tokens: usage.tool_use_prompt_tokens,
        prompt_audio_seconds: usage.prompt_audio_seconds,
    }
}

/// The instants of the HTTP metrics. Connecting includes TLS; sending begins when the connection is
/// ready, so that nothing is counted twice.
fn trace_facts(exchange: &Exchange) -> HttpTraceFacts {
    let http = &exchange.http;
    let connection = &http.connection;
    let connected_at = connection.tls.or(connection.tcp).map(|(_, end)| end);
    HttpTraceFacts {
        pool_wait_start_ns: connection.pool_wait.map(|(start, _)| start),
        pool_wait_end_ns: connection.pool_wait.map(|(_, end)| end),
        dns_lookup_start_ns: connection.dns.map(|(start, _)| start),
        dns_lookup_end_ns: connection.dns.map(|(_, end)| end),
        tcp_connect_start_ns: connection.tcp.map(|(start, _)| start),
        tcp_connect_end_ns: connected_at,
        connection_reused: connection.is_reused,
        request_send_start_ns: http.send_start,
        request_send_end_ns: http.send_end,
        response_receive_start_ns: http.received.first_at().or(http.head_at),
        response_receive_end_ns: http.received.last_at().or(http.head_at),
        request_bytes: exchange.body.len() as u64,
        request_chunks: 1,
        response_bytes: http.received.len() as u64,
        response_chunks: http.received.read_count() as u64,
    }
}
