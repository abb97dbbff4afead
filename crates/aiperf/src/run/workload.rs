//! From a dataset to bodies that are ready to be sent.

use std::path::Path;
use std::sync::Arc;

use aiperf_dataset::{Conversations, Outline};
use aiperf_endpoint::conversation::{ContextMode, Conversation, Turn};
use aiperf_endpoint::format::{EndpointSettings, FormatContext, format};
use aiperf_endpoint::{EndpointError, multipart};
use aiperf_engine::{PlannedConversation, PlannedTurn, TurnBody, Workload};
use aiperf_record::{ConversationMeta, TurnMeta};
use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::composer::Composer;
use super::inputs::Inputs;

const NANOS_PER_MILLISECOND: f64 = 1e6;

/// Bytes of bodies that are encoded before a run whose dataset is assembled on demand.
const ENCODED_AHEAD: usize = 64 * 1024 * 1024;

/// What is sent, and what the recorder needs to know of it.
pub(crate) struct Laid {
    pub(crate) workload: Workload,
    pub(crate) metas: Vec<ConversationMeta>,
}

/// Encodes the bodies that are known beforehand and writes them to `inputs.json` at `path`.
///
/// Those of datasets that are assembled on demand are made ahead of their time once what is encoded
/// has reached [`ENCODED_AHEAD`]; those that depend on live replies are composed from them. Each
/// conversation is assembled at most once.
pub(crate) fn lay_out(
    path: &Path,
    dataset: &Arc<Conversations>,
    settings: &Arc<EndpointSettings>,
    tokenizer_of_model: impl Fn(Option<&str>) -> usize,
) -> Result<Laid> {
    let is_on_demand = dataset.is_assembled_on_demand();
    let mut inputs = Inputs::create(path, is_on_demand)?;
    let mut encoded = 0;
    let mut conversations = Vec::with_capacity(dataset.len());
    let mut metas = Vec::with_capacity(dataset.len());
    for index in 0..dataset.len() {
        let is_left_for_later = is_on_demand && encoded >= ENCODED_AHEAD;
        let outline = dataset.outline(index);
        let conversation = if is_left_for_later && !inputs.is_wanted() {
            None
        } else {
            Some(dataset.conversation(index)?)
        };
        let planned = match &conversation {
            Some(conversation) if !is_left_for_later => plan_conversation(conversation, settings)?,
            _ => plan_outline(&outline),
        };
        if let Some(conversation) = &conversation {
            inputs.add(conversation, &planned, settings)?;
        }
        encoded += size_of_bodies(&planned);
        metas.push(describe(
            &outline,
            conversation.as_deref(),
            &planned,
            &tokenizer_of_model,
        ));
        conversations.push(planned);
    }
    inputs.finish()?;
    let sampler = dataset.sampler();
    let workload = Workload {
        conversations,
        sampler: Box::new(move |session| sampler.conversation_for(session)),
        composer: Arc::new(Composer::new(dataset, settings)),
    };
    Ok(Laid { workload, metas })
}

fn describe(
    outline: &Outline,
    conversation: Option<&Conversation>,
    planned: &PlannedConversation,
    tokenizer_of_model: impl Fn(Option<&str>) -> usize,
) -> ConversationMeta {
    let audio_seconds = |turn: usize| conversation?.turns.get(turn)?.audio_duration_seconds;
    let turns = outline.turns.iter().zip(&planned.turns).enumerate();
    ConversationMeta {
        id: Arc::clone(&planned.id),
        turns: turns
            .map(|(index, (turn, planned))| TurnMeta {
                max_tokens: turn.max_tokens,
                timestamp_ms: turn.timestamp_ms,
                audio_seconds: audio_seconds(index),
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

fn plan_conversation(
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
fn plan_outline(outline: &Outline) -> PlannedConversation {
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
    use aiperf_engine::{CorrelationId, Exchange};
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
        let laid = lay_out(&path, &dataset, &settings, |_| 0).unwrap();
        let workload = laid.workload;
        let turns = &workload.conversations[0].turns;
        assert!(matches!(turns[0].body, TurnBody::Ready(_)));
        assert_eq!(turns[1].body, TurnBody::AfterReplies);
        assert_eq!(turns[1].delay, 5_000_000);

        let answer = json!({
            "object": "chat.completion",
            "choices": [{"message": {"role": "assistant", "content": "reply"}}],
        });
        let body = workload
            .composer
            .compose(0, 1, &[exchange_with(&answer.to_string())])
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
        lay_out(&path, &dataset, &settings, |_| 0).unwrap();
        let inputs: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let second = &inputs["data"][0]["payloads"][1]["messages"];
        assert_eq!(*second, json!([{"role": "user", "content": "two"}]));
    }
}
