//! From a dataset to bodies that are ready to be sent.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use aiperf_clock::{MILLISECOND, Nanos, monotonic_now};
use aiperf_dataset::{Conversations, Outline};
use aiperf_endpoint::conversation::{ContextMode, Conversation, Turn};
use aiperf_endpoint::format::{EndpointSettings, FormatContext, format};
use aiperf_endpoint::{EndpointError, multipart};
use aiperf_engine::{ConversationPlans, PlannedConversation, PlannedTurn, TurnBody, Workload};
use aiperf_record::{ConversationMeta, ConversationMetas, TurnMeta};
use aiperf_schedule::PhaseKind;
use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::composer::Composer;
use super::encoder::{self, Encoder};
use super::inputs::{self, Inputs, PendingInputs};
use super::later::{Later, TokenizerOfModel};
use super::session_marks::SessionMarks;
use super::shelf::Shelf;

const NANOS_PER_MILLISECOND: f64 = 1e6;

/// Bytes of bodies that are encoded before a run whose dataset is assembled on demand.
const ENCODED_AHEAD: usize = 32 * 1024 * 1024;

/// How long that may hold up the first request.
const ENCODING_TIME: Nanos = 300 * MILLISECOND;

/// Of a dataset this large only the beginning can be encoded beforehand, and reading it has taken its
/// time already.
const LARGE_DATASET: usize = 100_000;
const ENCODING_TIME_OF_LARGE: Nanos = 50 * MILLISECOND;

/// Conversations that are encoded together, at most, and how long that should take.
const LARGEST_BATCH: usize = 1024;
const BATCH_TIME: Nanos = 30 * MILLISECOND;

/// What is sent, and what the recorder needs to know of it.
pub(crate) struct Laid {
    pub(crate) workload: Workload,
    pub(crate) metas: ConversationMetas,
    /// What of `inputs.json` is still to be written.
    pub(crate) inputs: PendingInputs,
}

/// Encodes the bodies that are known beforehand and writes them to `inputs.json` at `path`.
///
/// Of datasets that are assembled on demand this goes on until [`ENCODED_AHEAD`] or
/// [`ENCODING_TIME`] is reached. Further bodies are made ahead of their time during the run, and the
/// rest of the file beside it. Bodies that depend on live replies are composed from them.
pub(crate) fn lay_out(
    path: &Path,
    dataset: &Arc<Conversations>,
    settings: &Arc<EndpointSettings>,
    marks: Option<Arc<SessionMarks>>,
    tokenizer_of_model: &TokenizerOfModel,
) -> Result<Laid> {
    let is_on_demand = dataset.is_assembled_on_demand();
    let mut inputs = if dataset.repeats_a_file() {
        Inputs::none()
    } else if is_on_demand && inputs::would_be_too_large(dataset) {
        inputs::tell_too_large(path);
        Inputs::none()
    } else {
        Inputs::create(path, is_on_demand)?
    };
    let shelf = Arc::new(Shelf::new(dataset));
    let encoder = Encoder {
        shelf: &shelf,
        settings,
        is_marked: marks.is_some(),
        keeps_bodies: !marks
            .as_ref()
            .is_some_and(|marks| marks.are_in(PhaseKind::Profiling)),
    };
    let mut conversations = Vec::new();
    let mut metas = Vec::new();
    let mut remarks = BTreeSet::new();
    let mut add = |outline: &Outline, planned: PlannedConversation, audio_seconds: &[_]| {
        let mut meta = describe(outline, &planned, audio_seconds, &**tokenizer_of_model);
        if encoder.is_marked {
            meta.turns
                .iter_mut()
                .for_each(|turn| turn.has_fixed_body = false);
        }
        metas.push(meta);
        conversations.push(planned);
    };
    let start = monotonic_now();
    let time = if dataset.len() < LARGE_DATASET {
        ENCODING_TIME
    } else {
        ENCODING_TIME_OF_LARGE
    };
    let (mut next, mut size, mut batch) = (0, 0, encoder::threads());
    while next < dataset.len() {
        let batch_start = monotonic_now();
        let is_enough = size >= ENCODED_AHEAD || batch_start - start >= time;
        if is_on_demand && is_enough {
            break;
        }
        let indices = next..dataset.len().min(next + batch);
        next = indices.end;
        for (index, encoded) in indices
            .clone()
            .zip(encoder.encode(indices, inputs.is_wanted()))
        {
            let encoded = encoded?;
            size += size_of_bodies(&encoded.planned);
            remarks.extend(encoded.remarks);
            inputs.add(&encoded.planned.id, &encoded.alone)?;
            add(
                &dataset.outline(index),
                encoded.planned,
                &encoded.audio_seconds,
            );
        }
        if monotonic_now() - batch_start < BATCH_TIME {
            batch = (2 * batch).min(LARGEST_BATCH);
        }
    }
    for remark in remarks {
        tracing::warn!("{remark}");
    }
    let later = Later {
        dataset: Arc::clone(dataset),
        tokenizer_of_model: Arc::clone(tokenizer_of_model),
        is_marked: encoder.is_marked,
    };
    let inputs = if next < dataset.len() && inputs.is_wanted() {
        let rest = next..dataset.len();
        PendingInputs::start(inputs, rest, Arc::clone(&shelf), Arc::clone(settings))?
    } else {
        inputs.finish()?;
        PendingInputs::default()
    };
    let sampler = dataset.sampler();
    let workload = Workload {
        conversations: ConversationPlans::new(conversations, Some(Box::new(later.clone()))),
        sampler: Box::new(move |session| sampler.conversation_for(session)),
        composer: Arc::new(Composer::new(shelf, settings, marks)),
    };
    Ok(Laid {
        workload,
        metas: ConversationMetas::new(metas, Some(Box::new(later))),
        inputs,
    })
}

