//! Generation: answers in tokens, streamed or whole.

use std::io;
use std::sync::atomic::Ordering::Relaxed;

use aiperf_clock::{MILLISECOND, Nanos};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::whole::{BAD_FRAMING, WRONG_TYPE};
use super::{After, Service};
use crate::batch::Ticket;
use crate::body::{self, Asked, PromptReading};
use crate::fault::Fault;
use crate::plan::{Plan, Schedule, Surroundings};
use crate::prefix_cache::BLOCK_WORDS;
use crate::protocol::{self, Endpoint, EventBuffer, EventWriter, error_body};
use crate::response::{EVENT_STREAM, JSON, Page, stream_head};

/// A burst of chunks goes to the socket in pieces of about this size.
const BURST_BYTES: usize = 256 * 1024;

/// When tokens are due.
enum Pace {
    /// Each answer on its own schedule.
    Alone(Schedule),
    /// In the common steps of a batch.
    Batched(Ticket),
}

impl Service<'_> {
    /// `stream` overrides what the body says.
    pub(super) async fn generate(
        &mut self,
        endpoint: Endpoint,
        stream: Option<bool>,
    ) -> io::Result<After> {
        let mut asked = match self.read_request(endpoint) {
            Ok(asked) => asked,
            Err(message) => return self.refuse(StatusCode::BAD_REQUEST, &message).await,
        };
        if let Some(stream) = stream {
            asked.stream = stream;
        } else if endpoint == Endpoint::Rag {
            let accept = self.request.header("accept").unwrap_or_default();
            asked.stream = accept.starts_with("text/event-stream");
        }
        let model = match self.check_model(asked.model.take()) {
            Ok(model) => model,
            Err(page) => return self.send(&page).await,
        };
        let shared = self.shared;
        let number = shared.next_number.fetch_add(1, Relaxed);
        let surroundings = Surroundings {
            cache_hits: shared.prefix_cache.as_ref().map(|cache| {
                let found = cache.look_up(&asked.blocks) * BLOCK_WORDS as u64;
                found.min(asked.prompt_tokens)
            }),
            running: shared.metrics.running.load(Relaxed).max(0) as u64,
        };
        let (mut plan, schedule) =
            shared
                .planner
                .plan(number, endpoint, asked, model, surroundings);
        plan.fault = match self.fault(plan.fault) {
            Ok(fault) => fault,
            Err(message) => return self.refuse(StatusCode::BAD_REQUEST, &message).await,
        };
        if let Some(fault) = plan.fault {
            self.exchange.set_fault(fault);
        }
        if plan.fault == Some(Fault::StreamError) && !plan.stream {
            return self.simulated_error().await;
        }
        if let Some(after) = self.instead(plan.fault).await {
            return after;
        }
        self.exchange.begin_generation(&plan);
        let pace = match &shared.batch {
            Some(batch) => {
                let unread = plan.prompt_tokens - plan.cached_tokens.unwrap_or(0);
                Pace::Batched(batch.enter(unread, plan.output_tokens))
            }
            None => Pace::Alone(schedule),
        };
        let after = if plan.stream {
            self.stream(&plan, pace).await?
        } else {
            self.whole(&plan, pace).await?
        };
        if plan.store && plan.fault.is_none() {
            shared.responses.keep(&plan, self.created());
        }
        Ok(after)
    }

    /// How long the prompt of a message is, without answering it.
    pub(super) async fn count_tokens(&mut self) -> io::Result<After> {
        match self.read_countable() {
            Ok(asked) => {
                let body = json!({ "input_tokens": asked.prompt_tokens });
                self.send(&Page::ok(JSON, body.to_string())).await
            }
            Err(message) => self.refuse(StatusCode::BAD_REQUEST, &message).await,
        }
    }

    fn read_countable(&self) -> Result<Asked, String> {
        self.check_version(Endpoint::Messages)?;
        let mut body: Map<String, Value> = serde_json::from_slice(&self.request.body)
            .map_err(|error| format!("the body is not valid: {error}"))?;
        if !body.contains_key("model") {
            return Err("`model` is missing".to_owned());
        }
        // What is only counted needs no limit.
        body.insert("max_tokens".to_owned(), 1.into());
        let body = Value::Object(body).to_string();
        body::parse(Endpoint::Messages, body.as_bytes(), self.reading())
    }

    fn read_request(&self, endpoint: Endpoint) -> Result<Asked, String> {
        self.check_version(endpoint)?;
        body::parse(endpoint, &self.request.body, self.reading())
    }

    fn check_version(&self, endpoint: Endpoint) -> Result<(), String> {
        if endpoint == Endpoint::Messages && self.request.header("anthropic-version").is_none() {
            return Err("header `anthropic-version` is missing".to_owned());
        }
        Ok(())
    }

    fn reading(&self) -> PromptReading<'_> {
        PromptReading {
            counter: self.shared.options.prompt_counter.as_ref(),
            with_blocks: self.shared.prefix_cache.is_some(),
        }
    }

    /// Streams the answer: each chunk in a write of its own when it is due. The opening, which has
    /// no content, goes with the first chunk; the usage and the end go with the last. The head
    /// leaves at once where the first token is not yet due, as it does on real servers.
    async fn stream(&mut self, plan: &Plan, mut pace: Pace) -> io::Result<After> {
        let shared = self.shared;
        let clock = shared.clock;
        let options = &shared.options;
        let arrival = self.exchange.arrival;
        let created = self.created();
        let mut out = EventBuffer::new(options);
        let mut events = EventWriter::new(plan, created);
        let end = plan.tokens_before_fault();
        let middle = plan.output_tokens / 2;
        let mut middle_fault = plan.fault.filter(|fault| !fault.strikes_midway());

        let content_type = match plan.fault {
            Some(Fault::NoContentType) => None,
            Some(Fault::WrongContentType) => Some(WRONG_TYPE),
            _ => Some(EVENT_STREAM),
        };
        let keep_alive = self.request.head.keep_alive;
        stream_head(&mut out.out, content_type, keep_alive, options.compression);
        self.exchange.set_status(StatusCode::OK);
        if !pace.is_due(arrival, clock.now()) {
            self.connection.write(&out.out).await?;
            out.out.clear();
        }
        if plan.fault == Some(Fault::Empty) {
            out.end();
            self.connection.write(&out.out).await?;
            return Ok(self.after());
        }
        events.opening(&mut out);
        let mut first = 0;
        let mut waiting_chunks = 0;
        let mut waiting_tokens = 0;
        while first < end {
            let tokens = plan.chunk_length(first, end);
            if first >= middle && middle_fault.is_some() {
                match middle_fault.take() {
                    Some(Fault::Stall) => self.stall().await?,
                    Some(Fault::Malformed) => {
                        out.event(None, |data| data.extend_from_slice(b"{\"choices\":[{"));
                    }
                    Some(Fault::HalfCodePoint) => out.spoil_next(),
                    _ => {}
                }
            }
            events.tokens(&mut out, first, tokens);
            first += tokens;
            waiting_chunks += 1;
            waiting_tokens += tokens;
            let is_last = first == plan.output_tokens;
            if is_last && options.end_delay_ms == 0.0 {
                self.end_stream(&mut out, &mut events, plan);
            }
            if pace.is_one_burst() && first < end && out.out.len() < BURST_BYTES {
                continue;
            }
            if waiting_chunks < options.chunks_per_write && first < end {
                pace.advance(tokens);
                continue;
            }
            pace.wait(self.connection, arrival, first).await?;
            let leaving = waiting_chunks * plan.choices;
            self.exchange
                .chunks_leave(clock.now(), leaving, waiting_tokens * plan.choices);
            if options.split_writes {
                self.write_in_two(&out.out).await?;
            } else {
                self.connection.write(&out.out).await?;
            }
            out.out.clear();
            waiting_chunks = 0;
            waiting_tokens = 0;
            pace.advance(tokens);
        }
        self.conclude_stream(plan, out, events, end).await
    }

    /// What comes after the last token, or strikes half-way.
    async fn conclude_stream(
        &mut self,
        plan: &Plan,
        mut out: EventBuffer,
        mut events: EventWriter<'_>,
        end: u64,
    ) -> io::Result<After> {
        let options = &self.shared.options;
        match plan.fault.filter(|fault| fault.strikes_midway()) {
            Some(Fault::Cut) => return Ok(After::Close),
            Some(Fault::ResetMidway) => return Ok(After::Reset),
            Some(Fault::Hang) => return Err(self.connection.wait_for_departure().await),
            Some(Fault::BadFraming) => {
                self.connection.write(BAD_FRAMING).await?;
                return Ok(After::Close);
            }
            Some(Fault::StreamError) => {
                events.error(&mut out, &options.error_message);
                out.end();
            }
            Some(Fault::InBandError) => {
                let body = error_body(&options.error_message, "server_error", None, None);
                out.event(None, |data| data.extend_from_slice(&body));
                out.end();
            }
            Some(Fault::EarlyEnd) => out.end(),
            Some(Fault::Incomplete) => {
                events.incomplete(&mut out);
                out.end();
            }
            _ => {
                if options.end_delay_ms > 0.0 || end == 0 {
                    let delay = (options.end_delay_ms * MILLISECOND as f64) as Nanos;
                    let due = self.shared.clock.now() + delay;
                    self.connection.wait_until(due).await?;
                    self.end_stream(&mut out, &mut events, plan);
                }
                self.exchange.finish(plan.finish);
            }
        }
        self.connection.write(&out.out).await?;
        Ok(self.after())
    }

    fn end_stream(&self, out: &mut EventBuffer, events: &mut EventWriter<'_>, plan: &Plan) {
        if plan.fault.is_some_and(Fault::strikes_midway) {
            return;
        }
        events.ending(out);
        out.end();
    }

    /// Writes in two parts with a millisecond between them, cut within a code point if there is one.
    async fn write_in_two(&mut self, bytes: &[u8]) -> io::Result<()> {
        let continues = |&byte: &u8| (0x80..0xc0).contains(&byte);
        let middle = bytes.len() / 2;
        let cut = bytes[middle..].iter().position(continues);
        let cut = cut.map(|place| middle + place);
        let cut = cut.or_else(|| bytes[..middle].iter().rposition(continues));
        let (first, second) = bytes.split_at(cut.unwrap_or(middle));
        self.connection.write(first).await?;
        let pause = self.shared.clock.now() + MILLISECOND;
        self.connection.wait_until(pause).await?;
        self.connection.write(second).await
    }

    /// Sends the answer as one document when its last token is due. What strikes midway comes
    /// half-way through the body.
    async fn whole(&mut self, plan: &Plan, mut pace: Pace) -> io::Result<After> {
        let tokens = plan.tokens_before_fault();
        let is_incomplete = plan.fault == Some(Fault::Incomplete);
        let mut body = Vec::with_capacity(512 + 8 * plan.output_tokens as usize);
        protocol::whole_body(&mut body, plan, self.created(), is_incomplete);
        let arrival = self.exchange.arrival;
        match &mut pace {
            Pace::Alone(schedule) => {
                let mut ahead = schedule.clone();
                ahead.advance(tokens.saturating_sub(1));
                self.connection.wait_until(arrival + ahead.due()).await?;
                if tokens > 0 {
                    self.exchange.unseen_first_token(schedule.due());
                    schedule.advance_seeing(tokens - 1, |latency, times| {
                        self.exchange.unseen_tokens(latency, times);
                    });
                }
            }
            Pace::Batched(ticket) => {
                self.connection.while_connected(ticket.reach(1)).await?;
                let now = self.shared.clock.now();
                self.exchange.unseen_first_token(now - arrival);
                self.connection
                    .while_connected(ticket.reach(tokens))
                    .await?;
                let decoding = self.shared.clock.now() - now;
                if tokens > 1 {
                    self.exchange
                        .unseen_tokens(decoding / (tokens - 1), tokens - 1);
                }
            }
        }
        self.exchange.tokens_generated(tokens * plan.choices);
        let after = self.send_broken(Page::ok(JSON, body), plan.fault).await?;
        if !plan.fault.is_some_and(Fault::strikes_midway) {
            self.exchange.finish(plan.finish);
        }
        Ok(after)
    }
}

impl Pace {
    /// Whether the next token may leave now.
    fn is_due(&self, arrival: Nanos, now: Nanos) -> bool {
        match self {
            Self::Alone(schedule) => now >= arrival + schedule.due(),
            Self::Batched(_) => false,
        }
    }

    fn is_one_burst(&self) -> bool {
        match self {
            Self::Alone(schedule) => schedule.is_one_burst(),
            Self::Batched(_) => false,
        }
    }

    /// Waits until the chunk that ends with token number `tokens` may leave. Alone, a chunk leaves
    /// when its first token is due; in a batch, when its last one was produced.
    async fn wait(
        &mut self,
        connection: &mut crate::connection::Connection,
        arrival: Nanos,
        tokens: u64,
    ) -> io::Result<()> {
        match self {
            Self::Alone(schedule) => connection.wait_until(arrival + schedule.due()).await,
            Self::Batched(ticket) => connection.while_connected(ticket.reach(tokens)).await,
        }
    }

    fn advance(&mut self, tokens: u64) {
        if let Self::Alone(schedule) = self {
            schedule.advance(tokens);
        }
    }
}
