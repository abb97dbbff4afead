//! `/v1/responses/ID`: responses that were to be kept.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::StatusCode;

use super::{After, Service};
use crate::plan::Plan;
use crate::protocol::{self, response_id};
use crate::response::{JSON, Page};

/// Older ones are forgotten.
const MOST_KEPT: usize = 1_000;

/// The responses of requests with `store`, by their ids.
#[derive(Default)]
pub(crate) struct KeptResponses(Mutex<VecDeque<(String, Vec<u8>)>>);

impl KeptResponses {
    /// Keeps an answer that was given whole.
    pub(super) fn keep(&self, plan: &Plan, created: i64) {
        let mut body = Vec::new();
        protocol::whole_body(&mut body, plan, created, false);
        let mut kept = self.kept();
        if kept.len() == MOST_KEPT {
            kept.pop_front();
        }
        kept.push_back((response_id(plan), body));
    }

    fn find(&self, id: &str) -> Option<Vec<u8>> {
        let kept = self.kept();
        let (_, body) = kept.iter().find(|(known, _)| known == id)?;
        Some(body.clone())
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<(String, Vec<u8>)>> {
        // A list is whole after every operation.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service<'_> {
    pub(super) async fn kept_response(&mut self, id: &str) -> io::Result<After> {
        match self.shared.responses.find(id) {
            Some(body) => self.send(&Page::ok(JSON, body)).await,
            None => {
                let message = format!("no response is kept as `{id}`");
                self.refuse(StatusCode::NOT_FOUND, &message).await
            }
        }
    }
}
