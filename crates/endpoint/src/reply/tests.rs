use super::*;
use crate::kind::EndpointType;
use crate::transcript::Transcript;

fn reply(content_type: &str, body: &str) -> Option<Turn> {
    let transcript = Transcript {
        content_type: Some(content_type),
        body: body.as_bytes(),
        reads: &[],
        ended_at: 100,
        method_is_post: true,
    };
    capture(&crate::parse::parse(EndpointType::Chat, &transcript))
}

fn streamed(deltas: &[&str]) -> Option<Turn> {
    let body: String = deltas
        .iter()
        .map(|delta| {
            format!("data: {{\"object\":\"chat.completion.chunk\",\"choices\":[{{\"delta\":{delta}}}]}}\n\n")
        })
        .collect();
    reply("text/event-stream", &body)
}

fn whole(message: &str) -> Option<Turn> {
    let body = format!(r#"{{"object":"chat.completion","choices":[{{"message":{message}}}]}}"#);
    reply("application/json", &body)
}

/// The raw message of a turn that has one, as JSON.
fn raw(turn: Option<Turn>) -> String {
    let turn = turn.unwrap();
    assert_eq!(turn.role.as_deref(), Some("assistant"));
    let [message] = &turn.raw_messages.unwrap()[..] else {
        panic!("one message expected")
    };
    message.to_string()
}

fn text(turn: Option<Turn>) -> String {
    let turn = turn.unwrap();
    assert_eq!(
        (turn.role.as_deref(), turn.raw_messages),
        (Some("assistant"), None)
    );
    turn.texts[0].contents[0].clone()
}

#[test]
fn a_plain_reply_is_its_text_with_reasoning_where_there_is_no_content() {
    let turn = streamed(&[
        r#"{"reasoning_content":"r1"}"#,
        r#"{"reasoning_content":"r2","content":"c2"}"#,
        r#"{"content":"t"}"#,
    ]);
    assert_eq!(text(turn), "r1c2t");
    assert_eq!(text(whole(r#"{"content":"c"}"#)), "c");
}

#[test]
fn an_empty_reply_is_no_turn() {
    assert_eq!(streamed(&[]), None);
    assert_eq!(streamed(&[r#"{"content":""}"#]), None);
    assert_eq!(whole(r#"{"content":null}"#), None);
}

#[test]
fn fragments_of_a_tool_call_are_put_together() {
    let turn = streamed(&[
        r#"{"role":"assistant","content":""}"#,
        r#"{"reasoning_content":"hm"}"#,
        r#"{"content":"He"}"#,
        r#"{"tool_calls":[{"index":0,"id":"x","type":"function","function":{"name":"fn","arguments":""}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}"#,
    ]);
    assert_eq!(
        raw(turn),
        r#"{"role":"assistant","content":"He","tool_calls":[{"id":"x","type":"function","function":{"name":"fn","arguments":"{\"a\""}}]}"#
    );
}

#[test]
fn calls_are_ordered_by_index_and_one_without_an_index_comes_next() {
    let turn = streamed(&[
        r#"{"tool_calls":[{"index":1,"function":{"name":"b","arguments":"1"}}]}"#,
        r#"{"tool_calls":[{"index":0,"function":{"name":"a"}}]}"#,
        r#"{"tool_calls":[{"function":{"name":"z","arguments":"q"}}]}"#,
    ]);
    assert_eq!(
        raw(turn),
        r#"{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"a"}},{"function":{"name":"b","arguments":"1"}},{"function":{"name":"z","arguments":"q"}}]}"#
    );
}

#[test]
fn identifiers_are_overwritten_and_other_members_are_left_out() {
    let turn = streamed(&[
        r#"{"tool_calls":[{"index":0,"id":"i","type":"custom","foo":1,"function":{"name":"b","arguments":"1","bar":2}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"j","function":{"name":"c"}}]}"#,
    ]);
    assert_eq!(
        raw(turn),
        r#"{"role":"assistant","content":null,"tool_calls":[{"id":"j","type":"custom","function":{"name":"c","arguments":"1"}}]}"#
    );
}

#[test]
fn content_beside_tool_calls_and_reasoning_is_part_of_the_reply() {
    let turn = streamed(&[
        r#"{"tool_calls":[{"index":0,"id":"i","function":{"name":"b","arguments":"1"}}],"content":"prose"}"#,
        r#"{"content":"more"}"#,
        r#"{"reasoning":"r","content":"c"}"#,
    ]);
    assert_eq!(
        raw(turn),
        r#"{"role":"assistant","content":"prosemorec","tool_calls":[{"id":"i","function":{"name":"b","arguments":"1"}}]}"#
    );
}

#[test]
fn complete_calls_are_kept_as_they_are_without_their_index() {
    let turn = whole(
        r#"{"content":"c","tool_calls":[{"index":3,"id":"a","type":"function","function":{"name":"f","arguments":"{}"},"z":1},{"function":{"name":"g","arguments":"1"}}]}"#,
    );
    assert_eq!(
        raw(turn),
        r#"{"role":"assistant","content":"c","tool_calls":[{"function":{"name":"g","arguments":"1"}},{"id":"a","type":"function","function":{"name":"f","arguments":"{}"},"z":1}]}"#
    );
}

#[test]
fn a_legacy_function_call_becomes_a_tool_call() {
    let expected = r#"{"role":"assistant","content":null,"tool_calls":[{"type":"function","function":{"name":"f","arguments":"{}"}}]}"#;
    let turn = streamed(&[
        r#"{"function_call":{"name":"f","arguments":"{"}}"#,
        r#"{"function_call":{"arguments":"}"}}"#,
    ]);
    assert_eq!(raw(turn), expected);
    assert_eq!(
        raw(whole(r#"{"function_call":{"name":"f","arguments":"{}"}}"#)),
        expected
    );
}

#[test]
fn a_complete_legacy_call_stands_beside_tool_calls() {
    let turn = whole(
        r#"{"content":"c","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}],"function_call":{"name":"g"}}"#,
    );
    assert_eq!(
        raw(turn),
        r#"{"role":"assistant","content":"c","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"type":"function","function":{"name":"g","arguments":""}}]}"#
    );
}

#[test]
fn what_arrived_before_a_failure_is_captured() {
    let body = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":\"x\"}\n\n";
    assert_eq!(text(reply("text/event-stream", body)), "a");
}

#[test]
fn of_several_choices_the_first_is_replayed() {
    let of_choice = |index: usize, delta: &str| {
        format!(
            "data: {{\"object\":\"chat.completion.chunk\",\"choices\":[{{\"index\":{index},\"delta\":{delta}}}]}}\n\n"
        )
    };
    let plain = [
        of_choice(1, r#"{"role":"assistant","content":""}"#),
        of_choice(1, r#"{"reasoning":"r"}"#),
        of_choice(0, r#"{"content":"other"}"#),
        of_choice(1, r#"{"content":"a"}"#),
        of_choice(
            0,
            r#"{"content":"other","tool_calls":[{"index":0,"function":{"name":"g"}}]}"#,
        ),
        of_choice(1, r#"{"content":"b"}"#),
    ];
    assert_eq!(text(reply("text/event-stream", &plain.concat())), "rab");
    let call = of_choice(1, r#"{"tool_calls":[{"index":0,"function":{"name":"f"}}]}"#);
    assert_eq!(
        raw(reply("text/event-stream", &(plain.concat() + &call))),
        r#"{"role":"assistant","content":"ab","tool_calls":[{"function":{"name":"f"}}]}"#
    );
    let body = r#"{"object":"chat.completion","choices":[{"message":{"content":"a"}},{"message":{"content":"b"}}]}"#;
    assert_eq!(text(reply("application/json", body)), "a");
    let body = r#"{"object":"chat.completion","choices":[{"message":{"content":""}},{"message":{"content":"b"}}]}"#;
    assert_eq!(reply("application/json", body), None);
}
