//! From a dataset to bodies that are ready to be sent.

use std::path::Path;
use std::sync::Arc;

use aiperf_dataset::Dataset;
use aiperf_endpoint::conversation::{ContextMode, Conversation, Turn};
use aiperf_endpoint::format::{EndpointSettings, FormatContext, format};
use aiperf_endpoint::{EndpointError, multipart};
use aiperf_engine::{PlannedConversation, PlannedTurn, Workload};
use aiperf_export::inputs_json::InputsWriter;
use aiperf_record::{ConversationMeta, TurnMeta};
use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::composer::Composer;

const NANOS_PER_MILLISECOND: f64 = 1e6;

/// Encodes every body that is known beforehand; the others are composed from live replies.
pub(crate) fn plan(dataset: &Arc<Dataset>, settings: &Arc<EndpointSettings>) -> Result<Workload> {
    let conversations = dataset
        .conversations
        .iter()
        .map(|conversation| plan_conversation(conversation, settings))
        .collect::<Result<_>>()?;
    let sampler = dataset.sampler();
    Ok(Workload {
        conversations,
        sampler: Box::new(move |session| sampler.conversation_for(session)),
        composer: Arc::new(Composer::new(dataset, settings)),
    })
}

fn plan_conversation(
    conversation: &Conversation,
    settings: &EndpointSettings,
) -> Result<PlannedConversation> {
    let turns = (0..conversation.turns.len())
        .map(|index| {
            let turns = match conversation.context_mode {
                ContextMode::DeltasWithoutResponses if index > 0 => None,
                ContextMode::DeltasWithResponses => Some(&conversation.turns[..=index]),
                _ => Some(&conversation.turns[index..=index]),
            };
            let place = || format!("conversation `{}`, turn {index}", conversation.id);
            let body = turns
                .map(|turns| {
                    let turns: Vec<_> = turns.iter().collect();
                    let body = body(conversation, &turns, None, settings)?;
                    // What cannot be made into a form is found out before the run.
                    multipart::wire_body(settings.endpoint_type, body.to_vec())?;
                    Ok::<_, EndpointError>(body)
                })
                .transpose()
                .with_context(place)?;
            let turn = &conversation.turns[index];
            let delay_ms = turn.delay_ms.unwrap_or(0.0).max(0.0);
            Ok(PlannedTurn {
                body,
                headers: turn_headers(turn).with_context(place)?,
                delay: (delay_ms * NANOS_PER_MILLISECOND) as u64,
                timestamp_ms: turn.timestamp_ms,
            })
        })
        .collect::<Result<_>>()?;
    Ok(PlannedConversation {
        id: conversation.id.as_str().into(),
        turns,
    })
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
pub(crate) fn write_inputs(
    path: &Path,
    dataset: &Dataset,
    workload: &Workload,
    settings: &EndpointSettings,
) -> Result<()> {
    let mut file = InputsWriter::create(path)?;
    for (conversation, planned) in dataset.conversations.iter().zip(&workload.conversations) {
        let bodies = conversation
            .turns
            .iter()
            .enumerate()
            .map(|(index, turn)| match &planned.turns[index].body {
                // Alone and in its place are the same for a turn without a history.
                Some(body) if index == 0 => Ok(body.clone()),
                _ => body(conversation, &[turn], None, settings),
            })
            .collect::<Result<Vec<_>, _>>()?;
        file.session(&conversation.id, &bodies)?;
    }
    file.finish()?;
    Ok(())
}

/// What the recorder needs to know of the dataset.
pub(crate) fn describe(
    dataset: &Dataset,
    workload: &Workload,
    tokenizer_of_model: impl Fn(Option<&str>) -> usize,
) -> Vec<ConversationMeta> {
    dataset
        .conversations
        .iter()
        .zip(&workload.conversations)
        .map(|(conversation, planned)| ConversationMeta {
            id: Arc::clone(&planned.id),
            turns: conversation
                .turns
                .iter()
                .zip(&planned.turns)
                .map(|(turn, planned)| TurnMeta {
                    max_tokens: turn.max_tokens,
                    timestamp_ms: turn.timestamp_ms,
                    tokenizer: tokenizer_of_model(turn.model.as_deref()),
                    has_fixed_body: planned.body.is_some(),
                })
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use aiperf_dataset::{DatasetPlan, FilePlan, Source, build};
    use aiperf_engine::{CorrelationId, Exchange};
    use aiperf_random::RootSeed;
    use aiperf_transport::{HttpExchange, Received};
    use serde_json::{Value, json};

    use super::*;

    fn two_turns() -> (Arc<Dataset>, Arc<EndpointSettings>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let line = r#"{"session_id":"s","turns":[{"text":"one"},{"text":"two","delay":5}]}"#;
        std::fs::write(file.path(), line).unwrap();
        let plan = DatasetPlan::new(Source::File(FilePlan::new(file.path())));
        let dataset = build(&plan, None, RootSeed::fixed(1)).unwrap();
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
        assert!(turns[0].body.is_some() && turns[1].body.is_none());
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
