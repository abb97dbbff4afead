//! Does the server answer an inference request?
//!
//! The request is the smallest real one of the endpoint type, at the URL and with the headers of the
//! load. Ready: a complete answer with a status of the 2xx range. A server that read the request and
//! finds fault with its content (400, 413, 415, 422) is there too, only the request is not to its
//! liking. A server that knows neither caller nor route nor model (401, 403, 404, 405), is busy
//! (429), fails (5xx) or is silent is not ready.

use std::time::Duration;

use aiperf_endpoint::url::compose;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::{ProbedEndpoint, Verdict, refused, sample};
use crate::client::{ControlClient, ControlRequest};
use crate::error::{ControlError, RequestFailure};
use crate::origin::Destination;

/// An inference request about one model.
#[derive(Debug, Clone)]
pub(super) struct InferenceProbe {
    model: String,
    to: Destination,
    body: Bytes,
    /// What a multipart body says of itself.
    content_type: Option<HeaderValue>,
}

impl InferenceProbe {
    /// The probe, or none for types of which no small request can be made.
    pub(super) fn new(
        endpoint: &ProbedEndpoint<'_>,
        url: &str,
        model: &str,
    ) -> Result<Option<Self>, ControlError> {
        let Some(body) = sample::body(endpoint.settings, model)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            model: model.to_owned(),
            to: inference_url(endpoint, url)?,
            body: body.bytes.into(),
            content_type: body
                .content_type
                .and_then(|content_type| HeaderValue::try_from(content_type).ok()),
        }))
    }

    pub(super) fn what(&self) -> String {
        format!("model `{}` at `{}`", self.model, self.to.shown)
    }

    pub(super) async fn ask(&self, client: &ControlClient, patience: Duration) -> Verdict {
        let request = ControlRequest {
            method: Method::POST,
            to: &self.to,
            headers: self.headers(client),
            body: self.body.clone(),
            timeout: patience,
        };
        match client.send(request).await {
            Ok(reply) => judge(reply.status),
            Err(RequestFailure::Status(status)) => judge(status),
            Err(RequestFailure::Transport(error)) => Verdict::NotReady(error.to_string()),
        }
    }

    fn headers(&self, client: &ControlClient) -> HeaderMap {
        let mut headers = client.inference_headers();
        if let Some(content_type) = &self.content_type {
            headers.insert(CONTENT_TYPE, content_type.clone());
        }
        headers
    }
}

/// Where inference requests go.
pub(super) fn inference_url(
    endpoint: &ProbedEndpoint<'_>,
    url: &str,
) -> Result<Destination, ControlError> {
    let settings = endpoint.settings;
    let url = compose(
        url,
        endpoint.custom_endpoint,
        settings.endpoint_type,
        settings.streaming,
    )?;
    Destination::new(url.as_str())
}

fn judge(status: StatusCode) -> Verdict {
    match status.as_u16() {
        200..=299 => Verdict::Ready("it answers an inference request"),
        400 | 413 | 415 | 422 => {
            Verdict::Ready("it reads inference requests, though it refuses the smallest one")
        }
        _ => refused(status),
    }
}
