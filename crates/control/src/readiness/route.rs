//! Is the route of inference requests there?
//!
//! For types whose requests the program cannot make up, or that would set off a long job: the route
//! is asked for with a GET, which changes nothing. Ready: a status of the 2xx range, or one by which
//! a server says that the route wants another kind of request (400, 405, 411, 415, 422).

use std::time::Duration;

use http::StatusCode;

use super::inference::inference_url;
use super::{ProbedEndpoint, Verdict, refused};
use crate::client::ControlClient;
use crate::error::{ControlError, RequestFailure};
use crate::origin::Destination;

/// A question about one URL.
#[derive(Debug, Clone)]
pub(super) struct RouteProbe {
    to: Destination,
}

impl RouteProbe {
    pub(super) fn new(endpoint: &ProbedEndpoint<'_>, url: &str) -> Result<Self, ControlError> {
        tracing::info!(
            "readiness of endpoint type `{}` is judged by its route alone",
            endpoint.settings.endpoint_type
        );
        Ok(Self {
            to: inference_url(endpoint, url)?,
        })
    }

    pub(super) fn what(&self) -> String {
        format!("the route `{}`", self.to.shown)
    }

    pub(super) async fn ask(&self, client: &ControlClient, patience: Duration) -> Verdict {
        match client.get(&self.to, patience).await {
            Ok(reply) => judge(reply.status),
            Err(RequestFailure::Status(status)) => judge(status),
            Err(RequestFailure::Transport(error)) => Verdict::NotReady(error.to_string()),
        }
    }
}

fn judge(status: StatusCode) -> Verdict {
    match status.as_u16() {
        200..=299 | 400 | 405 | 411 | 415 | 422 => Verdict::Ready("the route is there"),
        _ => refused(status),
    }
}
