//! The content of responses whose form nobody knows beforehand.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::format::is_truthy;
use crate::parse::{AnswerBuilder, Content, MediaContent};
use crate::response_field::ResponseField;

/// What a response carries.
#[derive(Debug, PartialEq)]
pub(super) enum Found<'v> {
    Text(Cow<'v, str>),
    /// How many.
    Embeddings(usize),
    /// How many.
    Rankings(usize),
}

/// How strictly the user's query is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// Where the query finds nothing, there is nothing.
    Nothing,
    /// Where the query finds nothing, common shapes are tried.
    Detect,
}

/// Reads a response of any form: what the query finds, else common shapes, and text that is no
/// JSON as it is.
pub(super) fn read(
    query: Option<(&ResponseField, Otherwise)>,
    text: &str,
    at: u64,
    answer: &mut AnswerBuilder,
) {
    let response: Value = match serde_json::from_str(text) {
        Ok(response) if is_truthy(&response) => response,
        _ => {
            let content = (!text.is_empty()).then_some(Content::Text(text));
            return answer.add(at, content, None);
        }
    };
    let queried = query.and_then(|(field, _)| field.find(&response));
    let queried = queried.as_ref().and_then(convert);
    let found = match (queried, query) {
        (None, None | Some((_, Otherwise::Detect))) => detect(&response),
        (found, _) => found,
    };
    let usage = usage_of(&response);
    match found {
        Some(Found::Text(text)) => answer.add(at, Some(Content::Text(&text)), usage.as_deref()),
        Some(Found::Embeddings(count)) => {
            answer.add_media(at, Some(MediaContent::Embeddings(count)), usage.as_deref());
        }
        Some(Found::Rankings(count)) => {
            answer.add_media(at, Some(MediaContent::Rankings(count)), usage.as_deref());
        }
        None => {
            if let Some(failure) = super::envelope::failure_of(&response, text) {
                answer.fail(failure);
            } else {
                answer.add(at, None, usage.as_deref());
            }
        }
    }
}

/// What a response reports about tokens, in any of the envelopes that vendors have for it.
fn usage_of(response: &Value) -> Option<String> {
    let members = response.as_object()?;
    if let Some(usage) = members.get("usage").filter(|usage| usage.is_object()) {
        return Some(usage.to_string());
    }
    let envelopes = ["usageMetadata", "meta"].iter().filter_map(|key| {
        let envelope = members.get(*key).filter(|envelope| envelope.is_object())?;
        Some(((*key).to_owned(), envelope.clone()))
    });
    let envelopes: Map<String, Value> = envelopes.collect();
    (!envelopes.is_empty()).then(|| Value::Object(envelopes).to_string())
}

/// What a value is by its form alone.
pub(super) fn convert(value: &Value) -> Option<Found<'_>> {
    match value {
        Value::String(text) => non_empty(text.into()),
        Value::Array(items) => match items.first()? {
            Value::Number(_) => Some(Found::Embeddings(1)),
            Value::Array(numbers) if numbers.first().is_some_and(Value::is_number) => {
                Some(Found::Embeddings(items.len()))
            }
            Value::Object(_) => Some(Found::Rankings(items.len())),
            _ => None,
        },
        _ => None,
    }
}

/// What a response carries in a common shape: embeddings, else rankings, else text.
pub(super) fn detect(response: &Value) -> Option<Found<'_>> {
    let Value::Object(members) = response else {
        return convert(response);
    };
    embeddings(members)
        .map(Found::Embeddings)
        .or_else(|| rankings(members))
        .or_else(|| text(members))
}

/// The number of embeddings in a response of a common shape; none if there are none.
pub(super) fn embeddings(members: &Map<String, Value>) -> Option<usize> {
    if let Some(Value::Array(items)) = members.get("data")
        && items.first().and_then(|item| item.get("object")?.as_str()) == Some("embedding")
    {
        let count = items
            .iter()
            .filter(|item| item.get("embedding").is_some())
            .count();
        if count > 0 {
            return Some(count);
        }
    }
    ["embeddings", "embedding"].iter().find_map(|key| {
        let items = members.get(*key)?.as_array()?;
        match items.first()? {
            Value::Number(_) => Some(1),
            Value::Array(_) => Some(items.len()),
            _ => None,
        }
    })
}