pub(super) fn describe(
    outline: &Outline,
    planned: &PlannedConversation,
    audio_seconds: &[Option<f64>],
    tokenizer_of_model: &dyn Fn(Option<&str>) -> usize,
) -> ConversationMeta {
    let turns = outline.turns.iter().zip(&planned.turns).enumerate();
    ConversationMeta {
        id: Arc::clone(&planned.id),
        turns: turns
            .map(|(index, (turn, planned))| TurnMeta {
                max_tokens: turn.max_tokens,
                timestamp_ms: turn.timestamp_ms,
                audio_seconds: audio_seconds.get(index).copied().flatten(),
                tokenizer: tokenizer_of_model(turn.model.as_deref()),
                has_fixed_body: planned.body != TurnBody::AfterReplies,
            })
            .collect(),
    }
}

fn size_of_bodies(planned: &PlannedConversation) -> usize {
    let size = |turn: &PlannedTurn| match &turn.body {
        TurnBody::Ready(body) => body.len(),
        TurnBody::OnDemand | TurnBody::AfterReplies => 0,
    };
    planned.turns.iter().map(size).sum()
}

pub(super) fn plan_conversation(
    conversation: &Conversation,
    settings: &EndpointSettings,
) -> Result<PlannedConversation> {
    let mode = conversation.context_mode;
    let turns = conversation.turns.iter().enumerate().map(|(index, turn)| {
        let place = || format!("conversation `{}`, turn {index}", conversation.id);
        let body = if depends_on_replies(mode, index) {
            TurnBody::AfterReplies
        } else {
            TurnBody::Ready(fixed_body(conversation, index, settings).with_context(place)?)
        };
        Ok(PlannedTurn {
            body,
            headers: turn_headers(turn).with_context(place)?,
            delay: delay(turn.delay_ms),
            timestamp_ms: turn.timestamp_ms,
        })
    });
    Ok(PlannedConversation {
        id: conversation.id.as_str().into(),
        turns: turns.collect::<Result<_>>()?,
    })
}

/// A conversation whose bodies are made during the run.
pub(super) fn plan_outline(outline: &Outline) -> PlannedConversation {
    let turns = outline.turns.iter().enumerate().map(|(index, turn)| {
        let body = if depends_on_replies(outline.context_mode, index) {
            TurnBody::AfterReplies
        } else {
            TurnBody::OnDemand
        };
        PlannedTurn {
            body,
            headers: None,
            delay: delay(turn.delay_ms),
            timestamp_ms: turn.timestamp_ms,
        }
    });
    PlannedConversation {
        id: outline.id.as_str().into(),
        turns: turns.collect(),
    }
}

fn delay(delay_ms: Option<f64>) -> u64 {
    (delay_ms.unwrap_or(0.0).max(0.0) * NANOS_PER_MILLISECOND) as u64
}

pub(super) fn depends_on_replies(mode: ContextMode, turn: usize) -> bool {
    mode == ContextMode::DeltasWithoutResponses && turn > 0
}

/// The body of a turn that depends on no reply.
pub(super) fn fixed_body(
    conversation: &Conversation,
    turn: usize,
    settings: &EndpointSettings,
) -> Result<Bytes, EndpointError> {
    let turns = match conversation.context_mode {
        ContextMode::DeltasWithResponses => &conversation.turns[..=turn],
        _ => &conversation.turns[turn..=turn],
    };
    let turns: Vec<_> = turns.iter().collect();
    let body = body(conversation, &turns, None, settings)?;
    if settings.endpoint_type.capabilities().multipart {
        // What cannot be made into a form is found out before it is sent.
        multipart::encode(&body)?;
    }
    Ok(body)
}

