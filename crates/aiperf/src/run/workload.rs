//! From a dataset to bodies that are ready to be sent.

use std::path::Path;
use std::sync::Arc;

use aiperf_dataset::{Conversations, Outline};
use aiperf_endpoint::conversation::{ContextMode, Conversation, Turn};
use aiperf_endpoint::format::{EndpointSettings, FormatContext, format};
use aiperf_endpoint::{EndpointError, multipart};
use aiperf_engine::{PlannedConversation, PlannedTurn, TurnBody, Workload};
use aiperf_export::inputs_json::InputsWriter;
use aiperf_record::{ConversationMeta, TurnMeta};
use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::composer::Composer;

const NANOS_PER_MILLISECOND: f64 = 1e6;

/// Bytes of bodies that are encoded before a run whose dataset is assembled on demand.
const ENCODED_AHEAD: usize = 64 * 1024 * 1024;

/// The largest `inputs.json` that is written for such a dataset.
const LARGEST_INPUTS: usize = 256 * 1024 * 1024;

/// Encodes the bodies that are known beforehand. Those of datasets that are assembled on demand are
/// made ahead of their time once what is encoded has reached [`ENCODED_AHEAD`]; those that depend on
/// live replies are composed from them.
pub(crate) fn plan(
    dataset: &Arc<Conversations>,
    settings: &Arc<EndpointSettings>,
) -> Result<Workload> {
    let mut encoded = 0;
    let mut conversations = Vec::with_capacity(dataset.len());
    for index in 0..dataset.len() {
        let is_left_for_later = dataset.is_assembled_on_demand() && encoded >= ENCODED_AHEAD;
        conversations.push(if is_left_for_later {
            outline(&dataset.outline(index))
        } else {
            let planned = plan_conversation(&*dataset.conversation(index)?, settings)?;
            encoded += size_of_bodies(&planned);
            planned
        });
    }
    let sampler = dataset.sampler();
    Ok(Workload {
        conversations,
        sampler: Box::new(move |session| sampler.conversation_for(session)),
        composer: Arc::new(Composer::new(dataset, settings)),
    })
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
fn outline(outline: &Outline) -> PlannedConversation {
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
    // What cannot be made into a form is found out before it is sent.
    multipart::wire_body(settings.endpoint_type, body.to_vec())?;
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

/// Writes what the dataset sends: each turn's body as it is without the turns before it.
///
/// What is assembled on demand is left out if it would be larger than [`LARGEST_INPUTS`]; then
/// nothing is written, and the log says so.
pub(crate) fn write_inputs(
    path: &Path,
    dataset: &Conversations,
    workload: &Workload,
    settings: &EndpointSettings,
) -> Result<()> {
    let mut file = InputsWriter::create(path)?;
    let mut size = 0;
    for (index, planned) in workload.conversations.iter().enumerate() {
        let conversation = dataset.conversation(index)?;
        let bodies = conversation
            .turns
            .iter()
            .zip(&planned.turns)
            .enumerate()
            .map(|(index, (turn, planned))| match &planned.body {
                // Alone and in its place are the same for a turn without a history.
                TurnBody::Ready(body) if index == 0 => Ok(body.clone()),
                _ => body(&conversation, &[turn], None, settings),
            })
            .collect::<Result<Vec<_>, _>>()?;
        size += bodies.iter().map(Bytes::len).sum::<usize>();
        if dataset.is_assembled_on_demand() && size > LARGEST_INPUTS {
            tracing::warn!(
                "`{}` is not written: it would be larger than {} MB",
                path.display(),
                LARGEST_INPUTS / (1024 * 1024)
            );
            return Ok(());
        }
        file.session(&conversation.id, &bodies)?;
    }
    file.finish()?;
    Ok(())
}

/// What the recorder needs to know of the dataset.
pub(crate) fn describe(
    dataset: &Conversations,
    workload: &Workload,
    tokenizer_of_model: impl Fn(Option<&str>) -> usize,
) -> Vec<ConversationMeta> {
    let describe = |(index, planned): (usize, &PlannedConversation)| ConversationMeta {
        id: Arc::clone(&planned.id),
        turns: dataset
            .outline(index)
            .turns
            .iter()
            .zip(&planned.turns)
            .map(|(turn, planned)| TurnMeta {
                max_tokens: turn.max_tokens,
                timestamp_ms: turn.timestamp_ms,
                audio_seconds: None,
                tokenizer: tokenizer_of_model(turn.model.as_deref()),
                has_fixed_body: planned.body != TurnBody::AfterReplies,
            })
            .collect(),
    };
    let planned = workload.conversations.iter().enumerate();
    planned.map(describe).collect()
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
        let workload = plan(&dataset, &settings).unwrap();
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
        let workload = plan(&dataset, &settings).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inputs.json");
        write_inputs(&path, &dataset, &workload, &settings).unwrap();
        let inputs: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let second = &inputs["data"][0]["payloads"][1]["messages"];
        assert_eq!(*second, json!([{"role": "user", "content": "two"}]));
    }
}
