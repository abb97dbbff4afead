use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::conversation::{Media, Turn};
use crate::format::{EndpointSettings, format};
use crate::kind::EndpointType;

fn named(name: &str, contents: &[&str]) -> Media {
    Media {
        name: name.into(),
        contents: contents.iter().map(ToString::to_string).collect(),
    }
}

fn settings(template: &str) -> EndpointSettings {
    EndpointSettings {
        endpoint_type: EndpointType::Template,
        models: vec!["m1".into()],
        template: Some(BodyTemplate::compile(template).unwrap()),
        ..EndpointSettings::default()
    }
}

fn body_of(settings: &EndpointSettings, turns: &[&Turn]) -> Result<String, EndpointError> {
    let context = FormatContext {
        turns,
        system_message: Some("SYS"),
        user_context_message: None,
        previous_response_id: None,
        settings,
    };
    format(&context).map(|body| String::from_utf8(body).unwrap())
}

fn body(template: &str, turn: &Turn) -> String {
    body_of(&settings(template), &[turn]).unwrap()
}

#[test]
fn a_template_becomes_a_compact_body_with_extras_on_top() {
    let Value::Object(extra) = json!({
        "temperature": 0.5, "payload_template": "x", "response_field": "y",
    }) else {
        unreachable!("an object")
    };
    let settings = EndpointSettings {
        extra,
        ..settings(r#"{"q": {{ text|tojson }}, "m": "{{ model }}", "s": {{ stream|tojson }}}"#)
    };
    assert_eq!(
        body_of(&settings, &[&Turn::text("And")]).unwrap(),
        r#"{"q":"And","m":"m1","s":false,"temperature":0.5}"#
    );
    let mut turn = Turn::text("And");
    turn.extra_body = Map::from_iter([("s".to_owned(), json!(null)), ("z".to_owned(), json!(1))]);
    assert_eq!(
        body_of(&settings, &[&turn]).unwrap(),
        r#"{"q":"And","m":"m1","s":null,"temperature":0.5,"z":1}"#
    );
}

#[test]
fn every_variable_has_its_value() {
    let turn = Turn {
        texts: vec![
            named("query", &["q1", "q2"]),
            named("", &["t"]),
            named("passage", &["p1"]),
            named("query", &["q3"]),
        ],
        images: vec![named("i", &["img"])],
        max_tokens: Some(7),
        role: Some("user".into()),
        ..Turn::default()
    };
    let value_of = |variable: &str| body(&format!("{{\"v\": {{{{ {variable}|tojson }}}}}}"), &turn);
    for (variable, expected) in [
        ("texts", r#"["q1","q2","t","p1","q3"]"#),
        ("text", r#""q1""#),
        ("queries", r#"["q1","q2","q3"]"#),
        ("query", r#""q1""#),
        ("passages", r#"["p1"]"#),
        ("passage", r#""p1""#),
        (
            "texts_by_name",
            r#"{"passage":["p1"],"query":["q1","q2","q3"]}"#,
        ),
        ("images", r#"["img"]"#),
        ("image", r#""img""#),
        ("images_by_name", r#"{"i":["img"]}"#),
        ("audios", "[]"),
        ("audio", "null"),
        ("audios_by_name", "{}"),
        ("videos", "[]"),
        ("video", "null"),
        ("videos_by_name", "{}"),
        ("model", r#""m1""#),
        ("max_tokens", "7"),
        ("role", r#""user""#),
        ("stream", "false"),
        ("turn.texts[0].contents[1]", r#""q2""#),
        ("turn.role", r#""user""#),
        ("turns|length", "1"),
        ("request_info.system_message", r#""SYS""#),
        ("request_info.turns[-1].max_tokens", "7"),
    ] {
        assert_eq!(
            value_of(variable),
            format!("{{\"v\":{expected}}}"),
            "{variable}"
        );
    }
}

#[test]
fn history_is_within_reach() {
    let settings = settings(
        r#"[{% for turn in turns %}{{ turn.texts[0].contents[0]|tojson }}{{ "," if not loop.last }}{% endfor %}]"#,
    );
    let turns = [&Turn::text("one"), &Turn::text("two")];
    assert_eq!(body_of(&settings, &turns).unwrap(), r#"["one","two"]"#);
}

#[test]
fn values_are_printed_as_python_prints_them() {
    let printed = |expression: &str| {
        let turn = Turn::text("a'b\"<&>é");
        let body = body(&format!("{{\"v\": \"{{{{ {expression} }}}}\"}}"), &turn);
        let body: Value = serde_json::from_str(&body).unwrap();
        body["v"].as_str().unwrap().to_owned()
    };
    for (expression, expected) in [
        ("text", "a&#39;b&#34;&lt;&amp;&gt;é"),
        ("none", "None"),
        ("max_tokens", "None"),
        ("stream", "False"),
        ("not stream", "True"),
        ("1.0", "1.0"),
        ("nothing", ""),
        ("text.upper()", "A&#39;B&#34;&lt;&amp;&gt;É"),
        ("texts|length", "1"),
        ("text|e", "a&#39;b&#34;&lt;&amp;&gt;é"),
    ] {
        assert_eq!(printed(expression), expected, "{expression}");
    }
}

#[test]
fn tojson_writes_what_python_writes() {
    let written = |expression: &str| {
        let template = format!("{{{{ {expression}|tojson }}}}");
        let template = BodyTemplate::compile(&template).unwrap();
        let environment = &template.environment;
        let rendered = environment.get_template(NAME).unwrap().render(());
        rendered.unwrap()
    };
    for (expression, expected) in [
        (
            r#"{"b": [1, 2.5], "a": none}"#,
            r#"{"a": null, "b": [1, 2.5]}"#,
        ),
        (r#""<'&>""#, r#""\u003c\u0027\u0026\u003e""#),
        (r#""é😀\n\\""#, r#""\u00e9\ud83d\ude00\n\\""#),
        ("[]", "[]"),
        ("{}", "{}"),
    ] {
        assert_eq!(written(expression), expected, "{expression}");
    }
    assert_eq!(
        BodyTemplate::compile("{{ {'a': [1], 'b': {}}|tojson(indent=2) }}")
            .unwrap()
            .environment
            .get_template(NAME)
            .unwrap()
            .render(())
            .unwrap(),
        "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}"
    );
}

#[test]
fn a_named_template_stands_for_its_text() {
    assert_eq!(body("nv-embedqa", &Turn::text("a")), r#"{"text":["a"]}"#);
}

#[test]
fn what_is_wrong_with_a_template_is_said_with_its_place() {
    let syntax = BodyTemplate::compile("{\n{% for %}")
        .unwrap_err()
        .to_string();
    assert!(
        syntax.starts_with("the payload template has an error in line 2: syntax error: "),
        "{syntax}"
    );
    let error = |template: &str| {
        body_of(&settings(template), &[&Turn::text("a")])
            .unwrap_err()
            .to_string()
    };
    let render = error("\n{{ texts.nothing.more }}");
    assert!(
        render.starts_with("the payload template cannot be rendered, line 2: "),
        "{render}"
    );
    assert_eq!(
        error("{{ text|nope }}"),
        "the payload template cannot be rendered, line 1: unknown filter: filter nope is unknown"
    );
    let no_json = error("{{ text }}");
    assert!(
        no_json.starts_with("the payload template did not render JSON (")
            && no_json.ends_with("): a"),
        "{no_json}"
    );
    let settings = EndpointSettings {
        template: None,
        ..settings("{}")
    };
    assert_eq!(
        body_of(&settings, &[&Turn::text("a")]).unwrap_err(),
        EndpointError::NoTemplate
    );
}

#[test]
fn a_body_that_is_no_object_takes_no_extras() {
    let list = settings("{{ texts|tojson }}");
    assert_eq!(body_of(&list, &[&Turn::text("a")]).unwrap(), r#"["a"]"#);
    let with_extra = EndpointSettings {
        extra: Map::from_iter([("a".to_owned(), json!(1))]),
        ..list
    };
    assert_eq!(
        body_of(&with_extra, &[&Turn::text("a")]).unwrap_err(),
        EndpointError::TemplateNoObject
    );
}

proptest! {
    #[test]
    fn no_template_panics(template in "[a-z{}%|().,\\[\\]'\" \n0-9+*-]{0,40}") {
        if let Ok(compiled) = BodyTemplate::compile(&template) {
            let settings = EndpointSettings { template: Some(compiled), ..settings("{}") };
            let _ = body_of(&settings, &[&Turn::text("a")]);
        }
    }

    /// Whatever the text, `tojson` keeps it.
    #[test]
    fn a_text_survives_tojson(text in any::<String>()) {
        let body = body(r#"{"t": {{ text|tojson }}}"#, &Turn::text(text.as_str()));
        let body: Value = serde_json::from_str(&body).unwrap();
        prop_assert_eq!(body["t"].as_str(), Some(text.as_str()));
    }
}
