//! Answering one request.

use std::io;
use std::sync::atomic::Ordering::Relaxed;

use aiperf_clock::SECOND;
use http::StatusCode;

use crate::body;
use crate::connection::{Connection, Request};
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::plan::{Plan, Schedule};
use crate::render::{self, Endpoint, EventWriter};
use crate::server::Shared;
use crate::wire::{Method, Unreadable};

const JSON: &str = "application/json";

/// A burst of chunks goes to the socket in pieces of about this size.
const BURST_BYTES: usize = 256 * 1024;

/// What becomes of the connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    KeepOpen,
    Close,
    Reset,
}

impl After {
    fn keep_open_if(keep_alive: bool) -> Self {
        if keep_alive {
            Self::KeepOpen
        } else {
            Self::Close
        }
    }
}

/// Answers `request`. An error means that the client is gone.
pub(crate) async fn answer(
    connection: &mut Connection,
    exchange: &mut Exchange,
    request: &Request,
) -> io::Result<After> {
    let worker = std::rc::Rc::clone(&connection.worker);
    let shared = &*worker.shared;
    let generation = match request.head.path.as_str() {
        "/v1/chat/completions" => Some(Endpoint::Chat),
        "/v1/completions" => Some(Endpoint::Completions),
        _ => None,
    };
    let page = match (request.head.path.as_str(), request.head.method, generation) {
        (_, Method::Post, Some(endpoint)) => {
            return generate(connection, exchange, request, shared, endpoint).await;
        }
        ("/health", Method::Get, _) => Page::ok("text/plain; charset=utf-8", Vec::new()),
        ("/v1/models", Method::Get, _) => Page::ok(
            JSON,
            render::models_body(shared.model_names(), created(shared)),
        ),
        ("/metrics", Method::Get, _) => {
            let text = shared.metrics.exposition(shared.model_name());
            Page::ok(
                "text/plain; version=0.0.4; charset=utf-8",
                text.into_bytes(),
            )
        }
        ("/health" | "/v1/models" | "/metrics", ..) | (.., Some(_)) => Page::refusal(
            StatusCode::METHOD_NOT_ALLOWED,
            "the method is not allowed for this path",
            Refusal::default(),
        ),
        (path, ..) => Page::refusal(
            StatusCode::NOT_FOUND,
            &format!("there is nothing at `{path}`"),
            Refusal::default(),
        ),
    };
    send_page(connection, exchange, &page, request.head.keep_alive).await
}

/// Says why a request could not be read. The connection is to be closed.
pub(crate) async fn refuse_unreadable(
    connection: &mut Connection,
    unreadable: &Unreadable,
) -> io::Result<()> {
    let page = Page::refusal(unreadable.status, unreadable.reason, Refusal::default());
    let mut out = Vec::new();
    render::whole_response(&mut out, page.status, page.content_type, &page.body, false);
    connection.write(&out).await
}

/// A response that is known at once.
struct Page {
    status: StatusCode,
    content_type: &'static str,
    body: Vec<u8>,
}

/// The finer points of an error body.
#[derive(Clone, Copy, Default)]
struct Refusal {
    parameter: Option<&'static str>,
    code: Option<&'static str>,
}

impl Page {
    fn ok(content_type: &'static str, body: Vec<u8>) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            body,
        }
    }

    fn refusal(status: StatusCode, message: &str, refusal: Refusal) -> Self {
        let kind = if status.is_server_error() {
            "server_error"
        } else {
            "invalid_request_error"
        };
        let body = render::error_body(message, kind, refusal.parameter, refusal.code);
        Self {
            status,
            content_type: JSON,
            body,
        }
    }
}

async fn send_page(
    connection: &mut Connection,
    exchange: &mut Exchange,
    page: &Page,
    keep_alive: bool,
) -> io::Result<After> {
    let mut out = Vec::with_capacity(page.body.len() + 256);
    render::whole_response(
        &mut out,
        page.status,
        page.content_type,
        &page.body,
        keep_alive,
    );
    exchange.set_status(page.status);
    connection.write(&out).await?;
    Ok(After::keep_open_if(keep_alive))
}

async fn generate(
    connection: &mut Connection,
    exchange: &mut Exchange,
    request: &Request,
    shared: &Shared,
    endpoint: Endpoint,
) -> io::Result<After> {
    let keep_alive = request.head.keep_alive;
    let mut asked = match body::parse(
        endpoint,
        &request.body,
        shared.options.prompt_counter.as_ref(),
    ) {
        Ok(asked) => asked,
        Err(message) => {
            let page = Page::refusal(StatusCode::BAD_REQUEST, &message, Refusal::default());
            return send_page(connection, exchange, &page, keep_alive).await;
        }
    };
    let model = asked
        .model
        .take()
        .unwrap_or_else(|| shared.model_name().to_owned());
    if !shared.serves(&model) {
        let message = format!("the model `{model}` is not served here");
        let refusal = Refusal {
            parameter: Some("model"),
            code: Some("model_not_found"),
        };
        let page = Page::refusal(StatusCode::NOT_FOUND, &message, refusal);
        return send_page(connection, exchange, &page, keep_alive).await;
    }
    let number = shared.next_number.fetch_add(1, Relaxed);
    let (plan, schedule) = shared.planner.plan(number, endpoint, &asked, model);
    if let Some(fault) = plan.fault {
        exchange.set_fault(fault);
    }
    match plan.fault {
        Some(Fault::Reset) => return Ok(After::Reset),
        Some(Fault::Error) => {
            return simulated_error(connection, exchange, shared, keep_alive).await;
        }
        Some(Fault::StreamError) if !plan.stream => {
            return simulated_error(connection, exchange, shared, keep_alive).await;
        }
        _ => {}
    }
    exchange.begin_generation(&plan);
    if plan.stream {
        stream(connection, exchange, shared, &plan, schedule, keep_alive).await
    } else {
        whole(connection, exchange, shared, &plan, schedule, keep_alive).await
    }
}

