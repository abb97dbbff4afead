//! Which path is answered how.

mod audio;
mod control;
mod echo;
mod embeddings;
mod generation;
mod images;
mod multipart;
mod pages;
mod pieces;
mod rankings;
mod responses;
mod retrieval;
mod videos;
mod whole;

use std::io;

use aiperf_clock::{MILLISECOND, Nanos, SECOND};
use http::StatusCode;

use crate::connection::{Connection, Request};
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::protocol::Endpoint;
use crate::response::{Page, Refusal, TEXT};
use crate::server::Shared;
use crate::wire::{Method, Unreadable};

pub(crate) use control::Hooks;
pub(crate) use responses::KeptResponses;
pub(crate) use videos::Videos;

/// What becomes of the connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    KeepOpen,
    Close,
    Reset,
}

/// One request with all that is needed to answer it.
struct Service<'a> {
    connection: &'a mut Connection,
    exchange: &'a mut Exchange,
    request: &'a Request,
    shared: &'a Shared,
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route<'a> {
    /// Generation; whether it is streamed, where the path says so.
    Generate(Endpoint, Option<bool>),
    /// How many tokens a prompt of the Messages API has.
    CountTokens,
    /// The kept response of this id.
    KeptResponse(&'a str),
    Embeddings,
    Ranking(rankings::Kind),
    ImageGeneration,
    ImageEdit,
    ImageRetrieval,
    Transcription,
    /// Videos: to begin one.
    VideoSubmit,
    /// The state of this one.
    VideoPoll(&'a str),
    /// The bytes of this one.
    VideoContent(&'a str),
    Echo,
    Hook(control::Hook),
    MetricsReset,
    Models,
    Page(pages::Kind),
}

/// Answers `request`. An error means that the client is gone.
pub(crate) async fn answer(
    connection: &mut Connection,
    exchange: &mut Exchange,
    request: &Request,
) -> io::Result<After> {
    let worker = std::rc::Rc::clone(&connection.worker);
    let service = Service {
        connection,
        exchange,
        request,
        shared: &worker.shared,
    };
    service.answer().await
}

/// Says why a request could not be read. The connection is to be closed.
pub(crate) async fn refuse_unreadable(
    connection: &mut Connection,
    unreadable: &Unreadable,
) -> io::Result<()> {
    let page = Page::refusal(unreadable.status, unreadable.reason, Refusal::default());
    connection.write(&page.render(false, None)).await
}

/// What stands at the path, and the methods that it takes.
fn route(path: &str) -> Option<(Route<'_>, &'static [Method])> {
    const GET: &[Method] = &[Method::Get];
    const POST: &[Method] = &[Method::Post];
    const EITHER: &[Method] = &[Method::Get, Method::Post];
    Some(match path {
        "/v1/chat/completions" => (Route::Generate(Endpoint::Chat, None), POST),
        "/v1/completions" => (Route::Generate(Endpoint::Completions, None), POST),
        "/v1/responses" => (Route::Generate(Endpoint::Responses, None), POST),
        "/v1/messages" => (Route::Generate(Endpoint::Messages, None), POST),
        "/v1/messages/count_tokens" => (Route::CountTokens, POST),
        "/generate" => (Route::Generate(Endpoint::Generate, Some(false)), POST),
        "/generate_stream" => (Route::Generate(Endpoint::Generate, Some(true)), POST),
        "/rag/api/prompt" => (Route::Generate(Endpoint::Rag, None), POST),
        "/v1/embeddings" => (Route::Embeddings, POST),
        "/v1/ranking" => (Route::Ranking(rankings::Kind::Nim), POST),
        "/v2/rerank" | "/v1/rerank" => (Route::Ranking(rankings::Kind::Cohere), POST),
        "/rerank" => (Route::Ranking(rankings::Kind::HuggingFace), POST),
        "/v1/images/generations" => (Route::ImageGeneration, POST),
        "/v1/images/edits" => (Route::ImageEdit, POST),
        "/v1/infer" | "/v1/image/infer" => (Route::ImageRetrieval, POST),
        "/v1/audio/transcriptions" => (Route::Transcription, POST),
        "/v1/videos" => (Route::VideoSubmit, POST),
        "/echo" | "/v1/custom" => (Route::Echo, POST),
        "/mock/reset_metrics" => (Route::MetricsReset, POST),
        "/v1/models" => (Route::Models, GET),
        _ => {
            if let Some(rest) = path.strip_prefix("/v1/videos/") {
                return Some(match rest.strip_suffix("/content") {
                    Some(id) => (Route::VideoContent(id), GET),
                    None => (Route::VideoPoll(rest), GET),
                });
            }
            if let Some(id) = path.strip_prefix("/v1/responses/") {
                return Some((Route::KeptResponse(id), GET));
            }
            if let Some(hook) = control::Hook::at(path) {
                return Some((Route::Hook(hook), EITHER));
            }
            (Route::Page(pages::Kind::at(path)?), GET)
        }
    })
}

impl Route<'_> {
    /// Whether it is inference, which takes time to be ready and can break.
    fn is_inference(self) -> bool {
        !matches!(
            self,
            Self::Hook(_) | Self::MetricsReset | Self::Models | Self::Page(_)
        )
    }
}

impl Service<'_> {
    async fn answer(mut self) -> io::Result<After> {
        let request = self.request;
        let path = if self.connection.peer.is_gpu_exporter && request.head.path == "/metrics" {
            "/dcgm1/metrics"
        } else {
            request.head.path.as_str()
        };
        let Some((route, methods)) = route(path) else {
            let message = format!("there is nothing at `{path}`");
            return self.refuse(StatusCode::NOT_FOUND, &message).await;
        };
        if !methods.contains(&request.head.method) {
            let message = "the method is not allowed for this path";
            return self.refuse(StatusCode::METHOD_NOT_ALLOWED, message).await;
        }
        if let Some((status, message)) = self.objection(route) {
            return self.refuse(status, &message).await;
        }
        match route {
            Route::Generate(endpoint, stream) => self.generate(endpoint, stream).await,
            Route::CountTokens => self.count_tokens().await,
            Route::KeptResponse(id) => self.kept_response(id).await,
            Route::Embeddings => self.embeddings().await,
            Route::Ranking(kind) => self.ranking(kind).await,
            Route::ImageGeneration => self.image_generation().await,
            Route::ImageEdit => self.image_edit().await,
            Route::ImageRetrieval => self.image_retrieval().await,
            Route::Transcription => self.transcription().await,
            Route::VideoSubmit => self.video_submit().await,
            Route::VideoPoll(id) => self.video_poll(id).await,
            Route::VideoContent(id) => self.video_content(id).await,
            Route::Echo => self.echo().await,
            Route::Hook(hook) => self.hook(hook).await,
            Route::MetricsReset => {
                self.shared.metrics.reset();
                self.send(&Page::ok(TEXT, "")).await
            }
            Route::Models => self.models().await,
            Route::Page(kind) => self.page_of(kind).await,
        }
    }

    /// Why the request is not even looked at.
    fn objection(&self, route: Route<'_>) -> Option<(StatusCode, String)> {
        let options = &self.shared.options;
        if !matches!(route, Route::Page(_)) {
            if let Some(key) = &options.api_key
                && !self.has_key(key)
            {
                return Some((
                    StatusCode::UNAUTHORIZED,
                    "the API key is wrong or missing".into(),
                ));
            }
            let is_missing = |name: &&String| self.request.header(name).is_none();
            if let Some(name) = options.required_headers.iter().find(is_missing) {
                return Some((
                    StatusCode::BAD_REQUEST,
                    format!("header `{name}` is missing"),
                ));
            }
        }
        if route.is_inference() && !self.is_ready_after(options.inference_ready_after_ms) {
            return Some((
                StatusCode::SERVICE_UNAVAILABLE,
                "the model is still loading".into(),
            ));
        }
        None
    }

    fn has_key(&self, key: &str) -> bool {
        if let Some(name) = &self.shared.options.api_key_header {
            return self.request.header(name) == Some(key);
        }
        let bearer = self.request.header("authorization");
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
        bearer == Some(key) || self.request.header("x-api-key") == Some(key)
    }

    /// Whether the server has run for so many milliseconds.
    fn is_ready_after(&self, milliseconds: f64) -> bool {
        let waited = self.shared.clock.now() - self.shared.start;
        waited >= (milliseconds * MILLISECOND as f64) as Nanos
    }

    /// An error in the shape of the protocol that the path speaks.
    async fn refuse(&mut self, status: StatusCode, message: &str) -> io::Result<After> {
        let page = self.refusal(status, message, Refusal::default());
        self.send(&page).await
    }

    fn refusal(&self, status: StatusCode, message: &str, refusal: Refusal) -> Page {
        if self.request.head.path.starts_with("/v1/messages") {
            Page::anthropic_refusal(status, message)
        } else {
            Page::refusal(status, message, refusal)
        }
    }

    async fn send(&mut self, page: &Page) -> io::Result<After> {
        let keep_alive = self.request.head.keep_alive;
        self.exchange.set_status(page.status);
        let bytes = page.render(keep_alive, self.shared.options.compression);
        self.connection.write(&bytes).await?;
        Ok(self.after())
    }

    fn after(&self) -> After {
        if self.request.head.keep_alive {
            After::KeepOpen
        } else {
            After::Close
        }
    }

    /// The fault that the request asks for by a header, else the drawn one. A redirect does not
    /// befall the request that followed it.
    fn fault(&self, drawn: Option<Fault>) -> Result<Option<Fault>, String> {
        let fault = match self.request.header("x-mock-fault") {
            Some(name) => Some(name.parse()?),
            None => drawn,
        };
        let is_redirected = self.request.head.query.contains("redirected=1");
        Ok(fault.filter(|fault| *fault != Fault::Redirect || !is_redirected))
    }

    /// Refuses a model that is not served.
    fn check_model(&self, asked: Option<String>) -> Result<String, Box<Page>> {
        let model = asked.unwrap_or_else(|| self.shared.model_name().to_owned());
        if self.shared.serves(&model) {
            return Ok(model);
        }
        let message = format!("the model `{model}` is not served here");
        let refusal = Refusal {
            parameter: Some("model"),
            code: Some("model_not_found"),
        };
        Err(Box::new(self.refusal(
            StatusCode::NOT_FOUND,
            &message,
            refusal,
        )))
    }

    /// The time that answers carry, in seconds since the epoch.
    fn created(&self) -> i64 {
        self.shared.clock.epoch(self.shared.clock.now()) / SECOND as i64
    }
}