fn rankings(members: &Map<String, Value>) -> Option<Found<'_>> {
    let mut lists = ["rankings", "results"]
        .iter()
        .filter_map(|key| members.get(*key)?.as_array());
    // An empty list is an answer too.
    lists.next().map(|list| Found::Rankings(list.len()))
}

fn text(members: &Map<String, Value>) -> Option<Found<'_>> {
    for key in ["text", "content", "response", "output", "result"] {
        match members.get(key) {
            // An empty text is the answer: nothing else is looked for.
            Some(Value::String(text)) => return non_empty(text.into()),
            Some(Value::Array(items))
                if !items.is_empty() && items.iter().all(Value::is_string) =>
            {
                return non_empty(items.iter().filter_map(Value::as_str).collect());
            }
            _ => {}
        }
    }
    let choice = members.get("choices")?.get(0)?;
    ["/text", "/message/content", "/delta/content"]
        .iter()
        .find_map(|path| non_empty(choice.pointer(path)?.as_str()?.into()))
}

fn non_empty(text: Cow<'_, str>) -> Option<Found<'_>> {
    (!text.is_empty()).then_some(Found::Text(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn common_shapes_are_recognised_in_their_order() {
        let text = |text: &'static str| Some(Found::Text(text.into()));
        for (response, expected) in [
            (
                json!({"data": [{"object": "embedding", "embedding": [1]}, {}]}),
                Some(Found::Embeddings(1)),
            ),
            (json!({"data": [{"object": "x"}], "text": "t"}), text("t")),
            (
                json!({"embeddings": [[1.0], [2.0]]}),
                Some(Found::Embeddings(2)),
            ),
            (json!({"embedding": [1.0, 2.0]}), Some(Found::Embeddings(1))),
            (
                json!({"embeddings": [], "embedding": [1]}),
                Some(Found::Embeddings(1)),
            ),
            (
                json!({"embedding": ["a"], "rankings": []}),
                Some(Found::Rankings(0)),
            ),
            (
                json!({"results": [{}, {}], "text": "t"}),
                Some(Found::Rankings(2)),
            ),
            (
                json!({"rankings": 1, "results": [1]}),
                Some(Found::Rankings(1)),
            ),
            (json!({"text": 1, "content": "c"}), text("c")),
            (json!({"text": "", "content": "c"}), None),
            (json!({"response": ["a", "b"]}), text("ab")),
            (json!({"response": ["a", 1], "output": "o"}), text("o")),
            (json!({"result": [], "choices": [{"text": "t"}]}), text("t")),
            (
                json!({"choices": [{"text": "", "message": {"content": "m"}}]}),
                text("m"),
            ),
            (json!({"choices": [{"delta": {"content": "d"}}]}), text("d")),
            (json!({"choices": [null]}), None),
            (json!({"choices": {}}), None),
            (json!([{"index": 0}]), Some(Found::Rankings(1))),
            (json!([[1.5], [2.5]]), Some(Found::Embeddings(2))),
            (json!([1, 2]), Some(Found::Embeddings(1))),
            (json!([[], [1]]), None),
            (json!(["a"]), None),
            (json!("a"), text("a")),
            (json!(7), None),
        ] {
            assert_eq!(detect(&response), expected, "{response}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i8>().prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let key = prop::sample::select(vec![
                "data",
                "object",
                "embedding",
                "embeddings",
                "results",
                "text",
                "choices",
                "message",
                "delta",
                "content",
                "usage",
                "error",
            ]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((key, inner), 0..4).prop_map(|members| {
                    Value::Object(
                        members
                            .into_iter()
                            .map(|(k, v)| (k.to_owned(), v))
                            .collect(),
                    )
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_can_be_read(response in any_json()) {
            let field = ResponseField::compile("data[0].text || choices").unwrap();
            for query in [None, Some((&field, Otherwise::Nothing)), Some((&field, Otherwise::Detect))] {
                let mut answer = AnswerBuilder::default();
                read(query, &response.to_string(), 1, &mut answer);
                let answer = answer.finish();
                prop_assert!(answer.parts.len() <= 1);
            }
        }
    }
}
