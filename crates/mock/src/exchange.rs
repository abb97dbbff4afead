//! What is remembered of one request while it is served, and where that goes when it ends.
//!
//! An exchange is accounted for when it is dropped, so none is lost: not when the client goes away,
//! nor when the server stops in the middle of an answer.

use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use aiperf_clock::Nanos;
use http::StatusCode;

use crate::connection::{Connection, Request};
use crate::fault::Fault;
use crate::plan::{Finish, Plan};
use crate::request_log::RequestRecord;
use crate::server::Worker;
use crate::truth::TruthRecord;

/// More stamps than this are made room for as they come.
const MAX_STAMPS_AHEAD: u64 = 4_096;

/// One request in service.
pub(crate) struct Exchange {
    worker: Rc<Worker>,
    /// When the request's last byte had been read.
    pub(crate) arrival: Nanos,
    /// When the first byte of the answer was handed to the socket.
    pub(crate) first_write: Option<Nanos>,
    generation: Option<Generation>,
    /// `None` where no truth file is kept.
    record: Option<TruthRecord>,
    /// `None` where no request log is kept.
    log: Option<Box<RequestRecord>>,
}

/// What the metrics need of a request that generates.
struct Generation {
    prompt_tokens: u64,
    output_tokens: u64,
    last_chunk: Option<Nanos>,
    finish: Option<Finish>,
}

impl Exchange {
    /// Begins with the arrival of a whole request.
    pub(crate) fn begin(connection: &Connection, request: &Request) -> Self {
        let worker = Rc::clone(&connection.worker);
        let peer = &connection.peer;
        let clock = worker.shared.clock;
        let log = worker.log.is_some().then(|| {
            let mut log = RequestRecord::begin(request, peer);
            log.first_byte_read_ns = clock.epoch(request.first_byte_read);
            log.arrival_ns = clock.epoch(request.arrival);
            Box::new(log)
        });
        let body_bytes = request.body.len() as u64;
        worker
            .shared
            .metrics
            .body_bytes
            .fetch_add(body_bytes, Relaxed);
        let record = worker.truth.is_some().then(|| TruthRecord {
            x_request_id: request.head.request_id.clone(),
            path: request.head.path.clone(),
            peer_port: peer.port,
            first_byte_read_ns: clock.epoch(request.first_byte_read),
            arrival_ns: clock.epoch(request.arrival),
            chunk_ns: Vec::new(),
            end_ns: 0,
            disconnect_ns: None,
            status: None,
            fault: None,
            output_tokens: 0,
            body_bytes,
        });
        Self {
            worker,
            arrival: request.arrival,
            first_write: None,
            generation: None,
            record,
            log,
        }
    }

    pub(crate) fn set_status(&mut self, status: StatusCode) {
        if status.is_client_error() || status.is_server_error() {
            self.worker.shared.metrics.errors.fetch_add(1, Relaxed);
        }
        if let Some(log) = &mut self.log {
            log.status = Some(status.as_u16());
        }
        if let Some(record) = &mut self.record {
            record.status = Some(status.as_u16());
        }
    }

    pub(crate) fn set_fault(&mut self, fault: Fault) {
        self.worker.shared.metrics.faults.fetch_add(1, Relaxed);
        if let Some(record) = &mut self.record {
            record.fault = Some(fault);
        }
    }

    /// Counts the request among the running ones.
    pub(crate) fn begin_generation(&mut self, plan: &Plan) {
        let metrics = &self.worker.shared.metrics;
        metrics.running.fetch_add(1, Relaxed);
        metrics
            .held_tokens
            .fetch_add(plan.prompt_tokens as i64, Relaxed);
        metrics.prompt_tokens.fetch_add(plan.prompt_tokens, Relaxed);
        metrics
            .cached_tokens
            .fetch_add(plan.cached_tokens.unwrap_or(0), Relaxed);
        self.generation = Some(Generation {
            prompt_tokens: plan.prompt_tokens,
            output_tokens: 0,
            last_chunk: None,
            finish: None,
        });
        if let Some(record) = &mut self.record
            && plan.stream
        {
            let chunks = plan.all_output_tokens() / plan.tokens_per_chunk;
            record
                .chunk_ns
                .reserve(chunks.min(MAX_STAMPS_AHEAD) as usize);
        }
    }

