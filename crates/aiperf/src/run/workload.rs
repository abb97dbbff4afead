//! From a dataset to bodies that are ready to be sent.

use std::path::Path;
use std::sync::Arc;

use aiperf_dataset::Dataset;
use aiperf_endpoint::conversation::{ContextMode, Conversation, Turn};
use aiperf_endpoint::format::{EndpointSettings, FormatContext, format};
use aiperf_endpoint::{EndpointError, parse, reply};
use aiperf_engine::{Compose, Exchange, PlannedConversation, PlannedTurn, Workload};
use aiperf_export::inputs_json::InputsWriter;
use aiperf_record::{ConversationMeta, TurnMeta, transcript};
use anyhow::{Context, Result};
use bytes::Bytes;

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
        composer: Arc::new(Composer {
            dataset: Arc::clone(dataset),
            settings: Arc::clone(settings),
        }),
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
            let body = turns
                .map(|turns| {
                    body(conversation, &turns.iter().collect::<Vec<_>>(), settings).with_context(
                        || format!("conversation `{}`, turn {index}", conversation.id),
                    )
                })
                .transpose()?;
            let delay_ms = conversation.turns[index].delay_ms.unwrap_or(0.0).max(0.0);
            Ok(PlannedTurn {
                body,
                delay: (delay_ms * NANOS_PER_MILLISECOND) as u64,
            })
        })
        .collect::<Result<_>>()?;
    Ok(PlannedConversation {
        id: conversation.id.as_str().into(),
        turns,
    })
}

fn body(
    conversation: &Conversation,
    turns: &[&Turn],
    settings: &EndpointSettings,
) -> Result<Bytes, EndpointError> {
    let context = FormatContext {
        turns,
        system_message: conversation.system_message.as_deref(),
        user_context_message: conversation.user_context_message.as_deref(),
        settings,
    };
    format(&context).map(Bytes::from)
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
                _ => body(conversation, &[turn], settings),
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
                    tokenizer: tokenizer_of_model(turn.model.as_deref()),
                    has_fixed_body: planned.body.is_some(),
                })
                .collect(),
        })
        .collect()
}

/// Builds the bodies of turns that come after live replies.
struct Composer {
    dataset: Arc<Dataset>,
    settings: Arc<EndpointSettings>,
}

impl Compose for Composer {
    fn compose(
        &self,
        conversation: usize,
        turn: usize,
        earlier: &[Exchange],
    ) -> Result<Bytes, String> {
        let conversation = &self.dataset.conversations[conversation];
        let replies: Vec<Option<Turn>> = earlier
            .iter()
            .map(|exchange| {
                reply::capture(&parse(
                    self.settings.endpoint_type,
                    &transcript(exchange, &exchange.http.received.unfold()),
                ))
            })
            .collect();
        let mut history = Vec::with_capacity(2 * turn + 1);
        for (index, asked) in conversation.turns[..=turn].iter().enumerate() {
            history.push(asked);
            if index < turn {
                history.extend(replies.get(index).and_then(Option::as_ref));
            }
        }
        body(conversation, &history, &self.settings).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use aiperf_dataset::{DatasetPlan, FilePlan, Source, build};
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
        let mut headers = http::HeaderMap::new();
        headers.insert(
            "content-type",
            http::HeaderValue::from_static("application/json"),
        );
        Exchange {
            phase: 0,
            request_index: 0,
            conversation: 0,
            turn: 0,
            worker: 0,
            target: 0,
            request_id: uuid::Uuid::nil(),
            correlation_id: uuid::Uuid::nil(),
            intended: None,
            issued: 0,
            slot_empty: None,
            body: Bytes::new(),
            http: HttpExchange {
                received: Received::from_iter([(body.as_bytes(), 1)]),
                headers,
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
