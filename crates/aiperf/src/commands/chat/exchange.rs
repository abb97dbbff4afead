//! One request and its answer.

use std::cell::Cell;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aiperf_clock::{Nanos, SECOND, monotonic_now};
use aiperf_endpoint::failure::reason_phrase;
use aiperf_endpoint::headers::{HeaderSettings, HeaderTemplate, RequestIds};
use aiperf_endpoint::{Answer, EndpointType, Transcript, parse};
use aiperf_redact::Secrets;
use aiperf_transport::{
    HttpExchange, LazyTls, Lease, OutgoingRequest, Target, TlsSettings, Transport,
    TransportOptions, Watch,
};
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use uuid::Uuid;

use super::live::LivePrinter;
use crate::run::environment::{ChatTimeouts, Environment};
use crate::version::USER_AGENT;

/// What of an error's body is shown.
const LONGEST_DETAIL: usize = 500;

/// The server, and how it is asked.
pub(super) struct Server {
    transport: Transport,
    headers: HeaderTemplate,
    /// Of the whole conversation, for routers that keep a session on one server.
    session: String,
    timeouts: ChatTimeouts,
    secrets: Secrets,
}

impl Server {
    pub(super) fn new(
        url: &str,
        api_key: Option<String>,
        environment: &Environment,
    ) -> Result<Self> {
        let mut secrets = Secrets::default();
        secrets.add_url(url);
        if let Some(key) = &api_key {
            secrets.add(key);
        }
        let whole = aiperf_endpoint::url::compose(url, None, EndpointType::Chat, true)?;
        let target = Target::parse(whole.as_str()).with_context(|| "`--url` cannot be used")?;
        let headers = HeaderTemplate::new(HeaderSettings {
            endpoint_type: EndpointType::Chat,
            user_agent: USER_AGENT.to_owned(),
            streaming: true,
            api_key,
            affinity: environment.affinity,
            ..HeaderSettings::default()
        })?;
        Ok(Self {
            transport: Transport::new(vec![target], transport_options(environment)),
            headers,
            session: Uuid::new_v4().to_string(),
            timeouts: environment.chat,
            secrets,
        })
    }

    /// Sends a body and shows the answer on standard output while it comes.
    ///
    /// # Errors
    /// What kept the answer from coming whole: the connection, the time limits, a status outside 2xx, an
    /// error inside the stream. No text holds the key.
    pub(super) async fn exchange(&self, body: Bytes) -> Result<(HttpExchange, Answer)> {
        let headers = self.header_map()?;
        let printer = LivePrinter::start()?;
        let mut http = HttpExchange::default();
        let end = self
            .perform(
                || OutgoingRequest {
                    method: Method::POST,
                    headers: headers.clone(),
                    body: body.clone(),
                },
                &mut http,
                &printer,
            )
            .await;
        let is_good = http.status.is_some_and(|status| status.is_success());
        printer.finish(is_good)?;
        let answer = self.understand(&http, end)?;
        Ok((http, answer))
    }

    fn understand(&self, http: &HttpExchange, end: End) -> Result<Answer> {
        let seconds = |nanos: Nanos| nanos as f64 / SECOND as f64;
        match end {
            End::NotConnected => bail!(
                "no connection within {} s\n  hint: `AIPERF_CHAT_CONNECT_TIMEOUT` sets the limit",
                seconds(self.timeouts.connect)
            ),
            End::Silence => bail!(
                "the server was silent for {} s\n  hint: `AIPERF_CHAT_READ_TIMEOUT` sets the limit",
                seconds(self.timeouts.silence)
            ),
            End::Over => {}
        }
        let body = http.received.unfold();
        if let Some(error) = &http.error {
            bail!("{}", self.secrets.hide(&error.message));
        }
        match http.status.map(|status| status.as_u16()) {
            Some(status) if !(200..300).contains(&status) => {
                let reason = reason_phrase(status);
                let detail: String = String::from_utf8_lossy(&body.bytes)
                    .chars()
                    .take(LONGEST_DETAIL)
                    .collect();
                let answered = format!("{status} {reason}: {}", detail.trim());
                let answered = answered.trim_end().trim_end_matches(':');
                bail!("the server answered {}", self.secrets.hide(answered));
            }
            _ => {}
        }
        let answer = parse(
            EndpointType::Chat,
            &Transcript {
                content_type: http.content_type(),
                body: &body.bytes,
                reads: &body.reads,
                ended_at: http.end,
                method_is_post: true,
            },
        );
        if let Some(failure) = &answer.error {
            bail!("{}", self.secrets.hide(&failure.message));
        }
        Ok(answer)
    }

    fn header_map(&self) -> Result<HeaderMap> {
        let request = Uuid::new_v4().to_string();
        let ids = RequestIds {
            x_request_id: &request,
            x_correlation_id: &self.session,
            parent_correlation_id: None,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers.headers(ids) {
            headers.insert(
                HeaderName::from_bytes(name.as_bytes())?,
                HeaderValue::from_str(value)?,
            );
        }
        Ok(headers)
    }

    /// Fills `http`, within the limits of time.
    async fn perform(
        &self,
        request: impl Fn() -> OutgoingRequest,
        http: &mut HttpExchange,
        printer: &LivePrinter,
    ) -> End {
        let started_at = monotonic_now();
        let (connected_at, heard_at) = (Cell::new(None), Cell::new(0));
        let mut on_data = |content_type: Option<&str>, data: &[u8]| {
            heard_at.set(monotonic_now());
            printer.take(content_type, data);
        };
        let watch = Watch {
            on_data: Some(&mut on_data),
            repeat: Some(&request),
            connected_at: Some(&connected_at),
            ..Watch::default()
        };
        let performing = self
            .transport
            .perform(0, request(), Lease::Pooled, http, watch);
        let mut performing = pin!(performing);
        loop {
            let (since, limit, end) = match connected_at.get() {
                None => (started_at, self.timeouts.connect, End::NotConnected),
                Some(at) => (heard_at.get().max(at), self.timeouts.silence, End::Silence),
            };
            let left = since.saturating_add(limit).saturating_sub(monotonic_now());
            if left == 0 {
                return end;
            }
            tokio::select! {
                () = &mut performing => return End::Over,
                () = tokio::time::sleep(Duration::from_nanos(left)) => {}
            }
        }
    }
}

/// How an exchange ended.
#[derive(Clone, Copy)]
enum End {
    /// The answer is there, or it is known why not.
    Over,
    NotConnected,
    Silence,
}

fn transport_options(environment: &Environment) -> TransportOptions {
    let tls = TlsSettings {
        verifies: environment.verify_tls,
        ..TlsSettings::default()
    };
    TransportOptions {
        keep_alive_timeout_ns: environment.keep_alive_timeout,
        keeps_connections: !environment.force_close,
        name_resolution: environment.name_resolution,
        name_cache: environment.name_cache,
        socket_buffers: environment.sockets.buffers,
        probes: environment.sockets.probes,
        tls: Arc::new(LazyTls::new(tls)),
        proxies: Arc::new(environment.proxies.clone()),
        ..TransportOptions::default()
    }
}