async fn simulated_error(
    connection: &mut Connection,
    exchange: &mut Exchange,
    shared: &Shared,
    keep_alive: bool,
) -> io::Result<After> {
    let status = StatusCode::from_u16(shared.options.error_status)
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let page = Page::refusal(status, SIMULATED, Refusal::default());
    send_page(connection, exchange, &page, keep_alive).await
}

const SIMULATED: &str = "simulated error";

/// Streams the answer: each chunk in a write of its own when it is due. The role, which has no
/// content, goes with the first chunk; the usage and `[DONE]` go with the last. The head leaves at
/// once where the first token is not yet due, as it does on real servers.
async fn stream(
    connection: &mut Connection,
    exchange: &mut Exchange,
    shared: &Shared,
    plan: &Plan,
    mut schedule: Schedule,
    keep_alive: bool,
) -> io::Result<After> {
    let clock = shared.clock;
    let events = EventWriter::new(plan, created(shared), shared.options.crlf);
    let end = plan.tokens_before_fault();
    let mut out = Vec::with_capacity(1024);

    render::stream_head(&mut out, keep_alive);
    exchange.set_status(StatusCode::OK);
    if clock.now() < exchange.arrival + schedule.due() {
        connection.write(&out).await?;
        out.clear();
    }
    events.role(&mut out);
    let mut first = 0;
    let mut waiting_chunks = 0;
    let mut waiting_tokens = 0;
    while first < end {
        let tokens = plan.chunk_length(first, end);
        events.tokens(&mut out, first, tokens);
        first += tokens;
        waiting_chunks += 1;
        waiting_tokens += tokens;
        if first == plan.output_tokens && plan.fault.is_none() {
            finish_stream(&mut out, &events, plan);
        }
        if schedule.is_one_burst() && first < end && out.len() < BURST_BYTES {
            continue;
        }
        connection
            .wait_until(exchange.arrival + schedule.due())
            .await?;
        exchange.chunks_leave(clock.now(), waiting_chunks, waiting_tokens);
        connection.write(&out).await?;
        out.clear();
        waiting_chunks = 0;
        waiting_tokens = 0;
        schedule.advance(tokens);
    }
    match plan.fault {
        Some(Fault::Cut) => Ok(After::Close),
        Some(Fault::Hang) => Err(connection.wait_for_departure().await),
        Some(Fault::StreamError) => {
            let body = render::error_body(SIMULATED, "server_error", None, None);
            events.error(&mut out, &body);
            out.extend_from_slice(render::LAST_CHUNK);
            connection.write(&out).await?;
            Ok(After::keep_open_if(keep_alive))
        }
        // These two were answered without a stream.
        Some(Fault::Error | Fault::Reset) | None => {
            exchange.finish(plan.finish);
            Ok(After::keep_open_if(keep_alive))
        }
    }
}

fn finish_stream(out: &mut Vec<u8>, events: &EventWriter<'_>, plan: &Plan) {
    if plan.final_usage {
        events.usage(out);
    }
    events.done(out);
    out.extend_from_slice(render::LAST_CHUNK);
}

/// Sends the answer as one document when its last token is due. A cut or a hang comes half-way
/// through the body.
async fn whole(
    connection: &mut Connection,
    exchange: &mut Exchange,
    shared: &Shared,
    plan: &Plan,
    mut schedule: Schedule,
    keep_alive: bool,
) -> io::Result<After> {
    let tokens = plan.tokens_before_fault();
    let mut body = Vec::with_capacity(512 + 8 * plan.output_tokens as usize);
    render::completion_body(&mut body, plan, created(shared));
    let mut out = Vec::with_capacity(body.len() + 256);
    render::whole_response(&mut out, StatusCode::OK, JSON, &body, keep_alive);
    if plan.fault.is_some() {
        out.truncate(out.len() - body.len() / 2);
    }

    let mut ahead = schedule.clone();
    ahead.advance(tokens - 1);
    connection
        .wait_until(exchange.arrival + ahead.due())
        .await?;
    exchange.unseen_first_token(schedule.due());
    schedule.advance_seeing(tokens - 1, |latency, times| {
        exchange.unseen_tokens(latency, times);
    });
    exchange.tokens_generated(tokens);
    exchange.set_status(StatusCode::OK);
    connection.write(&out).await?;
    match plan.fault {
        Some(Fault::Cut) => Ok(After::Close),
        Some(Fault::Hang) => Err(connection.wait_for_departure().await),
        _ => {
            exchange.finish(plan.finish);
            Ok(After::keep_open_if(keep_alive))
        }
    }
}

/// The time that answers carry, in seconds since the epoch.
fn created(shared: &Shared) -> i64 {
    shared.clock.epoch(shared.clock.now()) / SECOND as i64
}
