//! Large files are read as small ones are.

use std::io::Write;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::law::Law;
use crate::plan::SessionIdStyle;

fn plan_of(content: &str) -> (tempfile::NamedTempFile, FilePlan) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    let plan = FilePlan {
        output_tokens: Some(Law::normal(50.0, 10.0)),
        delay_cap_ms: Some(700.0),
        ..FilePlan::new(file.path())
    };
    (file, plan)
}

fn ids() -> SessionIds {
    SessionIds::new(SessionIdStyle::Numbered, RootSeed::fixed(3))
}

/// The conversations of a file, read from their lines; with what is told without reading them.
fn on_demand(content: &str, format: FileFormat) -> Result<Vec<Conversation>, DatasetError> {
    let (_file, plan) = plan_of(content);
    let large = open_any(&plan, format, ids(), RootSeed::fixed(3))?.unwrap();
    let mut turns = 0;
    let read = (0..large.len()).map(|index| {
        let conversation = large.conversation(index)?;
        assert_eq!(large.outline(index), Outline::of(&conversation));
        assert_eq!(large.turn_count(index), conversation.turns.len());
        assert_eq!(large.turns_before(index), turns);
        assert_eq!(
            large.first_timestamp_ms(index),
            conversation.turns[0].timestamp_ms
        );
        turns += conversation.turns.len() as u64;
        Ok(conversation)
    });
    read.collect()
}

fn at_once(content: &str, format: FileFormat) -> Result<Vec<Conversation>, DatasetError> {
    let (_file, plan) = plan_of(content);
    crate::file::conversations(&plan, format, ids(), RootSeed::fixed(3))
}

fn turn() -> impl Strategy<Value = serde_json::Value> {
    let role = prop_oneof![Just(None), Just(Some("system")), Just(Some("user"))];
    let time = prop_oneof![3 => Just(None), 1 => (1u32..5000).prop_map(Some)];
    (role, time.clone(), time, prop::option::of(1u32..9)).prop_map(
        |(role, timestamp, delay, length)| {
            let delay = delay.filter(|_| timestamp.is_none());
            json!({"text": "x", "role": role, "timestamp": timestamp, "delay": delay,
                   "output_length": length})
        },
    )
}

proptest! {
    #[test]
    fn single_turn_files_are_the_same_in_both_ways(
        rows in prop::collection::vec((turn(), prop::option::of("[a-c]|session_00000[01]")), 1..12)
    ) {
        let lines = rows.into_iter().map(|(mut turn, session)| {
            turn["session_id"] = json!(session);
            turn.to_string() + "\n"
        });
        let content: String = lines.collect();
        prop_assert_eq!(
            on_demand(&content, FileFormat::SingleTurn).unwrap(),
            at_once(&content, FileFormat::SingleTurn).unwrap()
        );
    }

    #[test]
    fn multi_turn_files_are_the_same_in_both_ways(
        rows in prop::collection::vec(
            (prop::collection::vec(turn(), 1..4), prop::option::of("[a-c]")), 1..12)
    ) {
        let lines = rows.into_iter().map(|(turns, session)| {
            json!({"turns": turns, "session_id": session}).to_string() + "\n"
        });
        let content: String = lines.collect();
        prop_assert_eq!(
            on_demand(&content, FileFormat::MultiTurn).unwrap(),
            at_once(&content, FileFormat::MultiTurn).unwrap()
        );
    }
}

#[test]
fn bodies_are_the_same_in_both_ways() {
    let content = "{\"messages\":[],\"a\":1}\n\n{\"messages\":[{\"x\":2}],\"image_url\":3}\n";
    assert_eq!(
        on_demand(content, FileFormat::RawPayload).unwrap(),
        at_once(content, FileFormat::RawPayload).unwrap()
    );
}

#[test]
fn a_bad_row_refuses_the_file_with_the_same_words() {
    for content in [
        "{\"text\":\"a\"}\n{\"text\":5}\n{\"text\":\n{\"text\":\"b\"}\n",
        "\n",
        "[{\"text\":\"a\"}]",
    ] {
        let message = |outcome: Result<_, DatasetError>| {
            let message = outcome.unwrap_err().to_string();
            message.split_once("` ").unwrap().1.to_owned()
        };
        assert_eq!(
            message(on_demand(content, FileFormat::SingleTurn)),
            message(at_once(content, FileFormat::SingleTurn))
        );
    }
}

#[test]
fn rows_with_media_are_read_at_once() {
    let (_file, plan) = plan_of("{\"text\":\"a\"}\n{\"image\":\"https://x.test/a.png\"}\n");
    let large = open_any(&plan, FileFormat::SingleTurn, ids(), RootSeed::fixed(3));
    assert!(large.unwrap().is_none());
}
