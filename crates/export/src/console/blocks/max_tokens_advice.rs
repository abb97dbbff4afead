//! Advice for servers that refuse `max_completion_tokens`.

use super::{Block, Panel};
use crate::RunReport;

/// What such a server's message contains (the wording of pydantic's validation errors).
const MARKS: [&str; 3] = [
    "extra_forbidden",
    "max_completion_tokens",
    "Extra inputs are not permitted",
];

pub(super) fn block(report: &RunReport) -> Option<Block> {
    let refuses = |message: &str| MARKS.iter().all(|mark| message.contains(mark));
    report
        .errors
        .iter()
        .any(|error| refuses(&error.message))
        .then(|| {
            Block::Panel(Panel::warning(
                "Unsupported Parameter: max_completion_tokens",
                "The server refused requests because it does not know the field \
             `max_completion_tokens`.\n\
             \n\
             Why:\n\
             \x20 - Older OpenAI-compatible servers call this limit `max_tokens`\n\
             \x20 - The server rejects fields that it does not know\n\
             \n\
             What to do:\n\
             \x20 1. Run again with --use-legacy-max-tokens: the limit is sent as `max_tokens`\n\
             \x20 2. Or update the server",
            ))
        })
}
