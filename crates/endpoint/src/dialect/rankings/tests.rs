use serde_json::json;

use crate::conversation::Turn;
use crate::dialect::test_support::{
    answer_of, assert_no_content, body, failure, json_answer, named, object, remarks_on, settings,
    try_body,
};
use crate::format::EndpointSettings;
use crate::kind::EndpointType::{CohereRankings, HfTeiRankings, NimRankings};

fn turn() -> Turn {
    Turn {
        texts: vec![named("query", &["Q"]), named("passages", &["P1", "P2"])],
        ..Turn::default()
    }
}

#[test]
fn every_rankings_type_has_its_own_body() {
    for (endpoint_type, expected) in [
        (
            NimRankings,
            r#"{"model":"m1","query":{"text":"Q"},"passages":[{"text":"P1"},{"text":"P2"}]}"#,
        ),
        (
            CohereRankings,
            r#"{"model":"m1","query":"Q","documents":["P1","P2"]}"#,
        ),
        (HfTeiRankings, r#"{"query":"Q","texts":["P1","P2"]}"#),
    ] {
        assert_eq!(body(&settings(endpoint_type), &turn()), expected);
        assert!(remarks_on(&settings(endpoint_type), &turn()).is_empty());
    }
    let with_extra = EndpointSettings {
        extra: object(&json!({"truncate": "END"})),
        models: Vec::new(),
        ..settings(HfTeiRankings)
    };
    let turn = Turn {
        extra_body: object(&json!({"texts": [], "raw_scores": true})),
        ..turn()
    };
    assert_eq!(
        body(&with_extra, &turn),
        r#"{"query":"Q","texts":[],"truncate":"END","raw_scores":true}"#
    );
}

#[test]
fn the_first_query_is_sent_and_the_rest_is_remarked() {
    let turn = Turn {
        texts: vec![
            named("queries", &["Q", "Q2"]),
            named("other", &["x"]),
            named("passages", &[]),
        ],
        max_tokens: Some(3),
        ..Turn::default()
    };
    let settings = settings(CohereRankings);
    assert_eq!(
        body(&settings, &turn),
        r#"{"model":"m1","query":"Q","documents":[]}"#
    );
    let remarks = remarks_on(&settings, &turn);
    for (remark, what) in remarks
        .iter()
        .zip(["output tokens", "1 more", "no passages", "`other`"])
    {
        assert!(remark.contains(what), "{remark}");
    }
    assert_eq!(remarks.len(), 4);
}

#[test]
fn a_ranking_needs_a_query_and_one_turn() {
    for endpoint_type in [NimRankings, CohereRankings, HfTeiRankings] {
        let settings = settings(endpoint_type);
        let error = try_body(&settings, &[&Turn::text("unnamed")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "endpoint type `{endpoint_type}` needs a query; give the turn a text with the name `query` or `queries`"
            )
        );
        assert!(try_body(&settings, &[&turn(), &turn()]).is_err());
    }
}

#[test]
fn rankings_are_counted_and_usage_is_taken() {
    for (endpoint_type, body, prompt_tokens) in [
        (
            NimRankings,
            r#"{"rankings":[{"index":1,"logit":0.5},{"index":0,"logit":-1}],"usage":{"prompt_tokens":9,"total_tokens":9}}"#,
            Some(9),
        ),
        (
            CohereRankings,
            r#"{"id":"x","results":[{"index":1,"relevance_score":0.9},{"index":0,"relevance_score":0.1}],"meta":{"tokens":{"input_tokens":5}}}"#,
            Some(5),
        ),
        (
            CohereRankings,
            r#"{"results":[{"index":1},{"index":0}],"meta":{"billed_units":{"search_units":1}}}"#,
            None,
        ),
        (
            HfTeiRankings,
            r#"[{"index":1,"score":0.9},{"index":0,"score":0.1}]"#,
            None,
        ),
        (
            HfTeiRankings,
            r#"{"results":[{"index":1},{"index":0}]}"#,
            None,
        ),
    ] {
        let answer = json_answer(endpoint_type, body);
        assert_eq!(failure(&answer), None, "{body}");
        assert_eq!(answer.media.unwrap().rankings, 2, "{body}");
        assert_eq!(
            answer.usage.and_then(|usage| usage.prompt_tokens),
            prompt_tokens,
            "{body}"
        );
    }
}

#[test]
fn answers_without_rankings_fail() {
    for (endpoint_type, body) in [
        (NimRankings, r#"{"rankings":[]}"#),
        (NimRankings, r#"{"results":[{"index":0}]}"#),
        (NimRankings, r#"[{"index":0}]"#),
        (CohereRankings, r#"{"results":null}"#),
        (CohereRankings, r#"{"results":[1,2]}"#),
        (HfTeiRankings, "[]"),
        (HfTeiRankings, "{}"),
        (HfTeiRankings, "no json"),
    ] {
        assert_no_content(&json_answer(endpoint_type, body), body);
    }
    let body = r#"{"error":"Input is too long","error_type":"Validation"}"#;
    assert_eq!(
        failure(&json_answer(HfTeiRankings, body)),
        Some(("SSEResponseError".into(), "Input is too long".into()))
    );
    let answer = answer_of(NimRankings, "image/png", r#"{"rankings":[{"index":0}]}"#);
    assert_no_content(&answer, "binary");
}
