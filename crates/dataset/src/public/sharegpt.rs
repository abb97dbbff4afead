//! Recorded conversations in the ShareGPT format.

use aiperf_endpoint::conversation::Turn;
use aiperf_tokenizer::Tokenizer;

use super::cell::Cell;

/// Limits in tokens, as in vLLM's benchmark. One exchange outside of them drops its conversation.
const LEAST: usize = 4;
const LONGEST_PROMPT: usize = 1024;
const LONGEST_EXCHANGE: usize = 2048;

/// Every prompt with the length of its answer; none where there is no exchange, or one that is
/// too short or too long.
pub(super) fn turns(
    messages: &Cell,
    tokenizer: &Tokenizer,
    skips_short_answers: bool,
) -> Option<Vec<Turn>> {
    let exchanges = exchanges(messages.as_list());
    let mut turns = Vec::with_capacity(exchanges.len());
    for (prompt, answer) in exchanges {
        let (asked, answered) = (tokenizer.count(prompt), tokenizer.count(answer));
        let is_too_short = asked < LEAST || (answered < LEAST && !skips_short_answers);
        if is_too_short || asked > LONGEST_PROMPT || asked + answered > LONGEST_EXCHANGE {
            return None;
        }
        turns.push(Turn {
            max_tokens: u32::try_from(answered.max(1)).ok(),
            ..Turn::text(prompt)
        });
    }
    (!turns.is_empty()).then_some(turns)
}

/// Human messages with the answers right after them. Without roles, the first two messages.
fn exchanges(messages: &[Cell]) -> Vec<(&str, &str)> {
    let role = |message: &Cell| match message.get("from").and_then(Cell::as_text) {
        Some("human") => Some(true),
        Some("gpt") => Some(false),
        _ => None,
    };
    let text = |message: &&'_ Cell| -> bool {
        message
            .get("value")
            .and_then(Cell::as_text)
            .is_some_and(|text| !text.is_empty())
    };
    let pair = |prompt, answer| {
        let both = [prompt, answer];
        both.iter().all(text).then(|| {
            let [prompt, answer] = both.map(|message: &Cell| value_of(message));
            (prompt, answer)
        })
    };
    let groups: Vec<&Cell> = messages
        .iter()
        .filter(|message| matches!(message, Cell::Group(_)))
        .collect();
    let with_roles: Vec<(&Cell, bool)> = groups
        .iter()
        .filter_map(|message| Some((*message, role(message)?)))
        .collect();
    if with_roles.is_empty() {
        return match groups[..] {
            [prompt, answer, ..] => pair(prompt, answer).into_iter().collect(),
            _ => Vec::new(),
        };
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some([(prompt, is_human), (answer, answer_is_human)]) = with_roles.get(at..at + 2) {
        if *is_human && !answer_is_human {
            found.extend(pair(prompt, answer));
            at += 2;
        } else {
            at += 1;
        }
    }
    found
}

fn value_of(message: &Cell) -> &str {
    message
        .get("value")
        .and_then(Cell::as_text)
        .unwrap_or_default()
}
