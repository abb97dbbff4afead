//! The rules of the formats, as tables of rows and outcomes.

mod detection;
mod images;
mod payloads;
mod pools;
mod properties;
mod rows;
mod sessions;
mod whole_files;

use std::io::Write;
use std::sync::Arc;

use aiperf_endpoint::conversation::{Conversation, Turn};
use aiperf_random::RootSeed;

use super::*;
use crate::plan::{DatasetPlan, SessionIdStyle, Source};

fn load(plan: &FilePlan) -> Result<Vec<Conversation>, DatasetError> {
    let plan = DatasetPlan {
        session_ids: SessionIdStyle::Numbered,
        ..DatasetPlan::new(Source::File(plan.clone()))
    };
    let dataset = crate::build(&plan, None, RootSeed::fixed(8))?;
    Ok(dataset
        .conversations
        .into_iter()
        .map(Arc::unwrap_or_clone)
        .collect())
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

/// Loads a file of these bytes, after `adjust` has changed the plan.
fn load_bytes(
    content: &[u8],
    adjust: impl Fn(&mut FilePlan),
) -> Result<Vec<Conversation>, DatasetError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    let mut plan = FilePlan::new(file.path());
    adjust(&mut plan);
    load(&plan)
}

fn rows(content: &str) -> Vec<Conversation> {
    load_bytes(content.as_bytes(), |_| {}).unwrap()
}

/// The error's text after the file's name.
fn refusal(content: &str) -> String {
    let message = load_bytes(content.as_bytes(), |_| {})
        .unwrap_err()
        .to_string();
    message
        .split_once("` ")
        .map_or(message.clone(), |(_, reason)| reason.to_owned())
}

fn first_turn(row: &str) -> Turn {
    rows(row).remove(0).turns.remove(0)
}

fn texts(conversation: &Conversation) -> Vec<&str> {
    conversation
        .turns
        .iter()
        .map(|turn| turn.texts[0].contents[0].as_str())
        .collect()
}
