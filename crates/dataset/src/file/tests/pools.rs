//! Conversations drawn from pools.

use std::collections::HashSet;

use aiperf_endpoint::conversation::Conversation;

use super::super::FileFormat;
use super::{folder, load, load_bytes};
use crate::error::DatasetError;
use crate::plan::{FilePlan, PoolBatch};

fn draw(content: &str, adjust: impl Fn(&mut FilePlan)) -> Result<Vec<Conversation>, DatasetError> {
    load_bytes(content.as_bytes(), |plan| {
        plan.format = Some(FileFormat::RandomPool);
        adjust(plan);
    })
}

fn contents(drawn: &[Conversation]) -> Vec<String> {
    drawn
        .iter()
        .map(|found| found.turns[0].texts[0].contents.join(" "))
        .collect()
}

const ROWS: &str = "{\"text\":\"a\",\"image\":\"http://h/a\"}\n{\"text\":\"b\",\"image\":\"http://h/b\"}\n{\"text\":\"c\"}";

#[test]
fn a_hundred_rows_are_drawn_with_replacement_unless_another_number_is_given() {
    let drawn = draw(ROWS, |_| {}).unwrap();
    assert_eq!(drawn.len(), 100);
    let texts: HashSet<_> = drawn
        .iter()
        .map(|found| found.turns[0].texts[0].contents[0].clone())
        .collect();
    assert_eq!(texts.len(), 3);
    for conversation in &drawn {
        let turn = &conversation.turns[0];
        let image = turn.images.first().map(|image| image.contents[0].as_str());
        let expected = match turn.texts[0].contents[0].as_str() {
            "a" => Some("http://h/a"),
            "b" => Some("http://h/b"),
            _ => None,
        };
        assert_eq!(image, expected);
    }
    let few = draw(ROWS, |plan| plan.pool_entries = 3).unwrap();
    assert_eq!(contents(&few), contents(&drawn[..3]));
}

#[test]
fn a_folder_has_a_pool_in_each_file_that_names_its_contents() {
    let folder = folder(&[
        ("queries.jsonl", "{\"text\":\"q1\"}\n{\"text\":\"q2\"}"),
        (
            "passages.jsonl",
            "{\"texts\":[{\"name\":\"own\",\"contents\":[\"p\",\"r\"]}]}",
        ),
    ]);
    let mut plan = FilePlan::new(folder.path());
    plan.pool_entries = 5;
    let drawn = load(&plan).unwrap();
    assert_eq!(drawn.len(), 5);
    let texts = &drawn[0].turns[0].texts;
    assert_eq!(texts[0].name, "own");
    assert_eq!(texts[0].contents, ["p", "r"]);
    assert_eq!(texts[1].name, "queries");
    assert!(texts[1].contents[0].starts_with('q'));
}

#[test]
fn batches_draw_contents_independently_of_their_rows() {
    let batch = PoolBatch {
        texts: 2,
        images: 0,
        ..PoolBatch::default()
    };
    let drawn = draw(ROWS, |plan| plan.pool_batch = batch).unwrap();
    for conversation in &drawn {
        let turn = &conversation.turns[0];
        assert_eq!(turn.texts[0].contents.len(), 2);
        assert_eq!(turn.texts[0].name, "");
        assert!(turn.images.is_empty());
    }
    // No row has audio, so its batch size changes nothing.
    let unchanged = PoolBatch {
        audios: 4,
        ..PoolBatch::default()
    };
    assert_eq!(
        contents(&draw(ROWS, |plan| plan.pool_batch = unchanged).unwrap()),
        contents(&draw(ROWS, |_| {}).unwrap())
    );
}

#[test]
fn batches_that_would_lose_something_are_refused() {
    let two = PoolBatch {
        texts: 2,
        ..PoolBatch::default()
    };
    let none = PoolBatch {
        texts: 0,
        images: 0,
        ..PoolBatch::default()
    };
    for (content, batch, reason) in [
        (
            r#"{"texts":[{"name":"q","contents":["a"]}]}"#,
            two,
            "would lose the names",
        ),
        (
            r#"{"text":"a","images":["http://h/a"],"image_uuids":["u"]}"#,
            two,
            "would lose the names",
        ),
        (ROWS, none, "without content"),
    ] {
        let error = draw(content, |plan| plan.pool_batch = batch).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    let folder = folder(&[("a", "{\"text\":\"a\"}"), ("b", "{\"text\":\"b\"}")]);
    let mut plan = FilePlan::new(folder.path());
    plan.pool_batch = two;
    let error = load(&plan).unwrap_err().to_string();
    assert!(error.contains("draw from one file"), "{error}");
}

#[test]
fn rows_of_a_large_pool_are_drawn_as_those_of_a_small_one() {
    let pool = |name: &str, padding: usize| {
        let rows = (0..50).map(|row| {
            let padding = "x".repeat(padding);
            format!("{{\"text\": \"row {row}\", \"other\": \"{padding}\", \"delay\": 5}}\n")
        });
        let folder = folder(&[(name, &rows.collect::<String>())]);
        let plan = FilePlan {
            format: Some(FileFormat::RandomPool),
            ..FilePlan::new(folder.path().join(name))
        };
        load(&plan).unwrap()
    };
    assert_eq!(pool("rows.jsonl", 100_000), pool("rows.jsonl", 1));
}
