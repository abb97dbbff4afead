//! Traces from file to conversations.

mod figures;
mod formats;
mod prompts;
mod sagemaker;
mod selection;
mod synthesis;

use std::io::Write;
use std::sync::Arc;

use aiperf_endpoint::conversation::{Conversation, Turn};
use aiperf_random::RootSeed;
use aiperf_tokenizer::Tokenizer;

use crate::conversations::Conversations;
use crate::error::DatasetError;
use crate::file::FileFormat;
use crate::plan::{DatasetPlan, FilePlan, SessionIdStyle, Source};

fn open_plan(
    plan: &FilePlan,
    tokenizer: Option<&Tokenizer>,
    seed: u64,
) -> Result<Conversations, DatasetError> {
    let plan = DatasetPlan {
        session_ids: SessionIdStyle::Numbered,
        ..DatasetPlan::new(Source::File(plan.clone()))
    };
    crate::open(&plan, tokenizer, RootSeed::fixed(seed))
}

/// Opens a file of these bytes with a tokenizer.
fn opened(
    content: &str,
    format: FileFormat,
    adjust: impl Fn(&mut FilePlan),
) -> Result<Conversations, DatasetError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    let mut plan = FilePlan::new(file.path());
    plan.format = Some(format);
    adjust(&mut plan);
    open_plan(&plan, Some(&Tokenizer::builtin()), 5)
}

fn all(conversations: &Conversations) -> Vec<Arc<Conversation>> {
    (0..conversations.len())
        .map(|index| conversations.conversation(index).unwrap())
        .collect()
}

fn mooncake(content: &str) -> Vec<Arc<Conversation>> {
    all(&opened(content, FileFormat::MooncakeTrace, |_| {}).unwrap())
}

/// The error's text after the file's name.
fn refusal(content: &str, format: FileFormat) -> String {
    let message = opened(content, format, |_| {}).unwrap_err().to_string();
    message
        .split_once("` ")
        .map_or(message.clone(), |(_, reason)| reason.to_owned())
}

fn text(turn: &Turn) -> &str {
    &turn.texts[0].contents[0]
}