    /// Counts a request that is answered without tokens among the running ones.
    pub(crate) fn begin_document(&mut self, prompt_tokens: u64) {
        let metrics = &self.worker.shared.metrics;
        metrics.running.fetch_add(1, Relaxed);
        metrics.held_tokens.fetch_add(prompt_tokens as i64, Relaxed);
        metrics.prompt_tokens.fetch_add(prompt_tokens, Relaxed);
        self.generation = Some(Generation {
            prompt_tokens,
            output_tokens: 0,
            last_chunk: None,
            finish: None,
        });
    }

    /// Such an answer was given to its end.
    pub(crate) fn finish_document(&mut self) {
        self.finish(Finish::Stop);
    }

    /// Streamed chunks are being handed to the socket, in one call, at `instant`.
    pub(crate) fn chunks_leave(&mut self, instant: Nanos, chunks: u64, tokens: u64) {
        let shared = &self.worker.shared;
        if let Some(record) = &mut self.record {
            let stamp = shared.clock.epoch(instant);
            record
                .chunk_ns
                .extend(std::iter::repeat_n(stamp, chunks as usize));
        }
        let Some(generation) = &mut self.generation else {
            return;
        };
        let metrics = &shared.metrics;
        match generation.last_chunk {
            Some(last) => metrics.inter_token_latency.observe(instant - last),
            None => metrics.time_to_first_token.observe(instant - self.arrival),
        }
        if chunks > 1 {
            metrics.inter_token_latency.observe_many(0, chunks - 1);
        }
        generation.last_chunk = Some(instant);
        self.tokens_generated(tokens);
    }

    /// The first token of an answer that is not streamed came this long after the arrival.
    pub(crate) fn unseen_first_token(&self, latency: Nanos) {
        self.worker
            .shared
            .metrics
            .time_to_first_token
            .observe(latency);
    }

    /// `times` tokens of an answer that is not streamed came this long after their predecessors.
    pub(crate) fn unseen_tokens(&self, latency: Nanos, times: u64) {
        self.worker
            .shared
            .metrics
            .inter_token_latency
            .observe_many(latency, times);
    }

    /// Counts output tokens.
    pub(crate) fn tokens_generated(&mut self, tokens: u64) {
        let metrics = &self.worker.shared.metrics;
        metrics.generation_tokens.fetch_add(tokens, Relaxed);
        metrics.held_tokens.fetch_add(tokens as i64, Relaxed);
        if let Some(generation) = &mut self.generation {
            generation.output_tokens += tokens;
        }
    }

    /// The answer was given to its end.
    pub(crate) fn finish(&mut self, finish: Finish) {
        if let Some(generation) = &mut self.generation {
            generation.finish = Some(finish);
        }
    }

    /// The client was found to be gone.
    pub(crate) fn client_left(&mut self) {
        let shared = &self.worker.shared;
        shared.metrics.departures.fetch_add(1, Relaxed);
        let now = shared.clock.epoch(shared.clock.now());
        if let Some(record) = &mut self.record {
            record.disconnect_ns = Some(now);
        }
        if let Some(log) = &mut self.log {
            log.disconnect_ns = Some(now);
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let shared = &self.worker.shared;
        let metrics = &shared.metrics;
        let end = shared.clock.now();
        metrics.requests.fetch_add(1, Relaxed);
        let mut output_tokens = 0;
        if let Some(generation) = &self.generation {
            output_tokens = generation.output_tokens;
            let held = (generation.prompt_tokens + output_tokens) as i64;
            metrics.held_tokens.fetch_sub(held, Relaxed);
            metrics.running.fetch_sub(1, Relaxed);
            metrics.request_latency.observe(end - self.arrival);
            metrics
                .request_prompt_tokens
                .observe(generation.prompt_tokens);
            metrics.request_generation_tokens.observe(output_tokens);
            let finished = match generation.finish {
                Some(Finish::Stop | Finish::ToolCalls) => &metrics.finished_stop,
                Some(Finish::Length) => &metrics.finished_length,
                None => &metrics.finished_abort,
            };
            finished.fetch_add(1, Relaxed);
        }
        if let Some(mut log) = self.log.take()
            && let Some(sender) = &self.worker.log
        {
            log.first_byte_written_ns = self.first_write.map(|instant| shared.clock.epoch(instant));
            log.end_ns = shared.clock.epoch(end);
            // The writer is gone only after it failed, which it has said.
            let _ = sender.send(*log);
        }
        if let Some(mut record) = self.record.take()
            && let Some(truth) = &self.worker.truth
        {
            record.end_ns = shared.clock.epoch(end);
            record.output_tokens = output_tokens;
            // The writer is gone only after it failed, which it has said.
            let _ = truth.send(record);
        }
    }
}
