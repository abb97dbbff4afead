//! Answers that come as one document, and what can go wrong with them.

use std::io;
use std::sync::atomic::Ordering::Relaxed;

use aiperf_clock::{MILLISECOND, Nanos};
use http::StatusCode;
use serde_json::Value;

use super::{After, Service};
use crate::body::count_words;
use crate::fault::Fault;
use crate::plan::Schedule;
use crate::protocol::{EventBuffer, error_body};
use crate::response::{EVENT_STREAM, JSON, Page, Refusal, stream_head};

/// An answer without tokens: embeddings, images and the like.
pub(super) struct Document {
    pub(super) model: Option<String>,
    /// What is asked for, at least one; each takes as long as a token does.
    pub(super) items: u64,
    pub(super) prompt_tokens: u64,
}

/// What was decided about one.
struct Planned {
    number: u64,
    model: String,
    schedule: Schedule,
    fault: Option<Fault>,
}

impl Service<'_> {
    /// Sends what `render` makes of the request's number and model, when the last of the items is due.
    pub(super) async fn document(
        &mut self,
        document: Document,
        render: impl FnOnce(u64, &str) -> Page,
    ) -> io::Result<After> {
        let Planned {
            number,
            model,
            mut schedule,
            fault,
        } = match self.plan_document(&document).await {
            Ok(planned) => planned,
            Err(after) => return after,
        };
        let page = render(number, &model);
        schedule.advance(document.items.saturating_sub(1));
        let due = self.exchange.arrival + schedule.due();
        self.connection.wait_until(due).await?;
        let after = self.send_broken(page, fault).await?;
        self.exchange.finish_document();
        Ok(after)
    }

    /// Streams one event after the other, each when the next item is due.
    pub(super) async fn document_stream(
        &mut self,
        document: Document,
        events: Vec<(&'static str, Value)>,
    ) -> io::Result<After> {
        let Planned {
            mut schedule,
            fault,
            ..
        } = match self.plan_document(&document).await {
            Ok(planned) => planned,
            Err(after) => return after,
        };
        let options = &self.shared.options;
        let mut out = EventBuffer::new(options);
        let content_type = match fault {
            Some(Fault::NoContentType) => None,
            Some(Fault::WrongContentType) => Some(WRONG_TYPE),
            _ => Some(EVENT_STREAM),
        };
        let keep_alive = self.request.head.keep_alive;
        stream_head(&mut out.out, content_type, keep_alive, options.compression);
        self.exchange.set_status(StatusCode::OK);
        let mut count = events.len();
        match fault {
            Some(fault) if fault.strikes_midway() => count /= 2,
            Some(Fault::Empty | Fault::NoContent) => count = 0,
            Some(Fault::Stall) => self.stall().await?,
            Some(Fault::Malformed) => out.event(None, |data| data.extend_from_slice(b"{")),
            _ => {}
        }
        for (name, data) in events.into_iter().take(count) {
            out.event(Some(name), |out| {
                out.extend_from_slice(data.to_string().as_bytes());
            });
            let due = self.exchange.arrival + schedule.due();
            self.connection.wait_until(due).await?;
            self.connection.write(&out.out).await?;
            out.out.clear();
            schedule.advance(1);
        }
        match fault.filter(|fault| fault.strikes_midway()) {
            Some(Fault::Cut) => return Ok(After::Close),
            Some(Fault::ResetMidway) => return Ok(After::Reset),
            Some(Fault::Hang) => return Err(self.connection.wait_for_departure().await),
            Some(Fault::BadFraming) => {
                self.connection.write(BAD_FRAMING).await?;
                return Ok(After::Close);
            }
            Some(Fault::StreamError | Fault::InBandError) => {
                let body = error_body(&options.error_message, "server_error", None, None);
                let name = (fault == Some(Fault::StreamError)).then_some("error");
                out.event(name, |data| data.extend_from_slice(&body));
            }
            _ => self.exchange.finish_document(),
        }
        out.end();
        self.connection.write(&out.out).await?;
        Ok(self.after())
    }

    /// Decides on a document, or says what was done instead.
    async fn plan_document(&mut self, document: &Document) -> Result<Planned, io::Result<After>> {
        let model = match self.check_model(document.model.clone()) {
            Ok(model) => model,
            Err(page) => return Err(self.send(&page).await),
        };
        let number = self.shared.next_number.fetch_add(1, Relaxed);
        let metrics = &self.shared.metrics;
        let running = metrics.running.load(Relaxed).max(0) as u64;
        let (schedule, drawn) = self
            .shared
            .planner
            .document_schedule(number, &model, running);
        let fault = match self.fault(drawn) {
            Ok(fault) => fault,
            Err(message) => return Err(self.refuse(StatusCode::BAD_REQUEST, &message).await),
        };
        if let Some(fault) = fault {
            self.exchange.set_fault(fault);
        }
        if let Some(after) = self.instead(fault).await {
            return Err(after);
        }
        self.exchange.begin_document(document.prompt_tokens);
        Ok(Planned {
            number,
            model,
            schedule,
            fault,
        })
    }

    /// Does what a fault does in place of an answer; `None` where there is to be one.
    pub(super) async fn instead(&mut self, fault: Option<Fault>) -> Option<io::Result<After>> {
        let path = self.request.head.path.clone();
        Some(match fault? {
            Fault::Reset => Ok(After::Reset),
            Fault::Close => Ok(After::Close),
            Fault::Silence => Err(self.connection.wait_for_departure().await),
            Fault::Error => self.simulated_error().await,
            Fault::NotHttp => {
                let written = self.connection.write(b"this is not HTTP\r\n\r\n").await;
                written.map(|()| After::Close)
            }
            Fault::Redirect => self.redirect(format!("{path}?redirected=1")).await,
            Fault::RedirectLoop => self.redirect(path).await,
            _ => return None,
        })
    }

    async fn redirect(&mut self, location: String) -> io::Result<After> {
        let page = Page {
            status: StatusCode::TEMPORARY_REDIRECT,
            ..Page::ok(JSON, Vec::new())
        };
        self.send(&page.with_header("location", location)).await
    }

    pub(super) async fn simulated_error(&mut self) -> io::Result<After> {
        let options = &self.shared.options;
        let status =
            StatusCode::from_u16(options.error_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut page = self.refusal(status, &options.error_message, Refusal::default());
        if let Some(seconds) = options.retry_after_s {
            page = page.with_header("retry-after", seconds.to_string());
        }
        self.send(&page).await
    }

    /// Sends a page of which a fault has got hold.
    pub(super) async fn send_broken(
        &mut self,
        mut page: Page,
        fault: Option<Fault>,
    ) -> io::Result<After> {
        match fault {
            Some(Fault::StreamError) => return self.simulated_error().await,
            Some(Fault::Empty | Fault::NoContent) => page.body.clear(),
            Some(Fault::InBandError) => {
                let message = &self.shared.options.error_message;
                page.body = error_body(message, "server_error", None, None);
            }
            Some(Fault::Malformed | Fault::EarlyEnd) => page.body.truncate(page.body.len() / 2),
            Some(Fault::HalfCodePoint) => {
                let middle = page.body.len() / 2;
                page.body.splice(middle..middle, [0xe4, 0xb8]);
            }
            Some(Fault::NoContentType) => page.content_type = None,
            Some(Fault::WrongContentType) => page.content_type = Some(WRONG_TYPE),
            Some(Fault::Stall) => self.stall().await?,
            _ => {}
        }
        let keep_alive = self.request.head.keep_alive;
        let compression = self.shared.options.compression;
        let mut bytes = page.render(keep_alive, compression);
        self.exchange.set_status(page.status);
        match fault {
            Some(Fault::BadFraming) => {
                bytes.clear();
                page.head(&mut bytes, keep_alive, None);
                bytes.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
                crate::protocol::events::in_chunk(&mut bytes, |out| {
                    out.extend_from_slice(&page.body);
                });
                bytes.extend_from_slice(BAD_FRAMING);
                self.connection.write(&bytes).await?;
                return Ok(After::Close);
            }
            Some(Fault::Cut | Fault::Hang | Fault::ResetMidway) => {
                bytes.truncate(bytes.len() - page.body.len().min(bytes.len()) / 2);
            }
            _ => {}
        }
        self.connection.write(&bytes).await?;
        match fault {
            Some(Fault::Cut) => Ok(After::Close),
            Some(Fault::ResetMidway) => Ok(After::Reset),
            Some(Fault::Hang) => Err(self.connection.wait_for_departure().await),
            _ => Ok(self.after()),
        }
    }

    pub(super) async fn stall(&mut self) -> io::Result<()> {
        let stall = self.shared.options.stall_ms * MILLISECOND as f64;
        let end = self.shared.clock.now() + stall as Nanos;
        self.connection.wait_until(end).await
    }

    /// The tokens of a text, as the prompts of generation are counted.
    pub(super) fn count(&self, text: &str) -> u64 {
        match &self.shared.options.prompt_counter {
            Some(counter) => counter.count(text),
            None => count_words(text.as_bytes()),
        }
    }

    /// The body as a JSON object, or a message for the client.
    pub(super) fn json_object(&self) -> Result<serde_json::Map<String, Value>, String> {
        match serde_json::from_slice(&self.request.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err("the body is not an object".to_owned()),
            Err(error) => Err(format!("the body is not valid: {error}")),
        }
    }
}

/// The content type of [`Fault::WrongContentType`].
pub(super) const WRONG_TYPE: &str = "application/octet-stream";

/// Not the size of a chunk.
pub(super) const BAD_FRAMING: &[u8] = b"zz\r\n";

/// The member of this name, where it is a text.
pub(super) fn text_member(object: &serde_json::Map<String, Value>, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(str::to_owned)
}
