//! Bodies that are made during the run.

use std::sync::Arc;

use aiperf_endpoint::conversation::Turn;
use aiperf_endpoint::format::EndpointSettings;
use aiperf_endpoint::parse::parse_with;
use aiperf_endpoint::{Answer, chaining, multipart, reply};
use aiperf_engine::{Compose, Exchange, Playing};
use aiperf_record::transcript;
use aiperf_schedule::PhaseKind;
use bytes::Bytes;
use http::HeaderValue;

use super::session_marks::SessionMarks;
use super::shelf::Shelf;
use super::workload;

/// Builds the bodies of turns that come after live replies or are made on demand, and the forms of
/// multipart types.
pub(crate) struct Composer {
    shelf: Arc<Shelf>,
    settings: Arc<EndpointSettings>,
    marks: Option<Arc<SessionMarks>>,
}

impl Composer {
    pub(crate) fn new(
        shelf: Arc<Shelf>,
        settings: &Arc<EndpointSettings>,
        marks: Option<Arc<SessionMarks>>,
    ) -> Self {
        Self {
            shelf,
            settings: Arc::clone(settings),
            marks,
        }
    }

    /// What a server has said, and whether that was a failure.
    fn understand(&self, exchange: &Exchange) -> (Answer, bool) {
        let http = &exchange.http;
        if !http.status.is_some_and(|status| status.is_success()) {
            return (Answer::default(), true);
        }
        let body = http.received.unfold();
        let answer = parse_with(&self.settings, &transcript(exchange, &body));
        let has_failed = http.error.is_some() || answer.failure(http.start, http.end).is_some();
        (answer, has_failed)
    }
}

impl Compose for Composer {
    fn compose(
        &self,
        playing: Playing,
        turn: usize,
        earlier: &[Exchange],
    ) -> Result<Bytes, String> {
        let conversation = self.shelf.conversation(playing.conversation);
        let conversation = conversation.map_err(|error| error.to_string())?;
        let conversation = match &self.marks {
            Some(marks) => marks.marked(conversation, playing, turn)?,
            None => conversation,
        };
        if !workload::depends_on_replies(conversation.context_mode, turn) {
            return workload::fixed_body(&conversation, turn, &self.settings)
                .map_err(|error| error.to_string());
        }
        let mut replies: Vec<Option<Turn>> = Vec::with_capacity(earlier.len());
        let mut response_id: Option<String> = None;
        for (exchange, asked) in earlier.iter().zip(&conversation.turns) {
            let (answer, has_failed) = self.understand(exchange);
            let before = chaining::before(response_id.as_deref(), asked);
            response_id = chaining::next(before, &answer, has_failed, &self.settings);
            replies.push(reply::capture(&answer));
        }
        let mut history = Vec::with_capacity(2 * turn + 1);
        for (index, asked) in conversation.turns[..=turn].iter().enumerate() {
            history.push(asked);
            if index < turn {
                history.extend(replies.get(index).and_then(Option::as_ref));
            }
        }
        let newest = &conversation.turns[turn];
        let previous = chaining::before(response_id.as_deref(), newest);
        workload::body(&conversation, &history, previous, &self.settings)
            .map_err(|error| error.to_string())
    }

    fn is_particular(&self, phase: PhaseKind) -> bool {
        self.marks.as_ref().is_some_and(|marks| marks.are_in(phase))
    }

    fn wire_form(&self, body: &Bytes) -> Option<(Bytes, HeaderValue)> {
        if !self.settings.endpoint_type.capabilities().multipart {
            return None;
        }
        // Bodies that cannot be made into a form were refused before the run.
        let form = multipart::encode(body).ok()?;
        let content_type = HeaderValue::from_str(&form.content_type?).ok()?;
        Some((form.bytes.into(), content_type))
    }
}
