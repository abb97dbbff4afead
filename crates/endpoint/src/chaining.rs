//! Continuing answers that the server keeps, instead of sending the history again.
//!
//! The responses type names its answers, and a server that stores them takes the name in place of
//! the history: [`FormatContext::previous_response_id`](crate::format::FormatContext). A session
//! folds its turns with [`next`], beginning without a name, and gives the result to the next
//! request. It does so only where live replies make up the history
//! ([`ContextMode::DeltasWithoutResponses`](crate::conversation::ContextMode)); elsewhere the turn
//! itself holds the history.

use serde_json::Value;

use crate::conversation::Turn;
use crate::format::EndpointSettings;
use crate::parse::Answer;

/// The name to give with `turn`: a turn that forgets what came before it cannot continue it.
pub fn before<'n>(previous: Option<&'n str>, turn: &Turn) -> Option<&'n str> {
    previous.filter(|_| !turn.reset_context)
}

/// The name to give with the turn after this one.
///
/// `previous` is what [`before`] gave for the turn that was answered, `has_failed` whether its
/// record is a failure. A failed turn leaves the chain where it was, since the server may have
/// broken off in the middle; an answer without a name ends it, and the next turn sends the whole
/// history.
pub fn next(
    previous: Option<&str>,
    answer: &Answer,
    has_failed: bool,
    settings: &EndpointSettings,
) -> Option<String> {
    if has_failed {
        return previous.map(str::to_owned);
    }
    let name = answer.response_id.as_ref()?;
    if asks_to_store(settings) {
        return Some(name.last.clone());
    }
    name.stored.clone()
}

/// Whether the run asks the server to keep answers. Servers need not repeat this in the answer.
pub fn asks_to_store(settings: &EndpointSettings) -> bool {
    match settings.extra.get("store") {
        Some(Value::Bool(is_asked)) => *is_asked,
        Some(Value::String(text)) => text.trim().eq_ignore_ascii_case("true"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::kind::EndpointType;
    use crate::parse::parse;
    use crate::transcript::Transcript;

    fn settings(store: Value) -> EndpointSettings {
        EndpointSettings {
            endpoint_type: EndpointType::Responses,
            extra: Map::from_iter([("store".to_owned(), store)]),
            ..EndpointSettings::default()
        }
    }

    fn answer(events: &[Value]) -> Answer {
        let body: String = events
            .iter()
            .map(|event| format!("data: {event}\n\n"))
            .collect();
        let transcript = Transcript {
            content_type: Some("text/event-stream"),
            body: body.as_bytes(),
            reads: &[],
            ended_at: 9,
            method_is_post: true,
        };
        parse(EndpointType::Responses, &transcript)
    }

    fn next_of(events: &[Value], store: &Value) -> Option<String> {
        next(
            Some("old"),
            &answer(events),
            false,
            &settings(store.clone()),
        )
    }

    #[test]
    fn the_chain_goes_on_if_the_run_or_the_server_stores() {
        let named = |id: &str, store: Value| json!({"type": "response.completed", "response": {"id": id, "store": store}});
        for (events, store, expected) in [
            (vec![named("r1", json!(null))], json!(true), Some("r1")),
            (vec![named("r1", json!(null))], json!(" True "), Some("r1")),
            (vec![named("r1", json!(null))], json!(1), None),
            (vec![named("r1", json!(null))], json!(false), None),
            (vec![named("r1", json!(true))], json!(null), Some("r1")),
            (
                vec![named("r1", json!(true)), named("r2", json!(false))],
                json!(null),
                Some("r1"),
            ),
            (
                vec![named("r1", json!(true)), named("r2", json!(false))],
                json!(true),
                Some("r2"),
            ),
            (vec![named("", json!(true))], json!(true), None),
            (
                vec![json!({"object": "response", "id": "whole", "output": []})],
                json!(true),
                Some("whole"),
            ),
            // The name of an item is not that of the answer.
            (
                vec![json!({"type": "response.output_item.done", "item": {"id": "i"}})],
                json!(true),
                None,
            ),
        ] {
            assert_eq!(next_of(&events, &store).as_deref(), expected, "{events:?}");
        }
    }

    #[test]
    fn an_answer_that_failed_or_was_cut_short_is_not_continued() {
        let created = json!({"type": "response.created", "response": {"id": "r1"}});
        for end in [
            json!({"type": "response.failed", "response": {"id": "r1"}}),
            json!({"type": "response.incomplete", "response": {"id": "r1"}}),
            json!({"type": "response.error"}),
            json!({"type": "error"}),
            json!({"object": "response", "id": "r1", "status": "incomplete"}),
        ] {
            let events = [created.clone(), end];
            assert_eq!(next_of(&events, &json!(true)), None, "{events:?}");
        }
    }

    #[test]
    fn a_failed_turn_keeps_the_chain_and_a_reset_breaks_it() {
        let nothing = Answer::default();
        let kept = next(Some("old"), &nothing, true, &settings(json!(true)));
        assert_eq!(kept.as_deref(), Some("old"));
        assert_eq!(
            next(Some("old"), &nothing, false, &settings(json!(true))),
            None
        );

        let reset = Turn {
            reset_context: true,
            ..Turn::default()
        };
        assert_eq!(before(Some("old"), &reset), None);
        assert_eq!(before(Some("old"), &Turn::default()), Some("old"));
    }
}
