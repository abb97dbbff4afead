//! The keys of one row.

use std::path::Path;

use aiperf_endpoint::conversation::Media;

use super::{first_turn, refusal};

#[test]
fn a_row_becomes_a_turn() {
    let turn = first_turn(
        r#"{"text":"Hi","output_length":20,"extra":{"temperature":0,"model":"m"},"role":"tool","delay":5,"unknown":1}"#,
    );
    assert_eq!(turn.texts, [Media::unnamed("Hi")]);
    assert_eq!(turn.max_tokens, Some(20));
    assert_eq!(turn.role.as_deref(), Some("tool"));
    assert_eq!((turn.delay_ms, turn.timestamp_ms), (Some(5.0), None));
    assert_eq!(
        turn.extra_body.keys().collect::<Vec<_>>(),
        ["temperature", "model"]
    );
}

#[test]
fn lists_of_strings_are_one_batch_and_objects_keep_their_names() {
    let turn = first_turn(r#"{"texts":["a","b"]}"#);
    assert_eq!(
        turn.texts,
        [Media {
            name: String::new(),
            contents: vec!["a".into(), "b".into()]
        }]
    );
    let turn = first_turn(
        r#"{"texts":[{"name":"query","contents":["q"]},{"name":"passages","contents":["c","d"]}]}"#,
    );
    let named = turn
        .texts
        .iter()
        .map(|text| (text.name.as_str(), text.contents.len()));
    assert_eq!(named.collect::<Vec<_>>(), [("query", 1), ("passages", 2)]);
}

#[test]
fn numbers_may_be_strings_and_null_is_absent() {
    let turn = first_turn(r#"{"text":"a","output_length":" 5 ","timestamp":"12.5","delay":null}"#);
    assert_eq!(
        (turn.max_tokens, turn.timestamp_ms, turn.delay_ms),
        (Some(5), Some(12.5), None)
    );
    assert_eq!(
        first_turn(r#"{"text":"a","output_length":7.0}"#).max_tokens,
        Some(7)
    );
    assert_eq!(
        first_turn(r#"{"text":null,"texts":["b"],"extra":null}"#)
            .texts
            .len(),
        1
    );
}

#[test]
fn a_zero_timestamp_may_stand_beside_a_delay() {
    let turn = first_turn(r#"{"text":"a","timestamp":0,"delay":5}"#);
    assert_eq!((turn.timestamp_ms, turn.delay_ms), (Some(0.0), Some(5.0)));
}

#[test]
fn all_kinds_of_media_are_taken() {
    let turn = first_turn(
        r#"{"image":"http://h/a.png","audios":["wav,AA","mp3,BB"],"video":"data:video/mp4;base64,AA"}"#,
    );
    assert_eq!(turn.images, [Media::unnamed("http://h/a.png")]);
    assert_eq!(turn.audios[0].contents, ["wav,AA", "mp3,BB"]);
    assert_eq!(turn.videos.len(), 1);
    assert!(turn.texts.is_empty());
}

#[test]
fn bad_rows_are_refused_with_key_and_reason() {
    for (row, reason) in [
        (
            r#"{"text":""}"#,
            "line 1: a turn needs at least one of `text`",
        ),
        (
            r#"{"texts":[]}"#,
            "line 1: a turn needs at least one of `text`",
        ),
        (
            r#"{"text":"a","texts":["b"]}"#,
            "line 1: `texts`: cannot be set together with `text`",
        ),
        (
            r#"{"text":5}"#,
            "line 1: `text`: expected a string, found a number `5`",
        ),
        (
            r#"{"texts":"a"}"#,
            "line 1: `texts`: expected an array, found a string `a`",
        ),
        (
            r#"{"texts":["a",{"name":"q"}]}"#,
            "line 1: `texts[1]`: expected a string, found an object",
        ),
        (
            r#"{"texts":[{"name":3}]}"#,
            "line 1: `texts[0].name`: expected a string, found a number",
        ),
        (
            r#"{"texts":[{"contents":[1]}]}"#,
            "line 1: `texts[0].contents[0]`: expected a string",
        ),
        (
            r#"{"text":"a","output_length":0}"#,
            "line 1: `output_length`: must be at least 1, is 0",
        ),
        (
            r#"{"text":"a","output_length":2.5}"#,
            "line 1: `output_length`: expected a whole number",
        ),
        (
            r#"{"text":"a","output_length":"x"}"#,
            "line 1: `output_length`: expected a number",
        ),
        (
            r#"{"text":"a","output_length":1e12}"#,
            "line 1: `output_length`: must be at most",
        ),
        (
            r#"{"text":"a","timestamp":1,"delay":2}"#,
            "line 1: `delay`: cannot be set together",
        ),
        (
            r#"{"text":"a","timestamp":"inf"}"#,
            "line 1: `timestamp`: expected a number",
        ),
        (
            r#"{"text":"a","extra":[1]}"#,
            "line 1: `extra`: expected an object, found an array",
        ),
        (
            r#"{"text":"a","session_id":1}"#,
            "line 1: `session_id`: expected a string",
        ),
        (
            r#"{"text":"a","role":1}"#,
            "line 1: `role`: expected a string, found a number `1`",
        ),
        (
            r#"{"text":"a","image":"x.gif"}"#,
            "line 1: `image`: `x.gif` is neither a URL",
        ),
        (
            r#"{"image":"http://h/a","image_uuids":["u"]}"#,
            "line 1: `image_uuids`: goes with `images`, not with `image`",
        ),
        (
            r#"{"images":["http://h/a"],"image_uuids":["u","v"]}"#,
            "line 1: `image_uuids`: 2 identifiers for 1 images",
        ),
        (
            r#"{"images":["http://h/a"],"image_uuids":[""]}"#,
            "line 1: `image_uuids`: must hold identifiers that are not empty",
        ),
        (
            r#"{"images":[{"contents":["http://h/a"]}],"image_uuids":["u"]}"#,
            "line 1: `image_uuids`: goes with a list of strings",
        ),
        (
            r#"{"images":[{"contents":["http://h/a"],"uuids":["u","v"]}]}"#,
            "line 1: `images[0].uuids`: 2 identifiers for 1 contents",
        ),
        (
            r#"{"turns":[]}"#,
            "line 1: `turns`: a row needs at least one turn",
        ),
        (
            r#"{"turns":[5]}"#,
            "line 1: `turns[0]`: expected an object, found a number `5`",
        ),
        (
            r#"{"turns":[{"text":"a"},{"text":""}]}"#,
            "line 1: `turns[1]`: a turn needs at least",
        ),
        (
            r#"{"turns":[{"text":"a","delay":"x"}]}"#,
            "line 1: `turns[0].delay`: expected a number",
        ),
        (
            r#"{"session_id":5,"turns":[{"text":"a"}]}"#,
            "line 1: `session_id`: expected a string",
        ),
        (
            r#"{"text":"a"} x"#,
            "line 1: not valid JSON: trailing characters (column 14)",
        ),
        (r#"{"text":NaN}"#, "line 1: not valid JSON"),
    ] {
        let refusal = refusal(row);
        assert!(refusal.starts_with(reason), "{row}\n{refusal}");
    }
}

#[test]
fn media_paths_start_at_the_working_directory() {
    assert!(Path::new("Cargo.toml").exists());
    let reason = refusal(r#"{"image":"no-such-image.png"}"#);
    assert!(
        reason.starts_with("line 1: `image`: cannot read image `no-such-image.png`"),
        "{reason}"
    );
}
