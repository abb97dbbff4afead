//! How rows become conversations.

use aiperf_endpoint::conversation::ContextMode;

use super::{load_bytes, rows, texts};
use crate::law::Law;

#[test]
fn rows_of_one_session_are_sent_in_order_without_history() {
    let loaded = rows(concat!(
        "{\"text\":\"1\",\"session_id\":\"s\"}\n{\"text\":\"2\"}\n",
        "{\"text\":\"3\",\"session_id\":\"s\"}\n{\"text\":\"4\",\"session_id\":\"\"}"
    ));
    assert_eq!(
        loaded.iter().map(texts).collect::<Vec<_>>(),
        [vec!["1", "3"], vec!["2"], vec!["4"]]
    );
    assert_eq!(
        loaded
            .iter()
            .map(|found| found.id.as_str())
            .collect::<Vec<_>>(),
        ["s", "session_000000", "session_000001"]
    );
    assert_eq!(
        loaded[0].context_mode,
        ContextMode::MessageArrayWithResponses
    );
}

#[test]
fn made_up_ids_avoid_authored_ones() {
    let loaded = rows("{\"text\":\"a\"}\n{\"text\":\"b\",\"session_id\":\"session_000000\"}");
    assert_eq!(loaded[0].id, "session_000001");
    assert_eq!(loaded[1].id, "session_000000");
}

#[test]
fn lines_of_one_session_are_joined_with_history() {
    let loaded = rows(concat!(
        "{\"session_id\":\"s\",\"turns\":[{\"text\":\"1\"}]}\n",
        "{\"session_id\":\"t\",\"turns\":[{\"text\":\"2\"}]}\n",
        "{\"session_id\":\"s\",\"turns\":[{\"text\":\"3\"},{\"text\":\"4\"}]}"
    ));
    assert_eq!(
        loaded.iter().map(texts).collect::<Vec<_>>(),
        [vec!["1", "3", "4"], vec!["2"]]
    );
    assert_eq!(loaded[0].context_mode, ContextMode::DeltasWithoutResponses);
}

#[test]
fn a_leading_system_turn_becomes_the_system_message() {
    let hoisted = rows(r#"{"turns":[{"role":"system","texts":["be","brief"]},{"text":"hi"}]}"#);
    assert_eq!(hoisted[0].system_message.as_deref(), Some("be\nbrief"));
    assert_eq!(hoisted[0].turns.len(), 1);

    for kept in [
        r#"{"turns":[{"role":"system","text":"alone"}]}"#,
        r#"{"turns":[{"role":"system","text":"a"},{"role":"system","text":"b"}]}"#,
        r#"{"turns":[{"role":"system","text":"a","delay":5},{"text":"b"}]}"#,
        r#"{"turns":[{"role":"system","text":"a","timestamp":0},{"text":"b"}]}"#,
        r#"{"turns":[{"role":"system","text":"a","output_length":5},{"text":"b"}]}"#,
        r#"{"turns":[{"role":"system","text":"a","extra":{"k":1}},{"text":"b"}]}"#,
        r#"{"turns":[{"role":"system","text":"a","image":"http://h/x"},{"text":"b"}]}"#,
        r#"{"turns":[{"text":"a"},{"role":"system","text":"b"}]}"#,
    ] {
        assert_eq!(rows(kept)[0].system_message, None, "{kept}");
    }
    let row = br#"{"turns":[{"role":"system","text":"a"},{"text":"b"}]}"#;
    let loaded = load_bytes(row, |plan| plan.hoist_system_turns = false).unwrap();
    assert_eq!(loaded[0].turns.len(), 2);
}

#[test]
fn long_delays_are_cut_to_the_cap() {
    let content = br#"{"turns":[{"text":"a"},{"text":"b","delay":9000},{"text":"c","delay":10}]}"#;
    let loaded = load_bytes(content, |plan| plan.delay_cap_ms = Some(500.0)).unwrap();
    let delays: Vec<_> = loaded[0].turns.iter().map(|turn| turn.delay_ms).collect();
    assert_eq!(delays, [None, Some(500.0), Some(10.0)]);
}

#[test]
fn a_rows_output_length_wins_over_the_plans() {
    let content = b"{\"text\":\"a\",\"output_length\":7}\n{\"text\":\"b\"}";
    let plan_length = Some(Law::fixed(30.9));
    let loaded = load_bytes(content, |plan| plan.output_tokens = plan_length.clone()).unwrap();
    let lengths: Vec<_> = loaded
        .iter()
        .map(|found| found.turns[0].max_tokens)
        .collect();
    assert_eq!(lengths, [Some(7), Some(30)]);
}

#[test]
fn a_limit_keeps_the_first_conversations() {
    let content = b"{\"text\":\"a\"}\n{\"text\":\"b\"}\n{\"text\":\"c\"}";
    let loaded = load_bytes(content, |plan| plan.limit = Some(2)).unwrap();
    assert_eq!(
        loaded.iter().flat_map(texts).collect::<Vec<_>>(),
        ["a", "b"]
    );
}
