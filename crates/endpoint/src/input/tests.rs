use super::*;

mod by_type;

fn chat(body: &str) -> ExtractedInput {
    extract(EndpointType::Chat, body.as_bytes())
}

#[test]
fn messages_tools_and_tool_traffic_are_read_in_the_order_of_the_body() {
    let input = chat(
        r#"{"messages":[
            {"role":"system","content":"S"},
            {"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"u"}},
                {"type":"text","text":"b"},{"type":"input_audio","input_audio":{}},{"type":"video_url"}]},
            {"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},
            {"type":"function_call","name":"n","arguments":"ar"},
            {"type":"function_call_output","output":"out"},
            {"role":"tool","tool_call_id":"1","content":"res"}],
          "tools":[{"type":"function","function":{"name":"fn","description":"D","parameters":{"type":"object","b":[1,2.5]}}},
            {"name":"top","description":"td","parameters":{}}],"model":"m"}"#,
    );
    let tools = [
        "n",
        "ar",
        "out",
        "fn",
        "D",
        r#"{"type":"object","b":[1,2.5]}"#,
        "top",
        "td",
        "{}",
    ];
    assert_eq!(input.tool_texts, tools);
    let mut texts = vec!["S", "a", "b", "f", "{}", "n", "ar", "out", "res"];
    texts.extend(&tools[3..]);
    assert_eq!(input.texts, texts);
    assert_eq!((input.images, input.audios, input.videos), (1, 1, 1));
    let view = serde_json::to_string(&input.messages).unwrap();
    assert_eq!(
        view,
        r#"[{"role":"system","content":"S"},{"role":"user","content":"ab"},{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},{"role":"tool","content":"res"}]"#
    );
}

#[test]
fn bodies_without_messages_are_read_from_their_first_usable_key() {
    let none: [&str; 0] = [];
    for (body, texts, pretokenised) in [
        (r#"{"prompt":"p"}"#, &["p"][..], 0),
        (r#"{"prompt":["a","b",""]}"#, &["a", "b", ""], 0),
        (r#"{"prompt":[1,2,3]}"#, &none, 3),
        (r#"{"prompt":[[1,2],[3]]}"#, &none, 3),
        (r#"{"prompt":["a",1]}"#, &none, 0),
        (r#"{"input":"x"}"#, &["x"], 0),
        (r#"{"input":["x"]}"#, &["x"], 0),
        (r#"{"input":[]}"#, &none, 0),
        (r#"{"messages":[]}"#, &none, 0),
        (r#"{"messages":["a"]}"#, &none, 0),
        (
            r#"{"query":"q","passages":["p1",{"text":"p2"}]}"#,
            &["q", "p1", "p2"],
            0,
        ),
        (r#"{"query":"q"}"#, &none, 0),
        (r#"{"inputs":"z"}"#, &["z"], 0),
        (r#"{"prompt":"","inputs":"z"}"#, &[""], 0),
        (
            r#"{"messages":[{"role":"user","content":[]}],"prompt":"p"}"#,
            &none,
            0,
        ),
        (
            r#"{"messages":[{"role":"u","content":"a"}],"input":[{"type":"message","content":"b"}]}"#,
            &["a", "b"],
            0,
        ),
        (
            r#"{"tools":[{"function":{"name":"x"}}],"prompt":"p"}"#,
            &["x", "p"],
            0,
        ),
        ("[1]", &none, 0),
        ("{", &none, 0),
    ] {
        let input = chat(body);
        assert_eq!(
            (input.texts.as_slice(), input.pretokenised),
            (
                &texts.iter().map(|t| t.to_string()).collect::<Vec<_>>()[..],
                pretokenised
            ),
            "{body}"
        );
        assert_eq!(
            input.is_empty(),
            texts.is_empty() && pretokenised == 0,
            "{body}"
        );
    }
}

#[test]
fn texts_are_joined_by_one_space_for_counting() {
    let input =
        chat(r#"{"messages":[{"role":"user","content":"a b"},{"role":"user","content":"c"}]}"#);
    assert_eq!(input.joined_text().as_deref(), Some("a b c"));
    assert_eq!(input.joined_tool_text(), None);
    assert_eq!(chat("{}").joined_text(), None);
}