/// The body of the last of `turns`, which the others precede.
pub(super) fn body(
    conversation: &Conversation,
    turns: &[&Turn],
    previous_response_id: Option<&str>,
    settings: &EndpointSettings,
) -> Result<Bytes, EndpointError> {
    let context = FormatContext {
        turns,
        system_message: conversation.system_message.as_deref(),
        user_context_message: conversation.user_context_message.as_deref(),
        previous_response_id,
        settings,
    };
    format(&context).map(Bytes::from)
}

/// Header fields that go with this turn alone.
fn turn_headers(turn: &Turn) -> Result<Option<Box<HeaderMap>>> {
    if turn.extra_headers.is_empty() {
        return Ok(None);
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &turn.extra_headers {
        let field = HeaderName::from_bytes(name.as_bytes())
            .with_context(|| format!("`{name}` is not a header name"))?;
        let value = HeaderValue::from_str(value)
            .with_context(|| format!("header `{name}` has an unusable value"))?;
        headers.insert(field, value);
    }
    Ok(Some(Box::new(headers)))
}

#[cfg(test)]
mod tests {
    use aiperf_dataset::{DatasetPlan, FilePlan, Source, open};
    use aiperf_engine::{CorrelationId, Exchange, Playing};
    use aiperf_random::RootSeed;
    use aiperf_transport::{HttpExchange, Received};
    use serde_json::{Value, json};

    use super::*;

    fn two_turns() -> (Arc<Conversations>, Arc<EndpointSettings>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let line = r#"{"session_id":"s","turns":[{"text":"one"},{"text":"two","delay":5}]}"#;
        std::fs::write(file.path(), line).unwrap();
        let plan = DatasetPlan::new(Source::File(FilePlan::new(file.path())));
        let dataset = open(&plan, None, RootSeed::fixed(1)).unwrap();
        let settings = EndpointSettings {
            models: vec!["m".to_owned()],
            ..EndpointSettings::default()
        };
        (Arc::new(dataset), Arc::new(settings))
    }

    fn first_tokenizer() -> TokenizerOfModel {
        Arc::new(|_| 0)
    }

    fn exchange_with(body: &str) -> Exchange {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        Exchange {
            phase: 0,
            request_index: 0,
            conversation: 0,
            turn: 0,
            worker: 0,
            target: 0,
            request_id: uuid::Uuid::nil(),
            correlation_id: CorrelationId::Random(0),
            session: 0,
            intended: None,
            issued: 0,
            slot_empty: None,
            body: Bytes::new(),
            job_failure: None,
            http: HttpExchange {
                received: Received::from_iter([(body.as_bytes(), 1)]),
                headers,
                status: Some(http::StatusCode::OK),
                start: 1,
                end: 2,
                ..HttpExchange::default()
            },
        }
    }

    #[test]
    fn a_later_turn_holds_the_replies_to_the_turns_before_it() {
        let (dataset, settings) = two_turns();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inputs.json");
        let laid = lay_out(&path, &dataset, &settings, None, &first_tokenizer()).unwrap();
        let workload = laid.workload;
        let turns = &workload.conversations.ready()[0].turns;
        assert!(matches!(turns[0].body, TurnBody::Ready(_)));
        assert_eq!(turns[1].body, TurnBody::AfterReplies);
        assert_eq!(turns[1].delay, 5_000_000);

        let answer = json!({
            "object": "chat.completion",
            "choices": [{"message": {"role": "assistant", "content": "reply"}}],
        });
        let playing = Playing {
            session: 0,
            conversation: 0,
            phase: PhaseKind::Profiling,
        };
        let body = workload
            .composer
            .compose(playing, 1, &[exchange_with(&answer.to_string())])
            .unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            body["messages"],
            json!([
                {"role": "user", "content": "one"},
                {"role": "assistant", "content": "reply"},
                {"role": "user", "content": "two"},
            ])
        );
    }

    #[test]
    fn inputs_show_each_turn_without_its_history() {
        let (dataset, settings) = two_turns();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inputs.json");
        lay_out(&path, &dataset, &settings, None, &first_tokenizer()).unwrap();
        let inputs: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let second = &inputs["data"][0]["payloads"][1]["messages"];
        assert_eq!(*second, json!([{"role": "user", "content": "two"}]));
    }
}
